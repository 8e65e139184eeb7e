"""Whether a domain that was authenticated, by SPF or a DKIM signature, is the author's (RFC 9989 section 5.3)."""

from collections.abc import Iterable, Sequence

import attrs

from tidegate.domain.checks.dmarc.author import Author
from tidegate.domain.checks.dmarc.discovery import Discovery, NoAnswer, PolicyRecords, Registrable, SuffixList, TreeWalk
from tidegate.domain.checks.dmarc.record import AlignmentMode, PolicyRecord, parse, parse_rfc7489
from tidegate.domain.checks.domain_name import is_within, to_ascii
from tidegate.domain.checks.lookups import Lookups, Trace, ask, printable
from tidegate.domain.checks.verdict import DkimResult, DmarcResult, Policy, SpfResult, Verdict
from tidegate.domain.dns import DnsQuery, DnsStatus, RecordType

# RFC 9989 section 4.7, t: what is asked for while testing is one level below the policy.
_TESTING = {Policy.REJECT: Policy.QUARANTINE, Policy.QUARANTINE: Policy.NONE, Policy.NONE: Policy.NONE}


def evaluate(
    author: Author, spf: SpfResult | None, dkim: Sequence[DkimResult], *, registrable: Registrable | None = None, trace: Trace | None = None
) -> Lookups[DmarcResult]:
    """Check the author's domain against what was authenticated.

    Args:
        author: what the From field says.
        spf: the finding on the MAIL FROM identity; None where SPF was not checked.
        dkim: the findings on all signatures.
        registrable: the public suffix list; given, the rules of RFC 7489 are applied in place of those of RFC 9989.
        trace: collects the way to the verdict.
    """
    if author.problem:
        result = DmarcResult(Verdict.PERMERROR, author.domain, reason=printable(author.problem))
    else:
        discovery: Discovery = (
            TreeWalk(PolicyRecords(parse, trace)) if registrable is None else SuffixList(PolicyRecords(parse_rfc7489, trace), registrable)
        )
        evaluation = _Evaluation(author.domain, discovery, trace)
        try:
            result = yield from evaluation.run(_passed(spf, dkim), _undecided(spf, dkim))
        except NoAnswer as error:
            result = DmarcResult(Verdict.TEMPERROR, author.domain, reason=str(error))
    if trace:
        trace.note(f"DMARC {result.verdict} for {result.author_domain}" + (f": {result.reason}" if result.reason else ""))
    return result


@attrs.frozen
class _Identifier:
    """An authenticated domain and the method that did it."""

    domain: str
    by_dkim: bool


def _passed(spf: SpfResult | None, dkim: Sequence[DkimResult]) -> list[_Identifier]:
    return _identifiers(spf, dkim, Verdict.PASS)


def _undecided(spf: SpfResult | None, dkim: Sequence[DkimResult]) -> list[_Identifier]:
    return _identifiers(spf, dkim, Verdict.TEMPERROR)


def _identifiers(spf: SpfResult | None, dkim: Sequence[DkimResult], verdict: Verdict) -> list[_Identifier]:
    found = [(result.domain, True) for result in dkim if result.verdict is verdict]
    if spf is not None and spf.verdict is verdict:
        found.append((spf.domain, False))
    named = ((to_ascii(domain), by_dkim) for domain, by_dkim in dict.fromkeys(found))
    return [_Identifier(domain, by_dkim) for domain, by_dkim in named if domain]


@attrs.define
class _Evaluation:
    author: str
    discovery: Discovery
    trace: Trace | None

    def run(self, passed: list[_Identifier], undecided: list[_Identifier]) -> Lookups[DmarcResult]:
        found = yield from self.discovery.policy_record(self.author)
        if found is None:
            return DmarcResult(Verdict.NONE, self.author, reason=f"{self.author} has no policy record")
        domain, record = found[0], found[1].usable()
        if record is None:
            return DmarcResult(Verdict.NONE, self.author, reason=f"the policy record of {domain} has no valid policy and no report address")
        self._note(f"policy record of {domain} applies", 1)
        aligned = yield from self._aligned(passed, record)
        policy = yield from self._policy(domain, record)
        result = DmarcResult(
            Verdict.PASS if aligned else Verdict.FAIL,
            self.author,
            policy or record.policy,
            domain,
            dkim_aligned=any(identifier.by_dkim for identifier in aligned),
            spf_aligned=any(not identifier.by_dkim for identifier in aligned),
        )
        if aligned:
            return result
        # "the message cannot be considered to pass or fail" while a query is open (RFC 9989 section 5.3.6).
        might_align = yield from self._aligned(undecided, record)
        if might_align:
            reason = f"no answer for {'DKIM' if might_align[0].by_dkim else 'SPF'} of {might_align[0].domain}"
            return attrs.evolve(result, verdict=Verdict.TEMPERROR, reason=reason)
        if policy is None:
            return attrs.evolve(result, verdict=Verdict.TEMPERROR, reason=f"no answer for whether {self.author} exists")
        names = ", ".join(dict.fromkeys(identifier.domain for identifier in passed))
        reason = f"nothing passed for {self.author}, but for {names}" if names else "neither SPF nor DKIM passed"
        return attrs.evolve(result, disposition=policy, reason=reason)

    def _aligned(self, identifiers: Iterable[_Identifier], record: PolicyRecord) -> Lookups[list[_Identifier]]:
        """Those that are aligned with the author, as the record wants it."""
        open_identifiers: list[_Identifier] = []
        aligned: list[_Identifier] = []
        for identifier in identifiers:
            mode = record.adkim if identifier.by_dkim else record.aspf
            if identifier.domain == self.author:
                aligned.append(identifier)
            elif mode is AlignmentMode.RELAXED and identifier.domain.rpartition(".")[2] == self.author.rpartition(".")[2]:
                open_identifiers.append(identifier)
        if open_identifiers:
            try:
                aligned += yield from self._relaxed(open_identifiers)
            except NoAnswer:
                if not aligned:
                    raise
        self._note(f"aligned: {', '.join(identifier.domain for identifier in aligned) or 'nothing'}", 1)
        return aligned

    def _relaxed(self, identifiers: list[_Identifier]) -> Lookups[list[_Identifier]]:
        organizational = yield from self.discovery.organizational_domain(self.author)
        self._note(f"organizational domain of {self.author}: {organizational}", 1)
        # Domains outside it belong to other organisations: no walk needed.
        inside = [identifier for identifier in identifiers if is_within(identifier.domain, organizational)]
        yield from self.discovery.prepare(identifier.domain for identifier in inside)
        aligned: list[_Identifier] = []
        unanswered: NoAnswer | None = None
        for identifier in inside:
            try:
                theirs = yield from self.discovery.organizational_domain(identifier.domain)
            except NoAnswer as error:
                unanswered = error
                continue
            self._note(f"organizational domain of {identifier.domain}: {theirs}", 1)
            if theirs == organizational:
                aligned.append(identifier)
        if unanswered is not None and not aligned:
            raise unanswered
        return aligned

    def _policy(self, domain: str, record: PolicyRecord) -> Lookups[Policy | None]:
        """The policy for the author, after testing mode; None when it hangs on a name of which the DNS does not say whether it exists."""
        assert record.policy is not None
        policy: Policy = record.policy
        if domain != self.author:
            policy = record.subdomain_policy or policy
            if record.nonexistent_policy not in (None, policy):
                query = DnsQuery(self.author, RecordType.A)
                answer = yield from ask(query.name, query.type)
                if self.trace:
                    self.trace.answered(query, answer, 1)
                if answer.status is DnsStatus.TEMPERROR:
                    return None
                if answer.status is DnsStatus.NXDOMAIN:
                    policy = record.nonexistent_policy
        return _TESTING[policy] if record.testing else policy

    def _note(self, text: str, depth: int) -> None:
        if self.trace:
            self.trace.note(text, depth)
