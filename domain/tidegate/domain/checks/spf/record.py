"""SPF records: choosing one among TXT records and reading its terms (RFC 7208 sections 3, 4.5, 4.6.1 and 12).

Reading is linear in the length of the record and finds every syntax error before anything is evaluated.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import attrs

from tidegate.domain.checks.spf.macros import MacroString, parse_domain_spec, parse_macro_string
from tidegate.domain.checks.verdict import Verdict

# RFC 7208 section 3.4 wants records to fit one 512-octet answer; the longest seen in use are below 2 kB.
MAX_RECORD_BYTES = 4096

_VERSION = b"v=spf1"
_QUALIFIERS = {"+": Verdict.PASS, "-": Verdict.FAIL, "~": Verdict.SOFTFAIL, "?": Verdict.NEUTRAL}

_is_modifier = re.compile(r"([A-Za-z][A-Za-z0-9\-_.]*)=(.*)").fullmatch
_is_directive = re.compile(r"([+\-?~]?)([A-Za-z0-9]+)(?::(.+)|(/.*)|)").fullmatch
_is_prefix = re.compile(r"0|[1-9][0-9]{0,2}").fullmatch
_PREFIXES = re.compile(r"(?:/([0-9]*))?(?://([0-9]*))?").fullmatch


class RecordError(Exception):
    """The record cannot be used: ``permerror``. ``args[0]`` says why, in printable ASCII unless it quotes the record."""


class MechanismName(StrEnum):
    """Mechanisms of RFC 7208 section 5."""

    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"


@attrs.frozen
class Mechanism:
    """One directive: a mechanism with its qualifier.

    Attributes:
        name: which mechanism.
        verdict: what a match gives, from the qualifier.
        text: as published, for explanations.
        target: the domain-spec, or None for the domain under evaluation.
        network: for ip4 and ip6 the network address as integer.
        prefix4: bits to compare of an IPv4 address, 0 to 32.
        prefix6: bits to compare of an IPv6 address, 0 to 128.
    """

    name: MechanismName
    verdict: Verdict
    text: str
    target: MacroString | None = None
    network: int = 0
    prefix4: int = 32
    prefix6: int = 128


@attrs.frozen
class Record:
    """A record whose syntax is right: directives in order, and the two known modifiers."""

    mechanisms: tuple[Mechanism, ...]
    redirect: MacroString | None = None
    explanation: MacroString | None = None


def select(texts: Iterable[bytes]) -> bytes | None:
    """The one SPF record among the TXT records of a name, or None when there is none (RFC 7208 section 4.5).

    Raises:
        RecordError: there is more than one.
    """
    found = [text for text in texts if text[:6].lower() == _VERSION and text[6:7] in (b"", b" ")]
    if len(found) > 1:
        raise RecordError(f"{len(found)} SPF records at one name")
    return found[0] if found else None


@lru_cache(maxsize=1024)
def parse(record: bytes) -> Record:
    """Read a record that begins with its version section. The records of big senders come back with every message: the last 1,024 are kept.

    Raises:
        RecordError: a syntax error anywhere in it, or longer than ``MAX_RECORD_BYTES``.
    """
    if len(record) > MAX_RECORD_BYTES:
        raise RecordError(f"record of {len(record)} bytes, more than {MAX_RECORD_BYTES}")
    try:
        text = record.decode("ascii")
    except UnicodeDecodeError:
        raise RecordError("record is not ASCII") from None
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, MacroString] = {}
    for term in text[len(_VERSION) :].split(" "):
        if not term:
            continue
        modifier = _is_modifier(term)
        if modifier:
            _read_modifier(term, modifier[1].lower(), modifier[2], modifiers)
        else:
            mechanisms.append(_directive(term))
    return Record(tuple(mechanisms), modifiers.get("redirect"), modifiers.get("exp"))


def _read_modifier(term: str, name: str, value: str, known: dict[str, MacroString]) -> None:
    if name not in ("redirect", "exp"):
        if parse_macro_string(value) is None:
            raise RecordError(f"bad modifier {term!r}")
        return
    if name in known:
        raise RecordError(f"more than one {name}=")
    parsed = parse_domain_spec(value)
    if parsed is None:
        raise RecordError(f"bad modifier {term!r}")
    known[name] = parsed


def _directive(term: str) -> Mechanism:
    match = _is_directive(term)
    if not match:
        raise RecordError(f"bad term {term!r}")
    qualifier, name, argument, prefixes = match.groups()
    try:
        mechanism = MechanismName(name.lower())
    except ValueError:
        raise RecordError(f"unknown mechanism {term!r}") from None
    verdict = _QUALIFIERS[qualifier or "+"]
    if mechanism is MechanismName.ALL:
        parsed = None if argument or prefixes else Mechanism(mechanism, verdict, term)
    elif mechanism in (MechanismName.IP4, MechanismName.IP6):
        parsed = _network(mechanism, verdict, term, argument or "")
    elif mechanism in (MechanismName.A, MechanismName.MX):
        parsed = _host(mechanism, verdict, term, argument, prefixes or "")
    else:
        parsed = _domain(mechanism, verdict, term, argument, prefixes)
    if parsed is None:
        raise RecordError(f"bad mechanism {term!r}")
    return parsed


def _domain(name: MechanismName, verdict: Verdict, term: str, argument: str | None, prefixes: str | None) -> Mechanism | None:
    if prefixes or (argument is None and name is not MechanismName.PTR):
        return None
    target = None if argument is None else parse_domain_spec(argument)
    return None if argument is not None and target is None else Mechanism(name, verdict, term, target)


def _host(name: MechanismName, verdict: Verdict, term: str, argument: str | None, prefixes: str) -> Mechanism | None:
    target = None
    if argument is not None:
        domain, prefixes = _without_prefixes(argument)
        target = parse_domain_spec(domain)
        if target is None:
            return None
    lengths = _PREFIXES(prefixes)
    prefix4 = _prefix(lengths[1], 32) if lengths else None
    prefix6 = _prefix(lengths[2], 128) if lengths else None
    if prefix4 is None or prefix6 is None:
        return None
    return Mechanism(name, verdict, term, target, prefix4=prefix4, prefix6=prefix6)


def _without_prefixes(argument: str) -> tuple[str, str]:
    """Split ``domain-spec [dual-cidr-length]``: a domain-spec may contain slashes too, so the prefixes are what digits and slashes end it."""
    domain = argument.rstrip("0123456789/")
    # A domain-spec may end with digits: the prefixes start at the first slash after it.
    start = argument.find("/", len(domain))
    return (argument, "") if start < 0 else (argument[:start], argument[start:])


def _network(name: MechanismName, verdict: Verdict, term: str, argument: str) -> Mechanism | None:
    address, slash, digits = argument.partition("/")
    prefix = _prefix(digits if slash else None, 32 if name is MechanismName.IP4 else 128)
    if prefix is None:
        return None
    try:
        # Decimal octets without leading zeros, as the grammar wants; IPv6Address takes zone ids, the grammar does not.
        if name is MechanismName.IP4:
            return Mechanism(name, verdict, term, network=int(IPv4Address(address)), prefix4=prefix)
        if "%" in address:
            return None
        return Mechanism(name, verdict, term, network=int(IPv6Address(address)), prefix6=prefix)
    except ValueError:
        return None


def _prefix(digits: str | None, most: int) -> int | None:
    """The length a prefix says, ``most`` for None; None when it is not a number of that range without leading zeros."""
    if digits is None:
        return most
    if not _is_prefix(digits) or int(digits) > most:
        return None
    return int(digits)
