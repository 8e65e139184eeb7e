"""Reports of local mail: told from ordinary messages at once, and read where it costs least."""

from tidegate.domain.json_value import JsonObject
from tidegate.domain.reports import Located, NotAReport, as_json, locate
from tidegate.ports.report_reader import ReportReader


async def read_report(message: bytes, apart: ReportReader) -> JsonObject | NotAReport:
    """The ``report`` property of a message, or why it has none.

    Ordinary mail is told on the spot, within microseconds; a small report is read on the spot, within a few milliseconds at most; a large one,
    or one that expands to something large, by ``apart``.

    Args:
        message: the whole message; lines end in CRLF.
        apart: reads large reports off the event loop.
    """
    located = locate(message)
    if not isinstance(located, Located):
        return located
    if located.heavy:
        return await apart.read(message)
    outcome = located.read()
    return outcome if isinstance(outcome, NotAReport) else as_json(outcome)


class NoReportReader:
    """Implements :class:`tidegate.ports.report_reader.ReportReader` by leaving large reports unread: where nobody gave a better one."""

    async def read(self, message: bytes) -> JsonObject | NotAReport:
        """See the port."""
        return NotAReport(f"message of {len(message)} octets is too large for its report to be read on the spot")
