"""SPF on the real server: asked for when the first recipient is accepted, not later and not for clients that get nowhere."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from tests.integration.checks.checking_gateway import Checking, checking
from tests.servers.certificates import issue
from tests.servers.client import Client
from tests.servers.mail_client import Answer

pytestmark = pytest.mark.integration

ZONE: dict[str, list[list[object]]] = {"example.net": [["TXT", ["v=spf1 ip4:192.0.2.1 -all"]]]}
PATIENCE_S = 20.0


@contextmanager
def session(server: Checking) -> Iterator[tuple[socket.socket, IO[bytes]]]:
    """A greeted client at 192.0.2.1."""
    with socket.create_connection(("127.0.0.1", server.gateway.port), timeout=PATIENCE_S) as sock, sock.makefile("rb") as lines:
        sock.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.25 4711 25\r\n")
        assert lines.readline().startswith(b"220")
        say(sock, lines, b"EHLO client.example")
        yield sock, lines


def say(sock: socket.socket, lines: IO[bytes], command: bytes) -> str:
    """One command; the reply, lines joined by line feeds."""
    sock.sendall(command + b"\r\n")
    reply = [lines.readline().decode().rstrip()]
    while reply[-1][3:4] == "-":
        reply.append(lines.readline().decode().rstrip())
    return "\n".join(reply)


def names(server: Checking) -> list[str]:
    """What the DNS was asked for."""
    return [asked.name.rstrip(".") for asked in server.dns.asked]


def test_asked_while_the_client_sends() -> None:
    """The record is asked for before DATA, once, and its finding stands in the document of the message that comes then."""
    with checking(ZONE) as server, session(server) as (sock, lines):
        say(sock, lines, b"MAIL FROM:<joe@example.net>")
        assert "example.net" not in names(server)
        assert say(sock, lines, b"RCPT TO:<bob@example.com>").startswith("250")
        until = time.monotonic() + PATIENCE_S
        while "example.net" not in names(server) and time.monotonic() < until:
            time.sleep(0.01)
        assert "example.net" in names(server)
        assert say(sock, lines, b"DATA").startswith("354")
        answer = Answer((say(sock, lines, b"From: joe@example.net\r\n\r\nhello\r\n."),))
        (document,) = [server.document(message_id) for message_id in answer.message_ids]
        assert document["checks"][0] == {"spf": "pass", "smtp.mailfrom": "joe@example.net"}
        assert names(server).count("example.net") == 1


def test_every_message_of_a_session_has_its_own() -> None:
    """A transaction that is given up leaves nothing to the next one."""
    with checking(ZONE) as server, session(server) as (sock, lines):
        say(sock, lines, b"MAIL FROM:<joe@example.net>")
        say(sock, lines, b"RCPT TO:<bob@example.com>")
        say(sock, lines, b"RSET")
        say(sock, lines, b"MAIL FROM:<joe@other.example>")
        say(sock, lines, b"RCPT TO:<bob@example.com>")
        say(sock, lines, b"DATA")
        answer = Answer((say(sock, lines, b"From: joe@example.net\r\n\r\nhello\r\n."),))
        (document,) = [server.document(message_id) for message_id in answer.message_ids]
        assert (document["checks"][0]["spf"], document["checks"][0]["smtp.mailfrom"]) == ("none", "joe@other.example")


def test_clients_that_get_nowhere_cost_no_look_up() -> None:
    """A client whose recipients are refused, or that has none, asks nothing of the DNS through us."""
    with checking(ZONE) as server:
        for _ in range(3):
            with session(server) as (sock, lines):
                say(sock, lines, b"MAIL FROM:<joe@example.net>")
                assert say(sock, lines, b"RCPT TO:<bob@-not-a-domain>").startswith("5")
                say(sock, lines, b"QUIT")
        assert "example.net" not in names(server)


def test_behind_a_proxy_and_starttls(tmp_path: Path) -> None:
    """PX18: the handshake makes nobody forget the client of the PROXY header: SPF is asked about it, not about the proxy."""
    certificate = issue(tmp_path, "mx")
    with checking(ZONE, smtp_certificate=str(certificate.certificate), smtp_key=str(certificate.key)) as server:
        for client_ip, result in (("192.0.2.1", "pass"), ("192.0.2.2", "fail")):
            with Client.connect(server.gateway.port) as client:
                client.send_raw(f"PROXY TCP4 {client_ip} 192.0.2.25 4711 25\r\n".encode())
                client.greet()
                assert client.say("STARTTLS").startswith("220")
                client.start_tls(certificate.client)
                assert client.say("EHLO client.example").startswith("250")
                client.send(b"MAIL FROM:<joe@example.net>\r\n")
                assert client.reply().startswith("250")
                assert client.say("RCPT TO:<bob@example.com>").startswith("250")
                assert client.say("DATA").startswith("354")
                answer = Answer((client.say("From: joe@example.net\r\n\r\nhello\r\n."),))
            (document,) = [server.document(message_id) for message_id in answer.message_ids]
            assert document["checks"][0]["spf"] == result
            assert (document["connection"]["remote-ip"], document["connection"]["secure"]) == (client_ip, True)
