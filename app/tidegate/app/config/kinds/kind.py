"""What all kinds have in common."""

from collections.abc import Callable
from enum import Enum

import attrs


class Hash(Enum):
    """What ``#`` after white space is in a config file. On a line of its own it always begins a comment; elsewhere in a value it is a ``#``."""

    COMMENT = "comment"
    """The rest is a comment: no value of this kind can hold ``#`` after white space."""
    LITERAL = "literal"
    """It belongs to the value: free text."""
    REFUSED = "refused"
    """An error: cutting a password short, or making it longer, would go unnoticed."""


@attrs.frozen
class Kind:
    """How one kind of value is read.

    Attributes:
        name: what it is, for people: ``port list``.
        allowed: what may be written, a phrase with an example.
        parse: text, stripped and printable, to the finished value. Raises ValueError with what is wrong, as a phrase that names the bad part,
            but nothing of a secret.
        takes_empty: whether ``parse`` gives empty text a meaning; otherwise empty text means the default.
        redact: for secrets: the value as it may be shown.
        after_space: what ``#`` after white space means.
    """

    name: str
    allowed: str
    parse: Callable[[str], object]
    takes_empty: bool = False
    redact: Callable[[object], str] | None = None
    after_space: Hash = Hash.COMMENT


def optional(kind: Kind) -> Kind:
    """The same kind, where empty text is None."""
    parse = kind.parse
    return attrs.evolve(kind, allowed=f"{kind.allowed}; or empty", parse=lambda text: parse(text) if text else None, takes_empty=True)
