"""Key records and the keys in them."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.dkim.key import MAX_RECORD_BYTES, KeyProblem, KeyRecord, find_key
from tidegate.domain.checks.dkim.rsa_key import RsaKey, parse_rsa_key

MODULUS = (1 << 1023) + 1
ED25519 = bytes(range(32))


def element(tag: int, content: bytes) -> bytes:
    """One DER element."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def integer(number: int) -> bytes:
    """A DER integer."""
    return element(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def bare(modulus: int = MODULUS, exponent: int = 65537) -> bytes:
    """An RSAPublicKey."""
    return element(0x30, integer(modulus) + integer(exponent))


def info(key: bytes, algorithm: str = "06092a864886f70d0101010500") -> bytes:
    """A SubjectPublicKeyInfo around it."""
    return element(0x30, element(0x30, bytes.fromhex(algorithm)) + element(3, b"\x00" + key))


def record(key: bytes, tags: str = "") -> bytes:
    """A key record."""
    return f"v=DKIM1;{tags} p={b64encode(key).decode()}".encode()


@pytest.mark.parametrize("der", [bare(), info(bare()), info(bare(), "06092a864886f70d010101")])
def test_rsa_key(der: bytes) -> None:
    """As openssl writes it, without parameters, and bare as in the examples of RFC 6376."""
    key = parse_rsa_key(der)
    assert (key, key.bits) == (RsaKey(MODULUS, 65537), 1024)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x84\x00\x00\x00\x00",
        bare()[:-1],
        bare() + b"\x00",
        info(bare()) + b"\x00",
        info(bare() + b"\x00"),
        info(bare(), "06072a8648ce3d0201"),
        element(0x30, integer(MODULUS)),
        element(0x30, integer(MODULUS) + integer(65537) + integer(1)),
        element(0x30, element(2, b"\xff") + integer(65537)),
        element(0x30, element(2, b"") + integer(65537)),
        bare(exponent=1),
        bare(exponent=65536),
        bare(exponent=2**32 + 1),
        bare(exponent=2**2048 + 1),
        bare(modulus=MODULUS + 1),
        bare(modulus=(1 << 8192) + 1),
        bare(modulus=(1 << 16383) + 1),
    ],
)
def test_no_rsa_key(der: bytes) -> None:
    """ML07: what is no key, or one whose mathematics would take long, is refused before any."""
    with pytest.raises(ValueError):
        parse_rsa_key(der)


@given(st.binary(max_size=200))
def test_parse_rsa_key_is_total(der: bytes) -> None:
    """Any bytes are a key or a ValueError."""
    try:
        key = parse_rsa_key(der)
    except ValueError:
        return
    assert key.exponent >= 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (record(bare()), KeyRecord(RsaKey(MODULUS, 65537))),
        (record(ED25519, "k=ed25519;"), KeyRecord(ED25519)),
        (
            record(ED25519, " k=ed25519; h=sha1:sha256 ; s=tlsrpt:email; t=y:s; n=note;x1 = e;"),
            KeyRecord(ED25519, frozenset({"sha1", "sha256"}), True),
        ),
        (b"p=" + b64encode(ED25519) + b"; k=ed25519; g=*", KeyRecord(ED25519)),
    ],
)
def test_key_record(text: bytes, expected: KeyRecord) -> None:
    """Tags in any order, unknown ones ignored."""
    assert expected == find_key([b"unrelated", text])


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [b""],
        [b"v=spf1 -all"],
        [b"v=DKIM1"],
        [b"v=DKIM1; p="],
        [b"v=DKIM1; p=!"],
        [b"v=DKIM1; p=AAAA"],
        [b"v=DKIM2; p=" + b64encode(bare())],
        [b"p=" + b64encode(bare()) + b"; v=DKIM1"],
        [record(ED25519[:31], "k=ed25519;")],
        [record(ED25519 + b"x", "k=ed25519;")],
        [record(bare(), "k=foobar;")],
        [record(ED25519, "k=rsa;")],
        [record(bare(), "s=other;")],
        [record(bare(), "t=y;t=s;")],
        [record(bare(), "n=\x00;")],
        [record(bare()) + b";" + b" " * MAX_RECORD_BYTES],
        [b"v=DKIM1;" + b"p=A" * 22000],
    ],
)
def test_no_key(texts: list[bytes]) -> None:
    """ML07: no record, one without key, a revoked one, one of another type, service, length or version."""
    with pytest.raises(KeyProblem):
        find_key(texts)
