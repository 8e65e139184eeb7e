"""The records that an operator changes while the server runs, and the immutable value that a worker makes of them."""

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_network
from types import MappingProxyType

import attrs

from tidegate.domain.ip_address import canonical, unmapped
from tidegate.domain.ip_address import parse as parse_ip
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.local_addresses import LocalAddresses

MAX_REASON_CHARS = 200
"""Bound of the text that says why an address is suspected: one line of a list."""
MAX_HOST_CHARS = 255
"""RFC 5321 section 4.5.3.1.2."""

# RFC 5321 section 4.1.2 Domain.
_is_host = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*+").fullmatch


@attrs.frozen(order=True)
class MtaName:
    """The host name of the MTA on one of our addresses; made by :meth:`parse`.

    Attributes:
        ip: canonical text.
        name: host name in lower case.
    """

    ip: str
    name: str

    @classmethod
    def parse(cls, ip: str, name: str) -> "MtaName":
        """Check a record.

        Raises:
            ValueError: ``args[0]`` says what is wrong.
        """
        lowered = name.strip().lower()
        if len(lowered) > MAX_HOST_CHARS or _is_host(lowered) is None:
            raise ValueError(f"{name[:80]!r} is not a host name")
        return cls(parse_address(ip), lowered)


@attrs.frozen(order=True)
class Suspect:
    """An address or network that is suspected of abuse; made by :meth:`parse`.

    Attributes:
        network: canonical text: an address, or a network in CIDR notation.
        reason: why, for people; may be empty.
        expires: from when on it is no longer suspected (aware, whole seconds, UTC), or None for never.
        hits: connections that were refused for it so far.
    """

    network: str
    reason: str = ""
    expires: datetime | None = None
    hits: int = 0

    @classmethod
    def parse(cls, network: str, reason: str = "", expires: datetime | None = None, hits: int = 0) -> "Suspect":
        """Check a record.

        Raises:
            ValueError: ``args[0]`` says what is wrong.
        """
        text = network.strip()
        if not text or ";" in text:
            raise ValueError("is one address or network")
        if "/" not in text and "-" in text:
            raise ValueError("is a range: write it as networks in CIDR notation")
        try:
            IpRanges.parse(text)
        except ValueError as error:
            raise ValueError(str(error.args[0]).partition(": ")[2]) from None
        if len(reason) > MAX_REASON_CHARS or not reason.isprintable():
            raise ValueError(f"the reason is longer than {MAX_REASON_CHARS} characters or has characters that cannot be printed")
        if expires is not None and expires.tzinfo is None:
            raise ValueError("the time at which it expires has no time zone")
        return cls(_network(text), reason, None if expires is None else expires.replace(microsecond=0), max(0, hits))

    def in_force(self, now: datetime) -> bool:
        """Whether it is suspected at this moment."""
        return self.expires is None or now < self.expires


@attrs.frozen(repr=False)
class Snapshot:
    """The managed state of one moment, immutable.

    Attributes:
        version: equal for two snapshots of one state; otherwise of no meaning.
        local: the local address list.
        mta_names: host name by canonical address.
        suspects: all of them, expired ones included.
    """

    version: str = ""
    local: LocalAddresses = attrs.field(factory=LocalAddresses)
    mta_names: Mapping[str, str] = MappingProxyType({})
    suspects: tuple[Suspect, ...] = ()

    def suspected(self, now: datetime) -> IpRanges:
        """The addresses that are suspected at this moment."""
        return IpRanges.parse(";".join(suspect.network for suspect in self.suspects if suspect.in_force(now)))

    def next_expiry(self, now: datetime) -> datetime | None:
        """When :meth:`suspected` will next have another answer."""
        return min((suspect.expires for suspect in self.suspects if suspect.expires is not None and now < suspect.expires), default=None)

    def __repr__(self) -> str:
        return f"Snapshot({self.version!r}, {len(self.local)} local, {len(self.mta_names)} names, {len(self.suspects)} suspects)"


def parse_address(text: str) -> str:
    """The canonical text of an IP address.

    Raises:
        ValueError: it is none.
    """
    try:
        return canonical(text.strip())
    except ValueError:
        raise ValueError(f"{text[:80]!r} is not an IP address") from None


def networks_of(ip: str) -> tuple[str, ...]:
    """Every text that :attr:`Suspect.network` can have and that holds this address (canonical text), narrowest first."""
    address = unmapped(parse_ip(ip))
    bits = address.max_prefixlen
    return (str(address), *(str(ip_network((address, length), strict=False)) for length in range(bits - 1, -1, -1)))


def _network(text: str) -> str:
    """Canonical text of one address or network that :class:`IpRanges` takes."""
    base, slash, length = text.partition("/")
    address = parse_ip(base)
    plain = unmapped(address)
    if not slash:
        return str(plain)
    prefix = int(length) - (96 if ":" in base and plain.version == 4 else 0)
    return str(plain) if prefix == plain.max_prefixlen else f"{plain}/{prefix}"
