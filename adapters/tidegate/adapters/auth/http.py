"""``http://…`` and ``https://…``: HTTP Basic authentication against an endpoint (RFC 7617)."""

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING

import attrs

from tidegate.adapters.auth.missing import missing
from tidegate.domain.credentials import AuthVerdict, Credentials

if TYPE_CHECKING:
    import httpx2

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

_TRY_LATER = 429

_log = logging.getLogger("tidegate.auth.http")


@attrs.define(eq=False)
class HttpAuthenticator:
    """Asks an endpoint with GET: 2xx accepts; 429 and 5xx are a fault of the endpoint; any other status refuses, redirects too.

    Neither proxies nor credentials are taken from the environment, cookies are not kept, bodies are not looked at.

    Attributes:
        url: of the endpoint, without credentials.
        context: for https; the system's authorities by default.

    Raises (when made):
        PermanentFailure: httpx2 is not installed.
    """

    url: str
    context: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    deadline_s: float = DEADLINE
    _client: "httpx2.AsyncClient" = attrs.field(init=False, repr=False)
    _places: asyncio.Semaphore = attrs.field(init=False, repr=False, factory=lambda: asyncio.Semaphore(CONNECTIONS))
    _taken: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        try:
            import httpx2
        except ImportError:
            raise missing("httpx2", "http") from None
        self._client = httpx2.AsyncClient(
            verify=self.context or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=self.deadline_s,
            limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30.0),
            headers={"User-Agent": "Tidegate", "Accept": "*/*", "Accept-Encoding": "identity"},
        )

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
        await self._client.aclose()

    async def _ask(self, credentials: Credentials) -> AuthVerdict:
        import httpx2

        # The class encodes latin-1 for str on some versions; bytes leave no question (RFC 7617 section 2.1: UTF-8).
        login = httpx2.BasicAuth(credentials.username.encode(), credentials.password.encode())
        request = self._client.build_request("GET", self.url)
        response = await self._client.send(request, auth=login, stream=True)
        self._client.cookies.clear()
        try:
            return self._verdict(response.status_code)
        finally:
            await _read_past(response)

    def _verdict(self, status: int) -> AuthVerdict:
        if 200 <= status <= 299:
            return AuthVerdict.ACCEPTED
        if status == _TRY_LATER or status >= 500:
            return self._unavailable(f"status {status}")
        return AuthVerdict.REFUSED

    def _unavailable(self, reason: str) -> AuthVerdict:
        _log.error("authentication endpoint not usable", extra={"reason": reason})
        return AuthVerdict.UNAVAILABLE


async def _read_past(response: "httpx2.Response") -> None:
    """Leave the connection ready for the next request where that costs little; whatever fails, the verdict stands."""
    size = 0
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > MAX_BODY:
                    break
    except Exception as error:
        _log.debug("answer not read to its end", extra={"reason": type(error).__name__})
    finally:
        await response.aclose()
