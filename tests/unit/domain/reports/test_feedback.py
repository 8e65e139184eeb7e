"""Feedback reports and authentication failure reports."""

import pytest
from tests.unit.domain.reports.messages import crlf, multipart, note_of, report_of

from tidegate.domain.reports import FeedbackReport, ReportType

KIND = "message/feedback-report"


def read(body: str) -> FeedbackReport:
    """The report with this machine-readable part."""
    report = report_of(multipart(KIND, body))
    assert isinstance(report, FeedbackReport)
    return report


def test_every_field_of_a_complaint() -> None:
    """All fields of RFC 5965; those that may repeat are lists."""
    report = read(
        "Feedback-Type: Abuse\nUser-Agent: G/1\nVersion: 1\nOriginal-Envelope-Id: QQ1\nOriginal-Mail-From: <news@example.com>\n"
        "Original-Rcpt-To: <a@x>\nOriginal-Rcpt-To: b@x\nReceived-Date: yesterday\nReporting-MTA: dns; mail.x\nSource-IP: 192.0.2.1\n"
        "Source-Port: 25\nIncidents: 3\nAuthentication-Results: mail.x; spf=pass\nReported-Domain: example.com\n"
        "Reported-URI: https://example.com/\nReported-URI: mailto:a@x\nX-More: m\nX-More: n\n"
    )
    assert report == FeedbackReport(
        type=ReportType.FEEDBACK_REPORT,
        feedback_type="abuse",
        version="1",
        user_agent="G/1",
        arrival_date="yesterday",
        incidents=3,
        source_ip="192.0.2.1",
        source_port=25,
        original_mail_from="news@example.com",
        original_rcpt_to=("a@x", "b@x"),
        original_envelope_id="QQ1",
        reporting_mta="mail.x",
        reported_domain=("example.com",),
        reported_uri=("https://example.com/", "mailto:a@x"),
        authentication_results=("mail.x; spf=pass",),
        extensions={"x-more": "m"},
    )


def test_every_field_of_a_failure() -> None:
    """All fields of RFC 6591 and RFC 9991; ``none`` is no mechanism."""
    report = read(
        "Feedback-Type: auth-failure\nAuth-Failure: DMARC\nDelivery-Result: Reject\nIdentity-Alignment: dkim , SPF\nDKIM-Domain: d\n"
        "DKIM-Identity: @i\nDKIM-Selector: s\nDKIM-Canonicalized-Header: aA==\nDKIM-Canonicalized-Body: bB==\nDKIM-ADSP-DNS: adsp\n"
        "SPF-DNS: txt : a : v=spf1\nSPF-DNS: txt : b : v=spf1\n"
    )
    assert report == FeedbackReport(
        type=ReportType.DMARC_FAILURE,
        feedback_type="auth-failure",
        auth_failure="dmarc",
        delivery_result="reject",
        identity_alignment=("dkim", "spf"),
        dkim_domain="d",
        dkim_identity="@i",
        dkim_selector="s",
        dkim_canonicalized_header="aA==",
        dkim_canonicalized_body="bB==",
        dkim_adsp_dns="adsp",
        spf_dns=("txt : a : v=spf1", "txt : b : v=spf1"),
    )
    assert read("Feedback-Type: auth-failure\nIdentity-Alignment: none\n").identity_alignment == ()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[IPv6:2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.256", None),
        ("fe80::1%<script>", None),
        ("junk", None),
        ("", None),
    ],
)
def test_source_ip(text: str, address: str | None) -> None:
    """RP03: an address in canonical text, or nothing."""
    assert read(f"Feedback-Type: abuse\nSource-IP: {text}\n").source_ip == address


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("007", 7), ("-1", None), ("1e99", None), ("٣", None), ("9" * 4400, None), (str(2**53), None)]
)
def test_numbers(text: str, count: int | None) -> None:
    """RP03: a number of bounded size, or nothing."""
    assert read(f"Feedback-Type: abuse\nIncidents: {text}\n").incidents == count


def test_null_reverse_path() -> None:
    """``<>`` stays an empty address."""
    assert read("Feedback-Type: abuse\nOriginal-Mail-From: <>\n").original_mail_from == ""


def test_repeats_are_bounded() -> None:
    """RP04: of a repeated field the first hundred count."""
    assert len(read("Feedback-Type: abuse\n" + "Reported-URI: https://x/\n" * 5000).reported_uri) == 100


def test_type_is_required() -> None:
    """Without it nobody knows what is reported."""
    assert "Feedback-Type" in note_of(crlf(multipart(KIND, "Version: 1\n")))
