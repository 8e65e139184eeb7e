"""The gateway's decisions on connections: places, proxies, ranges, suspects, limits per client, host names."""

import logging
import time
from collections.abc import Callable

import attrs

from tidegate.adapters.smtp import Admitted
from tidegate.app.logs.once_a_minute import OnceAMinute
from tidegate.app.reception.policy import GatewayPolicy, GreetingOnly
from tidegate.domain.access import AccessPolicy, Admission, admit
from tidegate.domain.client_limits import ClientTable
from tidegate.domain.connection import Endpoints
from tidegate.domain.connection_budget import UNLIMITED
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.proxy_protocol import Origin
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.ports.connection_board import ConnectionBoard
from tidegate.ports.suspects import SuspectList

_log = logging.getLogger("tidegate.gate")

_REFUSALS = {
    Admission.NOT_IN_RANGE: replies.NOT_ALLOWED,
    Admission.SUSPECT: replies.NOT_ALLOWED,
    Admission.TOO_MANY_CONNECTIONS: replies.TOO_MANY_CONNECTIONS,
    Admission.TOO_FAST: replies.TOO_MANY_CONNECTIONS,
}


@attrs.define(eq=False)
class GatewayGate:
    """Plays :class:`tidegate.adapters.smtp.Gate`.

    Attributes:
        access: ranges and proxies; may be replaced while running.
        suspects: the managed list.
        clients: connections per client, of this process.
        board: connections of all processes.
        policy: of the sessions.
        profile: tells what is offered on a local address.
        relaxed: clients whose bare line feeds are made CRLF.
        room: connections that this process has descriptors for; what it writes needs some too.
        monotonic: seconds.
    """

    access: AccessPolicy
    suspects: SuspectList
    clients: ClientTable
    board: ConnectionBoard
    policy: GatewayPolicy
    profile: Callable[[str], Profile]
    relaxed: IpRanges
    room: int = UNLIMITED
    monotonic: Callable[[], float] = time.monotonic
    _taken: int = attrs.field(default=0, init=False)
    _no_room: OnceAMinute = attrs.field(init=False, default=attrs.Factory(lambda self: OnceAMinute(self.monotonic), takes_self=True))

    def take_place(self) -> bool:
        """By the board, while this process has room."""
        if self._taken >= self.room:
            if self._no_room.due():
                _log.warning("no descriptors for more connections: clients wait until others leave", extra={"connections": self._taken})
            return False
        if not self.board.acquire("in"):
            return False
        self._taken += 1
        return True

    def give_place(self) -> None:
        """To the board."""
        self._taken -= 1
        self.board.release("in")

    def expects_proxy_header(self, peer_ip: str) -> bool:
        """By ``smtp-proxy``."""
        return self.access.expects_proxy_header(peer_ip)

    def admit(self, endpoints: Endpoints, origin: Origin) -> Admitted | Reply:
        """By ranges, suspects and limits per client."""
        client_ip = endpoints.remote_ip
        admission = admit(
            client_ip,
            policy=self.access,
            suspects=self.suspects.current(),
            clients=self.clients,
            now_s=self.monotonic(),
            origin=origin,
        )
        if admission is Admission.ADMITTED:
            session = Session(self.profile(endpoints.local_ip), self.policy, relax_line_ends=client_ip in self.relaxed)
            return Admitted(session)
        if admission is Admission.GREETING_ONLY:
            # Without AUTH: a password would be judged, and its guesses counted, for a client of whom nothing is known.
            profile = attrs.evolve(self.profile(endpoints.local_ip), authentication=False)
            return Admitted(Session(profile, GreetingOnly(self.policy)), counted=False)
        if admission is Admission.SUSPECT:
            self.suspects.refused(client_ip)
        return _REFUSALS[admission]

    def left(self, endpoints: Endpoints) -> None:
        """One connection less of this client."""
        self.clients.leave(endpoints.remote_ip)
