"""Much at once: connections that come and go, and more data than there is memory for."""

import asyncio
import os
import socket
import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from tests.servers.client import Client
from tests.servers.process import GatewayProcess, wait_until

pytestmark = pytest.mark.integration

MIB = 1 << 20
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: on, no time: closing sends a reset."""


def memory(pid: int, what: str) -> int:
    """A figure of a process in bytes: VmRSS is what it has, VmHWM the most that it had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) * 1024


def come_and_go(port: int, count: int) -> None:
    """Connect, say nothing or something, and leave: in order, or by a reset."""
    for number in range(count):
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), 20) as sock:
            if number % 4 == 1:
                sock.sendall(b"EHLO x\r\n")
            if number % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


async def test_connections_that_come_and_go() -> None:
    """RS13: a polite client is served meanwhile, no place is lost, and nothing is kept of those who left."""
    with GatewayProcess({"smtp-connections-in": "20"}) as gateway:
        [worker] = gateway.workers()
        descriptors = f"/proc/{worker}/fd"
        with Client.connect(gateway.port) as client:
            client.greet()
            assert client.mail().startswith("250")
        await asyncio.to_thread(come_and_go, gateway.port, 1000)
        before = len(os.listdir(descriptors))
        warm = memory(worker, "VmRSS")
        floods = [asyncio.create_task(asyncio.to_thread(come_and_go, gateway.port, 1500)) for _ in range(4)]
        served = 0
        while not all(flood.done() for flood in floods):
            with Client.connect(gateway.port) as client:
                await asyncio.to_thread(client.greet)
                assert (await asyncio.to_thread(client.mail)).startswith("250")
                served += 1
        await asyncio.gather(*floods)
        assert served
        assert len(gateway.documents()) == 1 + served
        wait_until(lambda: len(os.listdir(descriptors)) <= before + 1, "all connections are gone")
        assert memory(worker, "VmRSS") < warm + 16 * MIB
        clients = [Client.connect(gateway.port) for _ in range(20)]
        for client in clients:
            client.greet()
            client.close()


async def send_large(port: int, size: int) -> str:
    """Send a message of this size as fast as it is taken; the code of the answer to it, or to MAIL."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for line in (b"", b"EHLO x\r\n", b"MAIL FROM:<a@b.c> SIZE=%d\r\n" % size, b"RCPT TO:<d@e.f>\r\n", b"DATA\r\n", None):
            if line is None:
                writer.write(b"Subject: x\r\n\r\n")
                for _ in range(size // 65536):
                    writer.write(b"x" * 65534 + b"\r\n")
                    await writer.drain()
                line = b".\r\n"
            writer.write(line)
            while (reply := await asyncio.wait_for(reader.readline(), 60))[3:4] == b"-":
                pass
            if reply[:1] not in b"23":
                break
        return reply[:9].decode()
    finally:
        writer.transport.abort()


async def test_more_data_than_memory() -> None:
    """RS12: what does not fit into ``smtp-memory`` is put off by 452; the process stays within a small multiple of it."""
    clients, size, budget = 40, 8 * MIB, 32 * MIB
    with GatewayProcess({"smtp-memory": "32MiB", "smtp-maxsize": "20MiB"}) as gateway:
        [worker] = gateway.workers()
        assert await send_large(gateway.port, 65536) == "250 2.0.0"
        base = memory(worker, "VmHWM")
        answers = Counter(await asyncio.gather(*(send_large(gateway.port, size) for _ in range(clients))))
        assert answers.keys() == {"250 2.0.0", "452 4.3.1"}
        assert len(gateway.documents()) == answers["250 2.0.0"] + 1
        assert memory(worker, "VmHWM") - base < 4 * budget < clients * size
        assert await send_large(gateway.port, size) == "250 2.0.0"
        assert gateway.workers() == [worker]
