"""SMTP TLS reports (RFC 8460).

A mail sender tells the owner of a domain how TLS connections to the domain's servers went, by policy (MTA-STS, DANE). The report is a JSON
object, mostly gzipped, in a part of type ``application/tlsrpt+gzip`` or ``application/tlsrpt+json``.
"""

import attrs

from tidegate.domain.reports.json_text import read_object
from tidegate.domain.reports.limits import MAX_POLICIES
from tidegate.domain.reports.numbers import MAX_COUNT, read_count, read_ip
from tidegate.domain.reports.outcome import ReportType, Unreadable
from tidegate.domain.reports.text import clean

TLS_TYPES = frozenset({"application/tlsrpt+gzip", "application/tlsrpt+json", "application/tlsrpt"})

_MAX_STRINGS = 200  # lines of one policy, MX patterns of one policy


@attrs.frozen
class FailureDetail:
    """Sessions that failed for one reason (RFC 8460 section 4.4).

    Attributes:
        result_type: why, like ``certificate-expired``.
        failed_session_count: sessions; None when absent or no number.
        sending_mta_ip, receiving_ip: canonical text; None when absent or no address.
        receiving_mx_hostname, receiving_mx_helo: the server.
        additional_information, failure_reason_code: explanations.
    """

    result_type: str | None = None
    failed_session_count: int | None = None
    sending_mta_ip: str | None = None
    receiving_ip: str | None = None
    receiving_mx_hostname: str | None = None
    receiving_mx_helo: str | None = None
    additional_information: str | None = None
    failure_reason_code: str | None = None


@attrs.frozen
class TlsPolicy:
    """Results under one policy.

    Attributes:
        policy_type: ``tlsa``, ``sts`` or ``no-policy-found``.
        policy_string: lines of the policy as found.
        policy_domain: domain it belongs to.
        mx_host: MX patterns of the policy.
        total_successful_session_count, total_failure_session_count: sessions; None when absent or no number.
        failure_details: in the order of the report.
    """

    policy_type: str | None = None
    policy_string: tuple[str, ...] = ()
    policy_domain: str | None = None
    mx_host: tuple[str, ...] = ()
    total_successful_session_count: int | None = None
    total_failure_session_count: int | None = None
    failure_details: tuple[FailureDetail, ...] = ()


@attrs.frozen
class TlsReport:
    """A TLS report.

    Attributes:
        organization_name, contact_info: who reports.
        report_id: unique for the reporter.
        start_datetime, end_datetime: period (RFC 3339), verbatim.
        policies: in the order of the report.
    """

    type: ReportType = attrs.field(default=ReportType.TLS_RPT, init=False)
    organization_name: str | None = None
    contact_info: str | None = None
    report_id: str | None = None
    start_datetime: str | None = None
    end_datetime: str | None = None
    policies: tuple[TlsPolicy, ...] = ()


def looks_like_tls_report(beginning: bytes) -> bool:
    """Whether the first octets of a file look like a TLS report."""
    start = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")
    return (start.startswith(b"{") and b'"policies"' in start) or (b'"organization-name"' in start and b'"date-range"' in start)


def read_tls_report(data: bytes) -> TlsReport:
    """Read an uncompressed report. Values of another type than the standard's are left out.

    Raises:
        Unreadable: not a JSON object, no policies in it, or a bound is passed.
    """
    report = read_object(data)
    policies = report.get("policies")
    if not isinstance(policies, list):
        raise Unreadable("TLS report without policies")
    if len(policies) > MAX_POLICIES:
        raise Unreadable(f"more than {MAX_POLICIES} policies")
    dates = _object(report.get("date-range"))
    return TlsReport(
        organization_name=_text(report, "organization-name"),
        contact_info=_text(report, "contact-info"),
        report_id=_text(report, "report-id"),
        start_datetime=_text(dates, "start-datetime"),
        end_datetime=_text(dates, "end-datetime"),
        policies=tuple(_policy(_object(policy)) for policy in policies),
    )


def _policy(entry: dict[str, object]) -> TlsPolicy:
    policy = _object(entry.get("policy"))
    summary = _object(entry.get("summary"))
    details = entry.get("failure-details")
    if not isinstance(details, list):
        details = []
    if len(details) > MAX_POLICIES:
        raise Unreadable(f"more than {MAX_POLICIES} failure details")
    return TlsPolicy(
        policy_type=_text(policy, "policy-type"),
        policy_string=_texts(policy.get("policy-string")),
        policy_domain=_text(policy, "policy-domain"),
        mx_host=_texts(policy.get("mx-host")),
        total_successful_session_count=_count(summary, "total-successful-session-count"),
        total_failure_session_count=_count(summary, "total-failure-session-count"),
        failure_details=tuple(_detail(_object(detail)) for detail in details),
    )


def _detail(entry: dict[str, object]) -> FailureDetail:
    return FailureDetail(
        result_type=_text(entry, "result-type"),
        failed_session_count=_count(entry, "failed-session-count"),
        sending_mta_ip=read_ip(_text(entry, "sending-mta-ip")),
        receiving_ip=read_ip(_text(entry, "receiving-ip")),
        receiving_mx_hostname=_text(entry, "receiving-mx-hostname"),
        receiving_mx_helo=_text(entry, "receiving-mx-helo"),
        # The standard's text and its example spell this key differently.
        additional_information=_text(entry, "additional-information") or _text(entry, "additional-info-uri"),
        failure_reason_code=_text(entry, "failure-reason-code"),
    )


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(entry: dict[str, object], key: str) -> str | None:
    value = entry.get(key)
    return clean(value) or None if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    """Read a list of strings, or the one string that some reporters write instead."""
    items = value if isinstance(value, list) else [value]
    return tuple(clean(item) for item in items[:_MAX_STRINGS] if isinstance(item, str))


def _count(entry: dict[str, object], key: str) -> int | None:
    value = entry.get(key)
    if isinstance(value, str):
        return read_count(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT else None
