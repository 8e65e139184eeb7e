"""FreeRADIUS on a loopback port of its own, with one folder for everything it reads and writes."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

import attrs

START_DEADLINE = 20.0
SECRET = "testing-123"

_CONFIGURATION = """\
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
run_dir = {folder}
raddbdir = {folder}
log {{
    destination = files
    file = {folder}/radius.log
}}
max_requests = 4096
security {{
    allow_core_dumps = no
    max_attributes = 200
    reject_delay = 0
    status_server = no
}}
client loopback {{
    ipaddr = 127.0.0.1
    secret = {secret}
    require_message_authenticator = yes
}}
modules {{
    pap {{
        normalise = no
    }}
    files {{
        filename = {folder}/users
    }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        files
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
    }}
    post-auth {{
        # Versions before 3.2.5 sign their replies only when told to.
        update reply {{
            Message-Authenticator := 0x00
        }}
        Post-Auth-Type REJECT {{
            update reply {{
                Message-Authenticator := 0x00
            }}
        }}
        Post-Auth-Type Challenge {{
            update reply {{
                Message-Authenticator := 0x00
            }}
        }}
    }}
}}
"""


def installed() -> bool:
    """Whether the program is there."""
    return Path("/usr/sbin/freeradius").exists()


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@attrs.define
class FreeRadius:
    """A running server with the given accounts.

    Attributes:
        accounts: passwords by user name.
        challenged: a user who is answered with Access-Challenge.
        port: where it listens (UDP).
    """

    accounts: dict[str, str]
    challenged: str = "challenged"
    port: int = attrs.field(factory=_free_udp_port)
    _folder: Path = attrs.field(init=False, factory=lambda: Path(mkdtemp(prefix="tidegate-freeradius-")))
    _process: subprocess.Popen[bytes] | None = attrs.field(init=False, default=None)

    def __enter__(self) -> Self:
        folder = self._folder
        (folder / "radiusd.conf").write_text(_CONFIGURATION.format(folder=folder, port=self.port, secret=SECRET))
        (folder / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
        users = [f'"{_quoted(user)}" Cleartext-Password := "{_quoted(password)}"\n' for user, password in self.accounts.items()]
        users.append(f'"{self.challenged}" Response-Packet-Type := Access-Challenge\n')
        (folder / "users").write_text("".join(users), "utf-8")
        with (folder / "out").open("wb") as log:
            self._process = subprocess.Popen(["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", folder], stdout=log, stderr=log)
        deadline = time.monotonic() + START_DEADLINE
        while b"Ready to process requests" not in (folder / "out").read_bytes():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"FreeRADIUS does not start: {(folder / 'out').read_text()}")
            time.sleep(0.05)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
