"""ARC: what hosts on the way, mailing lists above all, found before they changed the message (RFC 8617)."""

from tidegate.domain.checks.arc.chain import Chain as Chain
from tidegate.domain.checks.arc.chain import ChainProblem as ChainProblem
from tidegate.domain.checks.arc.chain import read_chain as read_chain
from tidegate.domain.checks.arc.validation import evaluate as evaluate
from tidegate.domain.checks.arc.validation import key_queries as key_queries

__all__ = ["Chain", "ChainProblem", "evaluate", "key_queries", "read_chain"]
