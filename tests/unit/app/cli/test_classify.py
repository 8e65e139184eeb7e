"""``tidegate classify``."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from tests.unit.domain.reports.messages import XML, attached, delivery_status

from tidegate.app.cli import main

BOUNCE = delivery_status("Final-Recipient: rfc822; bob@example.net\nAction: failed\n").encode()
ORDINARY = b"From: Ann <ann@example.com>\nSubject: Lunch\n\nOn Friday?\n"
REPORT = {"type": "delivery-status", "recipients": [{"final-recipient": "bob@example.net", "action": "failed"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a bounce, an ordinary mail and a broken report, in folders of their own."""
    for name, data in (("b/bounce.eml", BOUNCE), ("a/mail.eml", ORDINARY), ("broken.eml", attached(XML)), ("report.xml", XML + b"</feedback>")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_report_of_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is named: its report, as JSON for people."""
    path = folder / "b" / "bounce.eml"
    assert main(["classify", str(path)]) == 0
    head, _, text = capsys.readouterr().out.partition("\n")
    assert head == f"{path}: delivery-status"
    assert json.loads(text) == REPORT


def test_no_report_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is named is answered for in any case, with the reason where there is one."""
    assert main(["classify", str(folder / "a" / "mail.eml"), str(folder / "broken.eml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{folder}/a/mail.eml: no report"
    assert lines[1].startswith(f"{folder}/broken.eml: no report (dmarc-aggregate: XML is not well-formed: line ")


def test_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a folder: one line for each report in the order of names, what is broken, and a table at the end; no bar without a terminal."""
    assert main(["classify", str(folder)]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith(f"{folder}/broken.eml: no report (")
    assert lines[1:3] == [f"{folder}/report.xml: dmarc-aggregate", f"{folder}/b/bounce.eml: delivery-status"]
    assert lines[3:] == ["", "delivery-status  1", "dmarc-aggregate  1", "no report        2", "files            4"]
    assert captured.err == ""


def test_lines_of_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: one line for each file, also for ordinary mail, and nothing else."""
    assert main(["classify", "--json", str(folder)]) == 0
    captured = capsys.readouterr()
    lines = {Path(line["file"]).name: line for line in map(json.loads, captured.out.splitlines())}
    assert lines["bounce.eml"] == {"file": f"{folder}/b/bounce.eml", "report": REPORT}
    assert lines["mail.eml"] == {"file": f"{folder}/a/mail.eml", "report": None}
    assert lines["broken.eml"]["report"] is None
    assert "not well-formed" in lines["broken.eml"]["note"]
    assert lines["report.xml"]["report"]["org-name"] == "A"
    assert captured.err == ""


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is what comes through a pipe."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BOUNCE)))
    assert main(["classify", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": "-", "report": REPORT}


def test_unreadable_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read is named, the rest is read; links and pipes below a folder lead nowhere."""
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    assert main(["classify", str(folder), str(folder / "absent")]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        f"error: {folder}/pipe: is not a regular file",
        f"error: {folder}/absent: No such file or directory",
    ]
    assert captured.out.splitlines()[-2:] == ["not readable     2", "files            6"]


def test_large_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no message by its size is not read."""
    with (folder / "disk.img").open("wb") as stream:
        stream.truncate(256 * 1024 * 1024 + 1)
    assert main(["classify", str(folder / "disk.img")]) == 1
    assert "is larger than 256 MiB" in capsys.readouterr().err


def test_name_that_is_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is not UTF-8 does not break the JSON."""
    name = os.fsdecode(os.fsencode(folder) + b"/\xff.eml")
    Path(name).write_bytes(ORDINARY)
    assert main(["classify", "--json", name]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == f"{folder}/\ufffd.eml"
    assert main(["classify", name]) == 0
    assert "no report" in capsys.readouterr().out


def test_files_are_required(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file it is a wrong use."""
    assert main(["classify"]) == 2
    assert "FILE|FOLDER" in capsys.readouterr().err
