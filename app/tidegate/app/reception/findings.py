"""What the reception does with the findings of checks: entries of documents, and the Authentication-Results field."""

from collections.abc import Awaitable, Callable, Collection, Sequence

import attrs

from tidegate.domain.checks.authentication_results import forged_results, mentions_results
from tidegate.domain.checks.verdict import CheckResult
from tidegate.domain.headers import HeaderBlock, without
from tidegate.ports.reception import IncomingMessage

Checker = Callable[[HeaderBlock, IncomingMessage, bytes], Awaitable[Sequence[CheckResult]]]
"""Checks a message as it was received: given where its header section ends, the message, and our Received field. Ends within its own time limit
and never raises, but for cancellation: trouble is a finding."""


@attrs.frozen
class Audience:
    """Whose mail gets our Authentication-Results field (``smtp-auth-results``)."""

    local: bool = False
    nonlocal_: bool = False

    def __bool__(self) -> bool:
        """Whether anybody's does."""
        return self.local or self.nonlocal_

    def includes(self, *, local: bool) -> bool:
        """Whether that of a local recipient, or of another one, does."""
        return self.local if local else self.nonlocal_


def without_forged_results(block: HeaderBlock, hostname: str, host_names: Callable[[], Collection[str]]) -> HeaderBlock:
    """The message without the Authentication-Results fields that claim to be ours (RFC 8601 section 5); the same object when it has none.

    Args:
        block: the message as received.
        hostname: the name under which the client was greeted.
        host_names: all other names of ours.
    """
    if not mentions_results(block):
        return block
    spans = tuple(forged_results(block, frozenset(name.lower() for name in (hostname, *host_names()))))
    if not spans:
        return block
    removed = sum(end - start for start, end in spans)
    return HeaderBlock(without(block.message, spans), block.end - removed, block.body - removed)
