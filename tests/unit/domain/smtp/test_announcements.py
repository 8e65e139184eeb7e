"""Messages that are announced before they come, for checks that can begin with the sender alone."""

from tests.unit.domain.smtp.dialogue import Dialogue, StaticPolicy

from tidegate.domain.smtp import replies

HELLO = b"EHLO client.example\r\n"
MESSAGE = b"DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n"


def test_announced_once_with_the_first_accepted_recipient() -> None:
    """Neither MAIL nor a refused recipient announces anything; the null reverse path is a sender too; each transaction is announced anew."""
    policy = StaticPolicy(refused={"no@example.com": replies.AUTH_REQUIRED})
    dialogue = Dialogue.start(policy, announce=True)
    dialogue.send(HELLO, b"MAIL FROM:<joe@example.org>\r\n", b"RCPT TO:<no@example.com>\r\n")
    assert dialogue.expected == []
    dialogue.send(b"RCPT TO:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n")
    assert dialogue.expected == ["joe@example.org"]
    dialogue.send(b"RSET\r\n", b"MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n" + MESSAGE)
    assert dialogue.expected == ["joe@example.org", ""]
    assert [envelope.sender for envelope, _ in dialogue.messages] == [""]


def test_silent_unless_asked() -> None:
    """Without checks of the sender there is nobody to tell."""
    dialogue = Dialogue.start()
    dialogue.send(HELLO, b"MAIL FROM:<joe@example.org>\r\nRCPT TO:<a@example.com>\r\n" + MESSAGE)
    assert dialogue.expected == []
    assert len(dialogue.messages) == 1
