"""How findings look in ``checks``."""

import pytest

from tidegate.domain.checks.verdict import (
    ArcResult,
    CheckResult,
    DkimResult,
    DmarcResult,
    Entry,
    IprevResult,
    Policy,
    SpamClass,
    SpamResult,
    SpfIdentity,
    SpfResult,
    Verdict,
)
from tidegate.domain.spam_rule import SpamRule


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            SpfResult(Verdict.PASS, SpfIdentity.MAIL_FROM, "a@example.com", "example.com"),
            {"spf": "pass", "smtp.mailfrom": "a@example.com"},
        ),
        (
            SpfResult(Verdict.NONE, SpfIdentity.HELO, "localhost", reason="no name"),
            {"spf": "none", "smtp.helo": "localhost", "reason": "no name"},
        ),
        (
            DkimResult(Verdict.PASS, "example.com", "s1", "@example.com", "dzdVyOfA"),
            {"dkim": "pass", "domain": "example.com", "selector": "s1", "header.i": "@example.com", "header.b": "dzdVyOfA"},
        ),
        (DkimResult(Verdict.NONE, reason="no signature"), {"dkim": "none", "reason": "no signature"}),
        (
            DmarcResult(Verdict.FAIL, "example.com", Policy.REJECT, "example.com", Policy.REJECT, reason="x"),
            {"dmarc": "fail", "header.from": "example.com", "policy": "reject", "disposition": "reject", "reason": "x"},
        ),
        (DmarcResult(Verdict.NONE, "example.com"), {"dmarc": "none", "header.from": "example.com"}),
        (ArcResult(Verdict.PASS, 2, 0, "example.org"), {"arc": "pass", "instances": 2, "domain": "example.org", "header.oldest-pass": 0}),
        (ArcResult(Verdict.NONE), {"arc": "none"}),
        (SpamResult(SpamClass.SPAM, 7.5, 5.0, ("A", "B")), {"spam": "spam", "score": 7.5, "threshold": 5.0, "symbols": ["A", "B"]}),
        (
            SpamResult(SpamClass.HAM, 1.5, 5.0, ("A",), (SpamRule("A", 1.5, "a"),)),
            {"spam": "ham", "score": 1.5, "threshold": 5.0, "symbols": ["A"], "rules": [{"name": "A", "score": 1.5, "description": "a"}]},
        ),
        (SpamResult(SpamClass.HAM, 0.0, 5.0, (), ()), {"spam": "ham", "score": 0.0, "threshold": 5.0, "symbols": [], "rules": []}),
        (SpamResult(SpamClass.TEMPERROR, reason="away"), {"spam": "temperror", "reason": "away"}),
        (
            IprevResult(Verdict.PASS, "192.0.2.1", "mail.example.com"),
            {"iprev": "pass", "policy.iprev": "192.0.2.1", "name": "mail.example.com"},
        ),
    ],
)
def test_entry(result: CheckResult, expected: Entry) -> None:
    """The method comes first; figures and reasons only where there are any."""
    entry = result.entry()
    assert expected == entry
    assert next(iter(expected)) == next(iter(entry))
    assert not any(isinstance(value, Verdict) for value in entry.values())  # plain words: any JSON encoder takes them
