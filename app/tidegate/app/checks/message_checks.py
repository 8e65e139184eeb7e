"""All checks of one message, at the same time, within one budget."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import TypeVar

import attrs

from tidegate.app.checks.driver import Lookup
from tidegate.app.config.values import Check
from tidegate.domain.checks import arc, dkim, dmarc, iprev, spf
from tidegate.domain.checks.arc import Chain
from tidegate.domain.checks.dkim import BodyDigests, VerifySignature
from tidegate.domain.checks.dkim.body import BodyHash
from tidegate.domain.checks.dmarc import Registrable
from tidegate.domain.checks.lookups import Trace
from tidegate.domain.checks.verdict import (
    ArcResult,
    CheckResult,
    DkimResult,
    DmarcResult,
    IprevResult,
    SpamClass,
    SpamResult,
    SpfIdentity,
    SpfResult,
    Verdict,
)
from tidegate.domain.headers import HeaderBlock
from tidegate.domain.ip_address import IpAddress
from tidegate.ports.clock import Clock
from tidegate.ports.errors import PortError
from tidegate.ports.resolver import Resolver
from tidegate.ports.spam_scanner import SpamScanner

_log = logging.getLogger("tidegate.checks")

# The client waits for its reply meanwhile. RFC 5321 section 4.5.3.2.6 lets it wait ten minutes; ten seconds are what most servers stay below.
TIMEOUT_S = 10.0

_FAILED = "the check failed here"

Result = TypeVar("Result")


@attrs.frozen
class Origin:
    """Where a message comes from, as the session knows it.

    Attributes:
        ip: the client's address.
        helo: the argument of its last EHLO or HELO.
        sender: the reverse path without angle brackets, ``""`` for the null one.
    """

    ip: IpAddress
    helo: str
    sender: str


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
        timeout_s: seconds for all checks of a message together.
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
    executor: Executor | None = None

    async def check_sender(self, origin: Origin, receiver: str, *, trace: Trace | None = None) -> SpfResult:
        """SPF alone, for sessions that want it while the message is still on its way. ``receiver`` is the name of this host. Never raises."""
        lookup = self._lookup()
        try:
            return await self._spf(lookup, origin, receiver, trace)
        finally:
            await lookup.close()

    async def check_message(
        self,
        header: HeaderBlock,
        origin: Origin | None,
        receiver: str,
        *,
        sender: Awaitable[SpfResult] | None = None,
        trace: Trace | None = None,
    ) -> tuple[CheckResult, ...]:
        """Run all checks.

        Args:
            header: the message as received, with its header section found.
            origin: where it comes from; None leaves out what needs that: SPF and iprev.
            receiver: the name of this host, for SPF.
            sender: what :meth:`check_sender` gives, when it was started before.
            trace: collects the way to each verdict, one check after the other.

        Returns:
            The findings, in the order SPF, DKIM, DMARC, ARC, spam, iprev. Trouble with the DNS, a scanner or ourselves is ``temperror``:
            nothing is raised but cancellation, and nothing takes longer than ``timeout_s`` and a body's hash.
        """
        traces = [Trace() if trace else None for _ in range(6)]
        wants_dmarc = Check.DMARC in self.enabled
        lookup = self._lookup()
        try:
            signatures = dkim.read_signatures(header) if wants_dmarc or Check.DKIM in self.enabled else None
            chain = arc.read_chain(header) if Check.ARC in self.enabled else None
            digests = await self._digests(
                header, (*(signatures.body_hashes if signatures else ()), *(chain.body_hashes if isinstance(chain, Chain) else ()))
            )
            if sender is None and origin is not None and (wants_dmarc or Check.SPF in self.enabled):
                sender = self._spf(lookup, origin, receiver, traces[0])
            spf_result, dkim_results, arc_result, spam_result, iprev_result = await asyncio.gather(
                _nothing() if sender is None else sender,
                _nothing() if signatures is None else self._dkim(lookup, signatures, digests, traces[1]),
                _nothing() if chain is None else self._arc(lookup, chain, digests, traces[3]),
                self._spam(header.message) if Check.SPAM in self.enabled and self.scanner is not None else _nothing(),
                self._iprev(lookup, origin.ip, traces[5]) if self.iprev and origin is not None else _nothing(),
            )
            dmarc_result = await self._dmarc(lookup, header, spf_result, dkim_results or (), traces[2]) if wants_dmarc else None
        finally:
            await lookup.close()
        if trace:
            trace.lines += [line for part in traces if part is not None for line in part.lines]
        wanted_spf = spf_result if Check.SPF in self.enabled else None
        wanted_dkim = dkim_results if dkim_results is not None and Check.DKIM in self.enabled else ()
        results = (wanted_spf, *wanted_dkim, dmarc_result, arc_result, spam_result, iprev_result)
        return tuple(result for result in results if result is not None)

    def _lookup(self) -> Lookup:
        return Lookup(self.resolver, asyncio.get_running_loop().time() + self.timeout_s)

    async def _digests(self, header: HeaderBlock, wanted: tuple[BodyHash, ...]) -> BodyDigests:
        """A large body is hashed in a thread: the loop has other sessions to serve."""
        if not wanted or len(header.message) - header.body <= dkim.LARGE_BODY_BYTES:
            return dkim.body_digests(header.message, header.body, wanted)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, dkim.body_digests, header.message, header.body, wanted)

    async def _spf(self, lookup: Lookup, origin: Origin, receiver: str, trace: Trace | None) -> SpfResult:
        identity = SpfIdentity.MAIL_FROM if origin.sender else SpfIdentity.HELO
        failed = SpfResult(Verdict.TEMPERROR, identity, origin.sender or origin.helo, reason=_FAILED)
        check = spf.evaluate(origin.ip, origin.helo, origin.sender, now=self.clock(), receiver=receiver, trace=trace)
        return await _guarded(lambda: lookup.complete(check), failed)

    async def _dkim(self, lookup: Lookup, signatures: dkim.Signatures, digests: BodyDigests, trace: Trace | None) -> tuple[DkimResult, ...]:
        check = dkim.evaluate(signatures, digests, now=self.clock(), verify=self.verify, trace=trace)
        return await _guarded(lambda: lookup.complete(check), (DkimResult(Verdict.TEMPERROR, reason=_FAILED),))

    async def _arc(self, lookup: Lookup, chain: Chain | arc.ChainProblem, digests: BodyDigests, trace: Trace | None) -> ArcResult:
        check = arc.evaluate(chain, digests, now=self.clock(), verify=self.verify, trace=trace)
        return await _guarded(lambda: lookup.complete(check), ArcResult(Verdict.TEMPERROR, reason=_FAILED))

    async def _dmarc(
        self, lookup: Lookup, header: HeaderBlock, spf_result: SpfResult | None, dkim_results: tuple[DkimResult, ...], trace: Trace | None
    ) -> DmarcResult:
        author = dmarc.author_of(header)
        check = dmarc.evaluate(author, spf_result, dkim_results, registrable=self.registrable, trace=trace)
        return await _guarded(lambda: lookup.complete(check), DmarcResult(Verdict.TEMPERROR, author.domain, reason=_FAILED))

    async def _iprev(self, lookup: Lookup, ip: IpAddress, trace: Trace | None) -> IprevResult:
        check = iprev.evaluate(ip, trace=trace)
        return await _guarded(lambda: lookup.complete(check), IprevResult(Verdict.TEMPERROR, str(ip), reason=_FAILED))

    async def _spam(self, message: bytes) -> SpamResult:
        assert self.scanner is not None
        try:
            async with asyncio.timeout(self.timeout_s):
                found = await self.scanner.scan(message)
        except TimeoutError:
            return SpamResult(SpamClass.TEMPERROR, reason="the spam scanner did not answer in time")
        except PortError as error:
            _log.warning("spam scanner", extra={"reason": str(error)})
            return SpamResult(SpamClass.TEMPERROR, reason="no answer from the spam scanner")
        verdict = SpamClass.SPAM if found.spam else SpamClass.HAM
        return SpamResult(verdict, found.score, found.threshold, found.symbols)


async def _nothing() -> None:
    return None


async def _guarded(run: Callable[[], Awaitable[Result]], failed: Result) -> Result:
    """A defect in a check costs its finding, never the message."""
    try:
        return await run()
    except Exception:
        _log.exception("a check failed")
        return failed
