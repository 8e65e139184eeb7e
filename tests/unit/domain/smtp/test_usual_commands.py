"""The short cut for lines as nearly all clients write them: they are answered as the long way answers them."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.smtp.dialogue import Dialogue

LOCAL_PARTS = [
    "joe",
    "a.b",
    "=?utf-8?q?x?=",
    "what?",
    "x" * 64,
    "x" * 65,
    ".joe",
    "joe.",
    "a..b",
    '"q s"',
    "bounce+joe=example.com",
    "j\xf6e",
    "",
]
DOMAINS = [
    "example.com",
    "EXAMPLE.com",
    "x" * 64 + ".com",
    "a" + ".b" * 120,
    "[192.0.2.1]",
    "-x.com",
    "x-.com",
    "xn--mnchen-3ya.de",
    "a..b",
    "",
]
ENDS = ["", " SIZE=100", " SIZE=99999999999", " SIZE=0 BODY=8BITMIME", " size=5", " ", " X=1"]
VERBS = ["MAIL FROM:", "mail from:", "RCPT TO:", "rcpt to: ", "MAIL  FROM:", "RCPT"]
OTHERS = ["DATA", "DATA ", "data", "DATA x", "QUIT", "QUIT ", "EHLO x.example", "EHLO", "EHLO x y", "ehlo z", "RSET", "NOOP"]

paths = st.builds("{}<{}@{}>{}".format, st.sampled_from(VERBS), st.sampled_from(LOCAL_PARTS), st.sampled_from(DOMAINS), st.sampled_from(ENDS))
lines = st.one_of(paths, st.sampled_from(OTHERS), st.just("MAIL FROM:<joe@example.org>"), st.just("RCPT TO:<info@example.com>"))


def dialogue(script: list[bytes], *, whole: bool) -> tuple[bytes, list[object], bool]:
    """Everything that comes of the lines: replies, messages, whether the session was closed. A line whose last byte comes alone is not usual."""
    found = Dialogue.start()
    for line in script:
        if found.closed:
            break
        found.send(*([line] if whole else [line[:-1], line[-1:]]))
    return bytes(found.output), list(found.messages), found.closed


@given(st.lists(lines, max_size=8))
def test_the_same_answers(script: list[str]) -> None:
    """Every line of a dialogue is answered alike whether it comes whole or with its last byte alone, which no short cut reads."""
    encoded = [line.encode("utf-8") + b"\r\n" for line in ["EHLO client.example", *script]]
    assert dialogue(encoded, whole=True) == dialogue(encoded, whole=False)
