"""Binds the listening sockets."""

import errno
import socket
from collections.abc import Sequence

from tidegate.adapters.smtp.server import Listener
from tidegate.ports.errors import PermanentFailure

BACKLOG = 1024
"""Connections the kernel keeps for us (capped by net.core.somaxconn): clients wait there while a limit is reached."""


def bind_listeners(addresses: Sequence[str], ports: Sequence[int], secure_ports: Sequence[int]) -> list[Listener]:
    """Bind and listen on each port.

    Args:
        addresses: IPv4 and IPv6 addresses (``smtp-ip``); none for all addresses of both families.
        ports: for plain sessions (``smtp-port``).
        secure_ports: for TLS from the first byte (``smtp-secure-port``).

    Raises:
        PermanentFailure: a port cannot be bound; the text says which and why. Sockets bound before are closed.
    """
    listeners: list[Listener] = []
    wanted = [
        (address, port, secure) for secure, group in ((False, ports), (True, secure_ports)) for port in group for address in addresses or [""]
    ]
    try:
        listeners.extend(Listener(bind_socket(address or None, port), secure) for address, port, secure in wanted)
    except PermanentFailure:
        for listener in listeners:
            listener.sock.close()
        raise
    return listeners


def bind_socket(address: str | None, port: int) -> socket.socket:
    """Bind and listen on one port of one address, or of all addresses of both families.

    Raises:
        PermanentFailure: it cannot be bound; the text says why.
    """
    dual = address is None and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual or (address is not None and ":" in address) else socket.AF_INET
    where = f"{address or 'all addresses'} port {port}"
    try:
        sock = socket.create_server(
            (address or ("::" if dual else ""), port), family=family, backlog=BACKLOG, reuse_port=False, dualstack_ipv6=dual
        )
    except PermissionError as error:
        raise PermanentFailure(f"cannot listen on {where}: ports below 1024 need root or CAP_NET_BIND_SERVICE") from error
    except OSError as error:
        reasons = {errno.EADDRINUSE: "another program listens there", errno.EADDRNOTAVAIL: "this machine has no such address"}
        raise PermanentFailure(f"cannot listen on {where}: {reasons.get(error.errno or 0, error.strerror)}") from error
    # Accepted sockets inherit it (Linux): a reply must not wait for the acknowledgement of the one before.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)
    return sock
