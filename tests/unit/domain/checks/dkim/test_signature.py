"""DKIM-Signature fields against the rules of RFC 6376 section 6.1.1."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.dkim.body import BodyHash
from tidegate.domain.checks.dkim.canonical import Canonicalization
from tidegate.domain.checks.dkim.signature import Algorithm, Signature, parse_signature
from tidegate.domain.checks.dkim.tags import TagError

BH = b64encode(bytes(32)).decode()
TAGS = {"v": "1", "a": "rsa-sha256", "d": "example.com", "s": "sel", "h": "From:To", "bh": BH, "b": "AAAA BBBB CCCC"}


def test_minimal() -> None:
    """Defaults: simple forms, the whole body, an identity of the domain."""
    assert parse_signature(TAGS) == Signature(
        Algorithm.RSA_SHA256,
        Canonicalization.SIMPLE,
        BodyHash(Canonicalization.SIMPLE, "sha256"),
        bytes(32),
        "example.com",
        "sel",
        "@example.com",
        (b"from", b"to"),
        bytes.fromhex("000000041041082082"),
        "AAAABBBB",
    )


def test_everything() -> None:
    """All tags, in the spelling that is allowed."""
    tags = TAGS | {
        "a": "ed25519-sha256",
        "c": "relaxed/relaxed",
        "d": "Example.COM",
        "s": "A.b_c",
        "i": "joe=40x@mail.EXAMPLE.com",
        "l": "00010",
        "t": "1",
        "x": "2",
        "q": "dns/txt : other",
        "z": "From:x|y",
    }
    signature = parse_signature(tags)
    assert (signature.algorithm, signature.header_form) == (Algorithm.ED25519_SHA256, Canonicalization.RELAXED)
    assert signature.body_hash == BodyHash(Canonicalization.RELAXED, "sha256", 10)
    assert (signature.domain, signature.identity, signature.key_name) == (
        "example.com",
        "joe@x@mail.EXAMPLE.com",
        "a.b_c._domainkey.example.com",
    )
    assert (signature.signed_at, signature.expires_at) == (1, 2)


def test_empty_names_are_skipped() -> None:
    """Some signers write them."""
    assert parse_signature(TAGS | {"h": "from::to:"}).names == (b"from", b"to")


def test_one_form_is_the_headers() -> None:
    """``c=relaxed`` means relaxed/simple (RFC 6376 section 3.5)."""
    signature = parse_signature(TAGS | {"c": "relaxed"})
    assert (signature.header_form, signature.body_hash.form) == (Canonicalization.RELAXED, Canonicalization.SIMPLE)


@pytest.mark.parametrize("tag", ["v", "a", "d", "s", "h", "bh", "b"])
def test_required(tag: str) -> None:
    """Seven tags must be there."""
    with pytest.raises(TagError):
        parse_signature({name: value for name, value in TAGS.items() if name != tag})


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("v", "2"),
        ("v", "1.0"),
        ("a", "RSA-SHA256"),
        ("a", "rsa-md5"),
        ("a", ""),
        ("c", ""),
        ("c", "nowsp"),
        ("c", "relaxed/"),
        ("c", "relaxed/simple/simple"),
        ("d", ""),
        ("d", "com"),
        ("d", "exam ple.com"),
        ("d", "legit.com'a.attack.com"),
        ("d", "legit.com(.attack.com"),
        ("d", "legit.com;x"),
        ("d", "legit.com\x00.attack.com"),
        ("d", ".".join(["a" * 60] * 5)),
        ("s", "sel._domainkey.attack.com.\x00.any"),
        ("s", "a..b"),
        ("s", ".".join(["a" * 60] * 4)),
        ("h", ""),
        ("h", "to:subject"),
        ("h", "::"),
        ("h", "from:a b"),
        ("h", "from:é"),
        ("h", "from" + ":x" * 1000),
        ("bh", "AAAA"),
        ("bh", "!"),
        ("b", ""),
        ("b", "A"),
        ("i", "user"),
        ("i", "@other.com"),
        ("i", "@badexample.com"),
        ("i", "@com"),
        ("i", "user@example.com@other.com"),
        ("i", "x" * 1000 + "@example.com"),
        ("l", "-1"),
        ("l", "1" * 77),
        ("l", ""),
        ("t", ""),
        ("t", "soon"),
        ("t", "1" * 13),
        ("x", "²"),
        ("q", "http/x"),
    ],
)
def test_not_allowed(tag: str, value: str) -> None:
    """ML08, ML09, ML10: espoofer A3 and A4 among them: names that would ask for another's key."""
    with pytest.raises(TagError):
        parse_signature(TAGS | {tag: value})


def test_expiry_before_signing() -> None:
    """ML11: x= lies after t=."""
    with pytest.raises(TagError, match="x="):
        parse_signature(TAGS | {"t": "5", "x": "5"})


@given(st.dictionaries(st.sampled_from("vadshbcilqtx"), st.text(max_size=20)))
def test_parse_signature_is_total(tags: dict[str, str]) -> None:
    """Any tags are a signature or an error."""
    try:
        signature = parse_signature(TAGS | tags)
    except TagError:
        return
    assert signature.domain.isascii()
