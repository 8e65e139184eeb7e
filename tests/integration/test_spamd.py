"""Spamd: a real one, and some that are away, slow or talk nonsense."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from tests.servers.scripted_spamd import Script, answering, scripted
from tests.servers.spamd import Spamd

from tidegate.adapters.spamd import SpamdScanner
from tidegate.domain.spamd_address import SpamdAddress
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.spam_scanner import SpamScanner, SpamVerdict
from tidegate.ports.testing.spam_scanner import ORDINARY, SPAM, SPAM_SCANNER_CHECKS, ScannerMaker, SpamScannerCheck, check_tells_spam_from_ham

pytestmark = pytest.mark.integration

GOOD = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 1\r\nSpam: False ; 1.0 / 5.0\r\n\r\nA"
VERDICT = SpamVerdict(False, 1.0, 5.0, ("A",))


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing for ever."""
    await asyncio.Event().wait()


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection in the middle of the message."""
    await reader.read(100)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
    writer.transport.abort()


def maker(address: SpamdAddress, report: bool = False) -> ScannerMaker:
    """Makes scanners that ask this daemon."""

    @asynccontextmanager
    async def make() -> AsyncIterator[SpamScanner]:
        yield SpamdScanner([address], timeout_s=60, max_message_bytes=20_000, report=report)

    return make


@pytest.mark.parametrize("report", [False, True], ids=["symbols", "report"])
@pytest.mark.parametrize("check", SPAM_SCANNER_CHECKS, ids=lambda check: check.__name__)
async def test_contract(spamd: Spamd, check: SpamScannerCheck, report: bool) -> None:
    """Every contract check passes on the real daemon."""
    await check(maker(SpamdAddress("127.0.0.1", spamd.port), report))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_unix_socket(spamd: Spamd, run: Callable[..., None]) -> None:
    """The same over its UNIX socket, on both event loops."""
    run(check_tells_spam_from_ham(maker(SpamdAddress(str(spamd.socket_path), 0))))


async def test_user_is_told(spamd: Spamd) -> None:
    """The daemon hears whose preferences apply."""
    await SpamdScanner([SpamdAddress("localhost", spamd.port)], "mail-7", 60).scan(ORDINARY)
    assert "mail-7" in spamd.log()
    with pytest.raises(ValueError):
        SpamdScanner([SpamdAddress("localhost", 783)], "a\r\nb")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "no answer within"),
        (deaf, ""),
        (answering(), "closed within the head"),
        (answering(GOOD[:30]), "closed within the head"),
        (answering(*(GOOD[index : index + 1] for index in range(len(GOOD))), pause_s=0.1), "no answer within"),
        (answering(b"SPAMD/1.5 0 EX_OK\r\nContent-length: 99999999999\r\n\r\n"), "Content-length"),
        (answering(GOOD.replace(b": 1\r", b": 2\r")), "2 bytes are announced, 1 came"),
        (answering(GOOD + b"B"), "more than is announced"),
        (answering(GOOD.replace(b"1.0", b"nan")), "Spam"),
        (answering(*[b"X-Header: " + b"y" * 10_000 + b"\r\n"] * 1000), "no end of the head"),
        (answering(b"SPAMD/1.0 74 EX_IOERR\r\n\r\n"), "spamd says 74"),
        (answering(b"220 smtp.example ready\r\n"), "closed within the head"),
    ],
    ids=["silent", "reset", "closes", "closes-mid-way", "drips", "huge", "short", "long", "nan", "headers", "error", "smtp"],
)
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_hostile_daemons(script: Script, reason: str, run: Callable[..., None]) -> None:
    """ML19: whatever a daemon does, the scan fails in time, and the next daemon is asked."""

    async def scan() -> None:
        message = ORDINARY + b"x" * 300_000
        async with scripted(script) as bad, scripted(answering(GOOD)) as good:
            started = time.monotonic()
            with pytest.raises(TemporaryFailure) as caught:
                await SpamdScanner([bad], timeout_s=0.5).scan(message)
            assert time.monotonic() - started < 20
            assert str(bad) in str(caught.value)
            assert reason in str(caught.value)
            assert await SpamdScanner([bad, good], timeout_s=0.5).scan(message) == VERDICT
        assert len(asyncio.all_tasks()) == 1

    run(scan())


async def test_nobody_is_there(tmp_path: Path) -> None:
    """ML19: a closed port, a path without socket and a name without address fail; the next daemon is asked and stays the first."""
    absent = [SpamdAddress("127.0.0.1", 9), SpamdAddress(str(tmp_path / "none"), 0), SpamdAddress("name.invalid", 783)]
    with pytest.raises(TemporaryFailure, match=r"127\.0\.0\.1:9.*none.*name\.invalid"):
        await SpamdScanner(absent, timeout_s=20).scan(SPAM)
    asked = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await answering(GOOD.replace(b": 1\r", b": 9\r"))(reader, writer)

    async with scripted(count) as bad, scripted(answering(GOOD)) as good:
        scanner = SpamdScanner([bad, good])
        for _ in range(3):
            assert await scanner.scan(SPAM) == VERDICT
        assert asked == 1


async def test_messages_are_framed_by_their_length() -> None:
    """ML20: a message that looks like a request arrives as message: what is written is the head and its exact bytes."""
    received: list[bytes] = []

    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(-1))
        writer.write(GOOD)

    message = b"\r\n\r\nSYMBOLS SPAMC/1.5\r\nUser: root\r\n\r\n"
    async with scripted(record) as address:
        await SpamdScanner([address]).scan(message)
    assert received == [b"SYMBOLS SPAMC/1.5\r\nContent-length: 37\r\n\r\n" + message]


async def test_large_messages_are_not_sent() -> None:
    """ML21: nobody is asked about a message above the limit."""
    with pytest.raises(PermanentFailure, match="larger than 10 bytes"):
        await SpamdScanner([SpamdAddress("127.0.0.1", 9)], max_message_bytes=10).scan(b"x" * 11)


async def test_scans_at_a_time_are_bounded() -> None:
    """Scans above the bound wait for a place, within their time."""
    open_now = most = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.read(-1)
        await asyncio.sleep(0.05)
        open_now -= 1
        writer.write(GOOD)

    async with scripted(slow) as address:
        scanner = SpamdScanner([address], max_in_flight=3)
        assert await asyncio.gather(*(scanner.scan(ORDINARY) for _ in range(12))) == [VERDICT] * 12
        assert most == 3
        with pytest.raises(TemporaryFailure):
            await asyncio.gather(*(SpamdScanner([address], timeout_s=0.01).scan(ORDINARY) for _ in range(3)))
