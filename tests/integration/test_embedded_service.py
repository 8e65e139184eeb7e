"""The example service that needs the library alone."""

import json
import runpy
from pathlib import Path

import pytest
from tests.schema import assert_valid
from tests.servers.gateway import Wire

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.smtp import bind_listeners

pytestmark = pytest.mark.integration

smtp_server = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples" / "embedded_service.py"))["smtp_server"]


async def test_a_message_becomes_a_document() -> None:
    """From the socket to the publisher that the caller gave."""
    publisher, (listener,) = MemoryPublisher(), bind_listeners(("127.0.0.1",), (0,), ())
    server = smtp_server(publisher)
    server.open([listener])
    try:
        wire = await Wire.connect(listener.sock.getsockname()[1])
        await wire.greet()
        for command in (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n", b"Subject: x\r\n\r\nbody\r\n.\r\n"):
            assert (await wire.say(command))[0] in "23"
        await wire.close()
    finally:
        await server.close()
    (document,) = map(json.loads, publisher.bodies("inbox"))
    assert_valid(document)
    assert (document["envelope"], document["recipient"], document["hostname"]) == ("a@example.org", "b@example.com", "mx.example.com")
    assert document["mime"].endswith("Subject: x\r\n\r\nbody\r\n")
