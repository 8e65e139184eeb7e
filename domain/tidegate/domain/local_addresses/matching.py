"""Whether an address is on the local address list."""

from collections.abc import Callable, Iterable

import attrs

from tidegate.domain.address import Mailbox
from tidegate.domain.local_addresses.exact_table import ExactTable, ExactTableBuilder
from tidegate.domain.local_addresses.pattern import MAX_PATTERNS, CompileRegex, Pattern, PatternType
from tidegate.domain.local_addresses.spelling import LocalCase, address_of, canonical_key

ANY_DOMAIN = "\0"
"""In the table when an entry takes a whole domain: without any, recipients need one question less."""


@attrs.frozen
class Match:
    """Why an address is local.

    Attributes:
        key: the address as it was compared.
        pattern: the entry that matches it; the first one of several, in the order exact, ``*@domain``, others sorted by type and text.
    """

    key: str
    pattern: Pattern


@attrs.frozen(repr=False)
class LocalAddresses:
    """The list of one moment, immutable. Made by :meth:`of` or from a table that was made before.

    Attributes:
        exact: keys of exact entries, ``@domain`` for each entry that takes a whole domain, and :data:`ANY_DOMAIN` where there is one.
        patterns: all other entries.
        case: whether letters of local parts count.
        compile_regex: for regular expressions.

    Raises (when made):
        ValueError: more than :data:`MAX_PATTERNS` entries are neither exact nor ``*@domain``, or a regular expression cannot be used.
    """

    exact: ExactTable = attrs.field(factory=ExactTable)
    patterns: tuple[Pattern, ...] = ()
    case: LocalCase = LocalCase.EXACT
    compile_regex: CompileRegex | None = None
    _any: bool = attrs.field(init=False, eq=False, default=attrs.Factory(lambda self: bool(self.exact.count or self.patterns), takes_self=True))
    _domains: bool = attrs.field(init=False, eq=False, default=attrs.Factory(lambda self: ANY_DOMAIN in self.exact, takes_self=True))
    _matchers: tuple[tuple[Pattern, Callable[[str, str], bool]], ...] = attrs.field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if len(self.patterns) > MAX_PATTERNS:
            raise ValueError(
                f"{len(self.patterns)} entries are patterns, at most {MAX_PATTERNS} are taken (exact entries and *@domain do not count)"
            )
        compile_regex = self.compile_regex or _no_regex
        object.__setattr__(self, "_matchers", tuple([(item, item.matcher(self.case, compile_regex)) for item in sorted(self.patterns)]))

    @classmethod
    def of(cls, patterns: Iterable[Pattern], case: LocalCase = LocalCase.EXACT, compile_regex: CompileRegex | None = None) -> "LocalAddresses":
        """The list of these entries, with a table of its own."""
        builder = LocalAddressesBuilder(case)
        builder.add(patterns)
        return cls(builder.exact.table(), tuple(builder.patterns), case, compile_regex)

    def is_local(self, mailbox: Mailbox) -> bool:
        """Whether an entry matches the mailbox. Never for the null path."""
        if not mailbox.local_part or not self._any:
            return False
        key = canonical_key(mailbox, self.case)
        if key in self.exact:
            return True
        return (self._domains and f"@{mailbox.domain}" in self.exact) or (bool(self._matchers) and self._matching(key) is not None)

    def explain(self, mailbox: Mailbox) -> Match | None:
        """The entry that matches the mailbox, or None."""
        if not mailbox.local_part:
            return None
        key = canonical_key(mailbox, self.case)
        if key in self.exact:
            return Match(key, Pattern(PatternType.EXACT, address_of(key)))
        if self._domains and f"@{mailbox.domain}" in self.exact:
            return Match(key, Pattern(PatternType.FNMATCH, f"*@{mailbox.domain}"))
        pattern = self._matching(key)
        return None if pattern is None else Match(key, pattern)

    def _matching(self, key: str) -> Pattern | None:
        local, _, domain = key.rpartition("@")
        for pattern, matches in self._matchers:
            if matches(local, domain):
                return pattern
        return None

    def __len__(self) -> int:
        return len(self.exact) - self._domains + len(self.patterns)

    def __repr__(self) -> str:
        return f"LocalAddresses({len(self)} entries)"


class LocalAddressesBuilder:
    """Gathers a list that may be long, in steps.

    Attributes:
        exact: goes into :attr:`LocalAddresses.exact`.
        patterns: goes into :attr:`LocalAddresses.patterns`; not bounded here.
    """

    def __init__(self, case: LocalCase) -> None:
        self.exact = ExactTableBuilder()
        self.patterns: list[Pattern] = []
        self._case = case
        self._domains = False

    def add(self, patterns: Iterable[Pattern]) -> None:
        """Put entries in."""
        keys = []
        for pattern in patterns:
            key = pattern.exact_key(self._case)
            if key is None:
                self.patterns.append(pattern)
                continue
            keys.append(key)
            if key.startswith("@") and not self._domains:
                self._domains = True
                keys.append(ANY_DOMAIN)
        self.exact.add(keys)


def _no_regex(text: str, _: bool) -> Callable[[str], bool]:
    raise ValueError(f"no engine for regular expressions was given, and {text!r} needs one")
