"""Under which host name the server presents itself on one of its addresses: in greeting, EHLO reply, Received and documents.

In order: the name of the MTA that has the address, ``smtp-hostname``, a name from reverse DNS, the machine's own name. Reverse DNS is asked for
when nothing else is known; whoever runs the address's zone writes what it says, so only a proper host name is taken from it, and whether the
name points back to the address (forward-confirmed, RFC 8601 section 3) is recorded.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.dns_name import MAX_NAME_CHARS, can_exist, pointer_name
from tidegate.domain.ip_ranges import IpRanges

MAX_POINTER_NAMES = 10
"""Names of one address that are looked at (as RFC 7208 section 4.6.4 for ``ptr``), in order of the alphabet."""
MAX_SHOWN_CHARS = 255
LAST_RESORT = "localhost"

# RFC 5321 section 4.1.2 Domain: letters, digits and hyphens, no hyphen at either end of a label.
_is_label = re.compile("[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?").fullmatch
_is_shown_as_is = re.compile(rf"[A-Za-z0-9.:_\[\]-]{{1,{MAX_SHOWN_CHARS}}}").fullmatch

# Reverse DNS says "localhost", or nothing that anybody else could use.
_WITHOUT_REVERSE_DNS = IpRanges.parse("0.0.0.0/8;127.0.0.0/8;169.254.0.0/16;224.0.0.0/3;::;::1;fe80::/10;ff00::/8")


class HostNameSource(StrEnum):
    """Where a host name comes from."""

    MTA = "mta"
    """The managed list of MTA names per address."""
    CONFIG = "smtp-hostname"
    REVERSE_DNS = "reverse-dns"
    """A name that points back to the address."""
    REVERSE_DNS_UNCONFIRMED = "reverse-dns-unconfirmed"
    """A name that does not point back to the address, or for which that could not be found out."""
    MACHINE = "machine"


@attrs.frozen
class HostName:
    """A chosen name; always a valid host name."""

    name: str
    source: HostNameSource


@attrs.frozen
class NeedDns:
    """The choice depends on these queries. Resolve them, add the answers to those known, ask again.

    Attributes:
        queries: at least one; all may be asked at once.
        meanwhile: the name for connections that come before the answers do.
    """

    queries: tuple[DnsQuery, ...]
    meanwhile: HostName


def choose_host_name(
    local_ip: str, *, mta_name: str | None, configured: str | None, machine_name: str, answers: Mapping[DnsQuery, DnsAnswer]
) -> HostName | NeedDns:
    """Choose the name for one local address.

    Asks for DNS at most twice: the pointer, then the addresses of its names. Names that are no host names are passed over.

    Args:
        local_ip: canonical text.
        mta_name: name of the MTA with this address, if there is one.
        configured: ``smtp-hostname``, if it is set.
        machine_name: what the operating system says; sanitised here.
        answers: what is known so far. An answer that could not be had belongs in it, as TEMPERROR.
    """
    if mta_name and is_host_name(mta_name):
        return HostName(mta_name, HostNameSource.MTA)
    if configured and is_host_name(configured):
        return HostName(configured, HostNameSource.CONFIG)
    machine = HostName(machine_name if is_host_name(machine_name) else LAST_RESORT, HostNameSource.MACHINE)
    if local_ip in _WITHOUT_REVERSE_DNS:
        return machine
    pointer = DnsQuery(pointer_name(local_ip), RecordType.PTR)
    if pointer not in answers:
        return NeedDns((pointer,), machine)
    names = _usable(answers[pointer])
    if not names:
        return machine
    forward = {name: DnsQuery(name, RecordType.AAAA if ":" in local_ip else RecordType.A) for name in names}
    missing = tuple(query for query in forward.values() if query not in answers)
    if missing:
        return NeedDns(missing, HostName(names[0], HostNameSource.REVERSE_DNS_UNCONFIRMED))
    for name, query in forward.items():
        if local_ip in answers[query].addresses:
            return HostName(name, HostNameSource.REVERSE_DNS)
    return HostName(names[0], HostNameSource.REVERSE_DNS_UNCONFIRMED)


@lru_cache(maxsize=1024)  # asked for every connection, about few names
def is_host_name(text: str) -> bool:
    """Whether the text can stand as a server's name in SMTP (RFC 5321 section 4.1.2): labels of letters, digits and hyphens.

    A single label passes, an address does not: its last label would be a number (RFC 3696 section 2).
    """
    if len(text) > MAX_NAME_CHARS or not all(map(_is_label, text.split("."))):
        return False
    return not text.rpartition(".")[2].isdigit()


def shown_name(text: str) -> str:
    """A name that others gave, EHLO argument or reverse DNS, as it may stand in header fields and log lines.

    Unchanged when it has 1 to 255 characters of ``[A-Za-z0-9.:_-]`` and brackets, otherwise ``[unsafe]``: no part of such a name is repeated.
    """
    return text if _is_shown_as_is(text) else "[unsafe]"


def _usable(answer: DnsAnswer) -> list[str]:
    """Host names among the pointers, with a domain, in an order that does not change from answer to answer."""
    if answer.status is not DnsStatus.NOERROR:
        return []
    names = {name.lower() for name in answer.names if "." in name and can_exist(name) and is_host_name(name)}
    return sorted(names)[:MAX_POINTER_NAMES]
