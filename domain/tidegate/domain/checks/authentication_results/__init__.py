"""Authentication-Results: telling readers further on what was found, and removing what others say in our name (RFC 8601)."""

from tidegate.domain.checks.authentication_results.builder import authentication_results as authentication_results
from tidegate.domain.checks.authentication_results.forged import forged_results as forged_results
from tidegate.domain.checks.authentication_results.forged import mentions_results as mentions_results

__all__ = ["authentication_results", "forged_results", "mentions_results"]
