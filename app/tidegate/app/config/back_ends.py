"""Values of ``smtp-auth``: one class for each kind of back end. ``str`` shows none of their secrets."""

from pathlib import Path

import attrs

from tidegate.domain.account_patterns import AccountPatterns

_MASK = "***"
LDAP_PORT = 389
LDAPS_PORT = 636
RADIUS_PORT = 1812


@attrs.frozen
class HardcodedUsers:
    """``hardcoded://user:password,…``; names prepared with SASLprep, each once."""

    passwords: tuple[tuple[str, str], ...] = attrs.field(repr=False)

    def __str__(self) -> str:
        return "hardcoded://" + ",".join(f"{user}:{_MASK}" for user, _ in self.passwords)


@attrs.frozen
class LdapServer:
    """``ldap://host:port/base_dn?starttls&cacertfile=PATH``, ``ldaps://…``."""

    host: str
    port: int
    base_dn: str
    tls: bool = False
    starttls: bool = False
    authorities: Path | None = None

    def __str__(self) -> str:
        query = "&".join([*(["starttls"] if self.starttls else []), *([f"cacertfile={self.authorities}"] if self.authorities else [])])
        return f"{'ldaps' if self.tls else 'ldap'}://{_place(self.host, self.port)}/{self.base_dn}{'?' if query else ''}{query}"


@attrs.frozen
class RadiusServer:
    """``radius://identifier:secret@host:port``."""

    identifier: str
    secret: str = attrs.field(repr=False)
    host: str
    port: int = RADIUS_PORT

    def __str__(self) -> str:
        return f"radius://{self.identifier}:{_MASK}@{_place(self.host, self.port)}"


@attrs.frozen
class SystemUsers:
    """``users://user1,client*``."""

    accounts: AccountPatterns

    def __str__(self) -> str:
        return "users://" + ",".join(self.accounts.patterns)


@attrs.frozen
class HttpEndpoint:
    """``http://…`` and ``https://…``.

    Attributes:
        url: as configured; a query may hold a key.
        shown: the same with what may be secret masked.
        host: of the URL.
    """

    url: str = attrs.field(repr=False)
    shown: str
    host: str

    def __str__(self) -> str:
        return self.shown


@attrs.frozen
class PasswordFile:
    """``file:///path``."""

    path: Path

    def __str__(self) -> str:
        return f"file://{self.path}"


@attrs.frozen
class Program:
    """``exec:///path``."""

    path: Path

    def __str__(self) -> str:
        return f"exec://{self.path}"


BackEndAddress = HardcodedUsers | LdapServer | RadiusServer | SystemUsers | HttpEndpoint | PasswordFile | Program


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
