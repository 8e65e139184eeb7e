"""Drives checks over a resolver: each batch of look-ups at once, all within one deadline and one number of queries per message."""

import asyncio
from typing import TypeVar

import attrs

from tidegate.domain.checks.lookups import Lookups
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.ports.resolver import Resolver

# What one message may make us ask: an SPF record with every limit used up, ten DKIM keys, two DMARC tree walks. More is an attack.
MAX_QUERIES = 50

_NO_ANSWER = DnsAnswer(DnsStatus.TEMPERROR)

Result = TypeVar("Result")


@attrs.define
class Lookup:
    """Answers the look-ups of all checks of one message.

    What comes too late, or is one query too many, is answered TEMPERROR at once: a check always comes to an end, with ``temperror`` where it
    had to do without. Equal queries of one message are asked once.

    Attributes:
        resolver: who answers.
        deadline: event-loop time after which nothing is waited for.
        queries_left: how many different queries may still be asked.
    """

    resolver: Resolver
    deadline: float
    queries_left: int = MAX_QUERIES
    _tasks: dict[DnsQuery, asyncio.Task[DnsAnswer]] = attrs.Factory(dict)

    def share(self, queries: int, timeout_s: float) -> "Lookup":
        """Part of it for one check: so many of our queries, which are then no longer ours, and a deadline of its own that is not after ours.

        What one part asked is known to the others. Closed with the whole.
        """
        taken = min(queries, self.queries_left)
        self.queries_left -= taken
        return Lookup(self.resolver, min(self.deadline, asyncio.get_running_loop().time() + timeout_s), taken, self._tasks)

    def renewed(self, deadline: float) -> "Lookup":
        """The same with another deadline: what is left of the queries, and all answers."""
        return Lookup(self.resolver, deadline, self.queries_left, self._tasks)

    def start(self, *queries: DnsQuery) -> None:
        """Ask now what a check will ask later: what is answered by then counts, whatever the deadline."""
        for query in queries:
            self._task(query)

    async def complete(self, check: Lookups[Result]) -> Result:
        """Run a check to its end. Raises nothing but what the check itself raises, and cancellation."""
        try:
            queries = next(check)
            while True:
                queries = check.send(await self._answers(queries))
        except StopIteration as stop:
            result: Result = stop.value
            return result

    def cancel(self) -> None:
        """Cancel what is still under way."""
        for task in self._tasks.values():
            task.cancel()

    async def close(self) -> None:
        """Cancel what is still under way, and wait for its end. To be called once all checks are complete."""
        self.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _answers(self, queries: tuple[DnsQuery, ...]) -> tuple[DnsAnswer, ...]:
        if not queries:  # a pause
            await asyncio.sleep(0)
        tasks = [self._task(query) for query in queries]
        waiting = [task for task in tasks if task is not None and not task.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=max(0.0, self.deadline - asyncio.get_running_loop().time()))
        return tuple(_NO_ANSWER if task is None or not task.done() or task.cancelled() else task.result() for task in tasks)

    def _task(self, query: DnsQuery) -> asyncio.Task[DnsAnswer] | None:
        task = self._tasks.get(query)
        if task is None and self.queries_left > 0 and asyncio.get_running_loop().time() < self.deadline:
            self.queries_left -= 1
            task = self._tasks[query] = asyncio.ensure_future(self.resolver.resolve(query))
        return task
