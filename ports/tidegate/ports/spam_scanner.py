"""Role: score a message for spam."""

from typing import Protocol

import attrs

from tidegate.domain.spam_rule import SpamRule


@attrs.frozen
class SpamVerdict:
    """A scanner's opinion.

    Attributes:
        spam: its own decision, normally ``score >= threshold``.
        score: of the message.
        threshold: the score from which it says spam.
        symbols: names of the rules that matched, one for each match.
        rules: the same with their points, the greatest first; None where the scanner was not asked for them, or what it says of them cannot be
            trusted. Nothing that a message holds makes a rule of it.
    """

    spam: bool
    score: float
    threshold: float
    symbols: tuple[str, ...] = ()
    rules: tuple[SpamRule, ...] | None = None


@attrs.frozen
class Handover:
    """How a message came, for scanners that can be told beside the message. All of it is what the client said, the address aside.

    Attributes:
        remote_ip: the client's address, canonical text.
        helo: the argument of its EHLO or HELO.
        sender: the reverse path; ``""`` for the null one.
        recipients: the forward paths.
    """

    remote_ip: str
    helo: str
    sender: str
    recipients: tuple[str, ...] = ()


class SpamScanner(Protocol):
    """Scores whole messages; many may be under way at once on one event loop."""

    @property
    def max_message_bytes(self) -> int:
        """The largest message it takes."""

    async def scan(self, message: bytes, handover: Handover | None = None) -> SpamVerdict:
        """Score one message (CRLF line ends, as received with our trace header on top).

        Ends within the adapter's own time limit.

        Raises:
            TemporaryFailure: the scanner is away, slow or answers nonsense.
            PermanentFailure: the message is larger than it takes.
        """
