"""The service: from a loaded configuration to running workers, and from one configuration to the next."""

import logging
import os
import ssl
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.smtp import Listener, bind_socket
from tidegate.app import worker
from tidegate.app.config.settings import Settings
from tidegate.app.logs import application
from tidegate.app.logs.json_lines import JsonLines
from tidegate.app.supervisor import Plan, Supervisor
from tidegate.app.supervisor.privileges import drop_privileges, take_lock
from tidegate.app.supervisor.worker_process import EXIT_UNUSABLE
from tidegate.app.wiring import source_mapping, tls_context
from tidegate.domain.ip_ranges import IpRanges
from tidegate.ports.errors import PermanentFailure, PortError

_log = logging.getLogger("tidegate.service")

Place = tuple[str, int, bool]
"""Address (empty for all), port, TLS from the first byte."""


@attrs.define(eq=False)
class Service:
    """One running server.

    Attributes:
        load: reads the configuration as it is now; None when it cannot be used, which it has said.
    """

    load: Callable[[], Settings | None]
    _sockets: dict[Place, Listener] = attrs.field(factory=dict, init=False)
    _kept: ExitStack = attrs.field(factory=ExitStack, init=False)
    _claimed: set[Path] = attrs.field(factory=set, init=False)

    def run(self, settings: Settings) -> int:
        """Serve until stopped; returns the exit status.

        Raises:
            PortError: the service cannot be started; the text says what to do.
        """
        _log_to_stderr(settings.process.server_id)
        with self._kept:
            if settings.process.lock is not None:
                take_lock(settings.process.lock)
            self._bind(settings)
            if settings.process.user is not None:
                drop_privileges(settings.process.user)
            return Supervisor(self._plan(settings), self._reload).run()

    def _reload(self) -> Plan | None:
        settings = self.load()
        if settings is None:
            return None
        before = dict(self._sockets)
        try:
            self._bind(settings)
            return self._plan(settings)
        except PortError as failure:
            _log.error("the new configuration cannot be used", extra={"reason": str(failure)})
            for place in self._sockets.keys() - before.keys():
                self._sockets.pop(place).sock.close()
            return None

    def _plan(self, settings: Settings) -> Plan:
        """Everything that can fail is tried here, before any worker starts.

        Raises:
            PortError: something cannot be used.
        """
        tls = tls_context(settings)
        _warn_of_loopback(settings)
        settings.state.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim(settings.queue.directory)
        wanted = _places(settings)
        listening = [self._sockets[place] for place in wanted]
        kept = dict(self._sockets)

        def body(ready: Callable[[], None], lifeline: int) -> None:
            _serve(settings, listening, tls, ready, lifeline, [kept[place] for place in kept.keys() - set(wanted)])

        return Plan(settings.smtp.threads, body, lambda: self._close_all_but(wanted))

    def _bind(self, settings: Settings) -> None:
        for place in _places(settings):
            if place not in self._sockets:
                address, port, secure = place
                self._sockets[place] = Listener(bind_socket(address or None, port), secure)

    def _close_all_but(self, wanted: list[Place]) -> None:
        for place in self._sockets.keys() - set(wanted):
            self._sockets.pop(place).sock.close()

    def _claim(self, directory: Path) -> None:
        if directory not in self._claimed:
            self._kept.enter_context(claim(directory))
            self._claimed.add(directory)


def _warn_of_loopback(settings: Settings) -> None:
    listening = IpRanges.parse(";".join(str(ip) for ip in settings.smtp.ip)) if settings.smtp.ip else IpRanges.everything()
    if source_mapping(settings).loopback_only(listening):
        _log.warning("only loopback addresses are mappable: a sender that takes ips from the documents reaches nobody beyond this machine")


def _places(settings: Settings) -> list[Place]:
    smtp = settings.smtp
    addresses = [str(ip) for ip in smtp.ip] or [""]
    return [
        (address, port, secure) for secure, ports in ((False, smtp.port), (True, smtp.secure_port)) for port in ports for address in addresses
    ]


def _serve(
    settings: Settings,
    listening: list[Listener],
    tls: ssl.SSLContext | None,
    ready: Callable[[], None],
    lifeline: int,
    unused: list[Listener],
) -> None:
    """What a worker process does."""
    for listener in unused:
        listener.sock.close()
    log = application.start(settings.logs.application_log, settings.process.server_id)
    try:
        worker.run(settings, listening, tls, ready, lifeline)
    except PermanentFailure as failure:
        _log.error("cannot serve", extra={"reason": str(failure)})
        sys.exit(EXIT_UNUSABLE)
    except PortError as failure:
        _log.error("cannot serve", extra={"reason": str(failure)})
        sys.exit(os.EX_TEMPFAIL)
    finally:
        log.stop()


def _log_to_stderr(server: str | None) -> None:
    """For the parent, which forks and so must not have a thread for its log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(server))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
