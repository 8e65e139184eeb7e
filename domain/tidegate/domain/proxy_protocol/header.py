"""What can come of reading a PROXY header."""

from enum import StrEnum

import attrs

from tidegate.domain.connection import Endpoints, Tls


class Origin(StrEnum):
    """Where a connection behind a proxy comes from, as the header says."""

    CLIENT = "client"
    """A TCP client; the header gives both ends."""
    LOCAL = "local"
    """The proxy itself, normally a health check (version 2, LOCAL). The real ends of the connection hold."""
    UNKNOWN = "unknown"
    """Unknown to the proxy, or not TCP over IP (UNKNOWN, AF_UNSPEC, AF_UNIX). The real ends hold, and are not those of a client."""


@attrs.frozen
class NeedMore:
    """The bytes so far are the beginning of a header. ``at_least`` more are certainly missing, so reading that many takes nothing beyond it."""

    at_least: int


@attrs.frozen
class Rejected:
    """The bytes are not a header that may be acted on; the connection must be closed without an answer.

    ``reason`` is for the log. It is one of a fixed set of sentences and holds nothing that was received.
    """

    reason: str


@attrs.frozen
class Header:
    """A complete header.

    Attributes:
        version: 1 or 2.
        consumed: length of the header in bytes; what follows belongs to TLS or SMTP.
        origin: who is behind the connection.
        endpoints: both ends, IPv4-mapped addresses unmapped, when ``origin`` is CLIENT; otherwise None.
        tls: what the client speaks with the proxy, when the proxy ended TLS and says so (PP2_TYPE_SSL); ``cipher`` may be empty. A fact about
            another connection: the one with us is still in clear.
    """

    version: int
    consumed: int
    origin: Origin
    endpoints: Endpoints | None = None
    tls: Tls | None = None

    def origin_on(self, connection: Endpoints) -> Origin:
        """Who is behind the connection that begins with this header and has these real ends.

        A version 1 header cannot say LOCAL: HAProxy's health checks repeat both ends of the connection they are on. That is the proxy itself,
        since no client of its has the same address and port.
        """
        return Origin.LOCAL if self.endpoints == connection else self.origin


Outcome = NeedMore | Rejected | Header
