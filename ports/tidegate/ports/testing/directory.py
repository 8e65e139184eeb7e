"""Contract checks for :class:`tidegate.ports.directory.Directory`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from tidegate.domain.address import parse_mailbox
from tidegate.domain.local_addresses import MAX_PATTERNS, Pattern, PatternType
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect
from tidegate.ports.directory import MAX_MTA_NAMES, Directory
from tidegate.ports.errors import PermanentFailure

DirectoryMaker = Callable[[], AbstractAsyncContextManager[Directory]]
"""Sets up one fresh, empty directory and takes it down again."""

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _exact(text: str) -> Pattern:
    return Pattern(PatternType.EXACT, text)


def _is_local(snapshot: Snapshot, address: str) -> bool:
    mailbox = parse_mailbox(address.encode())
    assert mailbox is not None
    return snapshot.local.is_local(mailbox)


async def check_local_addresses(make: DirectoryMaker) -> None:
    """What is put is there, in the list and in the snapshot; what is removed is not."""
    async with make() as directory:
        assert await directory.local.count() == 0
        entries = [_exact("info@example.com"), Pattern(PatternType.FNMATCH, "*@example.net"), Pattern(PatternType.SUBSTR, "üser%")]
        assert await directory.local.put(entries) == 3
        assert await directory.local.put([entries[0], _exact("new@example.com")]) == 1
        assert await directory.local.count() == 4
        snapshot = await directory.snapshot()
        for address, local in [
            ("info@EXAMPLE.com", True),
            ("anybody@example.net", True),
            ("1üser%2@example.org", True),
            ("x@example.com", False),
        ]:
            assert _is_local(snapshot, address) is local, address
        assert await directory.local.remove([entries[0], _exact("absent@example.com")]) == 1
        assert not _is_local(await directory.snapshot(snapshot), "info@example.com")
        assert _is_local(snapshot, "info@example.com"), "a snapshot does not change"


async def check_pages(make: DirectoryMaker) -> None:
    """Pages follow each other without gap or overlap; a filter takes text as it stands."""
    async with make() as directory:
        entries = sorted(_exact(f"u{number}@example.com") for number in range(25))
        await directory.local.put(entries)
        found: list[Pattern] = []
        while page := await directory.local.page(found[-1] if found else None, 10):
            assert len(page) == min(10, 25 - len(found))
            found += page
        assert found == entries
        assert await directory.local.page(containing="U7@") == [_exact("u7@example.com")]
        assert await directory.local.page(containing="u_@") == []
        await directory.mta.put([MtaName("192.0.2.1", "mx1.example.com"), MtaName("192.0.2.2", "mx2.example.com")])
        assert await directory.mta.page(containing="MX2") == [MtaName("192.0.2.2", "mx2.example.com")]


async def check_replace(make: DirectoryMaker) -> None:
    """Replacing leaves what was given and nothing else."""
    async with make() as directory:
        await directory.local.put([_exact("a@example.com"), _exact("b@example.com")])
        await directory.local.put([_exact("b@example.com"), _exact("c@example.com")], replace=True)
        assert await directory.local.page() == [_exact("b@example.com"), _exact("c@example.com")]
        await directory.suspects.put([Suspect("192.0.2.7"), Suspect("192.0.2.8")])
        await directory.count_hits({"192.0.2.7": 5})
        assert await directory.suspects.put([Suspect("192.0.2.7", "again"), Suspect("192.0.2.9")], replace=True) == 2
        assert await directory.suspects.page() == [Suspect("192.0.2.7", "again", None, 5), Suspect("192.0.2.9")]


async def check_mta_names(make: DirectoryMaker) -> None:
    """One name for each address, the last one."""
    async with make() as directory:
        assert await directory.mta.put([MtaName("192.0.2.1", "old.example.com"), MtaName("2001:db8::1", "six.example.com")]) == 2
        assert await directory.mta.put([MtaName("192.0.2.1", "new.example.com")]) == 0
        assert (await directory.snapshot()).mta_names == {"192.0.2.1": "new.example.com", "2001:db8::1": "six.example.com"}
        assert await directory.mta.remove(["192.0.2.1"]) == 1
        assert await directory.mta.count() == 1
        twice = [MtaName("192.0.2.9", "first.example.com"), MtaName("192.0.2.9", "last.example.com")]
        assert await directory.mta.put(twice) == 1
        assert await directory.mta.page(containing="192.0.2.9") == twice[1:]


async def check_suspects(make: DirectoryMaker) -> None:
    """Reason, expiry and hits are kept; hits of an address count for every network that holds it, and outlive a change of the record."""
    async with make() as directory:
        until = NOW + timedelta(hours=1)
        await directory.suspects.put([Suspect("192.0.2.0/24", "spam", until), Suspect("192.0.2.7"), Suspect("2001:db8::/32")])
        snapshot = await directory.snapshot()
        assert "192.0.2.9" in snapshot.suspected(NOW)
        assert "192.0.2.9" not in snapshot.suspected(until)
        assert "192.0.2.7" in snapshot.suspected(until)
        assert snapshot.next_expiry(NOW) == until
        await directory.count_hits({"192.0.2.7": 2, "192.0.2.8": 1, "2001:db8::5": 4, "198.51.100.1": 9})
        await directory.suspects.put([Suspect("192.0.2.0/24", "more spam", None)])
        assert await directory.suspects.page() == [
            Suspect("192.0.2.0/24", "more spam", None, 3),
            Suspect("192.0.2.7", hits=2),
            Suspect("2001:db8::/32", hits=4),
        ]
        assert await directory.suspects.page(containing="MORE") == [Suspect("192.0.2.0/24", "more spam", None, 3)]


async def check_versions(make: DirectoryMaker) -> None:
    """A change moves the state once for whoever watches; an unchanged state gives the same snapshot; hits are no change."""
    async with make() as directory:
        first = await directory.snapshot()
        directory.moved()
        assert not directory.moved()
        assert await directory.snapshot(first) is first
        await directory.suspects.put([Suspect("192.0.2.7")])
        assert directory.moved()
        assert not directory.moved()
        second = await directory.snapshot(first)
        assert second.version != first.version
        await directory.count_hits({"192.0.2.7": 1})
        assert await directory.snapshot(second) is second
        kept = directory.last()
        assert kept is not None
        assert kept.version == second.version
        assert "192.0.2.7" in kept.suspected(NOW)


async def check_bounds(make: DirectoryMaker) -> None:
    """What passes a bound is refused whole; exact entries and whole domains are not bounded with the patterns."""
    async with make() as directory:
        await directory.local.put(_exact(f"u{number}@example.com") for number in range(MAX_PATTERNS + 5))
        await directory.local.put(Pattern(PatternType.FNMATCH, f"*@d{number}.example") for number in range(MAX_PATTERNS + 5))
        before = await directory.local.count()
        names = [MtaName(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "mx.example.com") for number in range(MAX_MTA_NAMES + 1)]
        for attempt in (
            directory.local.put(Pattern(PatternType.SUBSTR, f"s{number}") for number in range(MAX_PATTERNS + 1)),
            directory.mta.put(names),
        ):
            try:
                await attempt
            except PermanentFailure as failure:
                said = str(failure)
            else:
                raise AssertionError("a bound was passed")
            assert "at most" in said
        assert await directory.local.count() == before
        assert await directory.mta.count() == 0


DIRECTORY_CHECKS = (
    check_local_addresses,
    check_pages,
    check_replace,
    check_mta_names,
    check_suspects,
    check_versions,
    check_bounds,
)
"""All of them."""
