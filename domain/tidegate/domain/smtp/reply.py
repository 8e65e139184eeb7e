"""SMTP replies as values (RFC 5321 section 4.2, enhanced status codes of RFC 2034 and RFC 3463)."""

from functools import lru_cache

import attrs

from tidegate.domain.value_object import value_object


@value_object
class Send:
    """An event of a session: write these bytes to the client."""

    data: bytes


@lru_cache(maxsize=256)  # of few codes
def _prefixes(code: int, enhanced: str) -> tuple[str, str]:
    """What stands in front of each line but the last, and of the last one."""
    status = f"{enhanced} " if enhanced else ""
    return f"{code}-{status}", f"{code} {status}"


def _encode(reply: "Reply") -> Send:
    lines = reply.lines
    continued, last = _prefixes(reply.code, reply.enhanced)
    if len(lines) == 1:
        return Send(f"{last}{lines[0]}\r\n".encode())
    separator = f"\r\n{continued}"
    return Send(f"{continued}{separator.join(lines[:-1])}\r\n{last}{lines[-1]}\r\n".encode())


@value_object
class Reply:
    """One reply, of one line or several.

    Attributes:
        code: three digits; the first one tells success (2), intermediate (3), temporary (4) or permanent failure (5).
        enhanced: enhanced status code like ``5.7.1``, repeated on each line; empty where RFC 2034 section 4 exempts the reply.
        lines: texts without line ends, at least one; callers never put anything here that a client sent, but for addresses that
            passed the grammar.
        send: the event that says it, ready-made: most replies are said a thousand times a second.
    """

    code: int
    enhanced: str
    lines: tuple[str, ...]
    send: Send = attrs.field(init=False, repr=False, eq=False, default=attrs.Factory(_encode, takes_self=True))

    @classmethod
    def of(cls, code: int, enhanced: str, text: str) -> "Reply":
        """A reply of one line."""
        return cls(code, enhanced, (text,))

    @property
    def wire(self) -> bytes:
        """The bytes to send."""
        return self.send.data

    @property
    def positive(self) -> bool:
        """Whether the command did what was asked (2yz)."""
        return self.code < 300

    def __str__(self) -> str:
        """Return the reply as a log shows it: the last line."""
        return " ".join(filter(None, (str(self.code), self.enhanced, self.lines[-1])))
