"""SPF macros: ``%{ir}.%{v}._spf.%{d2}`` (RFC 7208 section 7). Parsed once into parts, expanded per message.

Both are linear in the length of the text.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

import attrs

from tidegate.domain.dns_name import MAX_NAME_CHARS

MAX_DIGITS = 127  # RFC 7208 section 7.3: the most labels a domain name can have; more parts than there are means all of them

_LETTERS = "slodipvh"
_EXPLANATION_LETTERS = _LETTERS + "crt"  # RFC 7208 section 7.2: c, r and t are allowed only in "exp" text

_EXPANDED = {"%%": "%", "%_": " ", "%-": "%20"}
_TOKEN = re.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|%[%_-]|[^%]+")
_is_visible = re.compile(r"[\x21-\x7e]*").fullmatch
# RFC 7208 section 7.1 toplabel; the second form may not end with a hyphen either. Starts at the last dot: nothing to backtrack over.
_is_toplabel = re.compile(r"(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?").fullmatch


@attrs.frozen
class Macro:
    """One ``%{…}``: letter in lower case, how many right-hand parts to keep (0 for all), whether to reverse, where to split."""

    letter: str
    keep: int = 0
    reverse: bool = False
    delimiters: str = "."
    escape: bool = False

    def expand(self, value: str) -> str:
        """What the macro stands for, given its letter's value (RFC 7208 section 7.3)."""
        if self.keep or self.reverse or self.delimiters != ".":
            parts = re.split(f"[{re.escape(self.delimiters)}]", value)
            if self.reverse:
                parts.reverse()
            value = ".".join(parts[-self.keep :] if self.keep else parts)
        return quote(value, safe="") if self.escape else value


@attrs.frozen
class MacroString:
    """A parsed macro-string.

    Attributes:
        text: as published.
        parts: literal text and macros, in order.
        letters: those whose values an expansion needs.
    """

    text: str
    parts: tuple[str | Macro, ...]
    letters: frozenset[str] = attrs.field(init=False)

    @letters.default
    def _(self) -> frozenset[str]:
        return frozenset(part.letter for part in self.parts if isinstance(part, Macro))

    def expand(self, value_of: Callable[[str], str]) -> str:
        """Replace each macro; ``value_of`` is asked for the value of a letter."""
        return "".join(part if isinstance(part, str) else part.expand(value_of(part.letter)) for part in self.parts)


def parse_macro_string(text: str) -> MacroString | None:
    """Read a macro-string of a term; None when its syntax is wrong. Which letters it may use is for the caller to check."""
    return _parse(text, _EXPLANATION_LETTERS) if _is_visible(text) else None


def parse_explanation(text: str) -> MacroString | None:
    """Read an explain-string, in which spaces and the letters c, r and t may also stand; None when its syntax is wrong."""
    return _parse(text, _EXPLANATION_LETTERS) if _is_visible(text.replace(" ", "")) else None


def parse_domain_spec(text: str) -> MacroString | None:
    """Read a domain-spec: a macro-string that ends with a macro or with a dot and a top label; None when its syntax is wrong."""
    if not _is_visible(text):
        return None
    parsed = MacroString(text, (text,)) if "%" not in text else _parse(text, _LETTERS)
    if parsed is None or not text:
        return None
    return parsed if _ends_with_expansion(text, parsed) or _ends_with_toplabel(text) else None


def _ends_with_toplabel(text: str) -> bool:
    _, dot, label = text.removesuffix(".").rpartition(".")
    return bool(dot) and _is_toplabel(label) is not None


def _ends_with_expansion(text: str, parsed: MacroString) -> bool:
    last = parsed.parts[-1]
    return isinstance(last, Macro) or (text[-2:] in _EXPANDED and last == _EXPANDED[text[-2:]])


def _parse(text: str, letters: str) -> MacroString | None:
    parts: list[str | Macro] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        letter, digits, reverse, delimiters = token.groups()
        if letter is None:
            parts.append(_EXPANDED.get(token[0], token[0]))
            continue
        # "If a DIGIT is specified, the value MUST be nonzero" (RFC 7208 section 7.3).
        significant = digits.lstrip("0")
        if letter.lower() not in letters or (digits and not significant):
            return None
        keep = 0 if not digits else MAX_DIGITS if len(significant) > 3 else int(significant)
        parts.append(Macro(letter.lower(), keep, bool(reverse), delimiters or ".", letter.isupper()))
    return MacroString(text, tuple(parts))


def truncated(name: str) -> str:
    """The name without its trailing dot, cut to what a domain name may have by removing labels on the left (RFC 7208 section 7.3).

    A name whose last label alone is too long comes back too long.
    """
    name = name.removesuffix(".")
    if len(name) <= MAX_NAME_CHARS:
        return name
    dot = name.find(".", len(name) - MAX_NAME_CHARS - 1)
    return name if dot < 0 else name[dot + 1 :]
