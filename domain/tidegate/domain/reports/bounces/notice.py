"""The readable part of a failure notice, separated from the copy of the original message below it."""

import re
from bisect import bisect_right
from collections.abc import Iterable

import attrs

from tidegate.domain.reports.limits import MAX_BOUNCE_LINES, MAX_BOUNCE_TEXT
from tidegate.domain.reports.mime import Part
from tidegate.domain.reports.original import RETURNED_TYPES, OriginalMessage, original_in, read_original
from tidegate.domain.reports.text import decode

# Beginnings of lines, lower case, without the rules and dashes around them, after which only the original message follows.
_COPY_MARKS = (
    "below this line is a copy",
    "below is a copy of",
    "this is a copy of",
    "here is a copy of",
    "a copy of your message",
    "a copy of the message",
    "a copy of the original message",
    "your original message",
    "the original message",
    "the header of the original message",
    "the headers of the original message",
    "the body of the message",
    "the full headers of",
    "original message",
    "original mail info",
    "original headers",
    "original email",
    "original e-mail",
    "returned message",
    "returned mail follow",
    "returned mail",
    "unsent message",
    "undelivered message follow",
    "undelivered message",
    "unsent mail",
    "message follows",
    "message headers follow",
    "message header follows",
    "message contents follow",
    "message text follows",
    "included is a copy",
    "included below is a copy",
    "a summary of the undelivered message",
    "the following is a copy",
    "the first 50 lines of",
    "the message header",
    "start of message",
    "begin message",
    "begin returned message",
    "begin original message",
    "beginning of original message",
    "copy of message",
    "copy of your message",
    "forwarded message",
    "old message",
    "headers of the original",
    "text of the original",
)
_NOT_COPY = (  # lines that begin alike and stand in the notice itself
    "original message was received",
    "the original message was received",
    "the original message was sent",
    "the original message was larger",
    "the original message is attached",
    "your original message was",
    "the original message has",
    "original message recipient",
    "original message subject",
    "original message-id",
    "original message id",
    "original message sender",
    "returned message is attached",
    "the message headers",
)
_RULES = "-=*_#~>+| \t"
_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?td|/?li|/?h[1-6]|/?table)\b[^<>]*>", re.IGNORECASE)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&#64;": "@", "&quot;": '"', "&#39;": "'", "&amp;": "&"}


@attrs.define(eq=False)
class Notice:
    """Lines of the notice, without the copy of the original.

    Attributes:
        lines: as they stand, right-stripped.
        original: header of the original, or None.
    """

    lines: list[str]
    original: OriginalMessage | None = None
    _joined: str = attrs.field(default="", init=False)
    _starts: list[int] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        # One lower-case string with single blanks, so that a phrase is found across line breaks; and where each line starts in it.
        at = 0
        pieces = []
        for line in self.lines:
            self._starts.append(at)
            piece = " ".join(line.split()).lower()
            if piece:
                pieces.append(piece)
                at += len(piece) + 1
        self._joined = " ".join(pieces)

    @property
    def text(self) -> str:
        """All lines in lower case, blanks and line breaks made single blanks."""
        return self._joined

    def find(self, phrase: str) -> int:
        """Return the place of ``phrase`` in :attr:`text`, or -1."""
        return self._joined.find(phrase)

    def line_at(self, place: int) -> int:
        """Return the index of the line in which ``place`` of :attr:`text` lies."""
        return max(0, bisect_right(self._starts, place) - 1)

    def start_of(self, line: int) -> int:
        """Return the place in :attr:`text` where ``line`` starts."""
        return self._starts[line]


def read_notice(parts: Iterable[Part]) -> Notice:
    """Take the text parts before the returned message, and the header of that; the copy may also be inside the text.

    Raises:
        Unreadable: a bound of MIME is passed.
    """
    texts: list[str] = []
    html: str | None = None
    original: OriginalMessage | None = None
    room = MAX_BOUNCE_TEXT
    for part in parts:
        kind = part.content_type.type
        if kind in RETURNED_TYPES:
            original = read_original(part)
            if not texts and html is None:
                # A filter wrapped the notice: what it says is in there.
                texts.append(decode(part.body(room)))
            break
        # A multipart that is a leaf is broken: its text is in the open.
        if kind.startswith(("text/", "multipart/")) and room > 0:
            charset = part.content_type.parameters.get("charset", "utf-8")
            text = decode(part.body(room), charset)
            room -= len(text)
            if kind == "text/html":
                html = html if html is not None else _plain(text)
            else:
                texts.append(text)
    if not any(text.strip() for text in texts) and html is not None:
        texts.append(html)
    lines = "\n".join(texts).split("\n", MAX_BOUNCE_LINES)[:MAX_BOUNCE_LINES]
    lines = [line.rstrip() for line in lines]
    for number, line in enumerate(lines):
        if _begins_copy(line):
            if original is None:
                original = original_in("\n".join(lines[number + 1 :]).encode("utf-8", "replace"))
            return Notice(lines[:number], original)
    return Notice(lines, original)


def _begins_copy(line: str) -> bool:
    bare = line.strip(_RULES).lower()
    return bare.startswith(_COPY_MARKS) and not bare.startswith(_NOT_COPY)


def _plain(html: str) -> str:
    """Return the text of simple HTML: good enough for the notices that have no plain text."""
    text = _TAG.sub("", _BREAK.sub("\n", html))
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    return text
