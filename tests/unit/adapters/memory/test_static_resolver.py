"""The resolver whose answers are data keeps the contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tidegate.adapters.memory.static_resolver import StaticResolver
from tidegate.domain.dns import DnsQuery, RecordType
from tidegate.ports.resolver import Resolver
from tidegate.ports.testing.resolver import RESOLVER_CHECKS, ResolverCheck, ZoneContent


@asynccontextmanager
async def make(zone: ZoneContent) -> AsyncIterator[Resolver]:
    """A resolver of the zone."""
    yield StaticResolver.of(zone)


@pytest.mark.parametrize("check", RESOLVER_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: ResolverCheck) -> None:
    """Every contract check passes."""
    await check(make)


async def test_queries_are_kept() -> None:
    """A test can see what was asked; impossible names never are."""
    resolver = StaticResolver.of({})
    queries = [DnsQuery("a.example", RecordType.A), DnsQuery("b.example", RecordType.TXT)]
    for query in (queries[0], DnsQuery("a..example", RecordType.A), queries[1]):
        await resolver.resolve(query)
    assert queries == resolver.asked
