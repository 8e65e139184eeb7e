"""check_host() on small zones: identities, limits, errors, explanations."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest

from tidegate.domain.checks.lookups import Trace, complete
from tidegate.domain.checks.spf import evaluate
from tidegate.domain.checks.verdict import SpfIdentity, SpfResult
from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.ip_address import parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DnsOf = Callable[[Any], Callable[[DnsQuery], DnsAnswer]]


@pytest.fixture
def check(dns_of: DnsOf) -> Callable[..., SpfResult]:
    """SPF for 192.0.2.1 and user@example.com unless said otherwise, on a zone."""

    def run(zone: dict[str, Any], sender: str = "user@example.com", ip: str = "192.0.2.1", helo: str = "mx.example.net") -> SpfResult:
        return complete(evaluate(parse(ip), helo, sender, now=NOW, receiver="mta.example"), dns_of(zone))

    return run


def txt(*records: str) -> list[list[Any]]:
    """TXT records of one name."""
    return [["TXT", [record]] for record in records]


@pytest.mark.parametrize(
    ("sender", "helo", "identity", "value", "domain", "verdict"),
    [
        ("user@example.com", "x", SpfIdentity.MAIL_FROM, "user@example.com", "example.com", "fail"),
        ("user@EXAMPLE.com.", "x", SpfIdentity.MAIL_FROM, "user@EXAMPLE.com.", "example.com", "fail"),
        ('"a@b"@example.com', "x", SpfIdentity.MAIL_FROM, '"a@b"@example.com', "example.com", "fail"),
        ("@example.com", "x", SpfIdentity.MAIL_FROM, "@example.com", "example.com", "fail"),
        ("example.com", "x", SpfIdentity.MAIL_FROM, "example.com", "example.com", "fail"),
        ("user@bücher.example", "x", SpfIdentity.MAIL_FROM, "user@bücher.example", "xn--bcher-kva.example", "fail"),
        ("", "example.com", SpfIdentity.HELO, "example.com", "example.com", "fail"),
        ("", "[192.0.2.1]", SpfIdentity.HELO, "[192.0.2.1]", "", "none"),
        ("", "localhost", SpfIdentity.HELO, "localhost", "", "none"),
        ("", "joe@example.com", SpfIdentity.HELO, "joe@example.com", "", "none"),
        ("", "", SpfIdentity.HELO, "", "", "none"),
        ("user@com", "x", SpfIdentity.MAIL_FROM, "user@com", "", "none"),
        ("user@.", "x", SpfIdentity.MAIL_FROM, "user@.", "", "none"),
        ("user@" + "a." * 127 + "com", "x", SpfIdentity.MAIL_FROM, "user@" + "a." * 127 + "com", "", "none"),
        ("user@_x.example.com", "x", SpfIdentity.MAIL_FROM, "user@_x.example.com", "_x.example.com", "none"),
        ("user@a\r\nb.example", "x", SpfIdentity.MAIL_FROM, "user@a\r\nb.example", "", "none"),
    ],
)
def test_identity(
    check: Callable[..., SpfResult], sender: str, helo: str, identity: SpfIdentity, value: str, domain: str, verdict: str
) -> None:
    """ML04: HELO stands in for the null reverse path; what is no domain of several labels has no SPF."""
    zone = {"example.com": txt("v=spf1 -all"), "xn--bcher-kva.example": txt("v=spf1 -all")}
    result = check(zone, sender, helo=helo)
    assert (result.identity, result.value, result.domain, result.verdict) == (identity, value, domain, verdict)
    assert result.reason
    assert result.reason.isascii()
    assert result.reason.isprintable()


def test_mapped_client_is_ipv4(dns_of: DnsOf) -> None:
    """ML05: ::ffff:192.0.2.1 is 192.0.2.1, even when the caller did not unmap it."""
    zone = {"example.com": txt("v=spf1 ip4:192.0.2.1 -all")}
    assert complete(evaluate(ip_address("::ffff:192.0.2.1"), "x", "u@example.com", now=NOW), dns_of(zone)).verdict == "pass"


@pytest.mark.parametrize(("terms", "expected"), [(10, "neutral"), (11, "permerror")])
def test_lookup_limit(check: Callable[..., SpfResult], terms: int, expected: str) -> None:
    """ML01: the eleventh term that needs the DNS is an error (RFC 7208 section 4.6.4)."""
    zone = {"example.com": txt("v=spf1 " + "a:h.example.com " * terms), "h.example.com": [["A", "198.51.100.1"]]}
    assert check(zone).verdict == expected


def test_lookup_limit_spans_includes(check: Callable[..., SpfResult]) -> None:
    """ML01: ten includes of records with ten mx each never ask a thousand questions."""
    zone: dict[str, Any] = {"example.com": txt("v=spf1 " + " ".join(f"include:i{n}.example.com" for n in range(10)) + " -all")}
    zone |= {f"i{n}.example.com": txt("v=spf1 " + "mx:m.example.com " * 10) for n in range(10)}
    zone["m.example.com"] = [["MX", [1, f"h{n}.example.com"]] for n in range(10)]
    zone |= {f"h{n}.example.com": [["A", "198.51.100.1"]] for n in range(10)}
    result = check(zone)
    assert result.verdict == "permerror"
    assert "more than 10 terms" in result.reason


@pytest.mark.parametrize("record", ["v=spf1 include:example.com -all", "v=spf1 redirect=example.com"])
def test_loops_end(check: Callable[..., SpfResult], record: str) -> None:
    """ML01: a record that names itself runs into the limit."""
    assert check({"example.com": txt(record)}).verdict == "permerror"


@pytest.mark.parametrize(("terms", "expected"), [(2, "fail"), (3, "permerror")])
def test_void_limit(check: Callable[..., SpfResult], terms: int, expected: str) -> None:
    """ML02: the third answer without records is an error."""
    assert check({"example.com": txt("v=spf1 " + "a:absent.example.com " * terms + "-all")}).verdict == expected


@pytest.mark.parametrize(("hosts", "expected"), [(10, "pass"), (11, "permerror")])
def test_mx_limit(check: Callable[..., SpfResult], hosts: int, expected: str) -> None:
    """ML03: an eleventh MX host is an error, even when the first would match."""
    zone: dict[str, Any] = {f"h{n}.example.com": [["A", f"192.0.2.{n + 1}"]] for n in range(hosts)}
    zone["example.com"] = [*txt("v=spf1 mx -all"), *(["MX", [n, f"h{n}.example.com"]] for n in range(hosts))]
    assert check(zone).verdict == expected


def test_null_mx_and_mx_order(check: Callable[..., SpfResult]) -> None:
    """A null MX (RFC 7505) matches nothing; a host that times out behind one that matches does no harm."""
    assert check({"example.com": [*txt("v=spf1 mx -all"), ["MX", [0, "."]]]}).verdict == "fail"
    zone = {
        "example.com": [*txt("v=spf1 mx -all"), ["MX", [20, "slow.example.com"]], ["MX", [10, "good.example.com"]]],
        "good.example.com": [["A", "192.0.2.1"]],
        "slow.example.com": [["TIMEOUT"]],
    }
    assert check(zone).verdict == "pass"
    assert check(zone, ip="192.0.2.2").verdict == "temperror"


def test_ptr_looks_at_ten_names(check: Callable[..., SpfResult]) -> None:
    """ML03: of a thousand names of the client, ten are looked up, the others ignored; names that do not resolve are skipped."""
    pointers = [["PTR", f"n{n}.example.org"] for n in range(9)] + [["PTR", "mail.example.com"]] + [["PTR", "late.example.com"]] * 990
    zone = {
        "example.com": txt("v=spf1 ptr -all"),
        "1.2.0.192.in-addr.arpa": pointers,
        "n0.example.org": [["TIMEOUT"]],
        "mail.example.com": [["A", "192.0.2.1"]],
    }
    assert check(zone).verdict == "pass"
    zone["1.2.0.192.in-addr.arpa"] = [["PTR", f"n{n}.example.org"] for n in range(10)] + [["PTR", "mail.example.com"]]
    assert check(zone).verdict == "fail"


def test_ptr_must_point_back(check: Callable[..., SpfResult]) -> None:
    """A name that the client's owner made up does not count unless it has the client's address; nor does one that only ends alike."""
    zone = {
        "example.com": txt("v=spf1 ptr -all"),
        "1.2.0.192.in-addr.arpa": [["PTR", "mail.example.com"], ["PTR", "mail.badexample.com"]],
        "mail.example.com": [["A", "198.51.100.1"]],
        "mail.badexample.com": [["A", "192.0.2.1"]],
    }
    assert check(zone).verdict == "fail"
    assert check({**zone, "1.2.0.192.in-addr.arpa": [["TIMEOUT"]]}).verdict == "fail"


def test_p_macro_counts_as_lookup(check: Callable[..., SpfResult]) -> None:
    """RFC 7208 section 4.6.4 counts the PTR query of ``%{p}`` too."""
    zone = {"example.com": txt("v=spf1 " + "a:h.example.com " * 9 + "exists:%{p}.x.example.com -all"), "h.example.com": [["A", "198.51.100.1"]]}
    assert check(zone).verdict == "permerror"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({"example.com": [["TXT", "TIMEOUT"]]}, "temperror"),
        ({"example.com": txt("v=spf1 include:slow.example.com +all"), "slow.example.com": [["TIMEOUT"]]}, "temperror"),
        ({"example.com": txt("v=spf1 exists:slow.example.com +all"), "slow.example.com": [["TIMEOUT"]]}, "temperror"),
        ({"example.com": txt("v=spf1 redirect=absent.example.com")}, "permerror"),
        ({"example.com": txt("v=spf1 include:absent.example.com +all")}, "permerror"),
        ({"example.com": txt("v=spf1 include:x..example.com +all")}, "permerror"),
        ({"example.com": txt("v=spf1 redirect=x..example.com")}, "permerror"),
        ({"example.com": txt("v=spf1 a:x..example.com ~all")}, "softfail"),
        ({"example.com": txt(f"v=spf1 a:{'x' * 64}.example.com ~all")}, "softfail"),
        ({"example.com": txt("v=spf1 redirect=absent.example.com -all")}, "fail"),
        ({"example.com": txt("v=spf1 -all", "v=spf1 +all")}, "permerror"),
        ({"example.com": txt("other")}, "none"),
        ({}, "none"),
    ],
)
def test_errors(check: Callable[..., SpfResult], zone: dict[str, Any], expected: str) -> None:
    """Trouble with the DNS is temperror, with the records permerror; a name that cannot exist does not match."""
    result = check(zone)
    assert result.verdict == expected
    assert result.reason


def test_local_part_cannot_break_out(check: Callable[..., SpfResult]) -> None:
    """ML03: quotes, backslashes and blanks of a local-part end up in a name to ask for, never in another question; too much of it is cut."""
    zone = {"example.com": txt("v=spf1 exists:%{ir}.%{l}.x.example.com -all")}
    assert check(zone, '"a\\" b%{d}"@example.com').verdict == "fail"
    assert check(zone, "x" * 64000 + "@example.com").verdict == "fail"
    assert check(zone, ".".join(["x" * 60] * 10) + "@example.com").verdict == "fail"


def test_non_ascii_local_part(check: Callable[..., SpfResult]) -> None:
    """RFC 8616 section 4: a term that expands a non-ASCII local-part does not match."""
    zone = {"example.com": txt("v=spf1 exists:%{l}.example.com ~all"), "xn--.example.com": [["A", "127.0.0.1"]]}
    assert check(zone, "é@example.com").verdict == "softfail"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%{i} is not one of %{d}'s designated mail servers.", "192.0.2.1 is not one of example.com's designated mail servers."),
        ("See http://%{d}/why.html?s=%{S}&i=%{I}", "See http://example.com/why.html?s=user%40example.com&i=192.0.2.1"),
        ("%{h} to %{r} at %{t}, %{p}, %{c}", "mx.example.net to mta.example at 1767225600, unknown, 192.0.2.1"),
        ("bad %{x}", None),
        ("é", None),
        ("", ""),
        ("x" * 5000, None),
        ("%{s}" * 100, ("user@example.com" * 100)[:500]),
    ],
)
def test_explanation(check: Callable[..., SpfResult], text: str, expected: str | None) -> None:
    """RFC 7208 section 6.2: expanded, bounded, and left away when anything is wrong with it."""
    zone = {"example.com": txt("v=spf1 -all exp=exp.example.com"), "exp.example.com": txt(text)}
    assert check(zone).explanation == expected


@pytest.mark.parametrize("records", [[], [["TIMEOUT"]], txt("one", "two")])
def test_explanation_not_found(check: Callable[..., SpfResult], records: list[list[Any]]) -> None:
    """Without exactly one text there is none; the verdict stands."""
    result = check({"example.com": txt("v=spf1 -all exp=exp.example.com"), "exp.example.com": records})
    assert (result.verdict, result.explanation) == ("fail", None)


def test_no_explanation_unless_fail(check: Callable[..., SpfResult]) -> None:
    """An explanation belongs to a fail by a mechanism of this record or one redirected to."""
    zone = {
        "example.com": txt("v=spf1 ~all exp=exp.example.com"),
        "soft.example": txt("v=spf1 include:hard.example redirect=hard.example exp=exp.example.com"),
        "hard.example": txt("v=spf1 -all"),
        "exp.example.com": txt("text"),
    }
    assert check(zone).explanation is None
    assert check(zone, "a@soft.example").explanation is None


def test_trace_tells_the_way(dns_of: DnsOf) -> None:
    """``--explain`` shows every answer and every mechanism."""
    zone = {
        "example.com": txt("v=spf1 include:i.example.com mx -all exp=exp.example.com"),
        "i.example.com": txt("v=spf1 ip4:198.51.100.0/24 ?all"),
        "exp.example.com": txt("no"),
    }
    trace = Trace()
    complete(evaluate(parse("192.0.2.1"), "h", "u@example.com", now=NOW, trace=trace), dns_of(zone))
    assert trace.lines == [
        "  DNS TXT example.com: 'v=spf1 include:i.example.com mx -all exp=exp.example.com'",
        "example.com: v=spf1 include:i.example.com mx -all exp=exp.example.com",
        "    DNS TXT i.example.com: 'v=spf1 ip4:198.51.100.0/24 ?all'",
        "  i.example.com: v=spf1 ip4:198.51.100.0/24 ?all",
        "    ip4:198.51.100.0/24: no match",
        "    ?all: match",
        "  include:i.example.com: no match",
        "  DNS MX example.com: no data",
        "  mx: no match",
        "  -all: match",
        "  DNS TXT exp.example.com: 'no'",
        "SPF fail for smtp.mailfrom u@example.com: example.com says -all for 192.0.2.1",
        "  explanation of example.com: no",
    ]
