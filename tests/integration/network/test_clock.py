"""The wall clock jumps while the server runs (libfaketime); the monotonic clock goes on."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.conftest import require
from tests.servers.client import Client
from tests.servers.process import GatewayProcess

from tidegate.adapters.smtp.server import TICK

pytestmark = pytest.mark.integration

JUMPS = ("+3600", "-3600", "+10y", "-1d", "+12y", "+0")
"""From the real time: an hour, ten years, a day back, beyond January 2038, and home."""


def library() -> Path:
    """What lies to a program about the time."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    require(bool(found), "faketime")
    return found[0]


def test_a_clock_that_jumps() -> None:
    """OP04: nobody is cut off, mail is taken with the date of the clock, in UTC, and identifiers keep its order."""
    gateway = GatewayProcess()
    clock = gateway.directory / "clock"
    clock.write_text("+0\n")
    gateway.environ = {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "Europe/Amsterdam",
    }
    with gateway, Client.connect(gateway.port) as idle:
        idle.greet()
        identifiers = []
        for jump in JUMPS:
            clock.write_text(f"{jump}\n")
            time.sleep(1.5 * TICK)
            assert idle.say("NOOP").startswith("250")
            with Client.connect(gateway.port) as client:
                client.greet()
                identifiers.append(client.mail().split()[-3])
        documents = {document["message-id"]: document for document in gateway.documents()}
        assert list(documents) == identifiers, "files sort in the order in which they came"
        ahead = [datetime.fromisoformat(f"{document['received']}+00:00") - datetime.now(UTC) for document in documents.values()]
        assert [round(interval / timedelta(hours=1)) for interval in ahead] == [1, -1, 10 * 365 * 24, -24, 12 * 365 * 24, 0]
        assert idle.mail().startswith("250")
        assert gateway.reload()
