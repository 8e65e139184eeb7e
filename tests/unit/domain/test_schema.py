"""The schema of documents, and that documents and their reference page keep to it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.schema import assert_valid

from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.control_headers import RESERVED, extract
from tidegate.domain.document import Mail, encode
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock, inspect
from tidegate.domain.json_value import JsonObject, stdlib_dumps
from tidegate.domain.schema import document_schema

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "json.md").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads(stdlib_dumps(document_schema()))
SAMPLES: list[dict[str, Any]] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
MAIL = Mail(
    client=Client(
        Endpoints("192.0.2.1", 4321, "2001:db8::25", 25), "mail.example.com", tls=Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384"), user="me"
    ),
    envelope=Envelope("", (Recipient("user@example.net", local=True, notify="NEVER", orcpt="rfc822;x@y"),), ret="FULL", envid="1"),
    message=b"Subject: hi\r\n\r\nbody\r\n",
    hostname="mx.example.net",
    received=datetime(2026, 11, 6, 9, 5, 3, tzinfo=UTC),
)


def read(mail: Mail) -> Any:
    """The document of the only recipient."""
    return json.loads(b"".join(encode(mail, ["0-1"], report={"type": "tls-rpt"})[0]))


def parts(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below ``schema`` that has a place in a document, with its place."""
    for name, inner in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield place, inner
        yield from parts(inner, place)
    if "items" in schema:
        for inner in schema["items"].get("anyOf", [schema["items"]]):
            if "description" in inner:
                yield f"{path}[]", inner
                yield from parts(inner, f"{path}[]")


def test_samples_of_the_page() -> None:
    """What the page shows is what the gateway writes."""
    assert len(SAMPLES) == 2
    for sample in SAMPLES:
        assert_valid(sample)


def test_page_names_every_property() -> None:
    """Nothing is in the schema that the page does not explain."""
    for place, _ in parts(SCHEMA):
        name = place.rpartition("[].")[2].removesuffix("[]")
        assert f"`{name}`" in PAGE, place


def test_page_names_every_reserved_name() -> None:
    """A sender learns which names cannot be set."""
    [sentence] = re.findall(r"These names are reserved.*?\n\n", PAGE, re.DOTALL)
    assert set(re.findall(r"`([^`]+)`", sentence)) == RESERVED


def test_every_part_has_meaning_and_example() -> None:
    """The schema is a reference: no property without a word on what it is, and examples are right."""
    for place, schema in parts(SCHEMA):
        assert schema["description"].endswith("."), place
        if schema.get("type") != "object":
            assert schema["examples"], place
        for example in schema.get("examples", []):
            jsonschema.Draft202012Validator(schema).validate(example)


def test_objects_are_closed() -> None:
    """Only header fields add names, and only at the top; the fields of a report are its own."""
    open_objects = [place for place, schema in parts(SCHEMA) if schema.get("type") == "object" and schema.get("additionalProperties", True)]
    assert open_objects == ["report"]


CONTROLS = "".join(
    f"x-mq-{line}\r\n"
    for line in (
        *("envelope: a@b", "ip: 10.0.0.1", "ip: 2001:db8::1", "tag: a", "pool: p", "delayed: 2026-01-01 00:00:00", "maxdelivertime: x"),
        *("maxattempts: 3", "retries: 1,2", "inlinecss: 1", "keepmime: 0", "force: true", "results-queue: q", "retry-queue: r"),
        *("smarthost-hostname: h", "smarthost-port: 25", "dsn-notify: NEVER", "dsn-envid: 2", "custom: a", "twice: a", "twice: b", "empty:"),
    )
)


def test_full_document() -> None:
    """A document with everything in it is valid: session, parameters, instructions, checks, report."""
    checks: tuple[JsonObject, ...] = (
        {"spf": "softfail", "smtp.helo": "a.example", "reason": "not permitted"},
        {"dkim": "none"},
        {"dmarc": "fail", "header.from": "a.example", "policy": "reject", "disposition": "reject", "reason": "not aligned"},
        {"arc": "pass", "instances": 2, "domain": "a.example", "header.oldest-pass": 0},
        {"spam": "ham", "score": -1.5, "threshold": 5, "symbols": []},
        {"spam": "ham", "score": -1.5, "threshold": 5, "symbols": ["A", "B"], "rules": [{"name": "B", "score": 0, "description": "b"}]},
        {"iprev": "pass", "policy.iprev": "192.0.2.1", "name": "mail.example.com"},
    )
    block = inspect(CONTROLS.encode() + MAIL.message)
    assert isinstance(block, HeaderBlock)
    extraction = extract(block)
    assert extraction.skipped == ()
    document = read(attrs.evolve(MAIL, message=extraction.message, properties=extraction.properties, checks=checks))
    assert_valid(document)
    for name in ("envelope", "ips", "tags", "nextattempt", "queues", "smarthost", "dsn", "custom", "twice", "empty", "report", "checks"):
        assert name in document


@given(
    st.binary(max_size=40), st.lists(st.tuples(st.sampled_from([*SCHEMA["properties"], "ip", "tag", "x"]), st.text(max_size=20)), max_size=6)
)
def test_every_document_is_valid(body: bytes, controls: list[tuple[str, str]]) -> None:
    """Whatever senders write into header fields and bodies, documents keep to the schema."""
    header = "".join(f"x-mq-{name}: {value}\r\n" for name, value in controls).encode("utf-8", "surrogatepass")
    block = inspect(header + b"\r\n" + body)
    assert isinstance(block, HeaderBlock)
    extraction = extract(block)
    assert_valid(read(attrs.evolve(MAIL, message=extraction.message, properties=extraction.properties)))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"recipient": ""}, "recipient"),
        ({"received": "2026-11-06T09:05:03Z"}, "received"),
        ({"message-id": "A"}, "message-id"),
        ({"mime-encoding": "quoted-printable"}, "mime-encoding"),
        ({"key": "k"}, "oneOf"),
        ({"connection": {}}, "connection"),
        ({"ips": []}, "ips"),
        ({"ips": ["example.com"]}, "ips"),
        ({"checks": [{"spf": "good"}]}, "checks"),
        ({"checks": [{"spam": "ham", "rules": [{"name": "A"}]}]}, "checks"),
        ({"checks": [{"spam": "ham", "rules": [{"name": "A", "score": 1, "found": "x"}]}]}, "checks"),
        ({"custom": 1}, "custom"),
        ({"custom": {}}, "custom"),
        ({"report": {}}, "report"),
        ({"inlinecss": 1}, "inlinecss"),
        ({"dsn": {"other": "a"}}, "dsn"),
    ],
)
def test_faults_are_found(change: dict[str, Any], fault: str) -> None:
    """The check that other tests lean on does fail, and says where."""
    with pytest.raises(AssertionError, match=fault):
        assert_valid({**read(MAIL), **change})
