"""Several local addresses, IPv4 and IPv6: who may connect, and which address is recorded."""

from collections.abc import Iterator

import pytest
from tests.servers.client import Client
from tests.servers.process import GatewayProcess

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayProcess]:
    """On four addresses, for some clients."""
    settings = {
        "smtp-ip": "127.0.0.1;127.0.0.2;127.0.0.3;::1",
        "smtp-range": "127.0.0.1-127.0.0.8;::1",
        "smtp-mappable-ips": "127.0.0.2;127.0.0.3;::1",
        "smtp-unmappable-ips": "127.0.0.3/32",
    }
    with GatewayProcess(settings) as process:
        yield process


@pytest.mark.parametrize(
    ("host", "ips"), [("127.0.0.1", None), ("127.0.0.2", ["127.0.0.2"]), ("127.0.0.3", None), ("::1", ["::1"])], ids=lambda value: str(value)
)
def test_the_address_that_the_client_chose_is_recorded(gateway: GatewayProcess, host: str, ips: list[str] | None) -> None:
    """``local-ip``, and ``ips`` where it is mappable and not unmappable."""
    with Client.connect(gateway.port, host) as client:
        client.greet()
        assert client.mail(f"to {host}.").startswith("250")
        source = client.sock.getsockname()
    [document] = [found for found in gateway.documents() if f"\r\nto {host}.\r\n" in found["mime"]]
    assert document.get("ips") == ips
    connection = document["connection"]
    assert (connection["local-ip"], connection["local-port"]) == (host, gateway.port)
    assert (connection["remote-ip"], connection["remote-port"]) == source[:2]


def test_other_addresses_are_not_listened_on(gateway: GatewayProcess) -> None:
    """``smtp-ip`` is all there is."""
    with pytest.raises(ConnectionRefusedError):
        Client.connect(gateway.port, "127.0.0.4")


@pytest.mark.parametrize("first", [b"", b"EHLO early.example\r\n"])
def test_clients_out_of_range_are_refused(gateway: GatewayProcess, first: bytes) -> None:
    """The reply arrives and the connection ends, also for those who speak first."""
    with Client.connect(gateway.port, source="127.0.0.9") as client:
        client.send(first)
        assert client.rest() == b"554 5.7.1 You are not allowed to connect\r\n"
    with Client.connect(gateway.port, source="127.0.0.8") as client:
        client.greet()


def test_by_default_nobody_may_connect() -> None:
    """OP07: an empty ``smtp-range``."""
    with GatewayProcess({"smtp-range": ""}) as process, Client.connect(process.port) as client:
        assert client.rest().startswith(b"554 5.7.1 ")


def test_all_addresses_over_both_families() -> None:
    """OP08: without ``smtp-ip``, IPv4 clients of the one IPv6 socket are IPv4 clients in range, JSON and trace field."""
    with GatewayProcess({"smtp-ip": "", "smtp-range": "127.0.0.0/30;::1"}) as process:
        for host, source in (("127.0.0.77", "127.0.0.2"), ("::1", None)):
            with Client.connect(process.port, host, source) as client:
                client.greet()
                assert client.mail(f"to {host}.").startswith("250")
            [document] = [found for found in process.documents() if f"\r\nto {host}.\r\n" in found["mime"]]
            assert (document["connection"]["local-ip"], document["connection"]["remote-ip"]) == (host, source or host)
            assert document["ips"] == [host]
            assert f"([{'IPv6:' if ':' in host else ''}{source or host}])" in document["mime"]
        with Client.connect(process.port, source="127.0.0.4") as client:
            assert client.rest().startswith(b"554 5.7.1 ")
