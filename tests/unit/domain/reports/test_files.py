"""Files: messages as programs save them, and bare reports."""

import gzip

import pytest
from tests.unit.domain.reports.messages import DAEMON, XML, delivery_status, zipped

from tidegate.domain.reports import Bounce, DeliveryStatus, DmarcAggregate, NotAReport, TlsReport, classify_file

REPORT = XML + b"</feedback>"
TLS = b'{"organization-name": "A", "date-range": {}, "policies": []}'


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (delivery_status("Final-Recipient: a@x\n").encode(), DeliveryStatus),
        (delivery_status("Final-Recipient: a@x\n").replace("\n", "\r\n").encode(), DeliveryStatus),
        (delivery_status("Final-Recipient: a@x\n").replace("\n\n", "\r\n\n").encode(), DeliveryStatus),
        (b"From someone Fri Nov  6\n" + f"{DAEMON}\n<a@x.example>: no\n".encode(), Bounce),
        (REPORT, DmarcAggregate),
        (b"\xef\xbb\xbf" + REPORT, DmarcAggregate),
        (b"\n\n" + REPORT, DmarcAggregate),
        (gzip.compress(REPORT), DmarcAggregate),
        (zipped(("a.xml", REPORT)), DmarcAggregate),
        (REPORT.decode().encode("utf-16"), DmarcAggregate),
        (TLS, TlsReport),
        (gzip.compress(TLS), TlsReport),
        (b"Subject: x\n\nordinary\n", NotAReport),
        (b"<html></html>", NotAReport),
        (b"{}", NotAReport),
        (gzip.compress(b"text"), NotAReport),
        (b"", NotAReport),
    ],
    ids=range(17),
)
def test_files(data: bytes, kind: type) -> None:
    """Line ends of both kinds and mixed, mbox lines, byte order marks, archives."""
    assert isinstance(classify_file(data), kind)


def test_broken_file_has_a_note() -> None:
    """What looks like a report and is broken is told with the reason."""
    outcome = classify_file(XML)
    assert isinstance(outcome, NotAReport)
    assert outcome.note is not None
    assert "not well-formed" in outcome.note
