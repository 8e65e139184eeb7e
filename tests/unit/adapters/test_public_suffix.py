"""The public suffix list says where organisations begin."""

import json
from pathlib import Path

from tidegate.adapters.public_suffix import registrable_domains
from tidegate.domain.checks.domain_name import to_ascii


def test_corpus(corpora: Path) -> None:
    """ML13: the list's own test vectors."""
    registrable = registrable_domains()
    cases = [json.loads(line) for line in (corpora / "dmarc" / "cases.jsonl").read_text("utf-8").splitlines()]
    wrong = []
    judged = [case for case in cases if case["kind"] == "psl"]
    for case in judged:
        name = to_ascii(case["domain"])
        expected = case["expected"]["registrable"]
        found = None if name is None else registrable(name)
        if found != (None if expected is None else to_ascii(expected)):
            wrong.append((case["id"], found))
    assert len(judged) > 20
    assert wrong == []


def test_public_suffixes_have_no_registrable_domain() -> None:
    """A suffix itself belongs to no organisation; a wildcard and its exception are known."""
    registrable = registrable_domains()
    assert [registrable(name) for name in ("com", "co.uk", "a.co.uk", "b.a.co.uk", "city.kobe.jp")] == [
        None,
        None,
        "a.co.uk",
        "a.co.uk",
        "city.kobe.jp",
    ]
