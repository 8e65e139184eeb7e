"""A real rspamd on loopback: one normal worker with rules as shipped, without redis, network or downloads, with folders of its own."""

import os
import shutil
import subprocess
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
from tests.servers.process import end, free_port, wait_until

PROGRAM = "/usr/bin/rspamd"
ACCOUNT, GROUP = "nobody", "nogroup"
"""Whom it runs as, where the tests run as root."""
START_DEADLINE = 60.0
STOP_DEADLINE = 20.0

# Hyperscan would compile for ten seconds, and so would the list of top-level domains. The name server is a port where nobody is.
_CONFIGURATION = """\
lua = "$RULESDIR/rspamd.lua";
lua = "{folder}/told.lua";
.include "$CONFDIR/metrics.conf"
.include "$CONFDIR/actions.conf"
.include "$CONFDIR/groups.conf"
.include "$CONFDIR/modules.d/regexp.conf"
.include "$CONFDIR/modules.d/once_received.conf"
modules {{ path = "$PLUGINSDIR/once_received.lua"; }}
options {{
  filters = "regexp";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }}
  url_tld = "{folder}/top-level-domains";
  tempdir = "{folder}";
  hs_cache_dir = "{folder}";
  disable_hyperscan = true;
  allow_raw_input = true;
}}
logging {{ type = "console"; level = "info"; log_format = "id: <$mid>, [$symbols_scores_params]"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; mime = true; }}
"""

# A symbol for every message, which tells what rspamd was told of it.
_TOLD = """\
rspamd_config:register_symbol({
  name = "TOLD", type = "normal", score = 0.0, description = "How a message came",
  callback = function(task)
    local ip, sender = task:get_from_ip(), task:get_from("smtp")
    local address = ip and ip:is_valid() and ip:to_string() or "no address"
    local told = { address, task:get_helo() or "no EHLO", sender and sender[1].addr or "no sender" }
    for _, recipient in ipairs(task:get_recipients("smtp") or {}) do
      table.insert(told, recipient.addr)
    end
    return true, 1.0, told
  end
})
"""


def installed() -> bool:
    """Whether there is an rspamd to start."""
    return Path(PROGRAM).exists()


@attrs.define(eq=False)
class Rspamd:
    """A main process and its worker; they run while the context lasts.

    Attributes:
        port: of the normal worker.
        directory: for everything that it reads and writes; removed at the end.
    """

    port: int = attrs.field(factory=free_port)
    directory: Path = attrs.field(factory=lambda: Path(tempfile.mkdtemp(prefix="tidegate-rspamd-")))
    _process: "subprocess.Popen[bytes] | None" = attrs.field(default=None, init=False)

    @property
    def url(self) -> str:
        """Of the normal worker."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """What it has said so far: a line for each message, with its symbols and in braces what they found."""
        return (self.directory / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        (self.directory / "rspamd.conf").write_text(_CONFIGURATION.format(folder=self.directory, port=self.port))
        (self.directory / "told.lua").write_text(_TOLD)
        (self.directory / "top-level-domains").write_text("com\nnet\norg\n")
        root = os.getuid() == 0
        if root:
            shutil.chown(self.directory, ACCOUNT, GROUP)
        command = [PROGRAM, "--no-fork", f"--config={self.directory / 'rspamd.conf'}"]
        command += [f"--var={name}={self.directory}" for name in ("DBDIR", "RUNDIR", "LOGDIR")]
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                user=ACCOUNT if root else None,
                group=GROUP if root else None,
                extra_groups=[] if root else None,
            )
        try:
            wait_until(self._answers, "rspamd answers", START_DEADLINE)
        except AssertionError as error:
            log_text = self.log()
            self.__exit__(None, None, None)
            raise AssertionError(f"{error}\n{log_text}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None
        end(self._process, STOP_DEADLINE)
        shutil.rmtree(self.directory)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"rspamd has ended\n{self.log()}"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
