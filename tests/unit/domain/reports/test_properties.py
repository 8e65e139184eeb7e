"""Classification is total: whatever comes in, a value comes out, and every encoder and the schema take it."""

import gzip
import json

import jsonschema
import orjson
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.reports import Located, NotAReport, as_json, classify, classify_file, locate, may_be_report
from tidegate.domain.reports.content_type import read_content_type
from tidegate.domain.reports.encoded_words import decode_words
from tidegate.domain.reports.fields import read_groups
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.schema import report_schema
from tidegate.domain.reports.text import clean, decode

VALIDATOR = jsonschema.Draft202012Validator(json.loads(stdlib_dumps(report_schema())))

# Pieces from which reports are made, and which stand in wrong places here.
PIECES = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\r\n\r\n",
            b"\n",
            b" ",
            b"\t",
            b":",
            b";",
            b'"',
            b"<",
            b">",
            b"=",
            b"--",
            b"--b",
            b"--b--",
            b"\0",
            b"\xff",
            b"\xed\xa0\x80",
        ),
        *(b"From: MAILER-DAEMON@x", b"Subject: Undelivered mail", b"Subject: =?utf-8?b?", b"X-Failed-Recipients: a@x", b"Return-Path: <>"),
        *(b"Content-Type: ", b"multipart/report", b"multipart/mixed", b'; boundary="b"', b"message/delivery-status", b"message/rfc822"),
        *(b"message/disposition-notification", b"message/feedback-report", b"application/tlsrpt+json", b"application/zip", b"text/html"),
        *(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b'; charset="', b"utf-8", b"iso-2022-jp"),
        *(
            b"Reporting-MTA: dns; m",
            b"Final-Recipient: rfc822; a@x",
            b"Original-Recipient: utf-8; \\x{E9}@x",
            b"Action: failed",
            b"Status: 5.1.1",
        ),
        *(b"Diagnostic-Code: smtp; 550 no", b"Feedback-Type: abuse", b"Source-IP: 192.0.2.1", b"Incidents: 9", b"Disposition: a/b; c"),
        *(
            b"<feedback>",
            b"</feedback>",
            b"<report_metadata>",
            b"<policy_published/>",
            b"<record>",
            b"<count>1</count>",
            b"<!DOCTYPE a [",
            b"&a;",
        ),
        *(b'{"policies": [', b"]}", b"{", b"}", b"[", b'"report-id": "\\ud800"', b"1e999", b"NaN", b'{"notificationType": "Bounce"'),
        *(
            b"The following address(es) failed:",
            b"  a@x.example",
            b"<b@x.example>:",
            b"550 5.1.1 no",
            b"RCPT TO:<c@x.example>",
            b"did not reach",
        ),
        *(b"--- Below this line is a copy", b"PK\x03\x04", b"\x1f\x8b\x08", gzip.compress(b"<feedback>")),
    ]
)
MESSAGES = st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=60).map(b"".join)


@given(MESSAGES)
def test_classification_is_total(message: bytes) -> None:
    """RP01 to RP05: never an exception; a report has JSON that keeps to the schema."""
    outcome = classify(message)
    if isinstance(outcome, NotAReport):
        assert outcome.note is None or outcome.note.isprintable()
        return
    assert may_be_report(message)
    report = as_json(outcome)
    assert report["type"] == outcome.type
    text = orjson.dumps(report, option=orjson.OPT_STRICT_INTEGER)
    assert json.loads(text) == json.loads(stdlib_dumps(report))
    assert not list(VALIDATOR.iter_errors(json.loads(text)))


@given(MESSAGES)
def test_steps_agree(message: bytes) -> None:
    """Looking, finding and reading come to the same result as reading at once; what is told by the header alone is ordinary."""
    located = locate(message)
    assert classify(message) == (located.read() if isinstance(located, Located) else located)
    if not may_be_report(message) and isinstance(located, NotAReport) and located.note is None:
        assert classify(message) == NotAReport()


@given(MESSAGES)
def test_files_are_total(data: bytes) -> None:
    """Any file gives a value."""
    classify_file(data)


@given(st.lists(st.sampled_from([*";=\"\\* ab'0%", "a=", '="', "*0*=", "%C3%A9", "utf-8''"]), max_size=80).map("".join))
def test_parameters_are_total(value: str) -> None:
    """Any Content-Type gives a value, and reading it does not depend on the case of names."""
    read = read_content_type("a/b;" + value)
    assert read.parameters.keys() == {name.lower() for name in read.parameters}


@given(st.dictionaries(st.from_regex("[a-z][a-z0-9]{0,8}", fullmatch=True), st.text("abc;=\\\" '%", max_size=20), max_size=5))
def test_parameters_round_trip(parameters: dict[str, str]) -> None:
    """What is quoted comes back as it was."""
    quoted = "".join(f'; {name}="{value.translate({34: chr(92) + chr(34), 92: chr(92) * 2})}"' for name, value in parameters.items())
    assert read_content_type("a/b" + quoted).parameters == parameters


@given(st.text(max_size=200))
def test_clean_text_can_be_stored(text: str) -> None:
    """HD07: one line, no controls, no surrogates; cleaning twice changes nothing."""
    cleaned = clean(text, 100)
    assert len(cleaned) <= 100
    assert not any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in cleaned)
    assert clean(cleaned, 100) == cleaned
    orjson.dumps(cleaned)


@given(st.binary(max_size=100), st.text(max_size=20))
def test_decoding_is_total(data: bytes, charset: str) -> None:
    """Any octets in any charset are text."""
    decode(data, charset)
    decode_words(f"=?{charset}?q?{data.hex()}?=")


NAMES = st.text("ABxyz-", min_size=1, max_size=8)
VALUES = st.lists(st.text("ab9@;:.", min_size=1, max_size=8), min_size=1, max_size=4).map(" ".join)


@given(st.lists(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=5), max_size=5), st.sampled_from(["\r\n", "\n"]))
def test_field_groups_round_trip(groups: list[list[tuple[str, str]]], end: str) -> None:
    """Groups of fields come back as they were, folded at every blank."""
    text = (end * 2).join(end.join(f"{name}: {value.replace(' ', end + ' ')}" for name, value in group) for group in groups)
    assert list(read_groups(text.encode())) == [[(name.lower(), value) for name, value in group] for group in groups]


@given(st.binary(max_size=300))
def test_field_groups_are_total(data: bytes) -> None:
    """Any octets give groups or our own error."""
    try:
        for group in read_groups(data):
            assert group
    except Unreadable:
        raise AssertionError("no bound is near") from None
