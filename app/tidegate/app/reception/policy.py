"""What the gateway answers a session at MAIL and RCPT."""

from collections.abc import Callable

import attrs

from tidegate.app.reception.budget import MemoryBudget
from tidegate.domain.address import Mailbox
from tidegate.domain.local_addresses import LocalAddresses
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.publisher import Publisher

NOBODY = LocalAddresses()
"""No address is local."""

HEADROOM = 65536
"""Bytes of a document beside the message: envelope, connection, our trace field, x-mq-* properties."""


@attrs.define
class GatewayPolicy:
    """Policy of all sessions of a process; plays :class:`tidegate.domain.smtp.policy.Policy`.

    Attributes:
        maxsize: ``smtp-maxsize``.
        publisher: where documents go.
        budget: memory for message data.
        authentication: a client that has not authenticated may send to local addresses only (``smtp-auth``).
        local: the local address list of this moment.
    """

    maxsize: int
    publisher: Publisher
    budget: MemoryBudget
    authentication: bool = False
    local: Callable[[], LocalAddresses] = lambda: NOBODY

    def max_message_bytes(self) -> int:
        """``smtp-maxsize``, or less where the broker takes no document that large.

        JSON text of a message is up to a third longer than the message: that is base64 for what is not UTF-8; line ends and quotes of
        ordinary text cost less. A message that grows more (hardly anything but quotes) is measured again and refused after its data.
        """
        largest = self.publisher.max_document_bytes
        # Never 0: "SIZE 0" tells clients that there is no limit (RFC 1870 section 3).
        return self.maxsize if largest is None else max(1, min(self.maxsize, (largest - HEADROOM) * 3 // 4))

    def admit_transaction(self, declared_bytes: int) -> Reply | None:
        """452 while documents cannot be stored, or when memory for a message of the declared size is not there."""
        if not self.publisher.accepting() or not self.budget.has_room(declared_bytes):
            return replies.NO_SPACE
        return None

    def admit_recipient(self, mailbox: Mailbox, user: str | None) -> Reply | bool:
        """Anyone may send to local addresses. Where there is authentication, a stranger may send to nobody else; where there is none, who may
        connect may send to anyone."""
        if self.local().is_local(mailbox):
            return True
        if self.authentication and user is None:
            return replies.AUTH_REQUIRED
        return False


@attrs.define
class GreetingOnly:
    """Policy of a proxy's health check: there is no client behind it, so no message is taken.

    Attributes:
        policy: tells the sizes.
    """

    policy: GatewayPolicy

    @property
    def budget(self) -> MemoryBudget:
        """Never asked."""
        return self.policy.budget

    def max_message_bytes(self) -> int:
        """As for others."""
        return self.policy.max_message_bytes()

    def admit_transaction(self, declared_bytes: int) -> Reply | None:
        """Never."""
        return replies.NOT_ALLOWED

    def admit_recipient(self, mailbox: Mailbox, user: str | None) -> Reply | bool:
        """Never."""
        return replies.NOT_ALLOWED
