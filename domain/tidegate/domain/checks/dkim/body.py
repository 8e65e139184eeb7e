"""Body hashes (RFC 6376 section 3.7): one pass over the body for each canonical form, whatever the number of signatures."""

import hashlib
from collections.abc import Iterable, Mapping

import attrs

from tidegate.domain.checks.dkim.canonical import Canonicalization, canonical_body


@attrs.frozen
class BodyHash:
    """What a signature hashes of the body: form, algorithm by its hashlib name, and how many bytes (``l=``; None for all)."""

    form: Canonicalization
    algorithm: str
    limit: int | None = None


@attrs.frozen
class BodyDigest:
    """The hash, and the length of the whole canonical body in bytes."""

    digest: bytes
    length: int


BodyDigests = Mapping[BodyHash, BodyDigest]


def body_digests(message: bytes, start: int, wanted: Iterable[BodyHash]) -> BodyDigests:
    """Hash the body, which begins at ``start``, in every wanted way.

    Costs up to 7 ms per MB and form. Nothing else in a check takes long: run this one in a thread for bodies over
    ``LARGE_BODY_BYTES``; it lets other threads run while it hashes.
    """
    digests: dict[BodyHash, BodyDigest] = {}
    different = dict.fromkeys(wanted)
    for form in Canonicalization:
        hashers = {body_hash: hashlib.new(body_hash.algorithm, usedforsecurity=False) for body_hash in different if body_hash.form is form}
        if not hashers:
            continue
        length = 0
        for piece in canonical_body(message, start, form):
            for body_hash, hasher in hashers.items():
                if body_hash.limit is None or length + len(piece) <= body_hash.limit:
                    hasher.update(piece)
                elif length < body_hash.limit:
                    hasher.update(piece[: body_hash.limit - length])
            length += len(piece)
        digests.update((body_hash, BodyDigest(hasher.digest(), length)) for body_hash, hasher in hashers.items())
    return digests


LARGE_BODY_BYTES = 256 * 1024
"""From here on hashing takes long enough (2 ms) to keep other sessions of the same event loop waiting."""
