"""ARC sets: three fields per hop, numbered by ``i=``, that form a chain (RFC 8617 sections 4.1 and 4.2)."""

import re
from collections import defaultdict
from enum import StrEnum

import attrs

from tidegate.domain.checks.dkim.body import BodyHash
from tidegate.domain.checks.dkim.signature import Algorithm, Signature, field_tags, parse_sealing_tags, parse_signing_tags
from tidegate.domain.checks.dkim.tags import TagError, parse_number
from tidegate.domain.checks.domain_name import to_ascii
from tidegate.domain.headers import Field, HeaderBlock

MAX_INSTANCES = 50  # RFC 8617 section 4.2.1
MAX_SEARCHED_SETS = 10  # longer chains, which nobody builds, are not searched for the oldest message signature that holds

_AAR = b"arc-authentication-results"
_AMS = b"arc-message-signature"
_SEAL = b"arc-seal"
_NAMES = (_AAR, _AMS, _SEAL)

_AAR_INSTANCE = re.compile(rb"[ \t\r\n]*[iI][ \t\r\n]*=[ \t\r\n]*([0-9]{1,2})[ \t\r\n]*;")


class ChainProblem(ValueError):
    """The fields do not form a chain. ``args[0]`` says why."""


class ChainValidation(StrEnum):
    """``cv=``: what the sealer found of the chain before it (RFC 8617 section 4.4)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a word of RFC 8617
    FAIL = "fail"


@attrs.frozen
class Seal:
    """An ARC-Seal (RFC 8617 section 4.1.3).

    Attributes:
        algorithm: ``a=``.
        domain: ``d=``, A-labels in lower case.
        key_name: where its key is published.
        value: ``b=`` decoded.
        validation: ``cv=``.
    """

    algorithm: Algorithm
    domain: str
    key_name: str
    value: bytes
    validation: ChainValidation


@attrs.frozen
class ArcSet:
    """The three fields of one hop, with the two signatures read."""

    results_field: Field
    message_field: Field
    seal_field: Field
    message_signature: Signature
    seal: Seal


@attrs.frozen
class Chain:
    """The ARC sets of a message, the oldest first; none when it has no ARC field."""

    header: HeaderBlock
    sets: tuple[ArcSet, ...] = ()

    @property
    def searched(self) -> tuple[ArcSet, ...]:
        """The sets whose message signatures are verified: the newest must hold, the others tell how far back the message is unchanged."""
        return self.sets if len(self.sets) <= MAX_SEARCHED_SETS else self.sets[-1:]

    @property
    def body_hashes(self) -> tuple[BodyHash, ...]:
        """What the validation needs to know of the body."""
        return tuple(dict.fromkeys(arc_set.message_signature.body_hash for arc_set in self.searched))


def read_chain(header: HeaderBlock) -> Chain | ChainProblem:
    """Find the ARC fields, put them into sets and hold these against the rules that need no key. Linear, total."""
    try:
        found: dict[int, dict[bytes, Field]] = defaultdict(dict)
        for field in header.fields():
            name = field.name.lower()
            if name not in _NAMES:
                continue
            instance = _instance(name, field)
            if name in found[instance]:
                raise ChainProblem(f"two {name.decode()} fields for i={instance}")
            found[instance][name] = field
        if sorted(found) != list(range(1, len(found) + 1)):
            raise ChainProblem("the numbers of the sets have gaps")
        return Chain(header, tuple(_arc_set(instance, found[instance]) for instance in sorted(found)))
    except ChainProblem as problem:
        return problem


def _instance(name: bytes, field: Field) -> int:
    """The number of the set that a field belongs to."""
    if name == _AAR:
        match = _AAR_INSTANCE.match(field.message, field.colon + 1, field.end)
        instance = int(match[1]) if match else 0
    else:
        try:
            instance = parse_number("i", field_tags(field).get("i", ""), 2)
        except TagError as error:
            raise ChainProblem(f"{name.decode()}: {error}") from None
    if not 1 <= instance <= MAX_INSTANCES:
        raise ChainProblem(f"{name.decode()} without a number from 1 to {MAX_INSTANCES}")
    return instance


def _arc_set(instance: int, fields: dict[bytes, Field]) -> ArcSet:
    if len(fields) != len(_NAMES):
        raise ChainProblem(f"set {instance} is not complete")
    try:
        message_signature = _message_signature(fields[_AMS])
        seal = _seal(fields[_SEAL])
    except TagError as error:
        raise ChainProblem(f"set {instance}: {error}") from None
    return ArcSet(fields[_AAR], fields[_AMS], fields[_SEAL], message_signature, seal)


def _message_signature(field: Field) -> Signature:
    # Implementations take relaxed forms where c= is missing, as the published validation suite does.
    signature = parse_signing_tags(field_tags(field), forms="relaxed/relaxed")
    if signature.algorithm is Algorithm.RSA_SHA1:
        raise TagError("a= is not secure")
    # RFC 8617 section 4.1.2: the message signature covers no seal.
    if _SEAL in signature.names:
        raise TagError("h= of the message signature has arc-seal")
    return signature


def _seal(field: Field) -> Seal:
    tags = field_tags(field)
    # RFC 8617 section 4.1.3: what is covered is fixed.
    if "h" in tags or "bh" in tags:
        raise TagError("a seal with h= or bh=")
    algorithm, domain, selector, value = parse_sealing_tags(tags)
    if algorithm is Algorithm.RSA_SHA1:
        raise TagError("a= is not secure")
    try:
        validation = ChainValidation(tags.get("cv", ""))
    except ValueError:
        raise TagError("cv= is missing or unknown") from None
    if "t" in tags:
        parse_number("t", tags["t"], 12)
    return Seal(algorithm, domain, f"{to_ascii(selector)}._domainkey.{domain}", value, validation)
