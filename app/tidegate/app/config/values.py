"""Finished values that the standard library has no type for."""

from enum import StrEnum
from urllib.parse import quote, urlencode

import attrs

AMQP_PORT = 5672
AMQPS_PORT = 5671
"""Ports registered for AMQP without and with TLS."""


class LineEndings(StrEnum):
    """``smtp-line-endings``."""

    REJECT = "reject"
    NORMALIZE = "normalize"


class Check(StrEnum):
    """One item of ``smtp-check``."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    ARC = "arc"
    SPAM = "spam"


class Audience(StrEnum):
    """One item of ``smtp-auth-results``: whose mail gets the header field."""

    LOCAL = "local"
    NONLOCAL = "nonlocal"


class QueueType(StrEnum):
    """``rabbitmq-queue-type``."""

    CLASSIC = "classic"
    QUORUM = "quorum"


class Encoding(StrEnum):
    """``rabbitmq-encoding``."""

    GZIP = "gzip"


class Fallback(StrEnum):
    """``queue-fallback``."""

    SPOOL = "spool"
    REFUSE = "refuse"


class DmarcProfile(StrEnum):
    """``dmarc-profile``."""

    RFC9989 = "rfc9989"
    RFC7489 = "rfc7489"


class StoragePolicy(StrEnum):
    """``storage-policy``."""

    ALL = "all"
    IN = "in"
    OUT = "out"
    NONE = "none"


class LogStream(StrEnum):
    """A destination of ``application-log`` that is not a file."""

    STDERR = "stderr"
    SYSLOG = "syslog"


@attrs.frozen(repr=False)
class Secret:
    """Text that no ``repr``, message or dump shows; :meth:`reveal` is the only way to it."""

    _text: str

    def reveal(self) -> str:
        """The text itself, for the one adapter that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


@attrs.frozen
class AmqpAddress:
    """One broker.

    Attributes:
        tls: ``amqps``.
        host: name, IPv4 address or IPv6 address without brackets.
        port: 1 to 65535.
        username: decoded.
        password: decoded; never shown by ``repr``.
        vhost: virtual host, decoded; ``/`` is RabbitMQ's default one.
        files: names and paths of the files for TLS, as RabbitMQ's URI parameters ``cacertfile``, ``certfile`` and ``keyfile`` name them.
    """

    tls: bool
    host: str
    port: int
    username: str = "guest"
    password: str = attrs.field(default="guest", repr=False)
    vhost: str = "/"
    files: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        """The address as a URL with its password, every part percent-encoded: for clients that want one."""
        return self._url(quote(self.password, safe=""))

    def __str__(self) -> str:
        """The address without its password."""
        return self._url("***")

    def _url(self, password: str) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "amqps" if self.tls else "amqp"
        query = "?" + urlencode(self.files) if self.files else ""
        return f"{scheme}://{quote(self.username, safe='')}:{password}@{host}:{self.port}/{quote(self.vhost, safe='')}{query}"
