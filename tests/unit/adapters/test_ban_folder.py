"""Bans as files: shared, seen, lifted; and a folder that cannot be used bans nobody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidegate.adapters.ban_folder import FolderBanList
from tidegate.adapters.memory.ban_list import MemoryBanList
from tidegate.ports.ban_list import BanList

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("make", [lambda folder: FolderBanList(folder / "bans"), lambda _: MemoryBanList()], ids=["folder", "memory"])
def test_contract(make: Callable[[Path], BanList], tmp_path: Path) -> None:
    """Banned until the moment given; listed in order; lifted once; what is over is forgotten."""
    bans = make(tmp_path)
    assert not bans.banned("192.0.2.1", NOW)
    assert bans.bans(NOW) == {}
    assert not bans.lift("192.0.2.1")
    bans.ban("2001:db8::/64", NOW + HOUR)
    bans.ban("192.0.2.1", NOW + HOUR)
    assert bans.banned("192.0.2.1", NOW)
    assert not bans.banned("192.0.2.2", NOW)
    assert list(bans.bans(NOW).items()) == [("192.0.2.1", NOW + HOUR), ("2001:db8::/64", NOW + HOUR)]
    bans.ban("192.0.2.1", NOW + 2 * HOUR)
    assert bans.banned("192.0.2.1", NOW + HOUR)
    assert not bans.banned("2001:db8::/64", NOW + HOUR)
    assert list(bans.bans(NOW + HOUR)) == ["192.0.2.1"]
    assert bans.lift("192.0.2.1")
    assert not bans.banned("192.0.2.1", NOW)


def test_other_processes_see_it(tmp_path: Path) -> None:
    """Two lists on one folder are one list."""
    one, other = FolderBanList(tmp_path), FolderBanList(tmp_path)
    one.ban("192.0.2.1", NOW + HOUR)
    assert other.banned("192.0.2.1", NOW)
    assert other.lift("192.0.2.1")
    assert not one.banned("192.0.2.1", NOW)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Nobody is banned, and nothing raises."""
    (tmp_path / "file").write_text("")
    bans = FolderBanList(tmp_path / "file" / "bans")
    bans.ban("192.0.2.1", NOW + HOUR)
    assert not bans.banned("192.0.2.1", NOW)
