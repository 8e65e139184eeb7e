"""Places for connections over all processes of the machine, and limits per client."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from tests.servers.client import Client
from tests.servers.process import GatewayProcess, wait_until

from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.app.wiring import BOARD_NAME
from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits

pytestmark = pytest.mark.integration


@contextmanager
def board(gateway: GatewayProcess, limits: ConnectionLimits) -> Iterator[MmapConnectionBoard]:
    """The place of a sender on the same machine."""
    made = MmapConnectionBoard(gateway.state / BOARD_NAME, limits)
    try:
        yield made
    finally:
        made.close()


def greeted(stack: ExitStack, gateway: GatewayProcess, count: int) -> list[Client]:
    """So many connections, each of which has been greeted."""
    clients = [stack.enter_context(Client.connect(gateway.port)) for _ in range(count)]
    for client in clients:
        client.greet()
    return clients


def test_clients_wait_in_the_backlog() -> None:
    """RS08: over two workers the limit holds, nobody is refused, and whoever waits is served when one leaves."""
    with GatewayProcess({"smtp-threads": "2", "smtp-connections-in": "5"}) as gateway, ExitStack() as stack:
        inside = greeted(stack, gateway, 5)
        waiting = [stack.enter_context(Client.connect(gateway.port)) for _ in range(3)]
        assert all(client.waits() for client in waiting)
        for client in inside:
            assert client.say("NOOP").startswith("250")
        for _ in range(3):
            inside.pop().close()
        for client in waiting:
            client.greet()
            assert client.mail().startswith("250")
        with board(gateway, ConnectionLimits()) as watcher:
            assert watcher.counts() == ConnectionCounts(5, 0)
            for client in (*inside, *waiting):
                client.close()
            wait_until(lambda: watcher.counts() == ConnectionCounts(), "every place is given back")


def test_a_sender_takes_part() -> None:
    """In and out share the total, and what is reserved stays reserved: 6 in all, at most 5 in, at most 4 out."""
    limits = ConnectionLimits(total=6, incoming=5, outgoing=4)
    settings = {"smtp-connections": "6", "smtp-connections-in": "5", "smtp-connections-out": "4", "smtp-threads": "2"}
    with GatewayProcess(settings) as gateway, board(gateway, limits) as sender, ExitStack() as stack:
        assert [sender.acquire("out") for _ in range(5)] == [True] * 4 + [False]
        inside = greeted(stack, gateway, 2)
        waiting = stack.enter_context(Client.connect(gateway.port))
        assert waiting.waits()
        sender.release("out")
        waiting.greet()
        assert not sender.acquire("out"), "the place was taken by the client who waited"
        inside.pop().close()
        wait_until(lambda: sender.counts() == ConnectionCounts(2, 3), "the place of the client that left")
        for _ in range(3):
            sender.release("out")
        greeted(stack, gateway, 3)
        assert sender.counts() == ConnectionCounts(5, 0)
        assert sender.acquire("out"), "one place is reserved for sending"
        assert not sender.acquire("out")


def test_places_of_a_killed_worker_come_back() -> None:
    """RS17: however a worker dies, its places are taken by those who wait."""
    with GatewayProcess({"smtp-threads": "2", "smtp-connections-in": "4"}) as gateway, ExitStack() as stack:
        inside = greeted(stack, gateway, 4)
        waiting = [stack.enter_context(Client.connect(gateway.port)) for _ in range(4)]
        assert waiting[0].waits()
        for pid in gateway.workers():
            os.kill(pid, signal.SIGKILL)
        for client in inside:
            assert client.rest() == b""
        for client in waiting:
            client.greet()
        with board(gateway, ConnectionLimits()) as watcher:
            assert watcher.counts() == ConnectionCounts(4, 0)


def test_limits_change_with_a_reload() -> None:
    """Those who are connected stay; who waits gets in."""
    with GatewayProcess({"smtp-connections-in": "1"}) as gateway, ExitStack() as stack:
        [inside] = greeted(stack, gateway, 1)
        waiting = stack.enter_context(Client.connect(gateway.port))
        assert waiting.waits()
        gateway.write_config(smtp_connections_in="2")
        assert gateway.reload()
        waiting.greet()
        assert inside.say("NOOP").startswith("250")


def test_clients_do_not_take_all_descriptors() -> None:
    """RS10: with few descriptors the others wait in the backlog without a storm in the log; mail is written all the same, and places come back."""
    with GatewayProcess(wrapper=["prlimit", "--nofile=64"]) as gateway, ExitStack() as stack:
        [first] = greeted(stack, gateway, 1)
        others = [stack.enter_context(Client.connect(gateway.port)) for _ in range(100)]
        wait_until(lambda: bool(gateway.logged("no descriptors for more connections: clients wait until others leave")), "it is said")
        assert others[-1].waits()
        assert first.mail().startswith("250")
        for client in (*others[:90], first):
            client.close()
        others[-1].greet()
        assert others[-1].mail().startswith("250")
        assert not gateway.logged("cannot accept connections for a moment")
        assert len(gateway.logged("no descriptors for more connections: clients wait until others leave")) < 3


def test_connections_per_client() -> None:
    """RS09: one address has its share; others get in, and so does this one when it has left."""
    with GatewayProcess({"smtp-client-connections": "2", "smtp-client-exempt": "127.0.0.3"}) as gateway, ExitStack() as stack:
        inside = greeted(stack, gateway, 2)
        with Client.connect(gateway.port) as client:
            assert client.rest().startswith(b"421 4.7.0 Too many connections")
        for source, count in (("127.0.0.2", 2), ("127.0.0.3", 5)):
            for _ in range(count):
                stack.enter_context(Client.connect(gateway.port, source=source)).greet()
        assert inside[0].say("QUIT").startswith("221")
        inside[0].close()
        with Client.connect(gateway.port, source="127.0.0.2") as client:
            assert client.rest().startswith(b"421 4.7.0 ")

        def gets_in() -> bool:
            with Client.connect(gateway.port) as client:
                return client.reply().startswith("220 ")

        wait_until(gets_in, "the client that has left gets in again")


def test_rate_per_client() -> None:
    """TL11: a client that opens connections too fast is told to come again."""
    with GatewayProcess({"smtp-client-rate": "1"}) as gateway:
        replies = []
        for _ in range(4):
            with Client.connect(gateway.port) as client:
                replies.append(client.reply()[:9])
        assert [reply[:3] for reply in replies] == ["220", "220", "421", "421"]
        with Client.connect(gateway.port, source="127.0.0.2") as client:
            client.greet()
