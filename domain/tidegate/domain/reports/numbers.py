"""Numbers and IP addresses in reports: typed and bounded, or not taken."""

from tidegate.domain.ip_address import canonical

MAX_COUNT = 2**53 - 1
"""The largest number kept: beyond it, JSON numbers lose digits in half of the world (RFC 8259 section 6)."""


def read_ip(text: str | None) -> str | None:
    """Return an address in canonical text, unmapped; None for anything else. Brackets and the tag ``IPv6:`` are taken off."""
    if text is None:
        return None
    bare = text.strip().strip("[]")
    if bare[:5].lower() == "ipv6:":
        bare = bare[5:]
    try:
        return canonical(bare)
    except ValueError:
        return None


def read_count(text: str | None, most: int = MAX_COUNT) -> int | None:
    """Return a decimal number from 0 to ``most``; None for anything else."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if number <= most else None
