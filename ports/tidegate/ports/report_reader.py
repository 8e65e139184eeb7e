"""Role: read a report whose reading takes longer than an event loop can wait."""

from typing import Protocol

from tidegate.domain.json_value import JsonObject
from tidegate.domain.reports import NotAReport


class ReportReader(Protocol):
    """Classifies whole messages, off the event loop and within bounds of time and memory."""

    async def read(self, message: bytes) -> JsonObject | NotAReport:
        """What :func:`tidegate.domain.reports.classify` says of a message, a report as JSON (:func:`tidegate.domain.reports.as_json`).

        Whatever goes wrong on the way, a bound of time or memory, too many waiting, a reader that died, leaves the message an ordinary one,
        with a note for the operator's log. Never raises, but for cancellation; ends within seconds.

        Args:
            message: the whole message; lines end in CRLF.
        """
