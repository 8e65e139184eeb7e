"""The PROXY protocol on real sockets: both versions, before SMTP, STARTTLS and TLS, in one segment with it and byte by byte."""

import json
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.integration.network.proxy_headers import PROXY, local, v1, v2
from tests.servers.certificates import Certificate
from tests.servers.client import Client
from tests.servers.process import GatewayProcess, free_port, wait_until

pytestmark = pytest.mark.integration

HEADERS = pytest.mark.parametrize("header", [v1, v2], ids=["v1", "v2"])
Header = Callable[[str, str], bytes]


@pytest.fixture(scope="module")
def gateway(certificate: Certificate) -> Iterator[GatewayProcess]:
    """Behind a proxy; clients of two networks may connect, the proxy itself may not."""
    settings = {
        "smtp-proxy": PROXY,
        "smtp-range": "192.0.2.0/24;2001:db8::/32;127.0.0.1",
        "smtp-secure-port": str(free_port()),
        "smtp-unmappable-ips": "198.51.100.9",
        **certificate.settings,
    }
    with GatewayProcess(settings) as process:
        process.write_config(
            received_log_file=str(process.directory / "received"), received_log_format="{$json.envelope} {$json.connection.remote-ip}"
        )
        assert process.reload()
        yield process


@HEADERS
@pytest.mark.parametrize("transport", ["plain", "starttls", "secure"])
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize(("client_ip", "server_ip"), [("192.0.2.77", "198.51.100.25"), ("2001:db8::77", "2001:db8:1::25")], ids=["4", "6"])
def test_client(
    gateway: GatewayProcess, certificate: Certificate, header: Header, transport: str, bytewise: bool, client_ip: str, server_ip: str
) -> None:
    """PX17, PX18: one and the same client in range decision, document, trace field and log, whatever comes behind the header."""
    secure = transport == "secure"
    name = f"{header.__name__}-{transport}-{bytewise}-{ip_address(client_ip).version}"
    with Client.connect(int(gateway.settings["smtp-secure-port"]) if secure else gateway.port, source=PROXY) as client:
        if secure:
            client.start_tls(certificate.client, before=header(client_ip, server_ip), bytewise=bytewise)
        else:
            client.send_raw(header(client_ip, server_ip) + b"EHLO early.example\r\n", bytewise=bytewise)
            assert client.reply().startswith("220 ")
            assert client.reply().startswith("250")
            if transport == "starttls":
                assert client.say("STARTTLS").startswith("220")
                client.start_tls(certificate.client, bytewise=bytewise)
        if secure:
            client.greet()
        elif transport == "starttls":
            assert client.say("EHLO client.example").startswith("250")
        client.send(f"MAIL FROM:<{name}@example.org>\r\n".encode())
        assert client.reply().startswith("250")
        assert client.say("RCPT TO:<b@example.com>").startswith("250")
        assert client.say("DATA").startswith("354")
        assert client.say("Subject: x\r\n\r\nx\r\n.").startswith("250")
        assert client.say("QUIT").startswith("221")
    [document] = [found for found in gateway.documents() if found["envelope"] == f"{name}@example.org"]
    connection = document["connection"]
    assert (connection["remote-ip"], connection["remote-port"]) == (client_ip, 4321)
    assert (connection["local-ip"], connection["local-port"]) == (server_ip, 25)
    assert connection["secure"] is (transport != "plain")
    assert document["ips"] == [server_ip]
    assert document["mime"].startswith(f"Received: from {connection['helo']} ([{'IPv6:' if ':' in client_ip else ''}{client_ip}])")
    log = gateway.directory / "received"
    wait_until(lambda: log.exists() and f"{name}@example.org {client_ip}\n" in log.read_text(), "the line in the received log")


@HEADERS
@pytest.mark.parametrize("client_ip", ["203.0.113.5", "::1", PROXY])
def test_client_out_of_range(gateway: GatewayProcess, header: Header, client_ip: str) -> None:
    """PX01: it is the client who is judged, not the proxy, and its address is in the log."""
    before = len(gateway.logged("connection refused"))
    with Client.connect(gateway.port, source=PROXY) as client:
        client.send_raw(header(client_ip, "::1" if ":" in client_ip else "192.0.2.25"))
        assert client.rest() == b"554 5.7.1 You are not allowed to connect\r\n"
    wait_until(lambda: len(gateway.logged("connection refused")) > before, "the record of the refusal")
    assert gateway.logged("connection refused")[-1]["remote_ip"] == client_ip


@pytest.mark.parametrize("version", [1, 2])
def test_the_proxy_itself(gateway: GatewayProcess, version: int) -> None:
    """PX09, PX10: no client, so no mail; but a health check works."""
    with Client.connect(gateway.port, source=PROXY) as client:
        client.send_raw(local(version))
        client.greet()
        assert client.say("NOOP").startswith("250")
        assert client.mail().startswith("554 5.7.1")
        assert client.say("QUIT").startswith("221")


@HEADERS
def test_header_of_a_peer_that_is_no_proxy(gateway: GatewayProcess, header: Header) -> None:
    """PX01: it is no SMTP, and changes nobody's address."""
    with Client.connect(gateway.port) as client:
        client.send_raw(header("192.0.2.77", "192.0.2.25") + b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n")
        heard = client.rest() if header is v1 else client.reply().encode() + client.reply().encode()
        assert heard.startswith(b"220 ")
        assert b"\n250" not in heard


@HEADERS
def test_second_header(gateway: GatewayProcess, header: Header) -> None:
    """PX03: one is all there is; the second is no command, and the connection is closed."""
    with Client.connect(gateway.port, source=PROXY) as client:
        client.send_raw(v2("192.0.2.77", "192.0.2.25") + header("192.0.2.78", "192.0.2.25") + b"EHLO x\r\n")
        assert client.reply().startswith("220 ")
        replies = client.rest().splitlines()
        assert {reply[:4] for reply in replies} == ({b"521 "} if header is v1 else {b"500 "})


@pytest.mark.parametrize("data", [b"EHLO x\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", b"\x16\x03\x01\x00", b"PROXY " + b"x" * 2000])
def test_proxy_without_a_proper_header(gateway: GatewayProcess, data: bytes) -> None:
    """PX02, PX04: closed without a byte."""
    for port in (gateway.port, int(gateway.settings["smtp-secure-port"])):
        with Client.connect(port, source=PROXY) as client:
            client.send_raw(data)
            assert client.rest() == b""


def test_corpus(gateway: GatewayProcess, corpora: Path) -> None:
    """Every case that is not contested, over a socket: accepted with the addresses that it names, or closed without a byte."""
    cases = [json.loads(line) for line in (corpora / "proxy" / "cases.jsonl").read_text().splitlines()]
    assert cases
    with GatewayProcess({"smtp-proxy": "127.0.0.1", "smtp-range": "0.0.0.0/0;::/0"}) as process:
        for number, case in enumerate(cases):
            expected = case["expected"]
            with Client.connect(process.port) as client:
                client.send_raw(bytes.fromhex(case["hex"]))
                if expected["outcome"] == "incomplete":
                    client.sock.shutdown(socket.SHUT_WR)
                if expected["outcome"] != "ok":
                    assert client.rest() == b"", case["id"]
                    continue
                client.greet()
                reply = client.mail(f"case {number}.")
                if "src" not in expected:
                    assert reply.startswith("554 5.7.1"), case["id"]
                    continue
                assert reply.startswith("250"), case["id"]
            [document] = [found for found in process.documents() if f"\r\ncase {number}.\r\n" in found["mime"]]
            connection = document["connection"]
            names = ("remote-ip", "remote-port", "local-ip", "local-port")
            assert [connection[name] for name in names] == [expected[key] for key in ("src", "src_port", "dst", "dst_port")], case["id"]
