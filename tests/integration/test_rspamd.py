"""Rspamd: a real one, and a scripted server that shows what it is told and talks nonsense."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import uvloop
from tests.servers.process import wait_until
from tests.servers.rspamd import Rspamd

from tidegate.adapters.rspamd import RspamdScanner
from tidegate.domain.spam_rule import SpamRule
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.spam_scanner import Handover, SpamScanner, SpamVerdict
from tidegate.ports.testing.spam_scanner import GTUBE, HANDOVER, ORDINARY, SPAM, SPAM_SCANNER_CHECKS, SpamScannerCheck

pytestmark = pytest.mark.integration

CLOSED_PORT = 9  # discard: nobody listens there on loopback


@attrs.frozen
class Request:
    """What came: the request line, header fields in order, names in lower case, and the body."""

    line: str
    fields: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Values of the fields with this name."""
        return [value for key, value in self.fields if key == name]


Script = Callable[[Request], Awaitable[bytes | None]]


async def judge(request: Request) -> bytes:
    """What rspamd answers, for the one text that everybody knows."""
    spam = GTUBE in request.body
    symbols = {"GTUBE": {"name": "GTUBE", "score": 0.0}} if spam else {"MIME_GOOD": {"name": "MIME_GOOD", "score": -0.1}}
    answer = {
        "is_skipped": False,
        "score": 999.0 if spam else -0.1,
        "required_score": 15.0,
        "action": "reject" if spam else "no action",
        "thresholds": {"reject": 15.0, "add header": 6.0},
        "symbols": symbols,
    }
    return ok(json.dumps(answer).encode())


def ok(body: bytes) -> bytes:
    """A good response with this body."""
    return b"HTTP/1.1 200 OK\r\nServer: rspamd\r\nContent-Length: %d\r\nContent-Type: application/json\r\n\r\n" % len(body) + body


@attrs.define
class ScriptedRspamd:
    """A running server; ``None`` from its script closes the connection."""

    script: Script = judge
    requests: list[Request] = attrs.field(factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
                fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in head[1:])]
                request = Request(head[0], fields, b"")
                request = attrs.evolve(request, body=await reader.readexactly(int(request.all("content-length")[0])))
                self.requests.append(request)
                response = await self.script(request)
                if response is None:
                    return
                writer.write(response)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def scripted(script: Script = judge) -> AsyncIterator[ScriptedRspamd]:
    """Serve while the context lasts."""
    rspamd = ScriptedRspamd(script)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(rspamd.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    rspamd.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield rspamd
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def make() -> AsyncIterator[SpamScanner]:
    """A scanner and its server."""
    async with scripted() as rspamd:
        scanner = RspamdScanner(rspamd.url, max_message_bytes=100_000)
        yield scanner
        await scanner.close()


@asynccontextmanager
async def asking(rspamd: Rspamd, report: bool = False) -> AsyncIterator[RspamdScanner]:
    """A scanner that asks the real one."""
    scanner = RspamdScanner(rspamd.url, timeout_s=60, max_message_bytes=100_000, report=report)
    yield scanner
    await scanner.close()


@pytest.mark.parametrize("report", [False, True], ids=["symbols", "report"])
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("check", SPAM_SCANNER_CHECKS, ids=lambda check: check.__name__)
def test_contract_with_the_real_one(rspamd: Rspamd, check: SpamScannerCheck, run: Callable[..., None], report: bool) -> None:
    """Every contract check passes on the real rspamd, on both event loops."""
    run(check(lambda: asking(rspamd, report)))


async def test_ham_and_spam(rspamd: Rspamd) -> None:
    """Its decision, with the names and on wish the points of its symbols. Version 3.4 tells the score of ``reject`` alone as threshold."""
    async with asking(rspamd) as plain, asking(rspamd, report=True) as reporting:
        ham, spam = await reporting.scan(ORDINARY, HANDOVER), await reporting.scan(SPAM, HANDOVER)
        assert (await plain.scan(ORDINARY, HANDOVER)) == attrs.evolve(ham, rules=None)
    assert spam == SpamVerdict(True, 15.0, 15.0, ("GTUBE",), (SpamRule("GTUBE", 0.0),))
    assert (ham.spam, ham.threshold) == (False, 15.0)
    assert ham.rules is not None
    assert SpamRule("FROM_HAS_DN", 0.0, "From header has a display name") in ham.rules
    assert sum(rule.score for rule in ham.rules) == pytest.approx(ham.score)
    assert ham.rules[0].score > 0


@pytest.mark.parametrize(
    ("handover", "told"),
    [
        (None, "192.0.2.1;no EHLO;no sender;"),  # the address is that of the Received field
        (HANDOVER, "192.0.2.1;mail.example.net;ann@example.net;bob@example.com;"),
        (
            Handover("2001:db8::1", "[192.0.2.1]", "", ("a@example.com", "b@example.com")),
            "2001:db8::1;[192.0.2.1];;a@example.com;b@example.com;",
        ),
        (Handover("192.0.2.1", "x\r\nFrom: <y@example.net>", "ann@example.net", ("bücher@example.com",)), "192.0.2.1;no EHLO;ann@example.net;"),
        (Handover("192.0.2.1", "mx", "a b", ("postmaster", "a..b@example.com", "a@example.com")), "192.0.2.1;mx;no sender;a@example.com;"),
    ],
    ids=["none", "all", "bounce", "unwritable", "unreadable"],
)
async def test_how_a_message_came_is_known_there(rspamd: Rspamd, handover: Handover | None, told: str) -> None:
    """ML20: address, EHLO, sender and recipients reach the rules of a real rspamd; what could write into a request does not, nor what rspamd
    would blame the message for.
    """
    before = len(rspamd.log())
    async with asking(rspamd) as scanner:
        symbols = (await scanner.scan(ORDINARY, handover)).symbols
    assert "TOLD" in symbols
    assert "BROKEN_HEADERS" not in symbols
    wait_until(lambda: f"TOLD(0.00){{{told}}}" in rspamd.log()[before:], f"{told} in the log")


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("check", SPAM_SCANNER_CHECKS, ids=lambda check: check.__name__)
def test_contract(check: SpamScannerCheck, run: Callable[..., None]) -> None:
    """Every contract check passes on both event loops."""
    run(check(make))


async def test_what_rspamd_is_told() -> None:
    """ML20: the exact message as body, how it came as header fields; what could not stand there is left out."""
    async with scripted() as rspamd:
        scanner = RspamdScanner(rspamd.url + "/")
        assert await scanner.scan(ORDINARY, HANDOVER) == SpamVerdict(False, -0.1, 6.0, ("MIME_GOOD",))
        await scanner.scan(
            b"\r\n\r\nPOST / HTTP/1.1\r\n\r\n", Handover("2001:db8::1", "x\r\nFrom: y", "", ("ü@example.com", "postmaster", "a@b"))
        )
        await scanner.close()
    first, second = rspamd.requests
    assert (first.line, first.body) == ("POST /checkv2 HTTP/1.1", ORDINARY)
    told = {name: first.all(name) for name in ("ip", "helo", "from", "rcpt")}
    assert told == {"ip": ["192.0.2.1"], "helo": ["mail.example.net"], "from": ["<ann@example.net>"], "rcpt": ["<bob@example.com>"]}
    assert second.body == b"\r\n\r\nPOST / HTTP/1.1\r\n\r\n"
    assert (second.all("helo"), second.all("from"), second.all("rcpt")) == ([], ["<>"], ["<a@b>"])


def always(response: bytes | None) -> Script:
    """The same response to everybody."""

    async def script(request: Request) -> bytes | None:
        return response

    return script


async def silent(request: Request) -> bytes | None:
    """No response."""
    await asyncio.Event().wait()
    return None


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silent, "no answer within 0.5 s"),
        (always(None), "RemoteProtocolError"),
        (always(b"SPAMD/1.1 0 EX_OK\r\n\r\n"), "RemoteProtocolError"),
        (always(ok(b"{}")), "no action"),
        (always(ok(b"not json")), "not JSON"),
        (always(ok(b"x" * 600_000)), "more than 524288 bytes"),
        (always(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}"), "no answer within 0.5 s"),
        (always(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000), "RemoteProtocolError"),
        (always(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "status 503"),
        (always(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), "status 302"),
        (always(ok(b'{"error": "Cannot scan"}')), "rspamd says 'Cannot scan'"),
    ],
    ids=["silent", "closes", "spamd", "empty", "text", "long", "short", "headers", "busy", "redirect", "error"],
)
async def test_hostile_servers(script: Script, reason: str) -> None:
    """ML19: whatever comes back, the scan fails in time."""
    async with scripted(script) as rspamd:
        scanner = RspamdScanner(rspamd.url, timeout_s=0.5)
        with pytest.raises(TemporaryFailure) as caught:
            await scanner.scan(ORDINARY)
        await scanner.close()
    assert rspamd.url in str(caught.value)
    assert reason in str(caught.value)


async def test_nobody_is_there() -> None:
    """A closed port is a failure at once."""
    scanner = RspamdScanner(f"http://127.0.0.1:{CLOSED_PORT}", timeout_s=30)
    with pytest.raises(TemporaryFailure, match="ConnectError"):
        await scanner.scan(ORDINARY)
    await scanner.close()
