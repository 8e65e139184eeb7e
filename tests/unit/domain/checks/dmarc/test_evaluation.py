"""Alignment and policy on small zones."""

from collections.abc import Callable
from typing import Any

import pytest

from tidegate.domain.checks.dmarc import Author, evaluate
from tidegate.domain.checks.dmarc.discovery import walk
from tidegate.domain.checks.lookups import Trace, complete
from tidegate.domain.checks.verdict import DkimResult, DmarcResult, Policy, SpfIdentity, SpfResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery

DnsOf = Callable[[Any], Callable[[DnsQuery], DnsAnswer]]
Zone = dict[str, list[list[Any]]]


def records(**by_name: str) -> Zone:
    """Policy records by domain; underscores for dots."""
    return {f"_dmarc.{name.replace('_', '.')}": [["TXT", [text]]] for name, text in by_name.items()}


def dkim(*domains: str, verdict: Verdict = Verdict.PASS) -> list[DkimResult]:
    """Signatures of these domains."""
    return [DkimResult(verdict, domain) for domain in domains]


def spf(domain: str, verdict: Verdict = Verdict.PASS) -> SpfResult:
    """SPF for this domain."""
    return SpfResult(verdict, SpfIdentity.MAIL_FROM, f"a@{domain}", domain)


@pytest.fixture
def check(dns_of: DnsOf) -> Callable[..., DmarcResult]:
    """DMARC for an author on a zone."""

    def run(zone: Zone, author: str, signatures: list[DkimResult] | None = None, sender: SpfResult | None = None) -> DmarcResult:
        return complete(evaluate(Author(author), sender, signatures or []), dns_of(zone))

    return run


def test_walk_of_a_long_name() -> None:
    """The example of RFC 9989 section 4.10: eight names for thirteen labels."""
    assert walk("a.b.c.d.e.f.g.h.i.j.mail.example.com") == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    ]


@pytest.mark.parametrize(("name", "count"), [("com", 1), ("a.b", 2), ("a.b.c.d.e.f.g.h", 8), ("a.b.c.d.e.f.g.h.i", 8), ("a." * 126 + "b", 8)])
def test_walk_length(name: str, count: int) -> None:
    """ML13: never more than eight queries."""
    assert len(walk(name)) == count


def test_own_record_costs_one_query(dns_of: Callable[[Any], Any]) -> None:
    """The common case: the author's domain has a record and signed itself."""
    dns = dns_of(records(example_com="v=DMARC1; p=reject"))
    result = complete(evaluate(Author("example.com"), spf("bounces.other.net"), dkim("example.com"), registrable=None), dns)
    assert (result.verdict, result.dkim_aligned, result.spf_aligned) == ("pass", True, False)
    assert [query.name for query in dns.asked] == ["_dmarc.example.com"]


def test_strict_needs_no_walk(dns_of: Callable[[Any], Any]) -> None:
    """Strict alignment compares names only."""
    dns = dns_of(records(example_com="v=DMARC1; p=reject; adkim=s; aspf=s"))
    result = complete(evaluate(Author("example.com"), spf("mail.example.com"), dkim("mail.example.com")), dns)
    assert (result.verdict, result.disposition) == ("fail", "reject")
    assert len(dns.asked) == 1


@pytest.mark.parametrize(
    ("zone", "author", "signer", "expected"),
    [
        (records(example_com="v=DMARC1; p=none"), "a.example.com", "b.example.com", "pass"),
        (records(example_com="v=DMARC1; p=none"), "a.example.com", "example.com", "pass"),
        (records(example_com="v=DMARC1; p=none"), "example.com", "a.b.example.com", "pass"),
        (records(example_com="v=DMARC1; p=none"), "example.com", "badexample.com", "fail"),
        (records(example_com="v=DMARC1; p=none"), "example.com", "com", "fail"),
        (records(mail_example_com="v=DMARC1; p=none; psd=n", example_com="v=DMARC1; p=none"), "a.mail.example.com", "example.com", "fail"),
        (records(mail_example_com="v=DMARC1; p=none; psd=n", example_com="v=DMARC1; p=none"), "example.com", "mail.example.com", "fail"),
        (records(mail_example_com="v=DMARC1; p=none; psd=n"), "a.mail.example.com", "mail.example.com", "pass"),
        (records(com="v=DMARC1; p=none; psd=y"), "example.com", "a.example.com", "pass"),
        (records(com="v=DMARC1; p=none; psd=y"), "one.com", "two.com", "fail"),
        (records(com="v=DMARC1; p=none; psd=y"), "com", "one.com", "fail"),
        (records(com="v=DMARC1; p=none"), "one.com", "two.com", "pass"),  # a suffix that does not say so is an organisation
        (records(example_com="v=DMARC1; p=none"), "example.com", "EXAMPLE.com", "pass"),
        (records(xn__="v=DMARC1; p=none") | records(example_com="v=DMARC1; p=none"), "example.com", "bad name", "fail"),
    ],
)
def test_relaxed_alignment(check: Callable[..., DmarcResult], zone: Zone, author: str, signer: str, expected: str) -> None:
    """ML13: two domains are aligned when the tree walks end at the same Organizational Domain."""
    assert check(zone, author, dkim(signer)).verdict == expected
    assert check(zone, author, None, spf(signer)).verdict == expected


@pytest.mark.parametrize(
    ("record", "exists", "expected"),
    [
        ("p=reject", True, Policy.REJECT),
        ("p=reject; sp=quarantine", True, Policy.QUARANTINE),
        ("p=reject; sp=quarantine", False, Policy.QUARANTINE),
        ("p=none; np=reject", False, Policy.REJECT),
        ("p=none; np=reject", True, Policy.NONE),
        ("p=none; sp=quarantine; np=reject", False, Policy.REJECT),
        ("p=none; np=reject; t=y", False, Policy.QUARANTINE),
        ("p=reject; sp=quarantine; t=y", True, Policy.NONE),
        ("p=reject; pct=0", True, Policy.QUARANTINE),
    ],
)
def test_policy_of_a_subdomain(check: Callable[..., DmarcResult], record: str, exists: bool, expected: Policy) -> None:
    """ML13, espoofer A1: a name below the one with the record gets sp, or np where it does not exist."""
    zone = records(example_com=f"v=DMARC1; {record}")
    if exists:
        zone["sub.example.com"] = [["MX", [1, "mx.example.com"]]]
    result = check(zone, "sub.example.com")
    assert (result.verdict, result.policy, result.disposition, result.policy_domain) == ("fail", expected, expected, "example.com")


def test_policy_of_a_public_suffix(check: Callable[..., DmarcResult]) -> None:
    """RFC 9989 section 4.10.1: without a record of its own the organisation gets its public suffix's sp or np."""
    zone = records(bank="v=DMARC1; p=reject; sp=quarantine; psd=y") | {"example.bank": [["A", "192.0.2.1"]]}
    result = check(zone, "example.bank")
    assert (result.verdict, result.policy, result.policy_domain) == ("fail", "quarantine", "bank")
    assert check(zone | records(example_bank="v=DMARC1; p=none"), "example.bank").policy == "none"


def test_intermediate_records_do_not_set_policy(check: Callable[..., DmarcResult]) -> None:
    """Policy comes from the author's domain or the organisation, never from between."""
    zone = records(b_example_com="v=DMARC1; p=reject", example_com="v=DMARC1; p=none")
    assert check(zone, "a.b.example.com").policy == "none"


@pytest.mark.parametrize(
    "zone",
    [
        {},
        {"_dmarc.example.com": [["TXT", ["v=DMARC1; p=reject"]], ["TXT", ["v=DMARC1; p=none"]]]},
        records(example_com="v=DMARC1"),
        records(example_com="v=spf1 -all"),
    ],
)
def test_no_policy(check: Callable[..., DmarcResult], zone: Zone) -> None:
    """ML14: no record, two records, one without policy: DMARC does not apply."""
    result = check(zone, "example.com", dkim("example.com"))
    assert (result.verdict, result.policy, result.disposition) == ("none", None, "none")
    assert result.reason


@pytest.mark.parametrize(
    ("zone", "author", "signatures", "sender", "expected"),
    [
        ({"_dmarc.example.com": [["TIMEOUT"]]}, "example.com", ["example.com"], None, "temperror"),
        ({"_dmarc.com": [["TIMEOUT"]], **records(example_com="v=DMARC1; p=none")}, "sub.example.com", [], None, "temperror"),
        ({"_dmarc.com": [["TIMEOUT"]], **records(example_com="v=DMARC1; p=none")}, "example.com", ["a.example.com"], None, "temperror"),
        ({"_dmarc.com": [["TIMEOUT"]], **records(example_com="v=DMARC1; p=none")}, "example.com", ["example.com"], "a.example.com", "pass"),
        (
            {"_dmarc.a.example.com": [["TIMEOUT"]], **records(example_com="v=DMARC1; p=none")},
            "example.com",
            ["a.example.com", "b.example.com"],
            None,
            "pass",
        ),
        (
            {"sub.example.com": [["TIMEOUT"]], **records(example_com="v=DMARC1; p=none; np=reject")},
            "sub.example.com",
            [],
            None,
            "temperror",
        ),
        (
            {"sub.example.com": [["TIMEOUT"]], **records(example_com="v=DMARC1; p=none; np=reject")},
            "sub.example.com",
            ["example.com"],
            None,
            "pass",
        ),
    ],
)
def test_dns_trouble(
    check: Callable[..., DmarcResult], zone: Zone, author: str, signatures: list[str], sender: str | None, expected: str
) -> None:
    """A query that matters and stays open is temperror; one that does not matter does no harm."""
    result = check(zone, author, dkim(*signatures), spf(sender) if sender else None)
    assert (result.verdict, result.disposition) == (expected, "none")


@pytest.mark.parametrize(("domain", "expected"), [("sub.example.com", "temperror"), ("other.net", "fail")])
def test_undecided_authentication(check: Callable[..., DmarcResult], domain: str, expected: str) -> None:
    """SPF or DKIM without an answer leaves DMARC open, if it could have been aligned."""
    zone = records(example_com="v=DMARC1; p=reject")
    assert check(zone, "example.com", dkim(domain, verdict=Verdict.TEMPERROR)).verdict == expected
    assert check(zone, "example.com", None, spf(domain, Verdict.TEMPERROR)).verdict == expected
    assert check(zone, "example.com", dkim("example.com"), spf(domain, Verdict.TEMPERROR)).verdict == "pass"


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict not in (Verdict.PASS, Verdict.TEMPERROR)])
def test_only_a_pass_counts(check: Callable[..., DmarcResult], verdict: Verdict) -> None:
    """ML08: policy, neutral, softfail and the like never make a DMARC pass."""
    zone = records(example_com="v=DMARC1; p=reject")
    assert check(zone, "example.com", dkim("example.com", verdict=verdict), spf("example.com", verdict)).verdict == "fail"


def test_author_problem(dns_of: DnsOf) -> None:
    """ML12: without one Author Domain nothing is asked and nothing passes."""
    dns = dns_of(records(example_com="v=DMARC1; p=reject"))
    result = complete(evaluate(Author("example.com", "2 From fields"), spf("example.com"), dkim("example.com")), dns)
    assert (result.verdict, result.author_domain, result.reason) == ("permerror", "example.com", "2 From fields")
    assert dns.asked == []  # type: ignore[attr-defined]


def test_rfc_7489_profile(dns_of: DnsOf) -> None:
    """The public suffix list in place of the walk; np, psd and t mean nothing; two records end discovery."""

    def registrable(name: str) -> str | None:
        return {"sub.example.co.uk": "example.co.uk", "example.co.uk": "example.co.uk", "evil.co.uk": "evil.co.uk"}.get(name)

    def run(zone: Zone, author: str, signer: str) -> DmarcResult:
        return complete(evaluate(Author(author), None, dkim(signer), registrable=registrable), dns_of(zone))

    zone = records(example_co_uk="v=DMARC1; p=reject; sp=quarantine; np=none")
    assert run(zone, "sub.example.co.uk", "example.co.uk").verdict == "pass"
    assert run(zone, "sub.example.co.uk", "evil.co.uk").disposition == "quarantine"
    assert run(records(example_co_uk="v=DMARC1; p=reject; np=x; t=y"), "example.co.uk", "evil.co.uk").disposition == "reject"
    assert run(records(example_co_uk="v=DMARC1; p=reject; pct=0"), "example.co.uk", "evil.co.uk").disposition == "quarantine"
    assert run(records(co_uk="v=DMARC1; p=reject"), "co.uk", "evil.co.uk").verdict == "fail"
    two = {"_dmarc.sub.example.co.uk": [["TXT", ["v=DMARC1; p=none"]], ["TXT", ["v=DMARC1; p=none"]]]}
    assert run(zone | two, "sub.example.co.uk", "evil.co.uk").verdict == "none"


def test_trace(dns_of: DnsOf) -> None:
    """``--explain`` shows the walk."""
    trace = Trace()
    zone = records(example_com="v=DMARC1; p=reject")
    complete(evaluate(Author("a.example.com"), None, dkim("b.example.com"), trace=trace), dns_of(zone))
    assert trace.lines == [
        "  DNS TXT _dmarc.a.example.com: nxdomain",
        "  DNS TXT _dmarc.example.com: 'v=DMARC1; p=reject'",
        "  DNS TXT _dmarc.com: nxdomain",
        "  policy record of example.com applies",
        "  organizational domain of a.example.com: example.com",
        "  DNS TXT _dmarc.b.example.com: nxdomain",
        "  organizational domain of b.example.com: example.com",
        "  aligned: b.example.com",
        "DMARC pass for a.example.com",
    ]
