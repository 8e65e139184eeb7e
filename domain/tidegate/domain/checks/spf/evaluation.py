"""check_host(): whether a client may use a domain in MAIL FROM or HELO (RFC 7208 section 4)."""

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

import attrs

from tidegate.domain.checks.domain_name import is_within, to_ascii
from tidegate.domain.checks.lookups import Lookups, Trace, printable
from tidegate.domain.checks.spf.macros import MacroString, parse_explanation, truncated
from tidegate.domain.checks.spf.record import MAX_RECORD_BYTES, Mechanism, MechanismName, Record, RecordError, parse, select
from tidegate.domain.checks.verdict import SpfIdentity, SpfResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.dns_name import can_exist
from tidegate.domain.ip_address import IpAddress, unmapped

# RFC 7208 section 4.6.4: terms that ask the DNS, answers without records, addresses of MX hosts, names of the client.
MAX_LOOKUPS = 10
MAX_VOID_LOOKUPS = 2
MAX_MX_HOSTS = 10
MAX_PTR_NAMES = 10
MAX_EXPLANATION_CHARS = 500  # RFC 5321 section 4.5.3.1.5: what fits one line of a reply

_TEMPORARY = DnsAnswer(DnsStatus.TEMPERROR)
_NO_SUCH_NAME = DnsAnswer(DnsStatus.NXDOMAIN)


def evaluate(
    ip: IpAddress, helo: str, sender: str, *, now: datetime, receiver: str = "unknown", trace: Trace | None = None
) -> Lookups[SpfResult]:
    """Check the MAIL FROM identity, or the HELO identity for a null reverse path (RFC 7208 section 2.4).

    Args:
        ip: the client's address.
        helo: the argument of its last EHLO or HELO, whatever it was.
        sender: the reverse path without angle brackets; ``""`` for the null one. A path without ``@`` is taken for a domain.
        now: the present time, for ``%{t}``.
        receiver: the name of the host that checks, for ``%{r}``.
        trace: collects the way to the verdict.
    """
    identity = SpfIdentity.MAIL_FROM if sender else SpfIdentity.HELO
    # A HELO name has no local-part: one with an @ is no domain name.
    local_part, _, name = sender.rpartition("@") if sender else ("", "", helo)
    domain = to_ascii(name)
    if domain is None or "." not in domain:
        reason = f"{name!r} is not a domain name of several labels"
        return _finished(trace, SpfResult(Verdict.NONE, identity, sender or helo, reason=printable(reason)))
    sender_domain = name if name.isascii() else domain
    evaluation = _Evaluation(unmapped(ip), helo, local_part or "postmaster", sender_domain, now, receiver, trace)
    try:
        outcome = yield from evaluation.check_host(domain, 0)
    except _Stop as stop:
        outcome = _Outcome(stop.verdict, stop.reason)
    explanation = None
    if outcome.explanation is not None:
        explanation = yield from evaluation.explain(outcome.explanation, outcome.domain)
    result = SpfResult(outcome.verdict, identity, sender or helo, domain, printable(outcome.reason), explanation)
    return _finished(trace, result)


def _finished(trace: Trace | None, result: SpfResult) -> SpfResult:
    if trace:
        trace.note(f"SPF {result.verdict} for {result.identity} {result.value}" + (f": {result.reason}" if result.reason else ""))
        if result.explanation is not None:
            trace.note(f"explanation of {result.domain}: {result.explanation}", 1)
    return result


class _Stop(Exception):
    """Ends the whole evaluation with an error verdict."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(verdict, reason)
        self.verdict = verdict
        self.reason = reason


@attrs.frozen
class _Outcome:
    """What one check_host() found; ``explanation`` is the ``exp=`` that goes with a fail, ``domain`` the one it is expanded for."""

    verdict: Verdict
    reason: str = ""
    explanation: MacroString | None = None
    domain: str = ""


@attrs.define
class _Evaluation:
    """One evaluation with its limits, which span all included and redirected records."""

    ip: IpAddress
    helo: str
    local_part: str
    sender_domain: str
    now: datetime
    receiver: str
    trace: Trace | None
    lookups: int = 0
    voids: int = 0
    client_names: tuple[str, ...] | None = None

    def check_host(self, domain: str, depth: int) -> Lookups[_Outcome]:
        """RFC 7208 section 4.3 on. Errors are raised as _Stop: they end every enclosing evaluation as well."""
        if "." not in domain or not can_exist(domain):
            return _Outcome(Verdict.NONE, f"{domain!r} is not a domain name of several labels")
        answer = yield from self._ask(domain, RecordType.TXT, depth)
        if answer.status is DnsStatus.TEMPERROR:
            raise _Stop(Verdict.TEMPERROR, f"no answer for the SPF record of {domain}")
        try:
            text = select(answer.texts)
            if text is None:
                return _Outcome(Verdict.NONE, f"{domain} has no SPF record")
            self._note(f"{domain}: {text[:MAX_RECORD_BYTES].decode('latin-1')}", depth)
            record = parse(text)
        except RecordError as error:
            raise _Stop(Verdict.PERMERROR, f"{domain}: {error}") from None
        return (yield from self._evaluate(record, domain, depth))

    def _evaluate(self, record: Record, domain: str, depth: int) -> Lookups[_Outcome]:
        for mechanism in record.mechanisms:
            matched = yield from self._matches(mechanism, domain, depth)
            self._note(f"{mechanism.text}: {'match' if matched else 'no match'}", depth + 1)
            if matched:
                if mechanism.verdict is Verdict.PASS:
                    return _Outcome(Verdict.PASS)
                reason = f"{domain} says {mechanism.text} for {self.ip}"
                return _Outcome(mechanism.verdict, reason, record.explanation if mechanism.verdict is Verdict.FAIL else None, domain)
        if record.redirect is None:
            return _Outcome(Verdict.NEUTRAL, f"{domain} says nothing about {self.ip}")
        self._count_lookup(f"redirect={record.redirect.text}")
        target = yield from self._target(record.redirect, domain, depth)
        self._note(f"redirect={record.redirect.text}", depth + 1)
        outcome = _Outcome(Verdict.NONE, "not a domain name") if target is None else (yield from self.check_host(target, depth + 1))
        if outcome.verdict is Verdict.NONE:
            raise _Stop(Verdict.PERMERROR, f"{domain}: redirect={record.redirect.text}: {outcome.reason}")
        return outcome

    def _matches(self, mechanism: Mechanism, domain: str, depth: int) -> Lookups[bool]:
        name = mechanism.name
        if name is MechanismName.ALL:
            return True
        if name is MechanismName.IP4 or name is MechanismName.IP6:
            is_ip4 = name is MechanismName.IP4
            return isinstance(self.ip, IPv4Address) == is_ip4 and self._in_network(int(self.ip), mechanism.network, mechanism)
        self._count_lookup(f"{domain}: {mechanism.text}")
        target: str | None = domain
        if mechanism.target is not None:
            target = yield from self._target(mechanism.target, domain, depth)
        if name is MechanismName.INCLUDE:
            return (yield from self._include(mechanism, target, domain, depth))
        if target is None:
            return False
        if name is MechanismName.EXISTS:
            answer = yield from self._ask_term(target, RecordType.A, mechanism, depth)
            return bool(answer.addresses)
        if name is MechanismName.PTR:
            names = yield from self._validated_names(depth)
            return any(is_within(client_name, target) for client_name in names)
        hosts = (target,) if name is MechanismName.A else (yield from self._exchanges(target, mechanism, depth))
        return (yield from self._any_host_is_client(hosts, mechanism, depth))

    def _include(self, mechanism: Mechanism, target: str | None, domain: str, depth: int) -> Lookups[bool]:
        outcome = _Outcome(Verdict.NONE, "not a domain name") if target is None else (yield from self.check_host(target, depth + 1))
        if outcome.verdict is Verdict.NONE:
            raise _Stop(Verdict.PERMERROR, f"{domain}: {mechanism.text}: {outcome.reason}")
        return outcome.verdict is Verdict.PASS

    def _exchanges(self, target: str, mechanism: Mechanism, depth: int) -> Lookups[tuple[str, ...]]:
        answer = yield from self._ask_term(target, RecordType.MX, mechanism, depth)
        # "the evaluation of each "MX" record MUST NOT result in querying more than 10 address records" (RFC 7208 section 4.6.4)
        if len(answer.exchanges) > MAX_MX_HOSTS:
            raise _Stop(Verdict.PERMERROR, f"{mechanism.text}: {target} has {len(answer.exchanges)} MX hosts, more than {MAX_MX_HOSTS}")
        ordered = sorted(answer.exchanges, key=lambda mx: (mx.preference, mx.exchange))
        return tuple(mx.exchange for mx in ordered if mx.exchange)

    def _any_host_is_client(self, hosts: tuple[str, ...], mechanism: Mechanism, depth: int) -> Lookups[bool]:
        queries = tuple(DnsQuery(host, self._address_type) for host in hosts)
        answers = yield from self._ask_all(queries, depth)
        number = int(self.ip)
        for query, answer in zip(queries, answers, strict=True):
            self._check_term(query, answer, mechanism)
            for address in answer.addresses:
                if self._in_network(number, _as_integer(address, self.ip), mechanism):
                    return True
        return False

    def _in_network(self, number: int, network: int | None, mechanism: Mechanism) -> bool:
        if network is None:
            return False
        dropped = 32 - mechanism.prefix4 if isinstance(self.ip, IPv4Address) else 128 - mechanism.prefix6
        return number >> dropped == network >> dropped

    def _validated_names(self, depth: int) -> Lookups[tuple[str, ...]]:
        """Names of the client that have its address (RFC 7208 section 5.5): errors skip a name, they end nothing."""
        if self.client_names is None:
            answer = yield from self._ask(self.ip.reverse_pointer, RecordType.PTR, depth)
            self._count_void(answer, self.ip.reverse_pointer)
            # "all records other than the first 10 MUST be ignored" (RFC 7208 section 4.6.4)
            queries = tuple(DnsQuery(name.lower(), self._address_type) for name in answer.names[:MAX_PTR_NAMES])
            answers = yield from self._ask_all(queries, depth)
            number = int(self.ip)
            self.client_names = tuple(
                query.name
                for query, found in zip(queries, answers, strict=True)
                if any(_as_integer(address, self.ip) == number for address in found.addresses)
            )
        return self.client_names

    def _target(self, spec: MacroString, domain: str, depth: int) -> Lookups[str | None]:
        """The target-name of a domain-spec, or None where no name can be made of it."""
        # RFC 8616 section 4: a term that expands a local-part with non-ASCII characters does not match.
        if not self.local_part.isascii() and spec.letters & {"s", "l"}:
            return None
        if "p" in spec.letters and self.client_names is None:
            self._count_lookup(f"{domain}: %{{p}} in {spec.text}")
        expanded = yield from self._expand(spec, domain, depth)
        name = truncated(expanded)
        return name if can_exist(name) else None

    def _expand(self, spec: MacroString, domain: str, depth: int) -> Lookups[str]:
        if not spec.letters:
            return spec.expand(str)
        validated = ""
        if "p" in spec.letters:
            names = yield from self._validated_names(depth)
            validated = _preferred(names, domain)
        return spec.expand(lambda letter: validated if letter == "p" else self._value(letter, domain))

    def _value(self, letter: str, domain: str) -> str:
        """What a macro letter stands for (RFC 7208 section 7.2)."""
        match letter:
            case "s":
                return f"{self.local_part}@{self.sender_domain}"
            case "l":
                return self.local_part
            case "o":
                return self.sender_domain
            case "d":
                return domain
            case "i" if isinstance(self.ip, IPv6Address):
                return ".".join(self.ip.exploded.replace(":", "").upper())
            case "i" | "c":
                return str(self.ip)
            case "v":
                return "in-addr" if isinstance(self.ip, IPv4Address) else "ip6"
            case "h":
                return self.helo
            case "r":
                return self.receiver
            case _:
                return str(int(self.now.timestamp()))

    def explain(self, spec: MacroString, domain: str) -> Lookups[str | None]:
        """The domain owner's text for a fail (RFC 7208 section 6.2); None whenever anything is wrong with it."""
        try:
            target = yield from self._target(spec, domain, 0)
        except _Stop:  # %{p} beyond the limits: the verdict stands without an explanation
            return None
        if target is None:
            return None
        answer = yield from self._ask(target, RecordType.TXT, 0)
        if len(answer.texts) != 1 or len(answer.texts[0]) > MAX_RECORD_BYTES:
            return None
        text = answer.texts[0].decode("latin-1")
        parsed = parse_explanation(text)
        if parsed is None:
            return None
        try:
            explanation = yield from self._expand(parsed, domain, 0)
        except _Stop:
            return None
        explanation = explanation[:MAX_EXPLANATION_CHARS]
        return explanation if explanation.isascii() and explanation.isprintable() else None

    @property
    def _address_type(self) -> RecordType:
        return RecordType.A if isinstance(self.ip, IPv4Address) else RecordType.AAAA

    def _ask(self, name: str, record_type: RecordType, depth: int) -> Lookups[DnsAnswer]:
        (answer,) = yield from self._ask_all((DnsQuery(name, record_type),), depth)
        return answer

    def _ask_all(self, queries: tuple[DnsQuery, ...], depth: int) -> Lookups[tuple[DnsAnswer, ...]]:
        if not queries:
            return ()
        answers = yield queries
        if self.trace:
            for query, answer in zip(queries, answers, strict=True):
                self.trace.answered(query, answer, depth + 1)
        return answers

    def _ask_term(self, name: str, record_type: RecordType, mechanism: Mechanism, depth: int) -> Lookups[DnsAnswer]:
        query = DnsQuery(name, record_type)
        (answer,) = yield from self._ask_all((query,), depth)
        self._check_term(query, answer, mechanism)
        return answer

    def _check_term(self, query: DnsQuery, answer: DnsAnswer, mechanism: Mechanism) -> None:
        if answer.status is DnsStatus.TEMPERROR:
            raise _Stop(Verdict.TEMPERROR, f"{mechanism.text}: no answer for {query.type} of {query.name}")
        self._count_void(answer, query.name)

    def _count_lookup(self, term: str) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _Stop(Verdict.PERMERROR, f"more than {MAX_LOOKUPS} terms that need the DNS, the last: {term}")

    def _count_void(self, answer: DnsAnswer, name: str) -> None:
        if answer.status is not DnsStatus.TEMPERROR and not (answer.addresses or answer.exchanges or answer.names):
            self.voids += 1
            if self.voids > MAX_VOID_LOOKUPS:
                raise _Stop(Verdict.PERMERROR, f"more than {MAX_VOID_LOOKUPS} answers without records, the last: {name}")

    def _note(self, text: str, depth: int) -> None:
        if self.trace:
            self.trace.note(text, depth)


def _as_integer(address: str, like: IpAddress) -> int | None:
    """The address as integer, or None where it is of the other family or no address at all."""
    try:
        return int(type(like)(address))
    except ValueError:
        return None


def _preferred(names: tuple[str, ...], domain: str) -> str:
    """The value of ``%{p}`` (RFC 7208 section 7.3): the domain itself, else a subdomain of it, else any; ``unknown`` without one."""
    within = [name for name in names if is_within(name, domain)]
    if domain in within:
        return domain
    return (*within, *names, "unknown")[0]
