"""``ldap://host:port/base_dn`` and ``ldaps://``: a simple bind as the user (RFC 4511 section 4.2, RFC 4513)."""

import logging
import math
import socket
import ssl
import warnings
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from tidegate.adapters.auth.missing import missing
from tidegate.adapters.auth.threads import BoundedThreads
from tidegate.domain.credentials import AuthVerdict, Credentials
from tidegate.domain.ldap_dn import user_dn
from tidegate.ports.errors import TemporaryFailure

DEADLINE = 5.0
"""Seconds for a login, connection and TLS included."""
THREADS = 16
WAITING = 64

_SUCCESS = 0
_INVALID_CREDENTIALS = 49

_log = logging.getLogger("tidegate.auth.ldap")


class LdapSecurity(Enum):
    """How the connection to the server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


def _ldap3() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # names of pyasn1 that ldap3 2.9 still uses
            import ldap3
    except ImportError:
        raise missing("ldap3", "ldap") from None
    return ldap3


@attrs.define(eq=False)
class LdapAuthenticator:
    """Binds as ``uid=<username>,<base_dn>`` on a connection of its own for each login. Referrals are not followed.

    Attributes:
        host: name or address; certificates must name it.
        port: of the server.
        base_dn: what the user's entry is below.
        security: TLS.
        authorities: PEM file of those who may vouch for the server; the system's by default.

    Raises (when made):
        PermanentFailure: ldap3 is not installed.
    """

    host: str
    port: int
    base_dn: str
    security: LdapSecurity = LdapSecurity.NONE
    authorities: Path | None = None
    deadline_s: float = DEADLINE
    _library: Any = attrs.field(init=False, repr=False, factory=_ldap3)
    _threads: BoundedThreads = attrs.field(
        init=False, default=attrs.Factory(lambda self: BoundedThreads("auth-ldap", THREADS, WAITING, self.deadline_s), takes_self=True)
    )

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        if not credentials.username or not credentials.password:
            # RFC 4513 section 5.1.2: a bind without password succeeds for everybody on a server that allows it.
            return AuthVerdict.REFUSED
        if credentials.username != " ".join(credentials.username.split()):
            # uid is compared without regard to such spaces (RFC 4518 section 2.6.1): " bob" would be bob by another name in documents and logs.
            return AuthVerdict.REFUSED
        attempt = _Attempt(self)
        try:
            return await self._threads.run(lambda: attempt.bind(credentials))
        except TemporaryFailure as failure:
            _log.error("LDAP server not usable", extra={"server": self.host, "reason": str(failure)})
            return AuthVerdict.UNAVAILABLE
        finally:
            attempt.abandon()

    async def close(self) -> None:
        """Take no more logins."""
        self._threads.close()


def _verified_tls(ldap3: Any, settings: LdapAuthenticator) -> Any:
    """TLS as the standard library does it. The library's own looks at no certificate by default, and compares names itself."""

    class VerifiedTls(ldap3.Tls):  # type: ignore[misc]
        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            context = ssl.create_default_context(cafile=settings.authorities)
            connection.socket = context.wrap_socket(connection.socket, server_hostname=settings.host)

    return VerifiedTls(validate=ssl.CERT_REQUIRED)


@attrs.define(eq=False)
class _Attempt:
    """One login, in a thread."""

    settings: LdapAuthenticator
    _connection: Any = attrs.field(default=None, init=False)
    _abandoned: bool = attrs.field(default=False, init=False)

    def bind(self, credentials: Credentials) -> AuthVerdict:
        """Connect and bind."""
        ldap3 = self.settings._library
        if self._abandoned:
            raise TemporaryFailure("no thread within the deadline")
        try:
            connection = self._connection = self._make(ldap3, credentials)
            connection.open()
            if self.settings.security is LdapSecurity.STARTTLS and not connection.start_tls():
                raise TemporaryFailure("the server does not start TLS")
            connection.bind()
            code = (connection.result or {}).get("result")
        except TemporaryFailure:
            raise
        except LookupError as error:  # its decoder does not know the field of a referral, and takes a message for whole that is not
            raise TemporaryFailure("the server sent a referral, or what is no answer") from error
        except Exception as error:  # its own families, sockets, TLS, and what else the decoder raises
            raise TemporaryFailure(f"{type(error).__name__}: {error}") from error
        finally:
            self._close()
        if code == _SUCCESS:
            return AuthVerdict.ACCEPTED
        if code == _INVALID_CREDENTIALS:
            return AuthVerdict.REFUSED
        raise TemporaryFailure(f"the server answered with result code {code}")

    def abandon(self) -> None:
        """End what is under way: a server that answers octet by octet does not hold a thread."""
        self._abandoned = True
        sock = getattr(self._connection, "socket", None)
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of a TLS socket too: its own shutdown may only be called by its thread

    def _make(self, ldap3: Any, credentials: Credentials) -> Any:
        settings = self.settings
        server = ldap3.Server(
            settings.host,
            settings.port,
            use_ssl=settings.security is LdapSecurity.TLS,
            tls=None if settings.security is LdapSecurity.NONE else _verified_tls(ldap3, settings),
            get_info=ldap3.NONE,
            connect_timeout=settings.deadline_s,
        )
        return ldap3.Connection(
            server,
            user=user_dn(credentials.username, settings.base_dn),
            password=credentials.password,
            authentication=ldap3.SIMPLE,
            client_strategy=ldap3.SYNC,
            auto_bind=ldap3.AUTO_BIND_NONE,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=False,
            receive_timeout=math.ceil(settings.deadline_s),
        )

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(Exception):  # the verdict stands, or there is none
                self._connection.unbind()
