"""A rule of a spam scanner that matched a message, in the shape in which every scanner's answer is told."""

from collections.abc import Iterable

import attrs

MAX_DESCRIPTION_CHARS = 300
"""SpamAssassin's own ones have 150 at most, and its manual asks for 50."""

_CUT = "…"


@attrs.frozen
class SpamRule:
    """One match. A rule that matched twice, and counts twice, is there twice.

    Attributes:
        name: as the scanner spells it.
        score: what the match added to the score of the message, finite; as exact as the scanner tells it.
        description: the scanner's words for it, as :func:`tidy` makes them; empty for none.
    """

    name: str
    score: float
    description: str = ""

    def entry(self) -> dict[str, str | float]:
        """As in ``checks``."""
        entry: dict[str, str | float] = {"name": self.name, "score": self.score}
        return entry | {"description": self.description} if self.description else entry


def by_weight(rules: Iterable[SpamRule]) -> tuple[SpamRule, ...]:
    """The greatest score first: what made a message spam before what spoke for it. Equal ones keep their order."""
    return tuple(sorted(rules, key=lambda rule: -rule.score))


def tidy(text: str) -> str:
    """A description that is fit to be shown: one line without control characters or surrogates, at most ``MAX_DESCRIPTION_CHARS``."""
    line = " ".join(text.split())
    if len(line) > MAX_DESCRIPTION_CHARS:
        line = line[: MAX_DESCRIPTION_CHARS - 1] + _CUT
    return line if line.isprintable() else "".join(character if character.isprintable() else "\ufffd" for character in line)
