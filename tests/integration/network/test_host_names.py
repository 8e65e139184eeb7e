"""The host name from reverse DNS, with servers that are slow, fail or lie: no greeting waits for them."""

import time
from collections.abc import Iterator

import pytest
from tests.servers.client import Client
from tests.servers.dns_server import DnsServer, Fault
from tests.servers.process import GatewayProcess, wait_until

pytestmark = pytest.mark.integration

ZONE = {
    "25.2.0.192.in-addr.arpa": [["PTR", "mx.example.com"]],
    "mx.example.com": [["A", "192.0.2.25"]],
    "26.2.0.192.in-addr.arpa": [["PTR", "elsewhere.example.com"]],
    "elsewhere.example.com": [["A", "192.0.2.99"]],
    "27.2.0.192.in-addr.arpa": [["PTR", "slow.example.com"]],
    "28.2.0.192.in-addr.arpa": [["PTR", "failing.example.com"]],
    "29.2.0.192.in-addr.arpa": [["PTR", "evil\r\n250 mx.example.com"]],
    "30.2.0.192.in-addr.arpa": [["PTR", "<script>.example.com"]],
    "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": [["PTR", "six.example.com"]],
    "six.example.com": [["AAAA", "2001:db8::25"]],
}
FAULTS = {"27.2.0.192.in-addr.arpa": Fault.SILENCE, "28.2.0.192.in-addr.arpa": Fault.SERVFAIL}
MACHINE = "not from DNS"


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    """A name server."""
    with DnsServer.of(ZONE) as server:
        server.faults.update(FAULTS)
        yield server


@pytest.fixture(scope="module")
def gateway(dns: DnsServer) -> Iterator[GatewayProcess]:
    """Behind a proxy, which says on which address a client has come in."""
    settings = {
        "smtp-hostname": "",
        "smtp-proxy": "127.0.0.1",
        "smtp-range": "203.0.113.1;2001:db8:1::1",
        "dns-nameserver": f"{dns.address}:{dns.port}",
        "dns-timeout": "30",
    }
    with GatewayProcess(settings) as process:
        yield process


def client_of(gateway: GatewayProcess, local_ip: str) -> Client:
    """A client that has come in on this address."""
    client = Client.connect(gateway.port)
    family, remote_ip = ("TCP6", "2001:db8:1::1") if ":" in local_ip else ("TCP4", "203.0.113.1")
    client.send_raw(f"PROXY {family} {remote_ip} {local_ip} 4321 25\r\n".encode())
    return client


def name(gateway: GatewayProcess, local_ip: str) -> str:
    """In the greeting, which is the same as in the EHLO reply."""
    with client_of(gateway, local_ip) as client:
        greeting = client.reply()
        assert greeting.startswith("220 ")
        ehlo = client.say("EHLO client.example")
        assert ehlo.splitlines()[0].removeprefix("250-").split()[0] == greeting.split()[1]
        assert client.say("QUIT").startswith("221")
        return greeting.split()[1]


def found(gateway: GatewayProcess, local_ip: str) -> list[dict[str, str]]:
    """Records of what came of the look-ups."""
    return [record for record in gateway.logged("host name") if record["local_ip"] == local_ip]


@pytest.mark.parametrize(
    ("local_ip", "expected", "source"),
    [
        ("192.0.2.25", "mx.example.com", "reverse-dns"),
        ("2001:db8::25", "six.example.com", "reverse-dns"),
        ("192.0.2.26", "elsewhere.example.com", "reverse-dns-unconfirmed"),
        ("192.0.2.27", None, "machine"),
        ("192.0.2.28", None, "machine"),
        ("192.0.2.29", None, "machine"),
        ("192.0.2.30", None, "machine"),
        ("192.0.2.31", None, "machine"),
    ],
)
def test_name(gateway: GatewayProcess, local_ip: str, expected: str | None, source: str) -> None:
    """OP05: what DNS says is used once it is known and proper, and whether it was confirmed is recorded; else the machine's name."""
    machine = name(gateway, "127.0.0.1")  # loopback addresses are not asked about
    started = time.monotonic()
    assert name(gateway, local_ip) in {machine, expected}
    assert time.monotonic() - started < 1.5, "the first client does not wait, even two seconds"
    wait_until(lambda: bool(found(gateway, local_ip)), "the look-up has ended")
    [record] = found(gateway, local_ip)
    assert record["source"] == source
    assert name(gateway, local_ip) == record["host"] == (expected or machine)


def test_name_in_document_and_trace_field(gateway: GatewayProcess) -> None:
    """All four places hold the same name."""
    name(gateway, "192.0.2.25")
    wait_until(lambda: bool(found(gateway, "192.0.2.25")), "the look-up has ended")
    with client_of(gateway, "192.0.2.25") as client:
        assert client.greet().startswith("220 mx.example.com ")
        assert client.mail().startswith("250")
    [document] = gateway.documents()
    assert document["hostname"] == "mx.example.com"
    assert "\r\n\tby mx.example.com " in document["mime"]


def test_many_clients_while_dns_is_silent(gateway: GatewayProcess, dns: DnsServer) -> None:
    """A thousand addresses are asked about by at most ten questions at a time, and every client is greeted."""
    before = len(dns.asked)
    silent = {f"{number}.113.0.203.in-addr.arpa": Fault.SILENCE for number in range(200)}
    dns.faults.update(silent)
    started = time.monotonic()
    for number in range(200):
        assert name(gateway, f"203.0.113.{number}")
    elapsed = time.monotonic() - started
    assert len(dns.asked) - before <= 10 * (elapsed / 2 + 2)
