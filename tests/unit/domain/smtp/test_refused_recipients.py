"""Recipients that are refused, with and without a queue for their mail (``rabbitmq-refused``)."""

from typing import Self

import attrs
import pytest

from tidegate.domain.address import Mailbox
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.events import Close, Event, MessageComplete, Send
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session


@attrs.define
class LocalOnly:
    """Takes mail for example.com; refuses the rest as a server with smtp-auth does; example.org temporarily."""

    @property
    def budget(self) -> Self:
        """Nothing is counted."""
        return self

    def max_message_bytes(self) -> int:
        """Enough."""
        return 1000

    def admit_transaction(self, declared_bytes: int) -> Reply | None:
        """Always."""
        return None

    def admit_recipient(self, mailbox: Mailbox, user: str | None) -> Reply | bool:
        """By domain."""
        if mailbox.domain == "example.org":
            return replies.NO_SPACE
        return True if mailbox.domain == "example.com" else replies.AUTH_REQUIRED

    def take_bytes(self, count: int) -> bool:
        """Always."""
        return True

    def give_bytes(self, count: int) -> None:
        """Nothing is counted."""


LOCAL, STRANGER, OTHER, LATER = b"a@example.com", b"x@example.net", b"y@example.net", b"z@example.org"


def talk(
    recipients: list[bytes], *, keep: bool = True, data: bytes = b"DATA\r\n", limits: Limits | None = None
) -> tuple[list[int], list[Event]]:
    """The codes that RCPTs and DATA are answered with, and the events after the message."""
    session = Session(Profile("mx", keep_refused=keep, limits=limits or Limits()), LocalOnly())
    session.open()
    session.receive(b"EHLO c\r\n")
    session.receive(b"MAIL FROM:<s@example.net>\r\n")
    codes = [_code(session.receive(b"RCPT TO:<" + recipient + b">\r\n")) for recipient in recipients]
    codes.append(_code(session.receive(data)))
    return codes, session.receive(b"Subject: x\r\n\r\nx\r\n.\r\n") if codes[-1] == 354 else []


def _code(events: list[Event]) -> int:
    assert isinstance(events[0], Send)
    return int(events[0].data[:3])


@pytest.mark.parametrize(
    ("recipients", "codes", "accepted", "refused", "why"),
    [
        ([LOCAL], [250, 354], [LOCAL], [], "nobody is refused"),
        ([STRANGER], [250, 354], [], [STRANGER], "the refusal comes after the data"),
        ([STRANGER, OTHER, STRANGER], [250, 250, 250, 354], [], [STRANGER, OTHER], "of all of them, each once"),
        ([LOCAL, STRANGER], [250, 530, 354], [LOCAL], [STRANGER], "AD20: there is data anyway, so the client learns at once who is refused"),
        ([LOCAL, STRANGER, LOCAL], [250, 530, 250, 354], [LOCAL], [STRANGER], "and others are still accepted"),
        ([STRANGER, LOCAL], [250, 452, 354], [], [STRANGER], "one reply cannot accept and refuse: the client sends the second one later"),
        ([LATER], [452, 554], [], [], "a temporary refusal keeps nothing"),
    ],
)
def test_with_a_queue(recipients: list[bytes], codes: list[int], accepted: list[bytes], refused: list[bytes], why: str) -> None:
    """AD20: what the client reads, and who is in the envelope."""
    said, events = talk(recipients)
    assert said == codes, why
    if codes[-1] == 354:
        [complete] = events
        assert isinstance(complete, MessageComplete)
        assert [recipient.address.encode() for recipient in complete.envelope.recipients] == accepted
        assert [recipient.address.encode() for recipient in complete.envelope.refused] == refused
        assert all(recipient.refusal is replies.AUTH_REQUIRED and not recipient.local for recipient in complete.envelope.refused)


@pytest.mark.parametrize(
    ("recipients", "codes"), [([STRANGER], [530, 554]), ([LOCAL, STRANGER], [250, 530, 354]), ([STRANGER, LOCAL], [530, 250, 354])]
)
def test_without_a_queue(recipients: list[bytes], codes: list[int]) -> None:
    """AD20: without a queue a refusal is said at RCPT, and nothing is kept."""
    said, events = talk(recipients, keep=False)
    assert said == codes
    for event in events:
        assert isinstance(event, MessageComplete)
        assert event.envelope.refused == ()


def test_refused_recipients_count() -> None:
    """The limit of recipients holds for all of them together."""
    assert talk([STRANGER, OTHER, b"z@example.net"], limits=Limits(recipients=2))[0] == [250, 250, 452, 354]


@pytest.mark.parametrize(("again", "code"), [(STRANGER, 250), (LOCAL, 452)])
def test_recipients_that_bring_nothing_new_count(again: bytes, code: int) -> None:
    """CM24: one that is kept already, and one for another transaction, may be given as often as there may be recipients; then each is an error."""
    session = Session(Profile("mx", keep_refused=True, limits=Limits(recipients=10, errors=5)), LocalOnly())
    session.receive(b"EHLO c\r\nMAIL FROM:<s@example.net>\r\nRCPT TO:<" + STRANGER + b">\r\n")
    events = session.receive(b"RCPT TO:<%s>\r\n" % again * 100)
    assert isinstance(events[0], Send)
    assert [int(line[:3]) for line in events[0].data.splitlines()] == [code] * 10 + [452] * 5 + [421]
    assert isinstance(events[1], Close)


def test_chunks() -> None:
    """BDAT takes mail for refused recipients as DATA does."""
    codes, _ = talk([STRANGER], data=b"BDAT 3\r\nabc")
    assert codes == [250, 250]


def test_rset_forgets_them() -> None:
    """Nothing of a refused recipient is left for the next transaction."""
    session = Session(Profile("mx", keep_refused=True), LocalOnly())
    session.open()
    session.receive(b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.net>\r\nRSET\r\nMAIL FROM:<>\r\n")
    assert _code(session.receive(b"DATA\r\n")) == 554
