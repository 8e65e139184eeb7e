"""The aiosmtpd peer: the stock server on uvloop; one JSON document per recipient; 250 after the broker's confirm.

Run as a script. Environment: PORT, AMQP_URL, QUEUE, TLS_KEY, TLS_CERT (files).
"""

import asyncio
import base64
import os
import socket
import ssl
import uuid
import warnings
from datetime import UTC, datetime
from email.utils import format_datetime

import aio_pika
import orjson
import uvloop
from aio_pika.abc import AbstractChannel
from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_BYTES = 200 * 1024 * 1024
HOSTNAME = socket.gethostname()


class Publishing:
    """An aiosmtpd handler."""

    def __init__(self, channel: AbstractChannel, queue: str) -> None:
        self._channel = channel
        self._queue = queue

    async def _publish(self, body: bytes, message_id: str) -> None:
        message = aio_pika.Message(
            body,
            message_id=message_id,
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await self._channel.default_exchange.publish(message, self._queue, mandatory=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Publish one document per recipient and wait for all confirms."""
        content = envelope.content
        assert isinstance(content, bytes)
        assert session.peer is not None
        now = datetime.now(UTC)
        trace = (
            f"Received: from {session.host_name} ([{session.peer[0]}])\r\n\tby {HOSTNAME} with ESMTP id {uuid.uuid4()};\r\n"
            f"\t{format_datetime(now)}\r\n"
        )
        mime = trace.encode() + content
        shared: dict[str, object] = {
            "envelope": envelope.mail_from,
            "received": f"{now:%Y-%m-%d %H:%M:%S}",
            "hostname": HOSTNAME,
            "connection": {
                "remote-ip": session.peer[0],
                "remote-port": session.peer[1],
                "secure": session.ssl is not None,
                "helo": session.host_name,
            },
        }
        try:
            shared["mime"] = mime.decode()
        except UnicodeDecodeError:
            shared |= {"mime": base64.b64encode(mime).decode(), "mime-encoding": "base64"}
        encoded = orjson.dumps(shared)[1:]  # once for all recipients, as every peer here does it
        jobs = []
        message_id = ""
        for recipient in envelope.rcpt_tos:
            message_id = str(uuid.uuid4())
            own = orjson.dumps({"message-id": message_id, "recipient": recipient})[:-1]
            jobs.append(self._publish(own + b"," + encoded, message_id))
        await asyncio.gather(*jobs)
        return f"250 Ok, queued as {message_id}"


async def main() -> None:
    """Serve until stopped."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    await channel.declare_queue(os.environ["QUEUE"], durable=True)
    handler = Publishing(channel, os.environ["QUEUE"])

    def session() -> SMTP:
        return SMTP(handler, data_size_limit=MAX_BYTES, hostname=HOSTNAME, tls_context=context, timeout=600)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", int(os.environ["PORT"]), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # aiosmtpd warns once that TLS is offered and not required: so it is meant here
    uvloop.run(main())
