"""What the reading side takes for a document, and in what order."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tidegate.adapters.folder_queue import reader as reader_module
from tidegate.adapters.folder_queue.drain import open_drain
from tidegate.adapters.folder_queue.reader import PARSE_MAX_BYTES, Reader, Unusable, damage_of

LIMIT = 4 << 20


def put(directory: Path, name: str, body: bytes = b"{}", queue: str = "inbox") -> Path:
    """A file in a queue's folder."""
    path = directory / queue / "new" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": 1}', None),
        (b' {"a": 1}\n', None),
        (b"[]", "JSON, but not an object"),
        (b"1", "JSON, but not an object"),
        (b"", "not JSON"),
        (b"\0" * 4096, "not JSON"),  # what ext4 leaves where blocks were never written
        (b'{"a": "b', "not JSON"),
        (b'{"a": "b"}{', "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"a": "\0"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),  # deeper than the interpreter's stack
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),  # more digits than the interpreter converts
        (b'{"a": "' + b"x" * PARSE_MAX_BYTES + b'"}', None),
        (b'{"a": "' + b"x" * PARSE_MAX_BYTES + b'"}\n', None),
        (b'{"a": "' + b"x" * PARSE_MAX_BYTES, "not a whole JSON object"),
        (b'{"a": "' + b"x" * PARSE_MAX_BYTES + b"\0" * 4096 + b'"}', "not a whole JSON object"),
        (b"\0" * (PARSE_MAX_BYTES + 1), "not a whole JSON object"),
    ],
)
def test_damage(body: bytes, reason: str | None) -> None:
    """QU19 QU20: torn, empty, zeroed and foreign content is told from a document."""
    found = damage_of(body)
    assert found is None if reason is None else found is not None and found.startswith(reason)


def test_only_documents_are_read(tmp_path: Path) -> None:
    """QU20: links, folders, pipes, empty and oversized files are described and not returned; a missing one is None."""
    secret = tmp_path / "secret"
    secret.write_text('{"password": "x"}')
    put(tmp_path, "0-good.json", b'{"a": 1}')
    put(tmp_path, "1-empty.json", b"")
    put(tmp_path, "2-large.json", b" " * (LIMIT + 1))
    put(tmp_path, "3-torn.json", b'{"a": ')
    new = tmp_path / "inbox" / "new"
    (new / "4-link.json").symlink_to(secret)
    (new / "5-folder.json").mkdir()
    os.mkfifo(new / "6-pipe.json")
    (new / "7-dangling.json").symlink_to("nowhere")
    reader = Reader(tmp_path, LIMIT)
    found = {message_id: reader.read("inbox", message_id) for message_id in reader.message_ids("inbox")}
    assert {
        key: value if isinstance(value, bytes) else value.reason.partition(":")[0] for key, value in found.items() if value is not None
    } == {
        "0-good": b'{"a": 1}',
        "1-empty": f"0 bytes, a document has 1 to {LIMIT}",
        "2-large": f"{LIMIT + 1} bytes, a document has 1 to {LIMIT}",
        "3-torn": "not JSON",
        "4-link": "a symbolic link",
        "5-folder": "not a regular file",
        "6-pipe": "not a regular file",
        "7-dangling": "a symbolic link",
    }
    assert reader.read("inbox", "8-missing") is None
    assert reader.read("no-queue", "1") is None


def test_drain_quarantines_damage(tmp_path: Path) -> None:
    """QU20: a drain moves what is damaged out of the way, says so once, leaves foreign names alone, and goes on."""
    put(tmp_path, "0-good.json")
    put(tmp_path, "1-empty.json", b"")
    put(tmp_path, "README.txt")
    put(tmp_path, ".2.json.swp")
    new = tmp_path / "inbox" / "new"
    (new / "3-link.json").symlink_to(tmp_path / "outside")
    (new / "4-folder.json").mkdir()
    put(tmp_path, "5-good.json")
    reports: list[str] = []
    drain = open_drain(Reader(tmp_path, LIMIT), "inbox", reports.append)
    assert drain is not None
    assert [item.message_id for item in drain.take(10, LIMIT)] == ["0-good", "5-good"]
    assert drain.take(10, LIMIT) == []
    drain.close()
    assert sorted(path.name for path in new.iterdir()) == [".2.json.swp", "0-good.json", "5-good.json", "README.txt"]
    quarantine = tmp_path / "inbox" / "quarantine"
    assert sorted(path.name for path in quarantine.iterdir()) == ["1-empty.json", "3-link.json", "4-folder.json"]
    assert (quarantine / "3-link.json").is_symlink()
    assert len(reports) == 5
    assert "queue 'inbox': 'README.txt' in new is not the name of a document; it is left alone" in reports
    assert "queue 'inbox': document 3-link was moved to quarantine: a symbolic link" in reports


def test_oldest_first_in_bounded_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RS16: however the folder lists them and however few names are held at a time, ids come in order, each once."""
    names = [f"{number:05d}" for number in range(500)]
    shuffled = names[:]
    random.Random(1).shuffle(shuffled)
    for name in shuffled:
        put(tmp_path, f"{name}.json")
    reader = Reader(tmp_path, LIMIT)
    for limit in (1, 2, 7, 499, 500, 501):
        assert reader.listing("inbox", limit).message_ids == names[:limit]
        assert reader.listing("inbox", limit, after="00250").message_ids == names[251 : 251 + limit]
    assert list(reader.message_ids("inbox")) == names


def test_status_and_queues(tmp_path: Path) -> None:
    """Counts, bytes and age are of documents alone; folders of nobody are no queues."""
    put(tmp_path, "2.json", b"{} ")
    oldest = put(tmp_path, "1.json", b'{"a": 1}')
    os.utime(oldest, (1000, 1000))
    put(tmp_path, "notes.txt", b"x" * 100)
    put(tmp_path, "3.json", queue="%2E.%2Fx")
    put(tmp_path, "4.json", queue="not a queue")
    (tmp_path / "linked").symlink_to(tmp_path / "inbox")
    (tmp_path / "bare").mkdir()
    reader = Reader(tmp_path, LIMIT)
    assert reader.queues() == ["../x", "bare", "inbox"]
    status = reader.status("inbox")
    assert (status.documents, status.size, status.oldest) == (2, 11, 1000)
    assert (reader.status("bare").documents, reader.status("never").oldest) == (0, None)
    assert [reader.holds_any(queue) for queue in reader.queues()] == [True, False, True]
    assert Reader(tmp_path / "missing", LIMIT).queues() == []


def vanish(path: Path) -> None:
    """Taken off by somebody else."""
    path.unlink()


def cut(path: Path) -> None:
    """Damaged by somebody else."""
    path.write_bytes(b"")


@pytest.mark.parametrize(("meanwhile", "expected"), [(vanish, None), (cut, Unusable)])
def test_files_change_while_they_are_read(meanwhile: Callable[[Path], None], expected: type[Unusable] | None, tmp_path: Path) -> None:
    """Between listing and reading anything may happen to a file."""
    path = put(tmp_path, "1.json")
    reader = Reader(tmp_path, LIMIT)
    (message_id,) = reader.message_ids("inbox")
    meanwhile(path)
    body = reader.read("inbox", message_id)
    assert body is None if expected is None else isinstance(body, expected)


def test_bounds_are_stated() -> None:
    """One listing holds a bounded number of names."""
    assert reader_module.SCAN_MAX == 100_000
