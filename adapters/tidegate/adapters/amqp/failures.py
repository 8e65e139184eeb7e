"""What can go wrong below, and how it is put into words."""

from aio_pika.exceptions import AMQPError

from tidegate.ports.errors import TemporaryFailure

FAILURES = (AMQPError, OSError, RuntimeError, TemporaryFailure)
"""What the AMQP library and our own steps raise when a connection, a channel or a declaration fails. ``TimeoutError`` is an ``OSError``."""

MAX_TEXT = 500
"""Characters of an error's text that are shown: some of it is the broker's."""


def describe(failure: BaseException) -> str:
    """One line for the operator's log."""
    text = ", ".join(str(argument) for argument in failure.args) or type(failure).__name__
    return " ".join(text.split())[:MAX_TEXT]
