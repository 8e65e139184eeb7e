"""A whole SMTP service inside a program of yours, with `pip install tidegate` alone: documents go into lists in memory.

Run it, then send a mail to port 8026: python examples/embedded_service.py
"""

import asyncio
import json
import secrets
import time

from tidegate.adapters.memory.connection_board import MemoryConnectionBoard
from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.memory.suspects import MemorySuspectList
from tidegate.adapters.smtp import SmtpServer, bind_listeners
from tidegate.app.gate import GatewayGate
from tidegate.app.reception import MailReception, ReceptionSettings
from tidegate.app.reception.budget import MemoryBudget
from tidegate.app.reception.policy import GatewayPolicy
from tidegate.domain.access import AccessPolicy
from tidegate.domain.client_limits import ClientLimits, ClientTable
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.message_id import NODE_BYTES, MessageIds
from tidegate.domain.routing import Queues
from tidegate.domain.smtp.profile import Profile
from tidegate.ports.publisher import Publisher


def smtp_server(publisher: Publisher) -> SmtpServer:
    """A server for clients on this machine that gives its documents to a publisher."""
    ids = MessageIds(secrets.token_bytes(NODE_BYTES))
    reception = MailReception(ReceptionSettings(Queues("inbox")), publisher, lambda: time.time_ns() // 1_000_000, ids, stdlib_dumps)
    gate = GatewayGate(
        AccessPolicy(IpRanges.parse("127.0.0.1;::1")),
        MemorySuspectList(),
        ClientTable(ClientLimits()),
        MemoryConnectionBoard(),
        GatewayPolicy(25_000_000, publisher, MemoryBudget(100_000_000)),
        lambda local_ip: Profile("mx.example.com"),
        IpRanges.nobody(),
    )
    return SmtpServer(reception, gate)


async def main(port: int = 8026) -> None:
    """Serve until cancelled, and print what arrives."""
    publisher = MemoryPublisher()
    server = smtp_server(publisher)
    server.open(bind_listeners(("127.0.0.1",), (port,), ()))
    try:
        while True:
            for body in publisher.bodies("inbox"):
                print(json.loads(body), flush=True)
            publisher.queues.clear()
            await asyncio.sleep(1)
    finally:
        await server.close()


if __name__ == "__main__":
    asyncio.run(main())
