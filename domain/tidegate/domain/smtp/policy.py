"""What a session must be told by its surroundings, as questions that have an answer at once.

The session asks while it reads commands, so answers come from values in memory; nothing behind this interface may wait.
"""

from typing import Protocol

from tidegate.domain.address import Mailbox
from tidegate.domain.smtp.message_data import ByteBudget
from tidegate.domain.smtp.reply import Reply


class Policy(Protocol):
    """Decisions beyond syntax and order of commands."""

    @property
    def budget(self) -> ByteBudget:
        """Memory for message data, shared by all sessions of a process."""

    def max_message_bytes(self) -> int:
        """Largest message to take, in bytes, as SIZE advertises it (RFC 1870). May change between messages."""

    def admit_transaction(self, declared_bytes: int) -> Reply | None:
        """Whether a message may come now.

        Args:
            declared_bytes: value of SIZE, 0 when the client gave none.

        Returns:
            None, or the 4yz or 5yz reply that MAIL is answered with.
        """

    def admit_recipient(self, mailbox: Mailbox, user: str | None) -> Reply | bool:
        """Whether mail for this recipient is taken.

        Args:
            mailbox: of the forward path.
            user: who has authenticated, or None.

        Returns:
            True for a recipient on the local address list, False for any other that is accepted, or the reply that refuses it.
        """
