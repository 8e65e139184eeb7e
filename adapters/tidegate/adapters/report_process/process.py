"""The gateway's side: starts the process when the first large report comes, asks it one question at a time, ends it when it does not answer."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

import attrs
import orjson

from tidegate.adapters.report_process.frames import ANSWER, MAX_ANSWER_BYTES, MAX_QUESTION_BYTES, NOTE, ORDINARY, QUESTION, REPORT
from tidegate.domain.json_value import JsonObject
from tidegate.domain.reports import NotAReport

DEADLINE_S = 20.0
"""Seconds until a question is given up, waiting for its turn included. The process takes 2 seconds of CPU at most for each."""

MAX_WAITING = 16
"""Questions that may wait: each holds a message in memory and a client at the end of its DATA."""

# The process needs to find the interpreter and its libraries. What else is in the environment, passwords for one, is none of its business.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class _Unanswered(Exception):
    """The process has died."""


@attrs.define
class ProcessReportReader:
    """Plays :class:`tidegate.ports.report_reader.ReportReader` with a process that is started when it is needed.

    Belongs to one event loop. An idle process ends itself; :meth:`close` ends it at once.

    Attributes:
        deadline_s: see :data:`DEADLINE_S`.
        max_waiting: see :data:`MAX_WAITING`.
    """

    deadline_s: float = DEADLINE_S
    max_waiting: int = MAX_WAITING
    _process: Process | None = attrs.field(default=None, init=False)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)
    _waiting: int = attrs.field(default=0, init=False)

    async def read(self, message: bytes) -> JsonObject | NotAReport:
        """See the port."""
        if len(message) > MAX_QUESTION_BYTES:
            return NotAReport(f"message of {len(message)} octets is too large for its report to be read")
        if self._waiting >= self.max_waiting:
            return NotAReport(f"{self._waiting} large reports are waiting to be read")
        self._waiting += 1
        try:
            async with asyncio.timeout(self.deadline_s), self._turn:
                return await self._ask(message)
        except TimeoutError:
            return NotAReport(f"reading the report took more than {self.deadline_s:g} seconds")
        except (_Unanswered, OSError) as problem:
            return NotAReport(f"the process that reads reports failed: {problem}")
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process. The reader can be used again after it."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        # Reads what is left, so that the pipes are closed with the process.
        with suppress(OSError):
            await process.communicate()

    async def _ask(self, message: bytes) -> JsonObject | NotAReport:
        fresh = self._process is None or self._process.returncode is not None
        try:
            return await self._answer(message)
        except _Unanswered:
            # An idle process may end in the moment it is asked.
            if fresh:
                raise
        return await self._answer(message)

    async def _answer(self, message: bytes) -> JsonObject | NotAReport:
        if self._process is not None and self._process.returncode is not None:
            await self.close()
        if self._process is None:
            self._process = await _start()
        process = self._process
        answered = False
        try:
            kind, payload = await _exchange(process, message)
            answered = True
        except (ConnectionError, asyncio.IncompleteReadError) as problem:
            raise _Unanswered("it ended without an answer") from problem
        finally:
            # Half an answer in the pipe would be taken for the next one. Also after a deadline and a cancellation.
            if not answered:
                await self.close()
        if kind == REPORT:
            report: JsonObject = orjson.loads(payload)
            return report
        return NotAReport(payload.decode() if kind == NOTE else None)


async def _start() -> Process:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    command = (sys.executable, "-P", "-m", "tidegate.adapters.report_process.child")
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, cwd="/")


async def _exchange(process: Process, message: bytes) -> tuple[bytes, bytes]:
    questions, answers = process.stdin, process.stdout
    assert questions is not None
    assert answers is not None
    questions.write(QUESTION.pack(len(message)))
    questions.write(message)
    await questions.drain()
    kind, length = ANSWER.unpack(await answers.readexactly(ANSWER.size))
    if kind not in (REPORT, NOTE, ORDINARY) or length > MAX_ANSWER_BYTES:
        raise ConnectionError("nonsense from the process that reads reports")
    return kind, await answers.readexactly(length)
