"""``radius://identifier:secret@host:port``: Access-Request with User-Password (RFC 2865).

Replies without a valid Message-Authenticator are dropped, as if they had not come: without it anybody on the way can turn a Reject into an
Accept (Blast-RADIUS, CVE-2024-3596). Each request has a socket, an identifier and an authenticator of its own.
"""

import asyncio
import logging
from io import StringIO
from typing import Any

import attrs

from tidegate.adapters.auth.missing import missing
from tidegate.domain.credentials import AuthVerdict, Credentials

TRIES = 3
TRY_INTERVAL = 3.0
"""Seconds: three tries end within ten, which a mail program waits."""
RUNNING = 200
"""Requests at the same time; each has a socket."""
MAX_PASSWORD_BYTES = 128
"""RFC 2865 section 5.2. A longer one is refused, never cut."""
MAX_USERNAME_BYTES = 253
"""RFC 2865 section 5: what fits into an attribute."""

MAX_PACKET_BYTES = 4096
"""RFC 2865 section 3."""

_HEAD_BYTES = 20
_ACCEPT, _REJECT, _CHALLENGE = 2, 3, 11
_DICTIONARY = """
ATTRIBUTE User-Name 1 string
ATTRIBUTE User-Password 2 octets
ATTRIBUTE Service-Type 6 integer
ATTRIBUTE Calling-Station-Id 31 string
ATTRIBUTE NAS-Identifier 32 string
ATTRIBUTE Message-Authenticator 80 octets
"""
_AUTHENTICATE_ONLY = 8

_log = logging.getLogger("tidegate.auth.radius")
_library_log = logging.getLogger("tidegate.auth.radius.library")
_library_log.setLevel(logging.CRITICAL)  # it logs whatever anybody sends to our port, in whole


@attrs.define(eq=False)
class RadiusAuthenticator:
    """Asks a RADIUS server.

    Attributes:
        identifier: sent as NAS-Identifier.
        secret: shared with the server.
        host: name or address.
        port: of the server.
        tries: how often a request is sent.
        interval_s: seconds between two of them, and after the last.

    Raises (when made):
        PermanentFailure: pyrad is not installed.
    """

    identifier: str
    secret: bytes = attrs.field(repr=False)
    host: str
    port: int
    tries: int = TRIES
    interval_s: float = TRY_INTERVAL
    _dictionary: Any = attrs.field(init=False, repr=False)
    _taken: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        try:
            from pyrad.dictionary import Dictionary
        except ImportError:
            raise missing("pyrad", "radius") from None
        self._dictionary = Dictionary(StringIO(_DICTIONARY))

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        too_long = len(credentials.password.encode()) > MAX_PASSWORD_BYTES or len(credentials.username.encode()) > MAX_USERNAME_BYTES
        if too_long or not credentials.username or not credentials.password:
            return AuthVerdict.REFUSED
        if self._taken >= RUNNING:
            return self._unavailable("too many logins at the same time")
        self._taken += 1
        try:
            async with asyncio.timeout(self.tries * self.interval_s + 1):
                code = await self._ask(credentials)
        except TimeoutError:
            return self._unavailable("no valid reply (replies without Message-Authenticator are not valid)")
        except Exception as error:  # the library raises its own base classes, sockets raise OSError
            return self._unavailable(f"{type(error).__name__}: {error}")
        finally:
            self._taken -= 1
        if code == _ACCEPT:
            return AuthVerdict.ACCEPTED
        if code in (_REJECT, _CHALLENGE):  # SMTP has no way to pass a challenge on
            return AuthVerdict.REFUSED
        return self._unavailable(f"reply of code {code}")

    async def close(self) -> None:
        """Nothing is held between logins."""

    async def _ask(self, credentials: Credentials) -> int:
        from pyrad.client_async import ClientAsync

        client = ClientAsync(
            self.host,
            auth_port=self.port,
            secret=self.secret,
            dict=self._dictionary,
            retries=self.tries - 1,
            timeout=self.interval_s,
            logger_name=_library_log.name,
            enforce_ma=True,
        )
        await client.initialize_transports(enable_auth=True)
        try:
            request = client.CreateAuthPacket(
                User_Name=credentials.username,
                NAS_Identifier=self.identifier,
                Service_Type=_AUTHENTICATE_ONLY,
                message_authenticator=True,
            )
            if credentials.remote_ip:
                request["Calling-Station-Id"] = credentials.remote_ip
            request["User-Password"] = request.PwCrypt(credentials.password)
            reply = await client.SendPacket(request)
            if not _well_formed(reply.raw_packet):
                raise ValueError("reply that is malformed")
            return int(reply.code)
        finally:
            await client.deinitialize_transports()

    def _unavailable(self, reason: str) -> AuthVerdict:
        _log.error("RADIUS server not usable", extra={"server": self.host, "reason": reason})
        return AuthVerdict.UNAVAILABLE


def _well_formed(packet: bytes) -> bool:
    """Whether the attributes end where the packet ends. The library takes a last one that ends beyond it; RFC 2865 section 5 does not."""
    at = _HEAD_BYTES
    while at + 2 <= len(packet) and packet[at + 1] >= 2:
        at += packet[at + 1]
    return at == len(packet) <= MAX_PACKET_BYTES
