"""Reading ARC sets."""

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.arc import Chain, ChainProblem, evaluate, read_chain
from tidegate.domain.checks.dkim import Algorithm, PublicKey, body_digests
from tidegate.domain.checks.lookups import PAUSE, complete
from tidegate.domain.dns import DnsAnswer, DnsStatus
from tidegate.domain.headers import HeaderBlock, inspect

BH = b64encode(bytes(32)).decode()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def refuses(key: PublicKey, algorithm: Algorithm, signed: bytes, signature: bytes) -> bool:
    """No signature holds."""
    return False


def fields(instance: object, seal: str = "", message: str = "", results: str | None = None) -> str:
    """One ARC set; additions come first in the tag lists."""
    return (
        f"ARC-Seal: {seal}i={instance}; a=rsa-sha256; cv=none; d=example.org; s=sel; b=AAAA\r\n"
        f"ARC-Message-Signature: {message}i={instance}; a=rsa-sha256; d=example.org; s=sel; h=from; bh={BH}; b=AAAA\r\n"
        f"ARC-Authentication-Results: {f'i={instance}; lists.example.org; none' if results is None else results}\r\n"
    )


def read(header: str) -> Chain | ChainProblem:
    """The chain of a message with these fields."""
    block = inspect((header + "From: a@example.com\r\n\r\n").encode())
    assert isinstance(block, HeaderBlock)
    return read_chain(block)


def test_sets_in_order() -> None:
    """The oldest comes first, whatever the order of the fields."""
    chain = read(fields(2) + fields(3) + fields(1))
    assert isinstance(chain, Chain)
    assert [arc_set.results_field.value for arc_set in chain.sets] == [b"i=%d; lists.example.org; none" % number for number in (1, 2, 3)]
    assert len(chain.body_hashes) == 1


@pytest.mark.parametrize("results", ["i=1; x; none", " I = 1 ; x", "\r\n i=1;"])
def test_instance_of_results(results: str) -> None:
    """The number stands in front, with white space where it may be."""
    assert isinstance(read(fields(1, results=results)), Chain)


@pytest.mark.parametrize(
    "header",
    [
        fields(1) + fields(1),
        fields(2),
        fields(1) + fields(3),
        fields(0),
        fields(-1),
        fields("x"),
        fields(""),
        fields(51),
        fields("1 1"),
        fields(100),
        fields(1).replace("ARC-Seal", "X-Seal"),
        fields(1).replace("ARC-Message", "X-Message"),
        fields(1).replace("ARC-Auth", "X-Auth"),
        fields(1, results="lists.example.org; i=1; none"),
        fields(1, results="i=1"),
        fields(1, results="i=1x; y"),
        fields(1, results=""),
        fields(1, seal="h=from; "),
        fields(1, seal=f"bh={BH}; "),
        fields(1, seal="t=soon; "),
        fields(1, seal="i=1; "),
        fields(1, seal="; "),
        fields(1, message="t=; "),
        fields(1, message="x; "),
        fields(1).replace("cv=none", "cv=NONE"),
        fields(1).replace("cv=none; ", ""),
        fields(1).replace("a=rsa-sha256", "a=rsa-sha1"),
        fields(1).replace("rsa-sha256; d", "rsa-sha1; d"),
        fields(1).replace("h=from", "h=from:ARC-Seal"),
        fields(1).replace("d=example.org", "d="),
        fields(1).replace("s=sel", "s=a..b"),
        fields(1).replace("b=AAAA", "b="),
        "".join(fields(number) for number in range(1, 52)),
    ],
)
def test_no_chain(header: str) -> None:
    """Gaps, doubles, missing fields and tags that are not allowed."""
    problem = read(header)
    assert isinstance(problem, ChainProblem)
    assert complete(evaluate(problem, {}, now=NOW, verify=refuses), lambda query: DnsAnswer(DnsStatus.NXDOMAIN)).verdict == "fail"


def test_fifty_sets_ask_once_per_key() -> None:
    """The longest chain: one query for each different key, one batch."""
    header = "".join(fields(number).replace("s=sel", f"s=s{number}") for number in range(1, 51))
    chain = read(header)
    assert isinstance(chain, Chain)
    digests = body_digests(b"", 0, chain.body_hashes)
    assert len(next(evaluate(chain, digests, now=NOW, verify=refuses))) == 50


def test_a_pause_between_signatures() -> None:
    """ML06: others may run before the mathematics of each signature but the first."""
    whole_body = b64encode(sha256(b"\r\n").digest()).decode()  # of an empty one, in the simple form
    header = "".join(fields(number).replace("cv=none", "cv=pass" if number > 1 else "cv=none") for number in (1, 2, 3))
    chain = read(header.replace("rsa-sha256", "ed25519-sha256").replace(BH, f"{whole_body}; c=simple/simple"))
    assert isinstance(chain, Chain)
    verified: list[bytes] = []

    def verify(key: PublicKey, algorithm: Algorithm, signed: bytes, signature: bytes) -> bool:
        verified.append(signed)
        return True

    check = evaluate(chain, body_digests(b"", 0, chain.body_hashes), now=NOW, verify=verify)
    assert len(next(check)) == 1
    answers: tuple[DnsAnswer, ...] = (DnsAnswer(DnsStatus.NOERROR, texts=(f"v=DKIM1; k=ed25519; p={b64encode(bytes(32)).decode()}".encode(),)),)
    for number in range(1, 6):  # the newest message signature, three seals, and one of the two older message signatures
        assert check.send(answers) == PAUSE
        assert len(verified) == number
        answers = ()
    with pytest.raises(StopIteration) as stop:
        check.send(())
    assert (stop.value.value.verdict, stop.value.value.oldest_pass, len(verified)) == ("pass", 0, 6)


def test_no_answer_is_temperror() -> None:
    """ML15: a key that cannot be had now may be had later."""
    chain = read(fields(1))
    assert isinstance(chain, Chain)
    digests = body_digests(b"", 0, chain.body_hashes)
    result = complete(evaluate(chain, digests, now=NOW, verify=refuses), lambda query: DnsAnswer(DnsStatus.TEMPERROR))
    assert (result.verdict, result.reason) == ("temperror", "no answer for the key sel._domainkey.example.org")


def test_no_arc_fields() -> None:
    """A message without ARC fields has no chain, and asks nothing."""
    chain = read("")
    assert isinstance(chain, Chain)
    with pytest.raises(StopIteration) as stop:
        next(evaluate(chain, {}, now=NOW, verify=refuses))
    assert stop.value.value.verdict == "none"


@given(
    st.lists(
        st.sampled_from(["ARC-Seal:", "ARC-Message-Signature:", "ARC-Authentication-Results:", " i=1;", "a=b;", "\r\n", "cv=none;", "\x00"]),
        max_size=20,
    )
)
def test_reading_is_total(parts: list[str]) -> None:
    """Any header section has a chain or a problem."""
    chain = read("".join(parts) + "\r\n")
    assert isinstance(chain, ChainProblem) or chain.sets == ()
