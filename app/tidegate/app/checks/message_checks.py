"""All checks of one message, at the same time, each within its share of one budget of time and queries."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import TypeVar

import attrs

from tidegate.app.checks.driver import Lookup
from tidegate.app.checks.guard import guarded
from tidegate.app.checks.scan import scan
from tidegate.app.checks.sender import ExpectedMessage, Origin, spf_finding, spf_unknown
from tidegate.app.config.values import Check
from tidegate.domain.checks import arc, dkim, dmarc, iprev
from tidegate.domain.checks.arc import Chain, ChainProblem
from tidegate.domain.checks.dkim import BodyDigests, Signatures, VerifySignature
from tidegate.domain.checks.dkim.body import BodyHash
from tidegate.domain.checks.dkim.verification import MAX_SIGNATURES
from tidegate.domain.checks.dmarc import Author, Registrable
from tidegate.domain.checks.lookups import Trace
from tidegate.domain.checks.verdict import (
    ArcResult,
    CheckResult,
    DkimResult,
    DmarcResult,
    IprevResult,
    SpamClass,
    SpamResult,
    SpfResult,
    Verdict,
)
from tidegate.domain.connection import Client
from tidegate.domain.dns import DnsQuery, RecordType
from tidegate.domain.headers import HeaderBlock
from tidegate.domain.ip_address import IpAddress, unmapped
from tidegate.ports.clock import Clock
from tidegate.ports.reception import IncomingMessage
from tidegate.ports.resolver import Resolver
from tidegate.ports.spam_scanner import Handover, SpamScanner

_log = logging.getLogger("tidegate.checks")

# The client waits for its reply meanwhile: RFC 5321 section 4.5.3.2.6 has it wait ten minutes.
BUDGET_S = 30.0
"""For everything together; scanners and large bodies need it."""
TIMEOUT_S = 10.0
"""For all that asks the DNS."""
ALIGNMENT_S = 2.0
"""The end of it, which is DMARC's: it can decide only when SPF and DKIM have."""
IPREV_S = 3.0
"""Reverse zones are the worst kept ones, and no other finding hangs on this one."""

# Shares of driver.MAX_QUERIES: what a sender put into a message for one check, or published for it, leaves the others what they need.
SPF_QUERIES = 20  # the record, ten terms (RFC 7208 section 4.6.4), and the hosts of some mx; more where other checks are not enabled
DKIM_QUERIES = MAX_SIGNATURES  # a key each
DMARC_QUERIES = 12  # the walk of the author's domain, and what aligned subdomains add
IPREV_QUERIES = 3  # the names of the address, and two of them; up to ten of them from what the others leave
ARC_QUERIES = 5  # keys; it has what the others leave: thirteen beside a message with two signatures


Result = TypeVar("Result")


@attrs.frozen
class MessageChecks:
    """Runs the configured checks. Serves any number of messages at a time on one event loop.

    Attributes:
        enabled: which findings are wanted; DMARC runs SPF and DKIM for itself where these are not.
        resolver: answers their look-ups.
        clock: the wall clock.
        verify: the mathematics of signatures.
        registrable: the public suffix list, for DMARC by RFC 7489; None for RFC 9989.
        scanner: scores messages; None leaves the spam check out.
        iprev: whether to look up the names of the client.
        timeout_s: seconds for all look-ups of a message together.
        budget_s: seconds for all checks of a message together.
        executor: hashes large bodies; None is the event loop's own.
    """

    enabled: frozenset[Check]
    resolver: Resolver
    clock: Clock
    verify: VerifySignature
    registrable: Registrable | None = None
    scanner: SpamScanner | None = None
    iprev: bool = False
    timeout_s: float = TIMEOUT_S
    budget_s: float = BUDGET_S
    executor: Executor | None = None

    async def check_incoming(self, header: HeaderBlock, message: IncomingMessage, received: bytes) -> tuple[CheckResult, ...]:
        """Check a message that a transport received; see ``tidegate.app.reception.Checker``."""
        envelope, expected = message.envelope, message.expectation
        origin = Origin.of(message.client, envelope.sender, tuple(recipient.address for recipient in envelope.recipients))
        if not isinstance(expected, ExpectedMessage):
            expected = None
        elif not expected.is_of(origin, message.hostname):
            expected.cancel()
            expected = None
        return await self.check_message(header, origin, message.hostname, received=received, expected=expected)

    def expect(self, client: Client, sender: str, hostname: str) -> ExpectedMessage:
        """Begin what needs nothing of a message that is still to come; see :data:`tidegate.ports.reception.Expect`."""
        origin = Origin.of(client, sender)
        loop = asyncio.get_running_loop()
        now = loop.time()
        lookup = Lookup(self.resolver, now + self.timeout_s)
        part = lookup.share(self.spf_queries, self.timeout_s - self.alignment_s)
        finding = spf_finding(part, origin, hostname, self.clock(), now + self.budget_s)
        return ExpectedMessage(origin, hostname, lookup, loop.create_task(finding))

    @property
    def wants_sender(self) -> bool:
        """Whether the sender is checked: whether :meth:`expect` is of use."""
        return Check.SPF in self.enabled or Check.DMARC in self.enabled

    @property
    def spf_queries(self) -> int:
        """SPF's share: its own, and those of checks that are not enabled. A record with three mx of ten hosts each needs 34 queries."""
        dkim_wanted = Check.DKIM in self.enabled or Check.DMARC in self.enabled
        unused = ARC_QUERIES * (Check.ARC not in self.enabled) + DKIM_QUERIES * (not dkim_wanted)
        return SPF_QUERIES + unused + DMARC_QUERIES * (Check.DMARC not in self.enabled) + IPREV_QUERIES * (not self.iprev)

    @property
    def alignment_s(self) -> float:
        """Seconds at the end of ``timeout_s`` that are DMARC's."""
        return min(ALIGNMENT_S, self.timeout_s / 5)

    async def check_message(
        self,
        header: HeaderBlock,
        origin: Origin | None,
        receiver: str,
        *,
        received: bytes = b"",
        trace: Trace | None = None,
        expected: ExpectedMessage | None = None,
    ) -> tuple[CheckResult, ...]:
        """Run all checks.

        Args:
            header: the message as received, with its header section found.
            origin: where it comes from; None leaves out what needs that: SPF and iprev.
            receiver: the name of this host, for SPF.
            received: our Received field, from which spam scanners learn where the message comes from.
            trace: collects the way to each verdict, one check after the other.
            expected: what has begun for this message already.

        Returns:
            The findings, in the order SPF, DKIM, DMARC, ARC, spam, iprev. Trouble with the DNS, a scanner or ourselves is ``temperror``:
            nothing is raised but cancellation, and it ends within ``budget_s``; within ``timeout_s`` where nobody scans and no body is large.
        """
        now = asyncio.get_running_loop().time()
        deadline = now + self.timeout_s
        lookup = Lookup(self.resolver, deadline) if expected is None else expected.lookup.renewed(deadline)
        run = _Run(self, header, origin, receiver, lookup, now + self.budget_s, trace is not None, expected)
        try:
            authentication, spam, iprev_result = await asyncio.gather(
                run.authentication(),
                run.spam(self.scanner, received) if Check.SPAM in self.enabled and self.scanner is not None else _nothing(),
                run.iprev(origin.ip) if self.iprev and origin is not None else _nothing(),
            )
        finally:
            if expected is not None:
                expected.cancel()
            await lookup.close()
        if trace:
            trace.lines += run.trace_lines()
        return tuple(result for result in (*authentication, spam, iprev_result) if result is not None)


_METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")


@attrs.define
class _Run:
    """The checks of one message."""

    checks: MessageChecks
    header: HeaderBlock
    origin: Origin | None
    receiver: str
    lookup: Lookup
    deadline: float
    traced: bool
    expected: ExpectedMessage | None = None
    traces: dict[str, Trace] = attrs.field(
        init=False, default=attrs.Factory(lambda self: {method: Trace() for method in _METHODS} if self.traced else {}, takes_self=True)
    )

    def trace_lines(self) -> list[str]:
        return [line for trace in self.traces.values() for line in trace.lines]

    async def authentication(self) -> tuple[CheckResult | None, ...]:
        """SPF, DKIM, DMARC and ARC, in the order of ``checks``. A defect in reading the header section costs these findings, not the mail."""
        try:
            return await self._authentication()
        except Exception:
            _log.exception("a check failed")
        enabled, origin, reason = self.checks.enabled, self.origin, "the check failed here"
        return (
            spf_unknown(origin, reason) if origin is not None and Check.SPF in enabled else None,
            DkimResult(Verdict.TEMPERROR, reason=reason) if Check.DKIM in enabled else None,
            DmarcResult(Verdict.TEMPERROR, reason=reason) if Check.DMARC in enabled else None,
            ArcResult(Verdict.TEMPERROR, reason=reason) if Check.ARC in enabled else None,
        )

    async def _authentication(self) -> tuple[CheckResult | None, ...]:
        """SPF, DKIM and ARC at the same time, then DMARC, which decides from the first two."""
        checks, enabled, header = self.checks, self.checks.enabled, self.header
        wants_dmarc = Check.DMARC in enabled
        signatures = dkim.read_signatures(header) if wants_dmarc or Check.DKIM in enabled else None
        chain = arc.read_chain(header) if Check.ARC in enabled else None
        author = dmarc.author_of(header) if wants_dmarc else None
        # All parts are taken before anything is asked.
        time_s = checks.timeout_s - checks.alignment_s
        spf_part = self.lookup.share(checks.spf_queries if checks.wants_sender and self.expected is None else 0, time_s)
        dkim_part = self.lookup.share(min(DKIM_QUERIES, len(signatures.fields)) if signatures else 0, time_s)
        dmarc_part = self.lookup.share(DMARC_QUERIES if wants_dmarc else 0, checks.timeout_s)
        left = self.lookup.queries_left - (IPREV_QUERIES if checks.iprev else 0)
        arc_part = self.lookup.share(0 if chain is None else min(len(arc.key_queries(chain)), left), time_s)
        if author is not None and not author.problem:
            # For most mail the only record that DMARC needs: it comes while SPF and DKIM are waited for.
            dmarc_part.start(DnsQuery(f"_dmarc.{author.domain}", RecordType.TXT))
        spf_result, (dkim_results, arc_result) = await asyncio.gather(
            self._spf(spf_part, self.origin) if self.origin is not None and checks.wants_sender else _nothing(),
            self._signatures(signatures, dkim_part, chain, arc_part),
        )
        # Also where hashing a large body took longer than all look-ups may.
        dmarc_part.deadline = max(dmarc_part.deadline, asyncio.get_running_loop().time() + checks.alignment_s)
        dmarc_result = None if author is None else await self._dmarc(dmarc_part, author, spf_result, dkim_results)
        return (
            spf_result if Check.SPF in enabled else None,
            *(dkim_results if Check.DKIM in enabled else ()),
            dmarc_result,
            arc_result,
        )

    async def _spf(self, lookup: Lookup, origin: Origin) -> SpfResult:
        if self.expected is not None:
            return await self._guarded(self.expected.spf, lambda reason: spf_unknown(origin, reason))
        return await spf_finding(lookup, origin, self.receiver, self.checks.clock(), self.deadline, self.traces.get("spf"))

    async def _signatures(
        self, signatures: Signatures | None, dkim_part: Lookup, chain: Chain | ChainProblem | None, arc_part: Lookup
    ) -> tuple[tuple[DkimResult, ...], ArcResult | None]:
        """DKIM and ARC, which need the same hashes of the body."""
        wanted = (*(signatures.body_hashes if signatures else ()), *(chain.body_hashes if isinstance(chain, Chain) else ()))
        now, verify = self.checks.clock(), self.checks.verify

        def failed_dkim(reason: str) -> tuple[DkimResult, ...]:
            # Each by its domain: to DMARC, a signature that could not be verified is not one that failed.
            fields = signatures.fields if signatures else ()
            return tuple(attrs.evolve(field.shown, verdict=Verdict.TEMPERROR, reason=reason) for field in fields)

        def failed_arc(reason: str) -> ArcResult:
            return ArcResult(Verdict.TEMPERROR, reason=reason)

        large = bool(wanted) and len(self.header.message) - self.header.body > dkim.LARGE_BODY_BYTES
        if large:
            # The DNS answers while the body is hashed: what that takes is not the time of the look-ups.
            dkim_part.start(*(dkim.key_queries(signatures, now) if signatures else ()))
            arc_part.start(*(arc.key_queries(chain) if chain is not None else ()))
        digests = await self._guarded(self._digests(wanted, large=large), str)
        if isinstance(digests, str):
            return failed_dkim(digests), None if chain is None else failed_arc(digests)
        dkim_results, arc_result = await asyncio.gather(
            self._guarded(
                dkim_part.complete(dkim.evaluate(signatures, digests, now=now, verify=verify, trace=self.traces.get("dkim"))), failed_dkim
            )
            if signatures
            else _nothing(),
            self._guarded(arc_part.complete(arc.evaluate(chain, digests, now=now, verify=verify, trace=self.traces.get("arc"))), failed_arc)
            if chain is not None
            else _nothing(),
        )
        return dkim_results or (), arc_result

    async def _digests(self, wanted: tuple[BodyHash, ...], *, large: bool) -> BodyDigests | str:
        """A large body is hashed in a thread: the loop has other sessions to serve."""
        message, start = self.header.message, self.header.body
        if not large:
            return dkim.body_digests(message, start, wanted)
        return await asyncio.get_running_loop().run_in_executor(self.checks.executor, dkim.body_digests, message, start, wanted)

    async def _dmarc(self, lookup: Lookup, author: Author, spf_result: SpfResult | None, dkim_results: tuple[DkimResult, ...]) -> DmarcResult:
        check = dmarc.evaluate(author, spf_result, dkim_results, registrable=self.checks.registrable, trace=self.traces.get("dmarc"))
        return await self._guarded(lookup.complete(check), lambda reason: DmarcResult(Verdict.TEMPERROR, author.domain, reason=reason))

    async def iprev(self, ip: IpAddress) -> IprevResult:
        """The names of the client."""
        lookup = self.lookup.share(1 + iprev.MAX_NAMES, IPREV_S)
        check = iprev.evaluate(ip, trace=self.traces.get("iprev"))
        return await self._guarded(lookup.complete(check), lambda reason: IprevResult(Verdict.TEMPERROR, str(unmapped(ip)), reason=reason))

    async def spam(self, scanner: SpamScanner, received: bytes) -> SpamResult:
        """The scanner's opinion."""
        origin = self.origin
        handover = Handover(str(origin.ip), origin.helo, origin.sender, origin.recipients) if origin is not None else None
        check = scan(scanner, self.header.message, received, handover)
        return await self._guarded(check, lambda reason: SpamResult(SpamClass.TEMPERROR, reason=reason))

    def _guarded(self, check: Awaitable[Result], failed: Callable[[str], Result]) -> Awaitable[Result]:
        return guarded(check, failed, self.deadline)


async def _nothing() -> None:
    return None
