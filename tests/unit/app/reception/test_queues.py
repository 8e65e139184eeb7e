"""Which queue each recipient's document goes to, and what the client reads."""

import json
from typing import Any

import pytest
from tests.outcome import reply_of
from tests.schema import assert_valid

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.memory.report_reader import MemoryReportReader
from tidegate.app.reception import MailReception, ReceptionSettings
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.message_id import MessageIds
from tidegate.domain.routing import Queues
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.reception import IncomingMessage
from tidegate.ports.testing.report_reader import notification

CLIENT = Client(Endpoints("192.0.2.1", 4321, "192.0.2.25", 25), "mail.example.com")
LOCAL, OTHER = Recipient("info@example.com", True), Recipient("x@example.net")
REFUSED = Recipient("y@example.org", refusal=replies.AUTH_REQUIRED)
ALL = Queues("inbox", "local", "reports", "refused")
MAIL = b"Subject: x\r\n\r\nx\r\n"
REPORT = notification(1)


async def receive(publisher: MemoryPublisher, queues: Queues, envelope: Envelope, data: bytes = MAIL) -> Reply:
    """One message through the use case."""
    reception = MailReception(
        ReceptionSettings(queues),
        publisher,
        lambda: 1_772_323_200_000,
        MessageIds(b"testnode"),
        orjson_dumps,
        reports=MemoryReportReader(),
    )
    return await reply_of(reception.receive(IncomingMessage(CLIENT, envelope, data, "mx.example.com")))


def documents(publisher: MemoryPublisher) -> dict[str, list[dict[str, Any]]]:
    """What is on the queues."""
    return {queue: [json.loads(body) for body in publisher.bodies(queue)] for queue in publisher.queues}


@pytest.mark.parametrize(
    ("queues", "recipients", "refused", "data", "expected"),
    [
        (ALL, [LOCAL], [], MAIL, {"local": ["info@example.com"]}),
        (ALL, [LOCAL], [], REPORT, {"reports": ["info@example.com"]}),
        (ALL, [OTHER], [], REPORT, {"inbox": ["x@example.net"]}),
        (ALL, [LOCAL, OTHER], [], MAIL, {"local": ["info@example.com"], "inbox": ["x@example.net"]}),
        (ALL, [LOCAL, OTHER], [], REPORT, {"reports": ["info@example.com"], "inbox": ["x@example.net"]}),
        (ALL, [LOCAL], [REFUSED], REPORT, {"reports": ["info@example.com"], "refused": ["y@example.org"]}),
        (ALL, [LOCAL, OTHER], [REFUSED], MAIL, {"local": ["info@example.com"], "inbox": ["x@example.net"], "refused": ["y@example.org"]}),
        (ALL, [], [REFUSED], MAIL, {"refused": ["y@example.org"]}),
        (Queues("inbox", "local"), [LOCAL], [], REPORT, {"local": ["info@example.com"]}),
        (Queues("inbox", reports="reports"), [LOCAL], [], REPORT, {"reports": ["info@example.com"]}),
        (Queues("inbox", reports="reports"), [LOCAL], [], MAIL, {"inbox": ["info@example.com"]}),
        (Queues("inbox"), [LOCAL, OTHER], [], MAIL, {"inbox": ["info@example.com", "x@example.net"]}),
        (Queues("", "local"), [LOCAL, OTHER], [], MAIL, {"local": ["info@example.com"]}),
        (Queues(), [LOCAL, OTHER], [], MAIL, {}),
    ],
)
async def test_queues(
    queues: Queues, recipients: list[Recipient], refused: list[Recipient], data: bytes, expected: dict[str, list[str]]
) -> None:
    """AD20: every rule, alone and mixed; each document fits the schema."""
    publisher = MemoryPublisher()
    reply = await receive(publisher, queues, Envelope("s@example.net", tuple(recipients), refused=tuple(refused)), data)
    found = documents(publisher)
    assert {queue: [item["recipient"] for item in items] for queue, items in found.items()} == expected
    for queue, items in found.items():
        for item in items:
            assert_valid(item)
            assert ("refused" in item) is (queue == "refused")
            assert ("report" in item) is (queue == "reports")
    if recipients:
        assert reply.code == 250
        assert [line.rpartition(" ")[2] for line in reply.lines[1:]] == [recipient.address for recipient in recipients]
    else:
        assert reply == replies.AUTH_REQUIRED


async def test_the_reason_is_in_the_document() -> None:
    """What the client reads stands in the document of a refused recipient, which no header can forge."""
    publisher = MemoryPublisher()
    await receive(publisher, ALL, Envelope("s@example.net", (), refused=(REFUSED,)), b"x-mq-refused: no\r\n" + MAIL)
    [item] = documents(publisher)["refused"]
    assert item["refused"] == {"code": 530, "status": "5.7.0", "reason": "Authentication required"}
    publisher = MemoryPublisher()
    await receive(publisher, ALL, Envelope("s@example.net", (OTHER,)), b"x-mq-refused: no\r\n" + MAIL)
    assert "refused" not in documents(publisher)["inbox"][0]


async def test_a_failure_is_451_for_everybody() -> None:
    """Whoever fails, the client keeps the message, and a refused recipient's mail that could not be kept is not refused yet."""
    publisher = MemoryPublisher(failure=TemporaryFailure("away"))
    for envelope in (Envelope("s@example.net", (LOCAL, OTHER)), Envelope("s@example.net", (), refused=(REFUSED,))):
        assert await receive(publisher, ALL, envelope) == replies.NOT_QUEUED


async def test_mail_for_others_is_not_read_as_a_report() -> None:
    """Without a local recipient, or without a queue for reports, no message is classified: a large one would need the reader, which is not asked."""
    publisher = MemoryPublisher()
    await receive(publisher, ALL, Envelope("s@example.net", (OTHER,)), REPORT)
    assert "report" not in documents(publisher)["inbox"][0]
