"""What is wrong with a configuration, and where: made for people who have to mend it."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Self

import attrs

_SHOWN_CHARS = 60
"""Characters of a bad value that a message quotes: enough to recognise it."""


class Source(IntEnum):
    """Where a value comes from, from the weakest to the strongest."""

    DEFAULT = 0
    FILE = 1
    ENVIRONMENT = 2
    COMMAND_LINE = 3

    @property
    def label(self) -> str:
        """The name for people and JSON: ``command line``."""
        return self.name.lower().replace("_", " ")


@attrs.frozen(order=True)
class Origin:
    """One place.

    Attributes:
        source: kind of place.
        layer: order among the files that were read, from 0.
        line: line of a file from 1, position on the command line from 1, else 0.
        name: the file as it was named, or the environment variable; else empty.
    """

    source: Source
    layer: int = 0
    line: int = 0
    name: str = ""

    @classmethod
    def default(cls) -> Self:
        """Nobody set it."""
        return cls(Source.DEFAULT)

    def __str__(self) -> str:
        match self.source:
            case Source.FILE:
                return f"{shown(self.name, None)}:{self.line}" if self.line else shown(self.name, None)
            case Source.ENVIRONMENT:
                return f"environment {shown(self.name)}"
            case _:
                return self.source.label


@attrs.frozen
class Problem:
    """One error or warning.

    Attributes:
        origin: where it was written.
        key: the key as it was written, or empty when the place has none.
        wrong: what is wrong; never holds a secret.
        allowed: what would be right, or empty.
        nearest: the known name that looks most like an unknown one, or empty.
    """

    origin: Origin
    key: str
    wrong: str
    allowed: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        """One line, followed by indented ones for what is allowed and the nearest key."""
        lines = [": ".join(filter(None, [str(self.origin), self.key, self.wrong]))]
        if self.allowed:
            lines.append(f"    allowed: {self.allowed}")
        if self.nearest:
            lines.append(f"    nearest known key: {self.nearest}")
        return "\n".join(lines)


class ConfigErrors(Exception):
    """The configuration cannot be used.

    Attributes:
        errors: all of them, in the order of their places.
        warnings: what was noticed besides.
    """

    def __init__(self, errors: Sequence[Problem], warnings: Sequence[Problem] = ()) -> None:
        self.errors = tuple(errors)
        self.warnings = tuple(warnings)
        super().__init__("\n".join(map(str, self.errors)))


def shown(text: str, limit: int | None = _SHOWN_CHARS) -> str:
    """The text as a message may hold it: one line, printable, at most ``limit`` characters."""
    cut = text if limit is None or len(text) <= limit else text[:limit] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii") for char in cut)


def quoted(text: str) -> str:
    """A bad value, quoted for a message."""
    return f"'{shown(text)}'"
