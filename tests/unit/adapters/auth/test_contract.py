"""Back ends that need no server keep the contract of an authenticator."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tidegate.adapters.auth.hardcoded import HardcodedAuthenticator
from tidegate.adapters.auth.libcrypt import crypt, salted
from tidegate.adapters.auth.password_file import FileAuthenticator
from tidegate.adapters.memory.authenticator import MemoryAuthenticator
from tidegate.app.auth.chain import AuthenticatorChain, BackEnd
from tidegate.ports.authenticator import Authenticator
from tidegate.ports.testing.authenticator import ACCOUNTS, AUTHENTICATOR_CHECKS, AuthenticatorMaker, check_unavailable

Check = Callable[[AuthenticatorMaker], Awaitable[None]]


def password_file(folder: Path) -> Path:
    """A file with the accounts, each by another method."""
    settings = dict(zip(ACCOUNTS, ("$6$rounds=1000$saltsalt$", "$2b$04$abcdefghijklmnopqrstuu", "$y$j75$.......$"), strict=True))
    path = folder / "users.txt"
    path.write_text("".join(f"{user}:{crypt(password.encode(), settings[user])}\n" for user, password in ACCOUNTS.items()))
    path.chmod(0o600)
    return path


MAKERS: dict[str, Callable[[Path], Authenticator]] = {
    "memory": lambda _: MemoryAuthenticator(ACCOUNTS),
    "hardcoded": lambda _: HardcodedAuthenticator(ACCOUNTS),
    "file": lambda folder: FileAuthenticator(password_file(folder)),
    "chain": lambda _: AuthenticatorChain(
        [BackEnd("a", MemoryAuthenticator({"bob": ACCOUNTS["bob"]})), BackEnd("b", MemoryAuthenticator(ACCOUNTS))]
    ),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("check", AUTHENTICATOR_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: Check, name: str, tmp_path: Path) -> None:
    """Every check on every back end."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Authenticator]:
        back_end = MAKERS[name](tmp_path)
        try:
            yield back_end
        finally:
            await back_end.close()

    await check(make)


async def test_unavailable(tmp_path: Path) -> None:
    """What is broken neither accepts nor refuses; in a chain neither, whatever follows (AB32)."""
    broken = MemoryAuthenticator(ACCOUNTS, broken="*")
    await check_unavailable(broken)
    await check_unavailable(AuthenticatorChain([BackEnd("a", broken), BackEnd("b", MemoryAuthenticator(ACCOUNTS))]))
    await check_unavailable(AuthenticatorChain([BackEnd("a", MemoryAuthenticator()), BackEnd("b", broken)]))
    await check_unavailable(FileAuthenticator(tmp_path / "absent.txt"))


def test_salts_are_new() -> None:
    """A setting from random bytes is one that libcrypt takes."""
    setting = salted("$6$", bytes(range(16)))
    assert setting != salted("$6$", bytes(range(1, 17)))
    hashed = crypt(b"x", setting)
    assert hashed is not None
    assert hashed.startswith(setting)
