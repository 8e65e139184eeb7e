"""A forked worker as its parent sees it."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import attrs

EXIT_UNUSABLE = 78
"""Exit status of a worker that cannot serve with its configuration (``EX_CONFIG``): to start it again would change nothing."""

Body = Callable[[Callable[[], None], int], None]
"""What a worker runs: given a function to call when it is ready, and a descriptor that ends when the parent has died."""


@attrs.define(eq=False)
class WorkerProcess:
    """One worker.

    Attributes:
        pid: its process.
        generation: counts configurations: workers of an older one are being replaced.
        ready_fd: becomes readable when it serves, and ends when it dies.
        started: monotonic seconds.
        ready: whether it has said so.
        stopping: whether it was told to stop.
    """

    pid: int
    generation: int
    ready_fd: int
    started: float
    ready: bool = False
    stopping: bool = False

    @classmethod
    def fork(cls, generation: int, body: Body, lifeline: tuple[int, int], unwanted: list[int]) -> "WorkerProcess":
        """Fork a worker that runs ``body``.

        Args:
            generation: see there.
            body: runs in the child; an exception ends it with status 1.
            lifeline: a pipe whose writing end only the parent keeps: the child sees its end when the parent dies, however it dies.
            unwanted: descriptors of the parent that the child closes.
        """
        ready_read, ready_write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(ready_write)
            os.set_blocking(ready_read, False)
            return cls(pid, generation, ready_read, time.monotonic())
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            for descriptor in (ready_read, lifeline[1], *unwanted):
                os.close(descriptor)

            def ready() -> None:
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

    def stop(self) -> None:
        """Ask it to finish what is under way and end."""
        if not self.stopping:
            self.stopping = True
            self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when the process is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close(self) -> None:
        """Release the parent's descriptor."""
        os.close(self.ready_fd)
