"""DMARC: whether the domain in the From field, which people see, is one that SPF or DKIM authenticated (RFC 9989).

Domain owners publish what they ask for when it is not; checks report it, they never act on it.
"""

from tidegate.domain.checks.dmarc.author import Author as Author
from tidegate.domain.checks.dmarc.author import author_of as author_of
from tidegate.domain.checks.dmarc.discovery import Registrable as Registrable
from tidegate.domain.checks.dmarc.evaluation import evaluate as evaluate

__all__ = ["Author", "Registrable", "author_of", "evaluate"]
