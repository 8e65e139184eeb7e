"""Keeps the workers running.

The parent binds the ports and never serves a connection itself: it has no event loop and no threads, so that it can fork at any time. Workers
inherit the listening sockets. A worker that dies takes its sessions with it and nothing else: waiting connections stay in the queue of the
shared socket, and the next worker takes them.

Signals: SIGTERM and SIGINT drain everything and end; a second one ends at once (what was acknowledged is durable, so nothing is lost). SIGHUP
reads the configuration again: new workers start with it, and when all of them serve, the old ones retire: they take no new connections, which
they tell, and end when their clients have left. The reload is announced when the last of them has told it: from then on nobody meets the old
configuration. If the new ones cannot serve, they retire and the old ones stay. A SIGHUP that comes while a reload is under way
is remembered, so that what was read last is what is in the file.
"""

import logging
import os
import selectors
import signal
import time
from collections.abc import Callable

import attrs

from tidegate.app.supervisor.systemd import notify
from tidegate.app.supervisor.worker_process import EXIT_UNUSABLE, RETIRE, Body, WorkerProcess

_log = logging.getLogger("tidegate.supervisor")

YOUNG_S = 10.0
"""A worker that lived longer did not die of its start."""
RETIRING_GENERATIONS = 2
"""Of how many former configurations there may be workers whose clients have not left yet; older ones are stopped. It bounds what a storm of
reloads costs."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@attrs.frozen
class Plan:
    """What the workers of one configuration run.

    Attributes:
        workers: how many.
        body: what each runs.
        in_force: called in the parent when no other plan counts any more: the workers of this one serve in place of those before, or the plan
            that was to replace it was given up.
    """

    workers: int
    body: Body
    in_force: Callable[[], None] = lambda: None


@attrs.frozen
class Patience:
    """How long the parent waits, in seconds.

    Attributes:
        start: for a worker to serve.
        retire: for a retiring worker to end: its own bound for clients that do not leave, and then ``stop``.
        stop: for a stopping worker to end. It gives message data 30 seconds, and a commit under way the time that its deadlines say; one that
            is still there is stuck. What is killed then has not been acknowledged.
        retired: for a retiring worker to tell that it takes no new connections; the reload is announced without it then.
        pause: before a dead worker is replaced; doubled for each that dies young.
        longest_pause: where the doubling ends.
        longest_pause_serving: where it ends after a worker that did serve: the port must not be left alone because one message kills.
    """

    start: float = 60.0
    retire: float = 240.0
    stop: float = 120.0
    retired: float = 5.0
    pause: float = 0.1
    longest_pause: float = 30.0
    longest_pause_serving: float = 1.0


@attrs.define(eq=False)
class Supervisor:
    """Runs the plan until it is told to stop. One per process: it takes over the signals.

    Attributes:
        plan: the first configuration.
        reload: makes a plan of the configuration as it is now, or None when it cannot be used (and has said why).
        patience: time limits.
    """

    plan: Plan
    reload: Callable[[], Plan | None]
    patience: Patience = attrs.field(factory=Patience)
    _generation: int = attrs.field(default=0, init=False)
    _workers: dict[int, WorkerProcess] = attrs.field(factory=dict, init=False)
    _previous: Plan | None = attrs.field(default=None, init=False)  # while a reload is under way
    _reload_wanted: bool = attrs.field(default=False, init=False)
    _announce_by: float = attrs.field(default=float("inf"), init=False)  # while old workers may still take connections
    _pause: float = attrs.field(default=0.0, init=False)
    _respawn_at: float = attrs.field(default=float("inf"), init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _status: int = attrs.field(default=0, init=False)
    _announced: bool = attrs.field(default=False, init=False)
    _lifeline: tuple[int, int] = attrs.field(factory=os.pipe, init=False)
    _wakeup: tuple[int, int] = attrs.field(factory=os.pipe, init=False)
    _selector: selectors.EpollSelector = attrs.field(factory=selectors.EpollSelector, init=False)

    def run(self) -> int:
        """Serve until stopped; returns the exit status: 0, or 78 when the first workers cannot serve."""
        for descriptor in self._wakeup:
            os.set_blocking(descriptor, False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.signal(RETIRE, signal.SIG_IGN)
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        self._selector.register(self._wakeup[0], selectors.EVENT_READ)
        self._spawn_missing()
        while self._workers or not self._stopping:
            events = self._selector.select(self._timeout())
            # Workers first: taking the signals may reap one of them, and its descriptor is another's then.
            for key, _ in events:
                if key.data is not None:
                    self._heard_of(key.data)
            self._take_signals()
            self._look_at_the_clock()
            if self._reload_wanted and self._previous is None and self._announce_by == float("inf") and not self._stopping:
                self._start_reload()
        return self._status

    # -- signals ---------------------------------------------------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        try:
            numbers = os.read(self._wakeup[0], 4096)
        except BlockingIOError:
            return
        for number in dict.fromkeys(numbers):
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGHUP:
                self._reload_wanted = True  # one reload for any number of them
            elif number in (signal.SIGTERM, signal.SIGINT):
                self._stop()

    def _stop(self) -> None:
        if self._stopping:
            _log.warning("stopping at once")
            for worker in self._workers.values():
                worker.signal(signal.SIGKILL)
            return
        self._stopping = True
        notify("STOPPING=1")
        for worker in self._workers.values():
            worker.stop(self.patience.stop)

    def _start_reload(self) -> None:
        self._reload_wanted = False
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            plan = self.reload()
        except Exception:  # a fault of ours must not stop a server that serves
            _log.exception("reload failed")
            plan = None
        if plan is None:
            _log.error("configuration not reloaded: the one in force stays")
            notify("READY=1")
            return
        self._previous, self.plan = self.plan, plan
        self._generation += 1
        self._spawn_missing()

    # -- workers ---------------------------------------------------------------------------------------------------------------------------

    def _spawn_missing(self) -> None:
        self._respawn_at = float("inf")
        alive = sum(worker.generation == self._generation and not worker.leaving for worker in self._workers.values())
        for _ in range(self.plan.workers - alive):
            unwanted = [*self._wakeup, self._selector.fileno(), *(worker.ready_fd for worker in self._workers.values())]
            try:
                worker = WorkerProcess.fork(self._generation, self.plan.body, self._lifeline, unwanted, self.patience.start)
            except OSError as error:
                self._could_not_start(error.strerror or "no reason is known")
                return
            self._workers[worker.pid] = worker
            self._selector.register(worker.ready_fd, selectors.EVENT_READ, worker)

    def _could_not_start(self, reason: str) -> None:
        if self._previous is not None:
            self._give_up_reload(f"a worker could not be started: {reason}")
        else:
            _log.error("a worker could not be started", extra={"reason": reason})
            self._respawn_later(self.patience.longest_pause, young=True)

    def _heard_of(self, worker: WorkerProcess) -> None:
        if not os.read(worker.ready_fd, 1):
            self._selector.unregister(worker.ready_fd)
        elif worker.ready:
            worker.retired = True
            self._announce_reload()
        else:
            worker.serves()
            self._look_at_generation()

    def _look_at_generation(self) -> None:
        """Is the plan complete? Then it is in force."""
        if self._stopping or self.plan.workers > sum(
            worker.generation == self._generation and worker.ready and not worker.leaving for worker in self._workers.values()
        ):
            return
        if self._previous is not None:
            self._previous = None
            for worker in self._workers.values():
                if worker.generation <= self._generation - 1 - RETIRING_GENERATIONS:
                    worker.stop(self.patience.stop)
                elif worker.generation != self._generation:
                    worker.retire(self.patience.retire)
            self.plan.in_force()
            self._announce_by = time.monotonic() + self.patience.retired
            self._announce_reload()
        elif not self._announced:
            notify("READY=1")
        self._announced = True

    def _announce_reload(self) -> None:
        """Say that the new configuration holds, if it is new and nobody takes connections with an old one."""
        if self._announce_by == float("inf") or self._stopping:
            return
        accepting = any(worker.leaving and not worker.retired for worker in self._workers.values())
        if not accepting or time.monotonic() >= self._announce_by:
            self._announce_by = float("inf")
            _log.info("configuration reloaded")
            notify("READY=1")

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
            if not worker.leaving:
                self._died(worker, os.waitstatus_to_exitcode(status))
            self._announce_reload()

    def _died(self, worker: WorkerProcess, code: int) -> None:
        if self._previous is not None and worker.generation == self._generation and not worker.ready:
            self._give_up_reload("a worker with the new configuration could not start")
            return
        _log.error("worker died", extra={"worker": worker.pid, "exit": code})
        if code == EXIT_UNUSABLE and not self._announced:
            self._status = EXIT_UNUSABLE
            self._stop()
        elif worker.generation == self._generation:  # others are about to be replaced anyhow
            patience = self.patience
            longest = patience.longest_pause_serving if worker.ready else patience.longest_pause
            self._respawn_later(longest, young=time.monotonic() - worker.started < YOUNG_S)

    def _respawn_later(self, longest: float, *, young: bool) -> None:
        if self._respawn_at == float("inf"):  # those that died together are replaced together
            self._pause = min(self._pause * 2, longest) if young and self._pause else self.patience.pause
            self._respawn_at = time.monotonic() + self._pause

    def _give_up_reload(self, reason: str) -> None:
        assert self._previous is not None
        _log.error("configuration not reloaded: the one in force stays", extra={"reason": reason})
        for worker in self._workers.values():
            if worker.generation == self._generation:
                worker.retire(self.patience.retire)
        self.plan, self._previous = self._previous, None
        # The old workers go on as the newest generation.
        before, self._generation = self._generation - 1, self._generation + 1
        for worker in self._workers.values():
            if worker.generation == before and not worker.leaving:
                worker.generation = self._generation
        self.plan.in_force()
        self._spawn_missing()
        notify("READY=1")
        self._look_at_generation()

    # -- time ------------------------------------------------------------------------------------------------------------------------------

    def _timeout(self) -> float | None:
        first = min([self._respawn_at, self._announce_by, *(worker.kill_at for worker in self._workers.values())])
        return None if first == float("inf") else max(0.0, first - time.monotonic())

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        self._announce_reload()
        if self._stopping:
            self._respawn_at = self._announce_by = float("inf")
        elif now >= self._respawn_at:
            self._spawn_missing()
        for worker in list(self._workers.values()):
            if now < worker.kill_at:
                continue
            if self._previous is not None and worker.generation == self._generation and not worker.leaving:
                self._give_up_reload("a worker with the new configuration did not start in time")
            else:
                _log.error("worker killed: it did not end in time" if worker.leaving else "worker killed: it did not start in time")
                worker.kill_at = float("inf")
                worker.signal(signal.SIGKILL)
