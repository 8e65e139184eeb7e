"""Holds the snapshot of the managed state that is in force in this process, and puts a newer one in its place.

A change on this machine is in force within about a second, one from elsewhere within ``database-ttl``. What a connection or a recipient asks is
answered from memory. While the database is away, the last snapshot stays in force, also over a restart of the server, and the log says so.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import Self

import attrs

from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.local_addresses import LocalAddresses
from tidegate.domain.managed_state import Snapshot
from tidegate.ports.clock import Clock
from tidegate.ports.directory import Directory
from tidegate.ports.errors import PermanentFailure, PortError, TemporaryFailure

TICK_S = 1.0
"""Seconds between two looks for a change on this machine; each is one stat of a file."""
RETRY_S = 5.0
"""Seconds between two attempts while the database is away."""
START_S = 30.0
"""Seconds that the first snapshot may take before the last one of this machine is used."""
HITS_S = 10.0
"""Seconds between two writes of hits."""
MAX_HITS = 10_000
"""Addresses whose hits wait to be written; those of further ones are not counted."""
EXPIRY_SHARE = 50
"""Suspects that expire are taken out at most as often as keeps this work to a fiftieth of the time."""

_log = logging.getLogger("tidegate.managed_state")


@attrs.define(eq=False)
class ManagedState:
    """Plays :class:`tidegate.ports.suspects.SuspectList` and :class:`tidegate.ports.mta_names.MtaNames`, and gives the local address list.

    Attributes:
        directory: where the state is kept.
        ttl_s: ``database-ttl`` in seconds.
        clock: for what expires.
        monotonic_s: seconds.
        tick_s: see :data:`TICK_S`.
        start_s: see :data:`START_S`.
    """

    directory: Directory
    ttl_s: float
    clock: Clock
    monotonic_s: Callable[[], float] = time.monotonic
    tick_s: float = TICK_S
    start_s: float = START_S
    _snapshot: Snapshot = attrs.field(factory=Snapshot, init=False)
    _suspected: IpRanges = attrs.field(factory=IpRanges.nobody, init=False)
    _expiry: datetime | None = attrs.field(default=None, init=False)
    _expire_from: float = attrs.field(default=0.0, init=False)
    _next_look: float = attrs.field(default=0.0, init=False)
    _away_since: float | None = attrs.field(default=None, init=False)
    _said: float = attrs.field(default=0.0, init=False)
    _hits: dict[str, int] = attrs.field(factory=dict, init=False)
    _write_hits: float = attrs.field(default=0.0, init=False)
    _task: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    # -- what is asked on the way of mail --------------------------------------------------------------------------------------------------

    def current(self) -> IpRanges:
        """The suspects of this moment."""
        return self._suspected

    def refused(self, ip: str) -> None:
        """Count a connection that was refused because its address is suspected."""
        if ip in self._hits or len(self._hits) < MAX_HITS:
            self._hits[ip] = self._hits.get(ip, 0) + 1

    def name_of(self, local_ip: str) -> str | None:
        """The name of the MTA on a local address."""
        return self._snapshot.mta_names.get(local_ip)

    def names(self) -> Collection[str]:
        """The names of all MTAs."""
        return self._snapshot.mta_names.values()

    def local(self) -> LocalAddresses:
        """The local address list of this moment."""
        return self._snapshot.local

    # -- keeping it up to date -------------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Put the first snapshot in force.

        Raises:
            TemporaryFailure: the database is away, and there is no earlier snapshot on this machine.
            PermanentFailure: the database cannot be used by this version.
        """
        self.directory.moved()
        try:
            async with asyncio.timeout(self.start_s):
                self._adopt(await self.directory.snapshot())
            self._next_look = self.monotonic_s() + self.ttl_s
        except PermanentFailure:
            raise
        except (PortError, TimeoutError) as failure:
            last = self.directory.last()
            if last is None:
                raise TemporaryFailure(
                    f"the managed state cannot be read, and nothing is known of it on this machine: {_text(failure)}"
                ) from failure
            self._adopt(last)
            self._failed(failure)
        self._write_hits = self.monotonic_s() + HITS_S
        self._task = asyncio.create_task(self._keep(), name="managed-state")

    async def close(self) -> None:
        """Stop looking; hits that wait are written if that is done at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._count_hits()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.tick_s)
            try:
                await self._tick()
            except Exception:  # whatever it is, the snapshot in force stays, and the next look may work
                _log.exception("managed state: a fault of this program")

    async def _tick(self) -> None:
        now = self.monotonic_s()
        if self.directory.moved() or now >= self._next_look:
            await self._look()
        if self._expiry is not None and now >= self._expire_from and self.clock() >= self._expiry:
            self._apply_suspects()
        if self._hits and now >= self._write_hits:
            self._write_hits = now + HITS_S
            await self._count_hits()

    async def _look(self) -> None:
        try:
            snapshot = await self.directory.snapshot(self._snapshot)
        except PortError as failure:
            self._failed(failure)
            return
        now = self.monotonic_s()
        self._next_look = now + self.ttl_s
        if self._away_since is not None:
            _log.info("managed state: the database is back", extra={"seconds": round(now - self._away_since)})
            self._away_since = None
        if snapshot is not self._snapshot:
            self._adopt(snapshot)

    def _adopt(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._apply_suspects()
        _log.info(
            "managed state in force",
            extra={"local": len(snapshot.local), "mta_names": len(snapshot.mta_names), "suspects": len(snapshot.suspects)},
        )

    def _apply_suspects(self) -> None:
        began = self.monotonic_s()
        now = self.clock()
        self._suspected = self._snapshot.suspected(now)
        self._expiry = self._snapshot.next_expiry(now)
        ended = self.monotonic_s()
        self._expire_from = ended + EXPIRY_SHARE * (ended - began)

    def _failed(self, failure: BaseException) -> None:
        now = self.monotonic_s()
        self._next_look = now + RETRY_S
        if self._away_since is None or now - self._said >= self.ttl_s:
            self._said = now
            _log.error("managed state: the database is away, the last lists stay in force", extra={"reason": _text(failure)})
        if self._away_since is None:
            self._away_since = now

    async def _count_hits(self) -> None:
        hits, self._hits = self._hits, {}
        if not hits:
            return
        try:
            await self.directory.count_hits(hits)
        except PortError:
            for ip, count in hits.items():
                if ip in self._hits or len(self._hits) < MAX_HITS:
                    self._hits[ip] = self._hits.get(ip, 0) + count


def _text(failure: BaseException) -> str:
    return str(failure) or "it took too long"
