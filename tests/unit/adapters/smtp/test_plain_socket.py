"""Sockets that cost less."""

import socket
from pathlib import Path

from tidegate.adapters.smtp.plain_socket import full, plain


def test_accepts_and_is_made_full(tmp_path: Path) -> None:
    """Family and type are the numbers; an accepted connection can be given to code that wants a whole socket, once."""
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(tmp_path / "listening"))
        listening.listen()
        client.connect(listening.getsockname())
        listener = plain(listening)
        assert (listener.family, listener.type) == (socket.AF_UNIX, socket.SOCK_STREAM)
        connection, _ = listener.accept()
        assert not isinstance(connection, socket.socket)
        descriptor = connection.fileno()
        with full(connection) as whole:
            assert (connection.fileno(), whole.fileno(), whole.gettimeout()) == (-1, descriptor, 0.0)
            assert isinstance(whole.type, socket.SocketKind)
            whole.send(b"220")
            assert client.recv(3) == b"220"
