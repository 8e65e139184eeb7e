"""How many connections one client may have and how fast it may open them.

A client is an IPv4 address or an IPv6 network of 64 bits, because one host has a whole /64 to connect from. Connections are counted; openings
pass a token bucket. The state is one process's own and bounded: the clients without an open connection are forgotten oldest first.
"""

from collections import OrderedDict
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

import attrs

from tidegate.domain.ip_address import is_ipv4
from tidegate.domain.ip_ranges import IpRanges

MAX_REMEMBERED = 20_000
"""Clients without an open connection whose bucket is kept, about 5 MB. Whoever commands more addresses than this is not held by rates."""

_IPV6_HOST_BITS = 64  # RFC 4291 section 2.5.4: the interface identifier; a subscriber has at least one such network


@attrs.frozen
class ClientLimits:
    """Limits per client.

    The defaults are far above what any mail server opens to one peer, and what an application that injects over one address needs; they keep a
    single host from using up the descriptors of a process. Receivers that face the internet set less.

    Attributes:
        connections: most connections at the same time, of one process.
        openings_per_minute: sustained rate of new connections; 0 sets no rate.
        burst: openings that may come at once after a pause, at least 1.
        exempt: clients without any of these limits.
    """

    connections: int = attrs.field(default=5000, validator=attrs.validators.ge(1))
    openings_per_minute: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    burst: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    exempt: IpRanges = attrs.field(factory=IpRanges.nobody)


class ClientVerdict(StrEnum):
    """What the limits say to one more connection."""

    WELCOME = "welcome"
    TOO_MANY = "too-many"
    """The client has as many connections open as it may."""
    TOO_FAST = "too-fast"
    """The client opens connections faster than it may."""


@attrs.define
class _Client:
    tokens: float
    filled_at_s: float
    open: int = 0


@attrs.define
class ClientTable:
    """The clients of one process. Times are seconds of a monotonic clock; a time before the last one counts as the last one."""

    limits: ClientLimits
    max_remembered: int = MAX_REMEMBERED
    _open: dict[str | int, _Client] = attrs.field(factory=dict, init=False)
    _idle: OrderedDict[str | int, _Client] = attrs.field(factory=OrderedDict, init=False)

    def enter(self, address: str, now_s: float) -> ClientVerdict:
        """Count one new connection of ``address`` (canonical text) if the limits allow it.

        After WELCOME, and only then, :meth:`leave` must be called once. The limits can be replaced at any time; they hold from the next call.
        """
        limits = self.limits
        key = client_key(address)
        client = self._open.get(key) or self._idle.pop(key, None) or _Client(limits.burst, now_s)
        verdict = ClientVerdict.WELCOME
        if address not in limits.exempt:
            if client.open >= limits.connections:
                verdict = ClientVerdict.TOO_MANY
            elif limits.openings_per_minute and not _take_token(client, limits, now_s):
                verdict = ClientVerdict.TOO_FAST
        if verdict is ClientVerdict.WELCOME:
            client.open += 1
            self._open[key] = client
        elif not client.open:
            self._remember(key, client)
        return verdict

    def leave(self, address: str) -> None:
        """A connection of ``address`` that was welcome has ended."""
        key = client_key(address)
        client = self._open[key]
        client.open -= 1
        if not client.open:
            del self._open[key]
            self._remember(key, client)

    def open_connections(self, address: str) -> int:
        """How many connections of this client are counted now."""
        client = self._open.get(client_key(address))
        return client.open if client else 0

    def __len__(self) -> int:
        """How many clients are held, with and without open connections."""
        return len(self._open) + len(self._idle)

    def _remember(self, key: str | int, client: _Client) -> None:
        """Keep the bucket of a client without open connections, if there are rates at all."""
        if not self.limits.openings_per_minute:
            return
        self._idle[key] = client
        if len(self._idle) > self.max_remembered:
            self._idle.popitem(last=False)


@lru_cache(maxsize=8192)  # of each connection when it begins and when it ends
def client_key(address: str) -> str | int:
    """What addresses of one client have in common: the address itself for IPv4, the upper 64 bits for IPv6.

    Raises:
        ValueError: not an address.
    """
    if is_ipv4(address):
        return address
    parsed = ip_address(address)
    return int(parsed) >> _IPV6_HOST_BITS if isinstance(parsed, IPv6Address) else str(parsed)


def _take_token(client: _Client, limits: ClientLimits, now_s: float) -> bool:
    """Fill the bucket up to ``now_s`` and take one token, when there is one."""
    elapsed_s = max(0.0, now_s - client.filled_at_s)
    client.tokens = min(float(limits.burst), client.tokens + elapsed_s * limits.openings_per_minute / 60)
    client.filled_at_s += elapsed_s
    if client.tokens < 1:
        return False
    client.tokens -= 1
    return True
