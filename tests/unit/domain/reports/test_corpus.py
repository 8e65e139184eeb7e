"""Reports and ordinary mail from outside, against what is known of them."""

import json
from collections import Counter
from email import message_from_bytes
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from flufl.bounce import all_failures

from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.reports import (
    Bounce,
    DeliveryStatus,
    DmarcAggregate,
    FeedbackReport,
    NotAReport,
    ReportedRecipient,
    TlsReport,
    as_json,
    classify_file,
)
from tidegate.domain.reports.schema import report_schema

TYPES = {
    "dsn": "delivery-status",
    "arf": "feedback-report",
    "mdn": "disposition-notification",
    "bounce-other": "bounce",
    "dmarc-aggregate": "dmarc-aggregate",
    "dmarc-failure": "dmarc-failure",
    "tls-rpt": "tls-rpt",
}
STANDARD = [name for name in TYPES if name != "bounce-other"]
Case = dict[str, Any]

# Of the ordinary mails, these files of parser suites are reports: they were written to test the parsing of reports.
REPORTS_AMONG_MAILS = {
    "cpython_msg_16.eml",
    "flanker_bounce_delayed-broken.eml",
    "flanker_bounce_gmail-no-dns.eml",
    "flanker_bounce_no-mx.eml",
    "flanker_disposition-notification.eml",
    "mikel_multipart_report_emails_multi_address_bounce1.eml",
    "mikel_multipart_report_emails_multipart_report_multiple_status.eml",
    "mimekit_bounce.eml",
    "mimekit_delivery-status-multiple-blank-lines.eml",
    "mimekit_delivery-status.anonymized.eml",
    "mimekit_delivery-status.eml",
}


@pytest.fixture(scope="module")
def folder(corpora: Path) -> Path:
    """Where the reports are."""
    return corpora / "reports"


@pytest.fixture(scope="module")
def cases(folder: Path) -> list[Case]:
    """Every message, with what is expected of it and what was made of it."""
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    for case in cases:
        case["data"] = (folder / case["file"]).read_bytes()
        case["outcome"] = classify_file(case["data"])
    return cases


def kind(case: Case) -> str | None:
    """The type found, or None."""
    outcome = case["outcome"]
    return None if isinstance(outcome, NotAReport) else str(outcome.type)


def right(case: Case) -> list[str | None]:
    """The types that are right."""
    expected = case["expected"]
    return [TYPES.get(name) for name in (expected["class"], *expected.get("class_also", ()))]


def of_class(cases: list[Case], name: str) -> list[Case]:
    """The messages of one class."""
    return [case for case in cases if case["expected"]["class"] == name]


@pytest.mark.parametrize("name", STANDARD)
def test_standard_reports_are_recognised(cases: list[Case], name: str) -> None:
    """At least 98 of 100 of each standard class; of the small classes here, all."""
    wrong = [(case["id"], kind(case)) for case in of_class(cases, name) if kind(case) not in right(case)]
    assert len(wrong) <= 0.02 * len(of_class(cases, name)), wrong


@pytest.mark.parametrize("name", ["none", "auto-reply"])
def test_nothing_else_is_a_report(cases: list[Case], name: str) -> None:
    """Ordinary mail and auto-replies are never taken for reports."""
    assert of_class(cases, name)
    assert [(case["id"], case["outcome"]) for case in of_class(cases, name) if kind(case)] == []


def test_ordinary_and_hostile_mail_is_no_report(corpora: Path) -> None:
    """Ham, spam and malformed MIME of a second collection: only the reports in it are found."""
    mails = corpora / "mails"
    files = [json.loads(line)["file"] for line in (mails / "cases.jsonl").read_text().splitlines()]
    found = {Path(file).name for file in files if not isinstance(classify_file((mails / file).read_bytes()), NotAReport)}
    assert found - REPORTS_AMONG_MAILS == set()
    assert found == REPORTS_AMONG_MAILS & {Path(file).name for file in files}


def test_recipients_of_delivery_status(cases: list[Case]) -> None:
    """Address, original address, action and status of each recipient: at least 97 of 100 exact."""
    expected = found = 0
    missed = []
    for case in of_class(cases, "dsn"):
        outcome = case["outcome"]
        recipients = outcome.recipients if isinstance(outcome, DeliveryStatus | Bounce) else ()
        read = Counter((r.final_recipient, r.original_recipient, r.action, r.status) for r in recipients)
        for wanted in case["expected"].get("recipients", ()):
            key = (wanted["final_recipient"], wanted["original_recipient"], wanted["action"], wanted["status"])
            expected += 1
            if read[key]:
                read[key] -= 1
                found += 1
            else:
                missed.append((case["id"], key))
    assert expected
    assert found >= 0.97 * expected, missed


def address(recipient: ReportedRecipient) -> str:
    """Its address in lower case."""
    return (recipient.final_recipient or recipient.original_recipient or "").lower()


def test_bounces_better_than_a_peer(cases: list[Case]) -> None:
    """The addresses in non-standard bounces are found more often than by flufl.bounce, on the same files in the same run."""
    ours = theirs = 0
    named = [case for case in of_class(cases, "bounce-other") if case["expected"].get("recipient_addresses")]
    for case in named:
        wanted = {item.lower() for item in case["expected"]["recipient_addresses"]}
        outcome = case["outcome"]
        recipients = outcome.recipients if isinstance(outcome, DeliveryStatus | Bounce) else ()
        ours += {address(recipient) for recipient in recipients} == wanted
        theirs += peer(case["data"]) == wanted
    assert ours >= 0.93 * len(named)
    assert ours > theirs


def peer(data: bytes) -> set[str]:
    """What flufl.bounce finds; permanent and temporary failures."""
    temporary, permanent = all_failures(message_from_bytes(data))
    return {item.decode("utf-8", "replace").lower() for item in (*temporary, *permanent)}


@pytest.mark.parametrize("name", ["arf", "dmarc-failure"])
def test_fields_of_feedback(cases: list[Case], name: str) -> None:
    """Every field that is known of a feedback report."""
    for case in of_class(cases, name):
        report = case["outcome"]
        assert isinstance(report, FeedbackReport)
        for attribute, wanted in case["expected"].items():
            if attribute != "class":
                value = getattr(report, attribute)
                assert wanted in value if isinstance(value, tuple) else wanted == value, (case["id"], attribute, value)


def test_fields_of_aggregate_reports(cases: list[Case]) -> None:
    """Report, domain and number of records. Character references in names are resolved."""
    for case in of_class(cases, "dmarc-aggregate"):
        report, expected = case["outcome"], case["expected"]
        assert isinstance(report, DmarcAggregate)
        if "report_id" in expected:
            found = (report.report_id, report.org_name, report.policy_published.domain, len(report.records))
            assert found == (expected["report_id"], unescape(expected["org_name"]), expected["policy_domain"], expected["records"])


def test_fields_of_tls_reports(cases: list[Case]) -> None:
    """Reporter, report and number of policies."""
    for case in of_class(cases, "tls-rpt"):
        report, expected = case["outcome"], case["expected"]
        assert isinstance(report, TlsReport)
        found = (report.organization_name, report.report_id, len(report.policies))
        assert found == (expected["organization"], expected["report_id"], expected["policies"])


def test_bare_files(folder: Path) -> None:
    """XML and JSON as people download them; what is broken is not read."""
    for line in (folder / "payload_cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        expected = case["expected"]
        report = classify_file((folder / case["file"]).read_bytes())
        if not expected["valid"]:
            assert isinstance(report, NotAReport), case["id"]
            assert report.note
        elif case["kind"] == "dmarc-aggregate":
            assert isinstance(report, DmarcAggregate), (case["id"], report)
            found = (report.org_name, report.report_id, report.policy_published.domain, len(report.records), report.messages)
            assert found == tuple(expected[key] for key in ("org_name", "report_id", "policy_domain", "records", "messages"))
        else:
            assert isinstance(report, TlsReport), (case["id"], report)
            successes = sum(policy.total_successful_session_count or 0 for policy in report.policies)
            failures = sum(policy.total_failure_session_count or 0 for policy in report.policies)
            totals = (report.organization_name, report.report_id, len(report.policies), successes, failures)
            assert totals == tuple(expected[key] for key in ("organization", "report_id", "policies", "success", "failure"))


def test_reports_keep_to_the_schema(cases: list[Case]) -> None:
    """Every report of the collection, as documents carry it; both encoders take it."""
    validator = jsonschema.Draft202012Validator(json.loads(stdlib_dumps(report_schema())))
    for case in cases:
        if not isinstance(case["outcome"], NotAReport):
            report = as_json(case["outcome"])
            text = orjson.dumps(report, option=orjson.OPT_STRICT_INTEGER)
            assert json.loads(text) == json.loads(stdlib_dumps(report))
            faults = [(fault.json_path, fault.message[:200]) for fault in validator.iter_errors(json.loads(text))]
            assert faults == [], case["id"]
