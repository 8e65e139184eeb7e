"""What the logs of a running server hold: everything that was accepted, and nothing that a client can break."""

import base64
import json
from collections import Counter

import pytest
from tests.integration.network.proxy_headers import v1
from tests.servers.certificates import Certificate
from tests.servers.client import Client
from tests.servers.process import GatewayProcess

pytestmark = pytest.mark.integration

PROXY = "127.0.0.7"
FORMAT = (
    "{$json.message-id} {$transaction} {$json.connection.remote-ip} {$json.connection.user} {$size} {$queue} {$reply}"
    " <{$json.envelope}> <{$json.recipient}>"
)
NASTY = "\x1b]0;pwned\x07 \x1b[2J \x85 \u2028 \u202e \x7f %s%n{0} \\ \" '"


def identifiers(reply: str) -> list[str]:
    """What the client reads behind its message."""
    return [line[10:].split()[0] for line in reply.splitlines()[1:]]


def plain(user: str, password: str) -> str:
    """AUTH PLAIN with these credentials."""
    return "AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def test_accepted_mail_can_be_told_from_the_log(certificate: Certificate) -> None:
    """LG05: one line for each identifier that a client has read, with who sent what to whom, and where it went; none for what was refused."""
    gateway = GatewayProcess({"smtp-threads": "2", "smtp-proxy": PROXY, "smtp-range": "127.0.0.1;192.0.2.0/24", **certificate.settings})
    path = gateway.directory / "received.log"
    gateway.settings = dict(gateway.settings) | {
        "received-log-file": str(path),
        "received-log-format": FORMAT,
        "smtp-auth": "hardcoded://alice:s3cret",
        "smtp-header-size": "10kB",
    }
    read: list[str] = []
    with gateway:
        for number in range(10):
            with Client.connect(gateway.port, source=PROXY if number % 2 else "127.0.0.1") as client:
                if number % 2:
                    client.send_raw(v1(f"192.0.2.{number}", "198.51.100.25"))
                client.greet()
                assert client.say("STARTTLS").startswith("220")
                client.start_tls(certificate.client)
                client.say("EHLO again")
                assert client.say(plain("alice", "s3cret")).startswith("235")
                assert client.mail("x\r\n" * number).startswith("250")
                read += identifiers(reply := client.mail("hello"))
                assert reply.startswith("250")
                for line in ("MAIL FROM:<a@b.c>", "RCPT TO:<d@e.f>", "RCPT TO:<g@h.i>", "DATA"):
                    reply = client.say(line)
                read += identifiers(client.say("Subject: x\r\n\r\nx\r\n."))
                for line in ("MAIL FROM:<a@b.c>", "RCPT TO:<d@e.f>", "DATA"):
                    client.say(line)
                assert client.say("X: x\r\n" * 2000 + "\r\n.").startswith("552")
        assert gateway.stop() == 0
        documents = {document["message-id"]: document for document in gateway.documents()}
        lines = path.read_text().splitlines()
    assert set(read) < documents.keys()
    expected = {
        f"{name} {name[:26]} {document['connection']['remote-ip']} alice SIZE inbox 250 2.0.0 <{document['envelope']}> <{document['recipient']}>"
        for name, document in documents.items()
    }
    assert Counter(line.split()[0] for line in lines) == Counter(list(documents))
    assert {" ".join([*words[:4], "SIZE", *words[5:]]) for line in lines if (words := line.split(" "))} == expected
    for line in lines:
        trace = documents[line.split()[0]]["mime"].partition("+0000\r\n")
        assert int(line.split()[4]) == len(trace[2])
    assert {line.split()[2] for line in lines} == {"127.0.0.1", *(f"192.0.2.{number}" for number in (1, 3, 5, 7, 9))}


def test_nothing_of_a_client_breaks_a_line(certificate: Certificate) -> None:
    """LG01: whatever comes in, from clients, proxies and whoever breaks TLS, each record is one line of printable ASCII."""
    gateway = GatewayProcess({"smtp-proxy": PROXY, "smtp-auth": "hardcoded://alice:s3cret", **certificate.settings})
    path = gateway.directory / "said.log"
    gateway.settings = dict(gateway.settings) | {"application-log": f"stderr,{path}"}
    nasty = NASTY.encode()
    with gateway:
        for line in (b"EHLO " + nasty, b"MAIL FROM:<a\x08\x08b@c>", nasty, b"STARTTLS\r\n" + nasty):
            with Client.connect(gateway.port) as client:
                client.greet()
                client.send_raw(line + b"\r\n")
                client.sock.shutdown(1)
                client.rest()
        for header in (nasty, b"PROXY TCP4 " + nasty, b"\r\n\r\n\0\r\nQUIT\n" + nasty):
            with Client.connect(gateway.port, source=PROXY) as client:
                client.send_raw(header + b"\r\n")
                client.rest()
        with Client.connect(gateway.port) as client:
            client.greet()
            client.say("STARTTLS")
            client.start_tls(certificate.client)
            client.say("EHLO again")
            for user in ("a\r\nb", NASTY, "b\u00fccher", '"} {"message": "x'):
                client.say(plain(user, "x"))
        with Client.connect(gateway.port) as client:
            client.greet()
            client.say("STARTTLS")
            client.start_tls(certificate.client)
            client.say("EHLO again")
            client.say(plain("alice", "s3cret"))
            client.say('MAIL FROM:<"a\\"} %s \\\\"@example.org> SMTPUTF8')
            client.say("RCPT TO:<ü\u00a0@example.com>")
            client.say("RCPT TO:<b@example.com>")
            client.say("DATA")
            fields = b"".join(b"x-mq-" + nasty + b": %d\r\nx-mq-ip: \x1b[2J%s\r\n" % (number, nasty) for number in range(20))
            client.send(fields + b"\r\nx\r\n.\r\n")
            assert client.reply().startswith("250")
        assert gateway.stop() == 0
        said = path.read_bytes()
    assert set(said) <= {0x0A, *range(0x20, 0x7F)}
    records = [json.loads(line) for line in said.splitlines()]
    assert {record["user"] for record in records if record["message"] == "login refused"} == {"b\u00fccher", '"} {"message": "x'}
    assert sum(record["message"] == "PROXY header refused" for record in records) == 3
    assert sum(record["message"] == "x-mq fields not used" for record in records) == 1
