"""The real server with checks, asked by clients from anywhere, with a DNS of its own."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from tests.servers.dns_server import DnsServer
from tests.servers.mail_client import Answer, send
from tests.servers.process import GatewayProcess

AUTHSERV_ID = "mx.example.com"


@attrs.frozen
class Checking:
    """A running server and its DNS."""

    gateway: GatewayProcess
    dns: DnsServer

    def send(
        self,
        ip: str,
        helo: str | bytes,
        sender: str | bytes,
        message: bytes,
        recipients: Sequence[str] = ("bob@example.com",),
        *,
        parameters: bytes = b"",
        binary: bool = False,
    ) -> tuple[Answer, list[dict[str, Any]]]:
        """Send a message, as ``mail_client.send`` does; the answer and the documents."""
        name, path = (text.encode() if isinstance(text, str) else text for text in (helo, sender))
        paths = [recipient.encode() for recipient in recipients]
        answer = send(self.gateway.port, ip, name, path, paths, message, parameters=parameters, binary=binary)
        return answer, [self.document(message_id) for message_id in answer.message_ids]

    def document(self, message_id: str) -> dict[str, Any]:
        """One document of the embedded queue."""
        found: dict[str, Any] = json.loads((self.gateway.queue_directory / "inbox" / "new" / f"{message_id}.json").read_bytes())
        return found


@contextmanager
def checking(zone: object, directory: Path | None = None, **settings: str) -> Iterator[Checking]:
    """Serve with this zone, and with a folder that may have state in it; underscores in the names of settings stand for hyphens."""
    defaults = {
        "smtp-check": "spf,dkim,dmarc,arc",
        "smtp-auth-results": "local,nonlocal",
        "smtp-range": "0.0.0.0/0;::/0",
        "smtp-proxy": "127.0.0.1",
        "dns-timeout": "0.5",
        "dns-attempts": "1",
    }
    with DnsServer.of(zone) as dns:
        defaults["dns-nameserver"] = f"127.0.0.1:{dns.port}"
        given = defaults | {name.replace("_", "-"): value for name, value in settings.items()}
        with GatewayProcess(given, directory) if directory else GatewayProcess(given) as gateway:
            yield Checking(gateway, dns)
