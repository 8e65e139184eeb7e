"""DMARC aggregate reports (RFC 9990; RFC 7489 appendix C and the drafts before it).

A mail receiver tells the owner of a domain, usually once a day, which addresses sent mail in the domain's name and how it fared. The report
is an XML document, mostly compressed, in an attachment; elements are read by their names whatever their namespace and order.
"""

import re

import attrs

from tidegate.domain.reports.limits import MAX_AUTH_RESULTS, MAX_RECORDS
from tidegate.domain.reports.numbers import MAX_COUNT, read_count, read_ip
from tidegate.domain.reports.outcome import ReportType, Unreadable
from tidegate.domain.reports.xml_elements import Element, top_elements

_ROOT = re.compile(rb"<(?:[A-Za-z0-9_.-]{1,32}:)?feedback[\s>/]")
_MAX_REASONS = 20  # override reasons of one record
_MAX_ERRORS = 20  # error elements of a report


@attrs.frozen
class PolicyPublished:
    """The DMARC policy the receiver saw. Values as reported.

    Attributes:
        domain: domain at which the policy was found.
        p, sp, np: policy for the domain, for subdomains and for those that do not exist.
        adkim, aspf: alignment modes, ``r`` or ``s``.
        pct: percentage (RFC 7489 only).
        fo: failure reporting options.
        testing: ``y`` or ``n`` (RFC 9990).
        discovery_method: ``psl`` or ``treewalk`` (RFC 9990).
    """

    domain: str | None = None
    p: str | None = None
    sp: str | None = None
    np: str | None = None
    adkim: str | None = None
    aspf: str | None = None
    pct: int | None = None
    fo: str | None = None
    testing: str | None = None
    discovery_method: str | None = None


@attrs.frozen
class OverrideReason:
    """Why the disposition is not the published policy. ``type`` is the standard's word, ``comment`` free text."""

    type: str | None = None
    comment: str | None = None


@attrs.frozen
class AuthResult:
    """One DKIM or SPF result, regardless of alignment.

    Attributes:
        domain: signing domain, or domain SPF looked at.
        result: result word (RFC 8601), in lower case.
        selector: of the DKIM key.
        scope: ``mfrom`` or ``helo``, of SPF.
        human_result: explanation.
    """

    domain: str | None = None
    result: str | None = None
    selector: str | None = None
    scope: str | None = None
    human_result: str | None = None


@attrs.frozen
class AggregateRecord:
    """What was seen of one source.

    Attributes:
        source_ip: canonical text; None when absent or no address.
        count: messages, 0 to 2**53 - 1; None when absent or no such number.
        disposition: ``none``, ``quarantine``, ``reject`` or ``pass``, in lower case.
        dkim, spf: DMARC results ``pass`` or ``fail``, in lower case.
        reasons: overrides.
        header_from, envelope_from, envelope_to: domains; ``envelope_from`` may be empty: the null reverse path.
        dkim_results: at most MAX_AUTH_RESULTS, the first ones.
        spf_results: likewise.
    """

    source_ip: str | None = None
    count: int | None = None
    disposition: str | None = None
    dkim: str | None = None
    spf: str | None = None
    reasons: tuple[OverrideReason, ...] = ()
    header_from: str | None = None
    envelope_from: str | None = None
    envelope_to: str | None = None
    dkim_results: tuple[AuthResult, ...] = ()
    spf_results: tuple[AuthResult, ...] = ()


@attrs.frozen
class DmarcAggregate:
    """An aggregate report.

    Attributes:
        version: of the format.
        org_name, email, extra_contact_info: who reports.
        report_id: unique for reporter and domain.
        begin, end: period, seconds since 1970-01-01 UTC; None when absent or no number.
        errors: problems the reporter had.
        generator: program that made the report.
        policy_published: the policy.
        messages: sum of the counts, at most 2**53 - 1.
        records: in the order of the report.
    """

    type: ReportType = attrs.field(default=ReportType.DMARC_AGGREGATE, init=False)
    version: str | None = None
    org_name: str | None = None
    email: str | None = None
    extra_contact_info: str | None = None
    report_id: str | None = None
    begin: int | None = None
    end: int | None = None
    errors: tuple[str, ...] = ()
    generator: str | None = None
    policy_published: PolicyPublished = PolicyPublished()
    messages: int = 0
    records: tuple[AggregateRecord, ...] = ()


def looks_like_aggregate(beginning: bytes) -> bool:
    """Whether the first octets of a file look like an aggregate report (UTF-16 included)."""
    return _ROOT.search(beginning.replace(b"\0", b"")) is not None


def read_dmarc_aggregate(data: bytes) -> DmarcAggregate:
    """Read an uncompressed report.

    Raises:
        Unreadable: not well-formed XML, not a <feedback> document, no metadata or policy in it, or a bound is passed.
    """
    version: str | None = None
    metadata: Element | None = None
    policy: Element | None = None
    records: list[AggregateRecord] = []
    for element in top_elements(data, "feedback"):
        match element.name:
            case "version":
                version = element.text or None
            case "report_metadata":
                metadata = metadata or element
            case "policy_published":
                policy = policy or element
            case "record":
                if len(records) == MAX_RECORDS:
                    raise Unreadable(f"more than {MAX_RECORDS} records")
                records.append(_record(element))
    if metadata is None or policy is None:
        raise Unreadable("aggregate report without report_metadata or policy_published")
    dates = metadata.child("date_range") or Element("date_range")
    return DmarcAggregate(
        version=version,
        org_name=metadata.value("org_name"),
        email=metadata.value("email"),
        extra_contact_info=metadata.value("extra_contact_info"),
        report_id=metadata.value("report_id"),
        begin=read_count(dates.value("begin")),
        end=read_count(dates.value("end")),
        errors=tuple(error.text for error in metadata.all("error") if error.text)[:_MAX_ERRORS],
        generator=metadata.value("generator"),
        policy_published=PolicyPublished(
            domain=policy.value("domain"),
            p=policy.value("p"),
            sp=policy.value("sp"),
            np=policy.value("np"),
            adkim=policy.value("adkim"),
            aspf=policy.value("aspf"),
            pct=read_count(policy.value("pct"), 100),
            fo=policy.value("fo"),
            testing=policy.value("testing"),
            discovery_method=policy.value("discovery_method"),
        ),
        messages=min(sum(record.count or 0 for record in records), MAX_COUNT),
        records=tuple(records),
    )


_NOTHING = Element("")


def _record(element: Element) -> AggregateRecord:
    row = element.child("row") or _NOTHING
    evaluated = row.child("policy_evaluated") or _NOTHING
    # RFC 7489 says `identifiers`; `identities` is the word of its drafts.
    identifiers = element.child("identifiers") or element.child("identities") or _NOTHING
    results = element.child("auth_results") or _NOTHING
    envelope_from = identifiers.child("envelope_from")
    return AggregateRecord(
        source_ip=read_ip(row.value("source_ip")),
        count=read_count(row.value("count")),
        disposition=_word(evaluated, "disposition"),
        dkim=_word(evaluated, "dkim"),
        spf=_word(evaluated, "spf"),
        reasons=tuple(OverrideReason(reason.value("type"), reason.value("comment")) for reason in evaluated.all("reason"))[:_MAX_REASONS],
        header_from=identifiers.value("header_from"),
        envelope_from=envelope_from.text if envelope_from is not None else None,
        envelope_to=identifiers.value("envelope_to"),
        dkim_results=tuple(_result(result) for result in results.all("dkim"))[:MAX_AUTH_RESULTS],
        spf_results=tuple(_result(result) for result in results.all("spf"))[:MAX_AUTH_RESULTS],
    )


def _result(element: Element) -> AuthResult:
    return AuthResult(
        domain=element.value("domain"),
        result=_word(element, "result"),
        selector=element.value("selector"),
        scope=element.value("scope"),
        human_result=element.value("human_result"),
    )


def _word(element: Element, name: str) -> str | None:
    value = element.value(name)
    return value.lower() if value is not None else None
