"""Real mail through header scanning, extraction and documents: the bytes are the bytes."""

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.control_headers import extract
from tidegate.domain.document import Mail, encode
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock, inspect

CLIENT = Client(Endpoints("192.0.2.1", 4321, "192.0.2.25", 25), "mail.example.com")
ENVELOPE = Envelope("", (Recipient("user@example.net"),))
TRACE = b"Received: by mx.example.net\r\n"
CONTROLS = b"X-MQ-Tag: one\r\nx-mq-note: a\r\n\tb\r\n"


def on_the_wire(file: Path) -> bytes:
    """A stored mail with the line ends of SMTP."""
    return re.sub(rb"\r?\n", b"\r\n", file.read_bytes())


def from_document(message: bytes) -> bytes:
    """What a reader of the document gets."""
    mail = Mail(client=CLIENT, envelope=ENVELOPE, message=message, trace=TRACE, hostname="mx", received=datetime(2026, 1, 1, tzinfo=UTC))
    [parts] = encode(mail, ["id"])
    document = json.loads(b"".join(parts))
    mime: str = document["mime"]
    return base64.b64decode(mime) if "mime-encoding" in document else mime.encode()


@pytest.fixture(scope="module")
def mails(corpora: Path) -> list[tuple[str, bytes]]:
    """Every mail of the corpus."""
    lines = (corpora / "mails" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [(case["id"], on_the_wire(corpora / "mails" / case["file"])) for case in map(json.loads, lines)]


def test_every_mail_is_kept(mails: list[tuple[str, bytes]]) -> None:
    """With extraction and without, before and after, the document gives back what came."""
    assert mails
    for name, message in mails:
        block = inspect(message)
        assert isinstance(block, HeaderBlock), name
        assert from_document(message) == TRACE + message, name
        assert extract(block).message is message, name


@pytest.mark.parametrize("place", ["top", "bottom"])
def test_extraction_undoes_insertion(mails: list[tuple[str, bytes]], place: str) -> None:
    """Control headers put into a mail go without a trace, and say what they said."""
    for name, message in mails:
        block = inspect(message)
        assert isinstance(block, HeaderBlock), name
        if place == "bottom" and message[: block.end] and not message.endswith(b"\r\n", 0, block.end):
            continue  # no place for a further line
        if place == "top" and message.startswith((b" ", b"\t")):
            continue  # the first line would continue the inserted field
        at = 0 if place == "top" else block.end
        with_controls = inspect(message[:at] + CONTROLS + message[at:])
        assert isinstance(with_controls, HeaderBlock), name
        found = extract(with_controls)
        assert found.message == message, name
        assert found.properties == {"tags": ["one"], "note": "a b"}, name
