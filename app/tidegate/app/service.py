"""The service: from a loaded configuration to running workers, and from one configuration to the next."""

import logging
import os
import pwd
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from socket import socket

import attrs

from tidegate.adapters.folder_queue.claim import Claim, claim
from tidegate.adapters.smtp import Listener, bind_socket
from tidegate.app import worker
from tidegate.app.auth import back_ends
from tidegate.app.config.settings import Process, Settings
from tidegate.app.config.values import LogStream
from tidegate.app.logs import application, received
from tidegate.app.preloading import preload
from tidegate.app.supervisor import Plan, Supervisor
from tidegate.app.supervisor.descriptors import raise_limit, too_few
from tidegate.app.supervisor.inherited import make_harmless
from tidegate.app.supervisor.privileges import Lock, account_of, drop_privileges
from tidegate.app.supervisor.worker_process import EXIT_UNUSABLE
from tidegate.app.tls_warnings import tls_warnings
from tidegate.app.wiring import check_broker, source_mapping, tls_context
from tidegate.domain.ip_ranges import IpRanges
from tidegate.ports.errors import PermanentFailure, PortError

_log = logging.getLogger("tidegate.service")

Place = tuple[str, int]
"""Address and port; an empty address is all of them."""
_WILDCARDS = {"", "0.0.0.0", "::"}


@attrs.define(eq=False)
class Service:
    """One running server.

    Attributes:
        load: reads the configuration as it is now; None when it cannot be used, which it has said.
    """

    load: Callable[[], Settings | None]
    _process: Process | None = attrs.field(default=None, init=False)
    _sockets: dict[Place, socket] = attrs.field(factory=dict, init=False)
    _helped: bool = attrs.field(default=False, init=False)
    _claims: dict[Path, Claim] = attrs.field(factory=dict, init=False)

    def run(self, settings: Settings) -> int:
        """Serve until stopped; returns the exit status.

        Raises:
            PortError: the service cannot be started; the text says what to do.
        """
        make_harmless()
        self._process = settings.process
        application.write_directly((LogStream.STDERR,), settings.process.server_id)
        limit = raise_limit()
        smtp = settings.smtp
        if warning := too_few(limit, min(filter(None, (smtp.connections, smtp.connections_in)), default=None)):
            _log.warning(warning)
        with ExitStack() as stack:
            stack.callback(self._close_all_but, set(), None)
            if settings.process.lock is not None:
                stack.enter_context(Lock(settings.process.lock))
            self._bind(settings)
            self._start_helper(settings)
            if settings.process.user is not None:
                _make_state_directory_for(settings.process.user, settings.state.directory)
            preload(settings)
            if settings.process.user is not None:
                drop_privileges(settings.process.user)
            plan = self._plan(settings)
            plan.in_force()
            return Supervisor(plan, self._reload).run()

    def _reload(self) -> Plan | None:
        settings = self.load()
        if settings is None:
            return None
        preload(settings)
        sockets, claims = set(self._sockets), set(self._claims)
        try:
            self._bind(settings)
            plan = self._plan(settings)
        except PortError as failure:
            _log.error("the new configuration cannot be used", extra={"reason": str(failure)})
            for place in self._sockets.keys() - sockets:
                self._sockets.pop(place).close()
            for directory in self._claims.keys() - claims:
                self._claims.pop(directory).close()
            return None
        for name in ("user", "lock"):
            if getattr(settings.process, name) != getattr(self._process, name):
                _log.warning("a change of this setting takes a restart", extra={"setting": name})
        return plan

    def _plan(self, settings: Settings) -> Plan:
        """Everything that can fail is tried here, before any worker starts.

        Raises:
            PortError: something cannot be used.
        """
        tls = tls_context(settings)
        if back_ends.system_accounts(settings.smtp.auth) is not None and not self._helped:
            raise PermanentFailure("smtp-auth: users:// takes a restart: what checks passwords of the system starts with the server")
        back_ends.check(settings)
        check_broker(settings)
        _warn_of_loopback(settings)
        for name, wrong in tls_warnings(settings, tls, time.time()):
            _log.warning("certificate", extra={"setting": name, "problem": wrong})
        application.check(settings.logs.application_log)
        if settings.logs.received_log_file is not None:
            received.check(settings.logs.received_log_file)
        _make_directory(settings.state.directory)
        if settings.queue.directory not in self._claims:
            self._claims[settings.queue.directory] = claim(settings.queue.directory)
        wanted = _places(settings)
        listening = [Listener(self._sockets[place], secure) for place, secure in wanted.items()]
        unused = [sock for place, sock in self._sockets.items() if place not in wanted]

        def body(ready: Callable[[], None], lifeline: int) -> None:
            _serve(settings, listening, tls, ready, lifeline, unused)

        def in_force() -> None:
            self._close_all_but(set(wanted), settings.queue.directory)
            application.write_directly(settings.logs.application_log, settings.process.server_id)

        return Plan(settings.smtp.threads, body, in_force)

    def _bind(self, settings: Settings) -> None:
        for place in _places(settings):
            if place in self._sockets:
                continue
            address, port = place
            try:
                self._sockets[place] = bind_socket(address or None, port)
            except PermanentFailure:
                if not any(port == taken and (address in _WILDCARDS or other in _WILDCARDS) for other, taken in self._sockets):
                    raise
                # The kernel lets nobody listen on both, and to close the one first would refuse those who wait there.
                wrong = f"port {port}: a change between all addresses and single ones (smtp-ip) takes a restart"
                raise PermanentFailure(wrong) from None

    def _start_helper(self, settings: Settings) -> None:
        """Where accounts of the system may log in: the process that may ask for their passwords, while there are rights to start it with."""
        patterns = back_ends.system_accounts(settings.smtp.auth)
        if patterns is None:
            return
        from tidegate.adapters.auth.privileged_helper import start_helper

        user = settings.process.user
        account = account_of(user) if user else None
        if user:
            _make_state_directory_for(user, settings.state.directory)
        else:
            _make_directory(settings.state.directory)
        uid, gid = (account.pw_uid, account.pw_gid) if account else (os.getuid(), os.getgid())
        start_helper(back_ends.helper_socket(settings), patterns, uid, gid)
        self._helped = True

    def _close_all_but(self, places: set[Place], queue_directory: Path | None) -> None:
        """Let go of what no configuration in force needs; workers that still use it have their own share."""
        for place in self._sockets.keys() - places:
            self._sockets.pop(place).close()
        for directory in self._claims.keys() - {queue_directory}:
            self._claims.pop(directory).close()


def _warn_of_loopback(settings: Settings) -> None:
    listening = IpRanges.parse(";".join(str(ip) for ip in settings.smtp.ip)) if settings.smtp.ip else IpRanges.everything()
    if source_mapping(settings).loopback_only(listening):
        _log.warning(
            "only loopback addresses are mappable: a sender that takes ips from the documents reaches nobody beyond this machine; "
            "smtp-unmappable-ips: 127.0.0.0/8;::1 lets it take its own"
        )


def _places(settings: Settings) -> dict[Place, bool]:
    """Where to listen, and whether it is TLS from the first byte there."""
    smtp = settings.smtp
    addresses = [str(ip) for ip in smtp.ip] or [""]
    return {
        (address, port): secure for secure, ports in ((False, smtp.port), (True, smtp.secure_port)) for port in ports for address in addresses
    }


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(0, "no permission to write")
    except OSError as error:
        raise PermanentFailure(f"state-directory {path}: {error.strerror}; it must be a folder that this user can write to") from error


def _make_state_directory_for(user: str, path: Path) -> None:
    """While this is root still: ``/var/lib`` is not the user's to write to.

    Raises:
        PermanentFailure: it cannot be made.
    """
    if os.getuid() != 0 or path.exists():
        return
    _make_directory(path)
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return  # dropping privileges says so
    os.chown(path, account.pw_uid, account.pw_gid)


def _serve(
    settings: Settings,
    listening: list[Listener],
    tls: ssl.SSLContext | None,
    ready: Callable[[], None],
    lifeline: int,
    unused: list[socket],
) -> None:
    """What a worker process does."""
    for sock in unused:
        sock.close()
    log = application.start(settings.logs.application_log, settings.process.server_id)
    try:
        worker.run(settings, listening, tls, ready, lifeline)
    except PermanentFailure as failure:
        _log.error("cannot serve", extra={"reason": str(failure)})
        sys.exit(EXIT_UNUSABLE)
    except PortError as failure:
        _log.error("cannot serve", extra={"reason": str(failure)})
        sys.exit(os.EX_TEMPFAIL)
    except Exception:
        _log.exception("cannot serve")
        sys.exit(1)
    finally:
        log.stop()
