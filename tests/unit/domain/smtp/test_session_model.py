"""Random dialogues against a model of the standard (RFC 5321 section 4.1.4), cut at random places."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.domain.smtp.dialogue import Dialogue

from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.machine import Mode

UNLIMITED = Limits(errors=1 << 30, idle_commands=1 << 30)


class DialogueModel(RuleBasedStateMachine):
    """The session in one hand, a dozen lines of model in the other."""

    def __init__(self) -> None:
        super().__init__()
        self.dialogue = Dialogue.start(limits=UNLIMITED, tls=True, authentication=True)
        self.greeted = False
        self.secure = False
        self.esmtp = False
        self.user = False
        self.mail = False
        self.recipients = 0
        self.chunks = False
        self.sent = 0

    def say(self, data: bytes, cuts: list[int]) -> str:
        """Send in pieces; the first digit and code of the last reply."""
        places = sorted({cut % (len(data) + 1) for cut in cuts})
        pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
        return self.dialogue.send(*[piece for piece in pieces if piece]).splitlines()[-1][:3]

    cuts = st.lists(st.integers(0, 200), max_size=4)

    def reset(self) -> None:
        """RSET, and what acts like it."""
        self.mail, self.recipients, self.chunks = False, 0, False

    @rule(cuts=cuts, verb=st.sampled_from([b"EHLO", b"HELO", b"ehlo"]))
    def hello(self, cuts: list[int], verb: bytes) -> None:
        """Always allowed, and ends a transaction."""
        assert self.say(verb + b" x.example\r\n", cuts) == "250"
        self.greeted, self.esmtp = True, verb != b"HELO"
        self.reset()

    @rule(cuts=cuts, login=st.booleans(), initial=st.booleans())
    def auth(self, cuts: list[int], login: bool, initial: bool) -> None:
        """Over TLS, after EHLO, outside a transaction, once; continuation lines are pipelined with it."""
        lines = [b"AUTH LOGIN", b"Ym9i", b"cHc="] if login else [b"AUTH PLAIN", b"AGJvYgBwdw=="]
        if initial:
            lines[:2] = [b" ".join(lines[:2])]
        allowed = self.secure and self.esmtp and not self.mail and not self.user
        if allowed:
            assert self.say(b"\r\n".join(lines) + b"\r\n", cuts) == "235"
            self.user = True
        else:
            assert self.say(lines[0] + b"\r\n", cuts) == ("503" if self.secure else "538")

    @rule(cuts=cuts)
    def auth_cancelled(self, cuts: list[int]) -> None:
        """Changes nothing."""
        if self.secure and self.esmtp and not self.mail and not self.user:
            assert self.say(b"AUTH LOGIN\r\n*\r\n", cuts) == "501"

    @rule(cuts=cuts)
    def rset(self, cuts: list[int]) -> None:
        """Always allowed."""
        assert self.say(b"RSET\r\n", cuts) == "250"
        self.reset()

    @rule(cuts=cuts, line=st.sampled_from([b"NOOP\r\n", b"NOOP x\r\n", b"HELP\r\n", b"VRFY x\r\n", b"BOGUS\r\n", b"\r\n", b"MAIL\r\n"]))
    def no_effect(self, cuts: list[int], line: bytes) -> None:
        """Changes nothing, whatever is answered."""
        assert self.say(line, cuts)[0] in "25"

    @rule(cuts=cuts)
    def mail_from(self, cuts: list[int]) -> None:
        """After EHLO, once."""
        expected = "250" if self.greeted and not self.mail else "503"
        assert self.say(b"MAIL FROM:<a@b.c>\r\n", cuts) == expected
        self.mail = self.mail or expected == "250"

    @rule(cuts=cuts, number=st.integers(0, 3))
    def rcpt_to(self, cuts: list[int], number: int) -> None:
        """After MAIL, before the first chunk."""
        expected = "250" if self.mail and not self.chunks else "503"
        assert self.say(b"RCPT TO:<r%d@b.c>\r\n" % number, cuts) == expected
        self.recipients += expected == "250"

    @rule(cuts=cuts, body=st.sampled_from([b"", b"x\r\n", b"..\r\n.a\r\n", b"Subject: s\r\n\r\nb\r\n"]))
    def data(self, cuts: list[int], body: bytes) -> None:
        """354 only with a recipient and without chunks; then one message."""
        code = self.say(b"DATA\r\n", cuts)
        if self.mail and self.recipients and not self.chunks:
            assert code == "354"
            assert self.say(body + b".\r\n", cuts) == "250"
            self.sent += 1
            self.reset()
        else:
            assert code == ("554" if self.mail and not self.chunks else "503")

    @rule(cuts=cuts, body=st.binary(max_size=20).map(lambda data: data.translate(None, b"\r\n\0")), last=st.booleans())
    def bdat(self, cuts: list[int], body: bytes, last: bool) -> None:
        """The octets are read whatever the answer is."""
        code = self.say(b"BDAT %d%s\r\n" % (len(body), b" LAST" if last else b"") + body, cuts)
        if self.mail and self.recipients:
            assert code == "250"
            self.chunks = True
            if last:
                self.sent += 1
                self.reset()
        else:
            assert code == ("554" if self.mail else "503")

    @rule(cuts=cuts)
    def starttls(self, cuts: list[int]) -> None:
        """Once, after EHLO, outside a transaction; then everything starts anew."""
        expected = "220" if self.greeted and not self.mail and not self.secure else "503"
        assert self.say(b"STARTTLS\r\n", cuts) == expected
        if expected == "220":
            self.secure, self.greeted, self.esmtp = True, False, False

    @precondition(lambda self: self.sent > 2)
    @rule(cuts=cuts)
    def quit(self, cuts: list[int]) -> None:
        """Says goodbye; then a new session."""
        assert self.say(b"QUIT\r\n", cuts) == "221"
        assert self.dialogue.closed
        self.__init__()  # type: ignore[misc]

    @invariant()
    def as_many_messages_as_were_accepted(self) -> None:
        """Nothing appears or disappears."""
        assert len(self.dialogue.messages) == self.sent
        assert (self.dialogue.session.user == "bob") == self.user
        assert self.dialogue.session.mode in (Mode.COMMAND, Mode.CLOSED)


TestDialogueModel = DialogueModel.TestCase
TestDialogueModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@given(
    st.lists(
        st.binary(max_size=80)
        | st.sampled_from(
            [
                b"\r\n",
                b"EHLO x\r\n",
                b"MAIL FROM:<a@b.c>\r\n",
                b"RCPT TO:<b@c.d>\r\n",
                b"DATA\r\n",
                b".\r\n",
                b"STARTTLS\r\n",
                b"AUTH PLAIN\r\n",
                b"AUTH LOGIN\r\n",
            ]
        )
    )
)
def test_total(pieces: list[bytes]) -> None:
    """Any input: no exception, only well-formed replies, nothing a client sent comes back."""
    dialogue = Dialogue.start(limits=Limits(errors=5), tls=True, authentication=True)
    dialogue.send(*pieces)
    for line in bytes(dialogue.output).split(b"\r\n")[:-1]:
        assert line[:3].isdigit()
        assert line.isascii()
        assert line[3:4] in (b" ", b"-")
