"""Runs a session without a socket: answers its events at once and records what came of them."""

from collections.abc import Iterable, Sequence
from typing import Self

import attrs

from tidegate.domain.address import Mailbox, Validation
from tidegate.domain.connection import Tls
from tidegate.domain.credentials import AuthVerdict, Credentials
from tidegate.domain.envelope import Envelope
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.events import Authenticate, Close, Event, MessageComplete, MessageExpected, Send, StartTls
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session

TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
QUEUED = Reply.of(250, "2.0.0", "queued")


@attrs.define
class StaticPolicy:
    """A policy that is data."""

    max_bytes: int = 10_000
    refuse_transaction: Reply | None = None
    refused: dict[str, Reply] = attrs.field(factory=dict)
    local: frozenset[str] = frozenset()
    memory: int = 1_000_000
    strangers: bool = True

    @property
    def budget(self) -> Self:
        """Counted here."""
        return self

    def max_message_bytes(self) -> int:
        """As set."""
        return self.max_bytes

    def admit_transaction(self, declared_bytes: int) -> Reply | None:
        """As set."""
        return self.refuse_transaction

    def admit_recipient(self, mailbox: Mailbox, user: str | None) -> Reply | bool:
        """By the tables."""
        if not self.strangers and user is None and mailbox.text not in self.local:
            return replies.AUTH_REQUIRED
        return self.refused.get(mailbox.text) or mailbox.text in self.local

    def take_bytes(self, count: int) -> bool:
        """From the budget."""
        if count > self.memory:
            return False
        self.memory -= count
        return True

    def give_bytes(self, count: int) -> None:
        """Back to the budget."""
        self.memory += count


@attrs.define
class Dialogue:
    """One session, driven.

    Attributes:
        output: all bytes sent to the client.
        messages: what was complete, in order.
        closed: whether the session closed the connection.
        handshakes: how many TLS handshakes were asked for; each succeeds at once.
        accounts: passwords of users, or what is answered whatever the password is.
        attempts: credentials that were to be judged, in order.
        expected: senders whose messages were announced, in order.
    """

    session: Session
    output: bytearray = attrs.field(factory=bytearray)
    messages: list[tuple[Envelope, bytes]] = attrs.field(factory=list)
    closed: bool = False
    handshakes: int = 0
    answer: Reply = QUEUED
    accounts: dict[str, str | AuthVerdict | Reply] = attrs.field(factory=lambda: {"bob": "pw"})
    attempts: list[Credentials] = attrs.field(factory=list)
    expected: list[str] = attrs.field(factory=list)

    @classmethod
    def start(
        cls,
        policy: StaticPolicy | None = None,
        *,
        limits: Limits | None = None,
        tls: bool = False,
        dsn: bool = True,
        loose: bool = False,
        relax: bool = False,
        authentication: bool = False,
        secured: bool = False,
        announce: bool = False,
    ) -> "Dialogue":
        """A dialogue that has been greeted."""
        profile = Profile(
            "mx.example.com", Validation.LOOSE if loose else Validation.STRICT, dsn, tls, limits or Limits(), authentication, announce=announce
        )
        dialogue = cls(Session(profile, policy or StaticPolicy(), relax_line_ends=relax))
        dialogue.session.tls = TLS if secured else None
        dialogue._carry_out(dialogue.session.open())
        return dialogue

    def send(self, *pieces: bytes) -> str:
        """Feed the pieces one by one; return what was said meanwhile."""
        before = len(self.output)
        for piece in pieces:
            self._carry_out(self.session.receive(piece))
        return self.output[before:].decode("utf-8")

    def codes(self, *pieces: bytes) -> list[str]:
        """Feed the pieces; return code and enhanced code of each reply, one entry a reply."""
        lines = self.send(*pieces).splitlines()
        return [" ".join(line.split(" ")[:2]) if line[4:5].isdigit() else line[:3] for line in lines if line[3:4] != "-"]

    def _carry_out(self, events: Iterable[Event]) -> None:
        pending: Sequence[Event] = list(events)
        while pending:
            answers: list[Event] = []
            for event in pending:
                assert not self.closed, "an event after Close"
                match event:
                    case Send(data):
                        assert data.endswith(b"\r\n")
                        self.output += data
                    case MessageExpected(sender):
                        self.expected.append(sender)
                    case MessageComplete(envelope, data):
                        self.messages.append((envelope, data))
                        answers += self.session.message_done(self.answer)
                    case Authenticate(credentials):
                        self.attempts.append(credentials)
                        account = self.accounts.get(credentials.username)
                        if isinstance(account, Reply | AuthVerdict):
                            answers += self.session.authentication_done(account)
                        else:
                            accepted = credentials.password == account
                            answers += self.session.authentication_done(AuthVerdict.ACCEPTED if accepted else AuthVerdict.REFUSED)
                    case StartTls():
                        self.handshakes += 1
                        answers += self.session.tls_established(TLS)
                    case Close():
                        self.closed = True
            pending = answers
