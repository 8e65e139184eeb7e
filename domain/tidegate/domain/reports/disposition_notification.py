"""Message disposition notifications, read receipts (RFC 8098; RFC 6533 for internationalised addresses).

A mail program tells the sender what became of a message after delivery: displayed, deleted, dispatched, processed. The machine-readable part
is of type ``message/disposition-notification``.
"""

import attrs

from tidegate.domain.reports.addresses import read_address, read_typed
from tidegate.domain.reports.fields import read_groups
from tidegate.domain.reports.limits import MAX_EXTENSIONS
from tidegate.domain.reports.original import OriginalMessage
from tidegate.domain.reports.outcome import ReportType, Unreadable

DISPOSITION_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})

_KNOWN = frozenset(
    {
        "reporting-ua",
        "mdn-gateway",
        "original-recipient",
        "final-recipient",
        "original-message-id",
        "disposition",
        "failure",
        "error",
        "warning",
    }
)


@attrs.frozen
class DispositionNotification:
    """A read receipt.

    Attributes:
        disposition: ``displayed``, ``deleted``, ``dispatched`` or ``processed``, or another word of the mail program, in lower case.
        modifiers: what follows it, like ``error``, in lower case.
        action_mode: ``manual-action`` or ``automatic-action``: what caused the disposition.
        sending_mode: ``mdn-sent-manually`` or ``mdn-sent-automatically``.
        final_recipient: address the receipt speaks for.
        final_recipient_type: its address type where that is not ``rfc822``.
        original_recipient: address as the sender gave it, or None.
        original_message_id: Message-ID of the original, with angle brackets.
        reporting_ua: the mail program: host name, and product after a semicolon.
        mdn_gateway: gateway that translated a foreign receipt, or None.
        failure, error, warning: explanations.
        original: header of the original message, or None when it was not returned.
        extensions: other fields, names in lower case.
    """

    type: ReportType = attrs.field(default=ReportType.DISPOSITION_NOTIFICATION, init=False)
    disposition: str | None = None
    modifiers: tuple[str, ...] = ()
    action_mode: str | None = None
    sending_mode: str | None = None
    final_recipient: str | None = None
    final_recipient_type: str | None = None
    original_recipient: str | None = None
    original_message_id: str | None = None
    reporting_ua: str | None = None
    mdn_gateway: str | None = None
    failure: str | None = None
    error: str | None = None
    warning: str | None = None
    original: OriginalMessage | None = None
    extensions: dict[str, str] | None = None


def read_disposition_notification(data: bytes, original: OriginalMessage | None = None) -> DispositionNotification:
    """Read the body of a ``message/disposition-notification`` part. Blank lines between its fields are forgiven.

    Raises:
        Unreadable: no Disposition and no recipient in it, or too many fields.
    """
    fields: dict[str, str] = {}
    for group in read_groups(data):
        for name, value in group:
            fields.setdefault(name, value)
    if "disposition" not in fields and "final-recipient" not in fields:
        raise Unreadable("disposition notification without Disposition and Final-Recipient")
    # disposition = action-mode "/" sending-mode ";" type [ "/" modifier *( "," modifier ) ]  (RFC 8098 section 3.2.6)
    modes, _, kind = fields.get("disposition", "").lower().rpartition(";")
    action_mode, _, sending_mode = modes.partition("/")
    disposition, _, modifiers = kind.partition("/")
    final = read_address(fields.get("final-recipient", ""))
    gateway = read_typed(fields.get("mdn-gateway", ""))
    others = [(name, value) for name, value in fields.items() if name not in _KNOWN and value]
    return DispositionNotification(
        disposition=disposition.strip() or None,
        modifiers=tuple(word for modifier in modifiers.split(",") if (word := modifier.strip())),
        action_mode=action_mode.strip() or None,
        sending_mode=sending_mode.strip() or None,
        final_recipient=final.value or None,
        final_recipient_type=final.type if final.value and final.type not in ("", "rfc822") else None,
        original_recipient=read_address(fields.get("original-recipient", "")).value or None,
        original_message_id=fields.get("original-message-id") or None,
        reporting_ua=fields.get("reporting-ua") or None,
        mdn_gateway=gateway.value or None,
        failure=fields.get("failure") or None,
        error=fields.get("error") or None,
        warning=fields.get("warning") or None,
        original=original,
        extensions=dict(others[:MAX_EXTENSIONS]) or None,
    )
