"""Domain names as they stand in addresses: LDH names (RFC 5321 section 4.1.2) and internationalised ones (RFC 6531 section 3.3)."""

import encodings.idna
import re
import unicodedata
from functools import lru_cache

MAX_DOMAIN = 255
"""RFC 5321 section 4.5.3.1.2, in octets."""
MAX_LABEL = 63
"""RFC 1035 section 2.3.4, in octets of the A-label."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*+(?<!-))?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*+(?<!-))?)*+")


@lru_cache(maxsize=4096)  # most mail is for few domains: 0.1 µs instead of 1.2
def to_a_labels(name: str) -> str | None:
    """The name in lower case with every U-label as A-label, for comparisons and look-ups; None when it is no domain name.

    Names of one label are taken (RFC 5321 knows no rule against them), a trailing dot is not. A U-label must be written in its canonical
    form: a label that IDNA would map to other characters than its lower case (full-width forms, ligatures, circled letters, sharp s) is
    refused, since two programs could read it as two domains. Linear: the length is checked before anything else.
    """
    if not name or len(name) > MAX_DOMAIN:
        return None
    if name.isascii():
        return _check_ascii(name)
    labels = []
    for label in name.split("."):
        encoded = label if label.isascii() else _encode_label(label)
        if encoded is None:
            return None
        labels.append(encoded)
    return _check_ascii(".".join(labels))


def _check_ascii(name: str) -> str | None:
    if len(name) > MAX_DOMAIN or _NAME.fullmatch(name) is None:
        return None
    name = name.lower()
    if len(name) > MAX_LABEL and any(len(label) > MAX_LABEL for label in name.split(".")):
        return None
    if "xn--" in name and not all(_is_a_label(label) for label in name.split(".") if label.startswith("xn--")):
        return None
    return name


def _is_a_label(label: str) -> bool:
    """Whether a label with the ACE prefix decodes, and back to itself (RFC 5890 section 2.3.2.1)."""
    try:
        return not encodings.idna.ToUnicode(label).isascii()
    except UnicodeError:
        return False


def _encode_label(label: str) -> str | None:
    lowered = label.lower()
    try:
        if unicodedata.normalize("NFC", label) != label or encodings.idna.nameprep(lowered) != lowered:
            return None
        return encodings.idna.ToASCII(lowered).decode("ascii")
    except UnicodeError:
        return None
