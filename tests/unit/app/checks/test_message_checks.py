"""All checks of a message together."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from tidegate.adapters.dkim import verify_signature
from tidegate.adapters.memory.spam_scanner import StaticSpamScanner
from tidegate.adapters.memory.static_resolver import StaticResolver
from tidegate.adapters.public_suffix import registrable_domains
from tidegate.app.checks.message_checks import MessageChecks
from tidegate.app.checks.sender import Origin
from tidegate.app.config.values import Check
from tidegate.domain.checks.dkim import LARGE_BODY_BYTES
from tidegate.domain.checks.verdict import CheckResult, DkimResult, DmarcResult, IprevResult, Policy, SpfResult
from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.headers import Field, HeaderBlock, inspect
from tidegate.domain.ip_address import parse
from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.schema import document_schema
from tidegate.ports.spam_scanner import Handover, SpamScanner, SpamVerdict

CHECKS_SCHEMA: dict[str, Any] = json.loads(stdlib_dumps(document_schema()))["properties"]["checks"]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ALL = frozenset(Check)
ORIGIN = Origin(parse("192.0.2.1"), "mx.example.com", "joe@example.com")
MESSAGE = b"From: joe@example.com\r\nSubject: hi\r\n\r\nHello\r\n"
ZONE = {
    "example.com": [["TXT", ["v=spf1 ip4:192.0.2.0/24 -all"]]],
    "_dmarc.example.com": [["TXT", ["v=DMARC1; p=reject"]]],
    "1.2.0.192.in-addr.arpa": [["PTR", "mx.example.com"]],
    "mx.example.com": [["A", "192.0.2.1"]],
}


def block(message: bytes = MESSAGE) -> HeaderBlock:
    """The message with its header found."""
    found = inspect(message)
    assert isinstance(found, HeaderBlock)
    return found


def checks(zone: Any = ZONE, enabled: frozenset[Check] = ALL, **more: Any) -> MessageChecks:
    """Checks over a zone."""
    return MessageChecks(enabled, StaticResolver.of(zone), lambda: NOW, verify_signature, **more)


async def entries(runner: MessageChecks, message: bytes = MESSAGE, origin: Origin | None = ORIGIN) -> list[dict[str, Any]]:
    """What goes into the document; it keeps to the schema of documents."""
    found = [dict(result.entry()) for result in await runner.check_message(block(message), origin, "mta.example")]
    jsonschema.validate(found, CHECKS_SCHEMA)
    return found


async def test_every_check() -> None:
    """All entries, in their order."""
    assert await entries(checks(iprev=True)) == [
        {"spf": "pass", "smtp.mailfrom": "joe@example.com"},
        {"dkim": "none", "reason": "no signature"},
        {"dmarc": "pass", "header.from": "example.com", "policy": "reject", "disposition": "none"},
        {"arc": "none", "reason": "no ARC set"},
        {"iprev": "pass", "policy.iprev": "192.0.2.1", "name": "mx.example.com"},
    ]


@pytest.mark.parametrize(
    ("enabled", "methods"),
    [
        (set(), []),
        ({Check.SPF}, ["spf"]),
        ({Check.DKIM}, ["dkim"]),
        ({Check.DMARC}, ["dmarc"]),
        ({Check.ARC, Check.SPF}, ["spf", "arc"]),
        ({Check.SPAM}, []),  # nothing to ask
    ],
)
async def test_only_what_is_wanted(enabled: set[Check], methods: list[str]) -> None:
    """DMARC runs SPF and DKIM for itself; only what was asked for is told."""
    found = await entries(checks(enabled=frozenset(enabled)))
    assert methods == [next(iter(entry)) for entry in found]
    if methods == ["dmarc"]:
        assert found[0]["dmarc"] == "pass"


async def test_without_origin() -> None:
    """A message alone has no SPF and no client."""
    assert [next(iter(entry)) for entry in await entries(checks(iprev=True), origin=None)] == ["dkim", "dmarc", "arc"]


@attrs.frozen
class DeadResolver:
    """Never answers."""

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """As the port."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_dead_dns_is_temperror() -> None:
    """ML15, ML18: nothing answers: every verdict is temperror when the time is over, and the message goes on."""
    runner = attrs.evolve(checks(iprev=True, timeout_s=0.05), resolver=DeadResolver())
    found = await entries(runner)
    words = {next(iter(entry)): next(iter(entry.values())) for entry in found}
    assert words == {"spf": "temperror", "dkim": "none", "dmarc": "temperror", "arc": "none", "iprev": "temperror"}


@attrs.frozen
class BrokenResolver:
    """Breaks the port's contract."""

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """Raise what it must not raise."""
        raise RuntimeError("a defect")


async def test_a_defect_costs_a_finding_only() -> None:
    """Whatever goes wrong here is temperror, never an exception."""
    runner = attrs.evolve(checks(iprev=True), resolver=BrokenResolver())
    for entry in await entries(runner):
        assert next(iter(entry.values())) in ("temperror", "none")


class BrokenHeader(HeaderBlock):
    """A header section that a reader trips over."""

    def fields(self) -> Iterator[Field]:
        """Raise what nothing raises."""
        raise RuntimeError("a defect")


async def test_a_defect_in_reading_costs_findings_only() -> None:
    """The message goes on also where its header section cannot be read: every finding that needs it is temperror."""
    runner = checks(iprev=True)
    found = await runner.check_message(BrokenHeader(MESSAGE, block().end, block().body), ORIGIN, "mta.example")
    entries = [dict(result.entry()) for result in found]
    jsonschema.validate(entries, CHECKS_SCHEMA)
    assert [next(iter(entry.items())) for entry in entries] == [
        ("spf", "temperror"),
        ("dkim", "temperror"),
        ("dmarc", "temperror"),
        ("arc", "temperror"),
        ("iprev", "pass"),
    ]


def spam_checks(scanner: SpamScanner, **more: Any) -> MessageChecks:
    """Nothing but the spam check."""
    return checks(enabled=frozenset((Check.SPAM,)), scanner=scanner, **more)


@pytest.mark.parametrize(
    ("scanner", "entry"),
    [
        (StaticSpamScanner({b"Hello": ("A", 5.5), b"hi": ("B", 2.0)}), {"spam": "spam", "score": 7.5, "threshold": 5.0, "symbols": ["A", "B"]}),
        (
            StaticSpamScanner({b"Hello": ("A", 0.5), b"hi": ("B", 2.0)}, report=True),
            {
                "spam": "ham",
                "score": 2.5,
                "threshold": 5.0,
                "symbols": ["A", "B"],
                "rules": [{"name": "B", "score": 2.0}, {"name": "A", "score": 0.5}],
            },
        ),
        (StaticSpamScanner({b"lottery": ("A", 5.5)}), {"spam": "ham", "score": 0, "threshold": 5.0, "symbols": []}),
        (StaticSpamScanner({}, away="10.0.0.1 refused"), {"spam": "temperror", "reason": "no answer from the spam scanner"}),
        (StaticSpamScanner({}, max_message_bytes=10), {"spam": "none", "reason": "larger than 10 bytes, not scanned"}),
    ],
)
async def test_spam(scanner: SpamScanner, entry: dict[str, Any]) -> None:
    """ML19, ML21: a scanner in trouble is temperror, without a word of where it is; a message too large for it is not scanned."""
    assert await entries(spam_checks(scanner)) == [entry]


async def test_scanners_are_told_where_mail_comes_from() -> None:
    """The scanner gets our trace fields on top of the message as received, and the session's facts beside it."""
    scanner = StaticSpamScanner({})
    origin = attrs.evolve(ORIGIN, recipients=("bob@example.org",))
    for sender in ("joe@example.com", "", "jö@example.com", "a\r\nX: y"):
        await spam_checks(scanner).check_message(block(), attrs.evolve(origin, sender=sender), "mta.example", received=b"Received: x\r\n")
    await spam_checks(scanner).check_message(block(), None, "mta.example")
    paths = [b"Return-Path: <joe@example.com>\r\n", b"Return-Path: <>\r\n", "Return-Path: <jö@example.com>\r\n".encode(), b""]
    assert [text for text, _ in scanner.scanned] == [path + b"Received: x\r\n" + MESSAGE for path in paths] + [MESSAGE]
    assert scanner.scanned[0][1] == Handover("192.0.2.1", "mx.example.com", "joe@example.com", ("bob@example.org",))
    assert scanner.scanned[-1][1] is None


@attrs.frozen
class SilentScanner:
    """Never answers."""

    max_message_bytes: int = 1000

    async def scan(self, message: bytes, handover: Handover | None = None) -> SpamVerdict:
        """As the port."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_budget_ends_what_does_not_end() -> None:
    """ML19: a scanner beyond its own time is given up, the other findings stand."""
    found = await entries(checks(scanner=SilentScanner(), budget_s=0.1))
    assert [entry for entry in found if "spam" in entry] == [{"spam": "temperror", "reason": "the check did not end in time"}]
    assert found[0]["spf"] == "pass"


async def test_a_body_that_cannot_be_hashed_in_time() -> None:
    """ML21: with every thread busy, signatures are undecided, to DMARC as well, and the message goes on."""
    free = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(free.wait)
        found = await entries(checks(executor=executor, budget_s=0.1, enabled=frozenset(Check) - {Check.SPF}), signed(LARGE_BODY_BYTES), None)
        free.set()
    late = "the check did not end in time"
    assert found[0] | {"header.b": ""} == {
        "dkim": "temperror",
        "domain": "example.com",
        "selector": "s",
        "header.i": "@example.com",
        "header.b": "",
        "reason": late,
    }
    assert found[1]["dmarc"] == "temperror"
    assert found[1]["reason"] == "no answer for DKIM of example.com"


@attrs.define
class AskedResolver:
    """Answers like another one, and tells when it was asked for a key."""

    resolver: StaticResolver
    asked: threading.Event = attrs.Factory(threading.Event)

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """As the port."""
        answer = await self.resolver.resolve(query)
        if "_domainkey" in query.name:
            self.asked.set()
        return answer


async def test_a_large_body_takes_no_time_from_the_look_ups() -> None:
    """ML21: keys are asked for while the body is hashed. What they say counts, and so does what DMARC asks then, although the time of look-ups
    is over.
    """
    timeout_s = 0.2
    resolver = AskedResolver(StaticResolver.of(ZONE))
    runner = attrs.evolve(checks(timeout_s=timeout_s, enabled=frozenset((Check.DKIM, Check.DMARC))), resolver=resolver)
    message = signed(LARGE_BODY_BYTES).replace(b"joe@", b"joe@sub.")

    def hash_late() -> None:
        resolver.asked.wait(10)
        time.sleep(2 * timeout_s)

    with ThreadPoolExecutor(1) as executor:
        executor.submit(hash_late)
        found = await entries(attrs.evolve(runner, executor=executor), message, None)
    assert [(entry.get("dkim"), entry.get("dmarc")) for entry in found] == [("permerror", None), (None, "fail")]
    assert found[0]["reason"] == "s._domainkey.example.com: no key record"


async def test_clients_of_many_names() -> None:
    """ML01: what the other checks leave of the queries is enough for ten names of the client."""
    hosts = [f"h{number}.example.com" for number in range(12)]
    zone = ZONE | {"1.2.0.192.in-addr.arpa": [["PTR", host] for host in hosts], hosts[9]: [["A", "192.0.2.1"]]}
    found = await entries(checks(zone, iprev=True))
    assert found[-1] == {"iprev": "pass", "policy.iprev": "192.0.2.1", "name": hosts[9]}


def signed(body_bytes: int, selector: str = "s", domain: str = "example.com") -> bytes:
    """A message with a signature that holds for nobody."""
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s={selector}; h=from; bh={'A' * 43}=; b=AAAA\r\n".encode()
        + b"From: joe@example.com\r\n\r\n"
        + b"x" * body_bytes
        + b"\r\n"
    )


async def test_no_check_starves_another() -> None:
    """ML01, ML06: ten keys, an SPF record that asks without end, a chain of fifty sets and a client of many names take their shares; the
    author's policy is found all the same, and all together ask fifty times at most.
    """
    hosts = [f"h{number}.evil.example" for number in range(10)]
    zone = {
        "evil.example": [["TXT", ["v=spf1 " + " ".join(f"mx:m{number}.evil.example" for number in range(10)) + " -all"]]],
        **{f"m{number}.evil.example": [["MX", [0, f"m{number}.{host}"]] for host in hosts] for number in range(10)},
        **{f"m{number}.{host}": [["A", "198.51.100.1"]] for number in range(10) for host in hosts},
        "1.2.0.192.in-addr.arpa": [["PTR", host] for host in hosts],
        "_dmarc.example.com": [["TXT", ["v=DMARC1; p=reject"]]],
    }
    signature = "".join(signed(0, f"s{number}", "evil.example").decode().split("\r\n")[0] + "\r\n" for number in range(20))
    sets = "".join(
        f"ARC-Seal: i={number}; a=rsa-sha256; d=evil.example; s=a{number}; cv={'pass' if number > 1 else 'none'}; b=AAAA\r\n"
        f"ARC-Message-Signature: i={number}; a=rsa-sha256; d=evil.example; s=b{number}; h=from; bh={'A' * 43}=; b=AAAA\r\n"
        f"ARC-Authentication-Results: i={number}; evil.example; none\r\n"
        for number in range(1, 51)
    )
    message = (signature + sets).encode() + b"From: joe@a.b.c.d.e.f.g.h.i.example.com\r\n\r\n\r\n"
    runner = checks(zone, iprev=True)
    found = await entries(runner, message, Origin(parse("192.0.2.1"), "evil.example", "x@evil.example"))
    words = {next(iter(entry)): entry for entry in found}
    assert words["spf"]["spf"] == words["iprev"]["iprev"] == "temperror"
    assert words["arc"]["arc"] == "fail"  # by the first of its keys
    assert words["dmarc"]["dmarc"] == "fail"
    assert words["dmarc"]["disposition"] == "reject"
    assert isinstance(runner.resolver, StaticResolver)
    assert len(runner.resolver.asked) == len(set(runner.resolver.asked)) <= 50


async def test_large_body_is_hashed_in_a_thread() -> None:
    """A body over 256 kB does not hold up the event loop; a small one is not worth a thread."""
    message = signed(76)
    hashed_in: list[str] = []

    with ThreadPoolExecutor(1, initializer=lambda: hashed_in.append(threading.current_thread().name)) as executor:
        runner = checks(enabled=frozenset((Check.DKIM,)), executor=executor)
        await entries(runner, message)
        assert hashed_in == []
        found = await entries(runner, message + b"x" * LARGE_BODY_BYTES)
        assert len(hashed_in) == 1
    assert found[0]["dkim"] == "permerror"


# By RFC 9989 a record at my.mom.za.org alone makes that name an organisation of its own, apart from mom.za.org; by the public suffix list, which
# these cases were made with, both belong to one.
ONLY_BY_SUFFIX_LIST = "rspamd/115-dmarc-subdomain-pass-dkim-relaxed-alignment-0"


@pytest.mark.parametrize("profile", ["rfc9989", "rfc7489"])
async def test_corpus(corpora: Path, profile: str) -> None:
    """authentication_milter and rspamd: SPF, DKIM, DMARC and iprev of whole messages, every uncontested field, by both profiles of DMARC."""
    folder = corpora / "e2e-auth"
    zones = {name: StaticResolver.of(zone) for name, zone in json.loads((folder / "zones.json").read_text("utf-8")).items()}
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    runner = checks(iprev=True, registrable=registrable_domains() if profile == "rfc7489" else None)
    wrong = []
    for case in cases:
        message = (folder / case["file"]).read_bytes()
        message = message if b"\r\n" in message else message.replace(b"\n", b"\r\n")
        origin = Origin(parse(case["ip"]), case["helo"], case["mailfrom"])
        results = await attrs.evolve(runner, resolver=zones[case["zone_ref"]]).check_message(block(message), origin, "mta.example")
        found = fields_of(results)
        for field, expected in case["expected"].items():
            if field not in case.get("contested_fields", ()) and not agrees(found[field], expected):
                wrong.append((case["id"], field, expected, found[field]))
    assert len(cases) > 30
    if profile == "rfc9989":
        assert (ONLY_BY_SUFFIX_LIST, "dmarc", "pass", "fail") in wrong
        wrong = [item for item in wrong if item[0] != ONLY_BY_SUFFIX_LIST]
    assert wrong == []


def fields_of(results: tuple[CheckResult, ...]) -> dict[str, Any]:
    """The findings as the cases spell them."""
    found: dict[str, Any] = {"dkim": [], "dmarc_policy": None}
    for result in results:
        match result:
            case SpfResult():
                found["spf"] = result.verdict.value
            case DkimResult():
                found["dkim"].append({"result": result.verdict.value, "d": result.domain, "i": result.identity, "s": result.selector})
            case DmarcResult():
                found |= {"dmarc": result.verdict.value, "dmarc_policy": (result.policy or Policy.NONE).value}
            case IprevResult():
                found["iprev"] = result.verdict.value
            case _:
                pass
    return found


def agrees(found: Any, expected: Any) -> bool:
    """Equal, or for signatures equal in all that is expected."""
    if not isinstance(expected, list):
        return bool(found == expected)
    return len(found) == len(expected) and all(item.items() <= got.items() for got, item in zip(found, expected, strict=True))
