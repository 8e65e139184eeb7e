"""An aiosmtpd service that publishes its mail through Tidegate's reception, on the embedded queue under ./var.

Run it, then send a mail to port 8025: python examples/aiosmtpd_service.py
"""

import asyncio
import secrets
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP

from tidegate.adapters.aiosmtpd import ReceptionHandler
from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.app.reception import MailReception, ReceptionSettings
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.message_id import NODE_BYTES, MessageIds
from tidegate.domain.routing import Queues


async def main(directory: Path = Path("var/queue"), port: int = 8025) -> None:
    """Serve until cancelled."""
    with claim(directory):
        publisher = FolderPublisher(directory)
        ids = MessageIds(secrets.token_bytes(NODE_BYTES))
        reception = MailReception(ReceptionSettings(Queues("inbox")), publisher, lambda: time.time_ns() // 1_000_000, ids, orjson_dumps)
        handler = ReceptionHandler(reception)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(handler, hostname="mx.example.com", data_size_limit=25_000_000, enable_SMTPUTF8=True), "127.0.0.1", port
        )
        try:
            await server.serve_forever()
        finally:
            await handler.aclose()
            await publisher.close()


if __name__ == "__main__":
    asyncio.run(main())
