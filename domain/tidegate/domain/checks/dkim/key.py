"""Key records, ``v=DKIM1; k=rsa; p=…`` (RFC 6376 section 3.6.1, RFC 8463 section 4), and the public keys in them."""

from collections.abc import Sequence

import attrs

from tidegate.domain.checks.dkim.rsa_key import RsaKey, parse_rsa_key
from tidegate.domain.checks.dkim.tags import TagError, decode_base64, parse_tags, split_list

MAX_RECORD_BYTES = 4096  # 8,192 bits of RSA are 1.4 kB of base64
MAX_RECORDS = 10  # records at one name are tried until one can be read; RFC 6376 section 3.6.2.2 allows one

_ED25519_BYTES = 32  # RFC 8032 section 5.1.5

PublicKey = RsaKey | bytes
"""An RSA key, or the 32 bytes of an Ed25519 key."""


class KeyProblem(ValueError):
    """There is no key that could verify the signature. ``args[0]`` says why."""


@attrs.frozen
class KeyRecord:
    """A record whose key can be read.

    Attributes:
        key: the public key.
        hashes: names of acceptable hash algorithms (``h=``); None for all.
        strict: the domain of ``i=`` must be that of ``d=``, not one below it (``t=s``).
    """

    key: PublicKey
    hashes: frozenset[str] | None = None
    strict: bool = False


def find_key(texts: Sequence[bytes]) -> KeyRecord:
    """The first key record among the TXT records of a selector.

    Raises:
        KeyProblem: none is a key record for mail with a key that can be read; says what is wrong with the first that looks like one.
    """
    problem = None
    for text in texts[:MAX_RECORDS]:
        try:
            return parse_key_record(text)
        except KeyProblem as error:
            problem = problem or error
    raise problem or KeyProblem("no key record")


def parse_key_record(text: bytes) -> KeyRecord:
    """Read a key record.

    Raises:
        KeyProblem: as for :func:`find_key`.
    """
    if len(text) > MAX_RECORD_BYTES:
        raise KeyProblem(f"key record of more than {MAX_RECORD_BYTES} bytes")
    try:
        tags = parse_tags(text)
    except TagError as error:
        raise KeyProblem(f"key record: {error}") from None
    # "This tag MUST be the first tag in the record", with this value (RFC 6376 section 3.6.1).
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise KeyProblem("key record of another version")
    if "p" not in tags:
        raise KeyProblem("record without a key")
    if not tags["p"]:
        raise KeyProblem("key revoked")
    services = split_list(tags.get("s", "*"))
    if "*" not in services and "email" not in services:
        raise KeyProblem("key not meant for mail")
    hashes = frozenset(split_list(tags["h"])) if "h" in tags else None
    return KeyRecord(_public_key(tags.get("k", "rsa"), tags["p"]), hashes, "s" in split_list(tags.get("t", "")))


def _public_key(key_type: str, value: str) -> PublicKey:
    try:
        data = decode_base64("p", value)
        if key_type == "rsa":
            return parse_rsa_key(data)
    except ValueError as error:
        raise KeyProblem(f"key record: {error}") from None
    if key_type != "ed25519":
        raise KeyProblem("key of an unknown type")
    if len(data) != _ED25519_BYTES:
        raise KeyProblem(f"Ed25519 key of {len(data)} bytes")
    return data
