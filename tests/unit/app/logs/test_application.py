"""The application log writes everything to every place, never makes anybody wait, and says what it dropped."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tidegate.app.config.values import LogStream
from tidegate.app.logs import application
from tidegate.app.logs.application import REPEATS_PER_SECOND, ApplicationLog
from tidegate.ports.errors import PermanentFailure


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    """Logging is as before afterwards."""
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    root.handlers[:] = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising


def records(path: Path) -> list[dict[str, object]]:
    """What a log file holds."""
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_every_place_gets_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files and standard error, as JSON lines with the name of the instance."""
    places: list[LogStream | Path] = [tmp_path / "a.log", LogStream.STDERR, tmp_path / "b.log"]
    log = application.start(places, "mx1")
    logging.getLogger("tidegate.x").warning("it happened", extra={"port": 25})
    log.stop()
    log.stop()
    expected = {"server": "mx1", "level": "warning", "logger": "tidegate.x", "message": "it happened", "port": 25}
    for found in (records(tmp_path / "a.log"), records(tmp_path / "b.log"), [json.loads(capsys.readouterr().err)]):
        assert [{key: value for key, value in record.items() if key != "time"} for record in found] == [expected]


def test_a_rotated_file_is_made_again(tmp_path: Path) -> None:
    """Nobody has to send a signal."""
    path = tmp_path / "a.log"
    application.write_directly([path])
    logging.getLogger("x").info("one")
    path.rename(tmp_path / "a.log.1")
    logging.getLogger("x").info("two")
    assert [record["message"] for record in records(path)] == ["two"]


@pytest.mark.parametrize("start", [application.start, application.check])
def test_a_place_that_cannot_be_written_to(tmp_path: Path, start: Callable[[Sequence[LogStream | Path]], object]) -> None:
    """OP11: it is named, file or syslog, and nothing is left open."""
    with pytest.raises(PermanentFailure, match=r"application-log .*nowhere/a\.log: cannot be written to: No such file"):
        start([tmp_path / "b.log", tmp_path / "nowhere" / "a.log"])
    if not Path(application.SYSLOG).exists():
        with pytest.raises(PermanentFailure, match=r"application-log syslog \(/dev/log\): cannot be written to"):
            start([LogStream.SYSLOG])


def test_a_supervisor_goes_on_without_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left, standard error at least, is told."""
    application.write_directly([tmp_path / "nowhere" / "a.log"])
    assert "cannot log there" in capsys.readouterr().err
    application.write_directly([tmp_path / "nowhere" / "a.log", tmp_path / "b.log"])
    assert [record["message"] for record in records(tmp_path / "b.log")] == ["cannot log there"]


def test_repeats_are_dropped_and_counted(tmp_path: Path) -> None:
    """LG03: an attack that is logged a thousand times a second drowns nothing else."""
    path = tmp_path / "a.log"
    log = application.start([path])
    for number in range(10 * REPEATS_PER_SECOND):
        logging.getLogger("tidegate.x").info("refused", extra={"number": number})
    logging.getLogger("tidegate.y").info("something else")
    log.stop()
    found = records(path)
    refused = [record for record in found if record["message"] == "refused"]
    dropped = sum(int(str(record["count"])) for record in found if record["message"] == "records dropped")
    assert len(refused) + dropped == 10 * REPEATS_PER_SECOND
    assert len(refused) <= 3 * REPEATS_PER_SECOND, "the second may have changed once or twice meanwhile"
    assert "something else" in [record["message"] for record in found]


class StuckHandler(logging.Handler):
    """A disk that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.holds, self.free = threading.Event(), threading.Event()
        self.seen: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Wait."""
        self.holds.set()
        self.free.wait(20)
        self.seen.append(record)


def test_a_stuck_disk_stops_nobody() -> None:
    """OP11, LG03: what does not fit into the queue is dropped and counted; whoever logs goes on, and the process can end."""
    stuck = StuckHandler()
    log = ApplicationLog([stuck], queue_length=10)
    logger = logging.Logger("tidegate.test")
    logger.addHandler(log.entrance)
    logger.info("record")
    assert stuck.holds.wait(20)
    for number in range(1, 50):
        logger.info(f"record {number}")
    log.stop(within_s=0.01)
    stuck.free.set()
    give_up_at = time.monotonic() + 20
    while len(stuck.seen) < 11:
        assert time.monotonic() < give_up_at
        time.sleep(0.001)
    log.stop()
    dropped = [record for record in stuck.seen if record.msg == "records dropped"]
    assert len(stuck.seen) - len(dropped) + sum(vars(record)["count"] for record in dropped) == 50


def test_libraries_do_not_repeat_what_we_say(tmp_path: Path) -> None:
    """A broker that is away is one line for each attempt, ours; what asyncio has to say of lost exceptions is kept."""
    log = application.start([tmp_path / "log"])
    logging.getLogger("aiormq.connection").error("error when creating transport")
    logging.getLogger("aio_pika.robust_connection").error("attempt failed")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    log.stop()
    assert [record["logger"] for record in records(tmp_path / "log")] == ["asyncio"]
