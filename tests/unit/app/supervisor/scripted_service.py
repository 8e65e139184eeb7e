"""A supervisor whose workers do as they are told: run as a process by the tests of the supervisor.

``python scripted_service.py FOLDER PLAN`` starts with ``PLAN``, like ``2 serve``, and takes the plan of each reload from the file ``next`` in the
folder; an empty one is a configuration that cannot be used. What happens is written to the file ``events``, one line each.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tidegate.app.supervisor import Plan, Supervisor
from tidegate.app.supervisor.supervisor import Patience
from tidegate.app.supervisor.worker_process import EXIT_UNUSABLE, RETIRE

PATIENCE = Patience(start=1.0, retire=1.0, stop=1.0, retired=0.5, pause=0.05, longest_pause=0.2)


def main(folder: Path, first: str) -> int:
    """Run the supervisor."""

    def note(*words: object) -> None:
        with (folder / "events").open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    logging.basicConfig(format="log %(message)s", filename=folder / "events", level=logging.INFO)

    def plan(text: str) -> Plan:
        count, name = text.split()

        def body(ready: Callable[[], None], lifeline: int) -> None:
            BODIES[name](lambda *words: note(*words, os.getpid()), ready, lifeline)

        return Plan(int(count), body, lambda: note("in-force", text))

    def reload() -> Plan | None:
        text = (folder / "next").read_text().strip()
        if text == "fault":
            raise RuntimeError("a fault")
        return plan(text) if text else None

    status = Supervisor(plan(first), reload, PATIENCE).run()
    note("ended", status)
    return status


Note = Callable[..., None]


def serve(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Serves until it is told to end, or the parent dies."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, RETIRE):
        signal.signal(number, lambda number, _: told.append(number))
    os.set_blocking(lifeline, False)
    note("serving")
    ready()
    while not told:
        try:
            if os.read(lifeline, 1) == b"":
                note("orphaned")
                return
        except BlockingIOError:
            time.sleep(0.005)
    note("told", signal.Signals(told[0]).name)


def linger(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Serves; when it retires it tells so after a while, and its clients are in no hurry."""
    retire: list[int] = []
    signal.signal(RETIRE, lambda number, _: retire.append(number))
    note("serving")
    ready()
    while not retire:
        time.sleep(0.005)
    time.sleep(0.1)
    note("takes no more")
    ready()
    time.sleep(60)


def deaf(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Serves and ends for nobody."""
    for number in (signal.SIGTERM, signal.SIGINT, RETIRE):
        signal.signal(number, signal.SIG_IGN)
    note("serving")
    ready()
    time.sleep(60)


def hang(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Never gets ready."""
    note("hanging")
    time.sleep(60)


def unusable(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Cannot serve with this configuration."""
    note("unusable")
    sys.exit(EXIT_UNUSABLE)


def broken(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Has a fault."""
    note("broken")
    raise RuntimeError("a fault")


def falling(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """The first one serves; all others die as soon as they serve, and tell when."""
    try:
        Path(sys.argv[1], "first").touch(exist_ok=False)
    except FileExistsError:
        note("falling", time.monotonic())
        ready()
        os.kill(os.getpid(), signal.SIGKILL)
    serve(note, ready, lifeline)


def descriptors(note: Note, ready: Callable[[], None], lifeline: int) -> None:
    """Serves, and tells how many descriptors it was given."""
    note("descriptors", len(os.listdir("/proc/self/fd")))
    serve(note, ready, lifeline)


BODIES = {body.__name__: body for body in (serve, linger, deaf, hang, unusable, broken, falling, descriptors)}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
