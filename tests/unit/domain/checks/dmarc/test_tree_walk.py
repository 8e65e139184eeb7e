"""The tree walk held against one that follows RFC 9989 section 4.10 step by step, and against the examples of appendix B.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.dmarc import Author, evaluate
from tidegate.domain.checks.dmarc.record import PolicyRecord, PublicSuffix, parse
from tidegate.domain.checks.lookups import complete
from tidegate.domain.checks.verdict import DkimResult, DmarcResult, Policy, Verdict
from tidegate.domain.dns_zone import Zone

Texts = dict[str, list[str]]
"""TXT records at ``_dmarc`` below each domain."""


def verified(texts: Texts, author: str, signer: str) -> DmarcResult:
    """The finding on a message of this author with one good signature; every domain exists."""
    zone = Zone.parse(
        {f"_dmarc.{domain}": [["TXT", [text]] for text in found] for domain, found in texts.items()} | {author: [["MX", [1, "x"]]]}
    )
    return complete(evaluate(Author(author), None, [DkimResult(Verdict.PASS, signer)]), zone.answer)


def walked(texts: Texts, start: str) -> list[tuple[str, PolicyRecord]]:
    """Section 4.10, steps 1 to 7: the names with one record, in the order of the walk."""
    found = []
    name = start
    while name:
        records = [record for record in (parse(text.encode()) for text in texts.get(name, ())) if record is not None]
        if len(records) == 1:
            found.append((name, records[0]))
            if records[0].psd is not PublicSuffix.UNKNOWN:
                break
        labels = name.split(".")
        name = ".".join(labels[1:] if len(labels) < 8 or name != start else labels[-7:])
    return found


def organizational(texts: Texts, start: str) -> str:
    """Section 4.10.2."""
    found = walked(texts, start)
    for name, record in found:
        if record.psd is PublicSuffix.NO:
            return name
        if record.psd is PublicSuffix.YES and name != start:
            return ".".join(start.split(".")[-len(name.split(".")) - 1 :])
    return found[-1][0] if found else start


def policy_domain(texts: Texts, author: str) -> str | None:
    """Section 4.10.1: the Author Domain, its Organizational Domain, its public suffix."""
    found = dict(walked(texts, author))
    domain = organizational(texts, author)
    suffixes = [name for name, record in found.items() if record.psd is PublicSuffix.YES]
    return next((name for name in (author, domain, *suffixes) if name in found), None)


labels = st.sampled_from(["a", "b"])
domains = st.lists(labels, min_size=1, max_size=10).map(lambda names: ".".join([*names, "x"]))
policies = st.sampled_from(["p=none", "p=none", "p=reject; sp=quarantine", "p=none; psd=y", "p=none; psd=n", "p=none; psd=u"])
published = st.lists(policies.map("v=DMARC1; {}".format) | st.just("v=spf1"), min_size=1, max_size=2)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Texts, str, str]:
    """An author, a signer that is often near, and records at names above both."""
    author = draw(domains)
    names = author.split(".")
    signer = draw(
        domains | st.just(author) | st.integers(0, len(names) - 1).map(lambda start: ".".join(names[start:])) | st.just(f"b.{author}")
    )
    above = [".".join(parts[start:]) for parts in (names, signer.split(".")) for start in range(len(parts))]
    return draw(st.dictionaries(st.sampled_from(above), published, max_size=6)), author, signer


@given(situations())
def test_by_the_letter(situation: tuple[Texts, str, str]) -> None:
    """ML13: the same policy domain and the same alignment, whatever is published where."""
    texts, author, signer = situation
    result = verified(texts, author, signer)
    assert result.policy_domain == policy_domain(texts, author)
    if result.policy_domain is None:
        assert result.verdict == "none"
        return
    aligned = author == signer or organizational(texts, author) == organizational(texts, signer)
    assert result.verdict == ("pass" if aligned else "fail")
    record = dict(walked(texts, author))[result.policy_domain]
    assert result.policy == (record.policy if result.policy_domain == author else record.subdomain_policy or record.policy)


@pytest.mark.parametrize(
    ("texts", "author", "signer", "domain", "verdict"),
    [
        pytest.param({"example.com": 0, "signing.example.com": 0}, "example.com", "signing.example.com", "example.com", "pass", id="B.4.1"),
        pytest.param(
            {"example.com": 0, "signing.example.com": 0},
            "a.b.c.d.e.f.g.h.i.j.k.example.com",
            "signing.example.com",
            "example.com",
            "pass",
            id="B.4.2",
        ),
        pytest.param(
            {"bank.example": 1, "giant.bank.example": 0},
            "giant.bank.example",
            "mail.giant.bank.example",
            "giant.bank.example",
            "pass",
            id="B.4.3-spf",
        ),
        pytest.param(
            {"bank.example": 1, "giant.bank.example": 0},
            "giant.bank.example",
            "mail.mega.bank.example",
            "giant.bank.example",
            "fail",
            id="B.4.3-dkim",
        ),
        pytest.param({"b.c.d.e.f.g.example.com": 0}, "mail.a.b.c.d.e.f.g.example.com", "example.com", None, "none", id="5.1.8"),
        pytest.param({"mail.example.com": 0}, "mail.example.com", "example.com", "mail.example.com", "fail", id="record-of-a-subdomain-alone"),
    ],
)
def test_examples(texts: dict[str, int], author: str, signer: str, domain: str | None, verdict: str) -> None:
    """Appendix B.4 and section 5.1.8, and a subdomain whose parent has no record: by section 4.10.2 each is an organisation of its own."""
    records = {name: ["v=DMARC1; p=reject" + ("; psd=y" if suffix else "")] for name, suffix in texts.items()}
    result = verified(records, author, signer)
    assert (result.policy_domain, result.verdict) == (domain, verdict)


def test_two_records_are_none() -> None:
    """Section 4.10 step 2: where several records stand, the walk goes on."""
    texts = {"mail.example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=reject"], "example.com": ["v=DMARC1; p=none; sp=quarantine"]}
    result = verified(texts, "mail.example.com", "other.example")
    assert (result.policy_domain, result.disposition) == ("example.com", Policy.QUARANTINE)
