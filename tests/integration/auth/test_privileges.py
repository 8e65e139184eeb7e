"""Accounts of the system while the server itself has given root up; what an operator sees of bans; and changes under way."""

import pwd
import shutil
import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.auth.conftest import SHADOW, need
from tests.servers import system_accounts
from tests.servers.process import GatewayProcess, alive, free_port, wait_until

from tidegate.adapters.ban_folder import FolderBanList
from tidegate.ports.testing.authenticator import ACCOUNTS

pytestmark = pytest.mark.integration


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-privileges-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def login(gateway: GatewayProcess, tls: ssl.SSLContext, user: str, password: str) -> int:
    """The code of one login."""
    with smtplib.SMTP_SSL("localhost", int(gateway.settings["smtp-secure-port"]), context=tls, timeout=30) as client:
        client.ehlo()
        client.user, client.password = user, password
        try:
            return client.auth("PLAIN", client.auth_plain)[0]
        except smtplib.SMTPAuthenticationError as refused:
            return refused.smtp_code


def settings(authority: Path, folder: Path) -> dict[str, str]:
    """Certificates that the server's user can read, and a port."""
    for name in ("chain.pem", "key.pem"):
        shutil.copy(authority.with_name(name), folder / name)
        (folder / name).chmod(0o644)
    return {"smtp-certificate": f"{folder}/chain.pem", "smtp-key": f"{folder}/key.pem", "smtp-secure-port": str(free_port())}


def test_users_after_root_is_given_up(authority: Path, open_folder: Path) -> None:
    """The workers run as nobody, who may read no shadow, and bob logs in; the helper ends with the server; a late users:// is refused."""
    need(system_accounts.available, "system accounts need root and the right to mount")
    accounts = open_folder / "accounts"
    accounts.mkdir()
    wrapper = (str(system_accounts.prepare(accounts, ACCOUNTS, SHADOW)),)
    tls = ssl.create_default_context(cafile=authority)
    state = open_folder / "state"
    given = settings(authority, open_folder) | {"user": "nobody", "smtp-auth": "users://bob,*oot", "state-directory": str(state)}
    (open_folder / "run").mkdir()
    with GatewayProcess(given, directory=open_folder / "run", wrapper=wrapper) as gateway:
        nobody = pwd.getpwnam("nobody").pw_uid
        owners = {
            pid: Path(f"/proc/{pid}").stat().st_uid for pid in gateway.workers() if "--config-file" in Path(f"/proc/{pid}/cmdline").read_text()
        }
        assert set(owners.values()) == {0, nobody}, "the helper, and everybody else"
        (helper,) = [pid for pid, owner in owners.items() if owner == 0]
        assert (state / "system-accounts.sock").stat().st_uid == nobody
        assert login(gateway, tls, "bob", ACCOUNTS["bob"]) == 235
        assert login(gateway, tls, "bob", "wrong") == 535
        assert login(gateway, tls, "long", ACCOUNTS["long"]) == 535
    wait_until(lambda: not alive(helper), "the helper has ended with the server")


def test_a_ban_holds_until_it_is_lifted(authority: Path, open_folder: Path) -> None:
    """AU17: a ban that another worker has written holds for the right password too, until an operator lifts it."""
    tls = ssl.create_default_context(cafile=authority)
    with GatewayProcess(settings(authority, open_folder) | {"smtp-auth": "hardcoded://bob:pw"}) as gateway:
        assert login(gateway, tls, "bob", "pw") == 235
        bans = FolderBanList(gateway.state / "auth-bans")
        from datetime import UTC, datetime, timedelta

        bans.ban("127.0.0.1", datetime.now(UTC) + timedelta(hours=1))
        bans.ban("::/64", datetime.now(UTC) + timedelta(hours=1))
        assert login(gateway, tls, "bob", "pw") == 421
        assert bans.lift("127.0.0.1")
        assert login(gateway, tls, "bob", "pw") == 235


def test_reload_takes_new_back_ends(authority: Path, open_folder: Path) -> None:
    """Another back end after SIGHUP; one that cannot be used, and users:// that was not there at the start, change nothing."""
    tls = ssl.create_default_context(cafile=authority)
    with GatewayProcess(settings(authority, open_folder) | {"smtp-auth": "hardcoded://bob:pw"}) as gateway:
        for bad in ("users://bob", "file:///absent/users", "exec:///absent/program"):
            gateway.write_config(smtp_auth=bad)
            assert not gateway.reload()
            assert login(gateway, tls, "bob", "pw") == 235
        gateway.write_config(smtp_auth="hardcoded://bob:new")
        assert gateway.reload()
        assert login(gateway, tls, "bob", "new") == 235
        assert login(gateway, tls, "bob", "pw") == 535
