"""``x-mq-*`` header fields: instructions for the sender of a message, written into the message itself.

They are taken out of the header section and become properties of the documents: ``X-MQ-Tag: news`` gives ``"tags": ["news"]``. Every other
byte of the message stays as it is.

A field is recognised by how its line starts: ``x-mq-`` in any case. All such lines go, with their continuation lines; afterwards no line of
the header section starts so. What becomes a property is stricter: a name of RFC 5322 (printable ASCII), the colon right after it, a value of
the type that the property has. The rest is named in :attr:`Extraction.skipped`, and the message is kept.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from types import MappingProxyType

import attrs

from tidegate.domain.address import Validation, parse_mailbox
from tidegate.domain.headers import Field, HeaderBlock, without
from tidegate.domain.json_value import JsonObject, JsonValue
from tidegate.domain.value_object import value_object

MAX_FIELDS_TAKEN = 64
"""More than all known fields together, tags and addresses aside; keeps documents and the work per message small."""

MAX_NAME_BYTES = 128
"""Length of a property name."""

MAX_VALUE_BYTES = 8 * 1024
"""Length of one value, unfolded."""

RESERVED = frozenset(
    {
        *("recipient", "mime", "mime-encoding", "key", "message-id", "connection", "checks", "received", "hostname", "report"),
        "refused",
        # Objects and arrays with fields of their own: a string in their place would break readers.
        *("ips", "tags", "queues", "smarthost", "dsn", "nextattempt"),
        # Names with a meaning in JavaScript, where copying properties from one object to another would change its prototype.
        *("__proto__", "constructor", "prototype"),
    }
)
"""Names that no header field can set."""

_START = re.compile(rb"x-mq-", re.IGNORECASE).match
_LATER = re.compile(rb"\r\nx-mq-", re.IGNORECASE).search
_PREFIX = len("x-mq-")
_NAME = re.compile(rb"[!-9;-~]+").fullmatch
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]").search
_INTEGER = re.compile(r"[0-9]{1,15}").fullmatch  # below 2**53; str.isdigit would take other digits than ASCII ones
_PRINTABLE = bytes(byte if 33 <= byte <= 126 else ord("?") for byte in range(256))
_NOTHING: JsonObject = MappingProxyType({})


@value_object
class Extraction:
    """A message without its ``x-mq-*`` fields, and what they said.

    Attributes:
        message: the message less those fields.
        properties: document properties; may hold ``envelope`` and ``ips``, which then stand above what the session says.
        skipped: ``(field name, reason)`` of each field that was taken out and not used, from top to bottom. Both are printable ASCII.
    """

    message: bytes = attrs.field(repr=False)
    properties: JsonObject = _NOTHING
    skipped: tuple[tuple[str, str], ...] = ()


def extract(block: HeaderBlock) -> Extraction:
    """Take the ``x-mq-*`` fields out of a message. A message without any costs one search of its header section."""
    message, end = block.message, block.end
    found = _LATER(message, 0, end)
    at_start = _START(message, 0, end)
    if found is None and at_start is None:
        return Extraction(message)
    fields = []
    if at_start:
        fields.append(block.field_at(0))
        found = _LATER(message, fields[-1].end - 2, end)
    while found:
        fields.append(block.field_at(found.start() + 2))
        found = _LATER(message, fields[-1].end - 2, end)
    properties, skipped = _read(fields)
    return Extraction(without(message, [(field.start, field.end) for field in fields]), properties, skipped)


def _read(fields: Sequence[Field]) -> tuple[JsonObject, tuple[tuple[str, str], ...]]:
    collected = _Properties()
    taken = 0
    skipped = []
    for field in fields:
        reason = collected.add(field) if taken < MAX_FIELDS_TAKEN else f"more than {MAX_FIELDS_TAKEN} fields"
        if reason is None:
            taken += 1
        else:
            skipped.append((_printable_name(field), reason))
    return collected.properties, tuple(skipped)


@attrs.define
class _Properties:
    """Properties as they build up, field by field."""

    properties: dict[str, JsonValue] = attrs.field(factory=dict)
    _arrays: dict[str, list[JsonValue]] = attrs.field(factory=dict)
    _objects: dict[str, dict[str, JsonValue]] = attrs.field(factory=dict)

    def add(self, field: Field) -> str | None:
        """Take one field; the reason when it cannot be."""
        if field.colon < 0:
            return "no colon"
        name_bytes = field.message[field.start + _PREFIX : field.colon]
        if not _NAME(name_bytes):
            return "not a field name"
        if len(name_bytes) > MAX_NAME_BYTES:
            return f"name longer than {MAX_NAME_BYTES} bytes"
        name = name_bytes.decode("ascii").lower()
        if name in RESERVED:
            return "reserved"
        value_bytes = field.value
        if len(value_bytes) > MAX_VALUE_BYTES:
            return f"value longer than {MAX_VALUE_BYTES} bytes"
        try:
            # The tab of a folded line is white space like any other (RFC 5322 section 2.2.2).
            value = value_bytes.decode().replace("\t", " ")
        except UnicodeDecodeError:
            return "not UTF-8"
        if _CONTROL(value):
            return "control character"
        known = _KNOWN.get(name)
        if known is not None:
            return self._add_known(known, value)
        self._add_unknown(name, value)
        return None

    def _add_unknown(self, name: str, value: str) -> None:
        array = self._arrays.get(name)
        if array is not None:
            array.append(value)
        elif name in self.properties:
            self.properties[name] = self._arrays[name] = [self.properties[name], value]
        else:
            self.properties[name] = value

    def _add_known(self, known: "_Known", value: str) -> str | None:
        converted = known.convert(value)
        if converted is None:
            return f"not {known.what}"
        if known.repeatable:
            array = self._arrays.get(known.paths[0][0])
            if array is None:
                self.properties[known.paths[0][0]] = self._arrays[known.paths[0][0]] = [converted]
            else:
                array.append(converted)
            return None
        for path in known.paths:
            target = self.properties
            if len(path) == 2:
                target = self._objects.setdefault(path[0], {})
                self.properties[path[0]] = target
            if path[-1] in target:
                return "given before"
            target[path[-1]] = converted
        return None


def _text(value: str) -> JsonValue:
    return value


def _address(value: str) -> JsonValue:
    """A mailbox with or without angle brackets, or the null address as ``<>`` or nothing. Strictness is for whoever sends the message on."""
    address = value[1:-1] if value.startswith("<") and value.endswith(">") else value
    if not address:
        return address
    mailbox = parse_mailbox(address.encode(), Validation.LOOSE)
    return mailbox.text if mailbox is not None else None


def _ip(value: str) -> JsonValue:
    if "%" in value:
        return None  # the zone of a link-local address: free text, and nobody sends mail from there
    try:
        return str(ip_address(value))
    except ValueError:
        return None


def _integer(value: str) -> JsonValue:
    return int(value) if _INTEGER(value) else None


def _port(value: str) -> JsonValue:
    port = int(value) if _INTEGER(value) else 0
    return port if 0 < port < 65536 else None


def _integers(value: str) -> JsonValue:
    texts = [text.strip(" ") for text in value.split(",")]
    return [int(text) for text in texts] if all(map(_INTEGER, texts)) else None


def _boolean(value: str) -> JsonValue:
    return {"1": True, "true": True, "0": False, "false": False}.get(value.lower())


@attrs.frozen
class _Known:
    """A field with a meaning: where its value goes, and how it gets there."""

    paths: tuple[tuple[str, ...], ...]
    convert: Callable[[str], JsonValue] = _text
    what: str = "text"
    repeatable: bool = False


_KNOWN: Mapping[str, _Known] = {
    "envelope": _Known((("envelope",),), _address, "an address"),
    "ip": _Known((("ips",),), _ip, "an IP address", repeatable=True),
    "tag": _Known((("tags",),), repeatable=True),
    "pool": _Known((("pool",),)),
    "maxdelivertime": _Known((("maxdelivertime",),)),
    "maxattempts": _Known((("maxattempts",),), _integer, "a number"),
    "retries": _Known((("retries",),), _integers, "a list of numbers"),
    "inlinecss": _Known((("inlinecss",),), _boolean, "1, true, 0 or false"),
    "keepmime": _Known((("keepmime",),), _boolean, "1, true, 0 or false"),
    "force": _Known((("force",),), _boolean, "1, true, 0 or false"),
    "delayed": _Known((("delayed",), ("nextattempt", "time"))),
    **{f"{kind}-queue": _Known((("queues", kind),)) for kind in ("results", "failure", "success", "retry")},
    **{f"smarthost-{name}": _Known((("smarthost", name),)) for name in ("hostname", "username", "password")},
    "smarthost-port": _Known((("smarthost", "port"),), _port, "a port number"),
    **{f"dsn-{name}": _Known((("dsn", name),)) for name in ("notify", "ret", "orcpt", "envid")},
}


def _printable_name(field: Field) -> str:
    """The name as a log may show it: at most 64 characters, everything outside printable ASCII as ``?``."""
    end = field.colon if field.colon >= 0 else field.end
    return field.message[field.start : min(end, field.start + 64)].translate(_PRINTABLE).decode("ascii")
