"""The published suites: evaluation, records, From fields and alignment, every uncontested case that applies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.domain.checks.dmarc import Author, Registrable, evaluate
from tidegate.domain.checks.dmarc.author import domains_of
from tidegate.domain.checks.dmarc.record import parse
from tidegate.domain.checks.lookups import complete
from tidegate.domain.checks.verdict import DkimResult, DmarcResult, SpfIdentity, SpfResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery

DnsOf = Callable[[Any], Callable[[DnsQuery], DnsAnswer]]


def cases_of(corpora: Path, kind: str, *profiles: str) -> list[dict[str, Any]]:
    """The cases of one kind and some profiles."""
    cases = [json.loads(line) for line in (corpora / "dmarc" / "cases.jsonl").read_text("utf-8").splitlines()]
    return [case for case in cases if case["kind"] == kind and case["profile"] in profiles]


def evaluated(case: dict[str, Any], dns_of: DnsOf, registrable: Registrable | None) -> DmarcResult:
    """The finding on one case."""
    dkim = [DkimResult(Verdict(item["result"]), item["domain"]) for item in case["dkim"]]
    spf = [SpfResult(Verdict(item["result"]), SpfIdentity.MAIL_FROM, item["domain"], item["domain"]) for item in case["spf"]]
    check = evaluate(Author(case["from_domain"]), spf[0] if spf else None, dkim, registrable=registrable)
    return complete(check, dns_of(case["zone"]))


def registrable(name: str) -> str | None:
    """A stand-in for the public suffix list: the zones of the cases have one-label suffixes only."""
    labels = name.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else None


@pytest.mark.parametrize(
    ("profile", "suffixes"),
    [pytest.param("rfc9989", None, id="rfc9989"), pytest.param("rfc7489", registrable, id="rfc7489")],
)
def test_verify(corpora: Path, dns_of: DnsOf, profile: str, suffixes: Registrable | None) -> None:
    """ML13, ML14: mailauth, mox and Stalwart, by both profiles."""
    cases = cases_of(corpora, "verify", "both", profile)
    assert len(cases) > 20
    wrong = []
    for case in cases:
        result = evaluated(case, dns_of, suffixes)
        expected = case["expected"]
        words = [expected["result"], *expected.get("result_also", [])] if "result" in expected else list(Verdict)
        if (
            result.verdict not in words
            or result.policy != expected.get("policy", result.policy)
            or result.dkim_aligned != expected.get("dkim_aligned", result.dkim_aligned)
            or result.spf_aligned != expected.get("spf_aligned", result.spf_aligned)
        ):
            wrong.append((case["id"], expected, result))
    assert wrong == []


def test_record(corpora: Path) -> None:
    """ML14: mox and OpenDMARC; what is no usable record is none."""
    cases = cases_of(corpora, "record", "both", "rfc7489", "rfc7489-strict", "opendmarc")
    assert cases
    wrong = []
    for case in cases:
        record = parse(case["record"].encode())
        usable = None if record is None else record.usable()
        expected = case["expected"]
        if (usable is not None) != expected["valid"]:
            wrong.append((case["id"], usable))
        elif usable is not None:
            found = {"valid": True, "p": usable.policy, "rua": list(usable.report_uris)}
            if any(found[key] != value for key, value in expected.items()):
                wrong.append((case["id"], usable))
    assert wrong == []


def test_from(corpora: Path) -> None:
    """ML12: OpenDMARC's From fields; the first author's domain."""
    cases = cases_of(corpora, "from", "opendmarc")
    assert cases
    assert [case["id"] for case in cases if domains_of(case["header"])[0] != case["expected"]["domain"]] == []


def test_align(corpora: Path, dns_of: DnsOf) -> None:
    """OpenDMARC's pairs of domains, with organisations from the public suffix list as there."""
    cases = cases_of(corpora, "align", "both")
    assert cases
    wrong = []
    for case in cases:
        record = f"v=DMARC1; p=reject; adkim={case['mode'][0]}"
        zone = {f"_dmarc.{case['a']}": [["TXT", [record]]]}
        dkim = [DkimResult(Verdict.PASS, case["b"])]
        result = complete(evaluate(Author(case["a"]), None, dkim, registrable=registrable), dns_of(zone))
        if result.dkim_aligned != case["expected"]["aligned"]:
            wrong.append((case["id"], result))
    assert wrong == []
