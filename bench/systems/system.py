"""What the harness knows of a server: how to start it, where its documents go, and a running instance of it."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path

import attrs

from bench import process_tree
from bench.load.client import Client, ClientError
from bench.messages import plain, stuffed

START_S = 60.0
"""A server that has not taken a message by then has failed to start (Node compiles, a broker may still create queues)."""
PROBE_S = 3.0
SERVER_PORTS = (10_000, 30_000)
STOP_S = 10.0
LOG_TAIL = 600


class Sink(Enum):
    """What a server does with a message before it answers 250."""

    DISCARD = "discards"
    FOLDER = "folder, synced"
    QUEUE = "RabbitMQ, confirmed"


@attrs.frozen
class Site:
    """What a run gives its servers: a folder of their own, a broker, a certificate."""

    folder: Path
    broker_url: str
    key: Path
    certificate: Path


@attrs.frozen
class Launch:
    """A command line and what is added to the environment."""

    argv: Sequence[str]
    environment: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class System:
    """A server under measurement.

    Attributes:
        key: its name in results and on the command line.
        launch: writes what configuration it needs and says how to start it on a port. Its queue is called ``key``.
        missing: why it cannot run on this machine, or None; installs it when it can.
        version: of the software, for the report.
    """

    key: str
    title: str
    sink: Sink
    tls: bool
    launch: Callable[[Site, int], Launch]
    missing: Callable[[], str | None]
    version: Callable[[], str]


class StartError(Exception):
    """A server did not start; the text holds the end of what it said."""


def free_port() -> int:
    """A loopback port that nothing listens on now, below those that the system gives to clients: a load takes thousands of them."""
    while True:
        port = random.randrange(*SERVER_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@attrs.define
class Running:
    """A started server."""

    system: System
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    site: Site

    @property
    def pid(self) -> int:
        """Root of the process tree."""
        return self.process.pid

    def stop(self) -> None:
        """Ask it to end, then insist; only processes of its own tree are touched."""
        family = [entry.pid for entry in process_tree.tree(self.pid)]
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            for pid in reversed(family):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()


def start(system: System, site: Site) -> Running:
    """Start ``system`` on a free port and wait until it has taken a message.

    Raises:
        StartError: it ended or took no message in time.
    """
    port = free_port()
    folder = site.folder / f"{system.key}-{port}"
    folder.mkdir(parents=True)
    site = attrs.evolve(site, folder=folder)
    launch = system.launch(site, port)
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            launch.argv,
            env={**os.environ, **launch.environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = Running(system, port, process, log, site)
    try:
        _wait_ready(running)
    except StartError:
        running.stop()
        raise
    return running


def _wait_ready(running: Running) -> None:
    """Returns once a first message got its 250: a port that answers may still refuse mail while the broker is being reached."""
    wire = stuffed(plain(1000))
    deadline = time.monotonic() + START_S
    last = "no answer"
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            with Client(running.port, timeout_s=PROBE_S) as client:
                client.hello()
                client.send(wire, 1)
                client.quit()
            return
        except (OSError, ClientError) as error:
            last = str(error)
            time.sleep(0.1)
    tail = running.log.read_bytes()[-LOG_TAIL:].decode(errors="replace")
    raise StartError(f"{running.system.key} took no message ({last}); it said:\n{tail}")
