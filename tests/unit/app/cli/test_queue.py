"""``tidegate queue``: what a person sees of the embedded queue."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import pytest

from tidegate.adapters.folder_queue.follower import Follower
from tidegate.adapters.folder_queue.reader import Reader
from tidegate.app.cli import main
from tidegate.app.cli.mail_folder import mail_of
from tidegate.app.cli.quantities import age, nbytes
from tidegate.app.cli.surroundings import Surroundings


@attrs.frozen
class Outcome:
    """What a run leaves behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def queues(tmp_path: Path) -> Path:
    """A queue directory: two queues, one with a damaged file."""
    for queue, message_id, document in (
        ("inbox", "2", {"message-id": "2", "mime": "Subject: two\r\n\r\nüber\r\n"}),
        ("inbox", "1", {"message-id": "1", "mime": "Subject: one\r\n\r\n" + "x" * 1000, "tags": ["a"]}),
        ("a%2Fb", "3", {"message-id": "3", "mime": "//4=", "mime-encoding": "base64"}),
    ):
        put(tmp_path, queue, message_id, json.dumps(document).encode())
    os.utime(tmp_path / "inbox" / "new" / "1.json", (time.time() - 7384, time.time() - 7384))
    os.utime(tmp_path / "a%2Fb" / "new" / "3.json", (time.time() + 1000, time.time() + 1000))  # The clock was set back.
    return tmp_path


def put(directory: Path, folder: str, message_id: str, body: bytes) -> None:
    """A file in a queue."""
    new = directory / folder / "new"
    new.mkdir(parents=True, exist_ok=True)
    (new / f"{message_id}.json").write_bytes(body)


@pytest.fixture
def run(queues: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``tidegate queue`` on that directory."""

    def go(*argv: str, environ: Mapping[str, str] | None = None) -> Outcome:
        def nothing(path: str) -> tuple[bytes, int]:
            raise FileNotFoundError(path)

        settings = {"TIDEGATE_QUEUE_DIRECTORY": str(queues), **(environ or {})}
        status = main(["queue", *argv], Surroundings(settings, nothing))
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return go


def test_list(run: Run, queues: Path) -> None:
    """Queues with counts, bytes, age and what was set aside; nothing else on the screen."""
    (queues / "inbox" / "quarantine").mkdir()
    (queues / "inbox" / "quarantine" / "9.json").touch()
    result = run("list")
    assert (result.status, result.err) == (0, "")
    assert [line.split() for line in result.out.splitlines()] == [
        ["QUEUE", "DOCUMENTS", "SIZE", "OLDEST", "QUARANTINE"],
        ["a/b", "1", "62", "B", "0", "s", "-"],
        ["inbox", "2", "1.1", "kB", "2", "h", "3", "min", "1"],
    ]


def test_list_for_programs(run: Run) -> None:
    """One JSON object a line."""
    lines = [json.loads(line) for line in run("list", "--json").out.splitlines()]
    assert [(line["queue"], line["documents"], line["quarantine"]) for line in lines] == [("a/b", 1, 0), ("inbox", 2, 0)]
    assert all(line["bytes"] > 0 and line["oldest"] > 0 for line in lines)


def test_list_without_a_directory(run: Run, tmp_path: Path) -> None:
    """A directory that does not exist has no queues, which is no error."""
    result = run("list", environ={"TIDEGATE_QUEUE_DIRECTORY": str(tmp_path / "none")})
    assert (result.status, result.out) == (0, f"There are no queues in {tmp_path / 'none'}.\n")


def test_peek(run: Run) -> None:
    """The oldest document, pretty, with a long mime cut short unless it is asked for."""
    shown = json.loads(run("peek", "inbox").out)
    assert (shown["message-id"], shown["tags"]) == ("1", ["a"])
    assert shown["mime"].startswith("Subject: one\r\n\r\nxxx")
    assert shown["mime"].endswith("xxx… (616 more characters)")
    assert json.loads(run("peek", "inbox", "--full").out)["mime"] == "Subject: one\r\n\r\n" + "x" * 1000
    assert run("peek", "-n", "5").out.count('"message-id"') == 3


def test_peek_at_damage(run: Run, queues: Path) -> None:
    """What is no document is named, and does not hide the others; odd documents are shown."""
    put(queues, "inbox", "0", b"{torn")
    put(queues, "inbox", "3", b'{"half": "\\ud800"}')
    put(queues, "inbox", "4", b'{"mime": "' + b"x" * (1 << 20) + b'",}')
    result = run("peek", "inbox", "-n", "9")
    assert result.out.count("\n{") == 2
    assert '"half": "\\ud800"' in result.out
    assert "inbox/new/0.json is no document: not JSON" in result.err
    assert "inbox/new/4.json is no document: not JSON" in result.err


@pytest.mark.parametrize("command", ["peek", "export", "publish"])
def test_unknown_queue(command: str, run: Run) -> None:
    """A queue that is not there is an error that names those that are."""
    result = run(command, "inbux", environ={"TIDEGATE_RABBITMQ_ADDRESS": "amqp://127.0.0.1:1"})
    assert result.status == 2
    assert "There is no queue 'inbux'" in result.err
    assert "a/b, inbox" in result.err


def test_export_lines(run: Run, queues: Path, tmp_path: Path) -> None:
    """Documents as they stand, one a line, oldest first; a document with line breaks is written anew."""
    put(queues, "inbox", "0", b'{\n  "message-id": "0"\n}\n')
    lines = run("export", "inbox").out.splitlines()
    assert [json.loads(line)["message-id"] for line in lines] == ["0", "1", "2"]
    assert lines[1].encode() == (queues / "inbox" / "new" / "1.json").read_bytes()
    output = tmp_path / "out.ndjson"
    assert run("export", "-o", str(output)).status == 0
    assert len(output.read_bytes().splitlines()) == 4


def test_export_mails(run: Run, queues: Path, tmp_path: Path) -> None:
    """Mails byte for byte, private, in a folder for each queue; what is no document gives status 1."""
    put(queues, "inbox", "7", b'{"key": "stored elsewhere"}')
    put(queues, "inbox", "8", b"")
    folder = tmp_path / "mails"
    result = run("export", "--eml", str(folder))
    assert result.status == 1
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.eml")}
    assert found == {
        "a%2Fb/3.eml": b"\xff\xfe",
        "inbox/1.eml": b"Subject: one\r\n\r\n" + b"x" * 1000,
        "inbox/2.eml": "Subject: two\r\n\r\nüber\r\n".encode(),
    }
    assert (folder / "inbox" / "1.eml").stat().st_mode & 0o777 == 0o600
    assert "7 in queue 'inbox' holds no mail" in result.err
    assert "inbox/new/8.json is no document" in result.err


def test_mail_of_odd_documents() -> None:
    """A mime property that is no text or no base64 is no mail."""
    for document in ({}, {"mime": 1}, {"mime": None}, {"mime": "?", "mime-encoding": "base64"}, {"mime": "ü", "mime-encoding": "base64"}):
        assert mail_of(document) is None


def test_follow(run: Run, queues: Path) -> None:
    """New documents of all queues, those made later included, one line each; older ones on demand."""

    def arrive() -> None:
        time.sleep(0.3)
        put(queues, "inbox", "5", b'{"message-id": "5"}')
        put(queues, "fresh", "6", b'{"message-id":\n"6"}')

    arrival = threading.Thread(target=arrive)
    arrival.start()
    lines = run("follow", "-n", "2").out.splitlines()
    arrival.join()
    assert sorted(json.loads(line)["message-id"] for line in lines) == ["5", "6"]
    assert [json.loads(line)["message-id"] for line in run("follow", "inbox", "--all", "-n", "3").out.splitlines()] == ["1", "2", "5"]


def test_follow_a_queue_to_come(run: Run, queues: Path) -> None:
    """A name that may be misspelt is said, and waited for."""
    arrival = threading.Timer(0.3, put, (queues, "later", "7", b'{"message-id": "7"}'))
    arrival.start()
    result = run("follow", "later", "-n", "1")
    arrival.join()
    assert (json.loads(result.out)["message-id"], result.err) == ("7", "There is no queue later yet; waiting for it.\n")


def test_follower_sees_what_came_within_one_tick(queues: Path) -> None:
    """A folder that changed a moment ago is looked at again although its date is the same; one that has settled is not."""
    clock = [time.time_ns()]
    follower = Follower(Reader(queues, 1 << 20), ("inbox",), lambda: clock[0])
    assert follower.look() == [("inbox", "1"), ("inbox", "2")]
    new = queues / "inbox" / "new"
    date = new.stat().st_mtime_ns
    put(queues, "inbox", "5", b"{}")
    os.utime(new, ns=(date, date))
    assert follower.look() == [("inbox", "5")]
    (new / "5.json").unlink()
    put(queues, "inbox", "6", b"{}")
    os.utime(new, ns=(date, date))
    clock[0] = date + 3_000_000_000
    assert follower.look() == []


def test_publish_without_a_broker(run: Run) -> None:
    """Without an address there is nothing to publish to, and it says what to add."""
    result = run("publish")
    assert result.status == 2
    assert "rabbitmq-address is not set" in result.err


def test_publish_nothing(run: Run, queues: Path) -> None:
    """Empty queues need no broker."""
    for path in queues.glob("*/new/*"):
        path.unlink()
    result = run("publish", environ={"TIDEGATE_RABBITMQ_ADDRESS": "amqp://127.0.0.1:1"})
    assert (result.status, result.out) == (0, "There is nothing to publish.\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(run: Run, queues: Path) -> None:
    """A directory of somebody else is an error that says what to do."""
    queues.chmod(0)
    result = run("list")
    queues.chmod(0o700)
    assert result.status == 1
    assert "Permission denied" in result.err
    assert "as the user" in result.err


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (12_345_678_901, "12.3 GB"),
        (10**16, "10,000.0 TB"),
    ],
)
def test_nbytes(number: int, text: str) -> None:
    """Bytes with the largest unit that leaves a whole number before the point."""
    assert nbytes(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0.9, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (7384, "2 h 3 min"), (86_400, "1 d 0 h"), (200_000, "2 d 7 h")],
)
def test_age(seconds: float, text: str) -> None:
    """Durations in their two largest units."""
    assert age(seconds) == text
