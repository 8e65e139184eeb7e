"""Checks that need the DNS ask for it as values: they are generators that yield batches of queries and are sent the answers.

Nothing here waits or knows a network. Who drives a check resolves each batch as it likes, concurrently or from a table, and sends the answers
back in the order of the queries; the check's result is the generator's return value. An empty batch asks for nothing: it is a place where a
check that computes for long may be interrupted.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType

Result = TypeVar("Result")

Lookups: TypeAlias = Generator[tuple[DnsQuery, ...], tuple[DnsAnswer, ...], Result]
"""A check under way: yields queries, or :data:`PAUSE`, and is sent exactly as many answers."""

PAUSE: tuple[DnsQuery, ...] = ()
"""Yielded between two signatures: the mathematics of one by a key of 8,192 bits take 7 ms, and a chain may have fifty of them."""

_SHOWN_TEXT_BYTES = 200  # of one TXT record in an explanation; a record may have 64 kB
_SHOWN_RECORDS = 20


def complete(check: Lookups[Result], answer: Callable[[DnsQuery], DnsAnswer]) -> Result:
    """Drive a check to its end with an ``answer`` that does not wait: a table, a cache, a fake."""
    try:
        queries = next(check)
        while True:
            queries = check.send(tuple(map(answer, queries)))
    except StopIteration as stop:
        result: Result = stop.value
        return result


def ask(name: str, record_type: RecordType) -> Lookups[DnsAnswer]:
    """One query and its answer; for ``yield from``."""
    (answer,) = yield (DnsQuery(name, record_type),)
    return answer


@attrs.define
class Trace:
    """Collects the way to a verdict, one line per step, for people. Lines are printable ASCII.

    Checks take ``Trace | None`` and write only when there is one: explaining costs nothing where nobody asked.
    """

    lines: list[str] = attrs.Factory(list)

    def note(self, text: str, depth: int = 0) -> None:
        """Add a step; ``depth`` indents it under an earlier one."""
        self.lines.append("  " * depth + printable(text))

    def answered(self, query: DnsQuery, answer: DnsAnswer, depth: int = 0) -> None:
        """Add a query with what came back."""
        self.note(f"DNS {query.type} {query.name}: {_shown(answer)}", depth)


def printable(text: str) -> str:
    """The text with everything but printable ASCII escaped: safe in logs, terminals and headers."""
    if text.isascii() and text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")


def _shown(answer: DnsAnswer) -> str:
    if answer.status is not DnsStatus.NOERROR:
        return answer.status.value
    shown = [*answer.addresses[:_SHOWN_RECORDS], *answer.names[:_SHOWN_RECORDS]]
    shown += [f"{mx.preference} {mx.exchange or '.'}" for mx in answer.exchanges[:_SHOWN_RECORDS]]
    shown += [repr(text[:_SHOWN_TEXT_BYTES].decode("latin-1")) for text in answer.texts[:_SHOWN_RECORDS]]
    return ", ".join(shown) or "no data"
