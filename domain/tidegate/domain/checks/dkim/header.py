"""What a signature says of the header section: the bytes that were signed (RFC 6376 sections 3.7 and 5.4.2)."""

from collections import defaultdict
from collections.abc import Iterable

import attrs

from tidegate.domain.checks.dkim.canonical import Canonicalization, relaxed_field
from tidegate.domain.headers import Field, HeaderBlock

_WHITE_SPACE = b" \t\r\n"


@attrs.frozen
class SignedHeader:
    """The fields of a header section, to be found by name. Made by :meth:`of`."""

    fields: dict[bytes, list[Field]] = attrs.field(repr=False)
    relaxed: dict[int, bytes] = attrs.field(repr=False, factory=dict)

    @classmethod
    def of(cls, block: HeaderBlock) -> "SignedHeader":
        """Sort the fields of a message by name, in one pass."""
        fields: dict[bytes, list[Field]] = defaultdict(list)
        for field in block.fields():
            if field.colon >= 0:
                fields[field.name.lower()].append(field)
        return cls(dict(fields))

    def count(self, name: bytes) -> int:
        """How many fields of this name (lower case) there are."""
        return len(self.fields.get(name, ()))

    def signed_data(self, names: Iterable[bytes], form: Canonicalization, signature: Field) -> bytes:
        """The input of the header hash: the fields named, then the signature field without the value of ``b=``.

        Several fields of one name are taken from the bottom up; a name for which no field is left stands for nothing (RFC 6376 section 5.4.2).
        The signature field itself is never taken for one of those named.
        """
        left: dict[bytes, int] = {}
        parts: list[bytes] = []
        for name in names:
            fields = self.fields.get(name)
            if fields is None:
                continue
            index = left.get(name, len(fields)) - 1
            if index >= 0 and fields[index].start == signature.start:
                index -= 1
            left[name] = max(index, 0)
            if index >= 0:
                parts.append(self.canonical(fields[index], form))
        parts.append(unsigned_field(signature, form))
        return b"".join(parts)

    def canonical(self, field: Field, form: Canonicalization) -> bytes:
        """A field of this header section in canonical form, with its CRLF."""
        if form is Canonicalization.SIMPLE:
            return terminated(field.raw)
        # Signatures of one message name mostly the same fields.
        canonical = self.relaxed.get(field.start)
        if canonical is None:
            canonical = self.relaxed[field.start] = relaxed_field(field.name, field.message[field.colon + 1 : field.end])
        return canonical


def unsigned_field(field: Field, form: Canonicalization) -> bytes:
    """A signature field in canonical form with the value of ``b=`` taken out, without CRLF at its end (RFC 6376 section 3.7)."""
    value = _without_signature(field.message[field.colon + 1 : field.end])
    if form is Canonicalization.RELAXED:
        return relaxed_field(field.name, value)[:-2]
    return terminated(field.message[field.start : field.colon + 1] + value)[:-2]


def _without_signature(value: bytes) -> bytes:
    """The value with everything between ``b=`` and the next semicolon, or the end, removed."""
    start = 0
    while start < len(value):
        end = value.find(b";", start)
        end = len(value) if end < 0 else end
        equals = value.find(b"=", start, end)
        if equals >= 0 and value[start:equals].strip(_WHITE_SPACE) == b"b":
            return value[: equals + 1] + value[end:]
        start = end + 1
    return value


def terminated(raw: bytes) -> bytes:
    """The field with CRLF at its end, which the last one of a message without body may lack."""
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"
