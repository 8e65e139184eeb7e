"""One mail transaction: from MAIL to the end of data (RFC 5321 section 3.3)."""

import attrs

from tidegate.domain.address import Mailbox
from tidegate.domain.envelope import Body, Envelope, Recipient
from tidegate.domain.smtp.message_data import ByteBudget, MessageData, whole_message
from tidegate.domain.smtp.parameters import MailParameters, RcptParameters
from tidegate.domain.smtp.reply import Reply

_BINARY_MIME = Body.BINARY_MIME  # reading a member off its class takes 60 to 100 ns (Python 3.11)


@attrs.define
class Transaction:
    """What MAIL, RCPT and BDAT have gathered so far.

    Attributes:
        sender: the reverse path.
        parameters: of MAIL.
        max_bytes: largest message to take.
        recipients: accepted ones in order; a mailbox that is given twice counts once, with the parameters of its first RCPT.
        refused: recipients that are not accepted and whose mail is kept.
        data: the message data once some has come, but for a message that came whole.
        reserved: bytes of the budget that such a message takes.
        chunked: BDAT has begun.
        overshoot: RCPT commands that brought no new recipient: beyond the limit, or for one that is there.
        announced: :class:`~tidegate.domain.smtp.events.MessageExpected` was given.
    """

    sender: Mailbox
    parameters: MailParameters
    max_bytes: int
    recipients: dict[str, Recipient] = attrs.field(factory=dict)
    refused: dict[str, Recipient] = attrs.field(factory=dict)
    data: MessageData | None = None
    reserved: int = 0
    chunked: bool = False
    overshoot: int = 0
    announced: bool = False

    def add_recipient(self, mailbox: Mailbox, parameters: RcptParameters, *, local: bool) -> bool:
        """Take a recipient; False for a second RCPT for the same mailbox, which changes nothing."""
        key = mailbox.key
        if key in self.recipients:
            return False
        self.recipients[key] = Recipient(mailbox.text, local, parameters.notify, parameters.orcpt)
        return True

    def refuse_recipient(self, mailbox: Mailbox, parameters: RcptParameters, refusal: Reply) -> bool:
        """Keep a recipient that is not accepted; False where it is kept already."""
        key = mailbox.key
        if key in self.refused:
            return False
        self.refused[key] = Recipient(mailbox.text, False, parameters.notify, parameters.orcpt, refusal)
        return True

    def buffer(self, budget: ByteBudget) -> MessageData:
        """The buffer for the message; made at the first call."""
        if self.data is None:
            self.data = MessageData(self.max_bytes, budget)
        return self.data

    def take_whole(self, data: bytes, budget: ByteBudget) -> bytes | None:
        """The message, where ``data`` is all of it and it can be taken as it is; see :func:`whole_message`."""
        message = whole_message(data)
        if message is None or len(message) > self.max_bytes or not budget.take_bytes(len(message)):
            return None
        self.reserved = len(message)
        return message

    def envelope(self) -> Envelope:
        """The finished envelope; there is at least one recipient, accepted or refused."""
        given = self.parameters
        return Envelope(
            self.sender.text,
            tuple(self.recipients.values()),
            given.body,
            given.smtputf8,
            given.ret,
            given.envid,
            tuple(self.refused.values()) if self.refused else (),
        )

    @property
    def only_refused(self) -> bool:
        """Whether there are recipients and none is accepted: the reply to the message will refuse them."""
        return bool(self.refused) and not self.recipients

    @property
    def binary(self) -> bool:
        """Whether BODY=BINARYMIME was declared."""
        return self.parameters.body is _BINARY_MIME

    def release(self, budget: ByteBudget) -> None:
        """Give the memory of the data back."""
        if self.reserved:
            budget.give_bytes(self.reserved)
        elif self.data is not None:
            self.data.release()
