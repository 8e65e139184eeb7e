"""Finding policy records and Organizational Domains: by the DNS tree walk (RFC 9989 section 4.10) or by the public suffix list (RFC 7489).

Records are fetched in batches and kept for the one evaluation, so that every name is asked once whatever needs it.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import attrs

from tidegate.domain.checks.dmarc.record import PolicyRecord, PublicSuffix
from tidegate.domain.checks.lookups import Lookups, Trace
from tidegate.domain.dns import DnsQuery, DnsStatus, RecordType

MAX_WALK_LABELS = 8  # RFC 9989 section 4.10: eight queries at most, whatever the number of labels

ParseRecord = Callable[[bytes], PolicyRecord | None]
"""Reads a TXT record by one of the standards; None for one that is no policy record."""

Registrable = Callable[[str], str | None]
"""The registrable domain of a name by the public suffix list: the public suffix and one label; None where the name has no such label.
Takes and returns A-labels in lower case."""


class NoAnswer(Exception):
    """A query that matters got no usable answer. ``args[0]`` names it."""


class Discovery(Protocol):
    """What an evaluation needs to know of the DNS. Both methods raise NoAnswer."""

    def policy_record(self, author: str) -> Lookups[tuple[str, PolicyRecord] | None]:
        """The record that applies to an Author Domain, and the domain it was found at."""
        ...

    def organizational_domain(self, domain: str) -> Lookups[str]:
        """The Organizational Domain of a domain; the domain itself where nothing says otherwise."""
        ...

    def prepare(self, domains: Iterable[str]) -> Lookups[None]:
        """Fetch at once what :meth:`organizational_domain` of all these will need."""
        ...


@attrs.define
class PolicyRecords:
    """Policy records by domain, fetched once.

    Attributes:
        parse: reads them.
        trace: is told every answer.
        found: the record of each domain that was asked for; None where there is none, a text where the DNS gave no answer.
        ambiguous: domains with more than one record.
    """

    parse: ParseRecord
    trace: Trace | None
    found: dict[str, PolicyRecord | str | None] = attrs.Factory(dict)
    ambiguous: set[str] = attrs.Factory(set)

    def fetch(self, domains: Iterable[str]) -> Lookups[None]:
        """Ask for the records of all domains that are not known yet, in one batch."""
        missing = [domain for domain in dict.fromkeys(domains) if domain not in self.found]
        if not missing:
            return
        queries = tuple(DnsQuery(f"_dmarc.{domain}", RecordType.TXT) for domain in missing)
        answers = yield queries
        for domain, query, answer in zip(missing, queries, answers, strict=True):
            if self.trace:
                self.trace.answered(query, answer, 1)
            if answer.status is DnsStatus.TEMPERROR:
                self.found[domain] = f"no answer for {query.type} of {query.name}"
            else:
                # "If multiple DMARC Policy Records are returned for a single target, they are all discarded" (RFC 9989 section 4.10).
                candidates = [record for record in map(self.parse, answer.texts) if record is not None]
                self.found[domain] = candidates[0] if len(candidates) == 1 else None
                if len(candidates) > 1:
                    self.ambiguous.add(domain)

    def of(self, domain: str) -> PolicyRecord | None:
        """A record that was fetched.

        Raises:
            NoAnswer: the DNS did not answer.
        """
        record = self.found[domain]
        if isinstance(record, str):
            raise NoAnswer(record)
        return record


def walk(domain: str) -> list[str]:
    """The names of a tree walk, from the domain up: itself, then from its parent, or from seven labels, to the top-level domain."""
    labels = domain.split(".")
    start = max(1, len(labels) - (MAX_WALK_LABELS - 1))
    return [domain, *(".".join(labels[index:]) for index in range(start, len(labels)))]


@attrs.define
class TreeWalk:
    """Discovery as RFC 9989 section 4.10 says."""

    records: PolicyRecords

    def policy_record(self, author: str) -> Lookups[tuple[str, PolicyRecord] | None]:
        """RFC 9989 section 4.10.1: of the Author Domain, else of its Organizational Domain, else of its public suffix."""
        yield from self.records.fetch([author])  # alone: where it has one, as most have, no walk may be needed
        record = self.records.of(author)
        if record is not None:
            return author, record
        organizational = yield from self.organizational_domain(author)
        _, _, suffix = organizational.partition(".")
        for domain in (organizational, suffix):
            # A record of the parent is one of a public suffix only when it says so.
            found = self.records.of(domain) if domain in self.records.found else None
            if found is not None and (domain == organizational or found.psd is PublicSuffix.YES):
                return domain, found
        return None

    def organizational_domain(self, domain: str) -> Lookups[str]:
        """RFC 9989 section 4.10.2."""
        names = walk(domain)
        yield from self.records.fetch(names)
        shortest = domain
        for name in names:
            record = self.records.of(name)
            if record is None:
                continue
            if record.psd is PublicSuffix.NO:
                return name
            if record.psd is PublicSuffix.YES:
                return name if name == domain else _one_label_below(name, domain)
            shortest = name
        return shortest

    def prepare(self, domains: Iterable[str]) -> Lookups[None]:
        """All walks in one batch."""
        yield from self.records.fetch(name for domain in domains for name in walk(domain))


def _one_label_below(suffix: str, domain: str) -> str:
    """The ancestor of ``domain``, or itself, that has one label more than ``suffix``."""
    return ".".join(domain.split(".")[-suffix.count(".") - 2 :])


@attrs.define
class SuffixList:
    """Discovery as RFC 7489 sections 3.2 and 6.6.3 say."""

    records: PolicyRecords
    registrable: Registrable

    def policy_record(self, author: str) -> Lookups[tuple[str, PolicyRecord] | None]:
        """Of the Author Domain, else of its Organizational Domain."""
        organizational = self.registrable(author) or author
        for domain in (author, organizational):
            yield from self.records.fetch([domain])
            record = self.records.of(domain)
            if record is not None:
                return domain, record
            if domain in self.records.ambiguous:  # RFC 7489 section 6.6.3 ends discovery there
                return None
        return None

    def organizational_domain(self, domain: str) -> Lookups[str]:
        """The registrable domain; a public suffix stands for itself only."""
        return self.registrable(domain) or domain
        yield ()

    def prepare(self, domains: Iterable[str]) -> Lookups[None]:
        """Nothing: the list is at hand."""
        return
        yield ()
