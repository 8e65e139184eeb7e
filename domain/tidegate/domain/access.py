"""Whether a new connection is let in, before a byte of SMTP.

Asked with the client's address: the peer's, or the one of the PROXY header when the peer is a proxy.
"""

from enum import StrEnum

import attrs

from tidegate.domain.client_limits import ClientTable, ClientVerdict
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.proxy_protocol import Origin


class Admission(StrEnum):
    """The decision. A refusal is one reply in place of the greeting, then the connection is closed (RFC 5321 section 3.1)."""

    ADMITTED = "admitted"
    """A session begins."""
    GREETING_ONLY = "greeting-only"
    """A session for a proxy's health check: greeting, EHLO, NOOP and QUIT work, MAIL is refused as in NOT_IN_RANGE, and there
    is no AUTH.

    There is no client whose address could be tested, and the proxy's own says nothing about who is behind it."""
    NOT_IN_RANGE = "not-in-range"
    """Outside ``smtp-range``: 554 5.7.1."""
    SUSPECT = "suspect"
    """On the suspect list, with ``smtp-protection``: 554 5.7.1, with the same text, so that nobody learns that there is an entry."""
    TOO_MANY_CONNECTIONS = "too-many-connections"
    """As many connections of this client are open as may be: 421 4.7.0."""
    TOO_FAST = "too-fast"
    """This client opens connections too fast: 421 4.7.0."""


@attrs.frozen
class AccessPolicy:
    """What the configuration says.

    Attributes:
        range: ``smtp-range``: who may connect. Nobody, unless it is set.
        proxies: ``smtp-proxy``: peers that must begin with a PROXY header.
        protection: ``smtp-protection``: whether suspects are refused.
    """

    range: IpRanges = attrs.field(factory=IpRanges.nobody)
    proxies: IpRanges = attrs.field(factory=IpRanges.nobody)
    protection: bool = True

    def expects_proxy_header(self, peer_ip: str) -> bool:
        """Whether the first bytes of this peer are a PROXY header. From any other peer such bytes are no SMTP command."""
        return peer_ip in self.proxies


def admit(
    client_ip: str,
    *,
    policy: AccessPolicy,
    suspects: IpRanges,
    clients: ClientTable,
    now_s: float,
    origin: Origin = Origin.CLIENT,
) -> Admission:
    """Decide on one new connection.

    The tests without memory come first, so that strangers take no room in ``clients``. After ADMITTED, and only then, ``clients.leave`` must
    be called once when the connection ends.

    Args:
        client_ip: canonical text.
        policy: the configuration.
        suspects: the suspect list of this moment.
        clients: counts and rates per client; the new connection is entered when it is admitted.
        now_s: seconds of a monotonic clock.
        origin: what a PROXY header said (:meth:`~tidegate.domain.proxy_protocol.Header.origin_on`); CLIENT when there was none.
    """
    if origin is not Origin.CLIENT:
        return Admission.GREETING_ONLY
    if client_ip not in policy.range:
        return Admission.NOT_IN_RANGE
    if policy.protection and client_ip in suspects:
        return Admission.SUSPECT
    match clients.enter(client_ip, now_s):
        case ClientVerdict.WELCOME:
            return Admission.ADMITTED
        case ClientVerdict.TOO_MANY:
            return Admission.TOO_MANY_CONNECTIONS
        case ClientVerdict.TOO_FAST:
            return Admission.TOO_FAST
