"""Where a message is read: ordinary ones and small reports on the spot, large ones apart."""

from tidegate.app.reception.report_reader import read_report
from tidegate.domain.json_value import JsonObject
from tidegate.domain.reports import NotAReport
from tidegate.ports.testing.report_reader import notification


class Recorder:
    """A reader that keeps what it was asked, and answers the same each time."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def read(self, message: bytes) -> JsonObject | NotAReport:
        """See the port."""
        self.asked.append(message)
        return NotAReport("busy")


async def test_ordinary_and_small_on_the_spot() -> None:
    """Nothing is asked about an ordinary message and a small report."""
    apart = Recorder()
    assert await read_report(b"From: a@x\r\n\r\nhello\r\n", apart) == NotAReport()
    report = await read_report(notification(1), apart)
    assert not isinstance(report, NotAReport)
    assert report["type"] == "delivery-status"
    assert apart.asked == []


async def test_large_apart() -> None:
    """HD09: a large report is read elsewhere; what is said there is what is said here."""
    apart = Recorder()
    message = notification(1_000)
    assert await read_report(message, apart) == NotAReport("busy")
    assert apart.asked == [message]


async def test_broken_report_on_the_spot() -> None:
    """RP02: what passes a bound while it is read here is an ordinary message with a note."""
    outcome = await read_report(b"Content-Type: text/xml\r\n\r\n<!DOCTYPE a><feedback/>\r\n", Recorder())
    assert isinstance(outcome, NotAReport)
    assert outcome.note is not None
