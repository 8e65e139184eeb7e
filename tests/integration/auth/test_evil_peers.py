"""Back ends that are slow, broken or hostile: never an acceptance, always an answer in time."""

import asyncio
import hashlib
import hmac
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.integration.auth.programs import program
from tests.servers.freeradius import SECRET
from tests.servers.http_endpoint import HttpEndpoint
from tests.servers.slapd import BASE_DN, Slapd

from tidegate.adapters.auth.http import HttpAuthenticator
from tidegate.adapters.auth.ldap import LdapAuthenticator, LdapSecurity
from tidegate.adapters.auth.program import ExecAuthenticator
from tidegate.adapters.auth.radius import RadiusAuthenticator
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.testing.authenticator import ACCOUNTS, check_unavailable

pytestmark = pytest.mark.integration

BOB = Credentials("bob", ACCOUNTS["bob"], "192.0.2.1")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def tcp(serve: Serve) -> AsyncIterator[int]:
    """A server of a few lines on a loopback port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Reads, never answers."""
    while await reader.read(4096):
        pass


async def closing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Hangs up at once."""


def saying(*pieces: bytes, pause: float = 0.0) -> Serve:
    """Answers anything with these bytes, then stays open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        await silent(reader, writer)

    return serve


def binding(code: int) -> Serve:
    """Answers a bind with this result code, under the number of its message."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(4096)
        start = 2 + (request[1] & 0x7F if request[1] & 0x80 else 0)  # behind tag and length of the message
        writer.write(bind_response(code, request[start : start + 2 + request[start + 1]]))
        await silent(reader, writer)

    return serve


def bind_response(code: int, number: bytes = b"\x02\x01\x01") -> bytes:
    """A BindResponse to the message of this number, as BER has it."""
    content = number + bytes([0x61, 0x07, 0x0A, 0x01, code, 0x04, 0x00, 0x04, 0x00])
    return bytes([0x30, len(content)]) + content


# -- LDAP ----------------------------------------------------------------------------------------------------------------------------------


async def test_ldap_without_password(lenient_slapd: Slapd) -> None:
    """AB01, AB02: the server lets everybody bind without password, and nobody gets in by that."""
    back_end = LdapAuthenticator("127.0.0.1", lenient_slapd.port, BASE_DN)
    for user, password in (("bob", ""), ("", ""), ("", "pw")):
        assert await back_end.authenticate(Credentials(user, password)) is AuthVerdict.REFUSED
    assert await back_end.authenticate(BOB) is AuthVerdict.ACCEPTED
    name = f"uid=bob,{BASE_DN}".encode()
    bind = b"\x02\x01\x03\x04" + bytes([len(name)]) + name + b"\x80\x00"
    reader, writer = await asyncio.open_connection("127.0.0.1", lenient_slapd.port)
    writer.write(b"\x30" + bytes([len(bind) + 5]) + b"\x02\x01\x01\x60" + bytes([len(bind)]) + bind)
    assert (await reader.read(100)).startswith(bind_response(0)[:10]), "this test needs a server that allows it"
    writer.close()


@pytest.mark.parametrize("name", [" bob", "bob ", "b  ob"])
async def test_ldap_spaces(name: str, slapd: Slapd) -> None:
    """AB03: a name that the server would take for another is refused."""
    assert await LdapAuthenticator("127.0.0.1", slapd.port, BASE_DN).authenticate(Credentials(name, ACCOUNTS["bob"])) is AuthVerdict.REFUSED


LDAP: dict[str, tuple[Serve, AuthVerdict]] = {
    "never answers": (silent, AuthVerdict.UNAVAILABLE),
    "hangs up": (closing, AuthVerdict.UNAVAILABLE),
    "half a message": (saying(bind_response(0)[:6]), AuthVerdict.UNAVAILABLE),
    "octet by octet": (saying(*[bytes([byte]) for byte in b"\x30\x84\x7f\xff\xff\xff" + b"x" * 50], pause=0.05), AuthVerdict.UNAVAILABLE),
    "a length of 2 GB": (saying(b"\x30\x84\x7f\xff\xff\xff" + b"x" * 1000), AuthVerdict.UNAVAILABLE),
    "no BER": (saying(b"HTTP/1.1 200 OK\r\n\r\n"), AuthVerdict.UNAVAILABLE),
    "busy": (binding(51), AuthVerdict.UNAVAILABLE),
    "unavailable": (binding(52), AuthVerdict.UNAVAILABLE),
    "time limit": (binding(3), AuthVerdict.UNAVAILABLE),
    "referral": (binding(10), AuthVerdict.UNAVAILABLE),
    "bind in progress": (binding(14), AuthVerdict.UNAVAILABLE),
    "invalid credentials": (binding(49), AuthVerdict.REFUSED),
}


@pytest.mark.parametrize("name", LDAP)
async def test_ldap_servers(name: str) -> None:
    """AB05: only success accepts, only invalidCredentials refuses, and the deadline holds."""
    serve, expected = LDAP[name]
    async with tcp(serve) as port:
        back_end = LdapAuthenticator("127.0.0.1", port, BASE_DN, deadline_s=1)
        assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is expected
        await back_end.close()


async def test_ldap_certificates(slapd: Slapd, authority: Path) -> None:
    """AB06: an unknown authority and a name that is not in the certificate; with StartTLS nothing is sent in clear instead."""
    for host, authorities in (("localhost", None), ("127.0.0.1", authority)):
        for security, port in ((LdapSecurity.TLS, slapd.secure_port), (LdapSecurity.STARTTLS, slapd.port)):
            back_end = LdapAuthenticator(host, port, BASE_DN, security, authorities)
            assert await back_end.authenticate(BOB) is AuthVerdict.UNAVAILABLE, (host, security)


async def test_ldap_without_starttls(lenient_slapd: Slapd, authority: Path) -> None:
    """AB06: a server that does not start TLS gets no password."""
    back_end = LdapAuthenticator("localhost", lenient_slapd.port, BASE_DN, LdapSecurity.STARTTLS, authority)
    assert await back_end.authenticate(BOB) is AuthVerdict.UNAVAILABLE


# -- RADIUS --------------------------------------------------------------------------------------------------------------------------------


class RadiusPeer(asyncio.DatagramProtocol):
    """Answers by a function of the request; counts."""

    def __init__(self, answer: Callable[[bytes, int], list[bytes]]) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer."""
        self.requests.append(data)
        for reply in self.answer(data, len(self.requests)):
            self.transport.sendto(reply, addr)


def radius_reply(
    request: bytes,
    code: int = 2,
    *,
    signed: bool = True,
    identifier: int | None = None,
    secret: bytes = SECRET.encode(),
    attributes: bytes = b"",
) -> bytes:
    """A reply of RFC 2865 section 3, with Message-Authenticator (RFC 3579 section 3.2) when signed."""
    number = request[1] if identifier is None else identifier
    body = (b"\x50\x12" + bytes(16) if signed else b"") + attributes
    head = bytes([code, number]) + (20 + len(body)).to_bytes(2, "big")
    if signed:
        body = b"\x50\x12" + hmac.new(secret, head + request[4:20] + body, hashlib.md5).digest() + attributes
    return head + hashlib.md5(head + request[4:20] + body + secret).digest() + body


RADIUS: dict[str, tuple[Callable[[bytes, int], list[bytes]], AuthVerdict]] = {
    "signed accept": (lambda request, _: [radius_reply(request)], AuthVerdict.ACCEPTED),
    "signed reject": (lambda request, _: [radius_reply(request, 3)], AuthVerdict.REFUSED),
    "accept without Message-Authenticator (AB07)": (lambda request, _: [radius_reply(request, signed=False)], AuthVerdict.UNAVAILABLE),
    "reject without Message-Authenticator": (lambda request, _: [radius_reply(request, 3, signed=False)], AuthVerdict.UNAVAILABLE),
    "forged, then the real one (AB08)": (
        lambda request, _: [radius_reply(request, signed=False), radius_reply(request, 3)],
        AuthVerdict.REFUSED,
    ),
    "wrong identifier (AB08)": (lambda request, _: [radius_reply(request, identifier=request[1] ^ 1)], AuthVerdict.UNAVAILABLE),
    "wrong secret (AB08)": (lambda request, _: [radius_reply(request, secret=b"other")], AuthVerdict.UNAVAILABLE),
    "truncated (AB08)": (lambda request, _: [radius_reply(request)[:-1], b"", b"\x02"], AuthVerdict.UNAVAILABLE),
    "attribute of length 0 (AB08)": (lambda request, _: [radius_reply(request, attributes=b"\x12\x00")], AuthVerdict.UNAVAILABLE),
    "attribute that overruns (AB08)": (
        lambda request, _: [radius_reply(request, signed=False, attributes=b"\x12\xffx")],
        AuthVerdict.UNAVAILABLE,
    ),
    "only to the third try (AB11)": (lambda request, tries: [radius_reply(request)] if tries == 3 else [], AuthVerdict.ACCEPTED),
    "never (AB11)": (lambda request, _: [], AuthVerdict.UNAVAILABLE),
    "challenge (AB10)": (lambda request, _: [radius_reply(request, 11)], AuthVerdict.REFUSED),
    "another code": (lambda request, _: [radius_reply(request, 5)], AuthVerdict.UNAVAILABLE),
}


@pytest.mark.parametrize("name", RADIUS)
async def test_radius_peers(name: str) -> None:
    """What is not signed has not come; three tries are the same request."""
    answer, expected = RADIUS[name]
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(lambda: RadiusPeer(answer), local_addr=("127.0.0.1", 0))
    try:
        back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", transport.get_extra_info("sockname")[1], 3, 0.3)
        assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is expected
        assert len(set(peer.requests)) == 1
        assert peer.requests[0][20:22] == b"\x50\x12", "Message-Authenticator comes first"
    finally:
        transport.close()


@pytest.mark.parametrize(("length", "expected"), [(16, "asked"), (17, "asked"), (128, "asked"), (129, "refused")])
async def test_radius_password_lengths(length: int, expected: str) -> None:
    """AB09: up to 128 octets are sent whole, more are refused."""
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(
        lambda: RadiusPeer(lambda request, _: [radius_reply(request)]), local_addr=("127.0.0.1", 0)
    )
    try:
        back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", transport.get_extra_info("sockname")[1], 1, 0.5)
        verdict = await back_end.authenticate(Credentials("bob", "p" * length))
        assert (verdict is AuthVerdict.ACCEPTED, len(peer.requests)) == ((True, 1) if expected == "asked" else (False, 0))
        assert await back_end.authenticate(Credentials("u" * 254, "pw")) is AuthVerdict.REFUSED
    finally:
        transport.close()


# -- HTTP ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, AuthVerdict.ACCEPTED), (204, AuthVerdict.ACCEPTED), (299, AuthVerdict.ACCEPTED), (301, AuthVerdict.REFUSED), (302, AuthVerdict.REFUSED),
        (307, AuthVerdict.REFUSED), (308, AuthVerdict.REFUSED), (400, AuthVerdict.REFUSED), (401, AuthVerdict.REFUSED), (403, AuthVerdict.REFUSED),
        (404, AuthVerdict.REFUSED), (429, AuthVerdict.UNAVAILABLE), (500, AuthVerdict.UNAVAILABLE), (502, AuthVerdict.UNAVAILABLE), (503, AuthVerdict.UNAVAILABLE),
    ],
)  # fmt: skip
async def test_http_statuses(status: int, expected: AuthVerdict) -> None:
    """AB14, AB16, AB17: by the code alone; redirects lead nowhere, cookies are not kept."""
    with HttpEndpoint(ACCOUNTS) as other:
        body = b"" if status == 204 else b"denied"
        with HttpEndpoint(status=status, body=body, headers={"Location": other.url, "Set-Cookie": "a=b"}) as endpoint:
            back_end = HttpAuthenticator(endpoint.url)
            assert await back_end.authenticate(BOB) is expected
            await back_end.close()
        assert other.requests == 0


HTTP: dict[str, Serve] = {
    "never answers": silent,
    "hangs up": closing,
    "headers octet by octet": saying(*[bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 100], pause=0.05),
    "a megabyte of headers": saying(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 150_000),
    "100 for ever": saying(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 100, pause=0.02),
    "HTTP/0.9": saying(b"ok\r\n"),
    "status 199": saying(b"HTTP/1.1 199 Odd\r\n\r\n"),
}


@pytest.mark.parametrize("name", HTTP)
async def test_http_peers(name: str) -> None:
    """AB15: an answer in time, and it is 454."""
    async with tcp(HTTP[name]) as port:
        back_end = HttpAuthenticator(f"http://127.0.0.1:{port}/", deadline_s=1)
        await asyncio.wait_for(check_unavailable(back_end), 20)
        await back_end.close()


async def test_http_endless_body() -> None:
    """AB15: the code is the verdict; a body without end is not read, a compressed one not unpacked."""
    for head in (b"Content-Length: 10000000000\r\n", b"Content-Encoding: gzip\r\nContent-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n"):
        async with tcp(saying(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 300)) as port:
            back_end = HttpAuthenticator(f"http://127.0.0.1:{port}/", deadline_s=3)
            assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is AuthVerdict.ACCEPTED
            await back_end.close()


async def test_http_certificates(server_tls: ssl.SSLContext, authority: Path) -> None:
    """AB18: an unknown authority is no acceptance; a known one is."""
    with HttpEndpoint(ACCOUNTS, tls=server_tls) as endpoint:
        unknown = HttpAuthenticator(endpoint.url)
        assert await unknown.authenticate(BOB) is AuthVerdict.UNAVAILABLE
        known = HttpAuthenticator(endpoint.url, ssl.create_default_context(cafile=authority))
        assert await known.authenticate(BOB) is AuthVerdict.ACCEPTED
        await unknown.close()
        await known.close()


async def test_http_connections_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One connection for many logins, and no proxy of the environment in between."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9/")
    with HttpEndpoint(ACCOUNTS, body=b"hello") as endpoint:
        back_end = HttpAuthenticator(endpoint.url)
        for _ in range(20):
            assert await back_end.authenticate(BOB) is AuthVerdict.ACCEPTED
        await back_end.close()
        assert (endpoint.requests, endpoint.connections) == (20, 1)


# -- programs ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exit 0", AuthVerdict.ACCEPTED), ("exit 1", AuthVerdict.REFUSED), ("exit 2", AuthVerdict.REFUSED), ("exit 75", AuthVerdict.UNAVAILABLE),
        ("exit 111", AuthVerdict.UNAVAILABLE), ("exit 126", AuthVerdict.UNAVAILABLE), ("exit 127", AuthVerdict.UNAVAILABLE), ("kill -9 $$", AuthVerdict.UNAVAILABLE),
        ("sleep 3600", AuthVerdict.UNAVAILABLE), ("trap '' TERM; sleep 3600; sleep 3600", AuthVerdict.UNAVAILABLE), ("sleep 30 & exit 0", AuthVerdict.ACCEPTED),
        ("head -c 100000000 /dev/zero; exit 0", AuthVerdict.ACCEPTED), ("exec <&-; exit 1", AuthVerdict.REFUSED),
    ],
)  # fmt: skip
async def test_exec_statuses(text: str, expected: AuthVerdict, tmp_path: Path) -> None:
    """AB21, AB22: by the exit status; what hangs is killed with its whole group."""
    back_end = ExecAuthenticator(program(tmp_path, text, "/bin/sh"), deadline_s=2)
    assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is expected


async def test_exec_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AB19, AB20: nothing but the promised environment, no arguments, no descriptors, the credentials on two lines."""
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    seen = tmp_path / "seen"
    text = (
        f"import os, sys\nopen({str(seen)!r}, 'w').write(repr((sorted(os.environ), sys.argv[1:], sys.stdin.read(), os.getcwd(),"
        " sorted(set(os.listdir('/proc/self/fd')) - {'0', '1', '2'}), os.getpgid(0) == os.getpid(), os.environ['TIDEGATE_REMOTE_IP'])))\n"
    )
    inherited = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    await ExecAuthenticator(program(tmp_path, text)).authenticate(BOB)
    os.close(inherited)
    environment, arguments, said, folder, descriptors, leads, ip = eval(seen.read_text())
    assert set(environment) - {"LC_CTYPE"} == {"PATH", "LANG", "TIDEGATE_REMOTE_IP"}
    assert (arguments, said, folder, leads, ip) == ([], f"bob\n{ACCOUNTS['bob']}\n", "/", True, "192.0.2.1")
    assert str(inherited) not in descriptors


def state_of(pid: str) -> str:
    """State and parent of a process; empty when it is gone."""
    try:
        return " ".join(Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[:2])
    except OSError:
        return ""


async def test_exec_leaves_nothing_behind(tmp_path: Path) -> None:
    """AB21, AB24: a flood is bounded; afterwards there are neither zombies nor descriptors more than before."""
    back_end = ExecAuthenticator(program(tmp_path, "exit 0", "/bin/sh"))
    await back_end.authenticate(BOB)
    before = len(os.listdir("/proc/self/fd"))
    verdicts = await asyncio.gather(*(back_end.authenticate(BOB) for _ in range(1_000)))
    assert set(verdicts) == {AuthVerdict.ACCEPTED, AuthVerdict.UNAVAILABLE}
    assert verdicts.count(AuthVerdict.ACCEPTED) == 24
    for _ in range(100):
        assert await back_end.authenticate(BOB) is AuthVerdict.ACCEPTED
    assert len(os.listdir("/proc/self/fd")) <= before
    assert [state for state in map(state_of, os.listdir("/proc")) if state == f"Z {os.getpid()}"] == []


@pytest.mark.parametrize("kind", ["missing", "not executable", "writable", "folder", "no interpreter"])
async def test_exec_that_cannot_run(kind: str, tmp_path: Path) -> None:
    """AB23: 454 at run time; refused at the start, but for a bad first line, which only running shows."""
    path = program(tmp_path, "exit 0", "/bin/sh" if kind != "no interpreter" else "/absent/sh")
    if kind == "missing":
        path.unlink()
    elif kind == "folder":
        path = tmp_path
    elif kind in ("not executable", "writable"):
        path.chmod(0o644 if kind == "not executable" else 0o757)
    await check_unavailable(ExecAuthenticator(path))
