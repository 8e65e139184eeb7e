"""What is a report and what is not, and how far a message is looked at to tell."""

import gzip

import pytest
from tests.unit.domain.reports.messages import DAEMON, XML, attached, crlf, delivery_status, multipart, report_of

from tidegate.domain.reports import DeliveryStatus, Located, NotAReport, ReportType, classify, locate, may_be_report
from tidegate.domain.reports.limits import INLINE_BYTES

ORDINARY = [
    "From: Ann <ann@example.com>\nSubject: Lunch\n\nOn Friday?\n",
    "From: Ann <ann@example.com>\nSubject: Lunch\nContent-Type: text/html\n\n<feedback>nice</feedback>\n",
    'Content-Type: multipart/alternative; boundary="b"\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: a@x\n--b--\n',
    "Content-Type: image/png\n\nx\n",
    "\nno header\n",
    "no body",
    "",
    "Auto-Submitted: no\nFrom: Ann <ann@example.com>\n\nx\n",
    "Received: from mailer-daemon\nX-Subject: Undelivered mail\n\nFrom: MAILER-DAEMON\n",
]


@pytest.mark.parametrize("message", ORDINARY)
def test_ordinary_mail_is_told_by_its_header(message: str) -> None:
    """HD05, HD12: nothing but the header section is asked, and what is in the body does not count as header."""
    assert not may_be_report(crlf(message))
    assert classify(crlf(message)) == NotAReport()


@pytest.mark.parametrize(
    "message",
    [
        attached(b"%PDF-1.7", "application/pdf", "a.pdf"),
        attached(gzip.compress(b"text"), "application/gzip", "a.xml.gz"),
        attached(b"PK\x03\x04 broken", "application/zip", "example.com!example.net!1!2.zip"),
        attached(b'{"policies": 1', "image/png", "a.json"),
        attached(b'{"a": 1}', "application/json", "a.json"),
        attached(b"<html/>", "text/html", "a.html"),
        attached(XML, "text/plain", "a.txt")[:-300],
        crlf(multipart("message/rfc822", delivery_status("Final-Recipient: a@x\n").replace("=_b", "=_c"), "mixed")),
        crlf("Content-Type: multipart/mixed\n\n--x\nContent-Type: message/delivery-status\n\nFinal-Recipient: a@x\n"),
        crlf('Content-Type: multipart/report; boundary="b"\n\nno part\n'),
        crlf("Content-Type: text/plain\n\n{ this is no JSON\n"),
    ],
    ids=range(11),
)
def test_attachments_of_ordinary_mail(message: bytes) -> None:
    """RP04: files that are no reports, reports in attached messages, and multiparts without parts are ordinary, without a note."""
    assert classify(message) == NotAReport()


def test_report_in_a_wrapped_message() -> None:
    """A list or a scanner put the report and a text of its own into a multipart."""
    inner = delivery_status("Final-Recipient: a@x\n").partition("Content-Type")[2].replace("=_b", "=_c")
    wrapped = (
        f'Content-Type: multipart/mixed; boundary="=_b"\n\n--=_b\nContent-Type{inner}\n--=_b\nContent-Type: text/plain\n\nfooter\n--=_b--\n'
    )
    assert isinstance(report_of(wrapped), DeliveryStatus)


def test_machine_readable_part_goes_before_prose() -> None:
    """A delivery status from a mail system is read as one, whatever its text says."""
    report = report_of(DAEMON.partition("Subject")[0] + delivery_status("Final-Recipient: rfc822; a@x\n"))
    assert isinstance(report, DeliveryStatus)


@pytest.mark.parametrize(
    ("message", "kind", "heavy"),
    [
        (crlf(delivery_status("Final-Recipient: a@x\n")), ReportType.DELIVERY_STATUS, False),
        (crlf(delivery_status("Final-Recipient: a@x\n" * 4_000)), ReportType.DELIVERY_STATUS, True),
        (attached(gzip.compress(XML)), ReportType.DMARC_AGGREGATE, False),
        (attached(gzip.compress(XML + b"<a/>" * 10_000)), ReportType.DMARC_AGGREGATE, True),
        (crlf(DAEMON + "\nx\n"), ReportType.BOUNCE, False),
        (crlf(DAEMON + "\n" + "x\n" * INLINE_BYTES), ReportType.BOUNCE, True),
    ],
)
def test_large_reports_are_found_without_reading_them(message: bytes, kind: ReportType, heavy: bool) -> None:
    """What is large, or expands to something large, is known before it is read."""
    located = locate(message)
    assert isinstance(located, Located)
    assert (located.type, located.heavy) == (kind, heavy)


def test_large_original_does_not_make_a_report_large() -> None:
    """A delivery status that returns a large message is read in place."""
    more = "--=_b\nContent-Type: message/rfc822\n\nSubject: x\n\n" + "y" * 200_000 + "\n"
    located = locate(crlf(delivery_status("Final-Recipient: a@x\n", more=more)))
    assert isinstance(located, Located)
    assert not located.heavy


@pytest.mark.parametrize(
    "subject",
    [
        "Undelivered Mail Returned to Sender",
        "=?utf-8?q?Undeliverable=3A_Lunch?=",
        "=?UTF-8?B?VW5kZWxp?= =?utf-8?b?dmVyYWJsZQ==?=",
        "Warning: message 1abc-0 delayed 24 hours",
        "Unzustellbar: Mittagessen",
    ],
)
def test_subjects_of_failure_notices(subject: str) -> None:
    """Known subjects, encoded or not, lead to a look at the text."""
    assert may_be_report(crlf(f"From: x@y\nSubject: {subject}\n\nx\n"))
