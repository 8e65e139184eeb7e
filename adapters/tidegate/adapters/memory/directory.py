"""The managed state in memory: for tests, and for embedders whose lists come from elsewhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from tidegate.domain.local_addresses import MAX_PATTERNS, CompileRegex, LocalAddresses, LocalCase, Pattern
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect, networks_of
from tidegate.ports.directory import MAX_MTA_NAMES, MAX_SUSPECTS
from tidegate.ports.errors import PermanentFailure, PortError

R = TypeVar("R", Pattern, MtaName, Suspect)
K = TypeVar("K", Pattern, str)


@attrs.define(eq=False)
class MemoryRecords(Generic[R, K]):
    """Implements :class:`tidegate.ports.directory.Records`."""

    _key: Callable[[R], K]
    _text: Callable[[R], str]
    _bound: Callable[[Iterable[R]], None]
    _directory: "MemoryDirectory"
    _merge: Callable[[R, R], R] = lambda _, new: new
    records: dict[K, R] = attrs.field(factory=dict)

    async def put(self, records: Iterable[R], *, replace: bool = False) -> int:
        """See the port."""
        self._directory.reach()
        after = {} if replace else dict(self.records)
        new = 0
        for record in records:
            key = self._key(record)
            old = self.records.get(key)
            new += old is None and key not in after
            after[key] = record if old is None else self._merge(old, record)
        self._bound(after.values())
        self.records = after
        self._directory.changed()
        return len(after) if replace else new

    async def remove(self, keys: Iterable[K]) -> int:
        """See the port."""
        self._directory.reach()
        removed = sum(self.records.pop(key, None) is not None for key in keys)
        self._directory.changed()
        return removed

    async def page(self, after: K | None = None, limit: int = 1000, containing: str = "") -> Sequence[R]:
        """See the port."""
        self._directory.reach()
        wanted = containing.lower()
        keys = sorted(key for key in self.records if after is None or key > after)
        return [self.records[key] for key in keys if wanted in self._text(self.records[key]).lower()][:limit]

    async def count(self) -> int:
        """See the port."""
        self._directory.reach()
        return len(self.records)


@attrs.define(eq=False)
class MemoryDirectory:
    """Implements :class:`tidegate.ports.directory.Directory`.

    Attributes:
        compile_regex: for regular expressions in the list.
        case: whether letters of local parts count.
        failure: raised by every call while it is set, but for ``moved`` and ``last``.
    """

    compile_regex: CompileRegex | None = None
    case: LocalCase = LocalCase.EXACT
    failure: PortError | None = None
    local: MemoryRecords[Pattern, Pattern] = attrs.field(init=False)
    mta: MemoryRecords[MtaName, str] = attrs.field(init=False)
    suspects: MemoryRecords[Suspect, str] = attrs.field(init=False)
    _version: int = attrs.field(default=0, init=False)
    _seen: int = attrs.field(default=0, init=False)
    _last: Snapshot | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.local = MemoryRecords(lambda pattern: pattern, lambda pattern: pattern.text, self._bound_patterns, self)
        self.mta = MemoryRecords(lambda name: name.ip, lambda name: f"{name.ip} {name.name}", _at_most(MAX_MTA_NAMES, "MTA names"), self)
        self.suspects = MemoryRecords(
            lambda suspect: suspect.network,
            lambda suspect: f"{suspect.network} {suspect.reason}",
            _at_most(MAX_SUSPECTS, "suspect networks"),
            self,
            lambda old, new: attrs.evolve(new, hits=old.hits),
        )

    def reach(self) -> None:
        """Raise what was set."""
        if self.failure is not None:
            raise self.failure

    def changed(self) -> None:
        """Count a change."""
        self._version += 1

    def moved(self) -> bool:
        """See the port."""
        moved = self._seen != self._version
        self._seen = self._version
        return moved

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """See the port."""
        self.reach()
        if known is not None and known.version == str(self._version):
            return known
        self._last = Snapshot(
            str(self._version),
            LocalAddresses.of(self.local.records, self.case, self.compile_regex),
            {name.ip: name.name for name in self.mta.records.values()},
            tuple(self.suspects.records.values()),
        )
        return self._last

    def last(self) -> Snapshot | None:
        """See the port."""
        return self._last

    async def count_hits(self, hits: Mapping[str, int]) -> None:
        """See the port."""
        self.reach()
        for ip, count in hits.items():
            for network in networks_of(ip):
                found = self.suspects.records.get(network)
                if found is not None:
                    self.suspects.records[network] = attrs.evolve(found, hits=found.hits + count)

    def _bound_patterns(self, patterns: Iterable[Pattern]) -> None:
        costly = sum(pattern.exact_key(self.case) is None for pattern in patterns)
        if costly > MAX_PATTERNS:
            raise PermanentFailure(
                f"{costly} local addresses would be patterns, at most {MAX_PATTERNS} can be (exact and *@domain do not count)"
            )


def _at_most(limit: int, what: str) -> Callable[[Iterable[MtaName] | Iterable[Suspect]], None]:
    def check(records: Iterable[object]) -> None:
        count = sum(1 for _ in records)
        if count > limit:
            raise PermanentFailure(f"there would be {count} {what}, at most {limit} can be kept")

    return check
