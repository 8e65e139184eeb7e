"""What a :class:`~tidegate.domain.smtp.session.Session` asks of the owner of the socket, in order."""

import attrs

from tidegate.domain.credentials import Credentials
from tidegate.domain.envelope import Envelope
from tidegate.domain.smtp.reply import Send as Send
from tidegate.domain.value_object import value_object


@value_object
class StartTls:
    """Start a TLS handshake as server, then call ``tls_established``. The 220 has been given in the :class:`Send` before."""


@value_object
class Authenticate:
    """Have these credentials judged, then call ``authentication_done`` with the verdict; the session waits until then.

    Attributes:
        credentials: fit to be shown to a back end; without the client's address, which the session does not know.
    """

    credentials: Credentials


@value_object
class MessageExpected:
    """A first recipient was accepted: a message is to come. Nothing is to be answered; another transaction may take its place.

    Attributes:
        sender: the reverse path without angle brackets.
    """

    sender: str


@value_object
class MessageComplete:
    """A message has arrived whole. Make it durable, then call ``message_done`` with the reply; the session waits until then.

    Attributes:
        envelope: of this transaction.
        data: the message as sent, dots unstuffed (RFC 5321 section 4.5.2), line ends CRLF only unless the body is BINARYMIME.
    """

    envelope: Envelope
    data: bytes = attrs.field(repr=lambda data: f"<{len(data)} bytes>")


@value_object
class Close:
    """Close the connection once everything sent is on its way. Nothing follows.

    Attributes:
        linger: the client may still be sending, and a connection that is closed with input unread is reset, which can destroy the last reply on
            its way (RFC 9293 section 3.10.4): close the sending side and read on for a moment.
    """

    linger: bool = True


Event = Send | StartTls | Authenticate | MessageExpected | MessageComplete | Close
