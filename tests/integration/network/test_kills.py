"""Processes that die, and signals, while mail comes in: what was answered 250 is there."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest
from tests.servers.client import Client
from tests.servers.load import Load
from tests.servers.process import GatewayProcess, alive, all_gone, wait_until

pytestmark = pytest.mark.integration


async def settle(condition: Callable[[], bool], what: str) -> None:
    """Wait without stopping the load."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.01)
    assert condition(), what


async def test_workers_that_are_killed_lose_nothing() -> None:
    """QU18, QU26: kills at several moments; the next worker takes over, and every accepted message is there once."""
    with GatewayProcess({"smtp-threads": "2"}) as gateway:
        async with Load(gateway.port) as load:
            for kill in range(5):
                await load.reach(20 + kill)
                victim = gateway.workers()[kill % 2]
                os.kill(victim, signal.SIGKILL)
                await settle(lambda victim=victim: not alive(victim) and len(gateway.workers()) == 2, "a new worker")  # type: ignore[misc]
            await load.reach(20)
        documents = gateway.documents()
        ledger = load.ledger
        assert not ledger.lost(documents)
        assert not ledger.unexpected(documents)
        assert not ledger.refused
        assert len(ledger.unknown) <= 5 * load.clients
        assert gateway.stop() == 0


async def test_a_parent_that_is_killed() -> None:
    """QU26: its workers finish what is under way and end; the port is free for the next server, which finds everything."""
    settings = {"smtp-threads": "2"}
    with GatewayProcess(settings) as gateway:
        idle = Client.connect(gateway.port)
        idle.greet()
        workers = gateway.workers()
        async with Load(gateway.port) as load:
            await load.reach(30)
            os.kill(gateway.pid, signal.SIGKILL)
            assert (await asyncio.to_thread(idle.reply)).startswith("421 4.3.2 ")
            idle.close()
            await settle(lambda: all_gone(workers), "the workers end")
            gateway.wait()
            gateway.start()
            await load.reach(30)
        documents = gateway.documents()
        assert not load.ledger.lost(documents)
        assert not load.ledger.unexpected(documents)
        assert all(reply.startswith("421 4.3.2 ") for reply in load.ledger.refused)
        assert gateway.stop() == 0


async def test_stop_under_load() -> None:
    """QU24: idle sessions are told, messages under way are finished, nothing that was accepted is missing, status 0."""
    with GatewayProcess({"smtp-threads": "2"}) as gateway:
        idle = [Client.connect(gateway.port) for _ in range(10)]
        sending = [Client.connect(gateway.port) for _ in range(10)]
        for client in (*idle, *sending):
            client.greet()
        for number, client in enumerate(sending):
            for line in ("MAIL FROM:<a@b.c>", f"RCPT TO:<sending{number}@e.f>", "DATA"):
                assert client.say(line)[:3] in {"250", "354"}
            client.send(b"Subject: half\r\n\r\n")
        async with Load(gateway.port) as load:
            await load.reach(30)
            gateway.signal(signal.SIGTERM)
            for client in idle:
                assert client.reply().startswith("421 4.3.2 ")
            load._ending = True
            for client in sending:
                assert client.say("number 0.\r\n.").startswith("250")
                assert client.reply().startswith("421 4.3.2 ")
        for client in (*idle, *sending):
            client.close()
        assert gateway.wait() == 0
        documents = gateway.documents()
        assert not load.ledger.lost(documents)
        assert {f"sending{number}@e.f" for number in range(10)} <= {document["recipient"] for document in documents}


def test_stop_right_after_the_start_and_twice() -> None:
    """QU25: the end is clean whenever the signal comes; a second one is not waited for."""
    gateway = GatewayProcess({"smtp-threads": "2"})
    with gateway:
        pass
    gateway = GatewayProcess({"smtp-threads": "2"})
    with gateway:
        client = Client.connect(gateway.port)
        client.greet()
        for line in ("MAIL FROM:<a@b.c>", "RCPT TO:<d@e.f>", "DATA"):
            client.say(line)
        gateway.signal(signal.SIGTERM)
        wait_until(lambda: len(gateway.logged("stopping: no new connections, messages under way are finished")) == 2, "both workers stop")
        assert gateway.ended() is None, "it waits for the message"
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
        assert client.rest() == b""
        client.close()
