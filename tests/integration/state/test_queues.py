"""Every rule of which queue a document goes to, on the real server, with the embedded queue and with RabbitMQ."""

import asyncio
import json
import smtplib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.state.conftest import tidegate
from tests.schema import assert_valid
from tests.servers.amqp import take_all
from tests.servers.process import GatewayProcess, wait_until
from tests.servers.rabbitmq import RabbitMq

from tidegate.ports.testing.report_reader import notification

pytestmark = pytest.mark.integration

QUEUES = ("inbox", "local", "reports", "refused")
MAIL = b"Subject: Lunch\r\n\r\nOn Friday?\r\n"
REPORT = notification(2)

Take = Callable[[], dict[str, list[dict[str, Any]]]]


@pytest.fixture(params=["embedded", "rabbitmq"])
def setup(request: pytest.FixtureRequest, authority: Path) -> Iterator[tuple[GatewayProcess, Take]]:
    """A server that wants logins from strangers, with a queue for each kind of mail; and the documents on them."""
    settings = {
        "smtp-certificate": str(authority.with_name("chain.pem")),
        "smtp-key": str(authority.with_name("key.pem")),
        "smtp-auth": "hardcoded://ann:s3cret",
        **{f"rabbitmq-{queue}": f"rules-{queue}" for queue in QUEUES},
    }
    node: RabbitMq | None = None
    if request.param == "rabbitmq":
        node = request.getfixturevalue("rabbitmq")
        assert node is not None
        settings |= {"rabbitmq-address": node.url, "queue-fallback": "refuse"}
    gateway = GatewayProcess(settings)

    def take() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for queue in QUEUES:
            if node is not None:
                bodies = [message.body for message in asyncio.run(take_all(node.url, f"rules-{queue}"))]
            else:
                paths = sorted((gateway.queue_directory / f"rules-{queue}" / "new").glob("*.json"))
                bodies = [path.read_bytes() for path in paths]
                for path in paths:
                    path.unlink()
            if bodies:
                found[queue] = [json.loads(body) for body in bodies]
        for items in found.values():
            for item in items:
                assert_valid(item)
        return found

    with gateway:
        tidegate(gateway, "local", "add", "info@example.com")
        gateway_sees(gateway, "info@example.com")
        yield gateway, take


def gateway_sees(gateway: GatewayProcess, address: str) -> None:
    """Wait until an address is local to the server."""

    def is_local() -> bool:
        with smtplib.SMTP("127.0.0.1", gateway.port, timeout=20) as client:
            client.ehlo()
            client.mail("s@example.net")
            client.rcpt("stranger@example.org")  # kept, and refused later
            return client.rcpt(address)[0] == 452  # accepted, but not in a transaction that will be refused

    wait_until(is_local, f"{address} is local", 30)


def send(gateway: GatewayProcess, recipients: list[str], data: bytes, login: ssl.SSLContext | None = None) -> tuple[list[int], int]:
    """One transaction; the codes of the recipients and of the message."""
    with smtplib.SMTP("127.0.0.1", gateway.port, timeout=20) as client:
        client.ehlo()
        if login is not None:
            client.starttls(context=login)
            client.login("ann", "s3cret")
        client.mail("s@example.net")
        codes = [client.rcpt(recipient)[0] for recipient in recipients]
        return codes, client.data(data)[0]


def test_queue_rules(setup: tuple[GatewayProcess, Take], any_certificate: ssl.SSLContext) -> None:
    """AD20: local, report, other and refused mail, alone and mixed: who reads what, and which document is where."""
    gateway, take = setup
    rules: list[tuple[list[str], bytes, bool, list[int], int, dict[str, list[str]]]] = [
        (["info@example.com"], MAIL, False, [250], 250, {"local": ["info@example.com"]}),
        (["Info@example.com"], MAIL, False, [250], 530, {"refused": ["Info@example.com"]}),
        (["info@EXAMPLE.com"], REPORT, False, [250], 250, {"reports": ["info@EXAMPLE.com"]}),
        (["x@example.org"], MAIL, True, [250], 250, {"inbox": ["x@example.org"]}),
        (["x@example.org"], REPORT, True, [250], 250, {"inbox": ["x@example.org"]}),
        (["x@example.org"], MAIL, False, [250], 530, {"refused": ["x@example.org"]}),
        (["x@example.org", "info@example.com"], MAIL, True, [250, 250], 250, {"inbox": ["x@example.org"], "local": ["info@example.com"]}),
        (["x@example.org", "info@example.com"], REPORT, True, [250, 250], 250, {"inbox": ["x@example.org"], "reports": ["info@example.com"]}),
        (["info@example.com", "x@example.org"], MAIL, False, [250, 530], 250, {"local": ["info@example.com"], "refused": ["x@example.org"]}),
        (["x@example.org", "info@example.com"], MAIL, False, [250, 452], 530, {"refused": ["x@example.org"]}),
    ]
    for recipients, data, login, codes, code, expected in rules:
        assert send(gateway, recipients, data, any_certificate if login else None) == (codes, code), recipients
        found = take()
        assert {queue: [item["recipient"] for item in items] for queue, items in found.items()} == expected
        for item in found.get("reports", []):
            assert item["report"]["type"] == "delivery-status"
        for item in found.get("refused", []):
            assert item["refused"] == {"code": 530, "status": "5.7.0", "reason": "Authentication required"}
            assert item["mime"].endswith("On Friday?\r\n")


def test_a_broker_that_fails_in_between(rabbitmq: RabbitMq, authority: Path) -> None:
    """One queue takes its document, another refuses it: 451. The next attempt has identifiers of its own; the first document is there twice."""
    queues = ("partial-inbox", "partial-local")
    settings = {
        "rabbitmq-address": rabbitmq.url,
        "queue-fallback": "refuse",
        "rabbitmq-inbox": queues[0],
        "rabbitmq-local": queues[1],
        "rabbitmq-declare": "false",
    }
    rabbitmq.ctl("eval", 'rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"partial-inbox">>), true, false, [], none, <<"test">>).')
    with GatewayProcess(settings) as gateway:
        tidegate(gateway, "local", "add", "info@example.com")
        # Until the change is in force; then the queue of local mail, which does not exist, is needed.
        wait_until(lambda: send(gateway, ["x@example.org", "info@example.com"], MAIL) == ([250, 250], 451), "one queue fails", 60)
        asyncio.run(take_all(rabbitmq.url, "partial-inbox"))
        assert send(gateway, ["x@example.org", "info@example.com"], MAIL) == ([250, 250], 451)
        rabbitmq.ctl("eval", 'rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"partial-local">>), true, false, [], none, <<"test">>).')
        assert send(gateway, ["x@example.org", "info@example.com"], MAIL) == ([250, 250], 250)
        inbox = [json.loads(message.body) for message in asyncio.run(take_all(rabbitmq.url, "partial-inbox"))]
        local = asyncio.run(take_all(rabbitmq.url, "partial-local"))
        assert len(inbox) == 2, "the document that got through at the first attempt, and the one of the second"
        assert len({item["message-id"] for item in inbox}) == 2
        assert len(local) == 1
