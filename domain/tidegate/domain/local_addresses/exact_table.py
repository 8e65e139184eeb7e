"""A set of strings of which only digests are kept: 16 bytes an entry in one piece of memory that processes can share.

The table is bytes, so that it can lie in a file that every worker maps: a million addresses cost the machine 16 MB, a worker next to nothing.
Layout: 65,537 numbers of 4 bytes, little-endian, where number N tells how many digests begin with two bytes below N; then the digests, sorted.

A digest is BLAKE2b (RFC 7693) of 128 bits. To be taken for one of a million entries, a stranger would have to find one string among 2**108;
with 64 bits it would be one among 2**44, which is within reach.
"""

from collections.abc import Iterable
from hashlib import blake2b
from itertools import accumulate
from struct import Struct
from typing import Protocol

import attrs

DIGEST_BYTES = 16
_BUCKETS = 1 << 16
_bounds = Struct("<II").unpack
_INDEX_BYTES = 4 * (_BUCKETS + 1)
MAX_ENTRIES = 1 << 27
"""Two thousand million bytes of digests."""


class Blob(Protocol):
    """What ``bytes`` and ``mmap.mmap`` have in common."""

    def find(self, sub: bytes, start: int, end: int, /) -> int:
        """Position of ``sub`` between two positions, or -1."""

    def __getitem__(self, index: slice, /) -> bytes:
        """A piece."""

    def __len__(self) -> int:
        """Bytes in all."""


@attrs.frozen(repr=False)
class ExactTable:
    """A set of strings.

    Attributes:
        blob: holds the table; not checked but for its length.
        start: where it begins in there.
        count: number of entries.

    Raises (when made):
        ValueError: ``blob`` is too short for ``count`` entries.
    """

    blob: Blob = b"\0" * _INDEX_BYTES
    start: int = 0
    count: int = 0

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.count <= MAX_ENTRIES or len(self.blob) < self.start + table_bytes(self.count):
            raise ValueError("the table is cut short")

    def __contains__(self, text: str) -> bool:
        """Whether the string was put in. Costs about a microsecond whatever the number of entries."""
        if not self.count:
            return False
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
        place = self.start + 4 * (digest[0] << 8 | digest[1])
        first, last = _bounds(self.blob[place : place + 8])
        digests = self.start + _INDEX_BYTES
        position, end = digests + DIGEST_BYTES * first, digests + DIGEST_BYTES * last
        # A bucket of a million entries holds fifteen digests on average, so that a search through its bytes is quicker than halving.
        while True:
            found = self.blob.find(digest, position, end)
            if found < 0:
                return False
            beside = (found - digests) % DIGEST_BYTES
            if not beside:
                return True
            position = found + 1

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"ExactTable({self.count} entries)"


class ExactTableBuilder:
    """Gathers the entries of a table, 16 bytes each and in steps that are short enough for an event loop."""

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(256)]
        self._counts: list[list[int]] = [[] for _ in range(256)]

    def add(self, texts: Iterable[str]) -> None:
        """Put strings in; any may come twice."""
        buckets = self._buckets
        for text in texts:
            digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
            buckets[digest[0]] += digest

    def sort_step(self, step: int) -> None:
        """One of 256 steps, 0 to 255, each of which is to be done once before :meth:`pieces`."""
        bucket = self._buckets[step]
        digests = {bytes(bucket[at : at + DIGEST_BYTES]) for at in range(0, len(bucket), DIGEST_BYTES)}
        self._buckets[step] = bytearray().join(sorted(digests))
        counts = self._counts[step] = [0] * 256
        for digest in digests:
            counts[digest[1]] += 1

    def pieces(self) -> tuple[int, list[bytes | bytearray]]:
        """Number of entries, and the table in pieces to be joined."""
        numbers = (0, *accumulate(count for counts in self._counts for count in counts))
        return numbers[-1], [b"".join([number.to_bytes(4, "little") for number in numbers]), *self._buckets]

    def table(self) -> ExactTable:
        """The finished table in memory of its own."""
        for step in range(256):
            self.sort_step(step)
        count, pieces = self.pieces()
        return ExactTable(b"".join(pieces), 0, count)


def table_bytes(count: int) -> int:
    """Length of a table."""
    return _INDEX_BYTES + DIGEST_BYTES * count
