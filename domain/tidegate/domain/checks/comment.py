"""Comments in structured header fields (RFC 5322 section 3.2.2): nested parentheses in which a backslash quotes the next character."""

import re

_PART = re.compile(r"[^()\\]++|\\.|[()]", re.DOTALL)


def comment_end(text: str, position: int) -> int:
    """Just past the comment that starts at ``position``, or -1 when it has no end. Linear, and no recursion for nested ones."""
    depth = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            break
        position = part.end()
        depth += (part[0] == "(") - (part[0] == ")")
        if depth == 0:
            return position
    return -1
