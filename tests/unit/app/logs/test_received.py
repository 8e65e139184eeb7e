"""The received log: one line per recipient of an accepted message, made from the template."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import attrs
import orjson
import pytest

from tidegate.app.logs import received
from tidegate.app.logs.received import ReceivedLog
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.errors import PermanentFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.reception import IncomingMessage

ACCEPTED = Reply.of(250, "2.0.0", "Ok")
DOCUMENT = {"recipient": "b@example.com", "tags": ["x", "y"], "number": 3, "connection": {"secure": True}, "text": "a\nb"}


def message(sender: str = "a@example.org", recipients: Sequence[str] = ("b@example.com",)) -> IncomingMessage:
    """A message from 192.0.2.1 to 192.0.2.25."""
    client = Client(Endpoints("192.0.2.1", 1234, "192.0.2.25", 25), "client.example", user=None)
    return IncomingMessage(client, Envelope(sender, tuple(map(Recipient, recipients))), b"12345", "mx.example.com")


async def lines(log: ReceivedLog, *messages: IncomingMessage, reply: Reply = ACCEPTED, document: object = DOCUMENT) -> list[str]:
    """What stands in the file after these messages."""
    for item in messages:
        ids = [f"id{number}" for number in range(len(item.envelope.recipients))]
        publications = [Publication("inbox", name, (orjson.dumps(document),)) for name in ids]
        log.note(item, "t1", ids, publications, reply)
    await log.close()
    return log.path.read_text("utf-8").splitlines() if log.path.exists() else []


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<{$json.envelope}> <{$json.recipient}> {$size}", "<a@example.org> <b@example.com> 5"),
        ("{$json.message-id} {$transaction} {$queue} {$reply}", "id0 t1 inbox 250 2.0.0"),
        ("{$json.connection.remote-ip}:{$json.connection.remote-port}", "192.0.2.1:1234"),
        ("{$json.connection.local_ip} {$json.connection.local-port}", "192.0.2.25 25"),
        ("{$JSON.hostname} [{$json.connection.user}] {$json.connection.helo}", "mx.example.com [] client.example"),
        ("{$json.tags} {$json.number} {$json.connection.secure}", '["x", "y"] 3 true'),
        ("{$json.text}", "a\\nb"),
        ("[{$json.nowhere}{$json.tags.deeper}{$unknown}]", "[]"),
        ("{json.envelope} $ {$ x} {}", "{json.envelope} $ {$ x} {}"),
    ],
)
async def test_variables(tmp_path: Path, template: str, expected: str) -> None:
    """Facts, any property of the document, both spellings; what does not exist is empty, what is no variable stays."""
    assert await lines(ReceivedLog(tmp_path / "log", template), message()) == [expected]


async def test_one_line_per_recipient(tmp_path: Path) -> None:
    """In the order of the envelope, message after message."""
    log = ReceivedLog(tmp_path / "log", "{$json.message-id} {$json.recipient}")
    found = await lines(log, message(recipients=("b@x.org", "c@x.org")), message(recipients=("d@x.org",)))
    assert found == ["id0 b@x.org", "id1 c@x.org", "id0 d@x.org"]


async def test_refused_messages_leave_no_line(tmp_path: Path) -> None:
    """The log is of what was received."""
    assert await lines(ReceivedLog(tmp_path / "log", "x"), message(), reply=replies.NOT_QUEUED) == []


@pytest.mark.parametrize("sender", ["a\r\nb@x", "\x1b[2J@x", "\u2028@x", "\u202egnp.exe@x"])
async def test_no_line_is_forged(tmp_path: Path, sender: str) -> None:
    """LG01: neither line ends nor terminal commands nor reversed text."""
    found = await lines(ReceivedLog(tmp_path / "log", "<{$json.envelope}>"), message(sender))
    assert len(found) == 1
    assert found[0].isprintable()
    assert "\\" in found[0]


async def test_a_file_that_is_moved_away_is_made_again(tmp_path: Path) -> None:
    """logrotate needs no signal."""
    log = ReceivedLog(tmp_path / "log", "x")
    await lines(log, message())
    log.path.rename(tmp_path / "log.1")
    assert await lines(log, message()) == ["x"]


async def test_lines_that_could_not_be_written_are_counted(tmp_path: Path) -> None:
    """OP11: the mail goes on, and the file says what is missing once it can."""
    log = ReceivedLog(tmp_path / "folder" / "log", "x")
    assert await lines(log, message(recipients=("b@x.org", "c@x.org"))) == []
    log.path.parent.mkdir()
    assert await lines(log, message()) == ["x", "2 lines dropped: the log could not be written, or not fast enough"]


async def test_a_file_that_cannot_be_written_to_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """OP11: whoever keeps the log hears of it, and of each trouble once; the start tries the file before."""
    log = ReceivedLog(tmp_path / "folder" / "log", "x")
    with pytest.raises(PermanentFailure, match=r"^received-log-file .*folder/log: cannot be written to: No such file"):
        received.check(log.path)
    for _ in range(3):
        await lines(log, message())
    log.path.parent.mkdir()
    received.check(log.path)
    await lines(log, message())
    log.path.unlink()
    log.path.parent.rmdir()
    await lines(log, message())
    told = [(record.getMessage(), vars(record)["file"], vars(record)["reason"]) for record in caplog.records]
    assert told == [("received-log-file cannot be written to", str(log.path), "No such file or directory")] * 2


async def test_waiting_lines_are_bounded(tmp_path: Path) -> None:
    """A disk that is slower than the mail costs no memory without end."""
    log = ReceivedLog(tmp_path / "log", "x")
    many = message(recipients=["b@x.org"] * 1000)
    for _ in range(received.MAX_WAITING // 1000 + 1):
        log.note(many, "t", ["id"] * 1000, [], ACCEPTED)
    await log.close()
    found = log.path.read_text().splitlines()
    assert len(found) == received.MAX_WAITING + 1
    assert found[-1].startswith("1000 lines dropped")


@attrs.define
class SlowLog(ReceivedLog):
    """Its disk takes its time."""

    writing: threading.Event = attrs.field(factory=threading.Event)
    go: threading.Event = attrs.field(factory=threading.Event)

    def _write(self, text: str) -> None:
        self.writing.set()
        assert self.go.wait(20)
        super()._write(text)


async def test_closing_waits_for_the_disk(tmp_path: Path) -> None:
    """Lines on their way, and those that come meanwhile, are in the file afterwards."""
    log = SlowLog(tmp_path / "log", "{$json.envelope}")
    log.note(message("first@x.org"), "t", ["id"], [], ACCEPTED)
    assert await asyncio.to_thread(log.writing.wait, 20)
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)
    log.note(message("second@x.org"), "t", ["id"], [], ACCEPTED)
    log.go.set()
    await closing
    assert log.path.read_text().splitlines() == ["first@x.org", "second@x.org"]
