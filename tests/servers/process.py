"""``tidegate serve`` as a process of its own, the way people run it: a configuration file, loopback ports, signals, a state folder."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs
from tests.servers.rabbitmq import free_ports

PROGRAM = str(Path(sys.executable).parent / "tidegate")
START_DEADLINE = 30.0
STOP_DEADLINE = 60.0


def free_port() -> int:
    """A port that nobody has at the moment, and that the kernel gives to no outgoing connection."""
    return free_ports(1)[0]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Poll until the condition holds.

    Raises:
        AssertionError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.01)


@attrs.define(eq=False)
class GatewayProcess:
    """``tidegate serve`` with these settings: the parent process and its workers. What is left of them at the end is killed.

    Attributes:
        settings: keys and values of the config file; ports, addresses and folders have values unless given.
        directory: for config, state and logs; removed at the end.
        port: the plain port.
        environ: more variables of its environment.
        group: whether it leads a process group of its own, for signals to all of it.
        wrapper: a program that runs the server with its arguments.
    """

    settings: Mapping[str, str] = attrs.field(factory=dict)
    directory: Path = attrs.field(factory=lambda: Path(tempfile.mkdtemp(prefix="tidegate-test-")))
    port: int = attrs.field(factory=free_port)
    environ: Mapping[str, str] = attrs.field(factory=dict)
    group: bool = False
    wrapper: Sequence[str] = ()
    _process: "subprocess.Popen[bytes] | None" = attrs.field(default=None, init=False)

    # -- configuration ---------------------------------------------------------------------------------------------------------------------

    @property
    def config(self) -> Path:
        """The config file."""
        return self.directory / "config.txt"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.directory / "state"

    @property
    def queue_directory(self) -> Path:
        """Of the embedded queue."""
        return self.state / "queue"

    def write_config(self, **changes: str) -> None:
        """Write the config file, all at once; underscores in the names of changes stand for hyphens. A running server reads it at
        :meth:`reload`."""
        defaults = {
            "smtp-ip": "127.0.0.1",
            "smtp-port": str(self.port),
            "smtp-range": "127.0.0.0/8",
            "smtp-hostname": "mx.example.com",
            "state-directory": str(self.state),
        }
        settings = defaults | dict(self.settings) | {name.replace("_", "-"): value for name, value in changes.items()}
        self.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))

    def write_text(self, text: str) -> None:
        """Write a config file of one's own."""
        beside = self.directory / "config.new"
        beside.write_text(text)
        beside.replace(self.config)

    # -- its life --------------------------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start and wait until all workers serve."""
        self.write_config()
        before = len(self.serving())
        self.run()
        workers = int(self.settings.get("smtp-threads", "1"))
        give_up_at = time.monotonic() + START_DEADLINE
        while len(self.serving()) < before + workers:
            assert self.ended() is None, f"the server has ended\n{self.log()}"
            assert time.monotonic() < give_up_at, f"the server does not serve\n{self.log()}"
            time.sleep(0.01)
        return self

    def run(self) -> None:
        """Start without waiting."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "MAILERQ_", "NOTIFY_SOCKET"))}
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.wrapper, PROGRAM, "serve", "--config-file", str(self.config)],
                stdin=subprocess.DEVNULL,
                stderr=log,
                stdout=log,
                env=ours | dict(self.environ),
                process_group=0 if self.group else None,
            )

    @property
    def pid(self) -> int:
        """Of the parent."""
        assert self._process is not None
        return self._process.pid

    def workers(self) -> list[int]:
        """Process ids of the workers that live."""
        return [pid for pid in children(self.pid) if alive(pid)]

    def ended(self) -> int | None:
        """The exit status of the parent, None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the parent."""
        os.kill(self.pid, number)

    def reload(self) -> bool:
        """Send SIGHUP and wait for the end of the reload; whether there is a new configuration."""
        before = len(self._reloads())
        self.signal(signal.SIGHUP)
        wait_until(lambda: len(self._reloads()) > before, "the end of the reload", START_DEADLINE)
        return self._reloads()[-1]

    def _reloads(self) -> list[bool]:
        ends = {"configuration reloaded": True, "configuration not reloaded: the one in force stays": False}
        return [ends[record["message"]] for record in self.records() if record["message"] in ends]

    def wait(self, seconds: float = STOP_DEADLINE) -> int:
        """Wait for the end; the exit status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and wait."""
        if self.ended() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop\n{self.log()}") from None

    def kill(self) -> None:
        """SIGKILL to the parent and its workers."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGSTOP)  # no new workers meanwhile
        pids = children(self.pid)
        self._process.kill()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(STOP_DEADLINE)
        wait_until(lambda: not any(map(alive, pids)), "the workers are gone")

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self._remove()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None and self.ended() is None:
                self.stop()
        finally:
            self._remove()

    def _remove(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- what it says and does -------------------------------------------------------------------------------------------------------------

    def log(self) -> str:
        """What it has said so far, on standard output and error."""
        path = self.directory / "log"
        return path.read_text() if path.exists() else ""

    def records(self) -> list[dict[str, Any]]:
        """The lines of it that are log records."""
        records = []
        for line in self.log().splitlines():
            with suppress(json.JSONDecodeError):
                record = json.loads(line)
                if isinstance(record, dict):
                    records.append(record)
        return records

    def logged(self, message: str) -> list[dict[str, Any]]:
        """Records with this message."""
        return [record for record in self.records() if record["message"] == message]

    def serving(self) -> list[dict[str, Any]]:
        """One record for each worker that has ever served."""
        return self.logged("serving")

    def documents(self, queue: str = "inbox") -> list[dict[str, Any]]:
        """What stands in a queue of the embedded queue."""
        return [json.loads(path.read_bytes()) for path in sorted((self.queue_directory / queue / "new").glob("*.json"))]

    def connect(self, host: str = "127.0.0.1", *, port: int | None = None, source: str | None = None) -> socket.socket:
        """A connection to it, from an address of one's own if need be."""
        return socket.create_connection((host, port or self.port), timeout=20, source_address=(source, 0) if source else None)


def children(pid: int) -> list[int]:
    """Process ids of a process's children."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def end(process: "subprocess.Popen[bytes]", seconds: float = STOP_DEADLINE) -> None:
    """SIGTERM, and SIGKILL where that is not enough; the process is gone then."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def alive(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_gone(pids: Iterable[int]) -> bool:
    """Whether none of the processes lives."""
    return not any(map(alive, pids))
