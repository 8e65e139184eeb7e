"""An HTTP endpoint for logins, on a loopback port of its own: Basic authentication, or whatever answer it is given."""

import base64
import binascii
import json
import ssl
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

import attrs


@attrs.define(eq=False)
class HttpEndpoint:
    """A running endpoint.

    Attributes:
        accounts: passwords by user name.
        status: in place of a judgement.
        headers: sent with every answer.
        body: of every answer.
        tls: for https.
        connections: how many there were.
        requests: how many there were.
    """

    accounts: Mapping[str, str] = attrs.field(factory=dict)
    status: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    tls: ssl.SSLContext | None = None
    connections: int = 0
    requests: int = 0
    _server: ThreadingHTTPServer = attrs.field(init=False)

    def __enter__(self) -> Self:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                endpoint.connections += 1
                super().setup()

            def do_GET(self) -> None:
                self.answer(_basic(self.headers.get("Authorization", "")))

            def do_POST(self) -> None:
                login = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer((login["username"], login["password"]))

            def answer(self, login: tuple[str, str]) -> None:
                endpoint.requests += 1
                right = endpoint.accounts.get(login[0]) == login[1]
                self.send_response(endpoint.status or (200 if right else 401))
                for name, value in endpoint.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(endpoint.body)))
                self.end_headers()
                self.wfile.write(endpoint.body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that goes away is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Of the endpoint."""
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}/login"


def _basic(header: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
