"""The process that reads reports: answers questions on standard output until standard input ends.

Run as ``python -m tidegate.adapters.report_process.child``. Everything that a hostile report can cost is bounded: CPU time of a question by a
timer, memory by the address space, all by the operating system should both fail. Nothing is read but the pipe, nothing is written but the pipe.
"""

import os
import resource
import select
import signal
import sys
from types import FrameType
from typing import BinaryIO

import orjson

from tidegate.adapters.report_process.frames import ANSWER, MAX_QUESTION_BYTES, NOTE, ORDINARY, QUESTION, REPORT
from tidegate.domain.reports import NotAReport, as_json, classify

CPU_SECONDS = 2.0
"""CPU time of one question. The largest report within the bounds of the domain takes 1 to 2 seconds on a slow machine."""

MEMORY_BYTES = 768 * 1024 * 1024
"""Address space. The interpreter takes 100 MiB of it, the largest question with its copies 100, the largest report 250."""

IDLE_SECONDS = 120.0
"""Silence after which the process ends: large reports come in bursts, and its memory is free in between."""

_NICENESS = 5  # serving SMTP comes first


class _TimeIsUp(BaseException):
    """Raised by the timer; not an Exception, so that nothing on the way takes it for a fault of the report."""


def main() -> None:
    """Answer until the pipe ends or nobody has asked for a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the gateway ends the process by closing the pipe
    signal.signal(signal.SIGPROF, _time_is_up)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([questions], [], [], IDLE_SECONDS)[0]:
        head = questions.read(QUESTION.size)
        if len(head) < QUESTION.size:
            return
        (length,) = QUESTION.unpack(head)
        if length > MAX_QUESTION_BYTES:
            return
        message = questions.read(length)
        if len(message) < length:
            return
        _reply(answers, *answer(message))


def answer(message: bytes, cpu_seconds: float = CPU_SECONDS) -> tuple[bytes, bytes]:
    """Return what an answer is and what it says."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    # The last resort, for code that does not come back to the interpreter.
    limit = int(spent.ru_utime + spent.ru_stime + cpu_seconds * 4) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    try:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        try:
            outcome = classify(message)
            if isinstance(outcome, NotAReport):
                return (NOTE, outcome.note.encode()) if outcome.note else (ORDINARY, b"")
            return REPORT, orjson.dumps(as_json(outcome))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _TimeIsUp:
        return NOTE, f"reading the report took more than {cpu_seconds:g} seconds of CPU time".encode()
    except MemoryError:
        return NOTE, b"reading the report took too much memory"


def _time_is_up(_signal: int, _frame: FrameType | None) -> None:
    raise _TimeIsUp


def _reply(answers: BinaryIO, kind: bytes, payload: bytes) -> None:
    answers.write(ANSWER.pack(kind, len(payload)))
    answers.write(payload)
    answers.flush()


if __name__ == "__main__":
    main()
