"""Servers and programs of these tests."""

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.servers import postgresql as postgresql_server
from tests.servers.postgresql import PostgreSql
from tests.servers.process import GatewayProcess

PROGRAM = str(Path(sys.executable).parent / "tidegate")

Tidegate = Callable[..., str]


@pytest.fixture(scope="package")
def postgresql() -> Iterator[PostgreSql]:
    """One PostgreSQL for these tests. One that kills it starts it again before it ends."""
    if postgresql_server.binaries() is None:
        message = "postgresql is not installed (make services installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with PostgreSql() as server:
        yield server


@pytest.fixture
def database(postgresql: PostgreSql, request: pytest.FixtureRequest) -> str:
    """Address of a fresh database."""
    name = f"t{abs(hash(request.node.nodeid)):x}"
    postgresql.sql(f"CREATE DATABASE {name}", database="postgres")
    return postgresql.url.rpartition("/")[0] + f"/{name}"


def tidegate(gateway: GatewayProcess, *arguments: str) -> str:
    """Run a command with the configuration of a server; what it said."""
    done = subprocess.run([PROGRAM, *arguments, "--config-file", str(gateway.config)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture
def any_certificate() -> ssl.SSLContext:
    """A client that looks at no certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
