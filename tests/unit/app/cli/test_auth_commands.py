"""auth-test, auth-bans and password-hash."""

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidegate.adapters.auth.libcrypt import matches, unusable
from tidegate.adapters.ban_folder import FolderBanList
from tidegate.app.cli import main
from tidegate.app.cli.surroundings import Surroundings


def run(monkeypatch: pytest.MonkeyPatch, *argv: str, stdin: str = "") -> int:
    """A command on a machine without configuration."""

    def read_file(path: str) -> tuple[bytes, int]:
        raise FileNotFoundError(path)

    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    return main(argv, Surroundings({}, read_file))


TLS = ("--smtp-certificate", "c.pem", "--smtp-key", "k.pem")


@pytest.mark.parametrize(
    ("password", "status", "said"),
    [("pw", 0, "235"), ("wrong", 1, "535 5.7.8"), ("", 1, "no back end is asked"), ("a\x1bb", 1, "no back end is asked")],
)
def test_auth_test(password: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What each back end says, the reply, and the exit status; no secret is printed."""
    argv = ("auth-test", "bob", "--password-stdin", *TLS, "--smtp-auth", "hardcoded://ann:s3cret,bob:pw")
    assert run(monkeypatch, *argv, stdin=f"{password}\n") == status
    output = "".join(capsys.readouterr())
    assert said in output
    assert "s3cret" not in output


def test_auth_test_of_a_broken_back_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is an error of the configuration, which names it."""
    argv = ("auth-test", "bob", "--password-stdin", *TLS, "--smtp-auth", f"file://{tmp_path}/absent")
    assert run(monkeypatch, *argv, stdin="pw\n") == 78
    assert f"{tmp_path}/absent" in capsys.readouterr().err


def test_auth_test_without_back_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Said, not crashed."""
    assert run(monkeypatch, "auth-test", "bob", "--password-stdin", stdin="pw\n") == 78
    assert "smtp-auth is not set" in capsys.readouterr().err


def test_auth_bans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Bans are seen and lifted; an IPv6 address stands for its network."""
    bans, now = FolderBanList(tmp_path / "auth-bans"), datetime.now(UTC)
    state = ("--state-directory", str(tmp_path))
    assert run(monkeypatch, "auth-bans", *state) == 0
    assert capsys.readouterr().err == "No client is banned.\n"
    for client in ("192.0.2.1", "192.0.2.2", "2001:db8::/64"):
        bans.ban(client, now + timedelta(hours=1))
    assert run(monkeypatch, "auth-bans", *state) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["192.0.2.1", "192.0.2.2", "2001:db8::/64"]
    assert run(monkeypatch, "auth-bans", "--lift", "2001:db8::5", "--lift", "192.0.2.1", *state) == 0
    assert list(bans.bans(now)) == ["192.0.2.2"]
    assert run(monkeypatch, "auth-bans", "--lift", "192.0.2.1", *state) == 1
    assert run(monkeypatch, "auth-bans", "--lift", "../../etc", *state) == 2
    assert run(monkeypatch, "auth-bans", "--lift-all", *state) == 0
    assert not bans.bans(now)


@pytest.mark.parametrize("method", ["sha512", "sha256", "bcrypt", "yescrypt"])
def test_password_hash(method: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A line that the file back end takes, with a new salt each time."""
    lines = []
    for _ in range(2):
        assert run(monkeypatch, "password-hash", "bob", "--method", method, "--password-stdin", stdin="pässword\n") == 0
        lines.append(capsys.readouterr().out.strip())
    assert lines[0] != lines[1]
    user, _, hashed = lines[0].partition(":")
    assert user == "bob"
    assert unusable(hashed) is None
    assert matches("pässword", hashed)


@pytest.mark.parametrize(
    ("user", "password", "method"), [("b:b", "pw", "sha512"), ("bob", "", "sha512"), ("#bob", "x", "sha512"), ("bob", "x" * 73, "bcrypt")]
)
def test_password_hash_refuses(user: str, password: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would make a line that lets nobody in, or more than one."""
    assert run(monkeypatch, "password-hash", user, "--method", method, "--password-stdin", stdin=f"{password}\n") == 2


@pytest.mark.parametrize("argv", [("password-hash", "bob"), ("auth-test", "bob", *TLS, "--smtp-auth", "hardcoded://bob:pw")])
def test_nobody_to_ask(argv: tuple[str, ...]) -> None:
    """Without a terminal no password is read where it could be seen, and no warning of Python's stands for an error."""
    program = [sys.executable, "-c", "import sys; from tidegate.app.cli import main; sys.exit(main())", *argv]
    ended = subprocess.run(program, input="pw\npw\n", capture_output=True, text=True, start_new_session=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith("Error: There is no terminal to ask for the password: give it on standard input, with --password-stdin.\n")
    assert "GetPassWarning" not in ended.stderr
