"""Delivery status notifications (RFC 3464; RFC 6533 for internationalised addresses).

A server that could not deliver a message, or was asked to say that it did, sends a ``multipart/report`` whose second part, of type
``message/delivery-status``, holds one group of fields about the message and one for each recipient. Generators leave out blank lines, put
too many in, and omit required fields; what can be assigned without guessing is read.
"""

import re

import attrs

from tidegate.domain.reports.addresses import Typed, read_address, read_typed
from tidegate.domain.reports.fields import Field, read_groups
from tidegate.domain.reports.limits import MAX_EXTENSIONS, MAX_RECIPIENTS
from tidegate.domain.reports.original import OriginalMessage
from tidegate.domain.reports.outcome import ReportType, Unreadable
from tidegate.domain.reports.recipient import Action, ReportedRecipient

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})

_RECIPIENT_FIELDS = frozenset(
    {
        "final-recipient",
        "original-recipient",
        "action",
        "status",
        "remote-mta",
        "diagnostic-code",
        "last-attempt-date",
        "will-retry-until",
        "final-log-id",
    }
)
_NAMES = frozenset({"final-recipient", "original-recipient"})
_MESSAGE_FIELDS = frozenset({"reporting-mta", "dsn-gateway", "received-from-mta", "arrival-date", "original-envelope-id"})
_STATUS = re.compile(r"(?:^|[^0-9.])([245]\.\d{1,3}\.\d{1,3})(?![0-9.])")


@attrs.frozen
class DeliveryStatus:
    """A delivery status notification.

    Attributes:
        recipients: in the order of the report; empty when its machine-readable part is.
        reporting_mta: the server that reports, without its type ``dns``.
        received_from_mta, dsn_gateway: other servers, likewise.
        arrival_date: when the reporter got the message, verbatim.
        original_envelope_id: the ENVID of the original transaction (RFC 3461).
        original: header of the original message, or None when it was not returned.
        extensions: other per-message fields, names in lower case.
    """

    type: ReportType = attrs.field(default=ReportType.DELIVERY_STATUS, init=False)
    recipients: tuple[ReportedRecipient, ...] = ()
    reporting_mta: str | None = None
    received_from_mta: str | None = None
    dsn_gateway: str | None = None
    arrival_date: str | None = None
    original_envelope_id: str | None = None
    original: OriginalMessage | None = None
    extensions: dict[str, str] | None = None


def read_delivery_status(data: bytes, original: OriginalMessage | None = None) -> DeliveryStatus:
    """Read the body of a ``message/delivery-status`` part.

    Raises:
        Unreadable: more than MAX_RECIPIENTS recipients, or too many fields.
    """
    message: dict[str, str] = {}
    recipients: list[dict[str, str]] = []
    for group in read_groups(data):
        _assign(group, message, recipients)
        if len(recipients) > MAX_RECIPIENTS:
            raise Unreadable(f"more than {MAX_RECIPIENTS} recipients")
    return DeliveryStatus(
        recipients=tuple(_recipient(fields) for fields in recipients),
        reporting_mta=_name(message.get("reporting-mta")),
        received_from_mta=_name(message.get("received-from-mta")),
        dsn_gateway=_name(message.get("dsn-gateway")),
        arrival_date=message.get("arrival-date") or None,
        original_envelope_id=message.get("original-envelope-id") or None,
        original=original,
        extensions=_extensions(message, _MESSAGE_FIELDS),
    )


def _assign(group: list[Field], message: dict[str, str], recipients: list[dict[str, str]]) -> None:
    """Sort the fields of one group to the message or to a recipient.

    A group that names a recipient begins a new one, unless what came before has no name yet. A group that names none continues the recipient
    before it (a blank line too many); a name that the recipient already has begins a new one (a blank line too few).
    """
    names = {name for name, _ in group}
    fresh = bool(names & _NAMES) and not (recipients and not recipients[-1].keys() & _NAMES)
    for name, value in group:
        if name in _MESSAGE_FIELDS:
            message.setdefault(name, value)
        elif name in _RECIPIENT_FIELDS:
            if fresh or not recipients or (name in _NAMES and name in recipients[-1]):
                recipients.append({})
                fresh = False
            recipients[-1].setdefault(name, value)
        elif recipients and not fresh:
            recipients[-1].setdefault(name, value)
        elif not fresh:
            message.setdefault(name, value)


def _recipient(fields: dict[str, str]) -> ReportedRecipient:
    final = read_address(fields.get("final-recipient", ""))
    original = read_address(fields.get("original-recipient", ""))
    diagnostic = _diagnostic(fields.get("diagnostic-code", ""))
    return ReportedRecipient(
        final_recipient=final.value or None,
        final_recipient_type=_unless(final, "rfc822"),
        original_recipient=original.value or None,
        original_recipient_type=_unless(original, "rfc822"),
        action=read_action(fields.get("action", "")),
        status=read_status(fields.get("status", "")),
        remote_mta=_name(fields.get("remote-mta")),
        diagnostic_code=diagnostic.value or None,
        diagnostic_type=_unless(diagnostic, "smtp"),
        last_attempt_date=fields.get("last-attempt-date") or None,
        will_retry_until=fields.get("will-retry-until") or None,
        final_log_id=fields.get("final-log-id") or None,
        extensions=_extensions(fields, _RECIPIENT_FIELDS),
    )


def read_action(text: str) -> Action | None:
    """Read an Action value: its first word, in any case (RFC 3464 section 2.3.3 allows comments after it)."""
    words = text.replace("(", " ").split(None, 1)
    try:
        return Action(words[0].lower()) if words else None
    except ValueError:
        return None


def read_status(text: str) -> str | None:
    """Return the first enhanced status code (RFC 3463) in ``text``, or None."""
    match = _STATUS.search(text)
    return match[1] if match is not None else None


def _diagnostic(text: str) -> Typed:
    """Read a diagnostic: without a type, an answer like ``550 no; really`` must not lose its first half."""
    typed = read_typed(text)
    return Typed("", text.strip()) if typed.type.isdigit() else typed


def _name(text: str | None) -> str | None:
    """Return the name of a server without its type ``dns`` (or the common mistake ``dsn``)."""
    if text is None:
        return None
    typed = read_typed(text)
    return (typed.value if typed.type in ("dns", "dsn", "") else text.strip()) or None


def _unless(typed: Typed, usual: str) -> str | None:
    return typed.type if typed.value and typed.type not in ("", usual) else None


def _extensions(fields: dict[str, str], known: frozenset[str]) -> dict[str, str] | None:
    others = [(name, value) for name, value in fields.items() if name not in known and value]
    return dict(others[:MAX_EXTENSIONS]) or None
