"""Connections and rates per client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.client_limits import ClientLimits, ClientTable, ClientVerdict, client_key
from tidegate.domain.ip_ranges import IpRanges

WELCOME, TOO_MANY, TOO_FAST = ClientVerdict.WELCOME, ClientVerdict.TOO_MANY, ClientVerdict.TOO_FAST


def test_connections_per_address() -> None:
    """RS09: one address has its places and no more; another one still gets in, and a place that is given back can be had again."""
    table = ClientTable(ClientLimits(connections=2))
    assert [table.enter("192.0.2.1", 0) for _ in range(4)] == [WELCOME, WELCOME, TOO_MANY, TOO_MANY]
    assert table.enter("192.0.2.2", 0) is WELCOME
    assert table.open_connections("192.0.2.1") == 2
    table.leave("192.0.2.1")
    assert [table.enter("192.0.2.1", 0) for _ in range(2)] == [WELCOME, TOO_MANY]


def test_an_ipv6_host_is_its_network() -> None:
    """RS09: addresses of one /64 are one client, those of the next /64 another."""
    table = ClientTable(ClientLimits(connections=1))
    assert table.enter("2001:db8:0:1::1", 0) is WELCOME
    assert table.enter("2001:db8:0:1:ffff::2", 0) is TOO_MANY
    assert table.enter("2001:db8:0:2::1", 0) is WELCOME
    assert table.open_connections("2001:db8:0:1:1234::") == 1
    table.leave("2001:db8:0:1::1")
    assert table.enter("2001:db8:0:1:ffff::2", 0) is WELCOME


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::", "2001:db8:0:1::", False),
        ("0.0.0.1", "::1", False),
    ],
)
def test_client_key(one: str, other: str, same: bool) -> None:
    """What counts as one client."""
    assert same == (client_key(one) == client_key(other))


def test_rate() -> None:
    """A burst passes, then the sustained rate: one token every two seconds here."""
    table = ClientTable(ClientLimits(openings_per_minute=30, burst=3))
    at_once = [table.enter("192.0.2.1", 100.0) for _ in range(5)]
    assert at_once == [WELCOME] * 3 + [TOO_FAST] * 2
    later = [table.enter("192.0.2.1", at) for at in (101.9, 102.0, 102.1, 104.0, 1000.0, 1000.0, 1000.0, 1000.0)]
    assert later == [TOO_FAST, WELCOME, TOO_FAST, WELCOME, WELCOME, WELCOME, WELCOME, TOO_FAST]


def test_rate_outlives_the_connections() -> None:
    """Closing a connection gives its place back, not its token."""
    table = ClientTable(ClientLimits(openings_per_minute=1, burst=2))
    for _ in range(2):
        assert table.enter("192.0.2.1", 0) is WELCOME
        table.leave("192.0.2.1")
    assert table.enter("192.0.2.1", 1) is TOO_FAST


def test_time_that_goes_back() -> None:
    """A time before the last one fills nothing and takes nothing away."""
    table = ClientTable(ClientLimits(openings_per_minute=60, burst=1))
    assert [table.enter("192.0.2.1", at) for at in (100.0, 0.0, 100.5, 101.0)] == [WELCOME, TOO_FAST, TOO_FAST, WELCOME]


def test_exempt_clients() -> None:
    """Exempt clients are counted and never refused."""
    table = ClientTable(ClientLimits(connections=1, openings_per_minute=1, burst=1, exempt=IpRanges.parse("10.0.0.0/8")))
    assert [table.enter("10.1.2.3", 0) for _ in range(50)] == [WELCOME] * 50
    assert table.open_connections("10.1.2.3") == 50
    assert [table.enter("11.1.2.3", 0) for _ in range(2)] == [WELCOME, TOO_MANY]


def test_limits_change_while_connections_are_open() -> None:
    """After a reload the new limits hold for the next connection; open ones stay counted."""
    table = ClientTable(ClientLimits(connections=5))
    for _ in range(5):
        assert table.enter("192.0.2.1", 0) is WELCOME
    table.limits = ClientLimits(connections=2)
    assert table.enter("192.0.2.1", 0) is TOO_MANY
    for _ in range(4):
        table.leave("192.0.2.1")
    assert table.enter("192.0.2.1", 0) is WELCOME


def test_memory_is_bounded() -> None:
    """Clients without a connection are forgotten, the one seen longest ago first; those with one never are."""
    table = ClientTable(ClientLimits(openings_per_minute=1, burst=1), max_remembered=3)
    assert table.enter("198.51.100.1", 0) is WELCOME
    for last in range(100):
        address = f"192.0.2.{last}"
        assert table.enter(address, 0) is WELCOME
        table.leave(address)
    assert len(table) == 4
    assert table.enter("198.51.100.1", 0) is TOO_FAST
    assert table.enter("192.0.2.97", 0) is TOO_FAST
    assert table.enter("192.0.2.96", 0) is WELCOME


def test_nothing_is_kept_without_rates() -> None:
    """Counts alone need no memory of clients that are gone."""
    table = ClientTable(ClientLimits())
    for last in range(100):
        table.enter(f"192.0.2.{last}", 0)
        table.leave(f"192.0.2.{last}")
    assert len(table) == 0


addresses = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"])
steps = st.tuples(st.booleans(), addresses, st.floats(0, 10))


@given(st.integers(1, 4), st.sampled_from([0.0, 60.0, 600.0]), st.integers(1, 5), st.lists(steps, max_size=80))
def test_counts_hold(connections: int, rate: float, burst: int, steps: list[tuple[bool, str, float]]) -> None:
    """In any order of arrivals and departures the count is that of the open connections, within the limit; openings keep to the bucket."""
    table = ClientTable(ClientLimits(connections, rate, burst), max_remembered=50)
    open_by_client: dict[str | int, list[str]] = {}
    welcomed: dict[str | int, int] = {}
    now_s = 0.0
    for arrives, address, pause_s in steps:
        now_s += pause_s
        client = client_key(address)
        connected = open_by_client.setdefault(client, [])
        if arrives:
            if table.enter(address, now_s) is WELCOME:
                connected.append(address)
                welcomed[client] = welcomed.get(client, 0) + 1
        elif connected:
            table.leave(connected.pop())
        assert table.open_connections(address) == len(connected) <= connections
        if rate:
            assert welcomed.get(client, 0) <= burst + now_s * rate / 60 + 1e-6
