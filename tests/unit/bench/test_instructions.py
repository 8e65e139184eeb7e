"""Counting what the interpreter does."""

import sys

import pytest
from bench.instructions import ELSEWHERE, Work, layer_of, work_table

from tidegate.domain.envelope import Recipient
from tidegate.domain.routing import Queues, queue_for


@pytest.mark.parametrize(
    ("filename", "layer"),
    [
        ("/x/domain/tidegate/domain/smtp/session.py", "domain/smtp"),
        ("/x/domain/tidegate/domain/address.py", "domain"),
        ("/x/adapters/tidegate/adapters/amqp/tap.py", "adapters/amqp"),
        ("/x/adapters/tidegate/adapters/shared_counters.py", "adapters"),
        ("/x/app/tidegate/app/reception/policy.py", "app"),
        ("<attrs generated methods tidegate.domain.smtp.reply.Reply>", "domain/smtp"),
        ("<attrs generated methods tidegate.ports.reception.IncomingMessage>", "ports"),
        ("/usr/lib/python3.11/asyncio/events.py", ELSEWHERE),
        ("<string>", ELSEWHERE),
    ],
)
def test_layers(filename: str, layer: str) -> None:
    """By the file of the code, and by the module of generated code."""
    assert layer_of(filename) == layer


def test_counts() -> None:
    """A value made and a function called are counted, instructions of each in its layer."""
    work = Work()
    before = sys.gettrace()
    sys.settrace(work.trace)
    recipient = Recipient("info@example.com")
    queue_for(Queues, local=recipient.local)  # type: ignore[arg-type]
    sys.settrace(before)
    assert work.values == {"domain": 1}
    assert work.calls["domain"] == 2
    assert work.instructions["domain"] > 10
    text = work_table({"load": work}, messages=1)
    assert "| values made |" in text
    assert f"| {work.instructions['domain']} (2) |" in text.replace("  ", " ").replace("  ", " ")
