"""``http://…`` and ``https://…``: HTTP Basic authentication against an endpoint (RFC 7617)."""

import asyncio
import logging
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from tidegate.adapters.auth.missing import missing
from tidegate.domain.credentials import AuthVerdict, Credentials

if TYPE_CHECKING:
    import httpcore2

DEADLINE = 5.0
"""Seconds for the whole call, waiting for a connection included."""
BODY_DEADLINE = 0.5
"""Seconds for the rest of an answer: where it takes longer, the connection is closed instead of used again."""
MAX_BODY = 65536
"""Bytes of an answer that are read past, so that the connection can be used again."""
CONNECTIONS = 16
"""At the same time. More logins wait for one, within the deadline, in a line of our own: the library looks at all who wait at each turn."""
WAITING = 128
"""Logins that wait for a connection; more are answered 454 at once."""

KEEP_ALIVE = 30.0
"""Seconds that an idle connection is kept."""

_TRY_LATER = 429

_log = logging.getLogger("tidegate.auth.http")


@attrs.define(eq=False)
class HttpAuthenticator:
    """Asks an endpoint with GET: 2xx accepts; 429 and 5xx are a fault of the endpoint; any other status refuses, redirects too.

    Neither proxies nor credentials are taken from the environment, cookies are not kept, bodies are not looked at: the library beneath httpx2
    does none of this by itself, and costs half the CPU.

    Attributes:
        url: of the endpoint, without credentials.
        context: for https; the system's authorities by default.

    Raises (when made):
        PermanentFailure: httpcore2 is not installed.
    """

    url: str
    context: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    deadline_s: float = DEADLINE
    _pool: "httpcore2.AsyncConnectionPool" = attrs.field(init=False, repr=False)
    _host: bytes = attrs.field(init=False, repr=False)
    _places: asyncio.Semaphore = attrs.field(init=False, repr=False, factory=lambda: asyncio.Semaphore(CONNECTIONS))
    _taken: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        try:
            import httpcore2
        except ImportError:
            raise missing("httpcore2", "http") from None
        self._pool = httpcore2.AsyncConnectionPool(
            self.context or ssl.create_default_context(), max_connections=CONNECTIONS, keepalive_expiry=KEEP_ALIVE
        )
        self._host = urlsplit(self.url).netloc.encode("ascii")

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        if ":" in credentials.username:  # RFC 7617 section 2: the endpoint would read another name and another password
            return AuthVerdict.REFUSED
        if self._taken >= CONNECTIONS + WAITING:
            return self._unavailable("too many logins at the same time")
        self._taken += 1
        try:
            async with asyncio.timeout(self.deadline_s), self._places:
                return await self._ask(credentials)
        except TimeoutError:
            return self._unavailable(f"no answer within {self.deadline_s:g} seconds")
        except Exception as error:  # the library has many families: broken peers, sockets, TLS
            return self._unavailable(f"{type(error).__name__}: {error}")
        finally:
            self._taken -= 1

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _ask(self, credentials: Credentials) -> AuthVerdict:
        login = b64encode(f"{credentials.username}:{credentials.password}".encode())  # RFC 7617 section 2.1: UTF-8
        headers = [
            (b"Host", self._host),
            (b"Authorization", b"Basic " + login),
            (b"User-Agent", b"Tidegate"),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),
        ]
        async with self._pool.stream("GET", self.url, headers=headers) as response:
            verdict = self._verdict(response.status)
            await _read_past(response)
            return verdict

    def _verdict(self, status: int) -> AuthVerdict:
        if 200 <= status <= 299:
            return AuthVerdict.ACCEPTED
        if status == _TRY_LATER or status >= 500:
            return self._unavailable(f"status {status}")
        return AuthVerdict.REFUSED

    def _unavailable(self, reason: str) -> AuthVerdict:
        _log.error("authentication endpoint not usable", extra={"reason": reason})
        return AuthVerdict.UNAVAILABLE


async def _read_past(response: "httpcore2.Response") -> None:
    """Leave the connection ready for the next request where that costs little; whatever fails, the verdict stands."""
    size = 0
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for piece in response.aiter_stream():
                size += len(piece)
                if size > MAX_BODY:
                    break
    except Exception as error:
        _log.debug("answer not read to its end", extra={"reason": type(error).__name__})
