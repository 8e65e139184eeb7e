"""swaks and smtplib log in through every back end of a server that runs as people run it."""

import base64
import json
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import which

import pytest
from tests.integration.auth.conftest import SHADOW, need
from tests.integration.auth.programs import judging
from tests.schema import assert_valid
from tests.servers import system_accounts
from tests.servers.process import GatewayProcess, free_port
from tests.servers.slapd import BASE_DN

from tidegate.adapters.auth.libcrypt import crypt
from tidegate.ports.testing.authenticator import ACCOUNTS

pytestmark = pytest.mark.integration

USER, PASSWORD = "bob", ACCOUNTS["bob"]


def _file(folder: Path) -> str:
    path = folder / "users.txt"
    path.write_text("".join(f"{user}:{crypt(password.encode(), '$6$rounds=1000$saltsalt$')}\n" for user, password in ACCOUNTS.items()))
    path.chmod(0o600)
    return f"file://{path}"


BACK_ENDS: dict[str, Callable[[pytest.FixtureRequest, Path], str]] = {
    "hardcoded": lambda request, folder: f"hardcoded://{USER}:{PASSWORD},ann:a%2Cb%23",
    "file": lambda request, folder: _file(folder),
    "ldap": lambda request, folder: f"ldap://127.0.0.1:{request.getfixturevalue('slapd').port}/{BASE_DN}",
    "ldaps": lambda request, folder: (
        f"ldaps://localhost:{request.getfixturevalue('slapd').secure_port}/{BASE_DN}?cacertfile={request.getfixturevalue('authority')}"
    ),
    "radius": lambda request, folder: f"radius://gateway:testing-123@127.0.0.1:{request.getfixturevalue('freeradius').port}",
    "http": lambda request, folder: request.getfixturevalue("endpoint").url,
    "exec": lambda request, folder: f"exec://{judging(folder, ACCOUNTS)}",
    "users": lambda request, folder: f"users://{USER},client*",
}


@pytest.fixture(scope="module", params=BACK_ENDS)
def gateway(request: pytest.FixtureRequest, authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A server with one back end, two workers and both kinds of ports."""
    folder = tmp_path_factory.mktemp("back-end")
    wrapper: tuple[str, ...] = ()
    if request.param == "users":
        need(system_accounts.available, "system accounts need root and the right to mount")
        wrapper = (str(system_accounts.prepare(folder, ACCOUNTS, SHADOW)),)
    settings = {
        "smtp-certificate": str(authority.with_name("chain.pem")),
        "smtp-key": str(authority.with_name("key.pem")),
        "smtp-secure-port": str(free_port()),
        "smtp-auth": BACK_ENDS[request.param](request, folder),
        "smtp-threads": "2",
    }
    with GatewayProcess(settings, wrapper=wrapper) as process:
        yield process


@pytest.fixture
def client_tls(authority: Path) -> ssl.SSLContext:
    """Trusts the servers of the tests."""
    return ssl.create_default_context(cafile=authority)


def documents(gateway: GatewayProcess) -> list[dict[str, object]]:
    """Taken off the inbox."""
    found = []
    for path in sorted((gateway.queue_directory / "inbox" / "new").glob("*.json")):
        found.append(json.loads(path.read_bytes()))
        assert_valid(found[-1])
        path.unlink()
    return found


def test_smtplib(gateway: GatewayProcess, client_tls: ssl.SSLContext) -> None:
    """PLAIN and LOGIN, with STARTTLS and with TLS from the first byte; who is not logged in sends nowhere; the user is in the document."""
    for mechanism in ("PLAIN", "LOGIN"):
        for secure in (False, True):
            with ExitStack() as stack:
                client: smtplib.SMTP
                if secure:
                    port = int(gateway.settings["smtp-secure-port"])
                    client = stack.enter_context(smtplib.SMTP_SSL("localhost", port, context=client_tls, timeout=30))
                else:
                    client = stack.enter_context(smtplib.SMTP("localhost", gateway.port, timeout=30))
                    client.ehlo()
                    assert not client.has_extn("auth")
                    assert client.docmd("AUTH", "PLAIN AGJvYgBwdw==")[0] == 538
                    client.starttls(context=client_tls)
                client.ehlo()
                assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
                with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                    client.sendmail("a@example.org", ["b@example.com"], b"Subject: x\r\n\r\n")
                assert [reply[0] for reply in refused.value.recipients.values()] == [530]
                client.user, client.password = USER, PASSWORD
                code, _ = client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))
                assert code == 235
                client.sendmail("a@example.org", ["b@example.com"], b"Subject: x\r\n\r\nhello\r\n")
            [document] = documents(gateway)
            connection = document["connection"]
            assert isinstance(connection, dict)
            assert connection["user"] == USER
            assert "with ESMTPSA" in str(document["mime"])


def test_swaks(gateway: GatewayProcess) -> None:
    """The tool of the trade, by both mechanisms."""
    need(lambda: which("swaks") is not None, "swaks is not installed (make services installs it)")
    for mechanism in ("PLAIN", "LOGIN"):
        command = ["swaks", "--server", f"127.0.0.1:{gateway.port}", "--tls", "--auth", mechanism, "--auth-user", USER]
        command += ["--auth-password", PASSWORD, "--from", "a@example.org", "--to", "b@example.com", "--helo", "client.example"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout.decode()
        [document] = documents(gateway)
        assert document["recipient"] == "b@example.com"


def test_wrong_passwords(gateway: GatewayProcess, client_tls: ssl.SSLContext) -> None:
    """535, twice; the third ends the session. Neither logs nor documents hold a password in any form (AU20)."""
    with smtplib.SMTP_SSL("localhost", int(gateway.settings["smtp-secure-port"]), context=client_tls, timeout=30) as client:
        client.ehlo()
        for password in ("s3cret-wrong", "s3cret-wrong"):
            client.user, client.password = USER, password
            with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
                client.auth("PLAIN", client.auth_plain)
            assert refused.value.smtp_code == 535
    written = gateway.log().encode() + b"".join(path.read_bytes() for path in gateway.state.rglob("*") if path.is_file())
    assert b"login refused" in written
    stored = crypt(PASSWORD.encode(), "$6$rounds=1000$saltsalt$")
    assert stored is not None
    assert stored.encode() not in written
    for password in ("s3cret-wrong", PASSWORD):
        plain = base64.b64encode(f"\0{USER}\0{password}".encode())
        for secret in (password.encode(), plain, base64.b64encode(password.encode())):
            assert secret not in written
