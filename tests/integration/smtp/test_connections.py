"""The transport on real sockets, under both event loops: pipelining, TLS, time limits, clients that go away."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest
import trustme
import uvloop
from tests.servers.gateway import OpenGate, Serving, Setup, Wire, serving

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.smtp import SmtpConnection, Timing
from tidegate.adapters.smtp.server import ROOM_PAUSE
from tidegate.app.reception.policy import GatewayPolicy
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication

pytestmark = pytest.mark.integration

START = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
MESSAGE = b"Subject: x\r\n\r\nhello\r\n.\r\n"

RUNNERS = [pytest.param(asyncio.run, id="asyncio"), pytest.param(uvloop.run, id="uvloop")]
Run = Callable[[Awaitable[None]], None]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of the tests."""
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    """The client's side."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("run", RUNNERS)
def test_messages_that_are_answered_at_once(run: Run) -> None:
    """What is discarded needs no waiting: a hundred messages in one packet are answered in order, and others have their turn meanwhile."""
    whole = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nBDAT 9 LAST\r\nA: b\r\n\r\nc"

    async def main() -> None:
        async with serving(Setup(inbox="")) as server:
            many, one = await Wire.connect(server.port), await Wire.connect(server.port)
            await many.send(b"EHLO x\r\n" + whole * 100 + b"NOOP\r\n" + START + MESSAGE + b"QUIT\r\n")
            await one.send(b"EHLO x\r\n" + START + MESSAGE + b"QUIT\r\n")
            assert (await one.rest()).endswith(b"221 2.0.0 Bye\r\n")
            replies_ = [line for line in (await many.rest()).decode().splitlines() if line[3] == " "]
            assert [line[:9] for line in replies_[2:302]] == ["250 2.1.0", "250 2.1.5", "250 2.0.0"] * 100
            assert all(line.endswith(" for b@example.com") for line in replies_[4:302:3])
            assert [line[:3] for line in replies_[302:]] == ["250", "250", "250", "354", "250", "221"]
            assert server.budget.taken == 0
            await many.close()
            await one.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_a_session_in_one_packet(run: Run) -> None:
    """SM21: everything pipelined; replies in order, the document on the queue before the 250."""

    async def main() -> None:
        async with serving() as server:
            wire = await Wire.connect(server.port)
            await wire.send(b"EHLO x\r\n" + START + MESSAGE + START + MESSAGE + b"QUIT\r\n")
            text = (await wire.rest()).decode()
            assert [line[:3] for line in text.splitlines() if line[3] == " "] == ["220", *["250"] * 3, "354", *["250"] * 3, "354", "250", "221"]
            documents = [json.loads(body) for body in server.published.bodies("inbox")]
            assert [document["mime"].split("\r\n\r\n", 1)[1] for document in documents] == ["hello\r\n"] * 2
            for document in documents:
                assert f"250 2.0.0 {document['message-id']} for b@example.com" in text
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_starttls(run: Run, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    """TL05, TL06: the session starts anew and protected, and the document says how."""

    def client(port: int) -> None:
        # A blocking client: asyncio's streams of Python 3.11 stop reading after start_tls.
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            plain.sendall(b"EHLO x\r\nSTARTTLS\r\n")
            said = b""
            while not said.endswith(b"220 2.0.0 Ready to start TLS\r\n"):
                said += plain.recv(4096)
            with client_tls.wrap_socket(plain, server_hostname="localhost") as secured:
                secured.sendall(b"MAIL FROM:<a@b.c>\r\nEHLO client.example\r\nSTARTTLS\r\n" + START + MESSAGE + b"QUIT\r\n")
                said = b""
                while piece := secured.recv(4096):
                    said += piece
        assert [line[:9] for line in said.split(b"\r\n") if line[3:4] == b" "] == [
            b"503 5.5.1",
            b"250 LIMIT",
            b"503 5.5.1",
            b"250 2.1.0",
            b"250 2.1.5",
            b"354 Start",
            b"250 2.0.0",
            b"221 2.0.0",
        ]
        assert b"STARTTLS" not in said

    async def main() -> None:
        async with serving(Setup(tls=server_tls)) as server:
            await asyncio.to_thread(client, server.port)
            connection = json.loads(server.published.bodies("inbox")[0])["connection"]
            assert connection["secure"] is True
            assert connection["tls"]["version"] == "TLSv1.3"

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_implicit_tls(run: Run, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    """A secure port speaks TLS from the first byte and offers no STARTTLS (TL06); plain text there gets nothing (TL17)."""

    async def main() -> None:
        async with serving(Setup(tls=server_tls)) as server:
            wire = await Wire.connect(server.secure_port, client_tls)
            assert (await wire.reply()).startswith("220 ")
            assert "STARTTLS" not in await wire.say(b"EHLO x\r\n")
            await wire.send(START + MESSAGE + b"QUIT\r\n")
            assert b"\r\n221 " in await wire.rest()
            assert json.loads(server.published.bodies("inbox")[0])["connection"]["secure"] is True
            await wire.close()
            plain = await Wire.connect(server.secure_port)
            await plain.send(b"EHLO x\r\n")
            assert b"250" not in await plain.rest()
            await plain.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("injected", [b"MAIL FROM:<a@b.c>\r\n", b"\x16\x03\x01\x00"])
def test_text_behind_starttls_is_refused(run: Run, injected: bytes, server_tls: ssl.SSLContext) -> None:
    """TL01, TL03: it never runs, neither before nor after a handshake."""

    async def main() -> None:
        async with serving(Setup(tls=server_tls)) as server:
            wire = await Wire.connect(server.port)
            await wire.greet()
            await wire.send(b"STARTTLS\r\n" + injected)
            assert (await wire.rest()).startswith(b"554 5.5.0")
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_plain_text_instead_of_a_handshake(run: Run, server_tls: ssl.SSLContext) -> None:
    """TL04: what comes after the 220 and is no TLS ends the connection."""

    async def main() -> None:
        async with serving(Setup(tls=server_tls)) as server:
            wire = await Wire.connect(server.port)
            await wire.greet()
            assert (await wire.say(b"STARTTLS\r\n")).startswith("220")
            await wire.send(b"EHLO injected\r\nMAIL FROM:<a@b.c>\r\n")
            assert b"250" not in await wire.rest()
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_silent_client_is_told_and_left(run: Run) -> None:
    """RS01, RS02: silence counts from the last command, not from the last byte."""

    async def main() -> None:
        async with serving(Setup(timing=Timing(silence=0.5))) as server:
            silent, dripping = await Wire.connect(server.port), await Wire.connect(server.port)
            await silent.reply()
            await dripping.reply()

            async def drip() -> None:
                for _ in range(100):
                    try:
                        await dripping.send(b"N")
                    except ConnectionError:
                        return
                    await asyncio.sleep(0.05)

            drops = asyncio.create_task(drip())
            assert (await silent.rest()).startswith(b"421 4.4.2")
            assert (await dripping.rest()).startswith(b"421 4.4.2")
            await drops
            await silent.close()
            await dripping.close()

    run(main())


class Defective(SmtpConnection):
    """A connection that cannot apply its time limits."""

    __slots__ = ()

    def tick(self, now: float) -> None:
        """Fail."""
        raise ArithmeticError("a defect")


@pytest.mark.parametrize("run", RUNNERS)
def test_a_defect_in_one_time_limit_leaves_the_others(run: Run) -> None:
    """RS01: the loop is told, each time, and whoever is silent elsewhere is still told and left."""

    async def main() -> None:
        complaints = list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(type(context["exception"])))
        async with serving(Setup(timing=Timing(silence=1.5))) as server:
            defective = await Wire.connect(server.port)
            await defective.greet()
            [connection] = server.server.connections
            connection.__class__ = Defective
            silent = await Wire.connect(server.port)
            await silent.greet()
            assert (await silent.rest()).startswith(b"421 4.4.2")
            assert set(complaints) == {ArithmeticError}
            await silent.close()
            await defective.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_trickling_data_is_cut_off_and_steady_data_is_not(run: Run) -> None:
    """RS04, RS05: bytes a second decide, not the length of the message."""

    async def main() -> None:
        async with serving(Setup(timing=Timing(silence=60, min_rate=200, rate_grace=0.5))) as server:
            trickle, steady = await Wire.connect(server.port), await Wire.connect(server.port)
            for wire in (trickle, steady):
                await wire.greet()
                await wire.send(START)
                assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "354"]

            async def feed(wire: Wire, piece: bytes) -> None:
                for _ in range(50):
                    try:
                        await wire.send(piece)
                    except ConnectionError:
                        return
                    await asyncio.sleep(0.05)

            feeds = [asyncio.create_task(feed(trickle, b"x")), asyncio.create_task(feed(steady, b"y" * 100))]
            assert (await trickle.rest()).startswith(b"421 4.4.2")
            await asyncio.gather(*feeds)
            assert (await steady.say(b"\r\n.\r\n")).startswith("250")
            assert server.budget.taken == 0
            await trickle.close()
            await steady.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_chunk_that_stays_away(run: Run) -> None:
    """CM16: a client that announces 100 octets and sends 50 is told and left; nothing of them is a message."""

    async def main() -> None:
        async with serving(Setup(timing=Timing(silence=0.2))) as server:
            wire = await Wire.connect(server.port)
            await wire.greet()
            await wire.send(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBDAT 100 LAST\r\n" + b"x" * 50)
            assert (await wire.rest()).endswith(b"\r\n421 4.4.2 Timeout, closing connection\r\n")
            await wire.close()
            assert server.published.bodies("inbox") == []
            assert server.budget.taken == 0

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_session_time_is_bounded(run: Run) -> None:
    """RS03: a client that says NOOP for ever is told to come again."""

    async def main() -> None:
        async with serving(Setup(timing=Timing(session=0.5))) as server:
            wire = await Wire.connect(server.port)
            await wire.greet()
            assert (await wire.say(b"NOOP\r\n")).startswith("250")
            assert (await wire.rest()).startswith(b"421 4.4.2")
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_client_that_never_reads(run: Run) -> None:
    """RS06, CM19: replies do not pile up, and the connection ends after a while."""

    async def main() -> None:
        limits = Limits(errors=1 << 30, idle_commands=1 << 30)
        async with serving(Setup(timing=Timing(write=0.5), limits=limits)) as server:
            sock = socket.create_connection(("127.0.0.1", server.port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            loop = asyncio.get_running_loop()

            async def flood() -> None:
                for _ in range(2_000):
                    await asyncio.wait_for(loop.sock_sendall(sock, b"EHLO x\r\n" * 1_000), 10)

            with pytest.raises(ConnectionError):
                await flood()
            sock.close()

    run(main())


@attrs.define
class OnePlace(OpenGate):
    """Has one place, and counts how often it was asked for it."""

    taken: int = 0
    asked: int = 0

    def take_place(self) -> bool:
        """The one."""
        self.asked += 1
        if self.taken:
            return False
        self.taken = 1
        return True

    def give_place(self) -> None:
        """It is free."""
        self.taken = 0


@pytest.mark.parametrize("run", RUNNERS)
def test_a_full_server_looks_for_a_place_at_a_steady_pace(run: Run) -> None:
    """RS08: however many have been served while others waited, one look is due at a time."""

    async def main() -> None:
        gates: list[OnePlace] = []

        def gate(policy: GatewayPolicy, profile: Profile) -> OnePlace:
            gates.append(OnePlace(policy, profile))
            return gates[0]

        async with serving(Setup(gate=gate)) as server:
            inside = await Wire.connect(server.port)
            await inside.reply()
            for _ in range(50):
                waiting = await Wire.connect(server.port)
                await asyncio.sleep(0.002)
                await inside.close()
                await waiting.reply()
                inside = waiting
            waiting = await Wire.connect(server.port)
            await asyncio.sleep(0.1)
            before, since = gates[0].asked, time.monotonic()
            await asyncio.sleep(0.5)
            assert gates[0].asked - before <= (time.monotonic() - since) / ROOM_PAUSE + 1
            await inside.close()
            await waiting.greet()
            await waiting.close()

    run(main())


class Slow(MemoryPublisher):
    """A broker that takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.go = asyncio.Event()
        self.before_publish = self._wait

    async def _wait(self, _: Sequence[Publication]) -> None:
        self.started.set()
        await self.go.wait()


async def _until_commit(server: Serving, slow: Slow) -> Wire:
    wire = await Wire.connect(server.port)
    await wire.greet()
    await wire.send(START + MESSAGE)
    await asyncio.wait_for(slow.started.wait(), 10)
    return wire


@pytest.mark.parametrize("run", RUNNERS)
def test_client_that_hangs_up_does_not_stop_a_commit(run: Run) -> None:
    """QU23: what was complete becomes durable."""

    async def main() -> None:
        slow = Slow()
        async with serving(Setup(publisher=slow)) as server:
            wire = await _until_commit(server, slow)
            await wire.close()
            await asyncio.sleep(0.1)
            slow.go.set()
        assert len(slow.bodies("inbox")) == 1

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_time_limits_do_not_stop_a_commit(run: Run) -> None:
    """A commit that takes longer than the client may be silent is still answered."""

    async def main() -> None:
        slow = Slow()
        async with serving(Setup(publisher=slow, timing=Timing(silence=0.2, session=0.2))) as server:
            wire = await _until_commit(server, slow)
            assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
            await asyncio.sleep(2.5)
            slow.go.set()
            assert (await wire.reply()).startswith("250-2.0.0")
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_half_closed_client_gets_its_reply(run: Run) -> None:
    """A client that closes its sending side behind QUIT reads everything to the end."""

    async def main() -> None:
        slow = Slow()
        async with serving(Setup(publisher=slow)) as server:
            wire = await Wire.connect(server.port)
            await wire.send(b"EHLO x\r\n" + START + MESSAGE + b"QUIT\r\n")
            wire.writer.write_eof()
            await asyncio.wait_for(slow.started.wait(), 10)
            await asyncio.sleep(0.05)
            slow.go.set()
            text = (await wire.rest()).decode()
            assert "\r\n221 2.0.0" in text
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_client_that_half_closes_as_it_is_answered(run: Run) -> None:
    """The end of input may come in the very turn in which an answer is given: the answer leaves first."""

    async def main() -> None:
        slow = Slow()
        async with serving(Setup(publisher=slow)) as server:
            wire = await Wire.connect(server.port)
            await wire.greet()

            async def hang_up(_: Sequence[Publication]) -> None:
                await slow.go.wait()
                with socket.socket(fileno=socket.dup(wire.writer.get_extra_info("socket").fileno())) as raw:
                    raw.shutdown(socket.SHUT_WR)

            slow.before_publish = hang_up
            await wire.send(START + MESSAGE)
            assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
            await asyncio.sleep(0.05)
            slow.go.set()
            assert b"250 2.0.0" in await wire.rest()
            await wire.close()
        assert len(slow.bodies("inbox")) == 1

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_urgent_data(run: Run) -> None:
    """Urgent data, which no mail program sends, ends reads early: the byte that it points at is lost, what stands around it is answered."""

    async def main() -> None:
        async with serving(Setup(inbox="")) as server:
            wire = await Wire.connect(server.port)
            sock = wire.writer.get_extra_info("socket")
            with socket.socket(fileno=socket.dup(sock.fileno())) as raw:
                raw.send(b"NOOP\r\n")
                raw.send(b"x", socket.MSG_OOB)
                raw.send(b"NOOP\r\nQUIT\r\n")
            text = await asyncio.wait_for(wire.rest(), 10)
            assert text.count(b"250 2.0.0 Ok\r\n") == 2
            assert text.endswith(b"221 2.0.0 Bye\r\n")
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_read_ahead_is_bounded_and_not_lost(run: Run) -> None:
    """A client that sends on while its message is committed is slowed down, and all it said is answered."""

    async def main() -> None:
        slow = Slow()
        limits = Limits(errors=1 << 30, idle_commands=1 << 30)
        async with serving(Setup(publisher=slow, limits=limits)) as server:
            wire = await _until_commit(server, slow)
            sending = asyncio.create_task(wire.send(b"NOOP\r\n" * 200_000 + b"QUIT\r\n"))
            await asyncio.sleep(0.3)
            assert all(len(connection.session._input) < 1_000_000 for connection in server.server.connections)
            slow.go.set()
            text = await wire.rest()
            await sending
            assert text.count(b"250 2.0.0 Ok\r\n") == 200_000
            assert text.endswith(b"221 2.0.0 Bye\r\n")
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
@pytest.mark.parametrize("at_once", [False, True])
def test_read_ahead_does_not_grow_with_each_message(run: Run, at_once: bool) -> None:
    """CM19, RS11: an answer to one of many pipelined messages, given at once or later, is no reason to read on: enough is there."""

    async def main() -> None:
        publisher, kept = MemoryPublisher(), list[int]()
        limits = Limits(errors=1 << 30, idle_commands=1 << 30)
        async with serving(Setup(publisher=publisher, limits=limits, inbox="" if at_once else "inbox")) as server:

            async def commit(_: Sequence[Publication]) -> None:
                await asyncio.sleep(0.001)

            async def look() -> None:
                while True:
                    kept.extend(connection.session.kept for connection in server.server.connections)
                    await asyncio.sleep(0)

            publisher.before_publish = commit
            wire = await Wire.connect(server.port)
            sending = asyncio.create_task(wire.send(b"EHLO x\r\n" + (START + MESSAGE) * 400 + b"NOOP\r\n" * 400_000 + b"QUIT\r\n"))
            looking = asyncio.create_task(look())
            text = await wire.rest()
            looking.cancel()
            await sending
            assert text.count(b"250 2.0.0 Ok\r\n") == 400_000
            assert text.count(b"354 ") == 400
            assert 0 < max(kept) < 500_000
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_shutdown(run: Run) -> None:
    """QU24: idle sessions get 421 at once, data may end, a commit is answered, data that does not end gets 421."""

    async def main() -> None:
        slow = Slow()
        wires = {}
        async with serving(Setup(publisher=slow, timing=Timing(drain=1.0))) as server:
            for name in ("idle", "data", "stuck"):
                wires[name] = await Wire.connect(server.port)
                await wires[name].greet()
            for name in ("data", "stuck"):
                await wires[name].send(START)
                assert [(await wires[name].reply())[:3] for _ in range(3)] == ["250", "250", "354"]
            wires["commit"] = await _until_commit(server, slow)
            closing = asyncio.create_task(server.server.close())
            assert (await wires["idle"].rest()).startswith(b"421 4.3.2")
            with pytest.raises(OSError):
                await Wire.connect(server.port)
            await wires["data"].send(MESSAGE)
            slow.go.set()
            said = await wires["data"].rest()
            assert said.startswith(b"250-2.0.0")
            assert b"\r\n421 4.3.2" in said
            assert b"250 2.0.0" in await wires["commit"].rest()
            assert (await wires["stuck"].rest()).startswith(b"421 4.3.2")
            await closing
        assert len(slow.bodies("inbox")) == 2
        for wire in wires.values():
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_shutdown_with_a_commit_whose_client_is_gone(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """QU23, QU24: the commit is waited for; there is nobody to be told."""

    async def main() -> None:
        slow = Slow()
        async with serving(Setup(publisher=slow)) as server:
            wire = await _until_commit(server, slow)
            wire.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, *[0] * 7]))  # close with a reset
            await wire.close()
            await asyncio.sleep(0.05)
            assert server.server.connections == set()
            closing = asyncio.create_task(server.server.close())
            await asyncio.sleep(0.05)
            assert not closing.done()
            slow.go.set()
            await closing
        assert len(slow.bodies("inbox")) == 1
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_failures_behind_the_reception(run: Run) -> None:
    """QU05, QU11: no durable copy, no 250; nothing from inside reaches the client."""

    async def main() -> None:
        failing = MemoryPublisher()
        async with serving(Setup(publisher=failing)) as server:
            wire = await Wire.connect(server.port)
            await wire.greet()

            async def transaction() -> str:
                await wire.send(START + MESSAGE)
                said = [await wire.reply() for _ in range(4)]
                return said[-1]

            failing.failure = TemporaryFailure("amqp://user:secret@host is away")
            assert await transaction() == str(replies.NOT_QUEUED)
            failing.failure = None
            failing.max_document_bytes = 100
            assert (await wire.say(b"MAIL FROM:<a@b.c> SIZE=50\r\n")).startswith("552")
            failing.max_document_bytes = 70_000
            assert (await transaction()).startswith("250")
            failing.available = False
            assert await wire.say(b"MAIL FROM:<a@b.c>\r\n") == str(replies.NO_SPACE)
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_memory_is_bounded_over_all_sessions(run: Run) -> None:
    """RS11: when the budget is spent, new messages are put off and growing ones are refused at their end."""

    async def main() -> None:
        async with serving(Setup(memory=100_000)) as server:
            first, second = await Wire.connect(server.port), await Wire.connect(server.port)
            for wire in (first, second):
                await wire.greet()
                await wire.send(START)
                assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
            await first.send(b"x" * 90_000)
            await asyncio.sleep(0.2)
            assert (await second.say(b"y" * 90_000 + b"\r\n.\r\n")).startswith("452 4.3.1")
            assert (await second.say(b"MAIL FROM:<a@b.c> SIZE=20000\r\n")).startswith("452 4.3.1")
            assert (await first.say(b"\r\n.\r\n")).startswith("250")
            assert (await second.say(b"MAIL FROM:<a@b.c> SIZE=20000\r\n")).startswith("250")
            assert server.budget.taken == 0
            await first.close()
            await second.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_last_reply_arrives_although_the_client_still_sends(run: Run) -> None:
    """A refusal in the middle of input is read by the client: the connection is not reset over it."""

    async def main() -> None:
        async with serving() as server:
            for _ in range(20):
                wire = await Wire.connect(server.port)
                await wire.greet()
                await wire.send(START + b"a\n.\nb\r\n.\r\n" + b"MAIL FROM:<smuggled@x.y>\r\n" * 2_000)
                assert b"550 5.6.11" in await wire.rest()
                await wire.close()
            assert server.published.bodies("inbox") == []

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_refused_clients_read_why(run: Run) -> None:
    """The refusal stands in place of the greeting."""

    async def main() -> None:
        async with serving(Setup(refuse=replies.NOT_ALLOWED)) as server:
            wire = await Wire.connect(server.port)
            assert (await wire.rest()).startswith(b"554 5.7.1")
            await wire.close()

    run(main())
