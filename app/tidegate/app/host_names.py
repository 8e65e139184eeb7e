"""Host names of our own addresses, found without making any client wait."""

import asyncio
import logging
import time
from collections.abc import Callable

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.domain.hostname import HostName, NeedDns, choose_host_name
from tidegate.ports.resolver import Resolver

LOOKUP_S = 2.0
"""Bound of a reverse look-up, both steps together."""
FRESH_S = 3600.0
"""How long a name from DNS is used before it is asked for again; meanwhile the old one stays."""
RETRY_S = 60.0
"""After a look-up that brought no name from DNS."""

_log = logging.getLogger("tidegate.host_names")


@attrs.define
class _Known:
    name: HostName
    until_s: float
    looking: bool = False


@attrs.define(eq=False)
class HostNames:
    """Tells under which name the server presents itself on each of its addresses.

    Attributes:
        resolver: for reverse look-ups; None when there is none.
        mta_name: the managed list of MTA names per address.
        configured: ``smtp-hostname``.
        machine_name: what the operating system says.
        monotonic_s: seconds.
    """

    resolver: Resolver | None
    mta_name: Callable[[str], str | None]
    configured: str
    machine_name: str
    monotonic_s: Callable[[], float] = time.monotonic
    _known: dict[str, _Known] = attrs.field(factory=dict, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    def name(self, local_ip: str) -> str:
        """The name for one local address, at once; a look-up that is needed runs in the background for those who connect later."""
        known = self._known.get(local_ip)
        if known is None or (self.monotonic_s() > known.until_s and not known.looking):
            known = self._refresh(local_ip, known)
        return known.name.name

    def forget(self) -> None:
        """The managed names have changed: choose anew."""
        self._known.clear()

    def _refresh(self, local_ip: str, old: _Known | None) -> _Known:
        choice = self._choose(local_ip, {})
        now = self.monotonic_s()
        if isinstance(choice, HostName):
            known = _Known(choice, now + FRESH_S)
        elif self.resolver is None:
            known = _Known(choice.meanwhile, now + FRESH_S)
        else:
            known = old or _Known(choice.meanwhile, now)
            known.looking = True
            task = asyncio.get_running_loop().create_task(self._look_up(local_ip, choice, self.resolver, known))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(self._known) < 4096:  # behind a proxy, local addresses are what the header claims
            self._known[local_ip] = known
        return known

    async def _look_up(self, local_ip: str, need: NeedDns, resolver: Resolver, known: _Known) -> None:
        answers: dict[DnsQuery, DnsAnswer] = {}
        choice: HostName | NeedDns = need
        deadline = asyncio.get_running_loop().time() + LOOKUP_S
        while isinstance(choice, NeedDns):
            queries = choice.queries
            try:
                async with asyncio.timeout_at(deadline):
                    found = await asyncio.gather(*(resolver.resolve(query) for query in queries))
            except TimeoutError:
                found = [DnsAnswer(DnsStatus.TEMPERROR)] * len(queries)
            answers.update(zip(queries, found, strict=True))
            choice = self._choose(local_ip, answers)
        failed = any(answer.status is DnsStatus.TEMPERROR for answer in answers.values())
        known.name, known.looking = choice, False
        known.until_s = self.monotonic_s() + (RETRY_S if failed else FRESH_S)
        _log.info("host name", extra={"local_ip": local_ip, "host": choice.name, "source": choice.source.value})

    def _choose(self, local_ip: str, answers: dict[DnsQuery, DnsAnswer]) -> HostName | NeedDns:
        return choose_host_name(
            local_ip,
            mta_name=self.mta_name(local_ip),
            configured=self.configured or None,
            machine_name=self.machine_name,
            answers=answers,
        )
