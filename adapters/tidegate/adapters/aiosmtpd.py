"""A handler for services that already run aiosmtpd: their mail goes through our reception (extra ``aiosmtpd``).

Only aiosmtpd's public handler interface is used. The handler judges addresses with our own grammar, since aiosmtpd decodes encoded words in
them, refuses bare CR, LF and NUL in message data, and keeps a commit going when aiosmtpd cancels its handler. What happens before a handler is
asked stays aiosmtpd's: docs/aiosmtpd.md lists what that means.
"""

import asyncio
from typing import Any

import attrs
from aiosmtpd.smtp import SMTP, LoginPassword
from aiosmtpd.smtp import Envelope as AiosmtpdEnvelope
from aiosmtpd.smtp import Session as AiosmtpdSession

from tidegate.domain.address import Mailbox, Validation, parse_mailbox
from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.envelope import Body, Envelope, Recipient
from tidegate.domain.ip_address import canonical
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.line_ends import only_crlf
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.reception import IncomingMessage, Reception

_NULL = "<>"  # how aiosmtpd spells the null reverse path


@attrs.define(eq=False)
class ReceptionHandler:
    """Give it to aiosmtpd's ``Controller`` or ``SMTP`` as handler.

    Attributes:
        reception: takes the messages.
        validation: how addresses are judged.
    """

    reception: Reception
    validation: Validation = Validation.STRICT
    _commits: set[asyncio.Task[Reply]] = attrs.field(factory=set, init=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds hooks by these names
        self, server: SMTP, session: AiosmtpdSession, envelope: AiosmtpdEnvelope, address: str, mail_options: list[str]
    ) -> str:
        """Judge the reverse path."""
        if address != _NULL:
            judged = self._judge(address, "SMTPUTF8" in mail_options, replies.BAD_SENDER)
            if isinstance(judged, Reply):
                return _spell(judged)
        envelope.mail_from = address  # the null path too: aiosmtpd takes "" for no MAIL at all
        envelope.mail_options.extend(mail_options)
        return _spell(replies.SENDER_OK)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: AiosmtpdSession, envelope: AiosmtpdEnvelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Judge a forward path."""
        judged = self._judge(address, envelope.smtp_utf8, replies.BAD_RECIPIENT)
        if isinstance(judged, Reply):
            return _spell(judged)
        if address not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return _spell(replies.RECIPIENT_OK)

    async def handle_DATA(self, server: SMTP, session: AiosmtpdSession, envelope: AiosmtpdEnvelope) -> str:  # noqa: N802
        """Pass the message on; the 250 is given when every document is durable."""
        data = envelope.original_content or b""
        if not only_crlf(data):
            return _spell(replies.BARE_LINE_ENDS)
        message = IncomingMessage(_client(server, session), _envelope(envelope), data, server.hostname)
        outcome = self.reception.receive(message)
        if isinstance(outcome, Reply):
            return _spell(outcome)
        commit = asyncio.ensure_future(outcome)
        self._commits.add(commit)
        commit.add_done_callback(self._commits.discard)
        return _spell(await asyncio.shield(commit))

    async def aclose(self) -> None:
        """Wait for the commits under way, also those whose clients have gone. Call it before what stands behind the reception is closed."""
        if self._commits:
            await asyncio.wait(self._commits)

    def _judge(self, address: str, smtputf8: bool, refusal: Reply) -> Mailbox | Reply:
        # aiosmtpd keeps bytes that are not UTF-8 as lone surrogates: they fail the grammar.
        mailbox = parse_mailbox(address.encode("utf-8", "surrogateescape"), self.validation)
        if mailbox is None:
            return refusal
        return mailbox if mailbox.ascii or smtputf8 else replies.NEEDS_SMTPUTF8


def _spell(reply: Reply) -> str:
    return reply.wire.decode("utf-8").removesuffix("\r\n")


def _envelope(envelope: AiosmtpdEnvelope) -> Envelope:
    options = {option.upper() for option in envelope.mail_options}
    body = Body.EIGHT_BIT_MIME if "BODY=8BITMIME" in options else Body.SEVEN_BIT
    recipients = tuple(Recipient(address) for address in dict.fromkeys(envelope.rcpt_tos))
    sender = envelope.mail_from or ""
    return Envelope("" if sender == _NULL else sender, recipients, body, envelope.smtp_utf8)


def _client(server: SMTP, session: AiosmtpdSession) -> Client:
    peer: Any = session.peer
    local: Any = server.transport.get_extra_info("sockname") if server.transport is not None else None
    endpoints = Endpoints(*_address(peer), *_address(local))
    login = session.auth_data.login if session.authenticated and isinstance(session.auth_data, LoginPassword) else None
    user = login.decode("utf-8", "replace") if login is not None else None
    return Client(endpoints, session.host_name or "", session.extended_smtp, _tls(server), user)


def _address(address: Any) -> tuple[str, int]:
    """Socket addresses of IP connections; anything else, like a UNIX socket, has no address that means anything elsewhere."""
    return (canonical(address[0]), int(address[1])) if isinstance(address, tuple) and len(address) >= 2 else ("127.0.0.1", 0)


def _tls(server: SMTP) -> Tls | None:
    ssl_object = server.transport.get_extra_info("ssl_object") if server.transport is not None else None
    if ssl_object is None:
        return None
    cipher = ssl_object.cipher()
    return Tls(ssl_object.version() or "", cipher[0] if cipher else "")
