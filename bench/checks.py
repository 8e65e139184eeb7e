"""What the checks of a message cost, beside pyspf and dkimpy alone, with the DNS in a table; what they cost as the server runs them, with the
answers in the resolver's cache; and how the cost of crafted input grows.

Run: ``python -m bench.checks``. Ends within a minute. Times are CPU time of this process, the smallest of several rounds.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from time import process_time
from typing import Any

import authres  # type: ignore[import-untyped]
import dkim as dkimpy
import spf as pyspf  # type: ignore[import-untyped]
import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.signing import SigningKey
from tests.servers.dns_server import DnsServer

from tidegate.adapters.dkim import verify_signature
from tidegate.adapters.dns import DnspythonResolver
from tidegate.app.checks.message_checks import MessageChecks
from tidegate.app.checks.sender import Origin
from tidegate.app.config.values import Check
from tidegate.domain.checks import arc, dkim, dmarc, spf
from tidegate.domain.checks.authentication_results import authentication_results, forged_results
from tidegate.domain.checks.lookups import complete
from tidegate.domain.checks.verdict import CheckResult, DkimResult, SpfIdentity, SpfResult, Verdict
from tidegate.domain.dns_zone import Zone
from tidegate.domain.headers import HeaderBlock, inspect
from tidegate.domain.ip_address import parse
from tidegate.domain.nameserver import Nameserver
from tidegate.ports.resolver import Resolver

ROUNDS = 5
AT_ONCE = 50
ROUND_S = 0.1  # CPU time of one round, about
SLOW_S = 2.0  # a peer that takes longer for one call is not called again
NOW = datetime(2100, 1, 1, tzinfo=UTC)  # the peers sign with the present time

RSA_KEY = rsa.generate_private_key(65537, 2048)
PEM = RSA_KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
PUBLIC = b64encode(RSA_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
ED25519_KEY = SigningKey.generate()

_NETBLOCKS = " ".join(f"ip4:198.51.{number}.0/24" for number in range(20))
ZONE: dict[str, list[list[Any]]] = {
    "one.example": [["TXT", ["v=spf1 ip4:192.0.2.0/24 -all"]]],
    "usual.example": [["TXT", ["v=spf1 include:_spf.usual.example include:_spf.other.example mx ~all"]], ["MX", [10, "mx.usual.example"]]],
    "_spf.usual.example": [["TXT", [f"v=spf1 {_NETBLOCKS} ~all"]]],
    "_spf.other.example": [["TXT", [f"v=spf1 include:_a.other.example {_NETBLOCKS} ~all"]]],
    "_a.other.example": [["TXT", [f"v=spf1 {_NETBLOCKS} ~all"]]],
    "mx.usual.example": [["A", "192.0.2.1"]],
    "macro.example": [["TXT", ["v=spf1 exists:%{ir}.%{l1r-}._spf.%{d} -all"]]],
    "1.2.0.192.user._spf.macro.example": [["A", "127.0.0.2"]],
    "rsa._domainkey.one.example": [["TXT", ["v=DKIM1; k=rsa; p=" + PUBLIC]]],
    "ed._domainkey.one.example": [["TXT", ["v=DKIM1; k=ed25519; p=" + b64encode(bytes(ED25519_KEY.verify_key)).decode()]]],
    "_dmarc.one.example": [["TXT", ["v=DMARC1; p=reject; rua=mailto:dmarc@one.example"]]],
}
DNS = Zone.parse(ZONE)


def per_call(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    started = process_time()
    work()
    once = process_time() - started
    if once > SLOW_S:
        return once
    times = max(1, int(ROUND_S / max(once, 1e-6)))
    best = float("inf")
    for _ in range(ROUNDS):
        started = process_time()
        for _ in range(times):
            work()
        best = min(best, (process_time() - started) / times)
    return best


def _pyspf_lookup(name: str, qtype: str, strict: bool = True, timeout: float = 0) -> list[object]:
    found: list[object] = []
    for kind, data in ZONE.get(name.lower(), []):
        if kind != qtype:
            continue
        value: object = ip_address(data) if isinstance(data, str) else tuple(data)
        if kind == "TXT":
            value = tuple(str(text).encode() for text in data)
        found.append(((name, qtype), value))
    return found


def _dkimpy_txt(name: bytes, timeout: int = 5) -> bytes:
    [[_, strings]] = ZONE[name.decode().rstrip(".").lower()]
    return "".join(strings).encode()


def _block(message: bytes) -> HeaderBlock:
    found = inspect(message)
    assert isinstance(found, HeaderBlock)
    return found


def _spf(sender: str) -> SpfResult:
    return complete(spf.evaluate(parse("192.0.2.1"), "mx.example", sender, now=NOW), DNS.answer)


def _dkim(message: bytes) -> tuple[DkimResult, ...]:
    signatures = dkim.read_signatures(_block(message))
    digests = dkim.body_digests(message, signatures.header.body, signatures.body_hashes)
    return complete(dkim.evaluate(signatures, digests, now=NOW, verify=verify_signature), DNS.answer)


def _arc(message: bytes) -> Verdict:
    block = _block(message)
    chain = arc.read_chain(block)
    digests = dkim.body_digests(message, block.body, chain.body_hashes) if isinstance(chain, arc.Chain) else {}
    return complete(arc.evaluate(chain, digests, now=NOW, verify=verify_signature), DNS.answer).verdict


def _dkimpy(message: bytes) -> bool:
    try:
        return bool(dkimpy.verify(message, dnsfunc=_dkimpy_txt))
    except dkimpy.DKIMException:
        return False


_HEADER = (
    b"Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTPS id 4711;\r\n\tFri, 6 Nov 2026 09:05:03 +0000\r\n"
    * 4
    + b"From: Joe <joe@one.example>\r\nTo: Ann <ann@example.net>\r\nSubject: Lunch on Friday\r\nMessage-ID: <1@one.example>\r\n"
    b"Date: Fri, 6 Nov 2026 10:05:01 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
)
_TEXT = b"Hello Ann,  this is a line  of a letter as people write them.\r\n"
_HTML = b"\t\t<td  style='padding: 0'>\t<a href='x'>a line of   HTML</a> </td> \r\n"
_BASE64 = b64encode(bytes(range(57))) + b"\r\n"


def _signed(body: bytes, algorithm: bytes = b"rsa-sha256", selector: bytes = b"rsa") -> bytes:
    key = PEM if algorithm == b"rsa-sha256" else b64encode(bytes(ED25519_KEY))
    message = _HEADER + body
    names = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version"]
    field = dkimpy.sign(
        message, selector, b"one.example", key, canonicalize=(b"relaxed", b"relaxed"), signature_algorithm=algorithm, include_headers=names
    )
    return bytes(field) + message


def _sealed(message: bytes) -> bytes:
    results = b"Authentication-Results: b.example; arc=none; dkim=pass header.d=one.example\r\n"
    fields = dkimpy.arc_sign(results + message, b"rsa", b"one.example", PEM, b"b.example", include_headers=[b"from", b"to", b"subject"])
    return b"".join(fields) + message


def _print(name: str, ours: float, peer: float | None, peer_name: str = "") -> None:
    beside = "" if peer is None else f" {peer * 1e3:11,.3f} ms {ours / peer:7.2f}  {peer_name}"
    print(f"{name:44} {ours * 1e3:9,.3f} ms{beside}")


def spf_costs() -> None:
    """SPF of usual and of rare kinds."""
    pyspf.DNSLookup = _pyspf_lookup
    for name, sender in (
        ("one network", "user@one.example"),
        ("3 includes, 60 networks, mx", "u@usual.example"),
        ("macros", "user-x@macro.example"),
    ):
        assert _spf(sender).verdict == "pass", name
        ours = per_call(lambda sender=sender: _spf(sender))  # type: ignore[misc]
        peer = per_call(lambda sender=sender: pyspf.query(i="192.0.2.1", s=sender, h="mx.example").check())  # type: ignore[misc]
        _print(f"SPF, {name}", ours, peer, "pyspf")


def dkim_costs() -> None:
    """DKIM by kind of key and size of body; ARC."""
    small = _signed(_TEXT * 60)
    cases = {
        "DKIM, RSA 2048, 4 KB": small,
        "DKIM, Ed25519, 4 KB": _signed(_TEXT * 60, b"ed25519-sha256", b"ed"),
        "DKIM, two signatures, 4 KB": _signed(_TEXT * 60) + b"",
        "DKIM, RSA 2048, 100 KB of HTML": _signed(_HTML * 1_430),
        "DKIM, RSA 2048, 25 MB of base64": _signed(_BASE64 * 320_000),
        "DKIM, RSA 2048, 25 MB of HTML": _signed(_HTML * 357_000),
    }
    cases["DKIM, two signatures, 4 KB"] = _signed(_TEXT * 60).partition(b"Received:")[0] + small
    for name, message in cases.items():
        assert {result.verdict for result in _dkim(message)} == {Verdict.PASS}, name
        ours = per_call(lambda message=message: _dkim(message))  # type: ignore[misc]
        _print(name, ours, per_call(lambda message=message: _dkimpy(message)), "dkimpy")  # type: ignore[misc]
    sealed = _sealed(small)
    assert _arc(sealed) == "pass"
    _print("ARC, one set, 4 KB", per_call(lambda: _arc(sealed)), per_call(lambda: dkimpy.arc_verify(sealed, dnsfunc=_dkimpy_txt)), "dkimpy")


def other_costs() -> None:
    """DMARC, Authentication-Results and a message without anything to verify."""
    message = _signed(_TEXT * 60)
    block = _block(message)
    sender = SpfResult(Verdict.PASS, SpfIdentity.MAIL_FROM, "joe@one.example", "one.example")
    signatures = _dkim(message)
    results: list[CheckResult] = [sender, *signatures, complete(dmarc.evaluate(dmarc.author_of(block), sender, signatures), DNS.answer)]
    field = authentication_results("mx.example.net", results)
    unfolded = field.decode().replace("\r\n", " ").strip()
    forged = _block(field * 10 + message)
    _print("DMARC, From to verdict", per_call(lambda: complete(dmarc.evaluate(dmarc.author_of(block), sender, signatures), DNS.answer)), None)
    _print("Authentication-Results, written", per_call(lambda: authentication_results("mx.example.net", results)), None)
    ours = per_call(lambda: list(forged_results(forged, {"mx.example.net"})))
    peer = per_call(lambda: [authres.AuthenticationResultsHeader.parse(unfolded) for _ in range(10)])
    _print("Authentication-Results, 10 forged found", ours, peer, "authres, parsing them")
    plain = _HEADER + _TEXT * 60
    _print("DKIM, a message without signature", per_call(lambda: _dkim(plain)), per_call(lambda: _dkimpy(plain)), "dkimpy")


RUNS: dict[str, frozenset[Check]] = {
    "spf, iprev": frozenset({Check.SPF}),
    "dkim": frozenset({Check.DKIM}),
    "spf, dkim, dmarc, iprev": frozenset({Check.SPF, Check.DKIM, Check.DMARC}),
    "all, without a scanner": frozenset(Check) - {Check.SPAM},
}


def server_costs() -> None:
    """Whole messages through what the server runs: tasks, shares of the budget, and a resolver that has every answer."""
    small, large = _sealed(_signed(_TEXT * 60)), _signed(_TEXT * 16_000)
    zone = ZONE | {"1.2.0.192.in-addr.arpa": [["PTR", "mail.one.example"]], "mail.one.example": [["A", "192.0.2.1"]]}
    print(f"\n{'one message as the server checks it':44} {'CPU':>12} {'per second':>12}")
    with DnsServer.of(zone) as dns, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        resolver = DnspythonResolver([Nameserver(dns.address, dns.port)])
        for name, enabled in RUNS.items():
            for size, message in (("4 KB", small), ("1 MB", large)):
                seconds = runner.run(_server_cost(resolver, enabled, _block(message)))
                print(f"{name + ', ' + size:44} {seconds * 1e3:9,.3f} ms {1 / seconds:12,.0f}")
        runner.run(resolver.close())


async def _server_cost(resolver: Resolver, enabled: frozenset[Check], block: HeaderBlock) -> float:
    checks = MessageChecks(enabled, resolver, lambda: NOW, verify_signature, iprev=Check.SPF in enabled)
    origin = Origin(parse("192.0.2.1"), "mail.one.example", "joe@one.example")
    # As many at a time as a busy worker has; the first round also fills the cache.
    best = float("inf")
    for _ in range(ROUNDS + 1):
        started = process_time()
        found = await asyncio.gather(*(checks.check_message(block, origin, "mx.example.net") for _ in range(AT_ONCE)))
        best = min(best, (process_time() - started) / AT_ONCE)
        assert all(str(next(iter(result.entry().values()))) in ("pass", "none") for results in found for result in results), found[0]
    return best


def _crafted(signature: bytes = b"AAAA", names: bytes = b"from") -> bytes:
    tags = b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=one.example; s=rsa; bh=%s; h=%s; b=%s" % (b64encode(bytes(32)), names, signature)
    return b"DKIM-Signature: " + tags + b"\r\n" + _HEADER


CRAFTED: dict[str, Callable[[int], bytes]] = {
    "body: lines of blanks": lambda size: _crafted() + (b" " * 990 + b"x\r\n") * (size // 993),
    "body: one line of blanks": lambda size: _crafted() + b" " * size + b"x\r\n",
    "field: blanks in b=": lambda size: _crafted(b"A" + b" " * size + b"!"),
    "field: blanks in h=": lambda size: _crafted(names=b"from" + b" " * size + b"x"),
}


def crafted_costs() -> None:
    """Input that takes dkimpy quadratic time: how the cost grows when it doubles (2 is linear), and what dkimpy takes for the smaller one."""
    print(f"\n{'crafted input':28} {'octets':>9} {'ours':>12} {'doubled':>12} {'growth':>7} {'dkimpy':>12} {'ratio':>8}")
    for name, make in CRAFTED.items():
        size = 15_000 if name.startswith("field") else 30_000 if "one line" in name else 500_000
        one, two = make(size), make(2 * size)
        ours, doubled = per_call(lambda one=one: _dkim(one)), per_call(lambda two=two: _dkim(two))  # type: ignore[misc]
        peer = per_call(lambda one=one: _dkimpy(one))  # type: ignore[misc]
        growth = doubled / ours
        print(f"{name:28} {size:9,} {ours * 1e3:9.3f} ms {doubled * 1e3:9.3f} ms {growth:7.2f} {peer * 1e3:9,.1f} ms {ours / peer:8.4f}")


def main() -> None:
    """Measure and print."""
    print(f"{'one message':44} {'Tidegate':>12} {'peer':>14} {'ratio':>7}")
    spf_costs()
    dkim_costs()
    other_costs()
    server_costs()
    crafted_costs()


if __name__ == "__main__":
    main()
