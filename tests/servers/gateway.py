"""The gateway in the test's own process, on a loopback port of its own."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import attrs
from tests.schema import assert_valid

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.smtp import Admitted, Gate, SmtpServer, Timing, bind_listeners
from tidegate.app.reception import MailReception, ReceptionSettings
from tidegate.app.reception.budget import MemoryBudget
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.app.reception.policy import GatewayPolicy
from tidegate.domain.address import Validation
from tidegate.domain.connection import Endpoints
from tidegate.domain.message_id import MessageIds
from tidegate.domain.proxy_protocol import Origin
from tidegate.domain.routing import Queues
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.ports.login import Login
from tidegate.ports.publisher import Publisher


@attrs.define(eq=False)
class Serving:
    """A running server.

    Attributes:
        port: of plain sessions.
        secure_port: of TLS from the first byte; 0 without a certificate.
        server: the server itself.
        published: where documents go, when it is the one in memory.
    """

    port: int
    secure_port: int
    server: SmtpServer
    published: MemoryPublisher
    budget: MemoryBudget


@attrs.frozen
class Setup:
    """What a test may vary."""

    publisher: Publisher | None = None
    timing: Timing = attrs.field(factory=Timing)
    limits: Limits = attrs.field(factory=Limits)
    tls: ssl.SSLContext | None = None
    maxsize: int = 100_000_000
    memory: int = 1 << 30
    validation: Validation = Validation.STRICT
    relax: bool = False
    refuse: Reply | None = None
    gate: Callable[[GatewayPolicy, Profile], Gate] | None = None
    login: Login | None = None
    inbox: str = "inbox"


@attrs.define
class OpenGate:
    """Lets everybody in, or nobody."""

    policy: GatewayPolicy
    profile: Profile
    relax: bool = False
    refuse: Reply | None = None

    def take_place(self) -> bool:
        """Always."""
        return True

    def give_place(self) -> None:
        """Nothing is counted."""

    def expects_proxy_header(self, peer_ip: str) -> bool:
        """Never."""
        return False

    def admit(self, endpoints: Endpoints, origin: Origin) -> Admitted | Reply:
        """As set."""
        return self.refuse or Admitted(Session(self.profile, self.policy, relax_line_ends=self.relax))

    def left(self, endpoints: Endpoints) -> None:
        """Nothing is counted."""


@asynccontextmanager
async def serving(setup: Setup | None = None) -> AsyncIterator[Serving]:
    """Serve on loopback while the context lasts."""
    setup = setup or Setup()
    memory = MemoryPublisher()
    publisher = setup.publisher or memory
    budget = MemoryBudget(setup.memory)
    policy = GatewayPolicy(setup.maxsize, publisher, budget, setup.login is not None)
    profile = Profile("mx.example.com", setup.validation, True, setup.tls is not None, setup.limits, setup.login is not None)
    reception = MailReception(
        ReceptionSettings(Queues(setup.inbox)), publisher, lambda: time.time_ns() // 1_000_000, MessageIds(b"testnode"), orjson_dumps
    )

    listening = bind_listeners(["127.0.0.1"], [0], [0] if setup.tls else [])
    gate = setup.gate(policy, profile) if setup.gate else OpenGate(policy, profile, setup.relax, setup.refuse)
    server = SmtpServer(reception, gate, setup.timing, setup.tls, setup.login)
    ports = [listener.sock.getsockname()[1] for listener in listening]
    server.open(listening)
    try:
        yield Serving(ports[0], ports[1] if setup.tls else 0, server, memory, budget)
    finally:
        await server.close()
    for queue in memory.queues:
        for body in memory.bodies(queue)[:100]:
            assert_valid(json.loads(body))


@attrs.define(eq=False)
class Wire:
    """A raw client: bytes out, reply lines in."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext | None = None) -> "Wire":
        """Connect; nothing is read yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None)
        return cls(reader, writer)

    async def send(self, *pieces: bytes) -> None:
        """Write the pieces, each in a packet of its own as far as the kernel lets it."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(0)

    async def reply(self) -> str:
        """One reply, its lines joined by line feeds; empty at the end of the connection."""
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 20)).decode("utf-8")
            if line:
                lines.append(line.rstrip("\r\n"))
            if not line or line[3:4] != "-":
                return "\n".join(lines)

    async def say(self, *pieces: bytes) -> str:
        """Send and read one reply."""
        await self.send(*pieces)
        return await self.reply()

    async def rest(self) -> bytes:
        """Everything up to the end of the connection; a reset ends it too."""
        try:
            return await asyncio.wait_for(self.reader.read(-1), 20)
        except ConnectionResetError:
            return b""

    async def greet(self) -> None:
        """Read the greeting, say EHLO."""
        assert (await self.reply()).startswith("220 ")
        assert (await self.say(b"EHLO client.example\r\n")).startswith("250")

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError, TimeoutError):
            await self.writer.wait_closed()
