"""Servers that judge logins, each with the accounts of the contract checks."""

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.servers import freeradius as freeradius_server
from tests.servers import slapd as slapd_server
from tests.servers import system_accounts
from tests.servers.freeradius import FreeRadius
from tests.servers.http_endpoint import HttpEndpoint
from tests.servers.slapd import Slapd

from tidegate.ports.testing.authenticator import ACCOUNTS


def need(condition: Callable[[], bool], what: str) -> None:
    """Skip where something is not there; in CI that is a failure."""
    if not condition():
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)


@pytest.fixture(scope="session")
def slapd(authority: Path) -> Iterator[Slapd]:
    """OpenLDAP with TLS."""
    need(slapd_server.installed, "slapd is not installed (make services installs it)")
    with Slapd(ACCOUNTS, (authority.with_name("chain.pem"), authority.with_name("key.pem"), authority)) as server:
        yield server


@pytest.fixture(scope="session")
def lenient_slapd() -> Iterator[Slapd]:
    """OpenLDAP that lets everybody bind who names an entry and gives no password."""
    need(slapd_server.installed, "slapd is not installed (make services installs it)")
    with Slapd(ACCOUNTS, unauthenticated=True) as server:
        yield server


@pytest.fixture(scope="session")
def freeradius() -> Iterator[FreeRadius]:
    """FreeRADIUS."""
    need(freeradius_server.installed, "freeradius is not installed (make services installs it)")
    with FreeRadius(ACCOUNTS) as server:
        yield server


@pytest.fixture(scope="session")
def endpoint() -> Iterator[HttpEndpoint]:
    """An HTTP endpoint in clear."""
    with HttpEndpoint(ACCOUNTS) as server:
        yield server


@pytest.fixture(scope="session")
def server_tls(authority: Path) -> ssl.SSLContext:
    """The side of a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("chain.pem"), authority.with_name("key.pem"))
    return context


SHADOW = """\
bert:!$6$rounds=1000$saltsalt$x:19000:0:99999:7:::
root:ROOT:19000:0:99999:7:::
clientroot:EXPIRED:19000:0:99999:7::19001:
"""


@pytest.fixture(scope="session")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a helper that sees the accounts, and some that must not get in, all with bob's password."""
    need(system_accounts.available, "system accounts need root and the right to mount")
    folder = tmp_path_factory.mktemp("accounts")
    from tidegate.adapters.auth.libcrypt import crypt

    known = crypt(ACCOUNTS["bob"].encode(), "$6$rounds=1000$saltsalt$")
    assert known is not None
    wrapper = system_accounts.prepare(folder, ACCOUNTS, SHADOW.replace("ROOT", known).replace("EXPIRED", known))
    socket = folder / "helper.sock"
    command = [
        str(wrapper),
        sys.executable,
        "-m",
        "tests.servers.system_accounts",
        str(socket),
        "bob",
        "long",
        "ann*",
        "client*",
        "*oot",
        "bert",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield socket
        process.communicate(timeout=20)
