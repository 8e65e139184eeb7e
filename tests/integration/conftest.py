"""Servers that the integration tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from tests.servers import rabbitmq as rabbitmq_server
from tests.servers import rspamd as rspamd_server
from tests.servers import spamd as spamd_server
from tests.servers import spamd_rules
from tests.servers.rabbitmq import RabbitMq
from tests.servers.rspamd import Rspamd
from tests.servers.spamd import Spamd


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PEM file of the authority that vouches for the test servers, as ``localhost``; chain and key lie beside it."""
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    certificate = ca.issue_cert("localhost")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "chain.pem", append=True)
    return folder / "ca.pem"


def require(installed: bool, program: str) -> None:
    """Skip the test where a program is missing; fail it where everything has to be tested."""
    if not installed:
        message = f"{program} is not installed (make services installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def rabbitmq(authority: Path) -> Iterator[RabbitMq]:
    """One RabbitMQ node for the whole run. A test that stops, kills or blocks it starts it again before it ends."""
    require(rabbitmq_server.installed(), "rabbitmq-server")
    with RabbitMq(tls=(authority.with_name("chain.pem"), authority.with_name("key.pem"), authority)) as node:
        yield node


@pytest.fixture(scope="session")
def spamd() -> Iterator[Spamd]:
    """One spamd for the whole run, with the rules of ``tests/servers/spamd_rules.py`` beside those as shipped."""
    require(spamd_server.installed(), "spamd")
    with Spamd(spamd_rules.CONFIGURATION, spamd_rules.FILES) as daemon:
        yield daemon


@pytest.fixture(scope="session")
def rspamd() -> Iterator[Rspamd]:
    """One rspamd for the whole run."""
    require(rspamd_server.installed(), "rspamd")
    with Rspamd() as daemon:
        yield daemon
