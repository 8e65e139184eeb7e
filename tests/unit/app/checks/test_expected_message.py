"""SPF that begins before the message comes."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from tidegate.adapters.dkim import verify_signature
from tidegate.adapters.memory.static_resolver import StaticResolver
from tidegate.app.checks.message_checks import MessageChecks
from tidegate.app.config.values import Check
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock, inspect
from tidegate.ports.reception import Expectation, IncomingMessage

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLIENT = Client(Endpoints("192.0.2.1", 4711, "192.0.2.25", 25), "mx.example.com")
MESSAGE = b"From: joe@example.com\r\n\r\nHello\r\n"
ZONE = {
    "example.com": [["TXT", ["v=spf1 ip4:192.0.2.0/24 -all"]]],
    "example.org": [["TXT", ["v=spf1 -all"]]],
    "_dmarc.example.com": [["TXT", ["v=DMARC1; p=reject"]]],
}


@attrs.define
class Asked:
    """A resolver that tells what it was asked, and waits until it may answer."""

    answers: StaticResolver = attrs.field(factory=lambda: StaticResolver.of(ZONE))
    queries: list[str] = attrs.field(factory=list)
    cancelled: list[str] = attrs.field(factory=list)
    go: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """Note, wait, answer."""
        self.queries.append(query.name)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(query.name)
            raise
        return await self.answers.resolve(query)


def checks(resolver: Asked, **more: Any) -> MessageChecks:
    """SPF and DMARC over that resolver."""
    return MessageChecks(frozenset((Check.SPF, Check.DMARC)), resolver, lambda: NOW, verify_signature, **more)


async def entries(runner: MessageChecks, expectation: Expectation | None, sender: str = "joe@example.com") -> list[dict[str, Any]]:
    """The findings on a message that has come."""
    block = inspect(MESSAGE)
    assert isinstance(block, HeaderBlock)
    message = IncomingMessage(CLIENT, Envelope(sender, (Recipient("info@example.org"),)), MESSAGE, "mta.example", expectation)
    return [dict(result.entry()) for result in await runner.check_incoming(block, message, b"")]


async def test_asked_before_the_message_comes() -> None:
    """The record of the sender is looked up while the message is on its way, once, and its finding is the message's."""
    resolver = Asked()
    runner = checks(resolver)
    expectation = runner.expect(CLIENT, "joe@example.com", "mta.example")
    await asyncio.sleep(0.01)
    assert resolver.queries == ["example.com"]
    resolver.go.set()
    found = await entries(runner, expectation)
    assert [next(iter(entry.items())) for entry in found] == [("spf", "pass"), ("dmarc", "pass")]
    assert resolver.queries.count("example.com") == 1
    assert found == await entries(checks(resolver), None)


async def test_nobody_gets_the_finding_of_another_sender() -> None:
    """A message from another sender, client or host name than was announced is checked by itself."""
    resolver = Asked()
    resolver.go.set()
    runner = checks(resolver)
    for client, hostname in ((CLIENT, "mta.example"), (attrs.evolve(CLIENT, helo="other.example"), "mta.example"), (CLIENT, "other.example")):
        expectation = runner.expect(client, "joe@example.com", hostname)
        found = await entries(runner, expectation, "joe@example.org")
        assert found[0]["spf"] == "fail"
        assert found[0]["smtp.mailfrom"] == "joe@example.org"
    for client, hostname in ((attrs.evolve(CLIENT, helo="other.example"), "mta.example"), (CLIENT, "other.example")):
        assert (await entries(runner, runner.expect(client, "joe@example.com", hostname)))[0]["spf"] == "pass"


async def test_given_up_with_the_client() -> None:
    """A client that leaves takes its look-ups along; giving up twice, or after the message has come, does no harm."""
    resolver = Asked()
    runner = checks(resolver)
    expectation = runner.expect(CLIENT, "joe@example.com", "mta.example")
    await asyncio.sleep(0.01)
    expectation.cancel()
    await asyncio.sleep(0.01)
    assert resolver.cancelled == ["example.com"]
    assert expectation.spf.cancelled()
    expectation.cancel()

    resolver.go.set()
    late = runner.expect(CLIENT, "joe@example.com", "mta.example")
    assert (await entries(runner, late))[0]["spf"] == "pass"
    late.cancel()


async def test_silence_is_told_in_time_from_the_announcement_on() -> None:
    """SPF's time runs from the announcement: where the data took as long, the finding is there with the message; other checks have their own."""
    resolver = Asked()
    runner = checks(resolver, timeout_s=0.4)
    expectation = runner.expect(CLIENT, "joe@example.com", "mta.example")
    await asyncio.sleep(0.4)
    assert expectation.spf.done()
    resolver.go.set()
    found = await entries(runner, expectation)
    assert found[0]["spf"] == "temperror"
    assert found[1]["dmarc"] == "temperror"


async def test_queries_are_those_of_one_message() -> None:
    """What SPF asked before counts among the message's fifty."""
    resolver = Asked()
    resolver.go.set()
    expectation = checks(resolver).expect(CLIENT, "joe@example.com", "mta.example")
    await expectation.spf
    assert expectation.lookup.renewed(1.0).queries_left == expectation.lookup.queries_left == 50 - 28


@pytest.mark.parametrize(
    ("enabled", "iprev", "share"),
    [
        ({Check.SPF, Check.DKIM, Check.DMARC, Check.ARC}, True, 20),
        ({Check.SPF, Check.DKIM, Check.DMARC}, True, 25),
        ({Check.DMARC}, False, 28),
        ({Check.SPF, Check.DKIM}, True, 37),
        ({Check.SPF}, True, 47),
        ({Check.SPF, Check.SPAM}, False, 50),
    ],
)
async def test_spf_may_use_what_nobody_else_wants(enabled: set[Check], iprev: bool, share: int) -> None:
    """Its part of the fifty queries grows with every check that is not enabled: a lawful record of many mx needs more than twenty."""
    hosts = [f"{letter}{number}.example.com" for letter in "abc" for number in range(9)]
    zone: dict[str, list[list[Any]]] = {"example.com": [["TXT", ["v=spf1 mx:a.example.com mx:b.example.com mx:c.example.com -all"]]]}
    for letter in "abc":
        zone[f"{letter}.example.com"] = [["MX", [10, host]] for host in hosts if host.startswith(letter)]
    zone |= {host: [["A", "198.51.100.7"]] for host in hosts}
    runner = MessageChecks(frozenset(enabled), StaticResolver.of(zone), lambda: NOW, verify_signature, iprev=iprev)
    assert runner.spf_queries == share
    found = await runner.expect(CLIENT, "joe@example.com", "mta.example").spf
    assert found.verdict == ("fail" if share > 1 + 3 + 27 else "temperror")
