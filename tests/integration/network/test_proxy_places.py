"""Connections behind a proxy that are slow, break off or are many: what they take, and that they give it back."""

import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.network.proxy_headers import PROXY, local, v1, v2
from tests.servers.certificates import Certificate
from tests.servers.client import Client
from tests.servers.process import GatewayProcess, free_port, wait_until

from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.app.wiring import BOARD_NAME
from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits

pytestmark = pytest.mark.integration


class Places:
    """How many connections have a place, as the processes of the machine share it."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._board = MmapConnectionBoard(gateway.state / BOARD_NAME, ConnectionLimits())

    def wait_for(self, count: int) -> None:
        """Wait until there are so many."""
        wait_until(lambda: self._board.counts() == ConnectionCounts(count, 0), f"{count} connections")

    def close(self) -> None:
        """Let go of the board."""
        self._board.close()


@pytest.fixture(scope="module")
def gateway(certificate: Certificate) -> Iterator[GatewayProcess]:
    """Behind a proxy, with both kinds of ports."""
    settings = {"smtp-proxy": PROXY, "smtp-range": "192.0.2.0/24", "smtp-secure-port": str(free_port()), **certificate.settings}
    with GatewayProcess(settings) as process:
        yield process


def test_slow_headers(gateway: GatewayProcess) -> None:
    """PX05: five seconds for the whole header, however it comes; it takes a place meanwhile, others are served, and afterwards the place is free."""
    whole = v1("192.0.2.77", "192.0.2.25")
    places = Places(gateway)
    places.wait_for(0)
    clients = [Client.connect(gateway.port, source=PROXY) for _ in range(4)]
    started = time.monotonic()
    trickling = clients[0].sock
    clients[1].send_raw(whole[:20])
    clients[2].send_raw(v2("192.0.2.77", "192.0.2.25")[:13])
    with Client.connect(gateway.port, source=PROXY) as prompt:
        prompt.send_raw(whole)
        prompt.greet()
    places.wait_for(len(clients))
    ended: list[float] = []
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.sock, selectors.EVENT_READ)
        while len(ended) < len(clients):
            assert time.monotonic() < started + 20, "they are closed"
            ready = [key.fileobj for key, _ in selector.select(0.5)]
            for sock in ready:
                assert isinstance(sock, socket.socket)
                selector.unregister(sock)
                ended.append(time.monotonic() - started)
                try:
                    assert sock.recv(100) == b""
                except ConnectionResetError:
                    continue
            if trickling not in ready and len(ended) == 0 and len(whole) > 1:
                trickling.sendall(whole[:1])
                whole = whole[1:]
    for client in clients:
        client.close()
    assert min(ended) >= 4.9
    places.wait_for(0)
    places.close()


def test_connections_that_break_off(gateway: GatewayProcess, certificate: Certificate) -> None:
    """PX21: reset or ended before, within and behind the header, and in what follows it: no traceback, no place and no descriptor is kept."""
    secure_port = int(gateway.settings["smtp-secure-port"])
    whole = [header("192.0.2.77", "192.0.2.25") for header in (v1, v2)]

    def descriptors() -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in gateway.workers())

    def is_served() -> None:
        for port in (gateway.port, secure_port):
            with Client.connect(port, source=PROXY) as client:
                if port == secure_port:
                    client.start_tls(certificate.client, before=whole[0])
                else:
                    client.send_raw(whole[0])
                client.greet()

    places = Places(gateway)
    is_served()  # what is opened once and for all is open
    places.wait_for(0)
    before = descriptors()
    beginnings = [header[:cut] for header in whole for cut in (0, 1, 6, 13, 20, len(header) - 1, len(header))]
    for data in [*beginnings, whole[0] + b"EHLO x", whole[1] + b"\x16\x03\x01\x02\x00\x01"]:
        for port in (gateway.port, secure_port):
            for how in ("fin", "half", "reset"):
                with Client.connect(port, source=PROXY) as client:
                    client.send_raw(data)
                    if how == "reset":
                        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    elif how == "half":
                        client.sock.shutdown(socket.SHUT_WR)
                        client.rest()
    places.wait_for(0)
    places.close()
    wait_until(lambda: descriptors() <= before, "every descriptor is closed")
    is_served()
    assert "Traceback" not in gateway.log()
    assert [record for record in gateway.records() if record["level"] not in ("info", "warning")] == []


def test_limits_count_the_clients() -> None:
    """PX20: each client behind the proxy has its own share, and health checks of the proxy take none."""
    settings = {"smtp-proxy": PROXY, "smtp-range": "192.0.2.0/24", "smtp-client-connections": "2"}
    with GatewayProcess(settings) as gateway, ExitStack() as stack:

        def connect(header: bytes) -> str:
            client = stack.enter_context(Client.connect(gateway.port, source=PROXY))
            client.send_raw(header)
            return client.reply()[:9]

        for client_ip in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            replies = [connect(header(client_ip, "192.0.2.25")) for header in (v1, v2, v1, v2)]
            assert [reply[:3] for reply in replies] == ["220", "220", "421", "421"]
        assert {connect(local(2))[:3] for _ in range(5)} == {"220"}
