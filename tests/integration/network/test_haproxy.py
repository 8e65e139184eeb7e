"""A real HAProxy in front: clients keep their addresses, and health checks see a server that is well."""

import os
from collections.abc import Iterator

import pytest
from tests.servers import haproxy
from tests.servers.certificates import Certificate
from tests.servers.client import Client
from tests.servers.haproxy import HaProxy
from tests.servers.process import GatewayProcess, free_port, wait_until

pytestmark = pytest.mark.integration

CLIENT, STRANGER = "127.0.0.5", "127.0.0.6"
OPTIONS = pytest.mark.parametrize("options", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"])


@pytest.fixture(autouse=True)
def program() -> None:
    """HAProxy is needed."""
    if not haproxy.installed():
        message = "haproxy is not installed (make services installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="module")
def gateway(certificate: Certificate) -> Iterator[GatewayProcess]:
    """Takes clients from one address, through a proxy on 127.0.0.1."""
    settings = {"smtp-proxy": "127.0.0.1", "smtp-range": CLIENT, "smtp-secure-port": str(free_port()), **certificate.settings}
    with GatewayProcess(settings) as process:
        yield process


@OPTIONS
@pytest.mark.parametrize("transport", ["plain", "starttls", "secure"])
def test_the_client_keeps_its_address(gateway: GatewayProcess, certificate: Certificate, options: str, transport: str) -> None:
    """PX17, PX18: in range decision, document, trace field and log, after STARTTLS too."""
    secure = transport == "secure"
    with HaProxy(int(gateway.settings["smtp-secure-port"]) if secure else gateway.port, options) as proxy:
        with Client.connect(proxy.port, source=CLIENT) as client:
            if secure:
                client.start_tls(certificate.client)
            client.greet()
            if transport == "starttls":
                assert client.say("STARTTLS").startswith("220")
                client.start_tls(certificate.client)
                assert client.say("EHLO client.example").startswith("250")
            text = f"{options} {transport}."
            assert client.mail(text).startswith("250")
            port = client.sock.getsockname()[1]
        [document] = [found for found in gateway.documents() if f"\r\n{text}\r\n" in found["mime"]]
        connection = document["connection"]
        assert (connection["remote-ip"], connection["remote-port"]) == (CLIENT, port)
        assert (connection["local-ip"], connection["local-port"]) == ("127.0.0.1", proxy.port)
        assert connection["secure"] is (transport != "plain")
        assert document["mime"].startswith(f"Received: from client.example ([{CLIENT}])")
        with Client.connect(proxy.port, source=STRANGER) as client:
            assert client.rest() == (b"" if secure else b"554 5.7.1 You are not allowed to connect\r\n")
        wait_until(lambda: any(record["remote_ip"] == STRANGER for record in gateway.logged("connection refused")), "the stranger in the log")


@pytest.mark.parametrize("options", ["send-proxy", "send-proxy-v2"])
def test_health_checks(gateway: GatewayProcess, options: str) -> None:
    """PX09, PX10: they are greeted and answered, though the address of the proxy is out of range."""
    check = f"{options} check check-send-proxy inter 100ms"
    with HaProxy(gateway.port, check, backend="option smtpchk EHLO check.example") as proxy:
        wait_until(lambda: proxy.last_check().startswith("L"), "a health check")
        assert proxy.last_check() == "L7OK"
        with Client.connect(proxy.port, source=CLIENT) as client:
            client.greet()
            assert client.mail().startswith("250")
