"""Validating an ARC chain (RFC 8617 section 5.2). The verdict informs; it never overrides DMARC."""

from datetime import datetime

import attrs

from tidegate.domain.checks.arc.chain import ArcSet, Chain, ChainProblem, ChainValidation
from tidegate.domain.checks.dkim.body import BodyDigests
from tidegate.domain.checks.dkim.canonical import Canonicalization
from tidegate.domain.checks.dkim.header import SignedHeader, unsigned_field
from tidegate.domain.checks.dkim.key import KeyProblem, find_key
from tidegate.domain.checks.dkim.signature import Algorithm
from tidegate.domain.checks.dkim.verification import VerifySignature, check_key, is_verified, weakness
from tidegate.domain.checks.lookups import PAUSE, Lookups, Trace, printable
from tidegate.domain.checks.verdict import ArcResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.headers import Field


def evaluate(
    chain: Chain | ChainProblem, digests: BodyDigests, *, now: datetime, verify: VerifySignature, trace: Trace | None = None
) -> Lookups[ArcResult]:
    """Validate the chain; all keys are asked for at once.

    Args:
        chain: what ``read_chain`` found.
        digests: of every one of ``chain.body_hashes``.
        now: the present time, aware.
        verify: the mathematics.
        trace: collects the way to the verdict.
    """
    if isinstance(chain, ChainProblem):
        result = ArcResult(Verdict.FAIL, reason=printable(str(chain)))
    elif not chain.sets:
        result = ArcResult(Verdict.NONE, reason="no ARC set")
    else:
        queries = key_queries(chain)
        answers = yield queries
        if trace:
            for query, answer in zip(queries, answers, strict=True):
                trace.answered(query, answer, 1)
        keys = {query.name: answer for query, answer in zip(queries, answers, strict=True)}
        result = yield from _Validation(chain, digests, int(now.timestamp()), verify, keys, trace).result()
    if trace:
        trace.note(f"ARC {result.verdict}" + (f": {result.reason}" if result.reason else ""))
    return result


def key_queries(chain: Chain | ChainProblem) -> tuple[DnsQuery, ...]:
    """What :func:`evaluate` will ask: the keys of all signatures that are verified, each once."""
    if isinstance(chain, ChainProblem):
        return ()
    names = [arc_set.message_signature.key_name for arc_set in chain.searched] + [arc_set.seal.key_name for arc_set in chain.sets]
    return tuple(dict.fromkeys(DnsQuery(name, RecordType.TXT) for name in names))


class _NoAnswer(Exception):
    """The DNS did not answer for a key. ``args[0]`` names it."""


@attrs.frozen
class _Validation:
    """One validation: the chain, and everything it needs."""

    chain: Chain
    digests: BodyDigests
    at: int
    verify: VerifySignature
    keys: dict[str, DnsAnswer]
    trace: Trace | None

    def result(self) -> Lookups[ArcResult]:
        """The finding; asks for nothing and pauses before each signature but the first."""
        sets = self.chain.sets
        header = SignedHeader.of(self.chain.header)
        shown = ArcResult(Verdict.PASS, len(sets), domain=sets[-1].seal.domain)
        try:
            problem = self._message_problem(header, sets[-1])
            self._note(f"message signature {len(sets)}: {problem or 'holds'}")
            if problem:
                return attrs.evolve(shown, verdict=Verdict.FAIL, reason=f"message signature {len(sets)}: {problem}")
            for instance in range(len(sets), 0, -1):
                yield PAUSE
                verdict, reason = self._seal_verdict(header, instance)
                self._note(f"seal {instance}: {reason or 'holds'}")
                if reason:
                    return attrs.evolve(shown, verdict=verdict, reason=reason)
            return attrs.evolve(shown, oldest_pass=(yield from self._oldest_pass(header)))
        except _NoAnswer as error:
            return attrs.evolve(shown, verdict=Verdict.TEMPERROR, reason=str(error))

    def _seal_verdict(self, header: SignedHeader, instance: int) -> tuple[Verdict, str]:
        """Why the chain is not valid by the seal of this instance, or an empty reason."""
        seal = self.chain.sets[instance - 1].seal
        if seal.validation is ChainValidation.FAIL:
            # Who sealed found the chain broken and ended it: there is no chain to speak of (RFC 8617 section 5.1.2). Section 5.2 would call
            # it fail; the published validation suite and the implementations made with it say none.
            return Verdict.NONE, f"seal {instance} says that the chain was broken before it"
        if (seal.validation is ChainValidation.NONE) != (instance == 1):
            return Verdict.FAIL, f"seal {instance} says cv={seal.validation}"
        problem = self._key_problem(seal.key_name, seal.algorithm, self._sealed_data(header, instance), seal.value)
        return Verdict.FAIL, f"seal {instance}: {problem}" if problem else ""

    def _sealed_data(self, header: SignedHeader, instance: int) -> bytes:
        """RFC 8617 section 5.1.1: all sets up to this one, the oldest first, this seal last and without its signature."""
        fields: list[Field] = []
        for arc_set in self.chain.sets[:instance]:
            fields += (arc_set.results_field, arc_set.message_field, arc_set.seal_field)
        seal = fields.pop()
        relaxed = Canonicalization.RELAXED
        return b"".join(header.canonical(field, relaxed) for field in fields) + unsigned_field(seal, relaxed)

    def _message_problem(self, header: SignedHeader, arc_set: ArcSet) -> str:
        """Why the message signature of a set does not hold, or nothing."""
        signature = arc_set.message_signature
        if signature.expires_at is not None and signature.expires_at < self.at:
            return f"expired at {signature.expires_at}"
        digest = self.digests[signature.body_hash]
        limit = signature.body_hash.limit
        if limit is not None and limit != digest.length:
            return "l= is not the length of the body"
        signed = header.signed_data(signature.names, signature.header_form, arc_set.message_field)
        problem = self._key_problem(signature.key_name, signature.algorithm, signed, signature.value)
        if not problem and digest.digest != signature.body_digest:
            return "the body was changed"
        return problem

    def _key_problem(self, key_name: str, algorithm: Algorithm, signed: bytes, value: bytes) -> str:
        """Why a signature does not hold by its key, or nothing."""
        answer = self.keys[key_name]
        if answer.status is DnsStatus.TEMPERROR:
            raise _NoAnswer(f"no answer for the key {key_name}")
        try:
            record = find_key(answer.texts)
            check_key(record, algorithm)
        except KeyProblem as error:
            return printable(f"{key_name}: {error}")
        weak = weakness(record.key, algorithm)
        if weak:
            return weak
        return "" if is_verified(self.verify, record.key, algorithm, signed, value) else "the signature does not match"

    def _oldest_pass(self, header: SignedHeader) -> Lookups[int | None]:
        """RFC 8617 section 5.2 step 5: the lowest instance down to which all message signatures hold; 0 when all do."""
        sets = self.chain.sets
        if len(self.chain.searched) < len(sets):
            return None
        for instance in range(len(sets) - 1, 0, -1):
            yield PAUSE
            try:
                if self._message_problem(header, sets[instance - 1]):
                    return instance + 1
            except _NoAnswer:
                return None
        return 0

    def _note(self, text: str) -> None:
        if self.trace:
            self.trace.note(text, 1)
