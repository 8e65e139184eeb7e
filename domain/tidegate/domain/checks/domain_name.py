"""Domain names as the checks compare them: A-labels (RFC 5890) in lower case, whatever the name arrived as.

A domain name here is text without trailing dot. Internationalised names are compared and looked up in their ASCII form only.
"""

import re
import unicodedata

from tidegate.domain.dns_name import MAX_LABEL_CHARS, MAX_NAME_CHARS

# Letters, digits and hyphens (RFC 5321 section 2.3.5), and the underscore, which real senders and every `_domainkey` use.
_is_hostname = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*").fullmatch

# What else separates labels in typed names (RFC 3490 section 3.1 requirement 1): ideographic, fullwidth and halfwidth full stop.
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_KEPT = {"ß": "ß", "ẞ": "ß", "ς": "ς"}  # letters of IDNA 2008 that case folding would replace
_ACE_PREFIX = "xn--"
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zs", "Zl", "Zp"))  # controls, joiners and soft hyphens, surrogates, spaces


def is_hostname(name: str) -> bool:
    """Whether ``name`` is one or more labels of letters, digits, hyphens and underscores, within the length limits of the DNS."""
    return _is_hostname(name) is not None


def to_ascii(name: str) -> str | None:
    """The A-label form of a domain name in lower case, without trailing dot; None for text that is no domain name.

    Labels are brought to the form a browser looks up (compatibility forms such as fullwidth letters folded, NFC, lower case) and encoded with
    Punycode. Sharp s and final sigma stay what they are (RFC 5891), so that ``straße.example`` never means ``strasse.example``. Invisible
    characters make a name invalid: shown, it would look like another one. Other code points are not checked against the registry of allowed
    ones: a name with them is looked up and not found.
    """
    if name.isascii():
        name = name.removesuffix(".").lower()
        return name if is_hostname(name) else None
    if len(name) > MAX_NAME_CHARS:  # A-labels are longer than what they encode
        return None
    labels = unicodedata.normalize("NFC", "".join(map(_folded, name))).translate(_DOTS).removesuffix(".").split(".")
    encoded = ".".join(map(_encoded, labels))
    return encoded if is_hostname(encoded) else None


def _folded(character: str) -> str:
    return _KEPT.get(character) or unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())


def _encoded(label: str) -> str:
    """One label as A-label; text that cannot become one comes back with a character that no name has."""
    if label.isascii():
        return label
    if label.startswith(_ACE_PREFIX) or len(label) > MAX_LABEL_CHARS or any(map(_is_invisible, label)):
        return " "
    return _ACE_PREFIX + label.encode("punycode").decode("ascii")


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE or "\ufe00" <= character <= "\ufe0f"


def is_within(name: str, domain: str) -> bool:
    """Whether ``name`` is ``domain`` or a subdomain of it, whatever the case of letters."""
    name, domain = name.lower(), domain.lower()
    return name == domain or name.endswith("." + domain)
