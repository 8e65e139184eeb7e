"""The work of classification is linear in the size of the message, for the shapes that would make a careless reader quadratic.

Work is counted in calls, of Python and of C functions: that does not depend on the machine. What happens inside one call is covered by size:
at these sizes a quadratic search would run for minutes.
"""

from collections.abc import Callable

import pytest
from tests.calls import calls

from tidegate.domain.reports import classify

DAEMON = b"From: MAILER-DAEMON@x\r\nSubject: Undelivered mail\r\n"
REPORT = b'Content-Type: multipart/report; boundary="b"\r\n\r\n'
STATUS = REPORT + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"

SHAPES: dict[str, Callable[[int], bytes]] = {
    "fields": lambda n: STATUS + b"X-A: b\r\n" * n,
    "folds": lambda n: STATUS + b"Final-Recipient: a@x" + b"\r\n b" * n,
    "blank lines": lambda n: STATUS + b"\r\n" * n,
    "recipients": lambda n: STATUS + b"Final-Recipient: a@x\r\nAction: failed\r\n\r\n" * (n // 4),
    "almost delimiters": lambda n: REPORT + b"--b\r\n\r\n" + b"-- b\r\n" * n,
    "delimiters in a line": lambda n: REPORT + b"--b\r\n\r\n" + b"--b" * n,
    "one long line": lambda n: STATUS + b"Final-Recipient: " + b"a" * n,
    "base64": lambda n: b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"UEsDBA==\r\n" * n,
    "elements": lambda n: b"Content-Type: text/xml\r\n\r\n<feedback><record>" + b"<a/>" * n,
    "text in an element": lambda n: b"Content-Type: text/xml\r\n\r\n<feedback><record>" + b"a\r\n" * n,
    "attributes": lambda n: b"Content-Type: text/xml\r\n\r\n<feedback><record " + b"".join(b"a%d='' " % i for i in range(n)) + b"/>",
    "brackets in strings": lambda n: b'Content-Type: application/tlsrpt+json\r\n\r\n{"a": [' + b'"[\\"", ' * n + b"1]}",
    "open strings": lambda n: b"Content-Type: application/tlsrpt+json\r\n\r\n" + b"[" * 33 + b'\\"' * n,
    "halves of addresses": lambda n: DAEMON + b"\r\nunable to deliver to " + b"a@" * n,
    "letters": lambda n: DAEMON + b"\r\nunable to deliver to " + b"a" * n,
    "blanks": lambda n: DAEMON + b"\r\nunable to deliver to\r\n" + b" " * n + b"@",
    "quotes": lambda n: DAEMON + b"\r\nunable to deliver to\r\n" + (b'"' * 1_900 + b"@\r\n") * (n // 1_900),
    "names": lambda n: DAEMON + b"\r\nunable to deliver to\r\n" + (b"a b" * 600 + b"@\r\n") * (n // 1_800),
    "recipient lines": lambda n: DAEMON + b"\r\nunable to deliver to\r\n" + b"<a@x.example>: no\r\n" * (n // 8),
    "tags": lambda n: DAEMON + b"Content-Type: text/html\r\n\r\n" + b"<br" * n,
    "open tags": lambda n: DAEMON + b"Content-Type: text/html\r\n\r\n" + b"<" * n,
    "parameters": lambda n: b"Content-Type: multipart/mixed" + b";a=b" * n + b"\r\n\r\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_no_faster_than_the_message(shape: str) -> None:
    """HD08 to HD10, RP02 to RP05: twice the message is at most about twice the work; bounds may make it less."""
    size = 4_000
    one, two = SHAPES[shape](size), SHAPES[shape](2 * size)
    once, twice = calls(lambda: classify(one)), calls(lambda: classify(two))
    assert twice <= 2.2 * once + 500


@pytest.mark.parametrize("shape", SHAPES)
def test_large_messages_end(shape: str) -> None:
    """The same shapes at half a megabyte: a quadratic step anywhere would not end within the time limit of a test."""
    classify(SHAPES[shape](200_000))


def test_ordinary_mail_costs_the_same_at_any_size() -> None:
    """An ordinary message is told by its header: its body may be as long as it likes."""
    head = b"From: Ann <ann@example.com>\r\nSubject: Lunch\r\nContent-Type: text/plain\r\n\r\n"
    assert calls(lambda: classify(head + b"x\r\n" * 300_000)) == calls(lambda: classify(head + b"x\r\n"))
