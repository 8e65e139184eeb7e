"""The snapshot in force: what is asked of it, when it is replaced, and what happens while the database is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from tidegate.adapters.memory.directory import MemoryDirectory
from tidegate.app.managed_state import RETRY_S, ManagedState
from tidegate.domain.address import parse_mailbox
from tidegate.domain.local_addresses import Pattern, PatternType
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect
from tidegate.ports.errors import PermanentFailure, TemporaryFailure

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INFO = Pattern(PatternType.EXACT, "info@example.com")


@attrs.define
class Time:
    """A clock that a test moves."""

    s: float = 1000.0

    def monotonic_s(self) -> float:
        """Seconds."""
        return self.s

    def clock(self) -> datetime:
        """The wall clock."""
        return NOW + timedelta(seconds=self.s - 1000.0)


@asynccontextmanager
async def keeping(directory: MemoryDirectory, time: Time, ttl_s: float = 600.0) -> AsyncIterator[ManagedState]:
    """A state that looks as often as the loop turns."""
    async with ManagedState(directory, ttl_s, time.clock, time.monotonic_s, tick_s=0.0, start_s=0.2) as state:
        yield state


async def turns() -> None:
    """Let some looks happen."""
    for _ in range(20):
        await asyncio.sleep(0)


def is_local(state: ManagedState) -> bool:
    """Whether info@example.com is."""
    mailbox = parse_mailbox(b"info@example.com")
    assert mailbox is not None
    return state.local().is_local(mailbox)


async def test_a_change_on_this_machine_is_in_force_at_once() -> None:
    """Each list answers anew after the next look."""
    directory, time = MemoryDirectory(), Time()
    async with keeping(directory, time) as state:
        assert not is_local(state)
        assert state.name_of("192.0.2.1") is None
        assert not state.current()
        await directory.local.put([INFO])
        await directory.mta.put([MtaName("192.0.2.1", "mx.example.com")])
        await directory.suspects.put([Suspect("192.0.2.66")])
        await turns()
        assert is_local(state)
        assert state.name_of("192.0.2.1") == "mx.example.com"
        assert "192.0.2.66" in state.current()


async def test_a_change_from_elsewhere_is_in_force_within_the_ttl() -> None:
    """What nobody on this machine tells of is seen when the ttl has passed, and not before."""
    directory, time = MemoryDirectory(), Time()
    async with keeping(directory, time, 60.0) as state:
        await directory.local.put([INFO])
        directory.moved()  # nobody told
        time.s += 59
        await turns()
        assert not is_local(state)
        time.s += 1
        await turns()
        assert is_local(state)


async def test_a_dead_database_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The last lists stay in force, the log says so once, and the news come when the database is back."""
    caplog.set_level("INFO")
    directory, time = MemoryDirectory(), Time()
    await directory.local.put([INFO])
    async with keeping(directory, time, 60.0) as state:
        directory.failure = TemporaryFailure("connection refused")
        for _ in range(5):
            time.s += 60 if _ == 0 else RETRY_S
            await turns()
            assert is_local(state)
        away = [record for record in caplog.records if "away" in record.message]
        assert len(away) == 1
        assert away[0].reason == "connection refused"  # type: ignore[attr-defined]
        directory.failure = None
        await directory.local.remove([INFO])
        time.s += RETRY_S
        await turns()
        assert not is_local(state)
        assert any("is back" in record.message for record in caplog.records)


async def test_start_with_a_dead_database() -> None:
    """With a snapshot from before the state starts with it; without one it does not start, and says why."""
    directory, time = MemoryDirectory(), Time()
    directory.failure = TemporaryFailure("connection refused")
    with pytest.raises(TemporaryFailure, match="nothing is known of it on this machine: connection refused"):
        await ManagedState(directory, 60.0, time.clock).open()
    directory.failure = None
    await directory.local.put([INFO])
    await directory.snapshot()
    directory.failure = TemporaryFailure("connection refused")
    async with keeping(directory, time) as state:
        assert is_local(state)
    directory.failure = PermanentFailure("made by a newer version")
    with pytest.raises(PermanentFailure):
        await ManagedState(directory, 60.0, time.clock).open()


@attrs.define(eq=False)
class FrozenDirectory(MemoryDirectory):
    """A database that accepts connections and never answers."""

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_start_with_a_frozen_database() -> None:
    """A database that does not answer delays the start by a bounded time."""
    directory, time = FrozenDirectory(), Time()
    directory._last = Snapshot("1", suspects=(Suspect("192.0.2.66"),))
    async with keeping(directory, time) as state:
        assert "192.0.2.66" in state.current()


async def test_suspects_expire() -> None:
    """A suspect is let in from its second on, without any change of the database."""
    directory, time = MemoryDirectory(), Time()
    await directory.suspects.put([Suspect("192.0.2.66", expires=NOW + timedelta(seconds=30))])
    async with keeping(directory, time) as state:
        time.s += 29
        await turns()
        assert "192.0.2.66" in state.current()
        time.s += 1
        await turns()
        assert "192.0.2.66" not in state.current()


async def test_hits_are_written_and_outlive_an_absence() -> None:
    """Refused connections are counted in the directory; those of an absence are written afterwards, the last ones at the end."""
    directory, time = MemoryDirectory(), Time()
    await directory.suspects.put([Suspect("192.0.2.0/24")])

    async def hits() -> int:
        [suspect] = await directory.suspects.page()
        return suspect.hits

    async with keeping(directory, time) as state:
        state.refused("192.0.2.1")
        state.refused("192.0.2.2")
        await turns()
        assert await hits() == 0
        time.s += 10
        await turns()
        assert await hits() == 2
        directory.failure = TemporaryFailure("away")
        state.refused("192.0.2.1")
        time.s += 10
        await turns()
        directory.failure = None
        assert await hits() == 2
        time.s += 10
        await turns()
        assert await hits() == 3
        state.refused("192.0.2.1")
    assert await hits() == 4
