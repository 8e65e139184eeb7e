"""The use case with fakes behind it: what becomes durable, and what the client reads then."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import attrs
import pytest
from tests.outcome import reply_of

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.app.logs.json_lines import JsonLines
from tidegate.app.reception import MailReception, ReceptionSettings
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderLimits
from tidegate.domain.message_id import MessageIds
from tidegate.domain.routing import Queues
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, PortError, TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.reception import IncomingMessage

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLIENT = Client(Endpoints("192.0.2.9", 4711, "192.0.2.1", 25), "client.example")
ONE = (Recipient("info@example.com"),)
TWO = (*ONE, Recipient("sales@example.com"))
MAIL = b"Subject: x\r\n\r\nbody\r\n"


@attrs.define
class Noted:
    """A journal that keeps what it is told."""

    entries: list[tuple[str, tuple[str, ...], int, int]] = attrs.field(factory=list)

    def note(
        self,
        message: IncomingMessage,
        transaction_id: str,
        message_ids: Sequence[str],
        publications: Sequence[Publication],
        reply: Reply,
    ) -> None:
        """Keep it."""
        self.entries.append((transaction_id, tuple(message_ids), len(publications), reply.code))


def receive(
    publisher: MemoryPublisher,
    data: bytes = MAIL,
    recipients: tuple[Recipient, ...] = ONE,
    journal: Noted | None = None,
    settings: ReceptionSettings | None = None,
) -> Reply:
    """One message through the use case."""
    reception = MailReception(
        settings or ReceptionSettings(Queues("inbox")),
        publisher,
        lambda: int(NOW.timestamp() * 1000),
        MessageIds(b"testnode"),
        orjson_dumps,
        journal=journal,
    )
    message = IncomingMessage(CLIENT, Envelope("me@example.org", recipients), data, "mx.example.com")
    return asyncio.run(reply_of(reception.receive(message)))


def documents(publisher: MemoryPublisher, queue: str = "inbox") -> list[dict[str, object]]:
    """What stands on a queue."""
    return [json.loads(body) for body in publisher.bodies(queue)]


def test_one_document_and_one_identifier_per_recipient() -> None:
    """The reply names the identifiers under which the documents stand on the queue, in the order of the recipients."""
    publisher = MemoryPublisher()
    reply = receive(publisher, recipients=TWO)
    found = documents(publisher)
    assert [document["recipient"] for document in found] == ["info@example.com", "sales@example.com"]
    assert (reply.code, reply.enhanced) == (250, "2.0.0")
    assert reply.lines[1:] == tuple(f"{document['message-id']} for {document['recipient']}" for document in found)
    assert len(publisher.calls) == 1


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (TemporaryFailure("amqp://user:secret@host is away"), replies.NOT_QUEUED),
        (PermanentFailure("no such queue"), replies.NOT_QUEUED),
        (DocumentTooLarge("17 MB"), replies.TOO_BIG),
    ],
)
def test_no_250_without_durable_documents(failure: PortError, expected: Reply) -> None:
    """QU05, QU11: whatever the publisher raises, the client keeps its mail, and reads a constant; the journal hears of it too."""
    publisher, journal = MemoryPublisher(failure=failure), Noted()
    assert receive(publisher, recipients=TWO, journal=journal) == expected
    assert publisher.queues == {}
    [(_, _, publications, code)] = journal.entries
    assert (publications, code) == (2, expected.code)


def test_the_reply_waits_for_the_publisher() -> None:
    """QU03: nothing is answered while the documents are not durable."""

    async def main() -> None:
        go, begun = asyncio.Event(), asyncio.Event()

        async def slow(_: Sequence[Publication]) -> None:
            begun.set()
            await go.wait()

        publisher = MemoryPublisher(before_publish=slow)
        reception = MailReception(
            ReceptionSettings(Queues("inbox")), publisher, lambda: int(NOW.timestamp() * 1000), MessageIds(b"testnode"), orjson_dumps
        )
        answer = asyncio.create_task(reply_of(reception.receive(IncomingMessage(CLIENT, Envelope("a@b.c", ONE), MAIL, "mx"))))
        await begun.wait()
        await asyncio.sleep(0)
        assert not answer.done()
        go.set()
        assert (await answer).code == 250
        assert len(documents(publisher)) == 1

    asyncio.run(main())


def test_a_document_that_grows_beyond_the_limit_as_json() -> None:
    """QU11: a message below the announced size whose JSON text is above what the broker takes is refused with 552, and nothing is published."""
    publisher = MemoryPublisher(max_document_bytes=100_000)
    assert receive(publisher, b"Subject: x\r\n\r\n" + b'"' * 70_000 + b"\r\n") == replies.TOO_BIG
    assert publisher.queues == {}


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [
        (b"X: " + b"x" * 300 + b"\r\n\r\n", 552, "5.3.4"),
        (b"X: x\r\n y\r\n" * 1000, 552, "5.3.4"),
        (b"x" * 1_000_000, 552, "5.3.4"),
        (b"X: x\r\n" * 20 + b"\r\n", 552, "5.3.4"),
        (b"Received: x\r\n" * 8 + b"\r\n", 554, "5.4.6"),
    ],
)
def test_header_limits_come_before_publishing(data: bytes, code: int, status: str) -> None:
    """HD08, HD11, RS15: size and number of fields, header sections without end, and loops."""
    publisher = MemoryPublisher()
    settings = ReceptionSettings(Queues("inbox"), header_limits=HeaderLimits(header_bytes=250, fields=15, received=5))
    reply = receive(publisher, data, settings=settings)
    assert (reply.code, reply.enhanced) == (code, status)
    assert publisher.calls == []


def test_an_empty_queue_name_discards() -> None:
    """Nothing is published, not even spelled; the answer and the journal are those of any message."""
    publisher, journal = MemoryPublisher(failure=TemporaryFailure("must not be asked")), Noted()
    assert receive(publisher, recipients=TWO, journal=journal, settings=ReceptionSettings(Queues())).code == 250
    assert publisher.calls == []
    assert [(len(ids), publications, code) for _, ids, publications, code in journal.entries] == [(2, 0, 250)]


def test_control_fields_become_properties_only_when_extraction_is_on() -> None:
    """HD01: with ``smtp-extract: false`` they are text like any other."""
    data = b"X-MQ-Tag: a\r\nX-MQ-Recipient: evil@example.org\r\nSubject: x\r\n\r\nbody\r\n"
    on, off = MemoryPublisher(), MemoryPublisher()
    receive(on, data)
    receive(off, data, settings=ReceptionSettings(Queues("inbox"), extract=False))
    [taken], [left] = documents(on), documents(off)
    assert (taken["tags"], taken["recipient"]) == (["a"], "info@example.com")
    assert str(taken["mime"]).endswith("+0000\r\nSubject: x\r\n\r\nbody\r\n")
    assert "tags" not in left
    assert str(left["mime"]).endswith(data.decode())


def test_each_control_field_that_is_not_used_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """HD02: however many there are; a single text would be cut."""
    caplog.set_level("INFO")
    receive(MemoryPublisher(), b"x-mq-force: perhaps\r\n" + b"x-mq-recipient: x@example.net\r\n" * 30 + b"\r\n")
    (record,) = caplog.records
    line = json.loads(JsonLines().format(record))
    assert line["fields"] == ["x-mq-force: not 1, true, 0 or false"] + ["x-mq-recipient: reserved"] * 30


def test_what_a_message_says_of_its_way_is_not_believed() -> None:
    """HD14: our field stands above forged ones, which stay as they are; nothing of them reaches a property."""
    publisher = MemoryPublisher()
    forged = (
        b"Return-Path: <root@localhost>\r\nReceived: from trusted by mx.example.com\r\nReceived-SPF: pass\r\nX-Spam-Status: No\r\n\r\nbody\r\n"
    )
    receive(publisher, forged)
    [document] = documents(publisher)
    mime = str(document.pop("mime"))
    assert mime.startswith("Received: from client.example ([192.0.2.9])\r\n\tby mx.example.com with ESMTP\r\n")
    assert mime.endswith(forged.decode())
    assert set(document) == {"envelope", "recipient", "message-id", "received", "hostname", "connection"}
