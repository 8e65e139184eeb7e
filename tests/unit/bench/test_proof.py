"""The messages that are sent, and the proof that they arrived unchanged."""

import base64
from collections import Counter
from pathlib import Path

import orjson
import pytest
from bench.load import smtp_source
from bench.messages import awkward, plain, stuffed
from bench.proof import Arrivals, digest, mime_of, problems, without_trace

TRACE = b"Received: from a\r\n\tby b;\r\n Tue\r\n"


@pytest.mark.parametrize("size", [0, 1024, 4096, 100 * 1024, 10 * 1024 * 1024])
def test_plain_message_has_the_size_asked_for(size: int) -> None:
    """At most a line and a few bytes longer, never shorter; CRLF only; the same at every call."""
    message = plain(size)
    assert size <= len(message) <= max(size, 500) + 80
    assert message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r")
    assert message.endswith(b"\r\n\r\n")
    assert message == plain(size)


def test_plain_message_with_header_fields() -> None:
    """Additional fields stand in the header section, one line each."""
    head, _, _ = plain(4096, 1000).partition(b"\r\n\r\n")
    assert head.count(b"X-Bench-") == 1000
    assert head.count(b"\r\n") == 1007


def test_smtp_source_sends_the_message_itself(tmp_path: Path) -> None:
    """Its file has LF, and lacks the empty line that it appends to every message."""
    file = tmp_path / "payload"
    smtp_source.write_payload(file, b"A: b\r\n\r\ntext\r\n\r\n")
    assert file.read_bytes() == b"A: b\n\ntext\n"


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b".a\r\n", b"..a\r\n.\r\n"),
        (b"a\r\n.\r\n..\r\nb.\r\n", b"a\r\n..\r\n...\r\nb.\r\n.\r\n"),
        (b"", b".\r\n"),
    ],
)
def test_dots_are_doubled(message: bytes, wire: bytes) -> None:
    """RFC 5321 section 4.5.2."""
    assert wire == stuffed(message)


def test_awkward_messages_are_legal_and_differ() -> None:
    """Each ends with CRLF, has neither bare CR nor bare LF nor NUL, no line is over 998 bytes: no server has a reason to refuse one."""
    messages = awkward()
    assert len(set(messages)) == len(messages)
    for message in messages:
        assert message.endswith(b"\r\n")
        assert message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r")
        assert b"\0" not in message
        assert max(map(len, message.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("mime", "rest"),
    [
        (TRACE + b"A: b\r\n\r\nx", b"A: b\r\n\r\nx"),
        (b"RECEIVED: x\r\n\r\nbody", b"\r\nbody"),
        (TRACE + TRACE, TRACE),  # only the topmost is the server's
        (b"Received: x", b""),
    ],
)
def test_trace_is_taken_off(mime: bytes, rest: bytes) -> None:
    """The first Received field with its continuation lines, and nothing else."""
    assert rest == without_trace(mime)


@pytest.mark.parametrize("mime", [b"", b"Subject: x\r\n", b" Received: x\r\n"])
def test_no_trace(mime: bytes) -> None:
    """A message without the field is not what a server hands on."""
    with pytest.raises(ValueError, match="Received"):
        without_trace(mime)


def document(message: bytes) -> bytes:
    """A document as the servers make them."""
    try:
        return orjson.dumps({"mime": (TRACE + message).decode()})
    except UnicodeDecodeError:
        return orjson.dumps({"mime": base64.b64encode(TRACE + message).decode(), "mime-encoding": "base64"})


def test_everything_arrived() -> None:
    """Awkward messages in both encodings, one of them twice as sent."""
    arrivals, expected = Arrivals(), Counter[str]()
    for message in [*awkward(), awkward()[0]]:
        arrivals.add(document(message))
        expected[digest(message)] += 1
    assert problems(expected, arrivals) == []


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ([], "0 arrived; 1 missing or changed, 0 that"),
        ([document(b"A: b\r\n\r\nX\r\n")], "1 arrived; 1 missing or changed, 1 that"),
        ([document(b"A: b\r\n\r\nx\r\n")] * 2, "2 arrived; 0 missing or changed, 1 that"),
        ([b"{}"], "holds no mime"),
        ([b"no json"], "unreadable"),
        ([orjson.dumps({"mime": "A: b\r\n\r\nx\r\n"})], "not with a Received field"),
    ],
)
def test_what_is_wrong_is_said(documents: list[bytes], words: str) -> None:
    """Lost, changed, doubled and unreadable documents are each noticed."""
    arrivals = Arrivals()
    for entry in documents:
        arrivals.add(entry)
    found = problems(Counter([digest(b"A: b\r\n\r\nx\r\n")]), arrivals)
    assert any(words in line for line in found), found


def test_mime_must_be_text() -> None:
    """A document whose message was put into a store holds a key instead."""
    with pytest.raises(ValueError, match="no mime"):
        mime_of(b'{"key": "x"}')
