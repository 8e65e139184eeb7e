"""The way of a message through the domain is linear in its size, for the messages that would make a careless scanner quadratic.

Work is counted in calls, of Python and of C functions: that does not depend on the machine. What happens inside one call is covered by size:
at these sizes a quadratic search would run for hours.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.calls import calls

from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.control_headers import extract
from tidegate.domain.document import Mail, encode
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock, HeaderLimits, inspect

NO_LIMITS = HeaderLimits(1 << 40, 1 << 40, 1 << 40)
CLIENT = Client(Endpoints("192.0.2.1", 4321, "192.0.2.25", 25), "mail.example.com")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

SHAPES: dict[str, Callable[[int], bytes]] = {
    "fields": lambda n: b"A: b\r\n" * n,
    "continuation lines": lambda n: b"A: b\r\n" + b" c\r\n" * n,
    "lines without colon": lambda n: b"a\r\n" * n,
    "colons": lambda n: b"A" + b":" * n,
    "blanks before the colon": lambda n: b"\r\n".join([b"Received" + b" " * (n // 4) + b"x"] * 4),
    "Received fields": lambda n: b"Received: a\r\n\tb\r\n" * n,
    "bare CR": lambda n: b"A: b" + b"\r" * n,
    "bare LF": lambda n: b"A: b" + b"\n" * n,
    "CR LF CR": lambda n: b"A: b" + b"\r\n\r" * n,
    "control fields": lambda n: b"x-mq-a: b\r\n" * n,
    "different control fields": lambda n: b"".join(b"x-mq-%d: b\r\n" % number for number in range(n)),
    "control fields between others": lambda n: b"A: b\r\nx-mq-tag: b\r\n c\r\n" * n,
    "one long control field": lambda n: b"x-mq-a: b\r\n" + b" c\r\n" * n,
    "one long name": lambda n: b"x-mq-" + b"a" * n + b": b\r\n",
    "control fields without colon": lambda n: b"x-mq-\r\n" * n,
    "almost control fields": lambda n: b"\r\n x-mq-" * n,
    "no text": lambda n: b"\r\n" + b"\xff" * n,
    "cut characters": lambda n: b"\r\n" + b"\xe2\x82" * n,
    "escapes": lambda n: b"\r\n" + b'"\\\r\n' * n,
}


def handle(message: bytes) -> None:
    """Everything that is done with a message here."""
    block = inspect(message, NO_LIMITS)
    assert isinstance(block, HeaderBlock)
    assert sum(len(field.raw) for field in block.fields()) == block.end
    list(block.named(b"received"))
    extraction = extract(block)
    envelope = Envelope("", (Recipient("a@b"),))
    mail = Mail(client=CLIENT, envelope=envelope, message=extraction.message, hostname="mx", received=MOMENT, properties=extraction.properties)
    encode(mail, ["id"])


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_grow_with_size(shape: str) -> None:
    """RS18, HD08: four times the message takes about four times the calls; quadratic work would take sixteen."""
    short, long = SHAPES[shape](250), SHAPES[shape](1000)
    small, large = calls(lambda: handle(short)), calls(lambda: handle(long))
    assert large <= 5 * small


@pytest.mark.parametrize("shape", SHAPES)
def test_large_messages_end(shape: str) -> None:
    """HD08: the same shapes at up to megabytes, without any limit, are done while one waits."""
    handle(SHAPES[shape](100_000))
