"""The host name of each local address, ready when a connection needs it: DNS is asked beside the connections, never on their way."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.domain.hostname import HostName, HostNameSource, NeedDns, choose_host_name
from tidegate.ports.mta_names import MtaNames
from tidegate.ports.resolver import Resolver

LOOK_UP_S = 2.0
"""A name that takes longer is not waited for, at start-up or later."""
KEPT_S = 3600.0
"""Until reverse DNS is asked again; the old name is used meanwhile."""
RETRY_S = 60.0  # the same where reverse DNS gave no name
MAX_ADDRESSES = 1000
"""Local addresses whose names are kept. A machine has fewer; a PROXY header may claim any."""
MAX_LOOK_UPS = 10
"""Addresses that are asked about at a time, for the same reason."""


_log = logging.getLogger("tidegate.host_names")


@attrs.frozen
class _Known:
    name: HostName
    until_s: float


@attrs.define(eq=False)
class HostNames:
    """Chooses names (:mod:`tidegate.domain.hostname`) for one event loop.

    Attributes:
        resolver: asked for reverse DNS where nothing is configured.
        mta_names: the managed list.
        configured: ``smtp-hostname``; may be replaced while running.
        machine_name: what the operating system says.
        monotonic_s: tells durations.
        look_up_s: how long all questions about one address may take.
    """

    resolver: Resolver
    mta_names: MtaNames
    configured: str | None
    machine_name: str
    monotonic_s: Callable[[], float] = time.monotonic
    look_up_s: float = LOOK_UP_S
    _known: OrderedDict[str, _Known] = attrs.field(factory=OrderedDict, init=False)
    _settled: dict[tuple[str, str | None, str | None], HostName] = attrs.field(factory=dict, init=False)  # chosen without DNS
    _look_ups: dict[str, asyncio.Task[None]] = attrs.field(factory=dict, init=False)

    def name_of(self, local_ip: str) -> HostName:
        """The name to greet with on this address (canonical text), now. Starts to ask DNS where that is needed and due."""
        key = local_ip, self.mta_names.name_of(local_ip), self.configured
        settled = self._settled.get(key)
        if settled is not None:
            return settled
        choice = self._choose(local_ip, {})
        if isinstance(choice, HostName):
            if len(self._settled) >= MAX_ADDRESSES:
                self._settled.clear()
            self._settled[key] = choice
            return choice
        known = self._known.get(local_ip)
        if known is not None:
            self._known.move_to_end(local_ip)
        if known is None or self.monotonic_s() >= known.until_s:
            self._start(local_ip)
        return known.name if known is not None else choice.meanwhile

    async def prepare(self, local_ips: Iterable[str]) -> None:
        """Ask for the names of the addresses that are known at start-up, so that the first client is greeted with them; 2 seconds at most."""
        for local_ip in local_ips:
            self.name_of(local_ip)
        if self._look_ups:
            await asyncio.wait(list(self._look_ups.values()))

    async def close(self) -> None:
        """End the look-ups under way."""
        tasks = list(self._look_ups.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __len__(self) -> int:
        """Number of addresses whose names from DNS are kept."""
        return len(self._known)

    def _choose(self, local_ip: str, answers: dict[DnsQuery, DnsAnswer]) -> HostName | NeedDns:
        return choose_host_name(
            local_ip, mta_name=self.mta_names.name_of(local_ip), configured=self.configured, machine_name=self.machine_name, answers=answers
        )

    def _start(self, local_ip: str) -> None:
        if local_ip in self._look_ups or len(self._look_ups) >= MAX_LOOK_UPS:
            return
        task = self._look_ups[local_ip] = asyncio.get_running_loop().create_task(self._look_up(local_ip))
        task.add_done_callback(lambda _: self._look_ups.pop(local_ip, None))

    async def _look_up(self, local_ip: str) -> None:
        """Answer question after question until the choice is made or the time is up, and keep what came of it."""
        answers: dict[DnsQuery, DnsAnswer] = {}
        choice = self._choose(local_ip, answers)
        failed = False
        try:
            async with asyncio.timeout(self.look_up_s):
                while isinstance(choice, NeedDns):
                    found = await asyncio.gather(*map(self.resolver.resolve, choice.queries))
                    answers |= zip(choice.queries, found, strict=True)
                    choice = self._choose(local_ip, answers)
        except TimeoutError:
            failed = True
        name = choice.meanwhile if isinstance(choice, NeedDns) else choice
        before = self._known.get(local_ip)
        if name.source is HostNameSource.MACHINE and before is not None:
            failed = failed or any(answer.status is DnsStatus.TEMPERROR for answer in answers.values())
            if failed and before.name.source is not HostNameSource.MACHINE:
                self._known[local_ip] = _Known(before.name, self.monotonic_s() + RETRY_S)  # a name server that is away takes no name from us
                return
        if before is None or before.name != name:
            _log.info("host name", extra={"local_ip": local_ip, "host": name.name, "source": name.source.value})
        kept_s = RETRY_S if name.source is HostNameSource.MACHINE else KEPT_S
        self._known[local_ip] = _Known(name, self.monotonic_s() + kept_s)
        self._known.move_to_end(local_ip)
        if len(self._known) > MAX_ADDRESSES:
            self._known.popitem(last=False)
