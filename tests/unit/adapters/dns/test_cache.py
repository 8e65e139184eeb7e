"""How long answers are kept, and how many."""

import pytest

from tidegate.adapters.dns.cache import AnswerCache
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType

FOUND = DnsAnswer(DnsStatus.NOERROR, addresses=("192.0.2.1",))
NOTHING = DnsAnswer(DnsStatus.NOERROR)
ABSENT = DnsAnswer(DnsStatus.NXDOMAIN)
FAILED = DnsAnswer(DnsStatus.TEMPERROR)


def query(number: int = 0) -> DnsQuery:
    """One of many queries."""
    return DnsQuery(f"n{number}.example", RecordType.A)


@pytest.mark.parametrize(
    ("answer", "ttl_s", "min_ttl_s", "kept_s"),
    [
        (FOUND, 300, 0, 300),
        (FOUND, 0, 0, 0),
        (FOUND, 0, 60, 60),
        (FOUND, 2**32 - 1, 0, 3600),
        (FOUND, 300, 86400, 86400),
        (NOTHING, 300, 0, 300),
        (NOTHING, 86400, 0, 900),
        (ABSENT, 86400, 0, 900),
        (ABSENT, 0, 60, 60),
        (FAILED, 300, 60, 5),
    ],
)
def test_time(answer: DnsAnswer, ttl_s: float, min_ttl_s: float, kept_s: float) -> None:
    """ML15, ML17: the records' time within bounds; absence and failure for less."""
    now_s = [1000.0]
    cache = AnswerCache(min_ttl_s, lambda: now_s[0])
    cache.put(query(), answer, ttl_s)
    if kept_s:
        now_s[0] = 1000 + kept_s - 0.001
        assert answer == cache.get(query())
    now_s[0] = 1000 + kept_s
    assert cache.get(query()) is None


def test_failures_are_asked_again_ever_later() -> None:
    """A name that goes on failing is kept for 5, 10, 20, 30 and 30 seconds; after an answer it begins anew."""
    now_s = [0.0]
    cache = AnswerCache(0, lambda: now_s[0])
    for kept_s in (5, 10, 20, 30, 30):
        cache.put(query(), FAILED, 0)
        now_s[0] += kept_s - 0.5
        assert cache.get(query()) == FAILED
        now_s[0] += 0.5
        assert cache.get(query()) is None
    cache.put(query(), FOUND, 0)
    cache.put(query(), FAILED, 0)
    now_s[0] += 5
    assert cache.get(query()) is None


def test_number_is_bounded() -> None:
    """ML17: the least recently used entries go first."""
    cache = AnswerCache(0, lambda: 0.0, max_entries=3)
    for number in range(3):
        cache.put(query(number), FOUND, 300)
    assert cache.get(query(0)) == FOUND
    cache.put(query(3), FOUND, 300)
    assert len(cache) == 3
    assert [cache.get(query(number)) for number in range(4)] == [FOUND, None, FOUND, FOUND]


def test_size_is_bounded() -> None:
    """Large answers push others out; one larger than all the room is not kept."""
    cache = AnswerCache(0, lambda: 0.0, max_bytes=100_000)
    large = DnsAnswer(DnsStatus.NOERROR, texts=(b"x" * 30_000,))
    for number in range(10):
        cache.put(query(number), large, 300)
    assert len(cache) == 3
    for _ in range(10):
        cache.put(query(9), large, 300)
    assert len(cache) == 3
    cache.put(query(11), DnsAnswer(DnsStatus.NOERROR, texts=(b"x" * 200_000,)), 300)
    assert len(cache) == 0
    cache.put(query(12), FOUND, 300)
    assert cache.get(query(12)) == FOUND
