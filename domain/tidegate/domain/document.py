"""The JSON document that a message becomes, one for each recipient.

Documents of one message differ in a few short properties and share the large one, ``mime``. So each is a tuple of parts: the recipient's own
head, and then the pieces that all documents share, encoded once. 100 recipients of a 10 MB message are 100 heads and one text.
"""

from binascii import b2a_base64
from codecs import utf_8_decode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import attrs

from tidegate.domain.connection import Client
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.json_value import Dumps, JsonObject, JsonValue, stdlib_dumps
from tidegate.domain.timestamps import document_time
from tidegate.domain.value_object import value_object

_CHUNK_BYTES = 3 << 18
"""Larger messages are encoded in pieces of this size: text with one character outside the basic plane takes four bytes for each character
while it is a str. A multiple of three, so that base64 pieces join."""

_NOTHING: JsonObject = MappingProxyType({})


@value_object(kw_only=True)
class Mail:
    """What all documents of one message share.

    Attributes:
        client: where it came from.
        envelope: sender and recipients.
        message: the bytes of the message, less what was taken out of it.
        trace: header fields of ours to put in front, with their CRLF; ASCII or UTF-8.
        hostname: the name under which it was received.
        received: when; aware.
        properties: what ``x-mq-*`` fields say; see ``control_headers``.
        ips: source addresses for sending it on, unless ``properties`` name some; none leaves the choice to the sender.
        checks: results, or None when no check is configured.
        key: where a message store keeps the bytes: named in the document in place of ``mime``.
    """

    client: Client
    envelope: Envelope
    message: bytes = attrs.field(repr=False)
    trace: bytes = b""
    hostname: str
    received: datetime
    properties: JsonObject = _NOTHING
    ips: Sequence[str] = ()
    checks: Sequence[JsonObject] | None = None
    key: str | None = None


def encode(
    mail: Mail, message_ids: Sequence[str], dumps: Dumps = stdlib_dumps, report: JsonObject | None = None
) -> tuple[tuple[bytes, ...], ...]:
    """The documents of all recipients, in the order of the envelope, as parts to be joined. Parts after the first are the same objects.

    Args:
        mail: the message.
        message_ids: one for each recipient of the envelope.
        dumps: a JSON encoder.
        report: what kind of report the message is; for local recipients.
    """
    documents = Documents(mail, dumps)
    pairs = zip(mail.envelope.recipients, message_ids, strict=True)
    return tuple([documents.parts(recipient, message_id, report if recipient.local else None) for recipient, message_id in pairs])


def document(mail: Mail, recipient: Recipient, message_id: str, report: JsonObject | None = None) -> dict[str, JsonValue]:
    """One document as a value: what :func:`encode` spells."""
    return {**_own(mail, recipient, message_id, report), **_common(mail), **_content(mail)}


@value_object
class Documents:
    """Spells the documents of one message: what they share once, when it is made, then each recipient's head.

    For whoever wants the documents of some recipients only.

    Raises (when made):
        ValueError: ``mail.received`` is naive.
    """

    mail: Mail
    dumps: Dumps = stdlib_dumps
    shared: tuple[bytes, ...] = attrs.field(
        init=False, repr=False, default=attrs.Factory(lambda self: _shared_parts(self.mail, self.dumps), takes_self=True)
    )

    def parts(self, recipient: Recipient, message_id: str, report: JsonObject | None = None) -> tuple[bytes, ...]:
        """The document of one recipient."""
        return (self.dumps(_own(self.mail, recipient, message_id, report))[:-1] + b",", *self.shared)


def _own(mail: Mail, recipient: Recipient, message_id: str, report: JsonObject | None) -> dict[str, JsonValue]:
    """What may differ from one recipient to the next."""
    envelope, properties = mail.envelope, mail.properties
    own: dict[str, JsonValue] = {
        "envelope": properties.get("envelope", envelope.sender),
        "recipient": recipient.address,
        "message-id": message_id,
    }
    dsn: dict[str, JsonValue] = {}
    if recipient.notify is not None:
        dsn["notify"] = recipient.notify
    if envelope.ret is not None:
        dsn["ret"] = envelope.ret
    if recipient.orcpt is not None:
        dsn["orcpt"] = recipient.orcpt
    if envelope.envid is not None:
        dsn["envid"] = envelope.envid
    instructed = properties.get("dsn")
    if isinstance(instructed, Mapping):
        dsn.update(instructed)
    if dsn:
        own["dsn"] = dsn
    if report is not None:
        own["report"] = report
    if recipient.refusal is not None:
        refusal = recipient.refusal
        own["refused"] = {"code": refusal.code, "status": refusal.enhanced, "reason": refusal.lines[-1]}
    return own


def _common(mail: Mail) -> dict[str, JsonValue]:
    """What is the same for all recipients, the content aside; never empty."""
    client = mail.client
    endpoints = client.endpoints
    connection: dict[str, JsonValue] = {
        "local-ip": endpoints.local_ip,
        "local-port": endpoints.local_port,
        "remote-ip": endpoints.remote_ip,
        "remote-port": endpoints.remote_port,
        "secure": client.tls is not None,
        "helo": client.helo,
    }
    if client.user is not None:
        connection["user"] = client.user
    if client.tls is not None:
        connection["tls"] = {"version": client.tls.version, "cipher": client.tls.cipher}
    common: dict[str, JsonValue] = {"received": document_time(mail.received), "hostname": mail.hostname, "connection": connection}
    if mail.ips:
        common["ips"] = mail.ips
    if mail.checks is not None:
        common["checks"] = mail.checks
    common.update({name: value for name, value in mail.properties.items() if name not in _OF_THE_RECIPIENT})
    return common


_OF_THE_RECIPIENT = frozenset(("envelope", "dsn"))


def _shared_parts(mail: Mail, dumps: Dumps) -> tuple[bytes, ...]:
    """What follows a recipient's head and a comma, to the end of the document."""
    if mail.key is not None or len(mail.message) <= _CHUNK_BYTES:
        return (dumps({**_common(mail), **_content(mail)})[1:],)
    start = dumps(_common(mail))[1:-1]
    try:
        return (start + b',"mime":"', *_text_chunks(mail, dumps), b'"}')
    except UnicodeDecodeError:
        return (start + b',"mime-encoding":"base64","mime":"', *_base64_chunks(mail), b'"}')


def _content(mail: Mail) -> dict[str, JsonValue]:
    if mail.key is not None:
        return {"key": mail.key}
    content = mail.trace + mail.message
    try:
        return {"mime": content.decode()}
    except UnicodeDecodeError:
        return {"mime-encoding": "base64", "mime": b2a_base64(content, newline=False).decode("ascii")}


def _text_chunks(mail: Mail, dumps: Dumps) -> Iterator[bytes]:
    yield dumps(mail.trace.decode())[1:-1]
    view = memoryview(mail.message)
    position = 0
    while position < len(view):
        # A character cut at the end of a chunk is left for the next one.
        text, used = utf_8_decode(view[position : position + _CHUNK_BYTES], "strict", position + _CHUNK_BYTES >= len(view))
        position += used
        yield dumps(text)[1:-1]


def _base64_chunks(mail: Mail) -> Iterator[bytes]:
    view = memoryview(mail.message)
    position = -len(mail.trace) % 3
    yield b2a_base64(mail.trace + view[:position], newline=False)
    while position < len(view):
        yield b2a_base64(view[position : position + _CHUNK_BYTES], newline=False)
        position += _CHUNK_BYTES
