"""SIGHUP: a good configuration takes effect without a client noticing, a bad one changes nothing."""

import asyncio
import os
import signal
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.servers.certificates import Certificate, issue
from tests.servers.client import Client
from tests.servers.load import Load
from tests.servers.process import GatewayProcess, free_port, wait_until

pytestmark = pytest.mark.integration


def greeting(port: int, host: str = "127.0.0.1") -> str:
    """What a new client hears first."""
    with Client.connect(port, host) as client:
        return client.reply()


def test_a_good_configuration() -> None:
    """New clients get the new one, those who are connected go on with the old one and are not hurried."""
    with GatewayProcess({"smtp-threads": "2"}) as gateway:
        before = gateway.workers()
        with Client.connect(gateway.port) as idle, Client.connect(gateway.port) as busy:
            for client in (idle, busy):
                client.greet()
            for line in ("MAIL FROM:<a@b.c>", "RCPT TO:<d@e.f>", "DATA"):
                busy.say(line)
            gateway.write_config(smtp_hostname="new.example.com", smtp_threads="3")
            assert gateway.reload()
            assert greeting(gateway.port).startswith("220 new.example.com ")
            assert idle.mail("number 1.").startswith("250")
            assert busy.say("Subject: x\r\n\r\nnumber 2.\r\n.").startswith("250")
            assert "mx.example.com" in idle.say("EHLO again.example")
            assert busy.mail("number 3.").startswith("250")
            assert busy.say("QUIT").startswith("221")
            assert idle.reply().startswith("421 4.3.2 "), "who keeps a connection for later is told to come again"
        wait_until(lambda: not set(before) & set(gateway.workers()), "the old workers end")
        assert len(gateway.workers()) == 3
        assert len(gateway.documents()) == 3


def test_bad_configurations(certificate: Certificate, other_certificate: Certificate, tmp_path: Path) -> None:
    """OP02, OP03: each is refused in the log with the reason, and the old one stays wholly, its workers too."""
    with GatewayProcess({"smtp-threads": "2", **certificate.settings}) as gateway:
        workers = gateway.workers()
        torn = tmp_path / "torn.crt"
        torn.write_bytes(certificate.certificate.read_bytes()[:300])
        taken = free_port()
        with Client.connect(gateway.port) as client, socket.socket() as occupied:
            occupied.bind(("127.0.0.1", taken))
            occupied.listen()
            client.greet()
            cases: list[tuple[dict[str, str], str]] = [
                ({"smtp_range": "10.0.0.0/33"}, "10.0.0.0/33"),
                ({"no_such_key": "1"}, "no-such-key"),
                ({"smtp_certificate": str(tmp_path / "nowhere.crt")}, "nowhere.crt cannot be read"),
                ({"smtp_certificate": str(torn)}, "torn.crt"),
                ({"smtp_key": str(other_certificate.key)}, "does not belong to certificate"),
                ({"smtp_port": f"{gateway.port},{taken}"}, f"127.0.0.1 port {taken}: another program listens there"),
                ({"smtp_ip": "127.0.0.1;0.0.0.0"}, "takes a restart"),
                ({"smtp_ip": "192.0.2.1"}, "this machine has no such address"),
                ({"application_log": str(tmp_path / "nowhere" / "log")}, "cannot be written to"),
                ({"smtp_auth": f"file://{tmp_path}/nowhere.users"}, "nowhere.users"),
                ({"state_directory": "/proc/tidegate"}, "state-directory /proc/tidegate"),
            ]
            for changes, reason in cases:
                gateway.write_config(smtp_hostname="bad.example.com", **changes)
                before = len(gateway.records())
                assert not gateway.reload(), changes
                assert any(reason in str(record) for record in gateway.records()[before:]), (reason, gateway.records()[before:])
            gateway.write_text("smtp-port: 25\nsmtp-ra")
            assert not gateway.reload()
            assert client.say("NOOP").startswith("250")
        assert gateway.workers() == workers
        assert greeting(gateway.port).startswith("220 mx.example.com ")
        with pytest.raises(ConnectionRefusedError):
            greeting(gateway.port, "127.0.0.2")
        gateway.write_config(smtp_hostname="good.example.com")
        assert gateway.reload(), "a good one works afterwards"
        assert greeting(gateway.port).startswith("220 good.example.com ")


def test_ports_come_and_go(certificate: Certificate) -> None:
    """A port that is gone refuses, a new one serves, and one may turn from clear to TLS; a client on a port that went is served to its end."""
    with GatewayProcess(certificate.settings) as gateway:
        old, new = gateway.port, free_port()
        with Client.connect(old) as client:
            client.greet()
            gateway.write_config(smtp_port=str(new), smtp_ip="127.0.0.1;127.0.0.2")
            assert gateway.reload()
            assert client.mail().startswith("250")
        assert greeting(new).startswith("220 ")
        assert greeting(new, "127.0.0.2").startswith("220 ")

        def refused() -> bool:
            try:
                with Client.connect(old) as client:
                    return client.waits() and False
            except ConnectionRefusedError:
                return True

        wait_until(refused, "the old port is closed")
        gateway.write_config(smtp_port="", smtp_secure_port=str(new))
        assert gateway.reload()
        with Client.connect(new) as client:
            client.start_tls(certificate.client)
            client.greet()


def test_a_new_certificate(certificate: Certificate, other_certificate: Certificate) -> None:
    """OP03: renewed in place, it is served after a reload, to new clients, on both kinds of ports."""
    secure_port = free_port()
    gateway = GatewayProcess({"smtp-secure-port": str(secure_port)})
    files = {"smtp-certificate": gateway.directory / "mx.crt", "smtp-key": gateway.directory / "mx.key"}
    gateway.settings = dict(gateway.settings) | {key: str(path) for key, path in files.items()}

    def install(source: Certificate) -> None:
        files["smtp-certificate"].write_bytes(source.certificate.read_bytes())
        files["smtp-key"].write_bytes(source.key.read_bytes())

    def trusted(source: Certificate) -> bool:
        with Client.connect(gateway.port) as client:
            client.greet()
            assert client.say("STARTTLS").startswith("220")
            try:
                client.start_tls(source.client)
            except ssl.SSLCertVerificationError:
                return False
            assert client.say("NOOP").startswith("250")
        with Client.connect(secure_port) as client:
            client.start_tls(source.client)
            client.greet()
        return True

    install(certificate)
    with gateway:
        assert trusted(certificate)
        files["smtp-certificate"].write_bytes(other_certificate.certificate.read_bytes())
        assert not gateway.reload(), "half of it is there: the key is still the old one"
        assert trusted(certificate)
        install(other_certificate)
        assert trusted(certificate), "not before the reload"
        assert gateway.reload()
        assert trusted(other_certificate)
        assert not trusted(certificate)


def test_a_certificate_that_ends(tmp_path: Path) -> None:
    """OP03: at the start and at each reload its end is told, and it is served as long as there is no other."""
    ended = issue(tmp_path, "ended", not_after=datetime.now(UTC) - timedelta(1))
    with GatewayProcess(ended.settings) as gateway:
        for count in (1, 2):
            told = [record for record in gateway.logged("certificate") if record["setting"] == "smtp-certificate"]
            assert [record["problem"] for record in told] == [f"{ended.certificate}: certificate has expired"] * count
            with Client.connect(gateway.port) as client:
                client.greet()
                assert client.say("STARTTLS").startswith("220")
            assert gateway.reload()


async def test_a_storm_of_reloads_under_load() -> None:
    """QU28: no connection is refused, no session ended, no message lost, and nothing piles up in the parent."""
    with GatewayProcess({"smtp-threads": "2"}) as gateway:
        descriptors = f"/proc/{gateway.pid}/fd"
        before = len(os.listdir(descriptors))
        async with Load(gateway.port, clients=6) as load:
            await load.reach(10)
            for number in range(10):
                gateway.write_config(smtp_hostname="bad!" if number % 4 == 3 else f"mx{number}.example.com")
                done = len(gateway._reloads())
                for _ in range(3):
                    gateway.signal(signal.SIGHUP)
                async with asyncio.timeout(30):
                    while len(gateway._reloads()) == done:  # noqa: ASYNC110 - another process has no event
                        await asyncio.sleep(0.01)
            await load.reach(10)
        ledger = load.ledger
        assert not ledger.failed
        assert not ledger.refused
        assert not ledger.unknown
        documents = gateway.documents()
        assert not ledger.lost(documents)
        assert not ledger.unexpected(documents)
        assert len(documents) == len(ledger.accepted), "and none is there twice"
        wait_until(lambda: len(gateway.workers()) == 2, "the old workers end")
        wait_until(lambda: len(os.listdir(descriptors)) == before, "the parent holds what it held")
        assert greeting(gateway.port).startswith("220 mx9.example.com ")
