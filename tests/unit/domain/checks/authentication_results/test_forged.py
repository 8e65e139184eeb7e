"""Fields in our name that we did not write."""

import json
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.authentication_results.forged import claimed_ids, forged_results
from tidegate.domain.headers import HeaderBlock, inspect, without

authres = pytest.importorskip("authres", reason="authres is not installed")

OURS = frozenset({"mx.example.net", "xn--bcher-kva.example"})
KEPT = b"Subject: x\r\nFrom: a@example.com\r\n"


def stripped(fields: bytes) -> bytes:
    """What is left of these fields."""
    message = fields + KEPT + b"\r\nAuthentication-Results: mx.example.net; dkim=pass\r\n"
    block = inspect(message)
    assert isinstance(block, HeaderBlock)
    left = without(message, forged_results(block, OURS))
    assert left.endswith(message[len(fields) :])
    return left[: len(left) - (len(message) - len(fields))]


@pytest.mark.parametrize(
    "field",
    [
        b"Authentication-Results: mx.example.net; dkim=pass\r\n",
        b"authentication-results:MX.Example.NET;dkim=pass\r\n",
        b"Authentication-Results: mx.example.net\r\n",
        b"Authentication-Results: mx.example.net 1; dkim=pass\r\n",
        b"Authentication-Results:\r\n mx.example.net\r\n\t;\r\n dkim=pass\r\n",
        b"Authentication-Results: (c) mx.example.net (v (n)) 1 (d); dkim=pass\r\n",
        b"Authentication-Results: mx(x).example.net; dkim=pass\r\n",
        b"Authentication-Results: mx.exa(a)mple(b) . net 1; dkim=pass\r\n",
        b"Authentication-Results: (open mx.example.net; dkim=pass\r\n",
        b"Authentication-Results: ((open) mx.example.net; dkim=pass\r\n",
        b"Authentication-Results: (" + b"x" * 5000 + b") mx.example.net; dkim=pass\r\n",
        b'Authentication-Results: "mx.example.net"; dkim=pass\r\n',
        b'Authentication-Results: "m\\x.example.net"; dkim=pass\r\n',
        b'Authentication-Results: "mx.example.net; dkim=pass\r\n',
        b"Authentication-Results: mx.example.net.; dkim=pass\r\n",
        b"Authentication-Results: mx.example.net, other; dkim=pass\r\n",
        b"Authentication-Results: mx.example.net/1; dkim=pass\r\n",
        b"Authentication-Results: mx.example.net dkim=pass\r\n",
        b"Authentication-Results: mx\x00.example.net; dkim=pass\r\n",
        b'Authentication-Results: mx.example.net; \xff\x00("garbage\r\n',
        "Authentication-Results: bücher.example; dkim=pass\r\n".encode(),
        "Authentication-Results: BÜCHER.example; dkim=pass\r\n".encode(),
        b"Authentication-Results: XN--BCHER-KVA.example; dkim=pass\r\n",
        b"Authentication-Results : mx.example.net; dkim=pass\r\n",
        b"Authentication-Results\t\r\n :mx.example.net; dkim=pass\r\n",
        b" Authentication-Results: mx.example.net; dkim=pass\r\n",
        b"Authentication-Results:\r\n",
        b"Authentication-Results: (only a comment)\r\n",
        b"Authentication-Results: ; dkim=pass\r\n",
        b"Authentication-Results: =?utf-8?q?mx.example.net?=; dkim=pass\r\n",
        b"Authentication-Results: =?utf-8?q?mx.example.net;_dkim=3Dpass?=\r\n",
        b"Authentication-Results: =?utf-8?b?bXguZXhhbXBsZS5uZXQ7IGRraW09cGFzcw==?=\r\n",
        b"Authentication-Results: (=?utf-8?q?=29_mx.example.net;_dkim=3Dpass?=) other.example; dkim=pass\r\n",
    ],
)
def test_removed(field: bytes) -> None:
    """HD13: every spelling of our name that some reader would take for it, and fields without a name."""
    assert stripped(field) == b""
    assert stripped(b"Received: x\r\n" + field.lstrip(b" ") + field.lstrip(b" ")) == b"Received: x\r\n"


@pytest.mark.parametrize(
    "field",
    [
        b"Authentication-Results: other.example; dkim=pass\r\n",
        b"Authentication-Results: other.example; x=y (mx.example.net)\r\n",
        b"Authentication-Results: other.example; x=y (=?utf-8?q?mx.example.net?=)\r\n",
        b"Subject: x\r\n Authentication-Results: mx.example.net; dkim=pass\r\n",
        b"Authentication-Results: notmx.example.net; dkim=pass\r\n",
        b"Authentication-Results: mx.example.net.evil.example; dkim=pass\r\n",
        b"Authentication-Results: (mx.example.net) other.example; dkim=pass\r\n",
        b"Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@example.com\r\n",
        b"ARC-Authentication-Results: i=1; mx.example.net; dkim=pass\r\n",
        b"X-Authentication-Results: mx.example.net; dkim=pass\r\n",
        b"Authentication-Results-Original: mx.example.net; dkim=pass\r\n",
        b"Authentication-Results\r\n",
    ],
)
def test_kept(field: bytes) -> None:
    """What others say in their own name is theirs; ARC fields belong to their chain."""
    assert stripped(field) == field


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        (b"X: y\nAuthentication-Results: mx.example.net; dkim=pass\r\n", b"X: y\r\n"),
        (b"X: y\rAuthentication-Results: mx.example.net; dkim=pass\r\n", b"X: y\r\n"),
        (b"X: y\nAuthentication-Results: mx.example.net;\n dkim=pass\nZ: y\r\n", b"X: y\nZ: y\r\n"),
        (b"X: y\nAuthentication-Results: mx.example.net\nAuthentication-Results:\r\n mx.example.net\r\nZ: y\r\n", b"X: y\r\nZ: y\r\n"),
        (b"Authentication-Results: mx.example.net\nAuthentication-Results: mx.example.net\r\nZ: y\r\n", b"Z: y\r\n"),
        (b"Authentication-Results: other.example\nAuthentication-Results: mx.example.net\r\n", b"Authentication-Results: other.example\r\n"),
        (b"Authentication-Results:\nmx.example.net; dkim=pass\r\n", b"mx.example.net; dkim=pass\r\n"),
        (b"X: y\n Authentication-Results: mx.example.net\r\n", b"X: y\n Authentication-Results: mx.example.net\r\n"),
    ],
)
def test_hidden_behind_bare_line_ends(fields: bytes, left: bytes) -> None:
    """HD13: a CR or LF of its own, which BODY=BINARYMIME lets through, begins a field for most readers; the field that it stands in is kept."""
    assert stripped(fields) == left


def test_thousand_fields() -> None:
    """HD13: all of a thousand go."""
    field = b"Authentication-Results: mx.example.net; dkim=pass\r\n"
    assert stripped(field * 990) == b""


@pytest.mark.parametrize("value", [b"(" * 100000, b"()" * 50000, b'"' * 100000, b"\\" * 100000, b"a " * 50000, b'"\\' * 50000])
def test_made_to_be_slow(value: bytes) -> None:
    """HD10: nested and unfinished comments and quotes end within the test's time limit."""
    claimed_ids(value)


def test_corpus(corpora: Path) -> None:
    """Values from the wild and from other projects' tests: our reading names the same author."""
    cases = [json.loads(line) for line in (corpora / "authres" / "cases.jsonl").read_text("utf-8").splitlines()]
    assert cases
    wrong = []
    for case in cases:
        claims = claimed_ids(case["value"].encode())
        if case["authserv_id"] and case["authserv_id"].lower() not in claims:
            wrong.append((case["id"], claims))
    assert wrong == []


@given(
    st.lists(
        st.sampled_from(
            ["mx.example.net", "MX.example.net", " ", "\r\n ", "(a)", "((b) c)", '"', "1", ";", "dkim=pass", "other.example", "\\", "(", ")"]
        ),
        max_size=8,
    ).map("".join)
)
def test_whatever_authres_reads_as_ours_goes(value: str) -> None:
    """HD13: the oracle's reading is one of ours."""
    try:
        author = authres.AuthenticationResultsHeader.parse_value(value.replace("\r\n", "")).authserv_id
    except Exception:  # it raises a dozen kinds for what it cannot read
        return
    if author is not None and author.lower() in OURS:
        assert stripped(f"Authentication-Results: {value}\r\n".encode()) == b""


@given(
    st.lists(
        st.sampled_from(
            [
                "Authentication-Results",
                ":",
                "mx.example.net",
                ";",
                " ",
                "\r\n",
                "\n",
                "\r",
                "X: y",
                "other.example",
                "=?utf-8?q?",
                "?=",
                "(",
                ")",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_the_standard_library_finds_none_of_ours(fields: str) -> None:
    """HD13: Python's parser, which takes bare line ends for line ends and decodes encoded words, reads no field in our name in what is left."""
    left = stripped(fields.encode() + b"\r\n") + KEPT
    found = message_from_bytes(left, policy=default).get_all("Authentication-Results", [])
    assert [value for value in found if str(value).partition(";")[0].strip().lower() in OURS] == []


@given(st.binary(max_size=80))
def test_total(value: bytes) -> None:
    """Any value has names or none."""
    assert all(name == name.lower() for name in claimed_ids(value))
