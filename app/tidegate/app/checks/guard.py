"""No check costs more than its finding."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

_log = logging.getLogger("tidegate.checks")

Result = TypeVar("Result")


async def guarded(check: Awaitable[Result], failed: Callable[[str], Result], deadline: float) -> Result:
    """The finding of a check, whatever happens to it; nothing is raised but cancellation.

    Args:
        check: the check.
        failed: makes the finding of one that has a defect or does not end in time, from the reason.
        deadline: event-loop time until which it may take.
    """
    try:
        async with asyncio.timeout_at(deadline):
            return await check
    except TimeoutError:
        return failed("the check did not end in time")
    except Exception:
        _log.exception("a check failed")
        return failed("the check failed here")
