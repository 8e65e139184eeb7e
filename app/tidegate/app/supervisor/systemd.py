"""Tells systemd what the service does (sd_notify(3)); without systemd nothing happens."""

import os
import socket


def notify(state: str) -> None:
    """Send one state, like ``READY=1``. Never raises: who started the server must not decide whether it runs."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(address)
            sock.sendall(state.encode())
    except OSError:
        pass
