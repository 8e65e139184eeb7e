"""Reads a PROXY header from a socket and not one byte more: what follows belongs to TLS or SMTP."""

from collections.abc import Callable
from socket import MSG_DONTWAIT, MSG_PEEK, SocketType

from tidegate.adapters.smtp.poller import Poller
from tidegate.domain.proxy_protocol import Header, NeedMore, Rejected, parse

_PEEK = 4096
"""Bytes looked at in one go: more than any header that is taken."""


class ProxyHeader:
    """The header of one connection, on its way.

    Bytes are looked at first and taken only when they are known to belong to the header, since the client's first bytes may follow in the same
    segment. Proxies send it with the connection, so that it is mostly there at the first look, and nothing waits for anything.

    Args:
        sock: connected; left open, whatever comes.
        poller: of the running loop.
        deadline: until when the whole header has to be there; kept by whoever calls :meth:`tick`.
        done: told of the header, or why there is none that may be acted on: wrong bytes, end of input, or too slow. Called once.
    """

    __slots__ = ("_deadline", "_done", "_poller", "_received", "_sock", "_watched")

    def __init__(self, sock: SocketType, poller: Poller, deadline: float, done: "Callable[[ProxyHeader, Header | Rejected], None]") -> None:
        self._sock = sock
        self._poller = poller
        self._deadline = deadline
        self._done = done
        self._received = b""
        self._watched = False

    def begin(self) -> None:
        """Look at what is there, and at the rest when it comes. ``done`` may be called before this returns."""
        outcome = self._look()
        if outcome is None:
            self._poller.add_reader(self._sock.fileno(), self._readable)
            self._watched = True
        else:
            self._end(outcome)

    def tick(self, now: float) -> None:
        """Give up when it is time."""
        if now >= self._deadline:
            self._end(Rejected("no complete header in time"))

    def _readable(self, _what: int) -> None:
        outcome = self._look()
        if outcome is not None:
            self._end(outcome)

    def _end(self, outcome: Header | Rejected) -> None:
        if self._watched:
            self._poller.remove_reader(self._sock.fileno())
        self._done(self, outcome)

    def _look(self) -> Header | Rejected | None:
        """What the bytes say that have come; None when the socket is empty and more is to come."""
        try:
            while True:
                seen = self._sock.recv(_PEEK, MSG_PEEK | MSG_DONTWAIT)
                if not seen:
                    return Rejected("the connection ended before the header")
                outcome = parse(self._received + seen)
                match outcome:
                    case NeedMore():
                        self._received += self._sock.recv(len(seen), MSG_DONTWAIT)
                    case Header(consumed=consumed):
                        self._sock.recv(consumed - len(self._received), MSG_DONTWAIT)
                        return outcome
                    case Rejected():
                        return outcome
        except BlockingIOError:
            return None
        except OSError:
            return Rejected("the connection was reset")
