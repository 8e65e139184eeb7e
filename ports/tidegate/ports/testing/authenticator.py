"""Contract checks for :class:`tidegate.ports.authenticator.Authenticator`."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from tidegate.ports.authenticator import Authenticator, AuthVerdict, Credentials

ACCOUNTS = {"bob": "correct horse", "ann.b-c_2": "pässwörd:,;\"'\\ %2C", "long": "p" * 60}
"""What the back end of each check knows, and nobody else."""

AuthenticatorMaker = Callable[[], AbstractAsyncContextManager[Authenticator]]
"""Sets up one fresh back end with :data:`ACCOUNTS`, and takes it down again."""

HOSTILE_NAMES = (
    "*", "bo*", "b?b", "bob)(uid=*", "bob,ou=admins", "bob+cn=x", "#41", " bob", "bob ", "b\\6fb", '"bob"', "bob;x", "uid=bob", "$(id)", "`id`",
    "; true",
    "-h", "--help", "../../bob", "/bob", "bob:correct horse", "bob@example.com", "() { :;}; true", "bob'", "' OR '1'='1", "%s%n", "{}",
    "боб", "b" * 255, "ü" * 255,
)  # fmt: skip
"""User names that are nobody's, each with a meaning in some back end's language."""


async def check_verdicts(make: AuthenticatorMaker) -> None:
    """The right password is accepted; a wrong one, a part, one too long, somebody else's, and unknown users are refused."""
    async with make() as back_end:
        for user, password in ACCOUNTS.items():
            assert await _ask(back_end, user, password) is AuthVerdict.ACCEPTED, user
            for wrong in ("wrong", password[:-1], password + "x", password.upper(), ACCOUNTS["bob" if user != "bob" else "long"]):
                assert await _ask(back_end, user, wrong) is AuthVerdict.REFUSED, (user, wrong)
        assert await _ask(back_end, "nobody-here", "correct horse") is AuthVerdict.REFUSED


async def check_hostile_names(make: AuthenticatorMaker) -> None:
    """A name is data: none of these is an account, and none breaks the back end (AB03, AB12, AB19, AB20)."""
    async with make() as back_end:
        for at in range(0, len(HOSTILE_NAMES), 8):
            names = HOSTILE_NAMES[at : at + 8]
            verdicts = await asyncio.gather(*(_ask(back_end, name, "correct horse") for name in names))
            found = dict(zip(names, verdicts, strict=True))
            assert set(verdicts) == {AuthVerdict.REFUSED}, found
        assert await _ask(back_end, "bob", ACCOUNTS["bob"]) is AuthVerdict.ACCEPTED


async def check_long_passwords(make: AuthenticatorMaker) -> None:
    """The longest password that a client can send is judged, not cut."""
    async with make() as back_end:
        assert await _ask(back_end, "long", ACCOUNTS["long"] + "p" * 900) is AuthVerdict.REFUSED
        assert await _ask(back_end, "bob", "x" * 1024) is AuthVerdict.REFUSED


async def check_side_by_side(make: AuthenticatorMaker) -> None:
    """Logins at the same time get each their own answer."""
    async with make() as back_end:
        asked = [("bob", ACCOUNTS["bob"]), ("bob", "wrong"), ("long", ACCOUNTS["long"]), ("nobody-here", "x")] * 4
        verdicts = await asyncio.gather(*(_ask(back_end, user, password) for user, password in asked))
        assert verdicts == [AuthVerdict.ACCEPTED, AuthVerdict.REFUSED, AuthVerdict.ACCEPTED, AuthVerdict.REFUSED] * 4


async def check_close(make: AuthenticatorMaker) -> None:
    """Closing twice is no error."""
    async with make() as back_end:
        await _ask(back_end, "bob", ACCOUNTS["bob"])
        await back_end.close()
        await back_end.close()


AUTHENTICATOR_CHECKS: tuple[Callable[[AuthenticatorMaker], Awaitable[None]], ...] = (
    check_verdicts,
    check_hostile_names,
    check_long_passwords,
    check_side_by_side,
    check_close,
)


async def check_unavailable(back_end: Authenticator) -> None:
    """A back end that cannot judge says so, whoever asks: it neither accepts nor refuses."""
    for user, password in (("bob", ACCOUNTS["bob"]), ("bob", "wrong"), ("nobody-here", "x")):
        assert await _ask(back_end, user, password) is AuthVerdict.UNAVAILABLE


async def _ask(back_end: Authenticator, user: str, password: str) -> AuthVerdict:
    return await back_end.authenticate(Credentials(user, password, "192.0.2.1"))
