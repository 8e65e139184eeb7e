"""What classification ends in when there is no report, and how a bound ends it."""

from enum import StrEnum

import attrs


class ReportType(StrEnum):
    """The word under ``report.type`` in a document."""

    DELIVERY_STATUS = "delivery-status"
    """Delivery status notification (RFC 3464, RFC 6533)."""
    DISPOSITION_NOTIFICATION = "disposition-notification"
    """Message disposition notification, a read receipt (RFC 8098)."""
    FEEDBACK_REPORT = "feedback-report"
    """Complaint of a feedback loop (RFC 5965)."""
    DMARC_AGGREGATE = "dmarc-aggregate"
    """Aggregate report (RFC 9990, RFC 7489)."""
    DMARC_FAILURE = "dmarc-failure"
    """Authentication failure report (RFC 6591, RFC 9991)."""
    TLS_RPT = "tls-rpt"
    """SMTP TLS report (RFC 8460)."""
    BOUNCE = "bounce"
    """Failure notice for people, in one of the formats that RFC 3464 did not replace."""


@attrs.frozen
class NotAReport:
    """The message is ordinary mail, or has to be treated as such.

    Attributes:
        note: None for ordinary mail; else why something that claims to be a report is not taken as one: a bound it passed or what is broken.
            One sentence for the operator's log.
    """

    note: str | None = None


ORDINARY = NotAReport()
"""Nothing about the message claims to be a report."""


class Unreadable(Exception):
    """A report is broken or passes a bound. Never leaves this package: it becomes a :class:`NotAReport`. ``args[0]`` is the note."""
