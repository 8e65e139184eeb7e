"""The suspect list in memory."""

from tidegate.adapters.memory.suspects import MemorySuspectList
from tidegate.domain.ip_ranges import IpRanges
from tidegate.ports.suspects import SuspectList


def test_list_changes_at_run_time() -> None:
    """OP09: it begins empty, and the next question gets the new list."""
    suspects = MemorySuspectList()
    port: SuspectList = suspects
    before = port.current()
    assert not before
    suspects.ranges = IpRanges.parse("192.0.2.66")
    assert "192.0.2.66" in port.current()
    assert "192.0.2.66" not in before
