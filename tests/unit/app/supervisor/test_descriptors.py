"""The limit of open files is held against the configured connections, and clients never get all of it."""

import resource

import pytest

from tidegate.app.supervisor.descriptors import SPARE, raise_limit, room, too_few
from tidegate.domain.connection_budget import UNLIMITED


@pytest.mark.parametrize(
    ("limit", "connections", "warned"),
    [(1024, None, False), (1024, 1024 - SPARE, False), (1024, 1024, True), (20_000, 1000, False), (resource.RLIM_INFINITY, 1000, False)],
)
def test_too_few(limit: int, connections: int | None, warned: bool) -> None:
    """RS10: a sentence with both numbers, or nothing."""
    said = too_few(limit, connections)
    assert (said is not None) is warned
    if said is not None:
        assert str(limit) in said
        assert "LimitNOFILE" in said


@pytest.mark.parametrize(
    ("limit", "connections"),
    [(20_000, 20_000 - SPARE), (1024, 1024 - SPARE), (64, 16), (None, room(raise_limit())), (resource.RLIM_INFINITY, UNLIMITED)],
)
def test_room(limit: int | None, connections: int) -> None:
    """RS10: what a process needs for its own work is kept from clients, however low the limit is."""
    assert room(limit) == connections


def test_limit_is_raised_to_what_is_allowed() -> None:
    """Soft to hard; nothing to raise the second time."""

    assert raise_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0] == raise_limit()
