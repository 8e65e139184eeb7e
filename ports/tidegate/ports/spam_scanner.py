"""Role: score a message for spam."""

from typing import Protocol

import attrs


@attrs.frozen
class SpamVerdict:
    """A scanner's opinion: ``spam`` is its own decision, normally ``score >= threshold``."""

    spam: bool
    score: float
    threshold: float
    symbols: tuple[str, ...] = ()


class SpamScanner(Protocol):
    """Scores whole messages."""

    async def scan(self, message: bytes) -> SpamVerdict:
        """Score one message (CRLF line ends, as received with our trace header on top).

        Raises:
            TemporaryFailure: the scanner is away, slow or answers nonsense.
            PermanentFailure: the message is larger than it takes.
        """
