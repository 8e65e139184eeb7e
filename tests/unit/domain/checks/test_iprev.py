"""Names of addresses and addresses of names."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from tidegate.domain.checks import iprev
from tidegate.domain.checks.lookups import Trace, complete
from tidegate.domain.checks.verdict import IprevResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery

DnsOf = Callable[[Any], Callable[[DnsQuery], DnsAnswer]]
REVERSE = "1.2.0.192.in-addr.arpa"


@pytest.mark.parametrize(
    ("zone", "verdict", "name"),
    [
        ({REVERSE: [["PTR", "Mail.example.com"]], "mail.example.com": [["A", "192.0.2.1"]]}, "pass", "mail.example.com"),
        (
            {REVERSE: [["PTR", "a.example"], ["PTR", "b.example"]], "b.example": [["A", "198.51.100.1"], ["A", "192.0.2.1"]]},
            "pass",
            "b.example",
        ),
        ({REVERSE: [["CNAME", "x.example"]], "x.example": [["PTR", "b.example"]], "b.example": [["A", "192.0.2.1"]]}, "pass", "b.example"),
        ({REVERSE: [["PTR", "mail.example.com"]], "mail.example.com": [["A", "192.0.2.2"]]}, "fail", ""),
        ({REVERSE: [["PTR", "mail.example.com"]]}, "fail", ""),
        ({REVERSE: []}, "fail", ""),
        ({}, "fail", ""),
        ({REVERSE: [["PTR", 'x"; evil'], ["PTR", "a..b"], ["PTR", ""]]}, "fail", ""),
        ({REVERSE: [["TIMEOUT"]]}, "temperror", ""),
        ({REVERSE: [["PTR", "a.example"], ["PTR", "b.example"]], "a.example": [["TIMEOUT"]]}, "temperror", ""),
        (
            {REVERSE: [["PTR", "a.example"], ["PTR", "b.example"]], "a.example": [["TIMEOUT"]], "b.example": [["A", "192.0.2.1"]]},
            "pass",
            "b.example",
        ),
        ({REVERSE: [["PTR", f"n{n}.example"] for n in range(11)], "n10.example": [["A", "192.0.2.1"]]}, "fail", ""),
    ],
)
def test_verdicts(dns_of: DnsOf, zone: Any, verdict: str, name: str) -> None:
    """A name counts when it has the address; ten are looked at; trouble matters only where nothing matches."""
    result = complete(iprev.evaluate(ip_address("192.0.2.1")), dns_of(zone))
    assert (result.verdict, result.name, bool(result.reason)) == (verdict, name, verdict != "pass")
    assert result.ip == "192.0.2.1"


def test_ipv6_and_mapped(dns_of: DnsOf) -> None:
    """IPv6 is looked up as AAAA, a mapped address as the IPv4 address it is."""
    six = ip_address("2001:db8::1")
    zone = {six.reverse_pointer: [["PTR", "six.example"]], "six.example": [["AAAA", "2001:DB8:0::1"]], REVERSE: [["PTR", "four.example"]]}
    zone["four.example"] = [["A", "192.0.2.1"]]
    assert complete(iprev.evaluate(six), dns_of(zone)) == IprevResult(Verdict.PASS, "2001:db8::1", "six.example")
    assert complete(iprev.evaluate(ip_address("::ffff:192.0.2.1")), dns_of(zone)) == IprevResult(Verdict.PASS, "192.0.2.1", "four.example")


def test_trace(dns_of: DnsOf) -> None:
    """``--explain`` shows both directions."""
    trace = Trace()
    zone = {REVERSE: [["PTR", "a.example"]], "a.example": [["A", "192.0.2.1"]]}
    complete(iprev.evaluate(ip_address("192.0.2.1"), trace=trace), dns_of(zone))
    assert trace.lines == [
        "  DNS PTR 1.2.0.192.in-addr.arpa: a.example",
        "  DNS A a.example: 192.0.2.1",
        "iprev pass for 192.0.2.1 a.example",
    ]
