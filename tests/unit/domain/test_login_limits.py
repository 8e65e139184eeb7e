"""Guessing becomes slow, then is turned away, then banned; nobody is locked out by others."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.login_limits import MAX_REMEMBERED, LoginLimits, LoginTable, Turned, client_of


def fail(table: LoginTable, client: str, user: str, now_s: float = 0.0, digest: object = None) -> float | Turned:
    """One wrong guess."""
    wait = table.begin(client, user, now_s)
    if not isinstance(wait, Turned):
        table.failed(client, user, now_s, digest if digest is not None else object())
    return wait


def test_one_client_guesses() -> None:
    """AU17: three for free, then growing delays, then turned away, then a ban, after which it starts anew."""
    table = LoginTable()
    answers = [fail(table, "192.0.2.1", f"user{number}") for number in range(21)]
    assert answers == [0, 0, 0, 0.5, 1, 2, 4, 8, 8, 8, *[Turned.AWAY] * 10, Turned.BAN]
    assert fail(table, "192.0.2.1", "bob") == 0


def test_attempts_side_by_side_gain_nothing() -> None:
    """Attempts that are not answered yet count already."""
    table = LoginTable()
    assert [table.begin("192.0.2.1", "bob", 0.0) for _ in range(6)] == [0, 0, 0, 0.5, 1, 2]


def test_many_clients_guess_at_one_user() -> None:
    """AU17: the user's logins are delayed, never turned away."""
    table = LoginTable()
    answers = [fail(table, f"192.0.{number // 250}.{number % 250}", "bob") for number in range(1_000)]
    assert answers[:11] == [0] * 10 + [0.5]
    assert answers[-1] == LoginLimits().longest_delay_s


def test_success_and_broken_back_ends_count_nothing() -> None:
    """However often."""
    table = LoginTable()
    for _ in range(100):
        assert table.begin("192.0.2.1", "bob", 0.0) == 0
        table.succeeded("192.0.2.1", "bob", 0.0)
        assert table.begin("192.0.2.1", "bob", 0.0) == 0
        table.undecided("192.0.2.1", "bob", 0.0)


def test_success_does_not_wash_guesses_away() -> None:
    """Whoever owns one account does not guess at others for it."""
    table = LoginTable()
    for number in range(8):
        fail(table, "192.0.2.1", f"user{number}")
        table.begin("192.0.2.1", "mine", 0.0)
        table.succeeded("192.0.2.1", "mine", 0.0)
    assert table.begin("192.0.2.1", "user9", 0.0) == 8


def test_an_old_password_counts_once() -> None:
    """A telephone that tries the same wrong password all day is neither delayed for ever nor banned."""
    table = LoginTable()
    assert {fail(table, "192.0.2.1", "bob", 0.0, "digest") for _ in range(100)} == {0}


def test_failures_are_forgotten() -> None:
    """One each minute."""
    table = LoginTable()
    for number in range(9):
        fail(table, "192.0.2.1", f"user{number}")
    assert table.begin("192.0.2.1", "x", 60.0 * 9) == 0


def test_memory_is_bounded() -> None:
    """Clients and users beyond a number are forgotten, the oldest first."""
    table = LoginTable()
    for number in range(MAX_REMEMBERED + 100):
        fail(table, str(number), str(number))
    assert len(table._clients) == len(table._users) == MAX_REMEMBERED


def test_clients() -> None:
    """An IPv6 network of 64 bits is one client; zones are nothing to it."""
    assert client_of("192.0.2.1") == "192.0.2.1"
    assert client_of("2001:db8::1:2:3:4") == client_of("2001:db8::") == "2001:db8::/64"
    assert client_of("fe80::1%eth0") == "fe80::/64"


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0, 100), st.sampled_from(["fail", "ok", "away"]))))
def test_total(steps: list[tuple[str, str, float, str]]) -> None:
    """Any history: waits are within bounds, levels never negative, clocks that jump do no harm."""
    table = LoginTable()
    for client, user, now, what in steps:
        wait = table.begin(client, user, now)
        if isinstance(wait, Turned):
            continue
        assert 0 <= wait <= table.limits.longest_delay_s
        if what == "fail":
            table.failed(client, user, now, (user, now))
        elif what == "ok":
            table.succeeded(client, user, now)
        else:
            table.undecided(client, user, now)
        assert all(bucket.level >= 0 for bucket in (*table._clients.values(), *table._users.values()))
