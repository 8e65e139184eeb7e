"""A scanner whose rules are data."""

from collections.abc import Mapping

import attrs

from tidegate.domain.spam_rule import SpamRule, by_weight
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.spam_scanner import Handover, SpamVerdict


@attrs.define
class StaticSpamScanner:
    """Implements :class:`tidegate.ports.spam_scanner.SpamScanner`: phrases, each with a symbol and a score.

    Attributes:
        phrases: what is looked for in messages.
        threshold: the score from which a message is spam.
        max_message_bytes: the largest message it takes.
        report: whether it tells the points of each rule too.
        away: fails every scan with this text; empty for none.
        scanned: messages so far, with how they came.
    """

    phrases: Mapping[bytes, tuple[str, float]]
    threshold: float = 5.0
    max_message_bytes: int = 500_000
    report: bool = False
    away: str = ""
    scanned: list[tuple[bytes, Handover | None]] = attrs.field(factory=list)

    async def scan(self, message: bytes, handover: Handover | None = None) -> SpamVerdict:
        """See the port."""
        if len(message) > self.max_message_bytes:
            raise PermanentFailure(f"larger than {self.max_message_bytes} bytes")
        if self.away:
            raise TemporaryFailure(self.away)
        self.scanned.append((message, handover))
        found = [SpamRule(*rule) for phrase, rule in self.phrases.items() if phrase in message]
        score = sum(rule.score for rule in found)
        rules = by_weight(found) if self.report else None
        return SpamVerdict(score >= self.threshold, score, self.threshold, tuple(rule.name for rule in found), rules)
