"""Headers of a real HAProxy: what it sends for clients, over TLS, for IPv6 and for its health checks."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from tests.servers import haproxy
from tests.servers.haproxy import HaProxy

from tidegate.domain.connection import Endpoints
from tidegate.domain.proxy_protocol import Header, NeedMore, Origin, parse

pytestmark = pytest.mark.integration

WAIT_S = 10.0


@pytest.fixture(autouse=True)
def program() -> None:
    """HAProxy is needed."""
    if not haproxy.installed():
        message = "haproxy is not installed (make services installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A listening socket behind the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WAIT_S)
        yield listener


def port_of(listener: socket.socket) -> int:
    """Its port."""
    port: int = listener.getsockname()[1]
    return port


def read_header(connection: socket.socket) -> Header:
    """Read just what is asked for, until the header is there."""
    connection.settimeout(WAIT_S)
    data = b""
    while isinstance(outcome := parse(data), NeedMore):
        received = connection.recv(outcome.at_least)
        assert received, f"the connection ended after {data!r}"
        data += received
    assert isinstance(outcome, Header), (outcome, data)
    assert outcome.consumed == len(data)
    return outcome


def accept_client(listener: socket.socket, client_port: int) -> tuple[socket.socket, Header]:
    """The connection that carries this client; others (probes of the test that HAProxy is up) are passed over."""
    for _ in range(20):
        connection, _ = listener.accept()
        try:
            header = read_header(connection)
        except AssertionError:
            connection.close()
            continue
        if header.endpoints and header.endpoints.remote_port == client_port:
            return connection, header
        connection.close()
    raise AssertionError("the client did not come through")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("options", "version"),
    [
        ("send-proxy", 1),
        ("send-proxy-v2", 2),
        ("send-proxy-v2 proxy-v2-options crc32c", 2),
        ("send-proxy-v2 proxy-v2-options crc32c,authority,unique-id", 2),
    ],
)
def test_client(server: socket.socket, host: str, options: str, version: int) -> None:
    """PX17: the client's two ends are told, and its first bytes follow the header untouched."""
    with HaProxy(port_of(server), options, host=host) as proxy, socket.create_connection((proxy.host, proxy.port), WAIT_S) as client:
        client.sendall(b"EHLO client.example\r\n")
        client_port = client.getsockname()[1]
        connection, header = accept_client(server, client_port)
        with closing(connection):
            assert header.version == version
            assert header.origin is Origin.CLIENT
            assert header.endpoints == Endpoints(host, client_port, host, proxy.port)
            assert connection.recv(100) == b"EHLO client.example\r\n"


def test_client_over_tls(server: socket.socket, tmp_path: Path) -> None:
    """PX15: a proxy that ends TLS tells version and cipher; they come out as names."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    pem = tmp_path / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    options = "send-proxy-v2-ssl-cn proxy-v2-options ssl,cert-cn,ssl-cipher,crc32c"
    with (
        HaProxy(port_of(server), options, bind=f"ssl crt {pem}") as proxy,
        socket.create_connection((proxy.host, proxy.port), WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as client,
    ):
        client.sendall(b"QUIT\r\n")
        connection, header = accept_client(server, client.getsockname()[1])
        with closing(connection):
            negotiated = client.cipher()
            assert negotiated is not None
            assert header.tls is not None
            assert (header.tls.version, header.tls.cipher) == (client.version(), negotiated[0])
            assert connection.recv(100) == b"QUIT\r\n"


@pytest.mark.parametrize(("options", "version"), [("send-proxy", 1), ("send-proxy-v2", 2)])
def test_health_check(server: socket.socket, options: str, version: int) -> None:
    """PX09, PX10: a health check names no client, by LOCAL or by the ends of its own connection."""
    with HaProxy(port_of(server), f"{options} check check-send-proxy inter 200ms"):
        origins = []
        for _ in range(5):
            connection, peer = server.accept()
            with closing(connection):
                header = read_header(connection)
                origins.append(header.origin_on(Endpoints(*peer, *connection.getsockname())))
                assert header.version == version
        # One of the five may be the test's own probe that HAProxy listens.
        assert origins.count(Origin.LOCAL) >= 4
