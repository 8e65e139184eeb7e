"""A real spamd on loopback, TCP and UNIX socket, with rules as shipped, without network tests and with folders of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
from tests.servers.process import end, free_port, wait_until

PROGRAM = "/usr/sbin/spamd"
SYSTEM_CONFIGURATION = Path("/etc/spamassassin")
START_DEADLINE = 90.0  # rules are compiled first: seconds, more on a busy machine


def installed() -> bool:
    """Whether there is a spamd to start."""
    return Path(PROGRAM).exists() and SYSTEM_CONFIGURATION.is_dir()


@attrs.define(eq=False)
class Spamd:
    """One daemon with two children; runs while the context lasts.

    Attributes:
        configuration: more lines of its ``local.cf``; ``{site}`` is the folder of that file.
        files: what else lies there, by name.
        port: where it listens.
        directory: for everything that it reads and writes; removed at the end.
    """

    configuration: str = ""
    files: Mapping[str, str] = attrs.field(factory=dict)
    port: int = attrs.field(factory=free_port)
    directory: Path = attrs.field(factory=lambda: Path(tempfile.mkdtemp(prefix="tidegate-spamd-")))
    _process: "subprocess.Popen[bytes] | None" = attrs.field(default=None, init=False)

    @property
    def socket_path(self) -> Path:
        """Its UNIX socket."""
        return self.directory / "spamd.sock"

    def log(self) -> str:
        """What it has said so far."""
        return (self.directory / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        site, home = self.directory / "site", self.directory / "home"
        site.mkdir()
        home.mkdir()
        for plugins in SYSTEM_CONFIGURATION.glob("*.pre"):
            shutil.copy(plugins, site)
        (site / "local.cf").write_text("use_bayes 0\n" + self.configuration.replace("{site}", str(site)))
        for name, text in self.files.items():
            (site / name).write_text(text)
        for folder in (self.directory, home):
            folder.chmod(0o777)
        options = [f"--listen=127.0.0.1:{self.port}", f"--listen={self.socket_path}", "--socketmode=0666", f"--siteconfigpath={site}"]
        options += [f"--helper-home-dir={home}", f"--pidfile={home / 'pid'}", "--syslog=stderr", "--local", "--nouser-config"]
        options += ["--max-children=2", "--min-children=1"]
        if os.getuid() == 0:
            options.append("--username=nobody")
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen([PROGRAM, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self._listens, "spamd listens", START_DEADLINE)
        except AssertionError as error:
            log_text = self.log()
            self.__exit__(None, None, None)
            raise AssertionError(f"{error}\n{log_text}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None
        end(self._process, 20)
        shutil.rmtree(self.directory)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"spamd has ended\n{self.log()}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
        except OSError:
            return False
