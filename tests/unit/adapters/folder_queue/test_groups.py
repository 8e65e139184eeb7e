"""Which documents are committed together."""

import asyncio
from collections import deque
from collections.abc import Sequence

from tidegate.adapters.folder_queue.groups import GROUP_MAX_BYTES, GROUP_MAX_DOCUMENTS, SHARE, Call, next_group
from tidegate.ports.testing.publisher import document


def calls_of(loop: asyncio.AbstractEventLoop, sizes: Sequence[Sequence[int]]) -> deque[Call]:
    """Calls with documents of these sizes; the ids tell the call."""
    return deque(
        Call([document(f"q{number}", n, size) for n, size in enumerate(documents)], loop.create_future())
        for number, documents in enumerate(sizes)
    )


async def test_a_large_call_does_not_hold_up_small_ones() -> None:
    """Calls take turns: of a message to 500 recipients a share goes into each group, and small ones behind it are in the first."""
    calls = calls_of(asyncio.get_running_loop(), [[100] * 500, [100], [100] * 2])
    group, shares = next_group(calls)
    assert [number for _, number in shares] == [SHARE, 1, 2]
    assert [item.queue for item in group[-3:]] == ["q1", "q2", "q2"]


async def test_groups_are_bounded() -> None:
    """A group has a bounded number of documents, and of bytes but for its last document."""
    loop = asyncio.get_running_loop()
    group, _ = next_group(calls_of(loop, [[100]] * 1000))
    assert len(group) == GROUP_MAX_DOCUMENTS
    group, shares = next_group(calls_of(loop, [[GROUP_MAX_BYTES // 2 + 1] * 5, [100]]))
    assert ([item.size for item in group], len(shares)) == ([GROUP_MAX_BYTES // 2 + 1] * 2, 1)
    group, _ = next_group(calls_of(loop, [[]]))
    assert group == []
