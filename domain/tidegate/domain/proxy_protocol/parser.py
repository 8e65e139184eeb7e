"""Tells the two versions apart."""

from tidegate.domain.proxy_protocol import v1, v2
from tidegate.domain.proxy_protocol.header import NeedMore, Outcome, Rejected

MAX_HEADER_BYTES = max(v1.MAX_LINE_BYTES, v2.MAX_HEADER_BYTES)
"""No header is longer, so nobody needs to buffer more before the first answer."""


def parse(data: bytes) -> Outcome:
    """Read the header at the beginning of a connection.

    Total: every input gives a value, nothing is raised. Looks at no more than :data:`MAX_HEADER_BYTES` bytes. An outcome other than
    :class:`NeedMore` does not change when more bytes arrive.

    Args:
        data: all bytes received so far; may hold bytes that follow the header.
    """
    if data.startswith(v1.PREFIX):
        return v1.parse(data)
    if data.startswith(v2.SIGNATURE):
        return v2.parse(data)
    if v1.PREFIX.startswith(data) or v2.SIGNATURE.startswith(data):
        # No byte yet, or the beginning of either: the shorter of the two headers tells how much is certainly missing.
        shortest = v1.SHORTEST_LINE_BYTES if v1.PREFIX.startswith(data) else v2.FIXED_BYTES
        return NeedMore(shortest - len(data))
    return Rejected("no PROXY header where one is required")
