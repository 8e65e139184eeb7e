"""Documents: what they say, and that they give every byte back."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.document import Documents, Mail, document, encode
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.json_value import JsonObject, stdlib_dumps

CLIENT = Client(Endpoints("192.0.2.1", 4321, "2001:db8::25", 25), "mail.example.com")
ENVELOPE = Envelope("sender@example.com", (Recipient("user@example.net"),))
TRACE = b"Received: by mx\r\n"
MAIL = Mail(
    client=CLIENT,
    envelope=ENVELOPE,
    message=b"Subject: hi\r\n\r\nbody\r\n",
    trace=TRACE,
    hostname="mx.example.net",
    received=datetime(2026, 11, 6, 9, 5, 3, tzinfo=UTC),
)
LARGE = 800_000  # above the size of one piece


def read(mail: Mail) -> dict[str, Any]:
    """The document of the only recipient, read back from its JSON."""
    [parts] = encode(mail, ["id"])
    value = json.loads(b"".join(parts), object_pairs_hook=unique)
    assert isinstance(value, dict)
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: what JSON readers do with others is anybody's guess (RFC 8259 section 4)."""
    assert len({name for name, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def content(value: dict[str, Any]) -> bytes:
    """The bytes that a reader of the document gets."""
    mime: str = value["mime"]
    return base64.b64decode(mime, validate=True) if value.get("mime-encoding") == "base64" else mime.encode()


def test_minimal() -> None:
    """What every document has, and nothing else."""
    assert read(MAIL) == {
        "envelope": "sender@example.com",
        "recipient": "user@example.net",
        "message-id": "id",
        "received": "2026-11-06 09:05:03",
        "hostname": "mx.example.net",
        "connection": {
            "local-ip": "2001:db8::25",
            "local-port": 25,
            "remote-ip": "192.0.2.1",
            "remote-port": 4321,
            "secure": False,
            "helo": "mail.example.com",
        },
        "mime": "Received: by mx\r\nSubject: hi\r\n\r\nbody\r\n",
    }


def test_null_sender() -> None:
    """``<>`` is the empty string, not an absent property."""
    assert read(attrs.evolve(MAIL, envelope=attrs.evolve(ENVELOPE, sender="")))["envelope"] == ""


def test_session() -> None:
    """An authenticated session under TLS."""
    client = attrs.evolve(CLIENT, tls=Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384"), user="me")
    connection = read(attrs.evolve(MAIL, client=client))["connection"]
    assert connection["secure"] is True
    assert connection["user"] == "me"
    assert connection["tls"] == {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384"}


def test_dsn_parameters() -> None:
    """DSN parameters come out as the client spelled them, each recipient's own."""
    envelope = Envelope(
        "sender@example.com",
        (Recipient("a@x", notify="SUCCESS,Failure", orcpt="rfc822;a+2Bb@x"), Recipient("b@x", notify="NEVER"), Recipient("c@x")),
        ret="HDRS",
        envid="QQ+3D314159",
    )
    mail = attrs.evolve(MAIL, envelope=envelope)
    documents = [json.loads(b"".join(parts)) for parts in encode(mail, ["1", "2", "3"])]
    assert [value["dsn"] for value in documents] == [
        {"notify": "SUCCESS,Failure", "ret": "HDRS", "orcpt": "rfc822;a+2Bb@x", "envid": "QQ+3D314159"},
        {"notify": "NEVER", "ret": "HDRS", "envid": "QQ+3D314159"},
        {"ret": "HDRS", "envid": "QQ+3D314159"},
    ]


def test_instructions_stand_above_the_session() -> None:
    """``x-mq-envelope``, ``x-mq-ip`` and ``x-mq-dsn-*`` say more than the session does; other properties stand beside."""
    envelope = attrs.evolve(ENVELOPE, recipients=(Recipient("user@example.net", notify="NEVER", orcpt="rfc822;x@y"),))
    properties: JsonObject = {
        "envelope": "bounce@example.com",
        "ips": ["10.0.0.1"],
        "dsn": {"notify": "SUCCESS"},
        "tags": ["a"],
        "inlinecss": True,
    }
    value = read(attrs.evolve(MAIL, envelope=envelope, ips=("10.0.0.9",), properties=properties))
    assert value["envelope"] == "bounce@example.com"
    assert value["ips"] == ["10.0.0.1"]
    assert value["dsn"] == {"notify": "SUCCESS", "orcpt": "rfc822;x@y"}
    assert value["tags"] == ["a"]
    assert value["inlinecss"] is True


def test_optional_properties() -> None:
    """Computed addresses and checks are there when known; no configured check and a check without result differ."""
    assert read(attrs.evolve(MAIL, ips=("10.0.0.9",)))["ips"] == ["10.0.0.9"]
    assert read(attrs.evolve(MAIL, checks=()))["checks"] == []
    assert read(attrs.evolve(MAIL, checks=({"spf": "pass"},)))["checks"] == [{"spf": "pass"}]


def test_report_is_for_local_recipients() -> None:
    """Only local mail is looked at for reports."""
    envelope = Envelope("", (Recipient("a@x", local=True), Recipient("b@x")))
    parts = encode(attrs.evolve(MAIL, envelope=envelope), ["1", "2"], report={"type": "tls-rpt"})
    assert [json.loads(b"".join(each)).get("report") for each in parts] == [{"type": "tls-rpt"}, None]


@pytest.mark.parametrize("size", [10, LARGE])
def test_stored_message(size: int) -> None:
    """The key of a message store takes the place of the content."""
    value = read(attrs.evolve(MAIL, key="k", message=b"\xff" * size))
    assert value["key"] == "k"
    assert "mime" not in value
    assert "mime-encoding" not in value


@pytest.mark.parametrize("size", [10, LARGE])
def test_recipients_share_the_content(size: int) -> None:
    """The large pieces of all documents are the same objects, and the heads are small."""
    envelope = Envelope("s@x", tuple(Recipient(f"{number}@x") for number in range(100)))
    documents = encode(attrs.evolve(MAIL, envelope=envelope, message=b"a" * size), [str(number) for number in range(100)])
    assert {tuple(map(id, parts[1:])) for parts in documents} == {tuple(map(id, documents[0][1:]))}
    assert max(len(parts[0]) for parts in documents) < 200
    recipients = [json.loads(b"".join(parts))["recipient"] for parts in documents]
    assert recipients == [recipient.address for recipient in envelope.recipients]


def test_message_ids_match_recipients() -> None:
    """A missing identifier would silently drop a recipient."""
    with pytest.raises(ValueError, match="zip"):
        encode(MAIL, [])


def test_one_recipient_of_several() -> None:
    """Documents can be asked for one by one."""
    documents = Documents(MAIL)
    assert json.loads(b"".join(documents.parts(Recipient("other@x"), "7")))["recipient"] == "other@x"


@given(st.binary() | st.text().map(str.encode), st.sampled_from([b"", TRACE]))
def test_every_byte_comes_back(message: bytes, trace: bytes) -> None:
    """HD06, HD07: for every byte sequence the document gives back the trace fields and the message."""
    value = read(attrs.evolve(MAIL, message=message, trace=trace))
    assert content(value) == trace + message
    assert value == document(attrs.evolve(MAIL, message=message, trace=trace), ENVELOPE.recipients[0], "id")


@pytest.mark.parametrize(
    "message",
    [
        b'\x00\x01\x1f\x7f"\\/\r\n',
        "\u2028\u2029\ufeff\U0001f600".encode(),
        b"\xff",
        b"caf\xe9",
        b"\xed\xa0\x80",  # a surrogate in UTF-8
        b"\xc0\x80",  # an overlong NUL
        b"\xf4\x90\x80\x80",  # above U+10FFFF
        b"\xe2\x82",  # cut
        b"",
    ],
)
def test_difficult_content(message: bytes) -> None:
    """HD06, HD07: a JSON string when the bytes are UTF-8, else base64, which is said."""
    value = read(attrs.evolve(MAIL, message=message))
    assert content(value) == TRACE + message
    try:
        message.decode()
    except UnicodeDecodeError:
        assert value["mime-encoding"] == "base64"
    else:
        assert "mime-encoding" not in value


@pytest.mark.parametrize("unit", [b"a\r\n", "é".encode(), "€".encode(), "a\U0001f600\U0001f600".encode(), b'"\\', b"\xff"])
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("end", [b"", b"\xe2", b"."])
def test_large_content(unit: bytes, shift: int, end: bytes) -> None:
    """Content in several pieces joins to the same document, wherever a piece ends: inside a character, at any place of base64."""
    message = b"x" * shift + unit * (2 * LARGE // len(unit)) + end
    mail = attrs.evolve(MAIL, message=message)
    [parts] = encode(mail, ["id"])
    assert len(parts) > 4
    assert json.loads(b"".join(parts)) == document(mail, ENVELOPE.recipients[0], "id")


def test_encoder_takes_any_mapping_and_sequence() -> None:
    """Values of the domain need not be dict and list; what has no JSON form is an error."""
    assert stdlib_dumps({"a": range(2), "b": MAIL.properties, "c": "é\u2028"}) == '{"a":[0,1],"b":{},"c":"é\u2028"}'.encode()
    for value in (b"bytes", {1, 2}, object()):
        with pytest.raises(TypeError, match="no JSON form"):
            stdlib_dumps({"a": value})
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON compliant"):
            stdlib_dumps(number)
