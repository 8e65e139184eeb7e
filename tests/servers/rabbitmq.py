"""A private RabbitMQ node: own name, ports, epmd, cookie and folders, loopback only. Whatever else runs on the machine is left alone."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

SCRIPTS = Path("/usr/lib/rabbitmq/bin")
"""Debian's scripts; those in /usr/sbin insist on the user ``rabbitmq`` and on its folders."""

START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0
CTL_TIMEOUT_S = 60.0

# One scheduler that never spins: tests want a broker, not its throughput, and share few cores.
QUIET_ERLANG = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"


PORTS = range(10_000, 30_000)
"""Below the range from which the kernel takes the ports of outgoing connections, which could take ours between two starts of a node."""


def free_ports(count: int) -> list[int]:
    """Different TCP ports of 127.0.0.1 that were free a moment ago."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = secrets.choice(PORTS)
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
        return ports


def installed() -> bool:
    """Whether Debian's rabbitmq-server package is there."""
    return (SCRIPTS / "rabbitmq-server").exists()


class RabbitMqFailed(RuntimeError):
    """The node did not start, stop or obey; the text holds the end of its log."""


class RabbitMq:
    """One node. ``start`` returns when it serves AMQP; ``kill`` and ``pause`` are what their signals are.

    Args:
        config: lines for ``rabbitmq.conf`` (sysctl format), e.g. ``("max_message_size = 1048576",)``.
        tls: certificate chain, key and CA file; adds an amqps listener at :attr:`tls_port`.
        erlang: flags of the Erlang machine.
        beside: a node that runs, and runs longer: this one can :meth:`join` it.
    """

    def __init__(
        self,
        *,
        config: tuple[str, ...] = (),
        tls: tuple[Path, Path, Path] | None = None,
        erlang: str = QUIET_ERLANG,
        beside: "RabbitMq | None" = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-rabbitmq-"))
        self.port, self.tls_port, self._epmd_port, distribution_port = free_ports(4)
        self._beside = beside
        self._node = f"tidegate-{secrets.token_hex(4)}@localhost"
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._guards: list[subprocess.Popen[bytes]] = []
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            "disk_free_limit.absolute = 1MB",  # a nearly full disk must not block the tests
            *config,
        ]
        if tls is not None:
            chain, key, authority = tls
            lines += [
                f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
                f"ssl_options.certfile = {chain}",
                f"ssl_options.keyfile = {key}",
                f"ssl_options.cacertfile = {authority}",
                "ssl_options.verify = verify_none",
            ]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "empty-env.conf").write_text("")
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        if beside is not None:
            self._epmd_port = beside._epmd_port
            cookie.write_text((beside.folder / cookie.name).read_text())
        cookie.chmod(0o400)
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "empty-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": str(self.folder / "node.log"),
            "RABBITMQ_PID_FILE": str(self.folder / "node.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{erlang} -kernel inet_dist_use_interface {{127,0,0,1}}",
        }

    @property
    def url(self) -> str:
        """Address of the plain listener, with the node's own user and virtual host ``/``."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def tls_url(self) -> str:
        """Address of the TLS listener, by host name."""
        return f"amqps://guest:guest@localhost:{self.tls_port}/"

    @property
    def pid(self) -> int:
        """Process id of the Erlang machine."""
        return int((self.folder / "node.pid").read_text())

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start the node and wait until it greets on its AMQP port."""
        if self._epmd is None and self._beside is None:
            # A child of ours in the foreground: a daemon that Erlang starts would outlive the tests.
            self._epmd = subprocess.Popen(
                ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._guards.append(_guard(self._epmd.pid))
        with (self.folder / "console.log").open("ab") as console:
            self._server = subprocess.Popen(
                [str(SCRIPTS / "rabbitmq-server")],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guards.append(_guard(self._server.pid))
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._greets():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RabbitMqFailed(f"RabbitMQ did not start:\n{self.log_tail()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Shut the node down in order; queues and persistent messages stay."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop in order and start on the same data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the node (SIGSTOP): its connections stay open and say nothing. Returns when every thread stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while any(_state(thread) != "T" for thread in Path(f"/proc/{self.pid}/task").iterdir()):
            if time.monotonic() > deadline:
                raise RabbitMqFailed("RabbitMQ does not stop on SIGSTOP")
            time.sleep(0.001)

    def resume(self) -> None:
        """Let a frozen node go on."""
        os.kill(self.pid, signal.SIGCONT)

    def ctl(self, *arguments: str) -> str:
        """Run ``rabbitmqctl`` against this node and return what it prints."""
        done = subprocess.run(
            [str(SCRIPTS / "rabbitmqctl"), "--quiet", "--node", self._node, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=CTL_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise RabbitMqFailed(f"rabbitmqctl {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def join(self) -> None:
        """Make one cluster with the node that this one stands beside; what is on this one is gone."""
        assert self._beside is not None
        self.ctl("stop_app")
        self.ctl("join_cluster", self._beside._node)
        self.ctl("start_app")

    def log_tail(self, lines: int = 60) -> str:
        """The end of the node's console and log."""
        text = ""
        for name in ("console.log", "node.log"):
            path = self.folder / name
            if path.exists():
                text += f"--- {name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) + "\n"
        return text

    def close(self) -> None:
        """Kill what is left and remove the folder."""
        self.kill()
        if self._epmd is not None:
            _dismiss(self._guards.pop())
            self._epmd.terminate()
            self._epmd.wait(STOP_TIMEOUT_S)
            self._epmd = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return probe.recv(1) == b"\x01"  # connection.start is a method frame
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        _dismiss(self._guards.pop())
        try:
            # The script and the Erlang machine are a session of their own: its group is all of ours and nothing else.
            os.killpg(server.pid, number)
            os.killpg(server.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(STOP_TIMEOUT_S)
        # The script may end before the Erlang machine: the next start needs the port.
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._listens() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True


def _guard(group: int) -> subprocess.Popen[bytes]:
    """A shell that kills a process group when this process has ended without doing so, however it ended: its pipe then closes."""
    script = 'read _; kill -s KILL -- "-$1"'
    return subprocess.Popen(["/bin/sh", "-c", script, "guard", str(group)], stdin=subprocess.PIPE, start_new_session=True)


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    """Before its group ends, so that it can never kill another that got the number."""
    guard.kill()
    guard.communicate()


def _state(thread: Path) -> str:
    """One letter, as in proc(5). A thread that has ended stands still, too."""
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "T"
