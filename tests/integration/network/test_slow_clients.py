"""A thousand connections that waste the server's time, and one polite client who does not notice."""

import asyncio
import math
import time
from contextlib import suppress

import pytest
from tests.servers.process import GatewayProcess

pytestmark = pytest.mark.integration

SLOW = 1000
POLITE_MESSAGES = 60
PATIENCE_S = 5.0
"""What every command of the polite client is answered within. Its 99th percentile is far below a second, which a busy machine cannot promise."""

BEGINNINGS = (b"", b"EHLO", b"EHLO slow.example\r\n", b"EHLO slow.example\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSubject: x\r\n")


async def slow_client(port: int, number: int, up: asyncio.Semaphore, end: asyncio.Event) -> None:
    """Connects, gets to some point of a session, then sends a byte now and then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        assert (await reader.readline()).startswith(b"220 ")
        writer.write(BEGINNINGS[number % len(BEGINNINGS)])
        up.release()
        while not end.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), 0.5 + number / SLOW)
            writer.write(b"x")
            await writer.drain()
    finally:
        writer.transport.abort()


async def polite_client(port: int) -> list[float]:
    """Sends messages, one connection each; how long each reply took."""
    took: list[float] = []

    async def reply(reader: asyncio.StreamReader, expected: bytes, since: float) -> None:
        while True:
            line = await asyncio.wait_for(reader.readline(), PATIENCE_S)
            if line[3:4] == b" ":
                break
        assert line.startswith(expected), line
        took.append(time.monotonic() - since)

    for _ in range(POLITE_MESSAGES):
        since = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reply(reader, b"220", since)
        for line, expected in (
            (b"EHLO polite.example", b"250"),
            (b"MAIL FROM:<a@b.c>", b"250"),
            (b"RCPT TO:<d@e.f>", b"250"),
            (b"DATA", b"354"),
            (b"Subject: polite\r\n\r\nhello\r\n.", b"250"),
            (b"QUIT", b"221"),
        ):
            since = time.monotonic()
            writer.write(line + b"\r\n")
            await reply(reader, expected, since)
        writer.close()
        await writer.wait_closed()
    return took


async def test_a_thousand_slow_clients() -> None:
    """RS01, RS02, RS04, RS09: every command of a polite client is answered, and every message of it stands on the queue."""
    with GatewayProcess({"smtp-threads": "2"}) as gateway:
        up, end = asyncio.Semaphore(0), asyncio.Event()
        slow = [asyncio.create_task(slow_client(gateway.port, number, up, end)) for number in range(SLOW)]
        try:
            async with asyncio.timeout(60):
                for _ in range(SLOW):
                    await up.acquire()
            took = sorted(await polite_client(gateway.port))
        finally:
            end.set()
            outcomes = await asyncio.gather(*slow, return_exceptions=True)
        assert not [outcome for outcome in outcomes if outcome is not None], "all of them were there to the end"
        assert took[-1] < PATIENCE_S
        print(
            f"polite client beside {SLOW} slow ones: p99 {took[math.ceil(len(took) * 0.99) - 1] * 1000:.0f} ms, median {took[len(took) // 2] * 1000:.1f} ms"
        )
        assert sum(document["mime"].endswith("Subject: polite\r\n\r\nhello\r\n") for document in gateway.documents()) == POLITE_MESSAGES
