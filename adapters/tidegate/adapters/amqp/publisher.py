"""The ``Publisher`` role on RabbitMQ: durable, routed and confirmed before anyone is told so."""

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from tidegate.adapters.amqp.address import BrokerAddress
from tidegate.adapters.amqp.backoff import Backoff
from tidegate.adapters.amqp.delivery import Document
from tidegate.adapters.amqp.encoding import gzipped
from tidegate.adapters.amqp.failures import describe, is_failure
from tidegate.adapters.amqp.link import Link
from tidegate.adapters.amqp.settings import MAX_NAME_BYTES, MEBIBYTE, AmqpSettings, Encoding
from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, TemporaryFailure
from tidegate.ports.publisher import Publication

log = logging.getLogger(__name__)


def tls_contexts(settings: AmqpSettings) -> list[tuple[BrokerAddress, ssl.SSLContext | None]]:
    """What each address needs for TLS; None where it is plain.

    Raises:
        PermanentFailure: a certificate or key file cannot be used.
    """
    contexts: list[tuple[BrokerAddress, ssl.SSLContext | None]] = []
    for address in settings.addresses:
        try:
            contexts.append((address, address.tls_context(verify=settings.verify)))
        except OSError as failure:
            raise PermanentFailure(f"TLS files for the broker {address} cannot be used: {describe(failure)}") from failure
    return contexts


class AmqpPublisher:
    """Publishes documents over one connection that it keeps alive.

    :meth:`open` succeeds whether the broker is there or not; a background task connects, and connects again whenever the connection is lost.
    Use within one event loop. Implements :class:`tidegate.ports.publisher.Publisher`.
    """

    def __init__(self, settings: AmqpSettings) -> None:
        self._settings = settings
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._limit = settings.max_document_bytes
        self._attempted = asyncio.Event()
        self._closing = False
        self._trouble = ""
        self._now = time.monotonic

    async def open(self) -> None:
        """Start connecting, and wait a moment for the first attempt to end: then the first client finds a broker and its limit.

        Raises:
            PermanentFailure: a certificate or key file cannot be used.
        """
        contexts = tls_contexts(self._settings)
        self._warn()
        self._now = asyncio.get_running_loop().time
        self._keeper = asyncio.create_task(self._keep_connected(contexts), name="amqp-connection")
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.open_wait_s):
                await self._attempted.wait()

    async def close(self) -> None:
        """Take no more documents, wait at most the confirm timeout for those under way, and disconnect. May be called twice."""
        self._closing = True
        if self._link is not None:
            await self._link.finish(self._settings.confirm_timeout_s)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def max_document_bytes(self) -> int | None:
        """See the port. None until a broker has said its version, unless the settings have a limit."""
        return self._limit

    @property
    def trouble(self) -> str:
        """Why the last attempt to connect failed, for people; empty before one has."""
        return self._trouble

    def accepting(self) -> bool:
        """See the port: connected, queues declared, not blocked, throttle not full."""
        return not self._closing and self._link is not None and self._link.accepting()

    async def publish(self, publications: Sequence[Publication]) -> None:
        """See the port. Also raises ``PermanentFailure`` for a queue name or message id that AMQP cannot carry."""
        deadline = self._now() + self._settings.confirm_timeout_s
        for publication in publications:
            if not 0 < len(publication.queue.encode()) <= MAX_NAME_BYTES:
                raise PermanentFailure(f"a queue name has 1 to {MAX_NAME_BYTES} bytes: {publication.queue[:80]!r}")
            if len(publication.message_id.encode()) > MAX_NAME_BYTES:
                raise PermanentFailure(f"a message id has at most {MAX_NAME_BYTES} bytes: {publication.message_id[:80]!r}")
        documents = [(publication.queue, publication.message_id, publication.parts, publication.size) for publication in publications]
        self._check_sizes(documents)
        if self._link is None or self._closing:
            raise TemporaryFailure("not connected to the broker")
        if self._settings.encoding is Encoding.GZIP:
            packed = [(queue, name, await gzipped(parts, size)) for queue, name, parts, size in documents]
            documents = [(queue, name, (body,), len(body)) for queue, name, body in packed]
            self._check_sizes(documents)
        link = self._link
        if link is None:
            raise TemporaryFailure("the connection to the broker is lost")
        await link.publish(documents, deadline)

    def _check_sizes(self, documents: Sequence[Document]) -> None:
        limit = self._limit
        if limit is not None:
            for _, _, _, size in documents:
                if size > limit:
                    raise DocumentTooLarge(f"a document of {size} bytes; the broker takes {limit}")

    def _warn(self) -> None:
        """Settings that give up a promise are said aloud at every start."""
        settings = self._settings
        if not settings.verify and any(address.secure for address in settings.addresses):
            log.warning("rabbitmq-verify is false: whoever stands between here and the broker can read the mail and the password")
        if not settings.persistent:
            log.warning("rabbitmq-persistent is false: accepted mail is lost when the broker restarts")
        if settings.declare and not settings.durable:
            log.warning("rabbitmq-durable is false: queues and the mail on them are lost when the broker restarts")

    async def _keep_connected(self, nodes: Sequence[tuple[BrokerAddress, ssl.SSLContext | None]]) -> None:
        backoff = Backoff(self._settings.backoff_first_s, self._settings.backoff_longest_s, random.random)
        while True:
            for address, context in nodes:
                link = Link(self._settings, address, context)
                try:
                    await link.open()
                except BaseException as failure:
                    if not is_failure(failure):
                        raise
                    self._trouble = f"the broker {address} cannot be used: {describe(failure)}"
                    log.error("%s", self._trouble)
                    continue
                await self._use(address, link, backoff)
                break
            self._attempted.set()
            await asyncio.sleep(backoff.failed())

    async def _use(self, address: BrokerAddress, link: Link, backoff: Backoff) -> None:
        since = time.monotonic()
        self._link = link
        if self._settings.max_document_bytes is None:
            self._limit = limit_of(link.broker_version)
        self._attempted.set()
        log.info("connected to the broker %s, version %s, documents up to %s bytes", address, link.broker_version, self._limit)
        try:
            reason = await link.lost
        finally:
            self._link = None
            await link.close("the publisher closes")
        backoff.lived(time.monotonic() - since)
        log.error("lost the connection to the broker %s: %s", address, reason)


def limit_of(version: str) -> int:
    """Largest message in bytes that a RabbitMQ of this version takes unless its ``max_message_size`` was changed."""
    major = version.partition(".")[0]
    return (128 if major.isdigit() and int(major) < 4 else 16) * MEBIBYTE
