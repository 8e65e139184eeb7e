"""What the gateway answers at EHLO and MAIL."""

import pytest

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.app.reception.budget import MemoryBudget
from tidegate.app.reception.policy import HEADROOM, GatewayPolicy
from tidegate.domain.smtp import replies

MIB = 1 << 20


@pytest.mark.parametrize(
    ("maxsize", "largest", "announced"),
    [
        (100 * MIB, None, 100 * MIB),
        (100 * MIB, 16 * MIB, (16 * MIB - HEADROOM) * 3 // 4),
        (MIB, 16 * MIB, MIB),
        (MIB, HEADROOM, 1),
        (MIB, 1, 1),
    ],
)
def test_announced_size(maxsize: int, largest: int | None, announced: int) -> None:
    """QU11: what the broker takes, less what JSON adds; and never 0, which would say that there is no limit."""
    policy = GatewayPolicy(maxsize, MemoryPublisher(max_document_bytes=largest), MemoryBudget(MIB))
    assert policy.max_message_bytes() == announced


def test_admission() -> None:
    """CM06, QU16: 452 while documents cannot be stored, or when the declared size is not in the budget."""
    publisher, budget = MemoryPublisher(), MemoryBudget(1_000)
    policy = GatewayPolicy(MIB, publisher, budget)
    assert policy.admit_transaction(1_000) is None
    assert policy.admit_transaction(1_001) == replies.NO_SPACE
    assert policy.budget.take_bytes(600)
    assert policy.admit_transaction(401) == replies.NO_SPACE
    policy.budget.give_bytes(600)
    assert policy.admit_transaction(401) is None
    publisher.available = False
    assert policy.admit_transaction(0) == replies.NO_SPACE


def test_a_spent_budget_is_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """CM06: once a minute, however many clients are sent away."""
    clock = iter([0.0, 1.0, 59.0, 60.0, 61.0])
    budget = MemoryBudget(1_000, monotonic=lambda: next(clock))
    assert budget.take_bytes(900)
    for taken in (budget.has_room, budget.take_bytes, budget.has_room, budget.take_bytes, budget.has_room):
        assert not taken(101)
    assert budget.has_room(100)
    assert budget.taken == 900
    told = [(record.getMessage(), vars(record)["taken"], vars(record)["wanted"]) for record in caplog.records]
    assert told == [("smtp-memory is spent, clients are answered 452", 900, 101)] * 2
