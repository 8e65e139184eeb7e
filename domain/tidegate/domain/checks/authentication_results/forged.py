"""Finding Authentication-Results fields that claim to be ours (RFC 8601 section 5): whoever wrote them, it was not this host.

A reader further on will look for our name in its own way, so ours is found in every way that a reader could: in any case of letters, quoted,
after and between comments, with a version, as U-labels, in a field whose name is followed by blanks or preceded by them, in one that begins
behind a CR or LF of its own, and whatever garbage follows. A field whose name for its author cannot be made out goes too.
"""

import re
from collections.abc import Collection, Iterator

from tidegate.domain.checks.comment import comment_end
from tidegate.domain.checks.domain_name import to_ascii
from tidegate.domain.headers import HeaderBlock

_FIELD_NAME = b"authentication-results"
# The name up to its colon, folded or not: at the very beginning, with blanks before it or without, or behind the end of a line.
_NAME = rb"authentication-results[ \t]*+(?:\r?+\n?+[ \t]++)*+:"
_FIRST = re.compile(rb"[ \t]*+" + _NAME, re.IGNORECASE)
_OTHERS = re.compile(rb"[\r\n]" + _NAME, re.IGNORECASE)  # these two octets alone are searched for fast
_FIELD_END = re.compile(rb"(?>\r\n|\r|\n)(?![ \t])")

_PART = re.compile(r'(?P<blank>[ \t\r\n]++)|(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<word>[^ \t\r\n"(;]++)', re.DOTALL)
_TOKEN_END = re.compile(r"[()<>@,;:\\\"/\[\]?=]")  # RFC 2045 section 5.1, tspecials
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ENCODED_WORD = "=?"
_HIDDEN = re.compile(r"[\x00-\x1f\x7f]")


def forged_results(header: HeaderBlock, authserv_ids: Collection[str]) -> Iterator[tuple[int, int]]:
    """The ``[start, end)`` ranges of all fields to remove, ascending and apart.

    Only CRLF ends a line; but most programs take a CR or LF of its own for an end too, and BODY=BINARYMIME lets those through.

    Args:
        header: the message as received.
        authserv_ids: names under which this host writes the field, in A-labels and lower case.
    """
    if not mentions_results(header):
        return
    message = header.message
    removed = 0
    for start, colon in _fields(header):
        found = _FIELD_END.search(message, colon, header.end)
        end, past = found.span() if found else (header.end, header.end)
        claims = claimed_ids(message[colon:end])
        if claims and claims.isdisjoint(authserv_ids):
            continue
        if start > removed and not message.endswith(b"\r\n", 0, start):
            # Hidden in another field, behind a bare line end. That goes too, and the one at the end stays: the other field may need it.
            yield start - 1, end
            removed = end
        else:
            yield start, past
            removed = past


def _fields(header: HeaderBlock) -> Iterator[tuple[int, int]]:
    """Where each such field starts, and the place behind its colon."""
    first = _FIRST.match(header.message, 0, header.end)
    if first:
        yield first.span()
    for found in _OTHERS.finditer(header.message, 0, header.end):
        yield found.start() + 1, found.end()


def mentions_results(header: HeaderBlock) -> bool:
    """Whether there may be such a field at all: most mail has none, and this is a hundred times faster than looking at every field."""
    return _FIELD_NAME in header.message[: header.end].lower()


def claimed_ids(value: bytes) -> frozenset[str]:
    """Every authserv-id that a reader could find in the value of a field, in A-labels and lower case; empty when none can be made out."""
    words = _words(value.decode("utf-8", "replace"))
    found = {words[0], "".join(words)} if words else set()
    if len(words) > 1 and words[-1].isdigit():  # the version (RFC 8601 section 2.2)
        found.add("".join(words[:-1]))
    # Some readers end the name at the first character that no token has.
    found |= {_TOKEN_END.split(word, 1)[0] for word in found}
    return frozenset(to_ascii(word) or word.lower() for word in found if word)


def _words(text: str) -> list[str]:
    """What stands before the first semicolon, without comments, split at white space and comments; quotes are taken off.

    Nothing when a comment or a quote has no end, or when an encoded word (RFC 2047) stands there: one reader would see a name in it, another
    would not.
    """
    words: list[str] = []
    position = 0
    while position < len(text) and text[position] != ";":
        if text[position] == "(":
            position = comment_end(text, position)
            if position < 0:
                return []
            continue
        part = _PART.match(text, position)
        if part is None:
            return []
        position = part.end()
        if part.lastgroup == "quoted":
            words.append(_ESCAPED.sub(r"\1", part[0][1:-1]).strip())
        elif part.lastgroup == "word":
            words.append(_HIDDEN.sub("", part[0]))
    return [] if _ENCODED_WORD in text[:position] else words
