"""The local address list: patterns, the compact table of exact entries, and the match."""

from tidegate.domain.local_addresses.exact_table import ExactTable as ExactTable
from tidegate.domain.local_addresses.exact_table import ExactTableBuilder as ExactTableBuilder
from tidegate.domain.local_addresses.matching import LocalAddresses as LocalAddresses
from tidegate.domain.local_addresses.matching import LocalAddressesBuilder as LocalAddressesBuilder
from tidegate.domain.local_addresses.matching import Match as Match
from tidegate.domain.local_addresses.pattern import MAX_PATTERNS as MAX_PATTERNS
from tidegate.domain.local_addresses.pattern import CompileRegex as CompileRegex
from tidegate.domain.local_addresses.pattern import Pattern as Pattern
from tidegate.domain.local_addresses.pattern import PatternType as PatternType
from tidegate.domain.local_addresses.spelling import LocalCase as LocalCase
from tidegate.domain.local_addresses.spelling import canonical_key as canonical_key

__all__ = [
    "MAX_PATTERNS",
    "CompileRegex",
    "ExactTable",
    "ExactTableBuilder",
    "LocalAddresses",
    "LocalAddressesBuilder",
    "LocalCase",
    "Match",
    "Pattern",
    "PatternType",
    "canonical_key",
]
