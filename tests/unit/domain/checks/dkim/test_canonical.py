"""Canonical forms, with the example of RFC 6376 section 3.4.5."""

import re
from base64 import b64encode
from hashlib import new, sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.checks.dkim.body import BodyHash, body_digests
from tidegate.domain.checks.dkim.canonical import PIECE_BYTES, Canonicalization, canonical_body, relaxed_field

RELAXED, SIMPLE = Canonicalization.RELAXED, Canonicalization.SIMPLE


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"A", b" X\r\n", b"a:X\r\n"),
        (b"B", b"Y\t\r\n\tZ  \r\n", b"b:Y Z\r\n"),
        (b"SUBJect", b"", b"subject:\r\n"),
        (b"X", b" \t \r\n \r\n", b"x:\r\n"),
    ],
)
def test_relaxed_field(name: bytes, value: bytes, expected: bytes) -> None:
    """Unfolded, runs of white space to one space, none at the ends."""
    assert expected == relaxed_field(name, value)


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b" \r\n\t\r\n", b" \r\n\t\r\n", b""),
        (b"x", b"x\r\n", b"x\r\n"),
        (b"x \t", b"x \t\r\n", b"x\r\n"),
        (b"x\r\n \r\n", b"x\r\n \r\n", b"x\r\n"),
        (b"x\n\r\n\r\n", b"x\n\r\n", b"x\n\r\n"),  # a bare LF is text
        (b"x\r\r\n", b"x\r\r\n", b"x\r\r\n"),
        (b"\n\r\n", b"\n\r\n", b"\n\r\n"),
        (b"x\r\n\r\r\n \r\n", b"x\r\n\r\r\n \r\n", b"x\r\n\r\r\n"),
        (b"a \n\tb\r\n", b"a \n\tb\r\n", b"a \n b\r\n"),
    ],
)
def test_body(body: bytes, simple: bytes, relaxed: bytes) -> None:
    """Both forms, with bodies at the edges."""
    assert simple == b"".join(canonical_body(b"head" + body, 4, SIMPLE))
    assert relaxed == b"".join(canonical_body(b"head" + body, 4, RELAXED))


def simple_reference(body: bytes) -> bytes:
    """RFC 6376 section 3.4.3 in the words of the standard."""
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n"


def relaxed_reference(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4 in the words of the standard."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b" \r\n", b"\r", b"\n", b"\xff"]), max_size=30).map(b"".join))
def test_forms_of_any_body(body: bytes) -> None:
    """Any mixture of blanks and line ends, bare ones too."""
    assert simple_reference(body) == b"".join(canonical_body(body, 0, SIMPLE))
    assert relaxed_reference(body) == b"".join(canonical_body(body, 0, RELAXED))


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b" \r\n", b"ab \t c\r\n", b"\n"]), st.integers(1, PIECE_BYTES * 2)),
        min_size=1,
        max_size=5,
    )
)
def test_pieces_fit_together(runs: list[tuple[bytes, int]]) -> None:
    """Bodies of many pieces, with runs that cross them, give what one piece gives."""
    body = b"".join(text * (count // len(text)) for text, count in runs)
    assert relaxed_reference(body) == b"".join(canonical_body(body, 0, RELAXED))
    pieces = list(canonical_body(body, 0, SIMPLE))
    assert body.rstrip(b"\r\n") == b"".join(pieces).rstrip(b"\r\n")
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)


@pytest.mark.parametrize("line", [b" " * 990 + b"x\r\n", b"\t " * 400 + b"\r\n", b"x" + b" " * 900 + b"\n", b"\r\n", b"\n", b" "])
def test_bodies_made_to_be_slow(line: bytes) -> None:
    """ML21: lines of blanks take quadratic time in a pattern for blanks before a line end; 2 MB of them end within the test's time limit."""
    body = line * (2_000_000 // len(line))
    digests = body_digests(body, 0, [BodyHash(form, "sha256") for form in Canonicalization])
    assert len(digests) == 2


@pytest.mark.parametrize("limit", [0, 1, 5, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 3, 10**75])
def test_limited_digest(limit: int) -> None:
    """ML08: the first bytes of the canonical body, and its whole length, whatever the pieces."""
    body = b"line of text \r\n" * (3 * PIECE_BYTES // 15)
    canonical = relaxed_reference(body)
    body_hash = BodyHash(RELAXED, "sha256", limit)
    (digest,) = body_digests(body, 0, [body_hash, body_hash]).values()
    assert (digest.digest, digest.length) == (sha256(canonical[:limit]).digest(), len(canonical))


def test_many_digests_at_once() -> None:
    """Every form, algorithm and length that is asked for, in any order, is what it is alone."""
    body = b"line  of text \r\n" * (2 * PIECE_BYTES // 16)
    limits = [None, 5, 0, 10**9, PIECE_BYTES, 5 * PIECE_BYTES // 4, 6, PIECE_BYTES - 1]
    wanted = [BodyHash(form, algorithm, limit) for limit in limits for form in (RELAXED, SIMPLE) for algorithm in ("sha256", "sha1")]
    canonical = {RELAXED: relaxed_reference(body), SIMPLE: simple_reference(body)}
    found = body_digests(body, 0, wanted)
    assert set(found) == set(wanted)
    for body_hash, digest in found.items():
        text = canonical[body_hash.form]
        assert (digest.digest, digest.length) == (new(body_hash.algorithm, text[: body_hash.limit]).digest(), len(text))


def test_empty_body_hashes() -> None:
    """RFC 6376 sections 3.4.3 and 3.4.4 give the hashes of an empty body."""
    wanted = [BodyHash(form, algorithm) for form in (SIMPLE, RELAXED) for algorithm in ("sha1", "sha256")]
    digests = body_digests(b"", 0, wanted)
    assert [b64encode(digests[body_hash].digest).decode() for body_hash in wanted] == [
        "uoq1oCgLlTqpdDX/iUbLy7J1Wic=",
        "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
        "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ]
