"""Known answers of crypt(3), and which hashes are trusted."""

import json
from pathlib import Path

import pytest

from tidegate.adapters.auth.libcrypt import cost, matches, unusable

STRONG = {"sha512crypt", "sha256crypt", "yescrypt", "gost_yescrypt", "scrypt", "bcrypt", "bcrypt_a", "bcrypt_y"}


def test_corpus(corpora: Path) -> None:
    """Every known answer of a strong method matches, and no other password does; every other method is refused by name (AB27)."""
    cases = [json.loads(line) for line in (corpora / "crypt" / "cases.jsonl").read_text().splitlines()]
    judged = 0
    for case in cases:
        stored, method = case["hash"], case["method"]
        trusted = case["valid"] and method in STRONG
        if not trusted:
            assert unusable(stored) is not None, case["id"]
            continue
        if not case.get("password") or "\0" in case["password"]:
            continue
        assert unusable(stored) is None, case["id"]
        too_long = method.startswith("bcrypt") and len(case["password"].encode()) > 72
        assert matches(case["password"], stored) is not too_long, case["id"]
        assert not matches(case["password"] + "!", stored) or too_long, case["id"]
        judged += 1
    assert judged > 50


@pytest.mark.parametrize(
    "stored",
    [
        "plain", "$6$", "$9$x$y", "$1$abcdefgh$0123456789012345678901", "abJnggxhB/yWI", "$6$rounds=999999999$salt$" + "a" * 86,
        "$6$rounds=99999999999999999999$salt$" + "a" * 86, "$2b$31$" + "a" * 53, "$2b$03$" + "a" * 53, "$2x$05$" + "a" * 53,
        "$y$jzT$abc$" + "a" * 43, "$y$jFT$abc$" + "a" * 43, "$7$z6..../....salt$" + "a" * 43, "$6$salt$short", "$6$sa:lt$" + "a" * 86, "*0", "$6$salt$" + "a" * 86 + "\n",
    ],
)  # fmt: skip
def test_unusable(stored: str) -> None:
    """AB25, AB26, AB27: weak, malformed or endless to compute; and the reason quotes nothing of it."""
    reason = unusable(stored)
    assert reason is not None
    assert stored not in reason


@pytest.mark.parametrize(
    ("stored", "prefix"),
    [("$6$salt$x", "$6$"), ("$6$rounds=9$salt$x", "$6$rounds=9$"), ("$2b$12$abc", "$2b$12$"), ("$y$j9T$salt$x", "$y$j9T$"), ("$7$76..../....x$y", "$7$76..../....")],
)  # fmt: skip
def test_cost(stored: str, prefix: str) -> None:
    """Method and parameters without salt."""
    assert cost(stored) == prefix
