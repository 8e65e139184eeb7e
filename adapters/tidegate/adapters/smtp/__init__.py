"""The SMTP transport: sockets, TLS and timers around :class:`tidegate.domain.smtp.session.Session`. It knows nothing of mail rules."""

from tidegate.adapters.smtp.connection import SmtpConnection as SmtpConnection
from tidegate.adapters.smtp.gate import Admitted as Admitted
from tidegate.adapters.smtp.gate import Gate as Gate
from tidegate.adapters.smtp.listening import bind_listeners as bind_listeners
from tidegate.adapters.smtp.listening import bind_socket as bind_socket
from tidegate.adapters.smtp.server import Listener as Listener
from tidegate.adapters.smtp.server import SmtpServer as SmtpServer
from tidegate.adapters.smtp.timing import Timing as Timing
from tidegate.adapters.smtp.tls import server_context as server_context

__all__ = ["Admitted", "Gate", "Listener", "SmtpConnection", "SmtpServer", "Timing", "bind_listeners", "bind_socket", "server_context"]
