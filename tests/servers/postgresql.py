"""A private PostgreSQL: its own folder and port, loopback only, run by an unprivileged user. Whatever else runs on the machine is left alone."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.rabbitmq import free_ports

START_TIMEOUT_S = 60.0
PASSWORD = "s3cret"


def binaries() -> Path | None:
    """The folder of Debian's newest server programs."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))])
    return folders[-1].parent if folders else None


class PostgreSqlFailed(RuntimeError):
    """The server did not start or obey; the text holds the end of its log."""


class PostgreSql:
    """One server. ``kill`` is what a power cut is, ``start`` afterwards goes on with the same data."""

    def __init__(self) -> None:
        found = binaries()
        assert found is not None, "PostgreSQL is not installed"
        self._binaries = found
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-postgresql-"))
        [self.port] = free_ports(1)
        self._server: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.getuid() == 0 else None
        self._as_user = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups", "--"] if self._user else []
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self._user is not None:
            shutil.chown(password, self._user)
        self._run(
            "initdb",
            "--no-sync",
            "--auth=scram-sha-256",
            "--username=tidegate",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            str(self._data),
        )
        self.start()
        self.sql("CREATE DATABASE mail", database="postgres")

    @property
    def url(self) -> str:
        """Value of ``database-address``."""
        return f"postgresql://tidegate:{PASSWORD}@127.0.0.1:{self.port}/mail"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start, and wait until queries are answered."""
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *self._as_user,
                    str(self._binaries / "postgres"),
                    "-D",
                    str(self._data),
                    *("-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}", "-c", f"unix_socket_directories={self.folder}"),
                    *("-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=40"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.sql("SELECT 1", database="postgres")
                return
            except PostgreSqlFailed:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def kill(self) -> None:
        """End every process of the server at once (SIGKILL)."""
        server, self._server = self._server, None
        if server is not None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(30)

    def sql(self, statement: str, database: str = "mail") -> str:
        """Run a statement; what it prints, one row a line."""
        done = subprocess.run(
            [
                str(self._binaries / "psql"),
                "-X",
                "-A",
                "-t",
                "-w",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "tidegate",
                "-d",
                database,
                "-c",
                statement,
            ],
            env={"PGPASSWORD": PASSWORD, "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise PostgreSqlFailed(f"{statement}\n{done.stderr}\n{self.log_tail()}")
        return done.stdout

    def log_tail(self) -> str:
        """The end of the server's log."""
        path = self.folder / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-30:]) if path.exists() else ""

    def close(self) -> None:
        """Kill it and remove the folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._binaries / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")
        if done.returncode:
            raise PostgreSqlFailed(f"{program}: {done.stdout}{done.stderr}")
