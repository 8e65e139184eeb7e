"""What each SMTP command does (RFC 5321 section 4.1).

Theory of operation. :class:`Session` is the whole server side of one dialogue, without I/O. ``receive`` takes bytes as they come and returns
events in the order in which they must be carried out. The session is in one mode at a time, which says what the next byte means:

- COMMAND: a command line, ended by CRLF and nothing else;
- DATA: message data up to CRLF.CRLF;
- CHUNK: a known number of octets of BDAT;
- RESPONSE: a line of an authentication exchange;
- WAITING: an event was given that must be answered first (``message_done``, ``authentication_done``, ``tls_established``); input is kept;
- CLOSED: nothing is read any more.

All replies between two other events leave in one ``Send``, so that a pipelining client gets one packet (RFC 2920). Input that came before a TLS
handshake is never looked at after it (RFC 3207 section 5, CVE-2011-0411).
"""

import re
from collections.abc import Callable

import attrs

from tidegate.domain.address import NULL_PATH, USUAL_ADDRESS, Mailbox, parse_path, usual_mailbox
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.authentication import Authentication
from tidegate.domain.smtp.events import MessageExpected, StartTls
from tidegate.domain.smtp.machine import OTHER_PROTOCOL, Mode
from tidegate.domain.smtp.parameters import MailParameters, RcptParameters, parse_mail_parameters, parse_rcpt_parameters
from tidegate.domain.smtp.profile import ehlo_reply, helo_reply
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.transaction import Transaction

_HELO_ARGUMENT = re.compile(rb"[!-~]{1,255}")
_MAIL_FROM = re.compile(rb"FROM: *+", re.IGNORECASE)
_RCPT_TO = re.compile(rb"TO: *+", re.IGNORECASE)
_BDAT = re.compile(rb"([0-9]{1,18})(?: +(LAST))? *+", re.IGNORECASE)
# The lines of nearly all messages. They hold no control character and are short, so that neither has to be looked for.
_USUAL_MAIL = re.compile(rb"MAIL FROM:<(" + USUAL_ADDRESS + rb")>(?: SIZE=([0-9]{1,18}))?\r\n").match
_USUAL_RCPT = re.compile(rb"RCPT TO:<(" + USUAL_ADDRESS + rb")>\r\n").match
_USUAL_EHLO = re.compile(rb"EHLO ([!-~]{1,255})\r\n").match
_USUAL_DATA, _USUAL_QUIT = b"DATA\r\n", b"QUIT\r\n"
_M, _R, _D, _E, _Q = b"MRDEQ"
_NO_MAIL_PARAMETERS, _NO_RCPT_PARAMETERS = MailParameters(), RcptParameters()
_DATA = Mode.DATA  # reading a member off its class takes 60 to 100 ns (Python 3.11)
_TINY_CHUNK = 512
"""Octets. A chunk below it that is not the last counts as a command without progress: a million chunks of one octet are no message."""


@attrs.define
class Session(Authentication):
    """One client's dialogue: call :meth:`open` once, then :meth:`receive` for all input, and the answer methods when an event asks for them."""

    def _command(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        handler = _HANDLERS.get(verb) or _HANDLERS.get(verb.upper())
        if handler is not None:
            handler(self, argument)
        elif OTHER_PROTOCOL.match(line):
            self._end(replies.NOT_SMTP)
        elif verb.upper() == b"PROXY":
            self._end(replies.NOT_A_PROXY)
        else:
            self._error(replies.UNKNOWN_COMMAND if verb else replies.EMPTY_COMMAND)

    def _usual_command(self, data: bytes, start: int) -> int:
        first = data[start]
        if first == _R:
            transaction, found = self._transaction, _USUAL_RCPT(data, start)
            if transaction is None or transaction.chunked or found is None or (mailbox := usual_mailbox(found[1])) is None:
                return 0
            self._add_recipient(transaction, mailbox, _NO_RCPT_PARAMETERS)
            return found.end()
        if first == _M:
            found = _USUAL_MAIL(data, start)
            if not self.helo or self._transaction is not None or found is None or (mailbox := usual_mailbox(found[1])) is None:
                return 0
            size = found[2]
            self._begin(mailbox, _NO_MAIL_PARAMETERS if size is None else MailParameters(int(size)))
            return found.end()
        if first == _D and data.startswith(_USUAL_DATA, start):
            self._data(b"")
            return start + len(_USUAL_DATA)
        if first == _E and (found := _USUAL_EHLO(data, start)) is not None:
            self._ehlo(found[1])
            return found.end()
        if first == _Q and data.startswith(_USUAL_QUIT, start):
            self._quit(b"")
            return start + len(_USUAL_QUIT)
        return 0

    def _ehlo(self, argument: bytes) -> None:
        if self._hello(argument, esmtp=True):
            self._reply(ehlo_reply(self.profile, self.policy.max_message_bytes(), secure=self.tls is not None))

    def _helo(self, argument: bytes) -> None:
        if self._hello(argument, esmtp=False):
            self._reply(helo_reply(self.profile))

    def _hello(self, argument: bytes, *, esmtp: bool) -> bool:
        argument = argument.strip(b" ")
        if _HELO_ARGUMENT.fullmatch(argument) is None:
            self._error(replies.BAD_HELO)
            return False
        if self._idle():
            return False
        self._reset()  # RFC 5321 section 4.1.4: as if RSET had been said
        self.helo, self.esmtp = argument.decode("ascii"), esmtp
        return True

    def _mail(self, argument: bytes) -> None:
        if not self.helo:
            return self._error(replies.HELLO_FIRST)
        if self._transaction is not None:
            return self._error(replies.NESTED_MAIL)
        prefix = _MAIL_FROM.match(argument)
        if prefix is None:
            return self._error(replies.MAIL_SYNTAX)
        mailbox, rest = parse_path(argument, self.profile.validation, prefix.end())
        # RFC 5321 sections 4.1.1.2 and 4.1.1.3: only a recipient may be the postmaster of no domain.
        if mailbox is None or not (mailbox.domain or mailbox is NULL_PATH):
            return self._error(replies.BAD_SENDER)
        parameters = parse_mail_parameters(rest, dsn=self.profile.dsn)
        if isinstance(parameters, Reply):
            return self._error(parameters)
        return self._begin(mailbox, parameters)

    def _begin(self, mailbox: Mailbox, parameters: MailParameters) -> None:
        """Begin a transaction, if this sender and these parameters are taken."""
        if not mailbox.ascii and not parameters.smtputf8:
            return self._error(replies.NEEDS_SMTPUTF8)
        max_bytes = self.policy.max_message_bytes()
        refusal = replies.TOO_BIG if parameters.size > max_bytes else self.policy.admit_transaction(parameters.size)
        if refusal is not None:
            return None if self._idle() else self._reply(refusal)
        self._transactions += 1
        if self._transactions > self.profile.limits.transactions:
            return self._end(replies.SESSION_TOO_LONG)
        self._transaction = Transaction(mailbox, parameters, max_bytes)
        return self._reply(replies.SENDER_OK)

    def _rcpt(self, argument: bytes) -> None:
        transaction = self._transaction
        if transaction is None:
            return self._error(replies.MAIL_FIRST if self.helo else replies.HELLO_FIRST)
        if transaction.chunked:
            return self._error(replies.CHUNKS_STARTED)
        prefix = _RCPT_TO.match(argument)
        if prefix is None:
            return self._error(replies.RCPT_SYNTAX)
        mailbox, rest = parse_path(argument, self.profile.validation, prefix.end())
        if mailbox is None or mailbox is NULL_PATH:
            return self._error(replies.BAD_RECIPIENT)
        parameters = parse_rcpt_parameters(rest, dsn=self.profile.dsn, smtputf8=transaction.parameters.smtputf8)
        if isinstance(parameters, Reply):
            return self._error(parameters)
        return self._add_recipient(transaction, mailbox, parameters)

    def _add_recipient(self, transaction: Transaction, mailbox: Mailbox, parameters: RcptParameters) -> None:
        """Add a recipient, if it is taken."""
        if not mailbox.ascii and not transaction.parameters.smtputf8:
            return self._error(replies.NEEDS_SMTPUTF8)
        limit = self.profile.limits.recipients
        if len(transaction.recipients) + len(transaction.refused) >= limit:
            return self._overshoot(transaction, replies.TOO_MANY_RECIPIENTS)
        verdict = self.policy.admit_recipient(mailbox, self.user)
        if isinstance(verdict, Reply):
            return self._refuse_recipient(transaction, mailbox, parameters, verdict)
        if transaction.only_refused:  # one reply after the data cannot both accept and refuse
            return self._overshoot(transaction, replies.OTHER_TRANSACTION)
        if not transaction.add_recipient(mailbox, parameters, local=verdict):
            return self._overshoot(transaction, replies.RECIPIENT_OK)
        if self.profile.announce and not transaction.announced:
            transaction.announced = True
            self._emit(MessageExpected(transaction.sender.text))
        return self._reply(replies.RECIPIENT_OK)

    def _refuse_recipient(self, transaction: Transaction, mailbox: Mailbox, parameters: RcptParameters, refusal: Reply) -> None:
        """Refuse a recipient, or with ``rabbitmq-refused`` keep it: where no other was accepted, the refusal is then said after the data."""
        if not self.profile.keep_refused or refusal.code < 500:
            return self._error(refusal)
        new = transaction.refuse_recipient(mailbox, parameters, refusal)
        if not transaction.only_refused:
            return self._error(refusal)
        return self._reply(replies.RECIPIENT_OK) if new else self._overshoot(transaction, replies.RECIPIENT_OK)

    def _overshoot(self, transaction: Transaction, reply: Reply) -> None:
        """Answer a RCPT that brings no new recipient. There may be as many of them as recipients, for a client that pipelines its RCPTs learns
        of the limit only afterwards; each one more is an error."""
        transaction.overshoot += 1
        return self._reply(reply) if transaction.overshoot <= self.profile.limits.recipients else self._error(replies.TOO_MANY_RECIPIENTS)

    def _data(self, argument: bytes) -> None:
        transaction = self._transaction
        if argument and argument.strip(b" "):
            return self._error(replies.NO_ARGUMENT_ALLOWED)
        if transaction is None:
            return self._error(replies.MAIL_FIRST if self.helo else replies.HELLO_FIRST)
        if transaction.chunked:
            return self._error(replies.CHUNKS_STARTED)
        if transaction.binary:
            return self._error(replies.BINARY_NEEDS_BDAT)
        if not transaction.recipients and not transaction.refused:
            return self._error(replies.NO_RECIPIENTS)
        self.mode = _DATA
        return self._reply(replies.START_DATA)

    def _bdat(self, argument: bytes) -> None:
        match = _BDAT.fullmatch(argument)
        if match is None:
            # The octets that follow cannot be told from commands: the dialogue is lost.
            return self._end(replies.BDAT_SYNTAX)
        transaction = self._transaction
        self._chunk_left, self._chunk_last = int(match[1]), match[2] is not None
        if self._chunk_left < _TINY_CHUNK and not self._chunk_last and self._idle():
            return None
        # The chunk is read even where it is refused: its octets are on their way (RFC 3030 section 2).
        if transaction is None:
            self._chunk_refused = replies.MAIL_FIRST if self.helo else replies.HELLO_FIRST
        elif not transaction.recipients and not transaction.refused:
            self._chunk_refused = replies.NO_RECIPIENTS
        else:
            self._chunk_refused = None
            transaction.chunked = True
            transaction.buffer(self.policy.budget)
        if self._chunk_left:
            self.mode = Mode.CHUNK
        else:
            self._chunk_arrived()
        return None

    def _rset(self, argument: bytes) -> None:
        if argument.strip(b" "):
            return self._error(replies.NO_ARGUMENT_ALLOWED)
        if not self._idle():
            self._reset()
            self._reply(replies.OK)
        return None

    def _noop(self, _argument: bytes) -> None:
        if not self._idle():
            self._reply(replies.OK)

    def _vrfy(self, _argument: bytes) -> None:
        if not self._idle():  # the same answer to everyone about everything: nothing can be learned (RFC 5321 section 7.3)
            self._reply(replies.CANNOT_VERIFY)

    def _help(self, _argument: bytes) -> None:
        if not self._idle():
            self._reply(replies.HELP)

    def _not_implemented(self, _argument: bytes) -> None:
        self._error(replies.NOT_IMPLEMENTED)

    def _starttls(self, argument: bytes) -> None:
        if argument.strip(b" "):
            return self._error(replies.NO_ARGUMENT_ALLOWED)
        if self.tls is not None:
            return self._error(replies.TLS_ACTIVE)
        if not self.profile.tls:
            return self._error(replies.TLS_UNAVAILABLE)
        if not self.helo:
            return self._error(replies.HELLO_FIRST)
        if self._transaction is not None:
            return self._error(replies.IN_TRANSACTION)
        if self._at < len(self._input):
            # Plain text that came with STARTTLS would be taken for protected text after the handshake.
            return self._end(replies.SYNCHRONIZATION)
        self.mode = Mode.WAITING
        self._reply(replies.START_TLS)
        return self._emit(StartTls())

    def _quit(self, argument: bytes) -> None:
        if argument.strip(b" "):
            return self._error(replies.NO_ARGUMENT_ALLOWED)
        return self._end(replies.BYE)


_HANDLERS: dict[bytes, Callable[[Session, bytes], None]] = {
    b"EHLO": Session._ehlo,
    b"HELO": Session._helo,
    b"MAIL": Session._mail,
    b"RCPT": Session._rcpt,
    b"DATA": Session._data,
    b"BDAT": Session._bdat,
    b"RSET": Session._rset,
    b"NOOP": Session._noop,
    b"VRFY": Session._vrfy,
    b"HELP": Session._help,
    b"STARTTLS": Session._starttls,
    b"QUIT": Session._quit,
    b"AUTH": Session._auth,
    b"EXPN": Session._not_implemented,
    b"TURN": Session._not_implemented,
    b"ETRN": Session._not_implemented,
}
