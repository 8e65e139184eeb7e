"""Feedback reports (RFC 5965, ARF) and authentication failure reports (RFC 6591, RFC 9991).

A mailbox provider tells the sender of a message that a reader called it spam (``abuse``), or that it failed authentication
(``auth-failure``). The machine-readable part is of type ``message/feedback-report``. Both kinds share their fields; authentication failures
have some more, and a type of their own here, since other people read them.
"""

import attrs

from tidegate.domain.reports.addresses import read_address, read_typed
from tidegate.domain.reports.fields import read_groups
from tidegate.domain.reports.limits import MAX_EXTENSIONS
from tidegate.domain.reports.numbers import MAX_COUNT, read_count, read_ip
from tidegate.domain.reports.original import OriginalMessage
from tidegate.domain.reports.outcome import ReportType, Unreadable

FEEDBACK_TYPE = "message/feedback-report"

_MAX_REPEATS = 100  # of a repeatable field, like Original-Rcpt-To: one for each recipient of the original


@attrs.frozen
class FeedbackReport:
    """A complaint, or an authentication failure report.

    Attributes:
        type: DMARC_FAILURE where ``feedback_type`` is ``auth-failure``, else FEEDBACK_REPORT.
        feedback_type: ``abuse``, ``fraud``, ``virus``, ``not-spam``, ``auth-failure``, ``other`` or another word, in lower case.
        version: of the format, ``1``.
        user_agent: the program that made the report.
        arrival_date: when the original arrived, verbatim (also from Received-Date, its older name).
        incidents: how many messages this one report stands for, or None.
        source_ip: address the original came from, canonical text; None when absent or no address.
        source_port: its port, or None.
        original_mail_from, original_rcpt_to: envelope of the original, without angle brackets.
        original_envelope_id: its ENVID.
        reporting_mta: server that received the original, without its type ``dns``.
        reported_domain, reported_uri: what the complaint is about.
        authentication_results: values of those fields (RFC 8601), verbatim.
        auth_failure: ``dmarc``, ``dkim``, ``spf``, ``adsp``, ``bodyhash``, ``revoked`` or ``signature``, in lower case. This and the attributes
            down to ``spf_dns`` belong to authentication failures.
        delivery_result: what became of the message: ``delivered``, ``spam``, ``policy``, ``reject``, ``other``, in lower case.
        identity_alignment: mechanisms that failed to authenticate an aligned identity, ``dkim`` and ``spf`` (RFC 9991); empty for none.
        dkim_domain, dkim_identity, dkim_selector: of the signature that failed.
        dkim_canonicalized_header, dkim_canonicalized_body: what was hashed, still base64, cut.
        dkim_adsp_dns, spf_dns: DNS records that were used.
        original: header of the original message, or None.
        extensions: other fields, names in lower case; of a repeated one the first.
    """

    type: ReportType
    feedback_type: str
    version: str | None = None
    user_agent: str | None = None
    arrival_date: str | None = None
    incidents: int | None = None
    source_ip: str | None = None
    source_port: int | None = None
    original_mail_from: str | None = None
    original_rcpt_to: tuple[str, ...] = ()
    original_envelope_id: str | None = None
    reporting_mta: str | None = None
    reported_domain: tuple[str, ...] = ()
    reported_uri: tuple[str, ...] = ()
    authentication_results: tuple[str, ...] = ()
    auth_failure: str | None = None
    delivery_result: str | None = None
    identity_alignment: tuple[str, ...] = ()
    dkim_domain: str | None = None
    dkim_identity: str | None = None
    dkim_selector: str | None = None
    dkim_canonicalized_header: str | None = None
    dkim_canonicalized_body: str | None = None
    dkim_adsp_dns: str | None = None
    spf_dns: tuple[str, ...] = ()
    original: OriginalMessage | None = None
    extensions: dict[str, str] | None = None


_ALIASES = {"received-date": "arrival-date"}
_OURS = frozenset({"type", "original", "extensions"})  # attributes that are no fields of the standard
_KNOWN = frozenset(field.name.replace("_", "-") for field in attrs.fields(FeedbackReport)) - _OURS


def read_feedback(data: bytes, original: OriginalMessage | None = None) -> FeedbackReport:
    """Read the body of a ``message/feedback-report`` part.

    Raises:
        Unreadable: no Feedback-Type in it, or too many fields.
    """
    fields: dict[str, list[str]] = {}
    for group in read_groups(data):
        for name, value in group:
            values = fields.setdefault(_ALIASES.get(name, name), [])
            if len(values) < _MAX_REPEATS:
                values.append(value)
    feedback_type = _word(fields, "feedback-type")
    if feedback_type is None:
        raise Unreadable("feedback report without Feedback-Type")
    others = [(name, values[0]) for name, values in fields.items() if name not in _KNOWN and values[0]]
    alignment = (_word(fields, "identity-alignment") or "").split(",")
    return FeedbackReport(
        type=ReportType.DMARC_FAILURE if feedback_type == "auth-failure" else ReportType.FEEDBACK_REPORT,
        feedback_type=feedback_type,
        version=_first(fields, "version"),
        user_agent=_first(fields, "user-agent"),
        arrival_date=_first(fields, "arrival-date"),
        incidents=read_count(_first(fields, "incidents"), MAX_COUNT),
        source_ip=read_ip(_first(fields, "source-ip")),
        source_port=read_count(_first(fields, "source-port"), 65_535),
        original_mail_from=_address(_first(fields, "original-mail-from")),
        original_rcpt_to=tuple(address for value in _all(fields, "original-rcpt-to") if (address := _address(value))),
        original_envelope_id=_first(fields, "original-envelope-id"),
        reporting_mta=read_typed(_first(fields, "reporting-mta") or "").value or None,
        reported_domain=_all(fields, "reported-domain"),
        reported_uri=_all(fields, "reported-uri"),
        authentication_results=_all(fields, "authentication-results"),
        auth_failure=_word(fields, "auth-failure"),
        delivery_result=_word(fields, "delivery-result"),
        identity_alignment=tuple(word for name in alignment if (word := name.strip()) not in ("", "none")),
        dkim_domain=_first(fields, "dkim-domain"),
        dkim_identity=_first(fields, "dkim-identity"),
        dkim_selector=_first(fields, "dkim-selector"),
        dkim_canonicalized_header=_first(fields, "dkim-canonicalized-header"),
        dkim_canonicalized_body=_first(fields, "dkim-canonicalized-body"),
        dkim_adsp_dns=_first(fields, "dkim-adsp-dns"),
        spf_dns=_all(fields, "spf-dns"),
        original=original,
        extensions=dict(others[:MAX_EXTENSIONS]) or None,
    )


def _first(fields: dict[str, list[str]], name: str) -> str | None:
    return next((value for value in fields.get(name, ()) if value), None)


def _all(fields: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(value for value in fields.get(name, ()) if value)


def _word(fields: dict[str, list[str]], name: str) -> str | None:
    value = _first(fields, name)
    return value.lower() if value is not None else None


def _address(text: str | None) -> str | None:
    # `<>` is the null reverse path and stays the empty string.
    return read_address(text).value if text is not None else None
