"""Whole messages through real sessions: SPF, DKIM, DMARC and iprev of authentication_milter and rspamd, and what we write of them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.checks.checking_gateway import AUTHSERV_ID, Checking, checking

authres = pytest.importorskip("authres", reason="authres is not installed")

pytestmark = pytest.mark.integration

MAX_QUERIES = 50

# By RFC 9989 a record at my.mom.za.org alone makes that name an organisation of its own, apart from mom.za.org; by the public suffix list, which
# this case was made with, both belong to one.
ONLY_BY_SUFFIX_LIST = "rspamd/115-dmarc-subdomain-pass-dkim-relaxed-alignment-0"

RUNS = [(zone, profile) for zone in ("authmilter", "rspamd") for profile in ("rfc9989", "rfc7489")]


@pytest.fixture(scope="module", params=RUNS, ids="-".join)
def run(request: pytest.FixtureRequest, corpora: Path) -> Iterator[tuple[Checking, list[dict[str, Any]], str]]:
    """A server with the zone of a group of cases, the cases, and the rules of DMARC."""
    zone_name, profile = request.param
    folder = corpora / "e2e-auth"
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    zone = json.loads((folder / "zones.json").read_text("utf-8"))[zone_name]
    with checking(zone, dmarc_profile=profile) as server:
        yield server, [case for case in cases if case["zone_ref"] == zone_name], profile


def test_every_uncontested_field(run: tuple[Checking, list[dict[str, Any]], str], corpora: Path) -> None:
    """ML22: every field that the sources agree on is exact, in the document and in the field that we write, which authres reads back."""
    server, cases, profile = run
    wrong = []
    for case in cases:
        message = (corpora / "e2e-auth" / case["file"]).read_bytes()
        message = message if b"\r\n" in message else message.replace(b"\n", b"\r\n")
        server.dns.asked.clear()
        answer, documents = server.send(case["ip"], case["helo"], case["mailfrom"], message, [case["rcpt"] or "bob@example.com"])
        assert answer.accepted, (case["id"], answer)
        assert len({(asked.name, asked.type) for asked in server.dns.asked}) <= MAX_QUERIES
        (document,) = documents
        found = fields_of(document["checks"])
        wrong += [
            (case["id"], field, expected, found.get(field))
            for field, expected in case["expected"].items()
            if field not in case.get("contested_fields", ()) and not agrees(found.get(field), expected)
        ]
        assert written(document["mime"]) == told(document["checks"]), case["id"]
    if profile == "rfc9989" and any(case["id"] == ONLY_BY_SUFFIX_LIST for case in cases):
        assert (ONLY_BY_SUFFIX_LIST, "dmarc", "pass", "fail") in wrong
        wrong = [item for item in wrong if item[0] != ONLY_BY_SUFFIX_LIST]
    assert wrong == []
    assert len(cases) > 10


def fields_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The entries as the cases spell them."""
    found: dict[str, Any] = {"dkim": []}
    for entry in entries:
        method, word = next(iter(entry.items()))
        if method == "dkim":
            found["dkim"].append({"result": word, "d": entry.get("domain"), "i": entry.get("header.i"), "s": entry.get("selector")})
        else:
            found[method] = word
        if method == "dmarc":
            found["dmarc_policy"] = entry.get("policy", "none")
    return found


def agrees(found: Any, expected: Any) -> bool:
    """Equal, or for signatures equal in all that is expected."""
    if not isinstance(expected, list):
        return bool(found == expected)
    return len(found) == len(expected) and all(item.items() <= got.items() for got, item in zip(found, expected, strict=True))


def written(mime: str) -> Counter[tuple[str, ...]]:
    """What authres reads in our field, which is the first one: method, word, and the domain or address that it is about."""
    assert mime.startswith(f"Authentication-Results: {AUTHSERV_ID};\r\n")
    end = mime.index("\r\nReceived:")
    header = authres.AuthenticationResultsHeader.parse(mime[:end].replace("\r\n", ""))
    assert header.authserv_id == AUTHSERV_ID
    found = []
    for result in header.results:
        properties = {f"{item.type}.{item.name}": item.value for item in result.properties}
        about = [properties.get(name, "") for name in ("smtp.mailfrom", "smtp.helo", "header.d", "header.s", "header.from", "policy.iprev")]
        found.append((result.method, result.result, *about))
    return Counter(found)


def told(entries: list[dict[str, Any]]) -> Counter[tuple[str, ...]]:
    """The same of the document."""
    found = []
    for entry in entries:
        about = [entry.get(name, "") for name in ("smtp.mailfrom", "smtp.helo", "domain", "selector", "header.from", "policy.iprev")]
        found.append((*next(iter(entry.items())), *about))
    return Counter(found)
