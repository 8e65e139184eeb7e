"""Builds the gateway from its settings: the only place that knows concrete classes."""

import os
import secrets
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Self

import attrs

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings, BrokerAddress
from tidegate.adapters.amqp import Encoding as AmqpEncoding
from tidegate.adapters.amqp import QueueType as AmqpQueueType
from tidegate.adapters.smtp import Listener, SmtpServer, Timing, bind_listeners, server_context
from tidegate.app.config.settings import Settings
from tidegate.app.config.values import LineEndings
from tidegate.app.reception import Journal, MailReception, ReceptionSettings
from tidegate.app.reception.budget import MemoryBudget
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.app.reception.policy import GatewayPolicy
from tidegate.domain.address import Validation
from tidegate.domain.connection import Endpoints
from tidegate.domain.headers import HeaderLimits
from tidegate.domain.message_id import NODE_BYTES, MessageIds
from tidegate.domain.routing import Queues
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.ports.publisher import Publisher


def listeners(settings: Settings) -> list[Listener]:
    """Bind every port of the configuration.

    Raises:
        PermanentFailure: one cannot be bound.
    """
    smtp = settings.smtp
    return bind_listeners([str(ip) for ip in smtp.ip], smtp.port, smtp.secure_port)


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
    _profile: Profile = attrs.field(init=False)
    _policy: GatewayPolicy = attrs.field(init=False)
    _resources: AsyncExitStack = attrs.field(factory=AsyncExitStack, init=False)

    async def open(self) -> None:
        """Connect what stands behind and start accepting."""
        settings = self.settings
        publisher = self.publisher or await self._open_publisher()
        self._policy = GatewayPolicy(settings.smtp.maxsize, publisher, MemoryBudget(settings.smtp.memory))
        self._profile = Profile(
            hostname=settings.smtp.hostname or os.uname().nodename,
            validation=Validation(settings.smtp.validate_address.value),
            dsn=settings.dsn.advertise,
            tls=self.tls is not None,
            limits=Limits(recipients=settings.smtp.recipients, errors=settings.smtp.errors),
        )
        reception = MailReception(
            ReceptionSettings(
                queues=Queues(settings.rabbitmq.inbox, settings.rabbitmq.local, settings.rabbitmq.reports, settings.rabbitmq.refused),
                extract=settings.smtp.extract,
                header_limits=HeaderLimits(settings.smtp.header_size, settings.smtp.header_count),
            ),
            publisher,
            utc_now,
            MessageIds(secrets.token_bytes(NODE_BYTES)),
            orjson_dumps,
            journal=self.journal,
        )
        timing = Timing(
            silence=settings.smtp.timeout.total_seconds(),
            min_rate=settings.smtp.min_rate,
            session=settings.smtp.session_time.total_seconds(),
        )
        self.server = SmtpServer(reception, self._make_session, timing, self.tls)
        self.server.open(self.listening)

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

    def _make_session(self, endpoints: Endpoints) -> Session | Reply:
        smtp = self.settings.smtp
        if endpoints.remote_ip not in smtp.range:
            return replies.NOT_ALLOWED
        relax = smtp.line_endings is LineEndings.NORMALIZE or endpoints.remote_ip in smtp.normalize_range
        return Session(self._profile, self._policy, relax_line_ends=relax)

    async def _open_publisher(self) -> Publisher:
        return await self._resources.enter_async_context(AmqpPublisher(amqp_settings(self.settings)))


def amqp_settings(settings: Settings) -> AmqpSettings:
    """What the AMQP publisher is told of the configuration."""
    rabbitmq = settings.rabbitmq
    return AmqpSettings(
        addresses=tuple(BrokerAddress.parse(address.url) for address in rabbitmq.address),
        verify=rabbitmq.verify,
        queues=tuple(filter(None, (rabbitmq.inbox, rabbitmq.local, rabbitmq.reports, rabbitmq.refused))),
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
