"""RSA public keys in DER: SubjectPublicKeyInfo (RFC 5280 section 4.1), as most are published, or RSAPublicKey (RFC 8017 appendix A.1.1)."""

import attrs

MIN_BITS = 1024  # RFC 8301 section 3.2: "Verifiers MUST NOT consider signatures using RSA keys of less than 1024 bits as valid"
MAX_BITS = 8192  # a signature by a key of 16,384 bits costs as much as sixty usual ones
MAX_EXPONENT = 2**32  # real ones are 3, 17 and 65537; the work grows with the length

_SEQUENCE = 0x30
_INTEGER = 0x02
_BIT_STRING = 0x03
_RSA_ALGORITHM = bytes.fromhex("06092a864886f70d010101")  # rsaEncryption, 1.2.840.113549.1.1.1


@attrs.frozen
class RsaKey:
    """A public key with 3 ≤ exponent < 2**32, odd, and a modulus of at most 8,192 bits; may be too short to trust, see ``bits``."""

    modulus: int
    exponent: int

    @property
    def bits(self) -> int:
        """Length of the modulus."""
        return self.modulus.bit_length()


def parse_rsa_key(der: bytes) -> RsaKey:
    """Read a public key.

    Raises:
        ValueError: not a key, or one whose numbers would take too long to calculate with.
    """
    content, rest = _element(der, _SEQUENCE)
    if rest:
        raise ValueError("bytes behind the key")
    if content[:1] == bytes([_SEQUENCE]):
        algorithm, content = _element(content, _SEQUENCE)
        if not algorithm.startswith(_RSA_ALGORITHM):
            raise ValueError("not an RSA key")
        bits, rest = _element(content, _BIT_STRING)
        if rest or bits[:1] != b"\x00":
            raise ValueError("not a key")
        content, rest = _element(bits[1:], _SEQUENCE)
    modulus, content = _integer(content)
    exponent, content = _integer(content)
    if content or rest:
        raise ValueError("bytes behind the key")
    if modulus.bit_length() > MAX_BITS or not 3 <= exponent < MAX_EXPONENT or not modulus & exponent & 1:
        raise ValueError("modulus or exponent out of bounds")
    return RsaKey(modulus, exponent)


def _integer(der: bytes) -> tuple[int, bytes]:
    content, rest = _element(der, _INTEGER)
    number = int.from_bytes(content, "big", signed=True)
    if number <= 0:
        raise ValueError("not a positive number")
    return number, rest


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the element at the start, which must have this tag, and what follows it."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("not a key")
    length, start = der[1], 2
    if length & 0x80:
        size = length & 0x7F
        start += size
        if not 1 <= size <= 3 or len(der) < start:
            raise ValueError("not a key")
        length = int.from_bytes(der[2:start], "big")
    if len(der) < start + length:
        raise ValueError("not a whole key")
    return der[start : start + length], der[start + length :]
