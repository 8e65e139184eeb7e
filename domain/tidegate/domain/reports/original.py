"""The message a report is about: what is left of its header in the report."""

import attrs

from tidegate.domain.reports.encoded_words import decode_words
from tidegate.domain.reports.header import Header, header_end
from tidegate.domain.reports.mime import Part
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.text import clean

RETURNED_TYPES = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822", "message/rfc822-headers"}
)
"""Media types of the returned message or its header (RFC 3462, RFC 6533); the last two are common mistakes."""

_MAX_ENCODED = 65_536  # octets of the returned part that are decoded to find its header


@attrs.frozen
class OriginalMessage:
    """Fields of the original message. Copied by a stranger: nothing here is verified.

    Attributes:
        message_id: with its angle brackets, as it stood in the field.
        from_: the From field; this and the next two with encoded words decoded.
        to: the To field.
        subject: the Subject field.
        date: the Date field, verbatim.
    """

    message_id: str | None = None
    from_: str | None = None
    to: str | None = None
    subject: str | None = None
    date: str | None = None


def read_original(part: Part) -> OriginalMessage | None:
    """Read the header of the message that ``part`` returns; None when it has none of the fields."""
    return original_in(part.body(_MAX_ENCODED))


def original_in(data: bytes) -> OriginalMessage | None:
    """Read the header at the beginning of ``data`` (leading blank lines and a mbox line are skipped); None when it has none of the fields."""
    data = data.lstrip(b"\r\n")
    if data.startswith((b"From ", b">From ")):
        data = data.partition(b"\n")[2]
    try:
        end, _ = header_end(data, 0, len(data))
    except Unreadable:
        return None
    header = Header(data[:end])
    original = OriginalMessage(
        message_id=_field(header, b"message-id"),
        from_=_field(header, b"from"),
        to=_field(header, b"to"),
        subject=_field(header, b"subject"),
        date=_field(header, b"date"),
    )
    return original if original != OriginalMessage() else None


def _field(header: Header, name: bytes) -> str | None:
    value = header.get(name)
    return (clean(decode_words(value)) or None) if value is not None else None
