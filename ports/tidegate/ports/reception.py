"""Role: take responsibility for a complete message. This is the port by which transports drive the gateway."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import attrs

from tidegate.domain.connection import Client
from tidegate.domain.envelope import Envelope
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.value_object import value_object


@value_object
class IncomingMessage:
    """One message as a transport received it.

    Attributes:
        client: who sent it.
        envelope: sender and at least one recipient.
        data: the message, dots unstuffed.
        hostname: the name under which the client was greeted.
        expectation: what :data:`Expect` gave for this transaction, where the transport asked.
    """

    client: Client
    envelope: Envelope
    data: bytes = attrs.field(repr=lambda data: f"<{len(data)} bytes>")
    hostname: str
    expectation: "Expectation | None" = None


class Expectation(Protocol):
    """Work that has begun for a message that is still to come."""

    def cancel(self) -> None:
        """The message does not come. May be called at any time, also after it has come."""


Expect = Callable[[Client, str, str], Expectation | None]
"""Told that a message is to come, once its first recipient was accepted: from which client, from which sender (``""`` for the null reverse
path), and the name under which the client was greeted. What it gives is passed on with the message. Returns at once, never raises."""


class Reception(Protocol):
    """Makes messages durable."""

    def receive(self, message: IncomingMessage) -> Reply | Awaitable[Reply]:
        """Take one message.

        A 250 says that a document for each recipient is durable. Any other reply says that the client must keep the message. Transports do not
        cancel it when their client goes away. Never raises, but for cancellation.

        Returns:
            The reply where nothing has to be waited for; a task to wait would cost more than the answer. Otherwise what gives it when awaited,
            once, within the deadlines of what stands behind.
        """
