"""iprev: whether the client's address has a name that has this address (RFC 8601 section 3)."""

from ipaddress import IPv4Address

from tidegate.domain.checks.domain_name import is_hostname
from tidegate.domain.checks.lookups import Lookups, Trace, ask
from tidegate.domain.checks.verdict import IprevResult, Verdict
from tidegate.domain.dns import DnsQuery, DnsStatus, RecordType
from tidegate.domain.ip_address import IpAddress, parse, unmapped

MAX_NAMES = 10  # looked up; whoever owns the address can publish a thousand


def evaluate(ip: IpAddress, *, trace: Trace | None = None) -> Lookups[IprevResult]:
    """Look up the names of the address, then the addresses of the names, all at once.

    An address without any name is a fail, as other verifiers report it; RFC 8601 section 2.7.3 has permerror for it.
    """
    address = unmapped(ip)
    result = yield from _evaluate(address, trace)
    if trace:
        trace.note(f"iprev {result.verdict} for {address} {result.name}".rstrip() + (f": {result.reason}" if result.reason else ""))
    return result


def _evaluate(address: IpAddress, trace: Trace | None) -> Lookups[IprevResult]:
    query = DnsQuery(address.reverse_pointer, RecordType.PTR)
    reverse = yield from ask(query.name, query.type)
    if trace:
        trace.answered(query, reverse, 1)
    if reverse.status is DnsStatus.TEMPERROR:
        return IprevResult(Verdict.TEMPERROR, str(address), reason="no answer for the names of the address")
    names = [name.lower() for name in reverse.names[:MAX_NAMES] if is_hostname(name)]
    if not names:
        return IprevResult(Verdict.FAIL, str(address), reason="the address has no name")
    record_type = RecordType.A if isinstance(address, IPv4Address) else RecordType.AAAA
    queries = tuple(DnsQuery(name, record_type) for name in names)
    answers = yield queries
    if trace:
        for forward, answer in zip(queries, answers, strict=True):
            trace.answered(forward, answer, 1)
    for forward, answer in zip(queries, answers, strict=True):
        if any(_is(text, address) for text in answer.addresses):
            return IprevResult(Verdict.PASS, str(address), forward.name)
    if any(answer.status is DnsStatus.TEMPERROR for answer in answers):
        return IprevResult(Verdict.TEMPERROR, str(address), reason="no answer for the addresses of a name")
    return IprevResult(Verdict.FAIL, str(address), reason=f"{names[0]} does not have the address")


def _is(text: str, address: IpAddress) -> bool:
    try:
        return parse(text) == address
    except ValueError:
        return False
