"""Name servers as configuration spells them: ``192.0.2.53``, ``192.0.2.53:5353``, ``2001:db8::53``, ``[2001:db8::53]:5353``."""

import re
from typing import Self

import attrs

from tidegate.domain.ip_address import canonical
from tidegate.domain.ip_ranges import IpRanges

DEFAULT_PORT = 53
_SHOWN = 80  # characters of a wrong item in the error: more than any right one has

_LOOPBACK = IpRanges.parse("127.0.0.0/8;::1")
_parts = re.compile(r"\[(?P<v6>[^\]]*)\](?::(?P<v6_port>[0-9]{1,5}))?|(?P<v4>[^:\[\]]*):(?P<v4_port>[0-9]{1,5})").fullmatch


@attrs.frozen
class Nameserver:
    """A recursive resolver.

    Attributes:
        address: canonical text.
        port: 1 to 65535, UDP and TCP.
        trusted: whether its word that an answer was validated (the AD bit, RFC 4035 section 3.2.3) counts. A reply from another machine can be
            forged on the way, so by default it counts from this machine alone.
    """

    address: str
    port: int = DEFAULT_PORT
    trusted: bool = attrs.field(default=attrs.Factory(lambda self: self.address in _LOOPBACK, takes_self=True), kw_only=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one server.

        Raises:
            ValueError: not an address, or not a port.
        """
        match = _parts(text)
        address = (match["v6"] or match["v4"] or "") if match else text
        port = int(match["v6_port"] or match["v4_port"] or DEFAULT_PORT) if match else DEFAULT_PORT
        if not 0 < port <= 65535:
            raise ValueError(f"{text[:_SHOWN]!r}: the port is not a number from 1 to 65535")
        try:
            return cls(canonical(address), port)
        except ValueError:
            raise ValueError(
                f"{text[:_SHOWN]!r} is not the address of a name server, like 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"
            ) from None


def parse_nameservers(text: str) -> tuple[Nameserver, ...]:
    """Read a list separated by semicolons, spaces around items allowed; blank text is the empty list.

    Raises:
        ValueError: as :meth:`Nameserver.parse`, or an empty item.
    """
    return tuple(Nameserver.parse(item.strip()) for item in text.split(";")) if text.strip() else ()


def system_nameservers(resolv_conf: str) -> tuple[Nameserver, ...]:
    """The servers of a resolv.conf(5), trusted with ``options trust-ad``; the local host when it names none.

    Lines that are not understood are skipped, as the C library does.
    """
    lines = [line.split() for line in resolv_conf.splitlines()]
    trust = any(words[:1] == ["options"] and "trust-ad" in words[1:] for words in lines)
    servers = []
    for words in lines:
        if len(words) > 1 and words[0] == "nameserver":
            try:
                server = Nameserver(canonical(words[1].partition("%")[0]))
            except ValueError:
                continue
            servers.append(attrs.evolve(server, trusted=True) if trust else server)
    return tuple(servers) or (Nameserver("127.0.0.1"),)
