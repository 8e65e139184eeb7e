"""Contract checks for :class:`tidegate.ports.report_reader.ReportReader`."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tidegate.domain.reports import NotAReport
from tidegate.ports.report_reader import ReportReader

ReaderMaker = Callable[[], AbstractAsyncContextManager[ReportReader]]
"""Sets up one fresh reader and takes it down again."""

_HEAD = b"From: MAILER-DAEMON@example.org\r\nMIME-Version: 1.0\r\nContent-Type: "
_ORDINARY = b"From: Ann <ann@example.com>\r\nSubject: Lunch\r\n\r\nOn Friday?\r\n"


def notification(recipients: int) -> bytes:
    """A delivery status notification about ``user0@example.net``, ``user1@example.net`` and so on."""
    groups = b"".join(
        b"Final-Recipient: rfc822; user%d@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" % number for number in range(recipients)
    )
    return (
        _HEAD
        + b'multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n'
        + b"Reporting-MTA: dns; mail.example.org\r\n\r\n"
        + groups
        + b"--b--\r\n"
    )


async def check_reads_reports(make: ReaderMaker) -> None:
    """A report comes back as the JSON that documents carry."""
    async with make() as reader:
        assert await reader.read(notification(1)) == {
            "type": "delivery-status",
            "recipients": [{"final-recipient": "user0@example.net", "action": "failed", "status": "5.1.1"}],
            "reporting-mta": "mail.example.org",
        }


async def check_ordinary_mail_is_no_report(make: ReaderMaker) -> None:
    """Ordinary mail is told without a note."""
    async with make() as reader:
        assert await reader.read(_ORDINARY) == NotAReport()


async def check_bounds_leave_a_note(make: ReaderMaker) -> None:
    """What passes a bound of the domain is an ordinary message with a note."""
    bomb = _HEAD + b'text/xml\r\n\r\n<!DOCTYPE feedback [<!ENTITY a "b">]><feedback>&a;</feedback>\r\n'
    async with make() as reader:
        outcome = await reader.read(bomb)
        assert isinstance(outcome, NotAReport)
        assert outcome.note
        assert await reader.read(_ORDINARY) == NotAReport()


async def check_many_at_once(make: ReaderMaker) -> None:
    """Each of several that ask at the same time gets the answer to its own question."""
    async with make() as reader:
        answers = await asyncio.gather(*(reader.read(notification(count)) for count in range(1, 6)))
        assert [len(answer["recipients"]) for answer in answers if not isinstance(answer, NotAReport)] == [1, 2, 3, 4, 5]  # type: ignore[arg-type]


REPORT_READER_CHECKS = (check_reads_reports, check_ordinary_mail_is_no_report, check_bounds_leave_a_note, check_many_at_once)
"""All of them."""
