"""What can go wrong below, and how it is put into words."""

import asyncio

MAX_TEXT = 500
"""Characters of an error's text that are shown: some of it is the broker's."""


def describe(failure: BaseException) -> str:
    """One line for the operator's log."""
    if isinstance(failure, OSError) and failure.strerror:
        text = ": ".join(map(str, filter(None, (failure.filename, failure.strerror))))  # without its number
    else:
        text = ", ".join(str(argument) for argument in failure.args) or type(failure).__name__
    return " ".join(text.split())[:MAX_TEXT]


def is_failure(error: BaseException) -> bool:
    """Whether an error of the AMQP library, or of our own steps, is one to recover from by another attempt.

    All are, also those that no one foresaw: a gateway that stops trying is of no use. A cancellation is one when nobody has cancelled this
    task: the library cancels its waiters when a connection ends.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and not task.cancelling()
    return isinstance(error, Exception)
