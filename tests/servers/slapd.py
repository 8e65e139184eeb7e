"""OpenLDAP's slapd on a loopback port of its own, with one folder for everything it keeps."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

import attrs
from tests.servers.rabbitmq import free_ports

START_DEADLINE = 20.0
BASE_DN = "ou=people,dc=example,dc=com"

_SCHEMAS = Path("/etc/ldap/schema")
_MODULES = Path("/usr/lib/ldap")


def installed() -> bool:
    """Whether the program is there."""
    return Path("/usr/sbin/slapd").exists()


@attrs.define
class Slapd:
    """A running server with the given accounts below :data:`BASE_DN`.

    Attributes:
        accounts: passwords by user name.
        tls: chain, key and authority in PEM files, or None.
        unauthenticated: allow binds with a name and an empty password, which then succeed (RFC 4513 section 5.1.2).
        port: of plain connections, with StartTLS where there is a certificate.
        secure_port: of TLS from the first byte.
    """

    accounts: dict[str, str]
    tls: tuple[Path, Path, Path] | None = None
    unauthenticated: bool = False
    port: int = attrs.field(factory=lambda: free_ports(1)[0])
    secure_port: int = attrs.field(factory=lambda: free_ports(1)[0])
    _folder: Path = attrs.field(init=False, factory=lambda: Path(mkdtemp(prefix="tidegate-slapd-")))
    _process: subprocess.Popen[bytes] | None = attrs.field(init=False, default=None)

    def __enter__(self) -> Self:
        (self._folder / "db").mkdir()
        configuration = self._folder / "slapd.conf"
        configuration.write_text(self._configuration())
        content = self._folder / "content.ldif"
        content.write_text(self._content(), "utf-8")
        subprocess.run(["/usr/sbin/slapadd", "-f", configuration, "-l", content], check=True, capture_output=True, timeout=30)
        urls = f"ldap://127.0.0.1:{self.port}/" + (f" ldaps://127.0.0.1:{self.secure_port}/" if self.tls else "")
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(["/usr/sbin/slapd", "-f", configuration, "-h", urls, "-d", "0"], stdout=log, stderr=log)
        deadline = time.monotonic() + START_DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"slapd does not start: {(self._folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _configuration(self) -> str:
        lines = [f"include {_SCHEMAS / name}.schema" for name in ("core", "cosine", "inetorgperson")]
        lines += [f"modulepath {_MODULES}", "moduleload back_mdb", f"pidfile {self._folder / 'pid'}"]
        if self.unauthenticated:
            lines.append("allow bind_anon_cred bind_anon_dn")
        if self.tls:
            chain, key, authority = self.tls
            lines += [f"TLSCertificateFile {chain}", f"TLSCertificateKeyFile {key}", f"TLSCACertificateFile {authority}"]
        lines += ["database mdb", 'suffix "dc=example,dc=com"', f"directory {self._folder / 'db'}", "maxsize 10485760"]
        return "\n".join(lines) + "\n"

    def _content(self) -> str:
        entries = [
            "dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n",
            f"dn: {BASE_DN}\nobjectClass: organizationalUnit\nou: people\n",
        ]
        for user, password in self.accounts.items():
            entries.append(
                f"dn: uid={user},{BASE_DN}\nobjectClass: inetOrgPerson\ncn: {user}\nsn: {user}\nuid: {user}\nuserPassword: {password}\n"
            )
        return "\n".join(entries)
