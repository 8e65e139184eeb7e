"""The real server as a process of its own, on loopback ports, with its state in a temporary folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

START_DEADLINE = 30.0
STOP_DEADLINE = 60.0


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Poll until the condition holds.

    Raises:
        AssertionError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.02)


@attrs.define(eq=False)
class GatewayProcess:
    """``tidegate serve`` with these settings.

    Attributes:
        settings: keys and values of the config file; ports, addresses and folders have values unless given.
        directory: for config, state and logs; removed at the end when it is made here.
        port: the plain port.
    """

    settings: Mapping[str, str] = attrs.field(factory=dict)
    directory: Path = attrs.field(factory=lambda: Path(tempfile.mkdtemp(prefix="tidegate-test-")))
    port: int = attrs.field(factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = attrs.field(default=None, init=False)

    @property
    def config(self) -> Path:
        """The config file."""
        return self.directory / "config.txt"

    @property
    def queue_directory(self) -> Path:
        """Of the embedded queue."""
        return self.directory / "state" / "queue"

    def write_config(self, **changes: str) -> None:
        """Write the config file; underscores in the names of changes stand for hyphens."""
        defaults = {
            "smtp-ip": "127.0.0.1",
            "smtp-port": str(self.port),
            "smtp-range": "127.0.0.0/8",
            "smtp-hostname": "mx.example.com",
            "state-directory": str(self.directory / "state"),
        }
        settings = defaults | dict(self.settings) | {name.replace("_", "-"): value for name, value in changes.items()}
        self.config.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))

    def start(self) -> Self:
        """Start and wait for the greeting."""
        self.write_config()
        self.run()
        wait_until(self.greets, f"the server greets\n{self.log()}", START_DEADLINE)
        return self

    def run(self) -> None:
        """Start without waiting."""
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).parent / "tidegate"), "serve", "--config-file", str(self.config)],
                stdin=subprocess.DEVNULL,
                stderr=log,
                stdout=log,
                env={name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_SMTP", "MAILERQ_"))},
            )

    def greets(self) -> bool:
        """Whether a client gets a 220."""
        assert self._process is not None
        assert self._process.poll() is None, f"the server has ended\n{self.log()}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
                return sock.recv(4) == b"220 "
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Of the parent."""
        assert self._process is not None
        return self._process.pid

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(word) for word in children.read_text().split()] if children.exists() else []

    def signal(self, number: int) -> None:
        """Send a signal to the parent."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = STOP_DEADLINE) -> int:
        """Wait for the end; the exit status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and wait."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            for pid in (*self.workers(), self.pid):
                os.kill(pid, signal.SIGKILL)
            self._process.wait()
            raise AssertionError(f"the server did not stop\n{self.log()}") from None

    def log(self) -> str:
        """What it has said so far."""
        path = self.directory / "log"
        return path.read_text() if path.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._process is not None:
                self.stop()
        finally:
            subprocess.run(["rm", "-rf", str(self.directory)], check=True)
