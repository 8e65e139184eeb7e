"""Which documents are committed together."""

import asyncio
from collections import deque
from collections.abc import Sequence

import attrs

from tidegate.ports.errors import PortError
from tidegate.ports.publisher import Publication

GROUP_MAX_DOCUMENTS = 128
"""Documents in one group, each an open file: far below the usual limit of 1,024 descriptors."""

GROUP_MAX_BYTES = 8 << 20
"""Once a group has so many bytes it is committed, so that small documents do not wait long behind large ones."""

SHARE = 32
"""Documents of one call that go into a group before the next call has its turn: a message to many recipients does not hold up the others."""


@attrs.define(eq=False)
class Call:
    """One call of ``publish``: which of its documents come next, who waits, and why in vain."""

    publications: Sequence[Publication]
    future: "asyncio.Future[None]"
    next: int = 0
    failure: PortError | None = None


def next_group(calls: deque[Call]) -> tuple[list[Publication], list[tuple[Call, int]]]:
    """Take the documents to write next.

    Calls take turns and leave ``calls``; whoever commits the group puts those back that have documents left. Calls that were given up
    before their first document are dropped.

    Returns:
        The documents, and how many of them belong to each call in turn.
    """
    group: list[Publication] = []
    shares: list[tuple[Call, int]] = []
    nbytes = 0
    while calls and len(group) < GROUP_MAX_DOCUMENTS and nbytes < GROUP_MAX_BYTES:
        call = calls.popleft()
        begin, left = call.next, min(SHARE, GROUP_MAX_DOCUMENTS - len(group))
        if begin == 0 and call.future.cancelled():
            continue
        while left and call.next < len(call.publications) and nbytes < GROUP_MAX_BYTES:
            publication = call.publications[call.next]
            nbytes += publication.size
            group.append(publication)
            call.next += 1
            left -= 1
        shares.append((call, call.next - begin))
    return group, shares
