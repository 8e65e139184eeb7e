"""The messages that are sent: one plain one of any size for the measurements, and awkward ones for the proof."""

import random
from email.utils import formatdate

LINE_CHARACTERS = 76
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SEED = 5321
OWN_FIELDS = 8
"""Header fields of :func:`plain`."""
SENT_AT = 1_700_000_000  # any fixed time: every run sends the same bytes
SENDER = "sender@example.org"
RECIPIENT = "inbox@example.com"


def plain(size: int, header_lines: int = 0) -> bytes:
    """A message of about ``size`` bytes: CRLF lines of base64-like text, as the attachments that most mail consists of, and an empty line.

    Args:
        size: bytes wanted; the message is at most one line longer, and never shorter than its header section and one line.
        header_lines: additional header fields, one line each.
    """
    headers = [
        f"From: Sender <{SENDER}>",
        f"To: Inbox <{RECIPIENT}>",
        "Subject: A message of the benchmark",
        f"Date: {formatdate(SENT_AT)}",
        f"Message-ID: <{size}.{header_lines}@example.org>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        *(f"X-Bench-{number}: {ALPHABET[:40]} {number}" for number in range(header_lines)),
    ]
    head = "\r\n".join(headers) + "\r\n\r\n"
    text = random.Random(SEED).choices(ALPHABET, k=LINE_CHARACTERS * 64)
    block = "".join("".join(text[start : start + LINE_CHARACTERS]) + "\r\n" for start in range(0, len(text), LINE_CHARACTERS))
    missing = max(LINE_CHARACTERS, size - len(head) - 2)
    lines = -(-missing // (LINE_CHARACTERS + 2))
    body = (block * (lines // 64 + 1))[: lines * (LINE_CHARACTERS + 2)]
    return (head + body + "\r\n").encode("ascii")


def awkward() -> list[bytes]:
    """Messages that a server that rewrites anything gives back changed. Each ends with CRLF, as SMTP requires, and differs from the others."""
    head = b"From: a@example.org\r\nSubject: proof %d\r\n\r\n"
    bodies = [
        b".\r\n..\r\n...\r\n.text\r\n. \r\n",
        b"a dot at the very end\r\n.\r\n",
        b"\r\n\r\n\r\n",
        "ünïcödé 日本語 🙂\r\n".encode(),
        b"not UTF-8: \xff\xfe\x80 \xe9t\xe9\r\n",
        b'control: \x01\x02\x1b\x7f\ttab \\ " quotes / \x0b\r\n',
        b"blanks at the end  \t \r\n  \r\n",
        b"x" * 990 + b"\r\n",
        b"",
    ]
    messages = [head % number + body for number, body in enumerate(bodies)]
    messages.append(b"Subject: folded\r\n\tover\r\n  three lines\r\nX-Empty:\r\n\r\nbody\r\n")
    messages.append(plain(300_000))
    return messages


def stuffed(message: bytes) -> bytes:
    """``message`` as it goes over the wire, with the dots doubled and the final dot (RFC 5321 section 4.5.2)."""
    text = message.replace(b"\r\n.", b"\r\n..")
    return (b"." if text.startswith(b".") else b"") + text + b".\r\n"
