"""Finds the end of message data (RFC 5321 section 4.1.1.4): CRLF.CRLF and nothing else, wherever the input is cut.

Lines are not looked at one by one: each piece of input is searched for a dot after a line end, which most messages have only at their end.
"""

import attrs

_END = b"\r\n.\r\n"
_LINE_DOT = b"\r\n."
_MAX_DOT_LINES = 16
"""Dots at line starts that are looked at one by one in a piece. The rest of one with more (a hostile one may have nothing else) is searched by
``bytes.find``, whose cost does not depend on their number."""


@attrs.define
class EndOfData:
    """Reads the data of one message, a piece at a time, and looks at each byte once.

    Attributes:
        dots: lines so far that begin with a dot, the end mark not among them.
    """

    dots: int = 0
    _tail: bytes = b"\r\n"  # the last four bytes; in the beginning the CRLF of "DATA", so that a first "." counts

    def feed(self, data: bytes) -> int | None:
        """How many bytes of ``data`` belong to the message and its end mark; None when the end has not come."""
        tail = self._tail
        joint = tail + data[:4]
        end = joint.find(_END)
        if end >= 0:
            self.dots -= end + 2 < len(tail)  # its dot was taken for one of a line
            return end + len(_END) - len(tail)
        if 0 <= joint.find(_LINE_DOT, max(0, len(tail) - 2)) < len(tail):  # one that begins in the tail and ends here
            self.dots += 1
        self._tail = data[-4:] if len(data) >= 4 else (tail + data)[-4:]
        return self._end_in(data)

    def _end_in(self, data: bytes) -> int | None:
        """The same for an end mark that is whole in this piece."""
        position = 0
        for _ in range(_MAX_DOT_LINES):
            at = data.find(_LINE_DOT, position)
            if at < 0:
                return None
            position = at + 3
            if data.startswith(b"\r\n", position):
                return position + 2
            self.dots += 1
        end = data.find(_END, position)
        self.dots += data.count(_LINE_DOT, position, end if end >= 0 else len(data))
        return end + len(_END) if end >= 0 else None
