"""Role: answer DNS queries."""

from typing import Protocol

from tidegate.domain.dns import DnsAnswer, DnsQuery


class Resolver(Protocol):
    """Answers DNS queries; many may be under way at once on one event loop."""

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """Answer one query.

        Every outcome is a value: time-outs, refusals and nonsense are ``TEMPERROR``. A name that cannot exist (empty or over-long label,
        over 253 characters, not ASCII) is ``NXDOMAIN`` without asking anyone. Ends within the adapter's own time limit. Never raises, but for
        cancellation.
        """
