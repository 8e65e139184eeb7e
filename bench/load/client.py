"""A small blocking SMTP client on a raw socket: the bytes that are given are the bytes that are sent."""

import socket
import ssl
from types import TracebackType
from typing import Self

from bench.messages import RECIPIENT, SENDER

TIMEOUT_S = 120.0
LARGEST_REPLY = 1 << 20
"""A reply to 1,000 recipients has a line for each."""
LOOPBACK = "127.0.0.1"


class ClientError(Exception):
    """The server answered what ends the session: a refusal, or nothing."""


def recipients(count: int) -> list[str]:
    """``count`` addresses, numbered as ``smtp-source`` does it; a single one has no number."""
    return [RECIPIENT] if count == 1 else [f"{number}{RECIPIENT}" for number in range(1, count + 1)]


class Client:
    """One SMTP session. Commands wait for their reply; a reply other than the one expected raises :class:`ClientError`."""

    def __init__(self, port: int, source: str = LOOPBACK, timeout_s: float = TIMEOUT_S) -> None:
        """Connect to a loopback port.

        Args:
            source: loopback address to connect from.
            timeout_s: the longest wait for anything.

        Raises:
            OSError: nothing listens there.
        """
        self._socket: socket.socket = socket.create_connection((LOOPBACK, port), timeout_s, (source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection as it is."""
        self._socket.close()

    def reply(self, expected: int) -> bytes:
        """The next reply, all its lines.

        Raises:
            ClientError: it has another code, or the server closed the connection.
        """
        while True:
            start = 0
            while (end := self._buffer.find(b"\r\n", start)) >= 0:
                line = self._buffer[start:end]
                start = end + 2
                if line[3:4] != b"-":
                    whole, self._buffer = self._buffer[:start], self._buffer[start:]
                    if line[:3] != b"%d" % expected:
                        raise ClientError(f"expected {expected}, got {line.decode(errors='replace')!r}")
                    return whole
            data = self._socket.recv(65536)
            if not data or len(self._buffer) > LARGEST_REPLY:
                raise ClientError("the server closed the connection" if not data else "the reply does not end")
            self._buffer += data

    def command(self, line: bytes, expected: int) -> bytes:
        """Send one line and return its reply."""
        self._socket.sendall(line + b"\r\n")
        return self.reply(expected)

    def hello(self) -> None:
        """Read the greeting and say EHLO."""
        self.reply(220)
        self.command(b"EHLO bench.example.org", 250)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """STARTTLS, handshake, EHLO again."""
        self.command(b"STARTTLS", 220)
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self.command(b"EHLO bench.example.org", 250)

    def envelope(self, count: int) -> None:
        """MAIL, RCPT for ``count`` recipients, DATA; the server then waits for the message."""
        self.command(f"MAIL FROM:<{SENDER}>".encode(), 250)
        for address in recipients(count):
            self.command(f"RCPT TO:<{address}>".encode(), 250)
        self.command(b"DATA", 354)

    def body(self, wire: bytes) -> bytes:
        """Send a message in its wire form and return the reply to its dot."""
        self._socket.sendall(wire)
        return self.reply(250)

    def send(self, wire: bytes, count: int) -> bytes:
        """One whole transaction."""
        self.envelope(count)
        return self.body(wire)

    def quit(self) -> None:
        """End the session politely."""
        self.command(b"QUIT", 221)
