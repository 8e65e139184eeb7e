"""What happens when those whom checks ask are away, slow or silent: mail is accepted in time and told with temperror."""

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Thread
from typing import Any

import pytest
from tests.integration.checks.checking_gateway import checking
from tests.schema import assert_valid
from tests.servers.dns_server import Fault
from tests.servers.spamd import Spamd

from tidegate.ports.testing.spam_scanner import ORDINARY, SPAM

pytestmark = pytest.mark.integration

CLIENT = "192.0.2.1"
ZONE: dict[str, list[list[object]]] = {
    "example.net": [["TXT", ["v=spf1 ip4:192.0.2.1 -all"]]],
    "_dmarc.example.net": [["TXT", ["v=DMARC1; p=reject"]]],
    "1.2.0.192.in-addr.arpa": [["PTR", "mail.example.net"]],
    "mail.example.net": [["A", CLIENT]],
}
SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s; h=from; bh=" + b"A" * 43 + b"=; b=AAAA\r\n" + ORDINARY
BUDGET_S = 10.0  # of all look-ups of a message
SLACK_S = 15.0  # for a busy machine; without the budget it would be minutes


def words(document: dict[str, Any]) -> dict[str, str]:
    """Methods and their words."""
    return dict(next(iter(entry.items())) for entry in document["checks"])


@contextmanager
def silent_port(kind: socket.SocketKind) -> Iterator[int]:
    """A port where somebody listens and says nothing; connections are taken and kept."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            sock.listen(64)
        yield sock.getsockname()[1]


def test_dead_dns_does_not_hold_mail() -> None:
    """ML15, ML18: twenty messages at once while no name server says a word, with the resolver's own patience: all are taken within one budget,
    and told why.
    """
    with (
        silent_port(socket.SOCK_DGRAM) as port,
        checking({}, dns_nameserver=f"127.0.0.1:{port}", dns_timeout="5", dns_attempts="3") as server,
        ThreadPoolExecutor(20) as clients,
    ):
        started = time.monotonic()
        found = list(
            clients.map(
                lambda number: server.send(
                    CLIENT, "c.example", f"a@d{number}.example", SIGNED.replace(b"example.net", b"d%d.example" % number)
                ),
                range(20),
            )
        )
        assert time.monotonic() - started < BUDGET_S + SLACK_S
    for answer, documents in found:
        assert answer.accepted
        assert words(documents[0]) == {"spf": "temperror", "dkim": "temperror", "dmarc": "temperror", "arc": "none", "iprev": "temperror"}
        assert all(entry["reason"] for entry in documents[0]["checks"])


def test_failing_dns() -> None:
    """ML15: refusals and failures of name servers are temperror at once; what could be asked is told."""
    with checking(ZONE) as server:
        server.dns.faults |= {"example.net": Fault.SERVFAIL, "s._domainkey.example.net": Fault.REFUSED, "1.2.0.192.in-addr.arpa": Fault.SILENCE}
        _, (document,) = server.send(CLIENT, "mail.example.net", "ann@example.net", SIGNED)
        assert words(document) == {"spf": "temperror", "dkim": "temperror", "dmarc": "temperror", "arc": "none", "iprev": "temperror"}
        assert document["checks"][2]["policy"] == "reject"


def test_spam_is_told(spamd: Spamd) -> None:
    """The real daemon judges; it sees who sent the message, and what is too large is not sent to it. Points are told where they are wanted."""
    host = f"127.0.0.1:{spamd.port}"
    with checking(ZONE, smtp_check="spam", spamassassin_host=host, spamassassin_maxsize="4KB", spamassassin_report="true") as server:
        # Written now: scanners hold the Date field against our Received.
        fresh = re.sub(rb"(?m)^Date: .*\r$", b"Date: " + format_datetime(datetime.now(UTC)).encode() + b"\r", ORDINARY)
        (entry,) = server.send(CLIENT, "mail.example.net", "ann@example.net", fresh)[1][0]["checks"]
        assert entry["spam"] == "ham", entry
        _, (document,) = server.send(CLIENT, "mail.example.net", "", SPAM)
        (entry,) = document["checks"]
        assert entry["spam"] == "spam"
        assert entry["score"] >= entry["threshold"] == 5.0
        assert "GTUBE" in entry["symbols"]
        assert entry["rules"][0] == {"name": "GTUBE", "score": 1000, "description": "BODY: Generic Test for Unsolicited Bulk Email"}
        assert sorted(rule["name"] for rule in entry["rules"]) == entry["symbols"]
        assert_valid(document)
        assert document["mime"].startswith("Received: ")
        _, (document,) = server.send(CLIENT, "mail.example.net", "ann@example.net", ORDINARY + b"x" * 5000)
        assert document["checks"] == [{"spam": "none", "reason": "larger than 4096 bytes, not scanned"}]


def test_spamd_is_away_or_silent() -> None:
    """ML19: without an answer of the scanner mail is accepted in time, the other findings stand, and nobody is told where the scanner is."""
    reason = "no answer from the spam scanner"
    with silent_port(socket.SOCK_STREAM) as port:
        for host in ("127.0.0.1:9", f"127.0.0.1:{port}"):
            with checking(ZONE, smtp_check="spf,spam", spamassassin_host=host, spamassassin_timeout="1") as server:
                started = time.monotonic()
                answer, (document,) = server.send(CLIENT, "mail.example.net", "ann@example.net", SPAM)
                assert time.monotonic() - started < SLACK_S
                assert answer.accepted
                assert document["checks"][:2] == [
                    {"spf": "pass", "smtp.mailfrom": "ann@example.net"},
                    {"spam": "temperror", "reason": reason},
                ]
                assert host in server.gateway.log()


def test_rspamd_judges_instead() -> None:
    """With rspamd-address the message goes there."""
    asked: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with listener.accept()[0] as connection, connection.makefile("rb") as lines:
            head = b"".join(iter(lines.readline, b"\r\n"))
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            asked.append(head + lines.read(length))
            body = b'{"action": "reject", "score": 20, "required_score": 15, "symbols": {"A": {"score": 7.5, "description": "a"}}}'
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,))
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with checking({}, smtp_check="spam", rspamd_address=address, spamassassin_report="true") as server:
            _, (document,) = server.send(CLIENT, "mail.example.net", "ann@example.net", ORDINARY)
        thread.join(20)
    rules = [{"name": "A", "score": 7.5, "description": "a"}]
    assert document["checks"] == [{"spam": "spam", "score": 20, "threshold": 15, "symbols": ["A"], "rules": rules}]
    assert b"\r\nIP: 192.0.2.1\r\nHelo: mail.example.net\r\nFrom: <ann@example.net>\r\nRcpt: <bob@example.com>\r\n" in asked[0]
    assert b"Return-Path: <ann@example.net>\r\nReceived: from mail.example.net" in asked[0]
    assert asked[0].endswith(ORDINARY)


def test_large_messages_are_checked() -> None:
    """ML21: 25 MB with a signature are hashed off the loop; the message is taken and told."""
    with checking(ZONE, smtp_maxsize="30MB") as server:
        _, (document,) = server.send(CLIENT, "mail.example.net", "ann@example.net", SIGNED + (b"x" * 76 + b"\r\n") * 320_000)
        assert words(document) == {"spf": "pass", "dkim": "permerror", "dmarc": "pass", "arc": "none", "iprev": "pass"}
        assert len(document["mime"]) > 24_000_000
