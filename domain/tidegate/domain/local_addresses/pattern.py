"""Entries of the local address list.

Four types. An ``@`` in a ``fnmatch`` or ``substr`` pattern stands for the one between local part and domain, and for no other:
``*@example.com`` does not match ``"x@example.com"@example.org``. What stands behind it is a domain: letter case and the form of international
labels do not count. A regular expression sees the whole key (see :mod:`~tidegate.domain.local_addresses.spelling`) and must match all of it.
"""

import fnmatch
import re
from collections.abc import Callable
from enum import StrEnum

import attrs

from tidegate.domain.address import MAX_PATH, Validation, parse_mailbox
from tidegate.domain.domain_name import to_a_labels
from tidegate.domain.local_addresses.spelling import LocalCase, address_of, canonical_key, folded, key_of

MAX_PATTERN_CHARS = MAX_PATH
"""No address that a pattern is to match is longer (RFC 5321 section 4.5.3.1.3)."""
MAX_PATTERNS = 1_000
"""Entries that are neither exact nor ``*@domain``: each costs a recipient some microseconds. There is no such limit for the others."""

CompileRegex = Callable[[str, bool], Callable[[str], bool]]
"""Makes a test whether a string matches a regular expression as a whole; the flag says that letter case does not count. The test takes time
linear in the length of the string. Raises ValueError for what is no regular expression; ``args[0]`` says why."""

_GLOB_SPECIAL = re.compile(r"[*?\[]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPES = re.compile(r"\\.")


class PatternType(StrEnum):
    """How an entry is compared."""

    EXACT = "exact"
    FNMATCH = "fnmatch"
    """``*`` any characters, ``?`` one, ``[abc]`` one of these, ``[!abc]`` one of no others."""
    SUBSTR = "substr"
    REGEX = "regex"


@attrs.frozen(order=True)
class Pattern:
    """One entry in its canonical spelling, as :meth:`parse` makes it.

    Attributes:
        type: how it is compared.
        text: the pattern.
    """

    type: PatternType
    text: str

    @classmethod
    def parse(cls, type_: PatternType, text: str, compile_regex: CompileRegex) -> "Pattern":
        """Check an entry and bring it into its canonical spelling.

        Raises:
            ValueError: the entry cannot be used; ``args[0]`` says why.
        """
        if not text:
            raise ValueError("is empty")
        if len(text) > MAX_PATTERN_CHARS:
            raise ValueError(f"is longer than {MAX_PATTERN_CHARS} characters")
        if _CONTROL.search(text):
            raise ValueError("contains a control character")
        if text != text.strip():
            raise ValueError("begins or ends with a space")
        match type_:
            case PatternType.EXACT:
                return cls(type_, _exact(text))
            case PatternType.FNMATCH:
                return cls(type_, _glob(text))
            case PatternType.SUBSTR:
                return cls(type_, _substr(text))
            case PatternType.REGEX:
                compile_regex(text, False)
                _check_regex_case(text)
                return cls(type_, text)

    def exact_key(self, case: LocalCase) -> str | None:
        """What stands for this entry in the table of exact entries, or None when it cannot be there.

        ``*@domain`` can: it is the key ``@domain``.
        """
        if self.type is PatternType.EXACT:
            return key_of(self.text, case)
        local, _, domain = self.text.rpartition("@")
        if self.type is PatternType.FNMATCH and local == "*" and not _GLOB_SPECIAL.search(domain):
            return f"@{domain}"
        return None

    def matcher(self, case: LocalCase, compile_regex: CompileRegex) -> Callable[[str, str], bool]:
        """The test of a key, given as its local part and domain. Linear in their length for every pattern but ``fnmatch``, where it is linear
        in the product of both lengths.

        Raises:
            ValueError: a regular expression that ``compile_regex`` does not take.
        """
        match self.type:
            case PatternType.EXACT:
                key = self.exact_key(case)
                return lambda local, domain: f"{local}@{domain}" == key
            case PatternType.FNMATCH:
                return _glob_matcher(self.text, case)
            case PatternType.SUBSTR:
                return _substr_matcher(self.text, case)
            case PatternType.REGEX:
                whole = compile_regex(self.text, case is LocalCase.IGNORE)
                return lambda local, domain: whole(f"{local}@{domain}")

    def is_broad(self, compile_regex: CompileRegex) -> bool:
        """Whether it matches addresses at any domain, which makes all mail local."""
        if self.type is PatternType.EXACT:
            return False
        matches = self.matcher(LocalCase.EXACT, compile_regex)
        return sum(matches(local, domain) for local, domain in _STRANGERS) > 1


# Addresses that have nothing in common but what every address has.
_STRANGERS = (("q7", "w4.example"), ("Zk.0_v", "host.b5x.test"), ("j+1", "[192.0.2.77]"), ("ümf", "y3.invalid"), ("a", "8.d"))


# The usual address in its canonical spelling: nothing to check and nothing to change. Without encoded words, A-labels and postmaster.
_is_usual = re.compile(
    r"(?!(?i:postmaster)@)[A-Za-z0-9!#$%&'*+/?^_`{|}~-]{1,31}(?:\.[A-Za-z0-9!#$%&'*+/?^_`{|}~-]{1,31})?"
    r"@(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?(?:\.(?!\Z)|\Z)){1,5}"
).fullmatch


def _exact(text: str) -> str:
    if _is_usual(text):
        return text
    mailbox = parse_mailbox(text.encode("utf-8", "surrogateescape"), Validation.STRICT)
    if mailbox is None:
        raise ValueError("is not an e-mail address")
    if text.startswith("@"):
        raise ValueError("has a source route")
    return address_of(canonical_key(mailbox))


def _glob(text: str) -> str:
    local, at, domain = _split(text)
    if not at:
        return text
    if not local or not domain:
        raise ValueError("has nothing beside its @; write * for anything")
    return f"{local}@{_pattern_domain(domain)}"


def _substr(text: str) -> str:
    local, at, domain = _split(text)
    return f"{local}@{_pattern_domain(domain)}" if at else text


def _split(text: str) -> tuple[str, str, str]:
    local, at, domain = text.rpartition("@")
    if "@" in local:
        raise ValueError("has more than one @")
    return local, at, domain


def _pattern_domain(domain: str) -> str:
    """The domain side in lower case; labels that hold no wildcard as A-labels."""
    if domain.isascii():
        if " " in domain or "," in domain or ";" in domain:
            raise ValueError("has a character in its domain that no domain has")
        return domain.lower()
    labels = []
    for label in domain.split("."):
        encoded = label.lower() if label.isascii() else to_a_labels(label)
        if encoded is None:
            raise ValueError(
                f"has a label {label!r} that is no international label in its canonical form; wildcards go with A-labels (xn--…) only"
            )
        labels.append(encoded)
    return ".".join(labels)


def _check_regex_case(text: str) -> None:
    if "(?i" in text:
        return
    domain = _ESCAPES.sub("", text.rpartition("@")[2]) if "@" in text else ""
    if domain != domain.lower():
        raise ValueError("has capital letters behind its @ and would never match: domains are compared in lower case")
    if not domain.isascii():
        raise ValueError("has letters behind its @ that are not ASCII and would never match: domains are compared as A-labels (xn--…)")


def _glob_matcher(text: str, case: LocalCase) -> Callable[[str, str], bool]:
    local, at, domain = text.rpartition("@")
    if not at:
        whole = _compile_glob(folded(text, case))
        return lambda local, domain: whole(f"{local}@{domain}") is not None
    local_matches, domain_matches = _compile_glob(folded(local, case)), _compile_glob(domain)
    if local == "*":
        return lambda _, domain: domain_matches(domain) is not None
    return lambda local, domain: domain_matches(domain) is not None and local_matches(local) is not None


def _compile_glob(text: str) -> Callable[[str], re.Match[str] | None]:
    """Python's translation puts what stands between two stars into an atomic group: what matched is never tried again in another way, so the
    time is bounded by the product of both lengths. A run of stars is one star."""
    return re.compile(fnmatch.translate(re.sub(r"\*+", "*", text))).fullmatch


def _substr_matcher(text: str, case: LocalCase) -> Callable[[str, str], bool]:
    local_end, at, domain_start = text.rpartition("@")
    if at:
        local_end = folded(local_end, case)
        return lambda local, domain: local.endswith(local_end) and domain.startswith(domain_start)
    part, lowered = folded(text, case), text.lower()
    return lambda local, domain: part in local or lowered in domain
