"""Body hashes (RFC 6376 section 3.7): one pass over the body for each canonical form, whatever the number of signatures."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

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

    Every byte is hashed once for each form and algorithm, however many lengths are wanted of it. Costs up to 7 ms per MB and form. Nothing
    else in a check takes long: run this one in a thread for bodies over ``LARGE_BODY_BYTES``; it lets other threads run while it hashes.
    """
    by_form: dict[Canonicalization, list[BodyHash]] = {}
    for body_hash in dict.fromkeys(wanted):
        by_form.setdefault(body_hash.form, []).append(body_hash)
    digests: dict[BodyHash, BodyDigest] = {}
    for form, hashes in by_form.items():
        hashers = [
            _Hasher.of(algorithm, [body_hash for body_hash in hashes if body_hash.algorithm == algorithm])
            for algorithm in dict.fromkeys(body_hash.algorithm for body_hash in hashes)
        ]
        length = 0
        for piece in canonical_body(message, start, form):
            for hasher in hashers:
                hasher.update(piece, length)
            length += len(piece)
        for hasher in hashers:
            digests.update((body_hash, BodyDigest(digest, length)) for body_hash, digest in hasher.digests())
    return digests


@attrs.define
class _Hasher:
    """Hashes a body by one algorithm.

    Attributes:
        whole: the hash so far.
        unreached: limited hashes with their limits, the longest first.
        unlimited: the others.
        found: limited hashes that are known.
    """

    whole: "hashlib._Hash"
    unreached: list[tuple[int, BodyHash]]
    unlimited: list[BodyHash]
    found: list[tuple[BodyHash, bytes]] = attrs.Factory(list)

    @classmethod
    def of(cls, algorithm: str, hashes: list[BodyHash]) -> "_Hasher":
        limited = [(body_hash.limit, body_hash) for body_hash in hashes if body_hash.limit is not None]
        limited.sort(key=lambda item: item[0], reverse=True)
        return cls(hashlib.new(algorithm, usedforsecurity=False), limited, [body_hash for body_hash in hashes if body_hash.limit is None])

    def update(self, piece: bytes, length: int) -> None:
        """Take the next piece, before which there were ``length`` bytes."""
        position = 0
        while self.unreached and self.unreached[-1][0] <= length + len(piece):
            limit, body_hash = self.unreached.pop()
            self.whole.update(piece[position : limit - length])
            position = limit - length
            self.found.append((body_hash, self.whole.digest()))
        self.whole.update(piece[position:])

    def digests(self) -> Iterator[tuple[BodyHash, bytes]]:
        """All of them; a limit that was not reached leaves nothing out."""
        yield from self.found
        digest = self.whole.digest()
        yield from ((body_hash, digest) for body_hash in (*(body_hash for _, body_hash in self.unreached), *self.unlimited))


LARGE_BODY_BYTES = 256 * 1024
"""From here on hashing takes long enough (2 ms) to keep other sessions of the same event loop waiting."""
