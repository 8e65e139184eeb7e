"""``tidegate spf``."""

import json
from pathlib import Path

import pytest

from tidegate.app.cli import main
from tidegate.app.cli.surroundings import Surroundings

ZONE = {
    "example.com": [["TXT", ["v=spf1 ip4:192.0.2.0/24 -all exp=exp.%{d}"]]],
    "exp.example.com": [["TXT", ["%{i} may not, said at %{t}"]]],
    "helo.example": [["TXT", ["v=spf1 ip4:192.0.2.1 ?all"]]],
}


def no_file(path: str) -> tuple[bytes, int]:
    """A machine without configuration."""
    raise FileNotFoundError(path)


@pytest.fixture
def zone(tmp_path: Path) -> str:
    """The zone in a file."""
    path = tmp_path / "zone.json"
    path.write_text(json.dumps(ZONE), "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--ip", "192.0.2.1", "--mail-from", "a@example.com"], {"spf": "pass", "smtp.mailfrom": "a@example.com"}),
        (["--ip", "::ffff:192.0.2.1", "--mail-from", "<a@example.com>"], {"spf": "pass", "smtp.mailfrom": "a@example.com"}),
        (
            ["--ip", "198.51.100.1", "--mail-from", "a@example.com", "--at", "1000"],
            {
                "spf": "fail",
                "smtp.mailfrom": "a@example.com",
                "reason": "example.com says -all for 198.51.100.1",
                "explanation": "198.51.100.1 may not, said at 1000",
            },
        ),
        (["--ip", "192.0.2.1", "--helo", "helo.example", "--mail-from", ""], {"spf": "pass", "smtp.helo": "helo.example"}),
        (["--ip", "192.0.2.1", "--helo", "helo.example"], {"spf": "pass", "smtp.helo": "helo.example"}),
    ],
)
def test_verdict(zone: str, arguments: list[str], expected: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON, nothing else."""
    assert main(["spf", *arguments, "--zone", zone], Surroundings({}, no_file)) == 0
    output = capsys.readouterr()
    assert json.loads(output.out) == expected
    assert output.out.count("\n") == 1
    assert output.err == ""


def test_explain(zone: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The way goes to standard error, so that the verdict can still be read by a program."""
    assert main(["spf", "--ip", "192.0.2.1", "--mail-from", "a@example.com", "--zone", zone, "--explain"], Surroundings({}, no_file)) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["spf"] == "pass"
    assert "ip4:192.0.2.0/24: match" in output.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ('{"A": []}', "'A': a name is text in lower case"),
        ('{"a": [["TXT", "x"]]}', "data that is not of its type"),
        (None, "cannot be read"),
    ],
)
def test_wrong_zone(tmp_path: Path, content: str | None, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with a zone file is told with its place."""
    path = tmp_path / "zone.json"
    if content is not None:
        path.write_text(content, "utf-8")
    assert main(["spf", "--ip", "192.0.2.1", "--helo", "a.example", "--zone", str(path)], Surroundings({}, no_file)) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--ip", "localhost"],
        ["--ip", "192.0.2.1", "--at", "soon"],
        ["--ip", "192.0.2.1", "--at", "9" * 12],
        ["--ip", "192.0.2.1", "--mail-from="],
    ],
)
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Missing and wrong options are a wrong use."""
    assert main(["spf", *arguments], Surroundings({}, no_file)) == 2
    assert "Error" in capsys.readouterr().err
