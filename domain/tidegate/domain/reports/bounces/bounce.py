"""The value of a non-standard bounce."""

import attrs

from tidegate.domain.reports.original import OriginalMessage
from tidegate.domain.reports.outcome import ReportType
from tidegate.domain.reports.recipient import ReportedRecipient


@attrs.frozen
class Bounce:
    """A failure notice written for people.

    Attributes:
        format: which family of notices it was read as, like ``qmail``; ``generic`` where only general signs gave it away.
        recipients: failed or delayed addresses as ``final_recipient``, each once; empty when the notice names none.
        original: header of the original message as far as it is in the notice, or None.
    """

    type: ReportType = attrs.field(default=ReportType.BOUNCE, init=False)
    format: str = "generic"
    recipients: tuple[ReportedRecipient, ...] = ()
    original: OriginalMessage | None = None
