"""Keeps the workers running.

The parent binds the ports and never serves a connection itself: it has no event loop and no threads, so that it can fork at any time. Workers
inherit the listening sockets. A worker that dies takes its sessions with it and nothing else: waiting connections stay in the queue of the
shared socket, and the next worker takes them.

Signals: SIGTERM and SIGINT drain everything and end; a second one ends at once (what was acknowledged is durable, so nothing is lost). SIGHUP
reads the configuration again: new workers start with it, and when all of them serve, the old ones drain. If they cannot serve, they are stopped
and the old ones stay.
"""

import errno
import logging
import os
import selectors
import signal
import time
from collections.abc import Callable

import attrs

from tidegate.app.supervisor.systemd import notify
from tidegate.app.supervisor.worker_process import EXIT_UNUSABLE, Body, WorkerProcess

_log = logging.getLogger("tidegate.supervisor")

BACKOFF_FIRST = 0.1
"""Seconds before a dead worker is replaced, doubled for each one that dies young."""
BACKOFF_MAX = 30.0
YOUNG = 10.0
"""Seconds: a worker that lived longer did not die of its start."""
START_DEADLINE = 60.0
"""Seconds that workers of a new configuration may take to serve."""


@attrs.frozen
class Plan:
    """What the workers of one configuration run.

    Attributes:
        workers: how many.
        body: what each runs.
        retired: called in the parent once the workers of this plan have ended.
    """

    workers: int
    body: Body
    retired: Callable[[], None] = lambda: None


@attrs.define(eq=False)
class Supervisor:
    """Runs the plan until it is told to stop.

    Attributes:
        plan: the first configuration.
        reload: makes a plan of the configuration as it is now, or None when it cannot be used (and has said why).
    """

    plan: Plan
    reload: Callable[[], Plan | None]
    _generation: int = 0
    _workers: dict[int, WorkerProcess] = attrs.field(factory=dict, init=False)
    _previous: Plan | None = attrs.field(default=None, init=False)
    _new_since: float = attrs.field(default=0.0, init=False)
    _backoff: float = attrs.field(default=BACKOFF_FIRST, init=False)
    _respawn_at: float | None = attrs.field(default=None, init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _status: int = attrs.field(default=0, init=False)
    _announced: bool = attrs.field(default=False, init=False)
    _lifeline: tuple[int, int] = attrs.field(factory=os.pipe, init=False)
    _wakeup: tuple[int, int] = attrs.field(factory=os.pipe, init=False)
    _selector: selectors.BaseSelector = attrs.field(factory=selectors.DefaultSelector, init=False)

    def run(self) -> int:
        """Serve until stopped; returns the exit status: 0, or 78 when the first workers cannot serve."""
        for descriptor in self._wakeup:
            os.set_blocking(descriptor, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        self._selector.register(self._wakeup[0], selectors.EVENT_READ)
        self._spawn_missing()
        while self._workers or not self._stopping:
            for key, _ in self._selector.select(self._timeout()):
                if key.fd == self._wakeup[0]:
                    self._take_signals()
                else:
                    self._heard_of(key.data)
            self._look_at_the_clock()
        notify("STOPPING=1")
        return self._status

    # -- signals ---------------------------------------------------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        try:
            numbers = os.read(self._wakeup[0], 4096)
        except BlockingIOError:
            return
        # One reload for any number of SIGHUPs that came together.
        for number in dict.fromkeys(numbers):
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGHUP:
                self._start_reload()
            else:
                self._stop()

    def _stop(self) -> None:
        if self._stopping:
            _log.warning("stopping at once")
            for worker in self._workers.values():
                worker.signal(signal.SIGKILL)
            return
        self._stopping = True
        self._respawn_at = None
        notify("STOPPING=1")
        for worker in self._workers.values():
            worker.stop()

    def _start_reload(self) -> None:
        if self._stopping:
            return
        if self._previous is not None:
            _log.warning("reload ignored: the one before is still under way")
            return
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        plan = self.reload()
        if plan is None:
            _log.error("configuration not reloaded: the one in force stays")
            notify("READY=1")
            return
        self._previous, self.plan = self.plan, plan
        self._generation += 1
        self._new_since = time.monotonic()
        self._spawn_missing()

    # -- workers ---------------------------------------------------------------------------------------------------------------------------

    def _spawn_missing(self) -> None:
        self._respawn_at = None
        alive = sum(1 for worker in self._workers.values() if worker.generation == self._generation)
        for _ in range(self.plan.workers - alive):
            unwanted = [self._wakeup[0], self._wakeup[1], *(worker.ready_fd for worker in self._workers.values())]
            worker = WorkerProcess.fork(self._generation, self.plan.body, self._lifeline, unwanted)
            self._workers[worker.pid] = worker
            self._selector.register(worker.ready_fd, selectors.EVENT_READ, worker)

    def _heard_of(self, worker: WorkerProcess) -> None:
        try:
            said = os.read(worker.ready_fd, 1)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return
            said = b""
        self._selector.unregister(worker.ready_fd)
        if said:
            worker.ready = True
            self._generation_ready()

    def _generation_ready(self) -> None:
        ready = [worker for worker in self._workers.values() if worker.generation == self._generation and worker.ready]
        if len(ready) < self.plan.workers:
            return
        if self._previous is not None:
            _log.info("configuration reloaded")
            self._previous = None
            for worker in self._workers.values():
                if worker.generation != self._generation:
                    worker.stop()
            notify("READY=1")
        elif not self._announced:
            notify("READY=1")
        self._announced = True

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = self._workers.pop(pid, None)
            if worker is None:
                continue
            if worker.ready_fd in self._selector.get_map():
                self._selector.unregister(worker.ready_fd)
            worker.close()
            if not worker.stopping:
                self._died(worker, os.waitstatus_to_exitcode(status))

    def _died(self, worker: WorkerProcess, code: int) -> None:
        if self._stopping:
            return
        if worker.generation != self._generation:
            return  # an old one that was on its way out anyhow
        if not worker.ready and self._previous is not None:
            self._give_up_reload("a worker with the new configuration could not start")
            return
        if code == EXIT_UNUSABLE and not self._announced:
            self._status = EXIT_UNUSABLE
            self._stop()
            return
        _log.error("worker died", extra={"worker": worker.pid, "exit": code})
        young = time.monotonic() - worker.started < YOUNG
        self._backoff = min(self._backoff * 2, BACKOFF_MAX) if young else BACKOFF_FIRST
        self._respawn_at = time.monotonic() + self._backoff

    def _give_up_reload(self, reason: str) -> None:
        assert self._previous is not None
        _log.error("configuration not reloaded: the one in force stays", extra={"reason": reason})
        for worker in self._workers.values():
            if worker.generation == self._generation:
                worker.stop()
        self.plan.retired()
        self.plan, self._previous = self._previous, None
        # The old workers go on; they count as the newest generation again.
        self._generation += 1
        for worker in self._workers.values():
            if not worker.stopping:
                worker.generation = self._generation
        self._spawn_missing()
        notify("READY=1")

    # -- time ------------------------------------------------------------------------------------------------------------------------------

    def _timeout(self) -> float | None:
        now = time.monotonic()
        times = []
        if self._respawn_at is not None:
            times.append(self._respawn_at - now)
        if self._previous is not None:
            times.append(self._new_since + START_DEADLINE - now)
        return max(0.0, min(times)) if times else None

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self._respawn_at is not None and now >= self._respawn_at and not self._stopping:
            self._spawn_missing()
        if self._previous is not None and now > self._new_since + START_DEADLINE:
            self._give_up_reload("the workers with the new configuration did not start in time")
