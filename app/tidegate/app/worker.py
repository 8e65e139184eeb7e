"""One serving process: event loop, signals, logs around a :class:`~tidegate.app.wiring.Gateway`."""

import asyncio
import gc
import logging
import signal
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from tidegate.adapters.smtp import Listener
from tidegate.app.config.settings import Settings
from tidegate.app.logs.received import ReceivedLog
from tidegate.app.supervisor.worker_process import RETIRE
from tidegate.app.wiring import Gateway

_log = logging.getLogger("tidegate.worker")

GC_THRESHOLD = 20_000
"""Container objects made before the youngest generation is collected (Python's default is 700). Messages and connections without TLS leave no
reference cycles behind."""


def run(settings: Settings, listening: Sequence[Listener], tls: ssl.SSLContext | None, ready: Callable[[], None], lifeline: int) -> None:
    """Serve until SIGTERM, SIGINT or the end of the parent process, then drain.

    On the signal ``RETIRE`` no new connections are taken; the clients that are there go on until they leave, or the server's patience ends.

    Args:
        settings: the configuration.
        listening: sockets to serve.
        tls: for STARTTLS and secure ports.
        ready: called once connections are accepted, and again once a retiring process accepts no more.
        lifeline: a descriptor that becomes readable when the parent has died.

    Raises:
        PortError: what stands behind could not be opened.
    """
    runner = _runner()
    runner(_serve(settings, listening, tls, ready, lifeline))


async def _serve(
    settings: Settings, listening: Sequence[Listener], tls: ssl.SSLContext | None, ready: Callable[[], None], lifeline: int
) -> None:
    loop = asyncio.get_running_loop()
    stop, retire = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(RETIRE, retire.set)
    loop.add_reader(lifeline, stop.set)
    logs = settings.logs
    journal = ReceivedLog(logs.received_log_file, logs.received_log_format) if logs.received_log_file else None
    gateway = Gateway(settings, listening, tls, journal)
    await gateway.open()
    # What was made until now stays: the collector need not look at it again, nor at every few hundred of the short-lived objects of a message.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    _log.info("serving", extra={"ports": sorted({listener.sock.getsockname()[1] for listener in listening})})
    ready()
    await _first_of(stop.wait(), retire.wait())
    if not stop.is_set():
        _log.info("retiring: no new connections, clients that are connected go on")
        retiring = asyncio.ensure_future(gateway.retire())
        await asyncio.sleep(0)  # by now it has stopped listening
        ready()
        await _first_of(stop.wait(), retiring)
    _log.info("stopping: no new connections, messages under way are finished")
    loop.remove_reader(lifeline)
    await gateway.close()
    if journal is not None:
        await journal.close()
    _log.info("stopped")


async def _first_of(*waits: Awaitable[object]) -> None:
    """Wait for one of them; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """uvloop where it is installed, else asyncio's own loop: the same behaviour at about twice the CPU."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run
