"""Logins on real sockets: slow back ends, broken ones, clients that go away or talk on, both event loops."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest
import uvloop
from tests.servers.gateway import Setup, Wire, serving

from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.authenticator import AuthVerdict, Credentials

pytestmark = pytest.mark.integration

RUNNERS = [pytest.param(asyncio.run, id="asyncio"), pytest.param(uvloop.run, id="uvloop")]
Run = Callable[[Awaitable[None]], None]
GOOD = b"AUTH PLAIN AGJvYgBwdw==\r\n"


@attrs.define
class ScriptedLogin:
    """A login whose answers come when a test says so."""

    answer: AuthVerdict | Reply | None = AuthVerdict.ACCEPTED
    ready: asyncio.Event = attrs.field(factory=asyncio.Event)
    asked: list[Credentials] = attrs.field(factory=list)

    async def attempt(self, credentials: Credentials) -> AuthVerdict | Reply:
        """When it is ready; None is a defect."""
        self.asked.append(credentials)
        await self.ready.wait()
        if self.answer is None:
            raise RuntimeError("a defect of the back end with s3cret in it")
        return self.answer


@pytest.fixture(scope="module")
def server_context(authority: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("chain.pem"), authority.with_name("key.pem"))
    return context


@pytest.fixture(scope="module")
def client_context(authority: Path) -> ssl.SSLContext:
    """The client's side."""
    return ssl.create_default_context(cafile=authority)


@pytest.mark.parametrize("run", RUNNERS)
def test_answers(run: Run, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    """Each verdict is its reply, a 421 ends the session, a defect is 454 and says nothing; the back end is told the client's address."""

    async def main() -> None:
        login = ScriptedLogin()
        login.ready.set()
        async with serving(Setup(tls=server_context, login=login)) as server:
            for answer, expected, lives in (
                (AuthVerdict.REFUSED, "535 5.7.8 ", True),
                (AuthVerdict.UNAVAILABLE, "454 4.7.0 ", True),
                (None, "454 4.7.0 ", True),
                (replies.TOO_MANY_LOGINS, "421 4.7.0 ", False),
                (AuthVerdict.ACCEPTED, "235 2.7.0 ", True),
            ):
                login.answer = answer
                wire = await Wire.connect(server.secure_port, client_context)
                await wire.greet()
                said = await wire.say(GOOD)
                assert said.startswith(expected)
                assert "s3cret" not in said
                if lives:
                    assert (await wire.say(b"NOOP\r\n")).startswith("250 ")
                else:
                    assert await wire.rest() == b""
                await wire.close()
            assert {credentials.remote_ip for credentials in login.asked} == {"127.0.0.1"}

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_pipelined_behind_the_login(run: Run, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    """What a client sends while it waits is answered after the login, in order, as the user."""

    async def main() -> None:
        login = ScriptedLogin()
        async with serving(Setup(tls=server_context, login=login)) as server:
            wire = await Wire.connect(server.secure_port, client_context)
            await wire.greet()
            asyncio.get_running_loop().call_later(0.2, login.ready.set)
            await wire.send(GOOD + b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n")
            codes = [line[:3] for line in (await wire.rest()).decode().splitlines() if line[3] == " "]
            assert codes == ["235", "250", "250", "354", "250", "221"]
            assert b'"user":"bob"' in server.published.bodies("inbox")[0]
            assert b"with ESMTPSA" in server.published.bodies("inbox")[0]
            await wire.close()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_slow_logins_hold_nobody_up(run: Run, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    """AU19: 50 logins wait for a slow back end, some of their clients have gone; another client's mail goes on, and the server stops in time."""

    async def main() -> None:
        login = ScriptedLogin()
        async with serving(Setup(tls=server_context, login=login)) as server:
            waiting = [await Wire.connect(server.secure_port, client_context) for _ in range(50)]
            for wire in waiting:
                await wire.greet()
                await wire.send(GOOD)
            for wire in waiting[:25]:
                await wire.close()
            other = await Wire.connect(server.port)
            await other.greet()
            for _ in range(50):
                assert (await other.say(b"NOOP\r\n")).startswith("250 ")
            await other.close()
            login.ready.set()
            for wire in waiting[25:]:
                assert (await wire.reply()).startswith("235 ")
                await wire.close()
        assert len(login.asked) == 50

    run(main())
