"""The DKIM-Signature field (RFC 6376 section 3.5), read and held against every rule that needs no key."""

import re
from enum import StrEnum

import attrs

from tidegate.domain.checks.dkim.body import BodyHash
from tidegate.domain.checks.dkim.canonical import Canonicalization
from tidegate.domain.checks.dkim.tags import TagError, decode_base64, parse_number, parse_tags, split_list
from tidegate.domain.checks.domain_name import is_within, to_ascii
from tidegate.domain.dns_name import MAX_NAME_CHARS
from tidegate.domain.headers import Field

MAX_FIELD_BYTES = 32 * 1024  # the longest in use are 3 kB: a key of 8,192 bits and all field names twice
MAX_SIGNED_NAMES = 1000  # as many as a header section may have fields
MAX_IDENTITY_CHARS = 1000  # an address has 320 (RFC 5321 section 4.5.3.1); this one need not be one
SHOWN_SIGNATURE_CHARS = 8  # RFC 6008 section 3: enough to tell signatures apart

_TIME_DIGITS = 12  # RFC 6376 section 3.5: t= and x=, "to the year 200,000"
_LENGTH_DIGITS = 76  # RFC 6376 section 3.5: l=

_QUOTED = re.compile(rb"=([0-9A-F]{2})")
_is_field_name = re.compile(r"[!-9;-~]+").fullmatch


class Algorithm(StrEnum):
    """Signing algorithms (RFC 8301, RFC 8463). The first is only verified to tell a broken signature from a weak one."""

    RSA_SHA1 = "rsa-sha1"
    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"

    @property
    def hash_name(self) -> str:
        """The hash part, as hashlib and ``h=`` of key records name it."""
        return self.value.partition("-")[2]


@attrs.frozen
class Signature:
    """A signature whose tags keep the rules.

    Attributes:
        algorithm: ``a=``.
        header_form: first part of ``c=``.
        body_hash: how the body is hashed, from the rest of ``c=``, ``a=`` and ``l=``.
        body_digest: ``bh=`` decoded; of the length that the hash has.
        domain: ``d=``, A-labels in lower case.
        selector: ``s=`` as written.
        identity: ``i=`` decoded, ``@`` and the domain by default.
        names: ``h=``: names of the signed fields in order, lower case.
        value: ``b=`` decoded.
        shown: the first characters of ``b=``.
        signed_at: ``t=`` in seconds since 1970, or None.
        expires_at: ``x=`` in seconds since 1970, or None.
    """

    algorithm: Algorithm
    header_form: Canonicalization
    body_hash: BodyHash
    body_digest: bytes
    domain: str
    selector: str
    identity: str
    names: tuple[bytes, ...]
    value: bytes
    shown: str
    signed_at: int | None = None
    expires_at: int | None = None

    @property
    def key_name(self) -> str:
        """Where the key is published (RFC 6376 section 3.6.2.1)."""
        return f"{to_ascii(self.selector)}._domainkey.{self.domain}"


def field_tags(field: Field) -> dict[str, str]:
    """The tags of a signature field.

    Raises:
        TagError: no tag list, or longer than ``MAX_FIELD_BYTES``.
    """
    if field.end - field.start > MAX_FIELD_BYTES:
        raise TagError(f"more than {MAX_FIELD_BYTES} bytes")
    return parse_tags(field.message[field.colon + 1 : field.end])


def parse_signature(tags: dict[str, str]) -> Signature:
    """Hold the tags of a DKIM-Signature against RFC 6376 section 6.1.1.

    Raises:
        TagError: a required tag is missing, or a value is not allowed.
    """
    if tags.get("v") != "1":
        raise TagError("v= is not 1")
    signature = parse_signing_tags(tags)
    # "The domain part of the address MUST be the same as, or a subdomain of, the value of the "d=" tag" (RFC 6376 section 3.5).
    identity = _unquoted(tags["i"]) if "i" in tags else f"@{signature.domain}"
    _, at, identity_domain = identity.rpartition("@")
    if not at or not is_within(to_ascii(identity_domain) or "", signature.domain):
        raise TagError("i= is not of the domain in d=")
    if len(identity) > MAX_IDENTITY_CHARS:
        raise TagError("i= is too long")
    # "The From header field MUST be signed" (RFC 6376 section 5.4).
    if b"from" not in signature.names:
        raise TagError("h= has no From")
    if "q" in tags and "dns/txt" not in split_list(tags["q"]):
        raise TagError("q= has no known way to get the key")
    return attrs.evolve(signature, identity=identity)


def parse_signing_tags(tags: dict[str, str], forms: str = "simple/simple") -> Signature:
    """Read the tags that DKIM-Signature and ARC-Message-Signature have in common; ``identity`` stays the default.

    Args:
        tags: of the field.
        forms: value of ``c=`` where it is missing.

    Raises:
        TagError: as for :func:`parse_signature`.
    """
    algorithm, domain, selector, value = parse_sealing_tags(tags)
    body_digest = decode_base64("bh", _required(tags, "bh"))
    if len(body_digest) != (20 if algorithm is Algorithm.RSA_SHA1 else 32):
        raise TagError("bh= has not the length of the hash")
    names = [name for name in split_list(_required(tags, "h")) if name]  # empty names are not in the grammar, and stand for nothing
    if not 0 < len(names) <= MAX_SIGNED_NAMES or not all(map(_is_field_name, names)):
        raise TagError("h= is not a list of field names")
    header_form, body_form = _forms(tags.get("c", forms))
    limit = parse_number("l", tags["l"], _LENGTH_DIGITS) if "l" in tags else None
    signed_at = parse_number("t", tags["t"], _TIME_DIGITS) if "t" in tags else None
    expires_at = parse_number("x", tags["x"], _TIME_DIGITS) if "x" in tags else None
    if signed_at is not None and expires_at is not None and expires_at <= signed_at:
        raise TagError("x= is not after t=")
    return Signature(
        algorithm,
        header_form,
        BodyHash(body_form, algorithm.hash_name, limit),
        body_digest,
        domain,
        selector,
        f"@{domain}",
        tuple(name.lower().encode("ascii") for name in names),
        value,
        shown_signature(tags),
        signed_at,
        expires_at,
    )


def parse_sealing_tags(tags: dict[str, str]) -> tuple[Algorithm, str, str, bytes]:
    """Read ``a=``, ``d=``, ``s=`` and ``b=``, which every signature has.

    Raises:
        TagError: one is missing or not allowed.
    """
    try:
        algorithm = Algorithm(_required(tags, "a"))
    except ValueError:
        raise TagError("a= is missing or unknown") from None
    domain, selector = (to_ascii(_required(tags, name)) for name in ("d", "s"))
    # Both become part of a name to ask for: nothing but host names gets there.
    if domain is None or selector is None or "." not in domain:
        raise TagError("d= or s= is not a domain name")
    if len(domain) + len(selector) + len("._domainkey.") > MAX_NAME_CHARS:
        raise TagError("d= and s= make too long a name")
    return algorithm, domain, tags["s"], decode_base64("b", _required(tags, "b"))


def shown_signature(tags: dict[str, str]) -> str:
    """The first characters of ``b=`` (RFC 6008), as far as they are printable ASCII."""
    value = "".join(tags.get("b", "")[: 4 * SHOWN_SIGNATURE_CHARS].split())[:SHOWN_SIGNATURE_CHARS]
    return value if value.isascii() and value.isprintable() else ""


def _required(tags: dict[str, str], name: str) -> str:
    if name not in tags:
        raise TagError(f"{name}= is missing")
    return tags[name]


def _forms(value: str) -> tuple[Canonicalization, Canonicalization]:
    header_form, slash, body_form = value.partition("/")
    try:
        return Canonicalization(header_form), Canonicalization(body_form) if slash else Canonicalization.SIMPLE
    except ValueError:
        raise TagError("c= is not a known form") from None


def _unquoted(value: str) -> str:
    """A dkim-quoted-printable value decoded (RFC 6376 section 2.11)."""
    compact = "".join(value.split())
    if "=" not in compact:
        return compact
    return _QUOTED.sub(lambda match: bytes([int(match[1], 16)]), compact.encode("utf-8", "replace")).decode("utf-8", "replace")
