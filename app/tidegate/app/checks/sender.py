"""The check of the sender: SPF, which needs nothing of the message and so can begin before it comes."""

import asyncio
from datetime import datetime

import attrs

from tidegate.app.checks.driver import Lookup
from tidegate.app.checks.guard import guarded
from tidegate.domain.checks import spf
from tidegate.domain.checks.domain_name import to_ascii
from tidegate.domain.checks.lookups import Trace
from tidegate.domain.checks.verdict import SpfIdentity, SpfResult, Verdict
from tidegate.domain.connection import Client
from tidegate.domain.ip_address import IpAddress, parse


@attrs.frozen
class Origin:
    """Where a message comes from, as the session knows it.

    Attributes:
        ip: the client's address.
        helo: the argument of its last EHLO or HELO.
        sender: the reverse path without angle brackets, ``""`` for the null one.
        recipients: the forward paths; for spam scanners.
    """

    ip: IpAddress
    helo: str
    sender: str
    recipients: tuple[str, ...] = ()

    @classmethod
    def of(cls, client: Client, sender: str, recipients: tuple[str, ...] = ()) -> "Origin":
        """As a transport tells it."""
        return cls(parse(client.endpoints.remote_ip.partition("%")[0]), client.helo, sender, recipients)


async def spf_finding(lookup: Lookup, origin: Origin, receiver: str, now: datetime, deadline: float, trace: Trace | None = None) -> SpfResult:
    """SPF of one message; see :func:`~tidegate.app.checks.guard.guarded`.

    Args:
        lookup: what SPF may ask.
        origin: whose mail it is.
        receiver: the name of this host.
        now: for macros.
        deadline: event-loop time until which it may take.
        trace: collects the way to the verdict.
    """
    check = spf.evaluate(origin.ip, origin.helo, origin.sender, now=now, receiver=receiver, trace=trace)
    return await guarded(lookup.complete(check), lambda reason: spf_unknown(origin, reason), deadline)


def spf_unknown(origin: Origin, reason: str) -> SpfResult:
    """With its domain: to DMARC, an SPF that could not be evaluated is not one that failed."""
    identity = SpfIdentity.MAIL_FROM if origin.sender else SpfIdentity.HELO
    name = origin.sender.rpartition("@")[2] if origin.sender else origin.helo
    return SpfResult(Verdict.TEMPERROR, identity, origin.sender or origin.helo, to_ascii(name) or "", reason=reason)


@attrs.define(eq=False)
class ExpectedMessage:
    """SPF of a message that is still to come; plays :class:`tidegate.ports.reception.Expectation`.

    Attributes:
        origin: from where it is expected; its recipients are not known.
        receiver: the name of this host.
        lookup: what is left of the message's queries, and all answers so far.
        spf: the finding.
    """

    origin: Origin
    receiver: str
    lookup: Lookup
    spf: asyncio.Task[SpfResult]

    def is_of(self, origin: Origin, receiver: str) -> bool:
        """Whether this is what was begun for a message that has come now: nobody gets the finding of another sender."""
        return attrs.evolve(origin, recipients=()) == self.origin and receiver == self.receiver

    def cancel(self) -> None:
        """The message does not come."""
        self.spf.cancel()
        self.lookup.cancel()
