"""SPF: whether the client is one that the sender's domain lists (RFC 7208).

The domain of MAIL FROM publishes a TXT record with mechanisms; the first one that matches the client's address gives the verdict.
"""

from tidegate.domain.checks.spf.evaluation import MAX_LOOKUPS as MAX_LOOKUPS
from tidegate.domain.checks.spf.evaluation import evaluate as evaluate

__all__ = ["MAX_LOOKUPS", "evaluate"]
