"""The example programs work as they are shipped, but for the place of what they ask."""

import hashlib
import os
import sqlite3
import sys
from pathlib import Path

import pytest
from tests.integration.auth.conftest import SHADOW, need
from tests.integration.auth.test_contract import maker
from tests.servers import system_accounts
from tests.servers.http_endpoint import HttpEndpoint

from tidegate.adapters.auth.program import ExecAuthenticator
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.testing.authenticator import ACCOUNTS, check_hostile_names, check_unavailable, check_verdicts

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "auth"


def installed(name: str, folder: Path, *replaced: tuple[str, str]) -> Path:
    """A copy of an example, run by this interpreter, with places of the test in it."""
    text = (EXAMPLES / name).read_text().replace("#!/usr/bin/env python3", f"#!{sys.executable}", 1)
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


async def test_sql(tmp_path: Path) -> None:
    """Users in a table; hostile names are data; without a database it is a temporary failure."""
    database = tmp_path / "users.db"
    program = installed("check_sql.py", tmp_path, ("/var/lib/tidegate/users.db", str(database)))
    await check_unavailable(ExecAuthenticator(program))
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL)")
    for user, password in ACCOUNTS.items():
        salt = os.urandom(16)
        connection.execute("INSERT INTO users VALUES (?, ?, ?)", (user, salt, hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)))
    connection.commit()
    connection.close()
    await check_verdicts(maker(lambda: ExecAuthenticator(program)))
    await check_hostile_names(maker(lambda: ExecAuthenticator(program)))


async def test_rest(tmp_path: Path) -> None:
    """A service that is asked with JSON; when it fails or is away, it is a temporary failure; redirects lead nowhere."""
    with HttpEndpoint(ACCOUNTS) as endpoint:
        program = installed("check_rest.py", tmp_path, ("https://accounts.example.com/v1/login", endpoint.url))
        await check_verdicts(maker(lambda: ExecAuthenticator(program)))
        endpoint.status = 500
        await check_unavailable(ExecAuthenticator(program))
        endpoint.status, endpoint.headers = 302, {"Location": endpoint.url}
        await check_unavailable(ExecAuthenticator(program))
    await check_unavailable(ExecAuthenticator(program))


async def test_pam(tmp_path: Path) -> None:
    """Accounts of a system, by PAM."""
    need(system_accounts.available, "system accounts need root and the right to mount")
    script = installed("check_pam.py", tmp_path)
    inner = script.rename(tmp_path / "inner.py")
    wrapper = system_accounts.prepare(tmp_path, ACCOUNTS, SHADOW)
    script.write_text(f"#!/bin/sh\nexec {wrapper} {inner}\n")
    script.chmod(0o755)
    await check_verdicts(maker(lambda: ExecAuthenticator(script)))
    verdict = await ExecAuthenticator(script).authenticate(Credentials("nobody-here", "x"))
    assert verdict is AuthVerdict.REFUSED
