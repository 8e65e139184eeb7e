"""DKIM: whether the message is as a domain signed it (RFC 6376)."""

from tidegate.domain.checks.dkim.body import LARGE_BODY_BYTES as LARGE_BODY_BYTES
from tidegate.domain.checks.dkim.body import BodyDigests as BodyDigests
from tidegate.domain.checks.dkim.body import body_digests as body_digests
from tidegate.domain.checks.dkim.key import PublicKey as PublicKey
from tidegate.domain.checks.dkim.rsa_key import RsaKey as RsaKey
from tidegate.domain.checks.dkim.signature import Algorithm as Algorithm
from tidegate.domain.checks.dkim.verification import Signatures as Signatures
from tidegate.domain.checks.dkim.verification import VerifySignature as VerifySignature
from tidegate.domain.checks.dkim.verification import evaluate as evaluate
from tidegate.domain.checks.dkim.verification import key_queries as key_queries
from tidegate.domain.checks.dkim.verification import read_signatures as read_signatures

__all__ = [
    "LARGE_BODY_BYTES",
    "Algorithm",
    "BodyDigests",
    "PublicKey",
    "RsaKey",
    "Signatures",
    "VerifySignature",
    "body_digests",
    "evaluate",
    "key_queries",
    "read_signatures",
]
