"""A real aiosmtpd server with our handler."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP
from tests.schema import assert_valid
from tests.servers.gateway import Wire

from tidegate.adapters.aiosmtpd import ReceptionHandler
from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.app.reception import MailReception, ReceptionSettings
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.message_id import MessageIds
from tidegate.domain.routing import Queues
from tidegate.ports.errors import TemporaryFailure

pytestmark = pytest.mark.integration


@asynccontextmanager
async def aiosmtpd_service(publisher: MemoryPublisher) -> AsyncIterator[tuple[int, ReceptionHandler]]:
    """Serve on a port of its own."""
    reception = MailReception(
        ReceptionSettings(Queues("inbox")), publisher, lambda: time.time_ns() // 1_000_000, MessageIds(b"testnode"), orjson_dumps
    )
    handler = ReceptionHandler(reception)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="mx.example.com", enable_SMTPUTF8=True), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], handler
    finally:
        server.close()
        await handler.aclose()
        await server.wait_closed()


async def test_a_message_becomes_documents() -> None:
    """Envelope, connection and bytes as with our own server."""
    publisher = MemoryPublisher()
    async with aiosmtpd_service(publisher) as (port, _):
        wire = await Wire.connect(port)
        await wire.greet()
        for command in (b"MAIL FROM:<>\r\n", b"RCPT TO:<b@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n", b"RCPT TO:<c@example.com>\r\n"):
            assert (await wire.say(command)).startswith("250")
        assert (await wire.say(b"DATA\r\n")).startswith("354")
        reply = await wire.say(b"Subject: x\r\nx-mq-tag: t\r\n\r\n..dot\r\n.\r\n")
        await wire.close()
    documents = [json.loads(body) for body in publisher.bodies("inbox")]
    assert [document["recipient"] for document in documents] == ["b@example.com", "c@example.com"]
    for document in documents:
        assert_valid(document)
        assert document["envelope"] == ""
        assert document["tags"] == ["t"]
        assert document["mime"].endswith("Subject: x\r\n\r\n.dot\r\n")
        assert document["connection"]["remote-ip"] == "127.0.0.1"
        assert f"{document['message-id']} for {document['recipient']}" in reply


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"RCPT TO:<=?utf-8?q?a=0d=0aRSET?=@b>\r\n", "501 5.1.3"),
        ("RCPT TO:<я@пример.рф>\r\n".encode(), "553 5.6.7"),
        (b'RCPT TO:<"a\x00b"@c.d>\r\n', "501 5.1.3"),
    ],
)
async def test_addresses_are_judged_by_our_grammar(command: bytes, code: str) -> None:
    """AD01, AD04, AD11: nothing that aiosmtpd decodes or repairs gets through."""
    publisher = MemoryPublisher()
    async with aiosmtpd_service(publisher) as (port, _):
        wire = await Wire.connect(port)
        await wire.greet()
        assert (await wire.say(b"MAIL FROM:<a@b.c>\r\n")).startswith("250")
        assert (await wire.say(command)).startswith(code)
        await wire.close()


async def test_bare_line_feeds_and_failures() -> None:
    """Never a 250 without a durable copy."""
    publisher = MemoryPublisher()
    async with aiosmtpd_service(publisher) as (port, _):
        wire = await Wire.connect(port)
        await wire.greet()

        async def transaction(body: bytes) -> str:
            for command in (b"MAIL FROM:<a@b.c>\r\n", b"RCPT TO:<b@c.d>\r\n", b"DATA\r\n"):
                await wire.say(command)
            return await wire.say(body + b"\r\n.\r\n")

        assert (await transaction(b"a\nb")).startswith("550 5.6.11")
        publisher.failure = TemporaryFailure("away")
        assert (await transaction(b"a")).startswith("451 4.3.0")
        publisher.failure = None
        assert (await transaction(b"a")).startswith("250")
        await wire.close()
    assert len(publisher.bodies("inbox")) == 1


async def test_commit_outlives_its_client() -> None:
    """QU23: aiosmtpd cancels its handler, the commit goes on."""
    publisher = MemoryPublisher()
    started, go = asyncio.Event(), asyncio.Event()

    async def slow(_: object) -> None:
        started.set()
        await go.wait()

    publisher.before_publish = slow
    async with aiosmtpd_service(publisher) as (port, _):
        wire = await Wire.connect(port)
        await wire.greet()
        for command in (b"MAIL FROM:<a@b.c>\r\n", b"RCPT TO:<b@c.d>\r\n", b"DATA\r\n"):
            await wire.say(command)
        await wire.send(b"x\r\n.\r\n")
        await started.wait()
        await wire.close()
        await asyncio.sleep(0.1)
        go.set()
    assert len(publisher.bodies("inbox")) == 1
