"""One timer for many waits of equal length."""

import asyncio

import pytest

from tidegate.app.patience import Patience

LIMIT_S = 0.05
LONG_S = 30.0


async def test_results_and_errors_pass() -> None:
    """What the awaitable gives or raises comes through, and leaves nothing behind that could strike later."""
    patience = Patience(LIMIT_S)

    async def answer() -> int:
        return 7

    async def fail() -> int:
        raise KeyError("x")

    assert await patience.limit(answer()) == 7
    with pytest.raises(KeyError):
        await patience.limit(fail())
    await asyncio.sleep(3 * LIMIT_S)


async def test_only_what_takes_too_long_is_cancelled() -> None:
    """Of several that began at different times, each has the whole time, and only those still under way are cancelled."""
    patience = Patience(4 * LIMIT_S)
    outcomes: list[str] = []

    async def wait(name: str, before_s: float, seconds: float) -> None:
        await asyncio.sleep(before_s)
        try:
            await patience.limit(asyncio.sleep(seconds))
            outcomes.append(f"{name} ended")
        except TimeoutError:
            outcomes.append(f"{name} expired")

    await asyncio.gather(
        wait("first", 0, LONG_S), wait("second", 0, LIMIT_S), wait("third", 2 * LIMIT_S, 3 * LIMIT_S), wait("last", LIMIT_S, LONG_S)
    )
    assert sorted(outcomes) == ["first expired", "last expired", "second ended", "third ended"]
    assert outcomes.index("first expired") < outcomes.index("last expired")


async def test_a_cancellation_from_outside_stays_one() -> None:
    """Whoever cancels the task sees it cancelled, also when the time is over in the same turn."""
    patience = Patience(LIMIT_S)
    early = asyncio.create_task(patience.limit(asyncio.sleep(LONG_S)))
    await asyncio.sleep(0)
    early.cancel()
    with pytest.raises(asyncio.CancelledError):
        await early

    both = asyncio.create_task(patience.limit(asyncio.sleep(LONG_S)))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(LIMIT_S, both.cancel)
    with pytest.raises((asyncio.CancelledError, TimeoutError)) as caught:
        await both
    assert both.cancelled() == (caught.type is asyncio.CancelledError)


async def test_a_call_that_ends_late_by_itself_keeps_its_result() -> None:
    """A result that comes although the cancellation was sent is a result."""
    patience = Patience(LIMIT_S)

    async def stubborn() -> str:
        try:
            await asyncio.sleep(LONG_S)
        except asyncio.CancelledError:
            return "done all the same"
        return "never"

    assert await asyncio.create_task(patience.limit(stubborn())) == "done all the same"


def test_not_outside_a_task() -> None:
    """There would be nothing to cancel."""

    async def make() -> tuple[Patience, asyncio.Future[None]]:
        return Patience(LIMIT_S), asyncio.get_running_loop().create_future()

    loop = asyncio.new_event_loop()
    try:
        patience, future = loop.run_until_complete(make())
        loop.run_until_complete(patience.limit(asyncio.sleep(0)))
        with pytest.raises(RuntimeError):
            patience.limit(future).send(None)
    finally:
        loop.close()
