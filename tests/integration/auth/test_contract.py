"""Every back end keeps the contract of an authenticator on the real thing."""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.auth.programs import judging
from tests.servers.freeradius import SECRET, FreeRadius
from tests.servers.http_endpoint import HttpEndpoint
from tests.servers.slapd import BASE_DN, Slapd

from tidegate.adapters.auth.http import HttpAuthenticator
from tidegate.adapters.auth.ldap import LdapAuthenticator, LdapSecurity
from tidegate.adapters.auth.program import ExecAuthenticator
from tidegate.adapters.auth.radius import RadiusAuthenticator
from tidegate.adapters.auth.system_accounts import SystemAccountsAuthenticator
from tidegate.domain.account_patterns import AccountPatterns
from tidegate.ports.authenticator import Authenticator, AuthVerdict, Credentials
from tidegate.ports.testing.authenticator import ACCOUNTS, AUTHENTICATOR_CHECKS, AuthenticatorMaker

pytestmark = pytest.mark.integration

Check = Callable[[AuthenticatorMaker], Awaitable[None]]
checks = pytest.mark.parametrize("check", AUTHENTICATOR_CHECKS, ids=lambda check: check.__name__)


def maker(make_one: Callable[[], Authenticator]) -> AuthenticatorMaker:
    """A fresh back end each time."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Authenticator]:
        back_end = make_one()
        try:
            yield back_end
        finally:
            await back_end.close()

    return make


@checks
@pytest.mark.parametrize("security", LdapSecurity)
async def test_ldap(check: Check, security: LdapSecurity, slapd: Slapd, authority: Path) -> None:
    """OpenLDAP in clear, with StartTLS and with TLS; names are escaped (AB03)."""
    port = slapd.secure_port if security is LdapSecurity.TLS else slapd.port
    authorities = None if security is LdapSecurity.NONE else authority
    await check(maker(lambda: LdapAuthenticator("localhost", port, BASE_DN, security, authorities)))


@checks
async def test_radius(check: Check, freeradius: FreeRadius) -> None:
    """FreeRADIUS, which signs its replies."""
    await check(maker(lambda: RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", freeradius.port)))


async def test_radius_challenge(freeradius: FreeRadius) -> None:
    """AB10: a challenge is a refusal."""
    back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", freeradius.port)
    assert await back_end.authenticate(Credentials(freeradius.challenged, "pw")) is AuthVerdict.REFUSED


@checks
async def test_http(check: Check, endpoint: HttpEndpoint) -> None:
    """An endpoint with Basic authentication; a colon in a name is refused before it (AB12)."""
    await check(maker(lambda: HttpAuthenticator(endpoint.url)))


@checks
async def test_exec(check: Check, tmp_path: Path) -> None:
    """A program; names are data on its input (AB19, AB20)."""
    await check(maker(lambda: ExecAuthenticator(judging(tmp_path, ACCOUNTS))))


@checks
async def test_users(check: Check, helper: Path) -> None:
    """Accounts of a system, by PAM, through the helper."""
    await check(maker(lambda: SystemAccountsAuthenticator(AccountPatterns(("bob", "long", "ann*")), helper)))


@pytest.mark.parametrize("name", ["root", "clientroot", "bert", "daemon", "clientnobody"])
async def test_users_that_must_not_get_in(name: str, helper: Path) -> None:
    """AB30: root by a pattern, expired, locked, without password, not there: with the right password where there is one."""
    back_end = SystemAccountsAuthenticator(AccountPatterns(("*",)), helper)
    assert await back_end.authenticate(Credentials(name, ACCOUNTS["bob"])) is AuthVerdict.REFUSED


TALKERS: dict[str, Callable[[pytest.FixtureRequest, Path], Authenticator]] = {
    "ldap": lambda request, _: LdapAuthenticator("localhost", request.getfixturevalue("slapd").port, BASE_DN),
    "radius": lambda request, _: RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", request.getfixturevalue("freeradius").port),
    "http": lambda request, _: HttpAuthenticator(request.getfixturevalue("endpoint").url),
    "exec": lambda _, folder: ExecAuthenticator(judging(folder, ACCOUNTS)),
    "users": lambda request, _: SystemAccountsAuthenticator(AccountPatterns(("bob",)), request.getfixturevalue("helper")),
}


@pytest.mark.parametrize("name", TALKERS)
async def test_logs_hold_no_password(name: str, request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """AU20: neither ours nor the libraries' at their most talkative, right or wrong, in no form."""
    caplog.set_level("DEBUG")
    back_end = TALKERS[name](request, tmp_path)
    wrong = "s3cret-wrong"
    assert await back_end.authenticate(Credentials("bob", ACCOUNTS["bob"])) is AuthVerdict.ACCEPTED
    assert await back_end.authenticate(Credentials("bob", wrong)) is AuthVerdict.REFUSED
    await back_end.close()
    logged = "".join(f"{record.getMessage()} {vars(record)!r}" for record in caplog.records)
    for password in (wrong, ACCOUNTS["bob"]):
        for secret in (password, *(b64encode(text.encode()).decode() for text in (password, f"bob:{password}", f"\0bob\0{password}"))):
            assert secret not in logged


async def test_users_without_helper(tmp_path: Path) -> None:
    """No helper, no judgement."""
    back_end = SystemAccountsAuthenticator(AccountPatterns(("*",)), tmp_path / "absent.sock")
    assert await back_end.authenticate(Credentials("bob", "pw")) is AuthVerdict.UNAVAILABLE
