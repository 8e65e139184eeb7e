"""A blocking SMTP client that decides itself what goes into which segment."""

import socket
import ssl
import time
from types import TracebackType
from typing import Self

import attrs

PATIENCE_S = 20.0


@attrs.define(eq=False)
class Client:
    """One connection.

    Attributes:
        sock: the socket. TLS goes over it from memory, so that a ClientHello can share a segment with what comes before it.
    """

    sock: socket.socket
    _tls: ssl.SSLObject | None = None
    _incoming: ssl.MemoryBIO = attrs.field(factory=ssl.MemoryBIO)
    _outgoing: ssl.MemoryBIO = attrs.field(factory=ssl.MemoryBIO)
    _buffer: bytes = b""

    @classmethod
    def connect(cls, port: int, host: str = "127.0.0.1", source: str | None = None) -> Self:
        """Connect, from this address; nothing is read."""
        sock = socket.create_connection((host, port), PATIENCE_S, source_address=(source, 0) if source else None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    # -- bytes -----------------------------------------------------------------------------------------------------------------------------

    def send_raw(self, data: bytes, *, bytewise: bool = False) -> None:
        """Write to the socket, past TLS: in one segment, or each byte in a segment of its own."""
        for piece in [data[at : at + 1] for at in range(len(data))] if bytewise else [data]:
            self.sock.sendall(piece)
            if bytewise:
                time.sleep(0.0005)

    def send(self, data: bytes) -> None:
        """Write, through TLS where there is."""
        if self._tls is None:
            self.sock.sendall(data)
        else:
            self._tls.write(data)
            self.sock.sendall(self._outgoing.read())

    def receive(self) -> bytes:
        """Some bytes, none at the end of the connection."""
        if self._tls is None:
            return self.sock.recv(65536)
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                self._pump()
            except ssl.SSLEOFError:
                return b""

    def start_tls(self, context: ssl.SSLContext, *, before: bytes = b"", bytewise: bool = False) -> None:
        """Handshake; ``before`` goes out with the first bytes of it."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.send_raw(before + self._outgoing.read(), bytewise=bytewise)
                before = b""
                self._pump()
            else:
                self.sock.sendall(self._outgoing.read())
                return

    def _pump(self) -> None:
        data = self.sock.recv(65536)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    # -- SMTP ------------------------------------------------------------------------------------------------------------------------------

    def reply(self) -> str:
        """One reply, its lines joined by line feeds; empty at the end of the connection."""
        lines: list[str] = []
        while True:
            while b"\r\n" not in self._buffer:
                try:
                    data = self.receive()
                except ConnectionError:
                    data = b""
                if not data:
                    return "\n".join(lines)
                self._buffer += data
            line, _, self._buffer = self._buffer.partition(b"\r\n")
            lines.append(line.decode("utf-8"))
            if line[3:4] != b"-":
                return "\n".join(lines)

    def say(self, line: str) -> str:
        """One command and its reply."""
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def greet(self) -> str:
        """Read the greeting, say EHLO; the greeting."""
        greeting = self.reply()
        assert greeting.startswith("220 "), greeting
        assert self.say("EHLO client.example").startswith("250")
        return greeting

    def mail(self, text: str = "hello", recipient: str = "b@example.com") -> str:
        """Send one message with this text; the last reply."""
        for line in ("MAIL FROM:<a@example.org>", f"RCPT TO:<{recipient}>"):
            reply = self.say(line)
            if not reply.startswith("250"):
                return reply
        reply = self.say("DATA")
        if not reply.startswith("354"):
            return reply
        return self.say(f"Subject: test\r\n\r\n{text}\r\n.")

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        data = self._buffer
        try:
            while piece := self.receive():
                data += piece
        except ConnectionResetError:
            pass
        return data

    def waits(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        self.sock.settimeout(seconds)
        try:
            return not self._buffer and self.sock.recv(1, socket.MSG_PEEK) == b"never"
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(PATIENCE_S)

    def close(self) -> None:
        """Hang up."""
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
