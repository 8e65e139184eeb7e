"""The fast encoder says what the standard library's says."""

import json
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.document import Mail, encode
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.json_value import stdlib_dumps

MAIL = Mail(
    client=Client(Endpoints("192.0.2.1", 4321, "2001:db8::25", 25), "mail.example.com"),
    envelope=Envelope("sender@example.com", (Recipient("a@example.net", notify="NEVER"), Recipient("b@example.net"))),
    message=b"",
    trace=b"Received: by mx\r\n",
    hostname="mx.example.net",
    received=datetime(2026, 11, 6, 9, 5, 3, tzinfo=UTC),
    ips=("192.0.2.9",),
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_agrees_with_the_standard_library(value: object) -> None:
    """Both spell a value so that it is read back the same, without white space between tokens."""
    assert json.loads(orjson_dumps(value)) == json.loads(stdlib_dumps(value))
    assert len(orjson_dumps(value)) == len(stdlib_dumps(value))


@given(st.binary() | st.text().map(str.encode))
def test_documents_are_the_same(message: bytes) -> None:
    """HD06, HD07: whichever encoder spells them."""
    mail = attrs.evolve(MAIL, message=message)
    fast, plain = encode(mail, ["1", "2"], orjson_dumps), encode(mail, ["1", "2"], stdlib_dumps)
    assert [json.loads(b"".join(parts)) for parts in fast] == [json.loads(b"".join(parts)) for parts in plain]


@pytest.mark.parametrize("unit", [b"a\r\n", "a\U0001f600".encode(), b'"\\\x00', b"\xff"])
def test_large_documents_are_the_same(unit: bytes) -> None:
    """The same for messages that are encoded in pieces."""
    mail = attrs.evolve(MAIL, message=unit * (1_000_000 // len(unit)))
    fast, plain = encode(mail, ["1", "2"], orjson_dumps), encode(mail, ["1", "2"], stdlib_dumps)
    assert len(fast[0]) > 3
    assert [json.loads(b"".join(parts)) for parts in fast] == [json.loads(b"".join(parts)) for parts in plain]


def test_any_mapping_and_sequence() -> None:
    """Values of the domain need not be dict and list; what has no JSON form is an error."""
    assert orjson_dumps({"a": range(2), "b": MAIL.properties, "c": MAIL.ips}) == b'{"a":[0,1],"b":{},"c":["192.0.2.9"]}'
    for value in (b"bytes", {1, 2}, 2**53 + 1, "\ud800"):
        with pytest.raises(TypeError):
            orjson_dumps({"a": value})
