"""Builds the gateway from its settings: the only place that knows concrete classes."""

import os
import secrets
import ssl
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

import attrs

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings, BrokerAddress
from tidegate.adapters.amqp import Encoding as AmqpEncoding
from tidegate.adapters.amqp import QueueType as AmqpQueueType
from tidegate.adapters.amqp.publisher import tls_contexts
from tidegate.adapters.ban_folder import FolderBanList
from tidegate.adapters.database import DatabaseDirectory
from tidegate.adapters.dns import DnspythonResolver
from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.adapters.re2 import compile_regex
from tidegate.adapters.report_process import ProcessReportReader
from tidegate.adapters.rspamd import RspamdScanner
from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.adapters.smtp import Listener, SmtpServer, Timing, server_context
from tidegate.adapters.spamd import SpamdScanner
from tidegate.app.auth.back_ends import make as make_back_ends
from tidegate.app.auth.chain import AuthenticatorChain
from tidegate.app.auth.gateway_login import GatewayLogin
from tidegate.app.checks.message_checks import BUDGET_S, MessageChecks
from tidegate.app.config.settings import Settings
from tidegate.app.config.values import Audience as AuthResults
from tidegate.app.config.values import Check, DmarcProfile, Fallback, LineEndings
from tidegate.app.gate import GatewayGate
from tidegate.app.host_names import HostNames
from tidegate.app.managed_state import ManagedState
from tidegate.app.reception import Audience, Journal, MailReception, ReceptionSettings
from tidegate.app.reception.budget import MemoryBudget
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.app.reception.nowhere import Nowhere
from tidegate.app.reception.policy import GatewayPolicy
from tidegate.app.spool_drainer import SpoolDrainer
from tidegate.app.spooling import SpoolingPublisher
from tidegate.app.supervisor.descriptors import room
from tidegate.domain.access import AccessPolicy
from tidegate.domain.client_limits import ClientLimits, ClientTable
from tidegate.domain.connection_budget import UNLIMITED, ConnectionLimits
from tidegate.domain.headers import HeaderLimits
from tidegate.domain.ip_address import canonical
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.message_id import NODE_BYTES, MessageIds
from tidegate.domain.nameserver import system_nameservers
from tidegate.domain.routing import Queues
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.source_ips import SourceMapping
from tidegate.ports.login import Login
from tidegate.ports.publisher import Publisher
from tidegate.ports.resolver import Resolver
from tidegate.ports.spam_scanner import SpamScanner

BOARD_NAME = "connections"
"""The file under the state directory on which all processes of the machine count their connections."""

BANS_NAME = "auth-bans"
"""The folder under the state directory with a file for each banned client."""


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The context for the configured certificate, or None without one.

    Raises:
        PermanentFailure: certificate, key or ciphers cannot be used.
    """
    smtp = settings.smtp
    if smtp.certificate is None or smtp.key is None:
        return None
    return server_context(smtp.certificate, smtp.key, smtp.ciphers or None)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def milliseconds_now() -> int:
    """The same in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@attrs.define(eq=False)
class Gateway:
    """One process of the composed server. Open it on the event loop that is to serve; close it to drain.

    Attributes:
        settings: the whole configuration.
        listening: sockets to serve, which may be shared with other processes.
        tls: for STARTTLS and secure ports.
        journal: told of each message.
        publisher: in place of the configured one (for tests and embedders).
    """

    settings: Settings
    listening: Sequence[Listener]
    tls: ssl.SSLContext | None = None
    journal: Journal | None = None
    publisher: Publisher | None = None
    server: SmtpServer = attrs.field(init=False)
    _resources: AsyncExitStack = attrs.field(factory=AsyncExitStack, init=False)

    async def open(self) -> None:
        """Connect what stands behind and start accepting."""
        settings = self.settings
        publisher = self.publisher or await self._open_publisher()
        state = await self._resources.enter_async_context(ManagedState(directory(settings), settings.database.ttl.total_seconds(), utc_now))
        reports = ProcessReportReader()
        self._resources.push_async_callback(reports.close)
        mapping = source_mapping(settings)

        @lru_cache(maxsize=1024)  # a machine has few addresses; a PROXY header may claim any
        def source_ips(local_ip: str) -> tuple[str, ...]:
            return mapping.source_ips(local_ip).ips

        dns = resolver(settings)
        scanner = spam_scanner(settings) if Check.SPAM in settings.smtp.check else None
        if isinstance(scanner, RspamdScanner):
            self._resources.push_async_callback(scanner.close)
        checks = message_checks(settings, dns, scanner)
        reception = MailReception(
            ReceptionSettings(
                queues=queues(settings),
                extract=settings.smtp.extract,
                header_limits=HeaderLimits(settings.smtp.header_size, settings.smtp.header_count),
                auth_results=audience(settings),
            ),
            publisher,
            milliseconds_now,
            MessageIds(secrets.token_bytes(NODE_BYTES)),
            orjson_dumps,
            source_ips,
            self.journal,
            checks.check_incoming if checks is not None else None,
            lambda: (settings.smtp.hostname, os.uname().nodename, *state.names()),
            reports,
        )
        timing = Timing(
            silence=settings.smtp.timeout.total_seconds(),
            min_rate=settings.smtp.min_rate,
            session=settings.smtp.session_time.total_seconds(),
        )
        names = HostNames(dns, state, settings.smtp.hostname or None, os.uname().nodename)
        self._resources.push_async_callback(names.close)
        await names.prepare(canonical(listener.sock.getsockname()[0]) for listener in self.listening)
        expect = checks.expect if checks is not None and checks.wants_sender else None
        gate = self._gate(publisher, names, state, announce=expect is not None)
        self.server = SmtpServer(reception, gate, timing, self.tls, self._login(), expect)
        self.server.open(self.listening)

    async def retire(self) -> None:
        """Take no new connections, and wait a while for the clients to leave. :meth:`close` follows."""
        await self.server.retire()

    async def close(self) -> None:
        """Drain: no new connections, messages under way are finished, then what stands behind is closed."""
        await self.server.close()
        await self._resources.aclose()

    async def __aenter__(self) -> Self:
        """Open."""
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    def _login(self) -> Login | None:
        if not self.settings.smtp.auth:
            return None
        chain = AuthenticatorChain(make_back_ends(self.settings))
        self._resources.push_async_callback(chain.close)
        return GatewayLogin(chain, FolderBanList(ban_folder(self.settings)))

    def _gate(self, publisher: Publisher, names: HostNames, state: ManagedState, *, announce: bool) -> GatewayGate:
        smtp = self.settings.smtp
        board = MmapConnectionBoard(self.settings.state.directory / BOARD_NAME, connection_limits(self.settings))
        self._resources.callback(board.close)
        offer = Profile(
            hostname="",
            validation=smtp.validate_address,
            dsn=self.settings.dsn.advertise,
            tls=self.tls is not None,
            limits=Limits(recipients=smtp.recipients, errors=smtp.errors),
            authentication=bool(smtp.auth),
            keep_refused=bool(self.settings.rabbitmq.refused),
            announce=announce,
        )

        @lru_cache(maxsize=1024)
        def profile(hostname: str) -> Profile:
            return attrs.evolve(offer, hostname=hostname)

        return GatewayGate(
            AccessPolicy(smtp.range, smtp.proxy, smtp.protection),
            state,
            ClientTable(client_limits(self.settings)),
            board,
            GatewayPolicy(smtp.maxsize, publisher, MemoryBudget(smtp.memory), bool(smtp.auth), state.local),
            lambda local_ip: profile(names.name_of(local_ip).name),
            IpRanges.everything() if smtp.line_endings is LineEndings.NORMALIZE else smtp.normalize_range,
            room(),
        )

    async def _open_publisher(self) -> Publisher:
        settings = self.settings
        if not settings.rabbitmq.address and not queues(settings):
            return Nowhere()
        if not settings.rabbitmq.address or settings.queue.fallback is Fallback.SPOOL:
            spool = FolderSpool(settings.queue.directory, settings.queue.maxsize, settings.queue.minfree)
            self._resources.push_async_callback(spool.close)
            if not settings.rabbitmq.address:
                return spool
        broker = await self._resources.enter_async_context(AmqpPublisher(amqp_settings(settings)))
        if settings.queue.fallback is Fallback.REFUSE:
            return broker
        drainer = SpoolDrainer(spool, broker, window=drain_window(settings))
        return await self._resources.enter_async_context(SpoolingPublisher(broker, spool, drainer))


def queues(settings: Settings) -> Queues:
    """``rabbitmq-inbox`` and its like."""
    rabbitmq = settings.rabbitmq
    return Queues(rabbitmq.inbox, rabbitmq.local, rabbitmq.reports, rabbitmq.refused)


def ban_folder(settings: Settings) -> Path:
    """Where the workers keep the clients that may not log in for a while."""
    return settings.state.directory / BANS_NAME


def directory(settings: Settings) -> DatabaseDirectory:
    """The managed state of ``database-address``.

    Raises:
        PermanentFailure: the address cannot be used.
    """
    return DatabaseDirectory(settings.database.address.reveal(), settings.state.directory, compile_regex, settings.smtp.local_case)


def connection_limits(settings: Settings) -> ConnectionLimits:
    """``smtp-connections`` and its like."""
    smtp = settings.smtp
    return ConnectionLimits(smtp.connections or UNLIMITED, smtp.connections_in or UNLIMITED, smtp.connections_out or UNLIMITED)


def client_limits(settings: Settings) -> ClientLimits:
    """``smtp-client-*``."""
    smtp = settings.smtp
    burst = max(1, 2 * smtp.client_rate)
    return ClientLimits(smtp.client_connections, float(smtp.client_rate), burst, smtp.client_exempt)


def source_mapping(settings: Settings) -> SourceMapping:
    """``smtp-mappable-ips`` and its opposite; every address is mappable when none is named."""
    smtp = settings.smtp
    return SourceMapping(smtp.mappable_ips, smtp.unmappable_ips) if smtp.mappable_ips else SourceMapping(unmappable=smtp.unmappable_ips)


def resolver(settings: Settings) -> Resolver:
    """The resolver of ``dns-*``; name servers of the system when none is named."""
    dns = settings.dns
    servers = dns.nameserver or system_nameservers(_resolv_conf())
    return DnspythonResolver(servers, dns.timeout.total_seconds(), dns.attempts, dns.min_ttl.total_seconds())


def message_checks(settings: Settings, dns: Resolver, scanner: SpamScanner | None) -> MessageChecks | None:
    """The checks of ``smtp-check``; None without any."""
    enabled = settings.smtp.check
    if not enabled:
        return None
    from tidegate.adapters.dkim import verify_signature  # 0.2 s that only those pay who check

    registrable = None
    if Check.DMARC in enabled and settings.dmarc.profile is DmarcProfile.RFC7489:
        from tidegate.adapters.public_suffix import registrable_domains

        registrable = registrable_domains()
    return MessageChecks(
        enabled,
        dns,
        utc_now,
        verify_signature,
        registrable,
        scanner,
        iprev=not enabled.isdisjoint((Check.SPF, Check.DMARC)),
        # A scanner that is given more time gets it.
        budget_s=max(BUDGET_S, settings.spamassassin.timeout.total_seconds() if scanner is not None else 0.0),
    )


def spam_scanner(settings: Settings) -> SpamdScanner | RspamdScanner:
    """The scanner of ``rspamd-address``, else of ``spamassassin-*``.

    Raises:
        PermanentFailure: a library for it is not installed.
    """
    spamd = settings.spamassassin
    if settings.rspamd.address:
        return RspamdScanner(settings.rspamd.address, spamd.timeout.total_seconds(), spamd.maxsize, spamd.report)
    addresses = tuple(address.with_port(spamd.port) for address in spamd.host)
    return SpamdScanner(addresses, spamd.user, spamd.timeout.total_seconds(), spamd.maxsize, spamd.report)


def audience(settings: Settings) -> Audience:
    """``smtp-auth-results``; nobody where nothing is checked that such a field could tell of."""
    if not settings.smtp.check - {Check.SPAM}:
        return Audience()
    wanted = settings.smtp.auth_results
    return Audience(local=AuthResults.LOCAL in wanted, nonlocal_=AuthResults.NONLOCAL in wanted)


def _resolv_conf() -> str:
    try:
        return Path("/etc/resolv.conf").read_text("utf-8", "replace")
    except OSError:
        return ""


def drain_window(settings: Settings) -> int:
    """Documents on their way from the embedded queue at one time: a third of ``rabbitmq-throttle``, the rest is for new mail."""
    return max(1, settings.rabbitmq.throttle // 3)


def check_broker(settings: Settings) -> None:
    """Whether the broker's TLS files can be used; the broker is not asked.

    Raises:
        PermanentFailure: one cannot; the text names it.
    """
    if settings.rabbitmq.address:
        tls_contexts(amqp_settings(settings))


def amqp_settings(settings: Settings) -> AmqpSettings:
    """What the AMQP publisher is told of the configuration."""
    rabbitmq = settings.rabbitmq
    return AmqpSettings(
        addresses=tuple(BrokerAddress.parse(address.url) for address in rabbitmq.address),
        verify=rabbitmq.verify,
        queues=tuple(filter(None, attrs.astuple(queues(settings)))),
        exchange=rabbitmq.exchange,
        declare=rabbitmq.declare,
        durable=rabbitmq.durable,
        persistent=rabbitmq.persistent,
        lazy=rabbitmq.lazy,
        max_priority=rabbitmq.maxpriority or None,
        encoding=AmqpEncoding(rabbitmq.encoding.value if rabbitmq.encoding else ""),
        queue_type=AmqpQueueType(rabbitmq.queue_type.value),
        throttle=rabbitmq.throttle,
        max_document_bytes=rabbitmq.maxsize,
        confirm_timeout_s=rabbitmq.timeout.total_seconds(),
    )
