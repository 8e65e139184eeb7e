"""What the server asks before a session begins: is there a place, is the peer a proxy, may this client talk."""

from typing import Protocol

from tidegate.domain.connection import Endpoints
from tidegate.domain.proxy_protocol import Origin
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.domain.value_object import value_object


@value_object
class Admitted:
    """The session to begin. ``counted``: :meth:`Gate.left` is to be called when it ends."""

    session: Session
    counted: bool = True


class Gate(Protocol):
    """Decides on connections. Asked on the event loop; no answer may wait."""

    def take_place(self) -> bool:
        """Whether one more connection may be open. Asked before it is accepted: at a limit, clients wait in the backlog of the socket."""

    def give_place(self) -> None:
        """A connection for which a place was taken has ended."""

    def expects_proxy_header(self, peer_ip: str) -> bool:
        """Whether this peer begins with a PROXY header, before TLS too."""

    def admit(self, endpoints: Endpoints, origin: Origin) -> Admitted | Reply:
        """Decide on a client.

        Args:
            endpoints: both ends, from the PROXY header where there is one.
            origin: what that header said; CLIENT without one.

        Returns:
            The session, or the reply that refuses the client in place of the greeting.
        """

    def left(self, endpoints: Endpoints) -> None:
        """The connection of a client that was admitted, and counted, has ended."""
