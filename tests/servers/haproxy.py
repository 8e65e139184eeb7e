"""A HAProxy of one's own: one TCP frontend on a free loopback port before one server."""

import csv
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.rabbitmq import free_ports

PROGRAM = shutil.which("haproxy") or "/usr/sbin/haproxy"
START_TIMEOUT_S = 15.0


def installed() -> bool:
    """Whether Debian's haproxy package is there."""
    return Path(PROGRAM).exists()


class HaProxyFailed(RuntimeError):
    """HAProxy did not start; the text is what it said."""


class HaProxy:
    """One process. It takes connections at ``host`` and ``port`` until it is stopped.

    Args:
        server: port of the server on 127.0.0.1.
        options: of the server line, like ``send-proxy-v2 check inter 200ms``.
        bind: options of the bind line, like ``ssl crt FILE``.
        host: the address to listen on.
        backend: more lines of the backend, like ``option smtpchk``.
    """

    def __init__(self, server: int, options: str, *, bind: str = "", host: str = "127.0.0.1", backend: str = "") -> None:
        self.host = host
        [self.port] = free_ports(1)
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-haproxy-"))
        self._config = self.folder / "haproxy.cfg"
        self._admin = self.folder / "admin.sock"
        self._config.write_text(f"""
global
    maxconn 2000
    stats socket {self._admin} mode 600 level user
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend in
    bind {host}:{self.port} {bind}
    default_backend out
backend out
    {backend}
    server one 127.0.0.1:{server} {options}
""")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([PROGRAM, "-db", "-q", "-f", str(self._config)], stderr=subprocess.PIPE, text=True)
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up_at and self._process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        said = self._stop()
        raise HaProxyFailed(said or "it did not listen in time")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def last_check(self) -> str:
        """What came of the last health check of the server, like ``L7OK``; empty before the first."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(5)
            admin.connect(str(self._admin))
            admin.sendall(b"show stat\n")
            said = b""
            while piece := admin.recv(65536):
                said += piece
        rows = list(csv.DictReader(said.decode().removeprefix("# ").splitlines()))
        [status] = [row["check_status"] for row in rows if (row["pxname"], row["svname"]) == ("out", "one")]
        return status

    def _stop(self) -> str:
        """End the process and remove its folder; what it said."""
        assert self._process is not None
        self._process.kill()
        _, said = self._process.communicate(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)
        return said
