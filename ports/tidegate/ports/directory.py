"""Role: keep what an operator changes while the server runs: local addresses, MTA names, suspect addresses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from tidegate.domain.local_addresses import Pattern
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect

Record = TypeVar("Record")
Key = TypeVar("Key", contravariant=True)

MAX_MTA_NAMES = 10_000
"""A machine has fewer addresses of its own; every worker holds all names in memory."""
MAX_SUSPECTS = 100_000
"""Every worker holds all of them in memory; longer lists belong into a firewall."""


class Records(Protocol[Record, Key]):
    """One list. Every call is one transaction: it happens whole or not at all.

    All methods raise:
        TemporaryFailure: the place where the list is kept cannot be reached, or is busy for too long.
        PermanentFailure: the list would pass its bound, or cannot be kept there.
    """

    async def put(self, records: Iterable[Record], *, replace: bool = False) -> int:
        """Add records; one with the key of a record that is there takes its place.

        Args:
            records: canonical, as their ``parse`` makes them; not checked here. Any number, consumed once.
            replace: remove everything else in the same transaction.

        Returns:
            How many were not there before; with ``replace``, how many there are now.
        """

    async def remove(self, keys: Iterable[Key]) -> int:
        """Remove records; keys that are not there are passed over. Returns how many were there."""

    async def page(self, after: Key | None = None, limit: int = 1000, containing: str = "") -> Sequence[Record]:
        """Records in the order of their keys.

        Args:
            after: the key that the page begins behind; None for the first page.
            limit: most records of a page; fewer only at the end of the list.
            containing: only records whose key (or host name, or reason) contains this text; the case of ASCII letters does not count.
        """

    async def count(self) -> int:
        """Number of records."""


class Directory(Protocol):
    """The managed state.

    Attributes (read only):
        local: local addresses; the key of a pattern is the pattern.
        mta: host names by address.
        suspects: by network. Putting one that is there keeps its hits.
    """

    @property
    def local(self) -> Records[Pattern, Pattern]:
        """Local addresses; the key of a pattern is the pattern."""

    @property
    def mta(self) -> Records[MtaName, str]:
        """Host names; the key is the address."""

    @property
    def suspects(self) -> Records[Suspect, str]:
        """Suspect networks; the key is the network. Putting one that is there keeps its hits."""

    def moved(self) -> bool:
        """Whether somebody on this machine has changed the state since this was asked last. Never blocks, costs microseconds.

        Changes from elsewhere are seen by :meth:`snapshot` only.
        """

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """The state of this moment; ``known`` itself when nothing has changed since. Takes seconds for millions of records, without keeping
        the event loop for longer than some milliseconds at a time.

        Raises:
            TemporaryFailure, PermanentFailure: as the lists.
        """

    def last(self) -> Snapshot | None:
        """The newest snapshot that was seen on this machine, also by a process that has ended; None when there is none. Not a coroutine: reads
        a local file at most."""

    async def count_hits(self, hits: Mapping[str, int]) -> None:
        """Add to the hits of every suspect network that holds an address.

        Args:
            hits: refused connections by canonical address.

        Raises:
            TemporaryFailure: nothing was counted.
        """
