"""Answers that were had before, for as long as they may be used: bounded in number and size, least recently used ones go first."""

from collections import OrderedDict
from collections.abc import Callable

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus

MAX_ENTRIES = 10_000
"""A busy server asks for some thousand names an hour. Random names that an attacker makes us ask for push out what was used least."""
MAX_BYTES = 16 * 2**20
"""Of records, by estimate. A thousand answers of the greatest length would take 64 MB."""
MAX_TTL_S = 3600
"""Nothing is kept longer, whatever its publisher says: a key or policy that was changed holds within the hour."""
MAX_NEGATIVE_TTL_S = 900  # RFC 2308 section 5 proposes one to three hours at most; a new domain should not wait that long
FIRST_FAILURE_TTL_S = 5.0
MAX_FAILURE_TTL_S = 30.0
"""A name whose servers fail is asked again after 5, 10, 20, 30, 30 … seconds (RFC 9520 section 3.2: 1 s at least, 5 minutes at most)."""

_ENTRY_BYTES = 500  # keys, objects, times
_RECORD_BYTES = 80


@attrs.frozen
class _Entry:
    answer: DnsAnswer
    expires_at_s: float
    bytes: int
    failure_ttl_s: float = 0.0


@attrs.define
class AnswerCache:
    """A cache of one event loop.

    Attributes:
        min_ttl_s: answers that were had are kept at least this long.
        monotonic_s: tells durations.
    """

    min_ttl_s: float
    monotonic_s: Callable[[], float]
    max_entries: int = MAX_ENTRIES
    max_bytes: int = MAX_BYTES
    _entries: OrderedDict[DnsQuery, _Entry] = attrs.field(factory=OrderedDict, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def get(self, query: DnsQuery) -> DnsAnswer | None:
        """The answer, if there is one that may still be used."""
        entry = self._entries.get(query)
        if entry is None or self.monotonic_s() >= entry.expires_at_s:
            return None
        self._entries.move_to_end(query)
        return entry.answer

    def put(self, query: DnsQuery, answer: DnsAnswer, ttl_s: float) -> None:
        """Keep an answer. ``ttl_s`` is what its records allow, put within bounds here; for TEMPERROR it is not looked at."""
        before = self._entries.pop(query, None)
        if before is not None:
            self._bytes -= before.bytes
        failure_ttl_s = 0.0
        if answer.status is DnsStatus.TEMPERROR:
            failure_ttl_s = min(MAX_FAILURE_TTL_S, before.failure_ttl_s * 2) if before and before.failure_ttl_s else FIRST_FAILURE_TTL_S
            ttl_s = failure_ttl_s
        else:
            ttl_s = max(self.min_ttl_s, min(ttl_s, MAX_TTL_S if _has_records(answer) else MAX_NEGATIVE_TTL_S))
        entry = _Entry(answer, self.monotonic_s() + ttl_s, _size(answer), failure_ttl_s)
        self._entries[query] = entry
        self._bytes += entry.bytes
        while len(self._entries) > self.max_entries or self._bytes > self.max_bytes:
            self._bytes -= self._entries.popitem(last=False)[1].bytes

    def __len__(self) -> int:
        """Number of entries, those that have expired included."""
        return len(self._entries)


def _has_records(answer: DnsAnswer) -> bool:
    return bool(answer.addresses or answer.texts or answer.exchanges or answer.names)


def _size(answer: DnsAnswer) -> int:
    records = len(answer.addresses) + len(answer.texts) + len(answer.exchanges) + len(answer.names)
    return _ENTRY_BYTES + records * _RECORD_BYTES + sum(map(len, answer.texts)) + sum(map(len, answer.names))
