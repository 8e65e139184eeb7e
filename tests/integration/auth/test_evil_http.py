"""HTTP endpoints that are slow, broken or hostile: never an acceptance, always an answer in time."""

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.integration.auth.peers import BOB, Serve, closing, saying, silent, tcp
from tests.servers.http_endpoint import HttpEndpoint

from tidegate.adapters.auth.http import HttpAuthenticator
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.testing.authenticator import ACCOUNTS, check_unavailable

pytestmark = pytest.mark.integration


async def test_http_name_with_a_colon() -> None:
    """AB12: the endpoint would read the first half of the name and the rest as a password, which is right here; it is not asked."""
    with HttpEndpoint({"bob": "admin:pw"}) as endpoint:
        back_end = HttpAuthenticator(endpoint.url)
        assert await back_end.authenticate(Credentials("bob:admin", "pw")) is AuthVerdict.REFUSED
        assert endpoint.requests == 0
        assert await back_end.authenticate(Credentials("bob", "admin:pw")) is AuthVerdict.ACCEPTED
        await back_end.close()


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
