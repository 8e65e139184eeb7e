"""A forked worker as its parent sees it."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import attrs

EXIT_UNUSABLE = 78
"""Exit status of a worker that cannot serve with its configuration (``EX_CONFIG``): to start it again would change nothing."""

RETIRE = signal.SIGUSR1
"""Tells a worker to take no new connections and to end once its clients have left."""

# Blocked while a child is on its way: until it has its own handlers, a signal would run the parent's, and be written into the parent's pipe.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, RETIRE)

Body = Callable[[Callable[[], None], int], None]
"""What a worker runs: given a function to call when it is ready, and again when it has been told to retire and takes no new connections; and a
descriptor that ends when the parent has died."""


@attrs.define(eq=False)
class WorkerProcess:
    """One worker.

    Attributes:
        pid: its process.
        generation: counts configurations: workers of an older one are being replaced.
        ready_fd: becomes readable when it serves, again when it takes no new connections, and ends when it dies.
        started: monotonic seconds.
        ready: whether it has said so.
        leaving: whether it was told to end, in either way.
        retired: whether it has said that it takes no new connections.
        kill_at: monotonic seconds when the parent's patience ends: it neither serves by then, nor has it ended as told.
    """

    pid: int
    generation: int
    ready_fd: int
    started: float
    kill_at: float
    ready: bool = False
    leaving: bool = False
    retired: bool = False

    @classmethod
    def fork(cls, generation: int, body: Body, lifeline: tuple[int, int], unwanted: list[int], start_within_s: float) -> "WorkerProcess":
        """Fork a worker that runs ``body``.

        Args:
            generation: see there.
            body: runs in the child; an exception ends it with status 1.
            lifeline: a pipe whose writing end only the parent keeps: the child sees its end when the parent dies, however it dies.
            unwanted: descriptors of the parent that the child closes.
            start_within_s: until it has to serve.

        Raises:
            OSError: there is no process, memory or descriptor left for it.
        """
        ready_read, ready_write = os.pipe()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
        except OSError:
            os.close(ready_read)
            os.close(ready_write)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            raise
        if pid:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(ready_write)
            os.set_blocking(ready_read, False)
            now = time.monotonic()
            return cls(pid, generation, ready_read, now, now + start_within_s)
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            # A terminal that hangs up, or a signal to the whole group, means the parent.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for descriptor in (ready_read, lifeline[1], *unwanted):
                os.close(descriptor)

            def ready() -> None:
                with suppress(BrokenPipeError):  # the parent is dead, which the lifeline tells too
                    os.write(ready_write, b"1")

            body(ready, lifeline[0])
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(status)

    def retire(self, within_s: float) -> None:
        """Ask it to take no new connections and to end when its clients have left. One that does not serve yet ends at once."""
        if not self.leaving:
            self.leaving, self.kill_at = True, time.monotonic() + within_s
            self.signal(RETIRE)

    def stop(self, within_s: float) -> None:
        """Ask it to finish what is under way and end, whether it is retiring or not."""
        self.leaving = True
        self.kill_at = min(self.kill_at, time.monotonic() + within_s)
        self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when the process is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def serves(self) -> None:
        """It has said that it is ready: from now on it has all the time it wants."""
        self.ready = True
        if not self.leaving:
            self.kill_at = float("inf")

    def close(self) -> None:
        """Release the parent's descriptor."""
        os.close(self.ready_fd)
