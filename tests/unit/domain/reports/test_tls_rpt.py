"""SMTP TLS reports."""

import gzip
import json

import pytest
from tests.unit.domain.reports.messages import attached, crlf, multipart, note_of, report_of

from tidegate.domain.reports import TlsReport
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.tls_rpt import FailureDetail, TlsPolicy, read_tls_report

REPORT = {
    "organization-name": "A",
    "date-range": {"start-datetime": "2026-11-06T00:00:00Z", "end-datetime": "2026-11-06T23:59:59Z"},
    "contact-info": "c",
    "report-id": "r",
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"], "policy-domain": "x", "mx-host": "*.x"},
            "summary": {"total-successful-session-count": 5, "total-failure-session-count": "2"},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "2001:DB8::1",
                    "receiving-mx-hostname": "mx.x",
                    "receiving-mx-helo": "mx",
                    "receiving-ip": "junk",
                    "failed-session-count": 2,
                    "additional-information": "https://x",
                    "failure-reason-code": "CERT",
                }
            ],
        },
        "junk",
    ],
}
EXPECTED = TlsReport(
    organization_name="A",
    contact_info="c",
    report_id="r",
    start_datetime="2026-11-06T00:00:00Z",
    end_datetime="2026-11-06T23:59:59Z",
    policies=(
        TlsPolicy(
            policy_type="sts",
            policy_string=("version: STSv1", "mode: testing"),
            policy_domain="x",
            mx_host=("*.x",),
            total_successful_session_count=5,
            total_failure_session_count=2,
            failure_details=(FailureDetail("certificate-expired", 2, "2001:db8::1", None, "mx.x", "mx", "https://x", "CERT"),),
        ),
        TlsPolicy(),
    ),
)
TEXT = json.dumps(REPORT).encode()


@pytest.mark.parametrize(
    "message",
    [
        attached(gzip.compress(TEXT), "application/tlsrpt+gzip", "a.json.gz"),
        attached(TEXT, "application/tlsrpt+json", "a.json"),
        attached(gzip.compress(TEXT)),
        attached(TEXT, "application/json"),
        crlf(multipart("application/tlsrpt+json", TEXT.decode())),
        crlf("Content-Type: application/tlsrpt+json\n\n") + b"\xef\xbb\xbf" + TEXT,
    ],
    ids=["gzip", "json", "gzip by content", "json by content", "plain", "body"],
)
def test_containers(message: bytes) -> None:
    """Every field, in every container; junk in addresses and policies is left out."""
    assert report_of(message) == EXPECTED


@pytest.mark.parametrize("value", ["1e999", "1.0", "-1", '"x"', "true", "null", "9" * 30, "{}"])
def test_numbers(value: str) -> None:
    """RP03: a count is a whole number of bounded size, or left out."""
    text = f'{{"policies": [{{"summary": {{"total-failure-session-count": {value}}}}}]}}'
    assert read_tls_report(text.encode()).policies[0].total_failure_session_count is None


def test_repeated_keys_and_surrogates() -> None:
    """RP05: of a repeated key the last counts; what is no character does not reach a document."""
    report = read_tls_report(rb'{"policies": 1, "policies": [], "report-id": "a\ud800\u0000b\r\nc"}')
    assert report.report_id == "ab c"
    assert report.policies == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"policies": [NaN]}', "not valid JSON"),
        (b'{"policies": [Infinity]}', "not valid JSON"),
        (b'{"policies": ' + b"[" * 100_000, "levels"),
        (b'{"policies": ' + b"[" * 33 + b"]" * 33 + b"}", "levels"),
        (b'{"policies": [' + b'"\\"[[{", ' * 99 + b"1]", "not valid JSON"),
        (b'{"policies": [' + b"{}, " * 10_000 + b"{}]}", "policies"),
        (b'{"policies": [{"failure-details": [' + b"{}, " * 10_000 + b"{}]}]}", "failure details"),
        (b"[1]", "not an object"),
        (b'{"a": 1}', "without policies"),
        (b'{"policies": "\xff"}', "not valid JSON"),
        (b"", "not valid JSON"),
    ],
)
def test_bounds(text: bytes, reason: str) -> None:
    """RP05: depth, numbers and lists are bounded; brackets in strings do not count."""
    with pytest.raises(Unreadable, match=reason):
        read_tls_report(text)


def test_deep_but_allowed() -> None:
    """32 levels are read."""
    assert read_tls_report(b'{"policies": [' + b"[" * 30 + b"]" * 30 + b"]}").policies == (TlsPolicy(),)


def test_broken_report_leaves_a_note() -> None:
    """RP05: a bomb of brackets is an ordinary message."""
    assert note_of(attached(gzip.compress(b'{"policies": ' + b"[" * 90_000), "application/tlsrpt+gzip")).startswith("tls-rpt: more than 32")
