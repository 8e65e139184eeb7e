"""The signed part of the header section."""

import pytest

from tidegate.domain.checks.dkim.canonical import Canonicalization
from tidegate.domain.checks.dkim.header import SignedHeader, unsigned_field
from tidegate.domain.headers import HeaderBlock, inspect

RELAXED, SIMPLE = Canonicalization.RELAXED, Canonicalization.SIMPLE
MESSAGE = (
    b"DKIM-Signature: v=1; b=new;\r\n h=x\r\n"
    b"Received: two\r\nReceived: one\r\n"
    b"DKIM-Signature: v=1; b=old\r\n"
    b"SUBJect : A  \r\n\tB\r\nno colon\r\nFrom: x\r\n\r\nbody"
)


def block(message: bytes = MESSAGE) -> HeaderBlock:
    """The message with its header found."""
    found = inspect(message)
    assert isinstance(found, HeaderBlock)
    return found


@pytest.mark.parametrize(
    ("names", "form", "expected"),
    [
        ([b"from", b"subject"], RELAXED, b"from:x\r\nsubject:A B\r\n"),
        ([b"from", b"subject"], SIMPLE, b"From: x\r\nSUBJect : A  \r\n\tB\r\n"),
        ([b"received"], RELAXED, b"received:one\r\n"),
        ([b"received", b"received", b"received"], RELAXED, b"received:one\r\nreceived:two\r\n"),
        ([b"absent", b"from", b"from", b"absent"], RELAXED, b"from:x\r\n"),
        ([b"dkim-signature", b"dkim-signature"], RELAXED, b"dkim-signature:v=1; b=old\r\n"),
    ],
)
def test_signed_data(names: list[bytes], form: Canonicalization, expected: bytes) -> None:
    """RFC 6376 section 5.4.2: from the bottom up, absent ones empty, never the signature itself; it comes last, without b= and CRLF."""
    header = block()
    signature = header.first(b"dkim-signature")
    assert signature is not None
    data = SignedHeader.of(header).signed_data(names, form, signature)
    last = b"dkim-signature:v=1; b=; h=x" if form is RELAXED else b"DKIM-Signature: v=1; b=;\r\n h=x"
    assert data == expected + last


@pytest.mark.parametrize(
    ("field", "simple"),
    [
        (b"DKIM-Signature: b=abc; bh=b=x; v=1\r\n", b"DKIM-Signature: b=; bh=b=x; v=1"),
        (b"DKIM-Signature:v=1;\r\n\tb = a\r\n b ; x=b=1\r\n", b"DKIM-Signature:v=1;\r\n\tb =; x=b=1"),
        (b"DKIM-Signature: v=1; b=abc\r\n def \r\n", b"DKIM-Signature: v=1; b="),
        (b"DKIM-Signature: v=1; b=abc", b"DKIM-Signature: v=1; b="),
        (b"DKIM-Signature: v=1; bb=abc;\r\n", b"DKIM-Signature: v=1; bb=abc;"),
    ],
)
def test_unsigned_field(field: bytes, simple: bytes) -> None:
    """The value of b= goes with the white space around it, nothing else does."""
    found = block(field).first(b"dkim-signature")
    assert found is not None
    assert unsigned_field(found, SIMPLE) == simple


def test_field_without_line_end() -> None:
    """The last field of a message without body is terminated for the hash."""
    header = block(b"DKIM-Signature: b=\r\nFrom: x")
    signature = header.first(b"dkim-signature")
    assert signature is not None
    assert SignedHeader.of(header).signed_data([b"from"], SIMPLE, signature) == b"From: x\r\nDKIM-Signature: b="
