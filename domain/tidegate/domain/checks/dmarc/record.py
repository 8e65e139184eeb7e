"""DMARC policy records (RFC 9989 sections 4.7 and 4.8). RFC 7489 section 6.3 reads the same way; it has ``pct`` and knows neither ``np`` nor
``psd`` nor ``t``.

Reading is total and forgiving, as the standard wants it: only the version decides whether a text is a policy record; unknown tags and values
with errors are left out. A known tag that stands twice has no value: which one was meant cannot be known.
"""

import re
from enum import StrEnum
from typing import TypeVar

import attrs

from tidegate.domain.checks.verdict import Policy

# The longest in use are below 1 kB: two lists of report addresses.
MAX_RECORD_BYTES = 4096

_is_version = re.compile(rb"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)").match
_is_report_uri = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*:[\x22-\x2b\x2d-\x7e]+)(?:![0-9]+[KkMmGgTt]?)?").fullmatch


class AlignmentMode(StrEnum):
    """How close an authenticated domain must be to the author's (RFC 9989 section 4.4)."""

    RELAXED = "r"
    STRICT = "s"


class PublicSuffix(StrEnum):
    """Value of ``psd`` (RFC 9989 section 4.7)."""

    YES = "y"
    NO = "n"
    UNKNOWN = "u"


@attrs.frozen
class PolicyRecord:
    """A text that names the version; see :meth:`usable` for whether it can be applied.

    Attributes:
        policy: ``p``; None where missing or wrong.
        subdomain_policy: ``sp``; None where missing or wrong.
        nonexistent_policy: ``np``; None where missing or wrong.
        wrong_policy: ``sp`` or ``np`` is there and wrong.
        adkim: ``adkim``.
        aspf: ``aspf``.
        psd: ``psd``.
        testing: ``t=y``, or its forerunner ``pct=0`` where ``t`` is not given (RFC 9989 appendix A.6 calls the two analogous).
        report_uris: URIs of ``rua`` that can be read, without size limits. Nothing is ever sent to them.
    """

    policy: Policy | None = None
    subdomain_policy: Policy | None = None
    nonexistent_policy: Policy | None = None
    wrong_policy: bool = False
    adkim: AlignmentMode = AlignmentMode.RELAXED
    aspf: AlignmentMode = AlignmentMode.RELAXED
    psd: PublicSuffix = PublicSuffix.UNKNOWN
    testing: bool = False
    report_uris: tuple[str, ...] = ()

    def usable(self) -> "PolicyRecord | None":
        """The record to apply (RFC 9989 section 4.10.1): without a valid ``p``, or with a wrong ``sp`` or ``np``, it is ``p=none`` for those
        who asked for reports, and none at all for others.
        """
        if self.policy is not None and not self.wrong_policy:
            return self
        if not self.report_uris:
            return None
        return attrs.evolve(self, policy=Policy.NONE, subdomain_policy=None, nonexistent_policy=None, wrong_policy=False)


def parse(record: bytes) -> PolicyRecord | None:
    """Read a TXT record; None when it does not begin with the version, or is longer than ``MAX_RECORD_BYTES``. Linear, total."""
    tags = _tags(record)
    return None if tags is None else _policy_record(tags)


def parse_rfc7489(record: bytes) -> PolicyRecord | None:
    """Read a TXT record as :func:`parse`, by the older standard: tags that it does not know mean nothing, be they right or wrong.

    ``pct`` between 1 and 99 is read as 100: which messages of a domain its policy is for would be a matter of chance.
    """
    tags = _tags(record)
    if tags is None:
        return None
    return _policy_record({name: value for name, value in tags.items() if name not in _NEW_TAGS})


_NEW_TAGS = frozenset(("np", "psd", "t"))  # RFC 9989 appendix C.5.1

_Tags = dict[str, str | None]
"""Values by name; None for a tag that stands twice."""


def _tags(record: bytes) -> _Tags | None:
    if len(record) > MAX_RECORD_BYTES or not _is_version(record):
        return None
    tags: _Tags = {}
    for part in record.decode("ascii", "replace").split(";")[1:]:
        name, equals, value = part.partition("=")
        if equals:
            name = name.strip(" \t").lower()
            tags[name] = None if name in tags else value.strip(" \t")
    return tags


def _policy_record(tags: _Tags) -> PolicyRecord:
    policy, subdomain_policy, nonexistent_policy = (_word(Policy, tags, name) for name in ("p", "sp", "np"))
    return PolicyRecord(
        policy,
        subdomain_policy,
        nonexistent_policy,
        ("sp" in tags and subdomain_policy is None) or ("np" in tags and nonexistent_policy is None),
        _word(AlignmentMode, tags, "adkim") or AlignmentMode.RELAXED,
        _word(AlignmentMode, tags, "aspf") or AlignmentMode.RELAXED,
        _word(PublicSuffix, tags, "psd") or PublicSuffix.UNKNOWN,
        (tags.get("t") or "").lower() == "y" if "t" in tags else tags.get("pct") == "0",
        _report_uris(tags.get("rua") or ""),
    )


_Word = TypeVar("_Word", bound=StrEnum)


def _word(words: type[_Word], tags: _Tags, name: str) -> _Word | None:
    """The tag's value as one of the words, which the grammar has in any case (RFC 5234 section 2.3)."""
    try:
        return words((tags.get(name) or "").lower())
    except ValueError:
        return None


def _report_uris(value: str) -> tuple[str, ...]:
    found = (_is_report_uri(item.strip(" \t")) for item in value.split(","))
    return tuple(uri[1] for uri in found if uri)
