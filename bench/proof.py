"""Whether what was acknowledged arrived, byte for byte."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable

import orjson

RECEIVED = b"received:"


def without_trace(mime: bytes) -> bytes:
    """``mime`` less the Received field at its top, which the server put there (RFC 5321 section 4.4).

    Raises:
        ValueError: the message does not start with a Received field.
    """
    if mime[: len(RECEIVED)].lower() != RECEIVED:
        raise ValueError(f"starts with {mime[:40]!r}, not with a Received field")
    end = mime.find(b"\r\n")
    while end >= 0 and mime[end + 2 : end + 3] in (b" ", b"\t"):
        end = mime.find(b"\r\n", end + 2)
    return mime[end + 2 :] if end >= 0 else b""


def digest(message: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(message).hexdigest()


def mime_of(document: bytes) -> bytes:
    """The message that a JSON document carries.

    Raises:
        ValueError: the document is no JSON object with a message in it.
    """
    fields = orjson.loads(document)
    mime = fields.get("mime") if isinstance(fields, dict) else None
    if not isinstance(mime, str):
        raise ValueError("the document holds no mime")
    return base64.b64decode(mime) if fields.get("mime-encoding") == "base64" else mime.encode()


class Arrivals:
    """Counts the documents that came out of a queue, by the digest of the message without its trace."""

    def __init__(self) -> None:
        self.digests: Counter[str] = Counter()
        self.unreadable: list[str] = []

    def add(self, document: bytes) -> None:
        """Take one document."""
        try:
            self.digests[digest(without_trace(mime_of(document)))] += 1
        except ValueError as error:  # orjson.JSONDecodeError is one
            self.unreadable.append(str(error))

    @property
    def total(self) -> int:
        """Documents taken, unreadable ones too."""
        return self.digests.total() + len(self.unreadable)


def problems(expected: Counter[str], arrivals: Arrivals) -> list[str]:
    """What is wrong with ``arrivals``, in words; empty when every acknowledged document came exactly once and unchanged."""
    found = [f"unreadable: {reason}" for reason in _few(arrivals.unreadable)]
    lost = (expected - arrivals.digests).total()
    surplus = (arrivals.digests - expected).total()
    if lost or surplus or arrivals.unreadable:
        found.append(
            f"{expected.total()} documents acknowledged, {arrivals.total} arrived; {lost} missing or changed, {surplus} that were not sent so",
        )
    return found


def _few(reasons: Iterable[str]) -> list[str]:
    return sorted(set(reasons))[:3]
