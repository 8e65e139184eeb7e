"""The reply of a reception, waited for where it has to be."""

from collections.abc import Awaitable

from tidegate.domain.smtp.reply import Reply


async def reply_of(outcome: Reply | Awaitable[Reply]) -> Reply:
    """What ``Reception.receive`` answers in the end."""
    return outcome if isinstance(outcome, Reply) else await outcome
