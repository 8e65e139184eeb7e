"""What a connection needs of the server that owns it."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Protocol

from tidegate.adapters.smtp.outbox import Outbox
from tidegate.adapters.smtp.timing import Timing
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.reception import Expectation, IncomingMessage

if TYPE_CHECKING:
    from tidegate.adapters.smtp.connection import SmtpConnection


class Owner(Protocol):
    """Shared by all connections of a process."""

    timing: Timing
    outbox: Outbox
    draining: bool
    retiring: bool
    now: Callable[[], float]
    """Seconds of the loop's clock."""

    def opened(self, connection: "SmtpConnection") -> None:
        """A session has begun: look after its time limits from now on."""

    def connection_lost(self, connection: "SmtpConnection") -> None:
        """It has ended, however. May be told twice."""

    def handshake_failed(self, endpoints: Endpoints, error: BaseException) -> None:
        """Note a failed TLS handshake."""

    def start(self, coroutine: Coroutine[object, object, None]) -> None:
        """Run something that outlives the connection if need be."""

    def expect(self, client: Client, sender: str, hostname: str) -> Expectation | None:
        """A message is to come; see :data:`tidegate.ports.reception.Expect`."""

    def receive(self, message: IncomingMessage, answered: Callable[[Reply], None]) -> Reply | None:
        """Pass a message on; never raises.

        Returns:
            The reply, or None when it has to be waited for: then ``answered`` is called with it, also when the client has gone.
        """

    async def authenticate(self, credentials: Credentials) -> AuthVerdict | Reply:
        """Have a login attempt judged; never raises."""
