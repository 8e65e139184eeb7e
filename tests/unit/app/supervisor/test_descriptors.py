"""RS10: the limit of open files is held against the configured connections at the start."""

import resource

import pytest

from tidegate.app.supervisor.descriptors import SPARE, raise_limit, too_few


@pytest.mark.parametrize(
    ("limit", "connections", "warned"), [(1024, None, False), (1024, 1024 - SPARE, False), (1024, 1024, True), (20_000, 1000, False)]
)
def test_too_few(limit: int, connections: int | None, warned: bool) -> None:
    """A sentence with both numbers, or nothing."""
    said = too_few(limit, connections)
    assert (said is not None) is warned
    if said is not None:
        assert str(limit) in said
        assert "LimitNOFILE" in said


def test_limit_is_raised_to_what_is_allowed() -> None:
    """Soft to hard; nothing to raise the second time."""

    assert raise_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0] == raise_limit()
