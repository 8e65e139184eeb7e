"""DNS questions and answers as values (RFC 1035), as decisions of the domain need them."""

from enum import StrEnum

import attrs


class RecordType(StrEnum):
    """Record types the gateway asks for."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    PTR = "PTR"
    TXT = "TXT"


class DnsStatus(StrEnum):
    """How a query ended."""

    NOERROR = "noerror"
    """The name exists; ``records`` may still be empty (no data of this type)."""
    NXDOMAIN = "nxdomain"
    """The name does not exist (RFC 8020: nor anything below it)."""
    TEMPERROR = "temperror"
    """No usable answer: time-out, SERVFAIL, REFUSED, nonsense. A retry may succeed."""


@attrs.frozen
class DnsQuery:
    """One question. ``name`` is ASCII (A-labels), without trailing dot; not checked for valid labels."""

    name: str
    type: RecordType


@attrs.frozen
class MxRecord:
    """One mail exchanger (RFC 1035 section 3.3.9); ``exchange`` without trailing dot, ``""`` for the null MX (RFC 7505)."""

    preference: int
    exchange: str


@attrs.frozen
class DnsAnswer:
    """The answer to one :class:`DnsQuery`; CNAMEs have been followed.

    Attributes:
        status: how the query ended; only NOERROR carries records.
        addresses: for A and AAAA: canonical text of each address.
        texts: for TXT: one item per record, its character-strings joined (RFC 7208 section 3.3), raw bytes.
        exchanges: for MX.
        names: for PTR: without trailing dot.
        authenticated: the resolver validated the answer with DNSSEC (AD bit of a trusted resolver).
    """

    status: DnsStatus
    addresses: tuple[str, ...] = ()
    texts: tuple[bytes, ...] = ()
    exchanges: tuple[MxRecord, ...] = ()
    names: tuple[str, ...] = ()
    authenticated: bool = False
