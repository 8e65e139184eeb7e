"""Which queue a recipient's document goes to."""

import attrs


@attrs.frozen
class Queues:
    """Queue names as configured; the empty string means that there is none.

    Attributes:
        inbox: for everything that has no queue of its own.
        local: for local recipients.
        reports: for reports to local recipients.
        refused: for recipients that were not accepted.
    """

    inbox: str = ""
    local: str = ""
    reports: str = ""
    refused: str = ""

    def __bool__(self) -> bool:
        """Whether there is any queue at all."""
        return bool(self.inbox or self.local or self.reports or self.refused)


def queue_for(queues: Queues, *, local: bool, report: bool = False, refused: bool = False) -> str | None:
    """The queue of one recipient's document, or None when it is to be discarded.

    Args:
        queues: what is configured.
        local: whether the recipient is on the local address list.
        report: whether the message is a report. Looked at for local recipients only: nobody outside may divert mail by its looks.
        refused: whether the recipient was answered 5xx.
    """
    if refused:
        return queues.refused or None
    if local:
        if report and queues.reports:
            return queues.reports
        if queues.local:
            return queues.local
    return queues.inbox or None
