"""What a connection needs of the server that owns it."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Protocol

from tidegate.adapters.smtp.timing import Timing
from tidegate.domain.connection import Endpoints
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.reception import IncomingMessage

if TYPE_CHECKING:
    from tidegate.adapters.smtp.connection import SmtpConnection


class Owner(Protocol):
    """Shared by all connections of a process."""

    timing: Timing
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

    async def receive(self, message: IncomingMessage) -> Reply:
        """Pass a message on; never raises."""

    async def authenticate(self, credentials: Credentials) -> AuthVerdict | Reply:
        """Have a login attempt judged; never raises."""
