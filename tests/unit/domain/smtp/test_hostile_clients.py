"""Clients that lie, cut, repeat and push ahead: the session stays in step with what was really sent."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.smtp.dialogue import Dialogue, StaticPolicy

from tidegate.domain.connection import Tls
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import ehlo_reply, helo_reply
from tidegate.domain.smtp.reply import Reply

OPEN = b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<b@c.d>\r\n"
BEGIN = OPEN + b"DATA\r\n"
END = b"\r\n.\r\n"


@pytest.mark.parametrize("cut", range(len(END) + 1))
def test_the_end_mark_in_two_packets(cut: int) -> None:
    """SM15: wherever it is cut, there is one end, and what follows is a command."""
    dialogue = Dialogue.start()
    dialogue.send(BEGIN + b"x" + END[:cut])
    assert dialogue.codes(END[cut:] + b"NOOP\r\n")[-1] == "250 2.0.0"
    assert [data for _, data in dialogue.messages] == [b"x\r\n"]


@pytest.mark.parametrize("size", [9_990, 10_010, 60_000])
@pytest.mark.parametrize("cut", range(len(END)))
def test_the_end_mark_behind_an_endless_line(size: int, cut: int) -> None:
    """SM20: below and above the limit, in the part that is read and dropped too, the end is seen exactly once."""
    dialogue = Dialogue.start()
    line = b"x" * size
    dialogue.send(BEGIN, *(line[at : at + 4_000] for at in range(0, size, 4_000)), END[:cut])
    said = dialogue.codes(END[cut:] + b"VRFY x\r\n")
    assert said[-2:] == ["250 2.0.0" if size < 10_000 else "552 5.3.4", "252 2.5.2"]
    assert len(dialogue.messages) == (size < 10_000)


def test_a_declared_size_is_only_a_promise() -> None:
    """CM06: less declared than sent is measured against the limit, more declared than sent is no harm; reserved is what has arrived."""
    policy = StaticPolicy()
    for declared, sent, expected in [(10, 20_000, "552 5.3.4"), (10, 500, "250 2.0.0"), (9_000, 10, "250 2.0.0")]:
        dialogue = Dialogue.start(policy)
        start = b"EHLO x\r\nMAIL FROM:<a@b.c> SIZE=%d\r\nRCPT TO:<b@c.d>\r\nDATA\r\n" % declared
        assert dialogue.codes(start + b"x" * sent + END)[-1] == expected
        assert policy.memory == StaticPolicy().memory


@pytest.mark.parametrize("body", [b"", b" BODY=7BIT", b" BODY=8BITMIME", b" BODY=8BITMIME SMTPUTF8"])
def test_bytes_that_were_not_announced(body: bytes) -> None:
    """CM11: eight-bit octets in header and body are kept as they are, whatever BODY and SMTPUTF8 said."""
    content = b"Subject: gr\xf6\xdfe \xe2\x82\xac\r\n\r\n" + bytes(range(14, 256)) + b"\r\n"
    dialogue = Dialogue.start()
    dialogue.send(b"EHLO x\r\nMAIL FROM:<a@b.c>" + body + b"\r\nRCPT TO:<b@c.d>\r\nDATA\r\n" + content + b".\r\n")
    assert [data for _, data in dialogue.messages] == [content]


def test_text_behind_a_cut_chunk() -> None:
    """CM16: octets are counted, in pieces of one too; a command glued to the last one is a command."""
    dialogue = Dialogue.start()
    dialogue.send(OPEN + b"BDAT 9\r\n", *(bytes([octet]) for octet in b"QUIT\r\nab"))
    assert dialogue.codes(b"cRSET\r\n") == ["250 2.0.0", "250 2.0.0"]
    assert dialogue.messages == []
    assert not dialogue.closed


@pytest.mark.parametrize("before", [b"EHLO x\r\n", b"EHLO x\r\nAUTH PLAIN\r\n"])
def test_a_line_that_comes_byte_by_byte(before: bytes) -> None:
    """RS02: each byte of a command, or of a login, is looked at once: a hundred pieces behind a long line cost no more than a few such lines."""
    dialogue = Dialogue.start(limits=Limits(unterminated=1 << 30), tls=True, authentication=True)
    dialogue.session.tls = Tls("TLSv1.3", "")
    dialogue.send(before)
    began = time.thread_time()
    dialogue.send(b"A" * 400_000)
    whole = time.thread_time()
    dialogue.send(*[b"A"] * 100)
    assert time.thread_time() - whole < 20 * (whole - began)
    assert dialogue.codes(b"\0")[-1] == "500 5.5.2"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"NOOP ", b"x\r", b"y"), ["500 5.5.2"]),
        ((b"NOOP xxxxxxxx\r", b"\nN\t"), ["250 2.0.0", "500 5.5.2"]),
        ((b"EHLO xxxxxxxx", b"\r\nN\t"), ["250", "500 5.5.2"]),
        ((b"EHLO x\r\n", b"AUTH PLAIN xxxx", b"\r\nN\t"), ["250", "501 5.5.2", "500 5.5.2"]),
        ((b"EHLO x\r\n", b"AUTH PLAIN\r\n", b"xxxxxxxx\r", b"y"), ["250", "334", "500 5.5.2"]),
        ((b"EHLO x\r\n", b"AUTH PLAIN\r\n", b"xxxxxxx", b"\r\nN\t"), ["250", "334", "501 5.5.2", "500 5.5.2"]),
    ],
)
def test_control_characters_are_seen_as_they_come(pieces: tuple[bytes, ...], expected: list[str]) -> None:
    """SM25, SM26: in the middle of a line that came in pieces, and in a short one that begins behind it."""
    dialogue = Dialogue.start(tls=True, authentication=True)
    dialogue.session.tls = Tls("TLSv1.3", "")
    assert dialogue.codes(*pieces) == expected
    assert dialogue.closed


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (BEGIN + b"Subject: x\r\n\r\nbody" + END, ["250 2.0.0"]),
        (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n", ["250 2.1.0"]),
        (b"MAIL FROM:<a@b.c>\r\nRCPT TO:<b@c.d>\r\nDATA\r\nSubject: NOOP\r\n", ["503 5.5.1"] * 3 + ["500 5.5.1"]),
    ],
)
def test_input_ahead_of_replies(stream: bytes, expected: list[str]) -> None:
    """CM20: what is sent ahead of the 354 or of the reply to EHLO is taken in the state that it meets, as if it had waited."""
    assert Dialogue.start().codes(stream)[-len(expected) :] == expected


@pytest.mark.parametrize("before", [b"MAIL FROM:<a@b.c>\r\n", b"MAIL FROM:<a@b.c>\r\nRCPT TO:<b@c.d>\r\n"])
def test_no_tls_inside_a_transaction(before: bytes) -> None:
    """TL08: 503, no handshake, and the transaction goes on; behind TLS, where AUTH is, there is no second handshake either."""
    dialogue = Dialogue.start(tls=True)
    assert dialogue.codes(b"EHLO x\r\n" + before + b"STARTTLS\r\n")[-1] == "503 5.5.1"
    assert dialogue.handshakes == 0
    assert dialogue.codes(b"RCPT TO:<c@c.d>\r\n") == ["250 2.1.5"]


CONSTANTS = {reply.wire for reply in vars(replies).values() if isinstance(reply, Reply)}


@given(
    st.lists(st.sampled_from([b"EHLO %s", b"HELO %s", b"MAIL FROM:<%s>", b"RCPT TO:<%s>", b"VRFY %s", b"%s", b"AUTH %s", b"BDAT %s"])),
    st.data(),
)
def test_replies_are_constants(templates: list[bytes], data: st.DataObject) -> None:
    """CM27: nothing that a client says comes back to it, but for recipients in the answer to a message."""
    dialogue = Dialogue.start()
    profile = dialogue.session.profile
    known = CONSTANTS | {helo_reply(profile).wire, ehlo_reply(profile, StaticPolicy().max_bytes, secure=False).wire}
    for template in templates:
        said = dialogue.send(template % data.draw(st.binary(max_size=20)) + b"\r\n").encode()
        while said:
            reply = next((wire for wire in known if said.startswith(wire)), None)
            assert reply is not None, said
            said = said[len(reply) :]
        if dialogue.closed:
            break
