"""The program ``tidegate``: its frame, ``check-config`` and ``config``."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import attrs
import click
import pytest
import trustme

from tidegate.app.cli import main
from tidegate.app.cli.commands import COMMANDS
from tidegate.app.cli.surroundings import Surroundings


@attrs.frozen
class Outcome:
    """What a run leaves behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on a machine with these variables and files."""

    def go(*argv: str, environ: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None) -> Outcome:
        def read_file(path: str) -> tuple[bytes, int]:
            if path not in (files or {}):
                raise FileNotFoundError(path)
            return (files or {})[path].encode(), 0o640

        status = main(argv, Surroundings(environ or {}, read_file))
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return go


def test_help(run: Run) -> None:
    """The help page names every command in the order of the table."""
    result = run("--help")
    assert result.status == 0
    assert re.findall(r"(?m)^  ([a-z][a-z-]*)  ", result.out.partition("Commands:")[2]) == list(COMMANDS)
    assert run("-h").out == result.out


def test_version(run: Run) -> None:
    """The version is that of the installed package."""
    assert run("--version").out == f"tidegate {version('tidegate')}\n"


def test_help_imports_no_command() -> None:
    """Help and version are quick: neither the configuration nor what it is made with is imported."""
    code = "import sys; from tidegate.app.cli import main; main(['--help']); print([m for m in sys.modules if m.startswith(('cattr', 'tidegate.app.config', 'asyncio'))])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_there(name: str, run: Run) -> None:
    """Each line of the table leads to a command of that name, with a help page."""
    command = import_module(COMMANDS[name].module).command
    assert isinstance(command, click.Command)
    assert command.name == name
    parts = [(name, part) for part in command.commands] if isinstance(command, click.Group) else [(name,)]
    for words in parts:
        result = run(*words, "--help")
        assert result.status == 0
        assert "--config-file FILE" in result.out


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["chek-config"], "There is no command 'chek-config'. Did you mean 'check-config'?"),
        (["frobnicate"], "There is no command 'frobnicate'. There are serve, "),
        (["config", "--jsn"], "Did you mean '--json'?"),
        (["config", "smtp-prot"], "There is no setting 'smtp-prot'. Did you mean 'smtp-port'?"),
        (["config", "-x"], "No such option"),
        (["check-config", "surplus"], "unexpected extra argument"),
    ],
)
def test_wrong_use(argv: list[str], complaint: str, run: Run) -> None:
    """Status 2 and the nearest right word."""
    result = run(*argv)
    assert result.status == 2
    assert complaint in result.err


def test_check_config_accepts(run: Run) -> None:
    """A usable configuration is status 0; without warnings standard error stays empty."""
    assert run("check-config", "--smtp-range", "127.0.0.1") == Outcome(0, "The configuration can be used.\n", "")


def test_check_config_warns(run: Run) -> None:
    """Warnings leave status 0, but for ``--strict``."""
    expected = "The configuration can be used; there is 1 warning.\n"
    assert run("check-config") == Outcome(0, expected, "warning: default: smtp-range: is empty: nobody may connect\n")
    assert run("check-config", "--strict").status == 78
    assert "there are 2 warnings" in run("check-config", "--smtp-recipients=1").out


def test_check_config_refuses(run: Run) -> None:
    """Status 78 and all errors, from every place."""
    result = run(
        "check-config",
        "--config-file",
        "a.txt",
        "--smtp-prot=25",
        "--smtp-errors",
        environ={"TIDEGATE_SMTP_TIMEOUT": "x"},
        files={"a.txt": "smtp-port: x\nfoo: bar\n"},
    )
    assert result.status == 78
    assert result.out == ""
    assert re.findall(r"(?m)^error: ([^:]+(?::\d+)?): ([^:]+):", result.err) == [
        ("a.txt:1", "smtp-port"),
        ("a.txt:2", "foo"),
        ("environment TIDEGATE_SMTP_TIMEOUT", "smtp-timeout"),
        ("command line", "smtp-prot"),
        ("command line", "smtp-errors"),
    ]


def test_check_config_looks_at_the_certificate(run: Run, tmp_path: Path) -> None:
    """A certificate that the server could not load is an error at its line; a good one is none."""
    authority = trustme.CA()
    issued = authority.issue_cert("mx.example.com")
    certificate, key, other = tmp_path / "mx.crt", tmp_path / "mx.key", tmp_path / "other.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    authority.issue_cert("other.example.com").private_key_pem.write_to_path(other)

    def check(certificate: Path, key: Path) -> Outcome:
        text = f"smtp-range: 127.0.0.1\nsmtp-certificate: {certificate}\nsmtp-key: {key}"
        return run("check-config", "--config-file=c", files={"c": text})

    key.chmod(0o640)
    assert check(certificate, key) == Outcome(0, "The configuration can be used.\n", "")
    for bad in (check(certificate, other), check(key, key), check(tmp_path / "gone", key)):
        assert bad.status == 78
        assert bad.err.startswith("error: c:2: smtp-certificate: ")


def test_check_config_warns_of_the_certificate(run: Run, tmp_path: Path) -> None:
    """OP03, OP10: an end that is near or behind, and a key that everybody can read, are said and refuse nothing."""
    issued = trustme.CA().issue_cert("mx.example.com", not_after=datetime.now(UTC) - timedelta(1))
    certificate, key = tmp_path / "mx.crt", tmp_path / "mx.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o644)
    text = f"smtp-range: 127.0.0.1\nsmtp-certificate: {certificate}\nsmtp-key: {key}"
    found = run("check-config", "--config-file=c", files={"c": text})
    assert (found.status, found.out) == (0, "The configuration can be used; there are 2 warnings.\n")
    assert found.err.splitlines() == [
        f"warning: c:2: smtp-certificate: {certificate}: certificate has expired",
        f"warning: c:3: smtp-key: {key}: every user can read the private key: chmod o-r",
    ]
    assert run("check-config", "--config-file=c", "--strict", files={"c": text}).status == 78


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("user: no-such-user-here", "user: there is no account 'no-such-user-here' on this machine"),
        (
            "rabbitmq-address: amqps://u:s3cret@h/?cacertfile=/nowhere/ca.pem",
            "rabbitmq-address: TLS files for the broker amqps://h:5671/%2F cannot be used: /nowhere/ca.pem: No such file or directory",
        ),
    ],
)
def test_check_config_looks_at_the_machine(lines: str, expected: str, run: Run) -> None:
    """What would keep the server from starting and can be seen without touching anything is an error at its line."""
    result = run("check-config", "--config-file=c", files={"c": f"smtp-range: 127.0.0.1\n{lines}\n"})
    assert result == Outcome(78, "", f"error: c:2: {expected}\n")


def test_check_config_looks_into_password_files(run: Run, tmp_path: Path) -> None:
    """Lines that cost their users the login are warnings with their numbers; a file that is not there is one error and nothing else."""
    authority = trustme.CA().issue_cert("mx.example.com")
    certificate, users = tmp_path / "mx.pem", tmp_path / "users.txt"
    authority.private_key_and_cert_chain_pem.write_to_path(certificate)
    certificate.chmod(0o600)

    def check() -> Outcome:
        text = f"smtp-range: 127.0.0.1\nsmtp-certificate: {certificate}\nsmtp-key: {certificate}\nsmtp-auth: file://{users}\n"
        return run("check-config", "--config-file=c", files={"c": text})

    assert check() == Outcome(78, "", f"error: c:4: smtp-auth: file://{users}: {users}: No such file or directory\n")
    users.write_text("ann:*\nbob\n")
    result = check()
    assert (result.status, result.out) == (0, "The configuration can be used; there is 1 warning.\n")
    assert result.err.startswith(f"warning: c:4: smtp-auth: line of the password file not used (file: {users}, line: 2, reason: ")


def test_config_shows_values_and_places(run: Run) -> None:
    """One line per key: value and where it was written; secrets are masked."""
    result = run(
        "config",
        "--smtp-port=2525",
        environ={"MAILERQ_SMTP_RANGE": "10.0.0.0/8"},
        files={"/etc/tidegate/config.txt": "# comment\nrabbitmq-address: amqp://u:s3cret@mq1/mail\n"},
    )
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in result.out.splitlines()}
    assert lines["smtp-port"] == "2525 command line"
    assert lines["smtp-range"] == "10.0.0.0/8 environment MAILERQ_SMTP_RANGE"
    assert lines["rabbitmq-address"] == "amqp://u:***@mq1:5672/mail /etc/tidegate/config.txt:2"
    assert lines["smtp-secure-port"] == "(no such port) default"
    assert lines["queue-directory"] == "/var/lib/tidegate/queue default"
    assert "www-port" not in lines, "what has no effect yet is left out"
    assert "s3cret" not in result.out + result.err


def test_config_of_some_keys(run: Run) -> None:
    """Keys may be named, by older names too; what was set may be picked out."""
    assert run("config", "smtp-ranges", "--smtp-range=::1").out == "smtp-range  ::1  command line\n"
    assert run("config", "www-port").out == "www-port  8485  default\n"
    assert run("config", "--only-changed", "--smtp-range=::1", "--smtp-errors=20").out.split() == [
        *("smtp-range", "::1", "command", "line"),
        *("smtp-errors", "20", "command", "line"),
    ]
    assert run("config", "--only-changed").out == "\n"


def test_config_json(run: Run) -> None:
    """For programs: finished values in plain units, the text, and the place."""
    result = run(
        "config",
        "--json",
        "--smtp-port=25,2525",
        "--rabbitmq-address=amqp://u:s3cret@mq1/mail",
        environ={"TIDEGATE_SMTP_MAXSIZE": "1MB"},
        files={"/etc/tidegate/config.txt": "smtp-timeout: 1m\n"},
    )
    values = json.loads(result.out)
    assert values["smtp-port"] == {"value": [25, 2525], "text": "25,2525", "source": "command line", "status": "available"}
    assert values["smtp-maxsize"]["value"] == 1024**2
    assert values["smtp-maxsize"]["variable"] == "TIDEGATE_SMTP_MAXSIZE"
    assert values["smtp-timeout"] == {
        "value": 60.0,
        "text": "1m",
        "source": "file",
        "status": "available",
        "file": "/etc/tidegate/config.txt",
        "line": 1,
    }
    assert values["smtp-auth"] == {"value": [], "text": [], "source": "default", "status": "available"}
    assert values["smtp-check"]["value"] == []
    assert values["smtp-certificate"]["value"] is None
    assert values["smtp-validate-address"]["value"] == "strict"
    assert values["www-ip"]["value"] == "127.0.0.1"
    assert values["storage-address"]["value"] is None
    assert "s3cret" not in result.out


def test_config_explains(run: Run) -> None:
    """``--explain`` needs no usable configuration."""
    result = run("config", "--explain", "smtp-port", "smtp-auth", environ={"TIDEGATE_SMTP_PORT": "x"})
    assert result.status == 0
    assert result.out.startswith("smtp-port\n  Ports that begin in clear.")
    assert "\n\nsmtp-auth\n" in result.out
    assert result.err == ""


def test_config_with_errors(run: Run) -> None:
    """There are no effective values of a configuration that cannot be used."""
    result = run("config", "--smtp-port=x")
    assert (result.status, result.out) == (78, "")
    assert "error: command line: smtp-port: " in result.err


@pytest.mark.parametrize(
    "argv",
    [
        ["config", "--smtp-port", "26", "--json", "smtp-port"],
        ["config", "--json", "smtp-port", "--smtp-port", "26"],
        ["config", "smtp-port", "--SMTP-Port=26", "--json"],
        ["config", "--smtp-port", "26", "--json", "--", "smtp-port"],
    ],
)
def test_settings_stand_anywhere(argv: list[str], run: Run) -> None:
    """Settings, options and arguments of a command mix in any order."""
    result = run(*argv)
    assert json.loads(result.out)["smtp-port"]["value"] == [26]


def test_installed_program() -> None:
    """The entry point of the package is this program, and its exit status reaches the shell."""
    program = Path(sys.executable).with_name("tidegate")
    result = subprocess.run([program, "check-config", "--smtp-port", "x"], capture_output=True, text=True, check=False)
    assert result.returncode == 78
    assert "Traceback" not in result.stderr
