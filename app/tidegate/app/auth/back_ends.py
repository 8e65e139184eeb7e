"""Makes back ends of their addresses in ``smtp-auth``. A technology's module, and its library, are imported when it is configured."""

from collections.abc import Sequence
from pathlib import Path

from tidegate.app.auth.chain import BackEnd
from tidegate.app.config.back_ends import (
    BackEndAddress,
    HardcodedUsers,
    HttpEndpoint,
    LdapServer,
    PasswordFile,
    Program,
    RadiusServer,
    SystemUsers,
)
from tidegate.app.config.settings import Settings
from tidegate.domain.account_patterns import AccountPatterns
from tidegate.ports.authenticator import Authenticator
from tidegate.ports.errors import PermanentFailure, PortError

SOCKET_NAME = "system-accounts.sock"
"""The file under the state directory where the helper for system accounts listens."""


def make(settings: Settings) -> list[BackEnd]:
    """All back ends, in order.

    Raises:
        PermanentFailure: a library is not installed.
    """
    socket = helper_socket(settings)
    return [BackEnd(str(address), _authenticator(address, socket)) for address in settings.smtp.auth]


def check(settings: Settings) -> None:
    """Whether all back ends can be used, as far as this machine can tell: files and programs are looked at, no server is asked.

    Raises:
        PermanentFailure: one cannot; the text names it.
    """
    for back_end in make(settings):
        try:
            _check(back_end.authenticator)
        except PortError as failure:
            raise PermanentFailure(f"smtp-auth: {back_end.name}: {failure}") from failure


def system_accounts(addresses: Sequence[BackEndAddress]) -> AccountPatterns | None:
    """Every account of the system that may log in; None where that is not configured."""
    patterns = [pattern for address in addresses if isinstance(address, SystemUsers) for pattern in address.accounts.patterns]
    return AccountPatterns(tuple(patterns)) if patterns else None


def helper_socket(settings: Settings) -> Path:
    """Where the helper for system accounts listens."""
    return settings.state.directory / SOCKET_NAME


def _authenticator(address: BackEndAddress, socket: Path) -> Authenticator:
    match address:
        case HardcodedUsers(passwords):
            from tidegate.adapters.auth.hardcoded import HardcodedAuthenticator

            return HardcodedAuthenticator(dict(passwords))
        case LdapServer():
            from tidegate.adapters.auth.ldap import LdapAuthenticator, LdapSecurity

            security = LdapSecurity.TLS if address.tls else LdapSecurity.STARTTLS if address.starttls else LdapSecurity.NONE
            return LdapAuthenticator(address.host, address.port, address.base_dn, security, address.authorities)
        case RadiusServer():
            from tidegate.adapters.auth.radius import RadiusAuthenticator

            return RadiusAuthenticator(address.identifier, address.secret.encode(), address.host, address.port)
        case SystemUsers(accounts):
            from tidegate.adapters.auth.system_accounts import SystemAccountsAuthenticator

            return SystemAccountsAuthenticator(accounts, socket)
        case HttpEndpoint():
            from tidegate.adapters.auth.http import HttpAuthenticator

            return HttpAuthenticator(address.url)
        case PasswordFile(path):
            from tidegate.adapters.auth.password_file import FileAuthenticator

            return FileAuthenticator(path)
        case Program(path):
            from tidegate.adapters.auth.program import ExecAuthenticator

            return ExecAuthenticator(path)


def _check(authenticator: Authenticator) -> None:
    from tidegate.adapters.auth.password_file import FileAuthenticator
    from tidegate.adapters.auth.program import ExecAuthenticator

    if isinstance(authenticator, FileAuthenticator | ExecAuthenticator):
        authenticator.check()
