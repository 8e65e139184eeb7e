"""A report reader that reads where it stands: for tests, and for embedders whose loop has nothing else to do."""

from tidegate.domain.json_value import JsonObject
from tidegate.domain.reports import NotAReport, as_json, classify


class MemoryReportReader:
    """Implements :class:`tidegate.ports.report_reader.ReportReader`. Blocks the loop for as long as a report takes: up to two seconds."""

    async def read(self, message: bytes) -> JsonObject | NotAReport:
        """See the port."""
        outcome = classify(message)
        return outcome if isinstance(outcome, NotAReport) else as_json(outcome)
