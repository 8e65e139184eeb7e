"""The same questions to pyspf, the reference implementation in Python, on a DNS made of a table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import chain

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from tidegate.domain.checks.lookups import complete
from tidegate.domain.checks.spf import evaluate
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, MxRecord, RecordType
from tidegate.domain.dns_name import can_exist
from tidegate.domain.ip_address import parse

spf = pytest.importorskip("spf", reason="pyspf is not installed")

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NO_EXPLANATION = "SPF fail - not authorized"  # pyspf's own
DOMAINS = ["a.example", "b.example", "c.example", "d.example"]
ADDRESSES4 = ["192.0.2.1", "192.0.2.130"]
ADDRESSES6 = ["2001:db8::1", "2001:db8:ffff::7"]

Table = dict[str, dict[str, list[str] | str]]
Lookup = Callable[..., list[object]]

domains = st.sampled_from([*DOMAINS, "absent.example"])
macros = st.sampled_from(
    ["%{d}", "%{d2}", "%{l}.example", "%{o1r}.example", "%{dr}.example", "%{h}", "%{l1r-}.example", "%{L}.example", "x..example"]
)
wrong = st.sampled_from(["", "bad", "%{z}", "c.exam%ple", "1.2.3.4", "c.example:80", "%{c}"])
specs = st.integers(0, 19).flatmap(lambda n: wrong if n == 0 else macros if n < 6 else domains)
prefixes = st.sampled_from([""] * 6 + ["/24", "/0", "//64", "/25//0", "/24//128"]) | st.sampled_from(
    ["", "", "", "", "/33", "/", "/024", "//129", "/a"]
)
addresses = st.sampled_from(["ip4:192.0.2.0/25", "ip4:192.0.2.1", "ip6:2001:db8::/64", "ip6:2001:db8::1", "ip4:192.0.2.128/26", "ip6:::/1"])
wrong_addresses = st.sampled_from(
    ["ip4:192.0.2", "ip6:1.2.3.4", "ip4:192.0.2.1/33", "ip4:192.0.2.01", "ip6:2001:db8::/129", "ip4", "unknown:x", "all.", "all:x"]
)
hosts = st.builds("{}:{}{}".format, st.sampled_from(["a", "mx"]), specs, prefixes) | st.builds(
    "{}{}".format, st.sampled_from(["a", "mx"]), prefixes
)
named = st.builds("{}:{}".format, st.sampled_from(["include", "include", "exists"]), specs)
mechanisms = st.integers(0, 29).flatmap(lambda n: wrong_addresses if n == 0 else addresses if n < 8 else hosts if n < 18 else named)
directives = st.builds("{}{}".format, st.sampled_from(["", "+", "-", "~", "?"]), mechanisms)
ends = st.sampled_from(
    [[], [], ["-all"], ["~all"], ["?all"], ["all", "-all"], ["redirect=b.example"], ["redirect=%{d}", "-all"], ["redirect=c.example"]]
)
# An unknown modifier once: pyspf calls a repeated one an error, RFC 7208 section 6 wants it ignored "no matter where, or how often".
extras = st.sampled_from([[]] * 12 + [["x=y"], ["a="], ["x=%"], ["exp=c.example"], ["redirect="], ["1=a"]])
records = st.builds(lambda *parts: " ".join(["v=spf1", *chain(*parts)]), extras, st.lists(directives, max_size=5), ends)
texts = st.integers(0, 19).flatmap(
    lambda n: st.sampled_from([[], ["other"], ["v=spf10 -all"], "TIMEOUT"]) if n == 0 else st.lists(records, min_size=1, max_size=1 + (n == 1))
)
names = st.fixed_dictionaries(
    {"TXT": texts},
    optional={
        "A": st.lists(st.sampled_from(ADDRESSES4), min_size=1, max_size=2, unique=True) | st.just("TIMEOUT"),
        "AAAA": st.lists(st.sampled_from(ADDRESSES6), min_size=1, max_size=2, unique=True),
        "MX": st.lists(domains, min_size=1, max_size=1),  # pyspf asks for every host before it compares: with one it makes no difference
    },
)
zones = st.fixed_dictionaries({"a.example": names}, optional={"b.example": names, "c.example": names, "d.example": names})


def ours(zone: Table) -> Callable[[DnsQuery], DnsAnswer]:
    """The table as this project asks it."""

    def answer(query: DnsQuery) -> DnsAnswer:
        records = zone.get(query.name.lower())
        if records is None:
            return DnsAnswer(DnsStatus.NXDOMAIN)
        found = records.get(query.type, [])
        if isinstance(found, str):
            return DnsAnswer(DnsStatus.TEMPERROR)
        match query.type:
            case RecordType.TXT:
                return DnsAnswer(DnsStatus.NOERROR, texts=tuple(text.encode() for text in found))
            case RecordType.MX:
                return DnsAnswer(DnsStatus.NOERROR, exchanges=tuple(MxRecord(10, host) for host in found))
            case _:
                return DnsAnswer(DnsStatus.NOERROR, addresses=tuple(found))

    return answer


def theirs(zone: Table) -> Lookup:
    """The table as pyspf asks it: its own tests replace the same function."""

    def lookup(name: str, qtype: str, strict: bool = True, timeout: float = 0) -> list[object]:
        found = zone.get(name.lower(), {}).get(qtype, [])
        if isinstance(found, str):
            raise spf.TempError("DNS timeout")
        shape: dict[str, Callable[[str], object]] = {"TXT": lambda text: (text.encode(),), "MX": lambda host: (10, host)}
        return [((name.lower(), qtype), shape.get(qtype, ip_address)(data)) for data in found]

    return lookup


@pytest.fixture
def pyspf_lookup() -> Iterator[Callable[[Lookup], None]]:
    """Sets what pyspf resolves with, and puts the original back."""
    original = spf.DNSLookup

    def use(lookup: Lookup) -> None:
        spf.DNSLookup = lookup

    yield use
    spf.DNSLookup = original


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    zone=zones,
    ip=st.sampled_from([*ADDRESSES4, *ADDRESSES6, "203.0.113.9", "::ffff:192.0.2.1"]),
    sender=st.sampled_from(["user@a.example", "b@a.example", "b-c@a.example", "@a.example"]),
)
def test_same_verdict_as_pyspf(pyspf_lookup: Callable[[Lookup], None], zone: Table, ip: str, sender: str) -> None:
    """Over random records and zones both come to the same verdict."""
    pyspf_lookup(theirs(zone))
    expected, _, explanation = spf.query(i=ip, s=sender, h="d.example").check()
    # pyspf refuses a record that includes itself before it evaluates; by RFC 7208 section 4.6.4 only the eleventh look-up is an error.
    assume("trivial recursion" not in explanation)
    result = complete(evaluate(parse(ip), "d.example", sender, now=NOW), ours(zone))
    event(expected)
    assert result.verdict == expected, result.reason


literals = st.sampled_from(["a", "-b", ".c", "/", "%%d", "%_", "%-", "=", "~", "%{z}"])
digits = st.sampled_from(["", "", "1", "2", "9", "128"])
reverses = st.sampled_from(["", "", "r"])
# Split at other characters than dots are what senders choose: pyspf joins the parts of other values by the characters that stood between them, where
# RFC 7208 section 7.3 wants dots.
expansions = st.builds("%{{{}{}{}}}".format, st.sampled_from("slodivhSLODIVH"), digits, reverses) | st.builds(
    "%{{{}{}{}{}}}".format, st.sampled_from("slSL"), digits, reverses, st.sampled_from(["-", "+", ".-", "/=_,+-."])
)
macro_strings = st.lists(st.one_of(expansions, expansions, literals), min_size=1, max_size=3).map("".join)  # longer names pyspf cuts wrongly


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=macro_strings,
    in_explanation=st.booleans(),
    ip=st.sampled_from(["192.0.2.1", "2001:db8::cb01"]),
    sender=st.sampled_from(["user@a.example", "strong-Bad+x@a.example", "o=p_q.r@A.example", ""]),
    helo=st.sampled_from(["a.example", "h-1.a.example"]),
)
def test_same_expansion_as_pyspf(
    pyspf_lookup: Callable[[Lookup], None], text: str, in_explanation: bool, ip: str, sender: str, helo: str
) -> None:
    """Macros stand for the same text: in an explanation, and in the name that a mechanism asks for."""
    record = "v=spf1 exp=exp.example -all" if in_explanation else f"v=spf1 exists:{text}.x.example -all"
    zone: Table = {
        "a.example": {"TXT": [record]},
        "h-1.a.example": {"TXT": [record]},
        "exp.example": {"TXT": [f"{text}, %{{c}}"]},
    }
    lookup, answer = theirs(zone), ours(zone)
    asked_theirs: list[str] = []
    asked_ours: list[str] = []

    def asking(name: str, qtype: str, strict: bool = True, timeout: float = 0) -> list[object]:
        if can_exist(name):  # nobody has to ask for what cannot be
            asked_theirs.append(name.lower())
        return lookup(name, qtype, strict, timeout)

    def answering(query: DnsQuery) -> DnsAnswer:
        asked_ours.append(query.name.lower())
        return answer(query)

    pyspf_lookup(asking)
    expected, _, explanation = spf.query(i=ip, s=sender, h=helo).check()
    result = complete(evaluate(parse(ip), helo, sender, now=NOW), answering)
    event(f"{expected} {'explained' if result.explanation else ''}")
    assert result.verdict == expected, result.reason
    assert asked_ours == asked_theirs
    if in_explanation:
        assert (result.explanation or NO_EXPLANATION).lower() == explanation.lower()  # we keep %{d} in lower case
