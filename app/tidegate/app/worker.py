"""One serving process: event loop, signals, logs around a :class:`~tidegate.app.wiring.Gateway`."""

import asyncio
import gc
import logging
import signal
import ssl
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tidegate.adapters.smtp import Listener
from tidegate.app.config.settings import Settings
from tidegate.app.logs.received import ReceivedLog
from tidegate.app.wiring import Gateway

_log = logging.getLogger("tidegate.worker")

GC_THRESHOLD = 20_000
"""Container objects made before the youngest generation is collected (Python's default is 700). Messages leave no reference cycles behind; what
remains for the collector are connections."""


def run(settings: Settings, listening: Sequence[Listener], tls: ssl.SSLContext | None, ready: Callable[[], None], lifeline: int) -> None:
    """Serve until SIGTERM, SIGINT or the end of the parent process, then drain.

    Args:
        settings: the configuration.
        listening: sockets to serve.
        tls: for STARTTLS and secure ports.
        ready: called once connections are accepted.
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
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
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
    await stop.wait()
    _log.info("stopping: no new connections, messages under way are finished")
    loop.remove_reader(lifeline)
    await gateway.close()
    if journal is not None:
        await journal.close()
    _log.info("stopped")


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """uvloop where it is installed, else asyncio's own loop: the same behaviour at about twice the CPU."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run
