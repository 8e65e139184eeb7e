"""Results of checks: the words of RFC 8601 and one value per finding, which maps one to one to an entry of the document's ``checks``.

Checks report, they never reject. ``none`` means that there was nothing to check; ``temperror`` that no usable answer came (from the DNS, from a
scanner) and that a later attempt may tell more; ``permerror`` that what the sender published or signed cannot be read.
"""

from enum import StrEnum

import attrs

from tidegate.domain.spam_rule import SpamRule

EntryValue = str | int | float | list[str] | list[dict[str, str | float]]
Entry = dict[str, EntryValue]
"""One object of ``checks``: the method is the first key, its verdict the value."""


class Verdict(StrEnum):
    """Result words (RFC 8601 section 2.7). Which of them a method uses is said by its result class."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a word of RFC 8601
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class SpamClass(StrEnum):
    """What a spam scanner calls a message; ``none`` is one that it was not asked about."""

    NONE = "none"
    HAM = "ham"
    SPAM = "spam"
    TEMPERROR = "temperror"


class SpfIdentity(StrEnum):
    """Whose authorisation was checked (RFC 7208 sections 2.3 and 2.4), by its property name in RFC 8601 section 2.7.2."""

    MAIL_FROM = "smtp.mailfrom"
    HELO = "smtp.helo"


class Policy(StrEnum):
    """What a domain owner asks for mail that fails DMARC (RFC 9989 section 4.7)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


def _with_reason(entry: Entry, reason: str) -> Entry:
    if reason:
        entry["reason"] = reason
    return entry


@attrs.frozen
class SpfResult:
    """Finding of SPF (RFC 7208 section 2.6): every word but policy.

    Attributes:
        verdict: the result of check_host().
        identity: HELO where the reverse path is null.
        value: the identity as the client gave it: the reverse path, or the HELO name.
        domain: the domain that was checked, in ASCII lower case; what DMARC aligns. Empty where none could be read.
        reason: why it is not a pass; ASCII.
        explanation: the domain owner's own text for a fail (``exp=``), printable ASCII, or None. It comes from a third party.
    """

    verdict: Verdict
    identity: SpfIdentity
    value: str
    domain: str = ""
    reason: str = ""
    explanation: str | None = None

    def entry(self) -> Entry:
        """As in ``checks``."""
        return _with_reason({"spf": self.verdict.value, self.identity.value: self.value}, self.reason)


@attrs.frozen
class DkimResult:
    """Finding on one DKIM signature, or on a message without any (RFC 8601 section 2.7.1): none, pass, fail, policy, neutral or an error.

    Attributes:
        verdict: ``policy`` where the signature holds but must not count (weak algorithm or key, part of the body unsigned).
        domain: ``d=`` as signed, in lower case; empty where it could not be read.
        selector: ``s=`` as signed.
        identity: ``i=`` decoded, or ``@`` and the domain where the signature has none.
        signature: the first eight characters of ``b=`` (RFC 6008), to tell signatures of one domain apart.
        reason: why it is not a pass; ASCII.
        algorithm: ``a=``.
    """

    verdict: Verdict
    domain: str = ""
    selector: str = ""
    identity: str = ""
    signature: str = ""
    reason: str = ""
    algorithm: str = ""

    def entry(self) -> Entry:
        """As in ``checks``."""
        entry: Entry = {"dkim": self.verdict.value}
        if self.verdict is not Verdict.NONE:
            entry |= {"domain": self.domain, "selector": self.selector, "header.i": self.identity, "header.b": self.signature}
        return _with_reason(entry, self.reason)


@attrs.frozen
class DmarcResult:
    """Finding of DMARC (RFC 9989 section 9.2): none, pass, fail, temperror or permerror.

    Attributes:
        verdict: pass when SPF or a DKIM signature passed for an aligned domain.
        author_domain: domain of the From field, A-labels in lower case; empty where none could be read.
        policy: the policy that applies to this domain after ``sp``, ``np`` and ``t``; None without a policy record.
        policy_domain: where the policy record was found; None without one.
        disposition: what the owner asks to do with this message: ``policy`` when the verdict is fail, else none.
        dkim_aligned: a passing signature is aligned.
        spf_aligned: SPF passed for an aligned domain.
        reason: why it is not a pass; ASCII.
    """

    verdict: Verdict
    author_domain: str = ""
    policy: Policy | None = None
    policy_domain: str | None = None
    disposition: Policy = Policy.NONE
    dkim_aligned: bool = False
    spf_aligned: bool = False
    reason: str = ""

    def entry(self) -> Entry:
        """As in ``checks``; ``policy`` and ``disposition`` only where a policy record was found."""
        entry: Entry = {"dmarc": self.verdict.value, "header.from": self.author_domain}
        if self.policy is not None:
            entry |= {"policy": self.policy.value, "disposition": self.disposition.value}
        return _with_reason(entry, self.reason)


@attrs.frozen
class ArcResult:
    """Finding on the chain of ARC sets (RFC 8617 section 4.4): none, pass or fail, and temperror where a key could not be fetched.

    Attributes:
        verdict: the chain validation status.
        instances: number of ARC sets; 0 for none.
        oldest_pass: lowest instance whose message signature still verifies, 0 when all do (RFC 8617 section 5.2); None where not computed.
        domain: ``d=`` of the newest seal.
        reason: why it is not a pass; ASCII.
    """

    verdict: Verdict
    instances: int = 0
    oldest_pass: int | None = None
    domain: str = ""
    reason: str = ""

    def entry(self) -> Entry:
        """As in ``checks``."""
        entry: Entry = {"arc": self.verdict.value}
        if self.instances:
            entry |= {"instances": self.instances, "domain": self.domain}
        if self.oldest_pass is not None:
            entry["header.oldest-pass"] = self.oldest_pass
        return _with_reason(entry, self.reason)


@attrs.frozen
class SpamResult:
    """Finding of a spam scanner.

    Attributes:
        verdict: its own decision.
        score: None without an answer.
        threshold: None without an answer.
        symbols: names of the rules that matched.
        rules: the same rules with their points; None where they are not known.
        reason: why there is no answer; ASCII.
    """

    verdict: SpamClass
    score: float | None = None
    threshold: float | None = None
    symbols: tuple[str, ...] = ()
    rules: tuple[SpamRule, ...] | None = None
    reason: str = ""

    def entry(self) -> Entry:
        """As in ``checks``."""
        entry: Entry = {"spam": self.verdict.value}
        if self.score is not None and self.threshold is not None:
            entry |= {"score": self.score, "threshold": self.threshold, "symbols": list(self.symbols)}
        if self.rules is not None:
            entry["rules"] = [rule.entry() for rule in self.rules]
        return _with_reason(entry, self.reason)


@attrs.frozen
class IprevResult:
    """Finding of iprev (RFC 8601 section 3): pass, fail, temperror or permerror.

    Attributes:
        verdict: pass when a name of the address has that address.
        ip: the client's address, canonical text.
        name: the first validated name, lower case; empty where there is none.
        reason: why it is not a pass; ASCII.
    """

    verdict: Verdict
    ip: str
    name: str = ""
    reason: str = ""

    def entry(self) -> Entry:
        """As in ``checks``."""
        entry: Entry = {"iprev": self.verdict.value, "policy.iprev": self.ip}
        if self.name:
            entry["name"] = self.name
        return _with_reason(entry, self.reason)


CheckResult = SpfResult | DkimResult | DmarcResult | ArcResult | SpamResult | IprevResult
"""Anything that makes an entry of ``checks``."""
