"""The SMTP envelope of one mail transaction (RFC 5321 section 3.3).

What the client said in MAIL and RCPT, and nothing taken from the message itself.
"""

from enum import StrEnum

from tidegate.domain.smtp.reply import Reply
from tidegate.domain.value_object import value_object


class Body(StrEnum):
    """Value of the BODY parameter (RFC 6152, RFC 3030). A claim of the client: content is not checked against it."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT_MIME = "8BITMIME"
    BINARY_MIME = "BINARYMIME"


@value_object
class Recipient:
    """One forward path.

    Attributes:
        address: the mailbox without angle brackets and source route, as the client spelled it.
        local: whether it is on the local address list.
        notify: value of the NOTIFY parameter (RFC 3461 section 4.1), verbatim, or None.
        orcpt: value of the ORCPT parameter (RFC 3461 section 4.2), verbatim (still xtext), or None.
        refusal: what the client reads for it, or None for a recipient that was accepted.
    """

    address: str
    local: bool = False
    notify: str | None = None
    orcpt: str | None = None
    refusal: Reply | None = None


@value_object
class Envelope:
    """One reverse path and the accepted forward paths.

    Attributes:
        sender: the mailbox of MAIL FROM without angle brackets; ``""`` for the null reverse path ``<>``.
        recipients: accepted ones, in the order of their RCPT commands, no address twice; at least one unless there are refused ones.
        body: value of BODY; 7BIT when absent.
        smtputf8: whether SMTPUTF8 (RFC 6531) was asked for.
        ret: value of RET (RFC 3461 section 4.3), verbatim, or None.
        envid: value of ENVID (RFC 3461 section 4.4), verbatim (still xtext), or None.
        refused: recipients that are not accepted and whose mail is to be kept all the same (``rabbitmq-refused``); each has its refusal.
    """

    sender: str
    recipients: tuple[Recipient, ...]
    body: Body = Body.SEVEN_BIT
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None
    refused: tuple[Recipient, ...] = ()
