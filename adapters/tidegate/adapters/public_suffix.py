"""The public suffix list (publicsuffix.org) as installed with the package ``publicsuffixlist`` (extra ``psl``).

Only the DMARC profile ``rfc7489`` needs it. The list is as old as the installed release of the package: update the package to update the list.
"""

from collections.abc import Callable

from publicsuffixlist import PublicSuffixList


def registrable_domains() -> Callable[[str], str | None]:
    """Load the list; costs about 40 ms and 5 MB.

    Returns:
        A function that gives the registrable domain (public suffix and one label) of a domain name in A-labels and lower case, or None for a
        public suffix and for what is above one. Private entries (``github.io``) count as public suffixes, unknown top-level domains too.
    """
    return PublicSuffixList().privatesuffix
