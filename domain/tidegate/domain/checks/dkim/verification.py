"""Verifying the DKIM signatures of a message (RFC 6376 section 6, RFC 8301, RFC 8463).

In three steps, so that each can run where it belongs: :func:`read_signatures` on the header section, ``body_digests`` on the body (in a thread
when it is large), :func:`evaluate` with the DNS.
"""

from collections.abc import Callable
from datetime import datetime

import attrs

from tidegate.domain.checks.dkim.body import BodyDigests, BodyHash
from tidegate.domain.checks.dkim.header import SignedHeader
from tidegate.domain.checks.dkim.key import KeyProblem, KeyRecord, PublicKey, find_key
from tidegate.domain.checks.dkim.rsa_key import MIN_BITS, RsaKey
from tidegate.domain.checks.dkim.signature import Algorithm, Signature, field_tags, parse_signature, shown_signature
from tidegate.domain.checks.dkim.tags import TagError
from tidegate.domain.checks.domain_name import to_ascii
from tidegate.domain.checks.lookups import PAUSE, Lookups, Trace, printable
from tidegate.domain.checks.verdict import DkimResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.headers import Field, HeaderBlock

MAX_SIGNATURES = 10  # verified, from the top; real mail has up to four. RFC 6376 section 6.1 allows to limit them
CLOCK_SKEW_S = 300  # how far in the future t= may lie
_SHOWN_ALGORITHM_CHARS = 32

VerifySignature = Callable[[PublicKey, Algorithm, bytes, bytes], bool]
"""Whether a signature holds: given the public key, the algorithm, the signed data (not hashed yet) and the signature's bytes.

The key is of the algorithm's kind. An RSA signature is of the modulus's length. Never raises."""


@attrs.frozen
class SignatureField:
    """One DKIM-Signature field: either ``signature`` can be verified, or ``problem`` says why not.

    Attributes:
        field: where it stands.
        shown: domain, selector, identity and signature for the finding, as far as they could be read.
        signature: what it says; None with a problem.
        problem: printable.
    """

    field: Field
    shown: DkimResult
    signature: Signature | None = None
    problem: str = ""


@attrs.frozen
class Signatures:
    """The signatures of a message.

    Attributes:
        header: the header section they were read from.
        fields: the first ``MAX_SIGNATURES``, from the top.
        ignored: how many more there are.
    """

    header: HeaderBlock
    fields: tuple[SignatureField, ...] = ()
    ignored: int = 0

    @property
    def body_hashes(self) -> tuple[BodyHash, ...]:
        """What :func:`evaluate` needs to know of the body."""
        return tuple(dict.fromkeys(field.signature.body_hash for field in self.fields if field.signature is not None))


def read_signatures(header: HeaderBlock) -> Signatures:
    """Find and read the DKIM-Signature fields. Linear in their length, total."""
    fields = list(header.named(b"dkim-signature"))
    return Signatures(header, tuple(map(_read, fields[:MAX_SIGNATURES])), max(0, len(fields) - MAX_SIGNATURES))


def _read(field: Field) -> SignatureField:
    try:
        tags = field_tags(field)
    except TagError as error:
        return SignatureField(field, DkimResult(Verdict.PERMERROR), problem=printable(str(error)))
    domain = to_ascii(tags.get("d", "")) or ""
    selector = tags.get("s", "")
    shown = DkimResult(
        Verdict.PERMERROR,
        domain,
        selector if to_ascii(selector) else "",
        f"@{domain}" if domain else "",
        shown_signature(tags),
        algorithm=printable(tags.get("a", "")[:_SHOWN_ALGORITHM_CHARS]),
    )
    try:
        signature = parse_signature(tags)
    except TagError as error:
        return SignatureField(field, shown, problem=printable(str(error)))
    return SignatureField(field, attrs.evolve(shown, identity=signature.identity), signature)


def key_queries(signatures: Signatures, now: datetime) -> tuple[DnsQuery, ...]:
    """What :func:`evaluate` will ask at ``now``: the keys of all signatures that have not expired, each once."""
    at = int(now.timestamp())
    asked = (field.signature for field in signatures.fields if field.signature is not None and not _expired(field.signature, at))
    return tuple(dict.fromkeys(DnsQuery(signature.key_name, RecordType.TXT) for signature in asked))


def evaluate(
    signatures: Signatures, digests: BodyDigests, *, now: datetime, verify: VerifySignature, trace: Trace | None = None
) -> Lookups[tuple[DkimResult, ...]]:
    """Verify every signature; all keys are asked for at once.

    Args:
        signatures: what :func:`read_signatures` found.
        digests: of every one of ``signatures.body_hashes``.
        now: the present time, aware.
        verify: the mathematics.
        trace: collects the way to each verdict.

    Returns:
        One finding per signature, from the top; one more for all that were ignored; a single ``none`` where there is no signature.
    """
    if not signatures.fields:
        if trace:
            trace.note("DKIM none: no signature")
        return (DkimResult(Verdict.NONE, reason="no signature"),)
    queries = key_queries(signatures, now)
    answers: dict[DnsQuery, DnsAnswer] = {}
    if queries:
        answers = dict(zip(queries, (yield queries), strict=True))
    judge = _Judge(SignedHeader.of(signatures.header), digests, int(now.timestamp()), verify)
    results: list[DkimResult] = []
    for field in signatures.fields:
        if results:
            yield PAUSE
        verdict, reason = Verdict.PERMERROR, field.problem
        if field.signature is not None:
            query = DnsQuery(field.signature.key_name, RecordType.TXT)
            answer = answers.get(query)
            if trace and answer is not None:
                trace.answered(query, answer, 1)
            verdict, reason = judge.verdict(field.field, field.signature, answer)
        result = attrs.evolve(field.shown, verdict=verdict, reason=reason)
        if trace:
            trace.note(f"DKIM {verdict} for {result.domain or 'a signature'} ({result.algorithm})" + (f": {reason}" if reason else ""))
        results.append(result)
    if signatures.ignored:
        results.append(DkimResult(Verdict.POLICY, reason=f"{signatures.ignored} more signatures, not verified"))
    return tuple(results)


def _expired(signature: Signature, at: int) -> bool:
    return signature.expires_at is not None and signature.expires_at < at


@attrs.frozen
class _Judge:
    """Judges signatures of one message."""

    header: SignedHeader
    digests: BodyDigests
    at: int
    verify: VerifySignature

    def verdict(self, field: Field, signature: Signature, answer: DnsAnswer | None) -> tuple[Verdict, str]:
        """The verdict on one signature with its reason; ``answer`` is the DNS's for its key."""
        if answer is None:
            return Verdict.FAIL, f"expired at {signature.expires_at}"
        if answer.status is DnsStatus.TEMPERROR:
            return Verdict.TEMPERROR, f"no answer for the key {signature.key_name}"
        try:
            record = find_key(answer.texts)
            check_key(record, signature.algorithm)
            _check_identity(record, signature)
        except KeyProblem as error:
            return Verdict.PERMERROR, printable(f"{signature.key_name}: {error}")
        digest = self.digests[signature.body_hash]
        limit = signature.body_hash.limit
        if limit is not None and limit > digest.length:
            return Verdict.PERMERROR, f"l={limit} is more than the body has"
        if digest.digest != signature.body_digest:
            return Verdict.FAIL, "the body was changed"
        signed = self.header.signed_data(signature.names, signature.header_form, field)
        if not is_verified(self.verify, record.key, signature.algorithm, signed, signature.value):
            return Verdict.FAIL, "the signature does not match the header"
        objection = weakness(record.key, signature.algorithm) or self._objection(signature, digest.length)
        return (Verdict.POLICY, objection) if objection else (Verdict.PASS, "")

    def _objection(self, signature: Signature, body_length: int) -> str:
        """Why a signature that holds does not count, or nothing."""
        limit = signature.body_hash.limit
        if limit is not None and limit < body_length:
            return f"partial body: {body_length - limit} bytes are not signed"
        # RFC 6376 section 5.4: h= MUST include From. A second one that is not signed would be what people see (section 8.15).
        if signature.names.count(b"from") < self.header.count(b"from"):
            return "a From field is not signed"
        if signature.signed_at is not None and signature.signed_at > self.at + CLOCK_SKEW_S:
            return f"signed in the future, at {signature.signed_at}"
        return ""


def check_key(record: KeyRecord, algorithm: Algorithm) -> None:
    """Hold a key record against the algorithm of the signature that names it (RFC 6376 section 6.1.2).

    Raises:
        KeyProblem: the key must not be used for it.
    """
    is_rsa = isinstance(record.key, RsaKey)
    if is_rsa != (algorithm is not Algorithm.ED25519_SHA256):
        raise KeyProblem(f"key is not for {algorithm}")
    if record.hashes is not None and algorithm.hash_name not in record.hashes:
        raise KeyProblem(f"key does not allow {algorithm.hash_name}")


def _check_identity(record: KeyRecord, signature: Signature) -> None:
    """Hold ``t=s`` of a key record against ``i=``. Raises KeyProblem."""
    if record.strict and to_ascii(signature.identity.rpartition("@")[2]) != signature.domain:
        raise KeyProblem("key does not allow subdomains in i=")


def is_verified(verify: VerifySignature, key: PublicKey, algorithm: Algorithm, signed: bytes, value: bytes) -> bool:
    """Whether the signature ``value`` holds for this data."""
    # RFC 8017 section 8.2.2: an RSA signature has the length of the modulus and is a smaller number.
    if isinstance(key, RsaKey) and not (len(value) == (key.bits + 7) // 8 and int.from_bytes(value, "big") < key.modulus):
        return False
    return verify(key, algorithm, signed, value)


def weakness(key: PublicKey, algorithm: Algorithm) -> str:
    """Why algorithm or key must not count (RFC 8301 sections 3.1 and 3.2), or nothing."""
    if algorithm is Algorithm.RSA_SHA1:
        return "rsa-sha1 is not secure"
    if isinstance(key, RsaKey) and key.bits < MIN_BITS:
        return f"RSA key of {key.bits} bits is not secure"
    return ""
