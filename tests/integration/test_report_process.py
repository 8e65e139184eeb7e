"""The process that reads reports: contract, bounds, sudden death, idleness."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tidegate.adapters.report_process import ProcessReportReader
from tidegate.domain.reports import NotAReport
from tidegate.ports.report_reader import ReportReader
from tidegate.ports.testing.report_reader import REPORT_READER_CHECKS, ReaderMaker, notification

pytestmark = pytest.mark.integration


@asynccontextmanager
async def make() -> AsyncIterator[ReportReader]:
    """One reader with its process."""
    reader = ProcessReportReader()
    try:
        yield reader
    finally:
        await reader.close()


def pid(reader: ProcessReportReader) -> int:
    """Its process."""
    assert reader._process is not None
    return reader._process.pid


@pytest.mark.parametrize("check", REPORT_READER_CHECKS)
async def test_contract(check: Callable[[ReaderMaker], Awaitable[None]]) -> None:
    """See the checks."""
    await check(make)


async def test_process_is_reused_and_started_again() -> None:
    """A process serves many questions; one that was killed between two is replaced without anybody noticing."""
    reader = ProcessReportReader()
    try:
        assert not isinstance(await reader.read(notification(1)), NotAReport)
        first = pid(reader)
        assert not isinstance(await reader.read(notification(2)), NotAReport)
        assert pid(reader) == first
        os.kill(first, signal.SIGKILL)
        assert not isinstance(await reader.read(notification(3)), NotAReport)
        assert pid(reader) != first
    finally:
        await reader.close()


async def test_deadline_and_recovery() -> None:
    """A process that does not answer is given up and replaced: the message is an ordinary one, with a note."""
    reader = ProcessReportReader(deadline_s=5)
    try:
        await reader.read(notification(1))
        stopped = pid(reader)
        os.kill(stopped, signal.SIGSTOP)
        reader.deadline_s = 0.2
        outcome = await reader.read(notification(1))
        assert isinstance(outcome, NotAReport)
        assert outcome.note == "reading the report took more than 0.2 seconds"
        reader.deadline_s = 20
        assert not isinstance(await reader.read(notification(1)), NotAReport)
        assert pid(reader) != stopped
    finally:
        await reader.close()


async def test_cancelled_question_does_not_answer_the_next() -> None:
    """Half an answer in the pipe is never taken for another."""
    reader = ProcessReportReader()
    try:
        await reader.read(notification(1))
        task = asyncio.create_task(reader.read(notification(5_000)))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        outcome = await reader.read(notification(2))
        assert not isinstance(outcome, NotAReport)
        recipients = outcome["recipients"]
        assert isinstance(recipients, list)
        assert len(recipients) == 2
    finally:
        await reader.close()


async def test_bounds_on_questions() -> None:
    """A message too large to ask about, and more questions than may wait, are told at once."""
    reader = ProcessReportReader(max_waiting=0)
    outcome = await reader.read(notification(1))
    assert isinstance(outcome, NotAReport)
    assert outcome.note == "0 large reports are waiting to be read"
    outcome = await reader.read(b"x" * (32 * 1024 * 1024 + 1))
    assert isinstance(outcome, NotAReport)
    assert "too large" in (outcome.note or "")
    assert reader._process is None


CHILD = """
import resource, sys
from tidegate.adapters.report_process import child
def forever(message):
    while True:
        pass
def hog(message):
    return [bytes(1_000_000) for _ in range(10_000)]
resource.setrlimit(resource.RLIMIT_AS, (child.MEMORY_BYTES, child.MEMORY_BYTES))
import signal
signal.signal(signal.SIGPROF, child._time_is_up)
child.classify = {"forever": forever, "hog": hog}[sys.argv[1]]
print(child.answer(b"", 0.2)[1].decode())
"""


@pytest.mark.parametrize(("fault", "note"), [("forever", "more than 0.2 seconds of CPU time"), ("hog", "too much memory")])
async def test_time_and_memory_are_bounded(fault: str, note: str) -> None:
    """HD09, RP01 to RP05: a fault that the domain's bounds do not catch ends within the process's."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, fault, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert note in out.decode()


async def test_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the gateway's environment and files is none of its business."""
    monkeypatch.setenv("TIDEGATE_RABBITMQ_ADDRESS", "amqp://user:secret@host")
    secret = os.open("/dev/null", os.O_RDONLY)
    reader = ProcessReportReader()
    try:
        await reader.read(notification(1))
        place = Path("/proc") / str(pid(reader))
        assert b"secret" not in (place / "environ").read_bytes()
        assert {int(entry.name) for entry in (place / "fd").iterdir()} == {0, 1, 2}
    finally:
        os.close(secret)
        await reader.close()


async def test_close_ends_the_process() -> None:
    """Nothing is left running; closing twice does no harm, and the reader can be used again."""
    reader = ProcessReportReader()
    await reader.read(notification(1))
    process = reader._process
    await reader.close()
    await reader.close()
    assert process is not None
    assert process.returncode == -signal.SIGKILL
    assert not isinstance(await reader.read(notification(1)), NotAReport)
    await reader.close()


async def test_process_ends_with_its_pipe() -> None:
    """A gateway that dies leaves nothing behind; a question longer than allowed ends the process too."""
    for question in (b"", b"\xff\xff\xff\xff", b"\0\0\0\x10cut"):
        command = (sys.executable, "-P", "-m", "tidegate.adapters.report_process.child")
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate(question)
        assert (process.returncode, out) == (0, b"")
