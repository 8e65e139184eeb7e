"""One recipient of a delivery report, whatever format it came in."""

from collections.abc import Mapping
from enum import StrEnum

import attrs


class Action(StrEnum):
    """What happened to the message for one recipient (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    """Not delivered, and no further attempt is made."""
    DELAYED = "delayed"
    """Not delivered yet; the reporter keeps trying."""
    DELIVERED = "delivered"
    """Delivered to the address."""
    RELAYED = "relayed"
    """Passed on to a system that sends no success reports."""
    EXPANDED = "expanded"
    """Delivered to an address that stands for several others."""


@attrs.frozen
class ReportedRecipient:
    """Per-recipient fields (RFC 3464 section 2.3). Text is cleaned and cut; types are in lower case.

    Attributes:
        final_recipient: address for which delivery was tried; None when the reporter left it out.
        final_recipient_type: its address type where that is not ``rfc822``, like ``utf-8`` or ``x400``.
        original_recipient: address as the sender gave it (ORCPT), or None.
        original_recipient_type: like ``final_recipient_type``.
        action: what happened; None for a word that is not in RFC 3464.
        status: enhanced status code ``5.1.1`` (RFC 3463), without comment; None when absent or not of that form.
        remote_mta: the server that answered, without its type ``dns``.
        diagnostic_code: the answer, without its type.
        diagnostic_type: type of the diagnostic where that is not ``smtp``.
        last_attempt_date, will_retry_until: dates, verbatim.
        final_log_id: queue id at the reporter.
        extensions: other fields of the group, names in lower case.
    """

    final_recipient: str | None = None
    final_recipient_type: str | None = None
    original_recipient: str | None = None
    original_recipient_type: str | None = None
    action: Action | None = None
    status: str | None = None
    remote_mta: str | None = None
    diagnostic_code: str | None = None
    diagnostic_type: str | None = None
    last_attempt_date: str | None = None
    will_retry_until: str | None = None
    final_log_id: str | None = None
    extensions: Mapping[str, str] | None = None
