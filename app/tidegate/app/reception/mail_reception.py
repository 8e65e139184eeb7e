"""The use case: a complete message becomes one durable document per recipient, and the client reads their identifiers."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

import attrs

from tidegate.app.reception.findings import Audience, Checker, without_forged_results
from tidegate.app.reception.report_reader import NoReportReader, read_report
from tidegate.domain.checks.authentication_results import authentication_results
from tidegate.domain.control_headers import Extraction, extract
from tidegate.domain.document import Documents, Mail
from tidegate.domain.envelope import Recipient
from tidegate.domain.headers import HeaderBlock, HeaderLimits, HeaderProblem, inspect
from tidegate.domain.json_value import Dumps, JsonObject
from tidegate.domain.message_id import MessageIds, per_recipient
from tidegate.domain.reports import NotAReport
from tidegate.domain.routing import Queues, queue_for
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.trace import ahead_of, received_field
from tidegate.ports.clock import Milliseconds
from tidegate.ports.errors import DocumentTooLarge, PortError
from tidegate.ports.publisher import Publication, Publisher
from tidegate.ports.reception import IncomingMessage
from tidegate.ports.report_reader import ReportReader

_log = logging.getLogger("tidegate.reception")

QUEUED = "Ok, your message has been queued using the following identifiers:"


class Journal(Protocol):
    """Told of every message; must return at once."""

    def note(
        self,
        message: IncomingMessage,
        transaction_id: str,
        message_ids: Sequence[str],
        publications: Sequence[Publication],
        reply: Reply,
    ) -> None:
        """One message has been answered.

        Args:
            message: as it came.
            transaction_id: as in our trace field.
            message_ids: one per accepted recipient, in their order.
            publications: what was to be published; recipients without a queue have none, and nobody has one when the message
                was refused before. Those of refused recipients are among them.
            reply: what the client reads.
        """


@attrs.frozen
class ReceptionSettings:
    """What the use case is configured with.

    Attributes:
        queues: where documents go.
        extract: turn x-mq-* fields into properties (``smtp-extract``).
        header_limits: how much header is taken.
        auth_results: whose mail gets our Authentication-Results field; without effect where nothing is checked.
    """

    queues: Queues
    extract: bool = True
    header_limits: HeaderLimits = attrs.field(factory=HeaderLimits)
    auth_results: Audience = attrs.field(factory=Audience)


@attrs.define(eq=False)
class _Transaction:
    """One message on its way to its answer.

    Attributes:
        message: as it came.
        now_ms: when, in milliseconds since 1970.
        id: as in our trace field.
        message_ids: one per recipient, accepted ones first.
    """

    message: IncomingMessage
    now_ms: int
    id: str
    message_ids: tuple[str, ...]

    def outcome(self) -> Reply:
        """What the client reads once everything is durable that should be."""
        envelope = self.message.envelope
        recipients = envelope.recipients
        if len(recipients) == 1:  # as nearly always, in half the time
            return Reply(250, "2.0.0", (QUEUED, f"{self.message_ids[0]} for {recipients[0].address}"))
        if envelope.refused and not recipients:
            refusal = envelope.refused[0].refusal
            assert refusal is not None
            return refusal
        pairs = zip(self.message_ids, recipients, strict=False)  # refused ones have their identifiers behind those
        return Reply(250, "2.0.0", (QUEUED, *[f"{message_id} for {recipient.address}" for message_id, recipient in pairs]))


@attrs.frozen
class MailReception:
    """Plays :class:`tidegate.ports.reception.Reception`.

    Attributes:
        settings: see there.
        publisher: makes documents durable.
        milliseconds: the wall clock, for identifiers, ``received`` and our trace field.
        ids: source of identifiers of this process.
        dumps: JSON encoder.
        source_ips: tells from the address a message was submitted to which addresses it may be sent on from.
        journal: told of each message, or None.
        checker: checks messages, or None.
        host_names: tells all names of this host: results that others wrote in any of them are forged.
        reports: reads large reports off the event loop.
    """

    settings: ReceptionSettings
    publisher: Publisher
    milliseconds: Milliseconds
    ids: MessageIds
    dumps: Dumps
    source_ips: Callable[[str], tuple[str, ...]] = lambda _: ()
    journal: Journal | None = None
    checker: Checker | None = None
    host_names: Callable[[], Collection[str]] = frozenset
    reports: ReportReader = attrs.field(factory=NoReportReader)
    _keeps_any: bool = attrs.field(init=False, default=attrs.Factory(lambda self: bool(self.settings.queues), takes_self=True))

    def receive(self, message: IncomingMessage) -> Reply | Awaitable[Reply]:
        """See :meth:`tidegate.ports.reception.Reception.receive`. What is refused for its header or discarded is answered at once."""
        now_ms = self.milliseconds()
        envelope = message.envelope
        transaction_id = self.ids.next(now_ms)
        transaction = _Transaction(
            message, now_ms, transaction_id, per_recipient(transaction_id, len(envelope.recipients) + len(envelope.refused))
        )
        block = inspect(message.data, self.settings.header_limits)
        if isinstance(block, HeaderProblem):
            return self._answer(transaction, (), Reply.of(block.code, block.status, block.text))
        if not (self._keeps_any and (any(map(self._is_kept, envelope.recipients)) or any(map(self._is_kept, envelope.refused)))):
            return self._answer(transaction, (), transaction.outcome())
        return self._publish(transaction, block)

    def _is_kept(self, recipient: Recipient) -> bool:
        """Whether the recipient may get a document: what nobody gets need not be checked, read or spelled."""
        queues = self.settings.queues
        return queue_for(queues, local=recipient.local, report=True, refused=recipient.refusal is not None) is not None

    async def _publish(self, transaction: "_Transaction", block: HeaderBlock) -> Reply:
        """Check the message, spell its documents and have them made durable."""
        message, now, transaction_id = transaction.message, _moment(transaction.now_ms // 1000), transaction.id
        envelope = message.envelope
        trace = received_field(message.client, envelope, message.hostname, transaction_id, now)
        # Before anything is changed: signatures are of the bytes that came.
        findings = None if self.checker is None else await self.checker(block, message, trace)
        block = without_forged_results(block, message.hostname, self.host_names)
        extraction = extract(block) if self.settings.extract else Extraction(block.message)
        if extraction.skipped:
            _log.info(
                "x-mq fields not used",
                extra={"transaction": transaction_id, "fields": [f"{name}: {reason}" for name, reason in extraction.skipped]},
            )
        mail = Mail(
            client=message.client,
            envelope=envelope,
            message=extraction.message,
            trace=ahead_of(extraction.message, trace),
            hostname=message.hostname,
            received=now,
            properties=extraction.properties,
            ips=self.source_ips(message.client.endpoints.local_ip),
            checks=None if findings is None else [finding.entry() for finding in findings],
        )
        results = authentication_results(message.hostname, findings) if findings is not None and self.settings.auth_results else b""
        publications = self._publications(mail, results, transaction.message_ids, await self._report(mail, transaction_id))
        if publications:
            try:
                await self.publisher.publish(publications)
            except DocumentTooLarge as error:
                _log.warning("message refused", extra={"transaction": transaction_id, "reason": str(error)})
                return self._answer(transaction, publications, replies.TOO_BIG)
            except PortError as error:
                # Permanent or not, it is trouble on our side: the mail stays with the client until someone has mended it.
                _log.error("message not queued", extra={"transaction": transaction_id, "reason": str(error)})
                return self._answer(transaction, publications, replies.NOT_QUEUED)
        return self._answer(transaction, publications, transaction.outcome())

    def _answer(self, transaction: "_Transaction", publications: tuple[Publication, ...], reply: Reply) -> Reply:
        if transaction.message.expectation is not None:
            transaction.message.expectation.cancel()
        if self.journal is not None:
            accepted = len(transaction.message.envelope.recipients)
            self.journal.note(transaction.message, transaction.id, transaction.message_ids[:accepted], publications, reply)
        return reply

    async def _report(self, mail: Mail, transaction_id: str) -> JsonObject | None:
        """What report the message is. Looked for only where a local recipient has a queue for it: nobody else's mail is read."""
        if not self.settings.queues.reports or not any(recipient.local for recipient in mail.envelope.recipients):
            return None
        outcome = await read_report(mail.message, self.reports)
        if not isinstance(outcome, NotAReport):
            return outcome
        if outcome.note:
            _log.info("not read as a report", extra={"transaction": transaction_id, "reason": outcome.note})
        return None

    def _publications(self, mail: Mail, results: bytes, message_ids: tuple[str, ...], report: JsonObject | None) -> tuple[Publication, ...]:
        """Documents of the recipients that have a queue; nothing is spelled when none has.

        Args:
            mail: the message with our trace fields.
            results: our Authentication-Results field, on top of them for those who get it; or nothing.
            message_ids: one per recipient.
            report: what report the message is.
        """
        variants: dict[bool, Documents] = {}
        publications = []
        for recipient, message_id in zip((*mail.envelope.recipients, *mail.envelope.refused), message_ids, strict=True):
            queue = queue_for(self.settings.queues, local=recipient.local, report=report is not None, refused=recipient.refusal is not None)
            if queue is not None:
                marked = bool(results) and self.settings.auth_results.includes(local=recipient.local)
                documents = variants.get(marked)
                if documents is None:
                    documents = Documents(attrs.evolve(mail, trace=results + mail.trace) if marked else mail, self.dumps)
                    variants[marked] = documents
                publications.append(Publication(queue, message_id, documents.parts(recipient, message_id, report if recipient.local else None)))
        return tuple(publications)


@lru_cache(maxsize=2)
def _moment(second: int) -> datetime:
    """A second since 1970: whoever reads documents is told no less, and the messages of one second share how it is spelled."""
    return datetime.fromtimestamp(second, UTC)
