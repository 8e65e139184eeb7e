"""The way of a login attempt: caches, delays, bans, and time that tells nothing."""

from datetime import UTC, datetime, timedelta

import attrs

from tidegate.adapters.memory.authenticator import MemoryAuthenticator
from tidegate.adapters.memory.ban_list import MemoryBanList
from tidegate.app.auth.gateway_login import FLOOR, GatewayLogin
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.authenticator import AuthVerdict, Credentials


@attrs.define
class Time:
    """A clock that moves when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = attrs.field(factory=list)

    async def sleep(self, seconds: float) -> None:
        """At once."""
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> datetime:
        """The same time for people."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)


@attrs.define
class SlowFor:
    """A back end that takes longer for some users."""

    accounts: MemoryAuthenticator
    time: Time
    slow: dict[str, float]

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """After the user's time."""
        self.time.now += self.slow.get(credentials.username, 0.001)
        return await self.accounts.authenticate(credentials)

    async def close(self) -> None:
        """Nothing."""


def login(accounts: MemoryAuthenticator | None = None, slow: dict[str, float] | None = None) -> tuple[GatewayLogin, Time, MemoryAuthenticator]:
    """A login over accounts in memory, with time of its own."""
    time, accounts = Time(), accounts or MemoryAuthenticator({"bob": "pw"}, broken={"away"})
    made = GatewayLogin(SlowFor(accounts, time, slow or {}), MemoryBanList(), monotonic=lambda: time.now, clock=time.clock, sleep=time.sleep)
    return made, time, accounts


async def attempt(made: GatewayLogin, user: str, password: str, ip: str = "192.0.2.1") -> AuthVerdict | Reply:
    """One attempt."""
    return await made.attempt(Credentials(user, password, ip))


async def test_verdicts_pass_through() -> None:
    """Each as the back end gives it."""
    made, _, _ = login()
    assert await attempt(made, "bob", "pw") is AuthVerdict.ACCEPTED
    assert await attempt(made, "bob", "x") is AuthVerdict.REFUSED
    assert await attempt(made, "away", "x") is AuthVerdict.UNAVAILABLE


async def test_successes_are_remembered_for_seconds() -> None:
    """Within the time the back end is not asked again; a wrong password always; failures never are remembered."""
    made, time, accounts = login()
    for _ in range(5):
        assert await attempt(made, "bob", "pw") is AuthVerdict.ACCEPTED
    assert len(accounts.asked) == 1
    assert await attempt(made, "bob", "pw2") is AuthVerdict.REFUSED
    time.now += 11
    accounts.passwords = {"bob": "new"}
    assert await attempt(made, "bob", "pw") is AuthVerdict.REFUSED
    assert len(accounts.asked) == 3


async def test_no_password_is_kept() -> None:
    """AU20: the cache holds keyed digests."""
    made, _, _ = login(MemoryAuthenticator({"bob": "s3cret-password"}))
    await attempt(made, "bob", "s3cret-password")
    assert "s3cret" not in repr(made)
    assert all(b"s3cret" not in digest for digest in made.cache._until)


async def test_refusals_take_no_telling_time() -> None:
    """AU18: users that a back end takes longer for are answered after the same time."""
    made, time, _ = login(slow={"known": 0.09, "other": 0.2})
    took = []
    for number, user in enumerate(("known", "unknown", "other")):
        began = time.now
        await attempt(made, user, "x", f"192.0.2.{number + 10}")
        took.append(round(time.now - began, 6))
    assert took == [FLOOR] * 3


async def test_a_program_that_guesses_is_banned() -> None:
    """AU17: delays, then 421 without a question to the back end, then a ban that holds for the right password too, until it ends or is lifted."""
    made, time, accounts = login()
    answers = [await attempt(made, "bob", f"guess{number}") for number in range(21)]
    # The delays give the client back a little of what it has used up.
    assert answers[:10] == [AuthVerdict.REFUSED] * 10
    assert answers[-1] == replies.TOO_MANY_LOGINS
    while not made.bans.banned("192.0.2.1", time.clock()):
        await attempt(made, "bob", f"guess{time.now}{len(accounts.asked)}")
    asked = len(accounts.asked)
    assert await attempt(made, "bob", "pw") == replies.TOO_MANY_LOGINS
    assert len(accounts.asked) == asked
    assert await attempt(made, "bob", "pw", "198.51.100.7") is AuthVerdict.ACCEPTED
    assert made.bans.lift("192.0.2.1")
    assert await attempt(made, "bob", "pw") is AuthVerdict.ACCEPTED


async def test_a_ban_ends() -> None:
    """After its time."""
    made, time, _ = login()
    made.bans.ban("192.0.2.1", time.clock() + timedelta(seconds=900))
    assert await attempt(made, "bob", "pw") == replies.TOO_MANY_LOGINS
    time.now += 901
    assert await attempt(made, "bob", "pw") is AuthVerdict.ACCEPTED
