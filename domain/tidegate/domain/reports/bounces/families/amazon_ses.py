"""Amazon SES event notifications as Amazon SNS mails them: JSON in a text part."""

from tidegate.domain.reports.bounces.bounce import Bounce
from tidegate.domain.reports.delivery_status import read_action, read_status
from tidegate.domain.reports.json_text import read_object
from tidegate.domain.reports.limits import MAX_RECIPIENTS
from tidegate.domain.reports.original import OriginalMessage
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.recipient import Action, ReportedRecipient
from tidegate.domain.reports.text import clean

_MARKS = ('"notificationType"', '"eventType"')
_LISTS = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}


def read_ses_notification(text: str) -> Bounce | None:
    """Read the JSON object that ``text`` begins with; None when it is no such notification.

    A complaint and a delivery are reports on delivered mail: their recipients carry the action ``delivered``.
    """
    start = text.find("{")
    if start < 0 or text[:start].strip() or not any(mark in text[:4_096] for mark in _MARKS):
        return None
    # SNS puts a rule, an unsubscribe link and its own words below the object.
    stop = text.rfind("}")
    try:
        event = read_object(text[start : stop + 1].encode("utf-8", "replace"))
    except Unreadable:
        return None
    kind = next((name for name in _LISTS if isinstance(event.get(name), dict)), None)
    if kind is None:
        return None
    detail = _object(event.get(kind))
    entries = detail.get(_LISTS[kind])
    if not isinstance(entries, list):
        return None
    answer = _text(detail, "smtpResponse")
    usual = Action.FAILED if kind == "bounce" else Action.DELIVERED
    return Bounce(
        format="amazon-ses",
        recipients=tuple(_recipient(entry, usual, answer) for entry in entries[:MAX_RECIPIENTS]),
        original=_original(_object(event.get("mail"))),
    )


def _recipient(entry: object, usual: Action, answer: str | None) -> ReportedRecipient:
    fields = entry if isinstance(entry, dict) else {"emailAddress": entry}
    return ReportedRecipient(
        final_recipient=_text(fields, "emailAddress"),
        action=read_action(_text(fields, "action") or "") or usual,
        status=read_status(_text(fields, "status") or answer or ""),
        diagnostic_code=_text(fields, "diagnosticCode") or answer,
    )


def _original(mail: dict[str, object]) -> OriginalMessage | None:
    common = _object(mail.get("commonHeaders"))
    original = OriginalMessage(message_id=_text(common, "messageId"), subject=_text(common, "subject"), date=_text(common, "date"))
    return original if original != OriginalMessage() else None


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(fields: dict[str, object], key: str) -> str | None:
    value = fields.get(key)
    return clean(value) or None if isinstance(value, str) else None
