"""The page about reports shows what the classifier does, and the schema is a schema."""

import json
import re
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.reports import (
    Bounce,
    DeliveryStatus,
    DispositionNotification,
    DmarcAggregate,
    FeedbackReport,
    NotAReport,
    OriginalMessage,
    ReportedRecipient,
    ReportType,
    TlsReport,
    as_json,
    classify_file,
)
from tidegate.domain.reports.dmarc_aggregate import AggregateRecord, AuthResult, OverrideReason, PolicyPublished
from tidegate.domain.reports.schema import SCHEMAS, report_schema
from tidegate.domain.reports.tls_rpt import FailureDetail, TlsPolicy

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "reports.md").read_text(encoding="utf-8")
SAMPLES = [(mail, json.loads(report)) for mail, report in re.findall(r"```text\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL)]
FRAGMENTS: dict[str, dict[str, Any]] = {str(kind): json.loads(stdlib_dumps(fragment)) for kind, fragment in SCHEMAS.items()}


def test_a_sample_of_every_type() -> None:
    """Each type has its sample, and its section."""
    assert {report["type"] for _, report in SAMPLES} == set(ReportType)
    assert all(f"\n## {kind}\n" in PAGE for kind in ReportType)


@pytest.mark.parametrize(("mail", "report"), SAMPLES, ids=[report["type"] for _, report in SAMPLES])
def test_samples_are_what_is_read(mail: str, report: dict[str, Any]) -> None:
    """The mail shown gives the JSON shown, which keeps to the fragment of its type."""
    outcome = classify_file(mail.encode())
    assert not isinstance(outcome, NotAReport)
    assert json.loads(stdlib_dumps(as_json(outcome))) == report
    jsonschema.Draft202012Validator(FRAGMENTS[report["type"]]).validate(report)


def test_schema_is_a_schema() -> None:
    """By the meta-schema; an unknown property and a wrong type are faults."""
    schema = json.loads(stdlib_dumps(report_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"type": "tls-rpt"})
    for wrong in ({}, {"type": "x"}, {"type": "tls-rpt", "recipients": []}, {"type": "bounce", "recipients": [{"status": "bad"}]}):
        assert not validator.is_valid(wrong)


def named(schema: dict[str, Any]) -> set[str]:
    """Every property name in a schema."""
    names = set(schema.get("properties", {}))
    for inner in schema.get("properties", {}).values():
        names |= named(inner)
    return names | (named(schema["items"]) if "items" in schema else set())


@pytest.mark.parametrize("kind", list(ReportType))
def test_schema_has_every_attribute(kind: ReportType) -> None:
    """Nothing is in the values that the schema leaves out: the names in the two are the same."""
    classes: dict[ReportType, tuple[type[attrs.AttrsInstance], ...]] = {
        ReportType.DELIVERY_STATUS: (DeliveryStatus, ReportedRecipient, OriginalMessage),
        ReportType.DISPOSITION_NOTIFICATION: (DispositionNotification, OriginalMessage),
        ReportType.FEEDBACK_REPORT: (FeedbackReport, OriginalMessage),
        ReportType.DMARC_FAILURE: (FeedbackReport, OriginalMessage),
        ReportType.DMARC_AGGREGATE: (DmarcAggregate, PolicyPublished, AggregateRecord, OverrideReason, AuthResult),
        ReportType.TLS_RPT: (TlsReport, TlsPolicy, FailureDetail),
        ReportType.BOUNCE: (Bounce, ReportedRecipient, OriginalMessage),
    }
    attributes = {field.name.rstrip("_").replace("_", "-") for cls in classes[kind] for field in attrs.fields(cls)}
    assert named(FRAGMENTS[kind]) == attributes
