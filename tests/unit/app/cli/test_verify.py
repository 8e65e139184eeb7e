"""``tidegate verify``."""

import json
from pathlib import Path

import pytest

from tidegate.app.cli import main
from tidegate.app.cli.surroundings import Surroundings

ZONE = {
    "example.co.uk": [["TXT", ["v=spf1 ip4:192.0.2.0/24 -all"]]],
    "_dmarc.example.co.uk": [["TXT", ["v=DMARC1; p=reject"]]],
    "_dmarc.co.uk": [["TXT", ["v=DMARC1; p=none"]]],
}
MESSAGE = b"From: joe@mail.example.co.uk\nSubject: hi\n\nHello\n"


def no_file(path: str) -> tuple[bytes, int]:
    """A machine without configuration."""
    raise FileNotFoundError(path)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A message and its zone, as arguments."""
    (tmp_path / "message.eml").write_bytes(MESSAGE)
    (tmp_path / "zone.json").write_text(json.dumps(ZONE), "utf-8")
    return [str(tmp_path / "message.eml"), "--zone", str(tmp_path / "zone.json")]


def test_checks(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The checks as documents have them; the tree walk takes co.uk for an organisation, for it says nothing else."""
    assert main(["verify", *files, "--ip", "192.0.2.1", "--mail-from", "joe@example.co.uk"], Surroundings({}, no_file)) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert json.loads(output.out) == {
        "checks": [
            {"spf": "pass", "smtp.mailfrom": "joe@example.co.uk"},
            {"dkim": "none", "reason": "no signature"},
            {"dmarc": "pass", "header.from": "mail.example.co.uk", "policy": "none", "disposition": "none"},
            {"arc": "none", "reason": "no ARC set"},
            {"iprev": "fail", "policy.iprev": "192.0.2.1", "reason": "the address has no name"},
        ]
    }


def test_rfc_7489_profile(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """By the public suffix list the organisation is example.co.uk."""
    assert main(["verify", *files, "--profile", "rfc7489"], Surroundings({}, no_file)) == 0
    (dmarc,) = [entry for entry in json.loads(capsys.readouterr().out)["checks"] if "dmarc" in entry]
    assert (dmarc["dmarc"], dmarc["policy"]) == ("fail", "reject")


def test_without_client(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A message alone is checked for what can be checked."""
    assert main(["verify", *files, "--explain"], Surroundings({}, no_file)) == 0
    output = capsys.readouterr()
    assert [next(iter(entry)) for entry in json.loads(output.out)["checks"]] == ["dkim", "dmarc", "arc"]
    verdicts = [line for line in output.err.splitlines() if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in verdicts] == ["DKIM none", "DMARC fail for mail.example.co.uk", "ARC none"]


def test_line_ends(tmp_path: Path, corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A signed message verifies from a file with LF and from one with CRLF."""
    case = next(
        case
        for case in map(json.loads, (corpora / "dkim" / "cases.jsonl").read_text("utf-8").splitlines())
        if case["eol"] == "lf" and case["expected_rfc8301"] == ["pass"] and "now" not in case
    )
    message = (corpora / "dkim" / case["file"]).read_bytes()
    (tmp_path / "zone.json").write_text(json.dumps(case["zone"]), "utf-8")
    for content in (message, message.replace(b"\n", b"\r\n")):
        (tmp_path / "message.eml").write_bytes(content)
        assert main(["verify", str(tmp_path / "message.eml"), "--zone", str(tmp_path / "zone.json")], Surroundings({}, no_file)) == 0
        assert json.loads(capsys.readouterr().out)["checks"][0]["dkim"] == "pass"


def test_time(tmp_path: Path, corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """ML11: --at is the clock of the checks."""
    case = next(
        case
        for case in map(json.loads, (corpora / "dkim" / "cases.jsonl").read_text("utf-8").splitlines())
        if case.get("expected_at_now") == ["pass"]
    )
    (tmp_path / "zone.json").write_text(json.dumps(case["zone"]), "utf-8")
    found = []
    for at in (str(case["now"]), "2026-11-22T00:00:00"):
        assert (
            main(["verify", str(corpora / "dkim" / case["file"]), "--zone", str(tmp_path / "zone.json"), "--at", at], Surroundings({}, no_file))
            == 0
        )
        found.append(json.loads(capsys.readouterr().out)["checks"][0]["dkim"])
    assert found == ["pass", "fail"]


def test_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is told; status 1."""
    assert main(["verify", str(tmp_path / "none.eml")], Surroundings({}, no_file)) == 1
    assert "cannot be read: No such file or directory" in capsys.readouterr().err
