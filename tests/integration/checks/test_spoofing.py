"""Mail that pretends to come from somebody else's domain, as published attacks on receivers build it: none of it may pass DMARC.

The attacker owns ``attack.example`` with everything that is needed there: an SPF record for its client, a DKIM key, a DMARC record. The victim,
``legit.example``, publishes a policy of reject and has sent nothing. Cases a1 to a19 and c1 to c3 bear the numbers of the paper "Composition
Kills" (USENIX Security 2020).
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

import attrs
import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.integration.checks.checking_gateway import AUTHSERV_ID, Checking, checking

from tidegate.domain.checks.dkim.canonical import relaxed_field
from tidegate.domain.headers import HeaderBlock, inspect

authres = pytest.importorskip("authres", reason="authres is not installed")

pytestmark = pytest.mark.integration

ATTACKER_IP = "203.0.113.66"
BODY = b"Subject: pay now\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@attack.example>\r\nTo: bob@example.com\r\n\r\nHello\r\n"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
PUBLIC_KEY = b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
KEY_RECORD: list[object] = ["TXT", ["v=DKIM1; k=rsa; p=", PUBLIC_KEY[:200], PUBLIC_KEY[200:]]]

ZONE: dict[str, list[list[object]]] = {
    "attack.example": [["TXT", ["v=spf1 ip4:203.0.113.66 -all"]], ["A", ATTACKER_IP]],
    "any.attack.example": [["TXT", ["v=spf1 ip4:203.0.113.66 -all"]]],
    "a.attack.example": [["TXT", ["v=spf1 ip4:203.0.113.66 -all"]]],
    "_dmarc.attack.example": [["TXT", ["v=DMARC1; p=none"]]],
    "s._domainkey.attack.example": [KEY_RECORD],
    "legit.example": [["TXT", ["v=spf1 ip4:192.0.2.1 -all"]], ["A", "192.0.2.1"]],
    "_dmarc.legit.example": [["TXT", ["v=DMARC1; p=reject; sp=reject"]]],
    "xn--bcher-kva.example": [["TXT", ["v=spf1 ip4:203.0.113.66 -all"]]],
    "_dmarc.xn--bcher-kva.example": [["TXT", ["v=DMARC1; p=reject"]]],
    "66.113.0.203.in-addr.arpa": [["PTR", "attack.example"]],
}
# The names that a careless resolver or verifier would make of the attacker's selectors and domains.
for _name in ("s._domainkey.attack.example", "s._domainkey.legit.example'a.attack.example", "s._domainkey.legit.example(a.attack.example"):
    ZONE[_name] = [KEY_RECORD]


@attrs.frozen
class Case:
    """One attack.

    Attributes:
        id: its number, and what it does.
        fields: what stands in for the From field; the rest of the message is the same.
        sender: reverse path.
        helo: argument of EHLO.
        signed: domain and selector of a signature over all From fields; None for none.
    """

    id: str
    fields: bytes
    sender: bytes = b"any@attack.example"
    helo: bytes = b"attack.example"
    signed: tuple[bytes, bytes] | None = (b"attack.example", b"s")


REFUSED = ("a2", "a3", "a5", "a6", "a7")
"""Those whose reverse path is no address, and those with a NUL in the message."""

LEGIT = b"From: <admin@legit.example>\r\n"
CASES = [
    Case("a1-nonexistent-subdomain", b"From: <admin@legit.example>\r\n", b"any@mailfrom.notexist.legit.example", signed=None),
    Case("a1-author-in-nonexistent-subdomain", b"From: <admin@notexist.legit.example>\r\n"),
    Case("a2-empty-sender", LEGIT, b"", b"legit.example", None),
    Case("a2-comment-as-sender", LEGIT, b"(any@legit.example", signed=None),
    Case("a3-nul-in-selector", LEGIT, signed=(b"legit.example", b"s._domainkey.attack.example.\x00.any")),
    Case("a3-escaped-nul-in-selector", LEGIT, signed=(b"legit.example", b"s._domainkey.attack.example.\\000.any")),
    Case("a4-quote-in-signing-domain", LEGIT, signed=(b"legit.example'a.attack.example", b"s")),
    Case("a4-comment-in-signing-domain", LEGIT, signed=(b"legit.example(a.attack.example", b"s")),
    Case("a5-comment-in-sender", LEGIT, b"any@legit.example(a.attack.example", signed=None),
    Case("a6-quote-in-sender", LEGIT, b"any@legit.example'@any.attack.example", signed=None),
    Case("a7-route-in-sender", LEGIT, b"@legit.example,@any.com:any@attack.example", signed=None),
    Case("a7-route-with-quote", LEGIT, b"@legit.example,@any.com:'any@attack.example", signed=None),
    Case("a8-two-from-fields", b"From: <any@attack.example>\r\n" + LEGIT),
    Case("a8-two-from-fields-the-other-way", LEGIT + b"From: <any@attack.example>\r\n"),
    Case("a9-blank-before-from", b" From: <any@attack.example>\r\n" + LEGIT),
    Case("a10-blank-behind-from", b"From : <any@attack.example>\r\n" + LEGIT),
    Case("a10-blank-behind-the-other-from", b"From: <any@attack.example>\r\nFrom : <admin@legit.example>\r\n"),
    Case("a11-folded-from", b"From\r\n : <any@attack.example>\r\n" + LEGIT),
    Case("a12-sender-field", b"From\r\n : <admin@legit.example>\r\nSender: <any@attack.example>\r\n"),
    Case("a13-resent-from", b"Resent-From: <any@attack.example>\r\n" + LEGIT),
    Case("a14-two-authors", b"From: <any@attack.example>, <admin@legit.example>\r\n"),
    Case("a15-encoded-author", b"From: =?utf-8?B?" + b64encode(b"<admin@legit.example>") + b"?= <any@attack.example>,<x@legit.example>\r\n"),
    Case("a15-all-encoded", b"From: =?utf-8?B?" + b64encode(b"<admin@legit.example>,<any@attack.example>") + b"?=\r\n"),
    Case("a16-route-in-from", b"From: <@attack.example,@any.com:admin@legit.example>\r\n"),
    Case("a17-quoted-comma", b"From: <admin@legit.example>\\,<any@attack.example>\r\n"),
    Case("a18-bare-address-first", b"From: admin@legit.example,<any@attack.example>\r\n"),
    Case("a19-address-behind-angle", b"From: <any@attack.example>admin@legit.example\r\n"),
    Case("c1-own-account-other-author", LEGIT, b"user@attack.example"),
    Case("c2-own-account-two-from-fields", LEGIT + b"From: <user@attack.example>\r\n", b"user@attack.example"),
    Case("c3-own-account-replayed-signature", LEGIT, b"user@attack.example", signed=(b"attack.example", b"s")),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Checking]:
    """A server in whose DNS all these domains are."""
    with checking(ZONE, smtp_validate_address="loose") as running:
        yield running


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Checking]:
    """The same with the standard's addresses only."""
    with checking(ZONE) as running:
        yield running


def signed(case: Case) -> bytes:
    """The message, signed by the attacker where it can: with all its From fields, for which signing libraries are too careful."""
    message = case.fields + BODY
    if case.signed is None:
        return message
    block = inspect(message)
    assert isinstance(block, HeaderBlock)
    names = [b"from"] * max(1, len(list(block.named(b"from")))) + [b"subject", b"date"]
    fields = [field for name in dict.fromkeys(names) for field in reversed(list(block.named(name)))]
    canonical = b"".join(relaxed_field(field.name, field.message[field.colon + 1 : field.end]) for field in fields)
    body_hash = b64encode(sha256(message[block.body :]).digest())
    domain, selector = case.signed
    value = b" v=1; a=rsa-sha256; c=relaxed/relaxed; d=%b; s=%b; h=%b; bh=%b; b=" % (domain, selector, b":".join(names), body_hash)
    signature = KEY.sign(canonical + b"dkim-signature:" + value.strip(), PKCS1v15(), SHA256())
    return b"DKIM-Signature:" + value + b64encode(signature) + b"\r\n" + message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
@pytest.mark.parametrize("mode", ["strict", "loose"])
def test_nothing_passes(case: Case, mode: str, request: pytest.FixtureRequest) -> None:
    """AD07, AD08, HD02, ML10, ML12, ML13: refused, or told without a pass for the victim, in the document and in what others read of our field."""
    server: Checking = request.getfixturevalue("server" if mode == "loose" else "strict_server")
    answer, documents = server.send(ATTACKER_IP, case.helo, case.sender, signed(case))
    if not answer.accepted:
        assert case.id[:2] in REFUSED, answer
        assert answer.replies[-1].startswith("5"), answer
        return
    (document,) = documents
    for entry in document["checks"]:
        assert entry.get("dmarc") != "pass", entry
        assert not (entry.get("spf") == "pass" and "legit.example" in domain_of(entry.get("smtp.mailfrom", entry.get("smtp.helo", "")))), entry
        assert not (entry.get("dkim") == "pass" and "legit.example" in entry["domain"]), entry
    if case.signed == (b"attack.example", b"s") and not case.fields.startswith(b" "):  # which would go on with the signature
        assert any(entry.get("dkim") == "pass" for entry in document["checks"])
    end = document["mime"].index("\r\nReceived:")
    header = authres.AuthenticationResultsHeader.parse(document["mime"][:end].replace("\r\n", ""))
    assert header.authserv_id == AUTHSERV_ID
    for result in header.results:
        assert result.method != "dmarc" or result.result != "pass"
        if result.result == "pass":
            assert not any("legit" in (item.value or "") for item in result.properties), result


def domain_of(address: str) -> str:
    """What stands behind the last @."""
    return address.rpartition("@")[2]


def test_the_attacker_passes_as_itself(server: Checking) -> None:
    """The attacker's own mail passes everything: what does not pass above does so for what it claims."""
    case = Case("honest", b"From: <any@attack.example>\r\n")
    _, (document,) = server.send(ATTACKER_IP, case.helo, case.sender, signed(case))
    words = {method: entry[method] for entry in document["checks"] for method in ("spf", "dkim", "dmarc", "iprev") if method in entry}
    assert words == {"spf": "pass", "dkim": "pass", "dmarc": "pass", "iprev": "pass"}
    assert "dmarc=pass header.from=attack.example" in document["mime"]


@pytest.mark.parametrize(
    ("helo", "sender", "spf"),
    [
        ("attack.example", "", {"spf": "pass", "smtp.helo": "attack.example"}),
        ("legit.example", "", {"spf": "fail", "smtp.helo": "legit.example"}),
        ("[203.0.113.66]", "", {"spf": "none", "smtp.helo": "[203.0.113.66]"}),
        ("localhost", "", {"spf": "none", "smtp.helo": "localhost"}),
        ("attack.example", "a@legit.example", {"spf": "fail", "smtp.mailfrom": "a@legit.example"}),
        ("legit.example", "a@attack.example", {"spf": "pass", "smtp.mailfrom": "a@attack.example"}),
    ],
)
def test_identities(server: Checking, helo: str, sender: str, spf: dict[str, str]) -> None:
    """ML04: MAIL FROM is checked where there is one, whatever EHLO said; else EHLO, whatever it said."""
    _, (document,) = server.send(ATTACKER_IP, helo, sender, LEGIT + BODY)
    assert {name: value for name, value in document["checks"][0].items() if name != "reason"} == spf


def test_client_addresses(server: Checking) -> None:
    """ML05: what is checked is the address of the PROXY header, IPv6 too, IPv4-mapped ones as the IPv4 address that they are."""
    message = b"From: <any@attack.example>\r\n" + BODY
    found = []
    for ip in (ATTACKER_IP, "::ffff:203.0.113.66", "2001:db8::66", "203.0.113.67"):
        _, (document,) = server.send(ip, "attack.example", "any@attack.example", message)
        found.append((document["connection"]["remote-ip"], document["checks"][0]["spf"], document["checks"][-1]["policy.iprev"]))
    assert found == [
        (ATTACKER_IP, "pass", ATTACKER_IP),
        (ATTACKER_IP, "pass", ATTACKER_IP),
        ("2001:db8::66", "fail", "2001:db8::66"),
        ("203.0.113.67", "fail", "203.0.113.67"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_fields_behind_bare_line_ends(server: Checking, end: bytes) -> None:
    """ML12, HD13: a From field and results in our name that only readers see who take a CR or LF of its own for a line end; binary mail may have
    them. Refused, or told without a pass and without the forged field.
    """
    hidden = [b"X: y", b"From: <admin@legit.example>", b"Authentication-Results: %b; dmarc=pass" % AUTHSERV_ID.encode()]
    message = end.join(hidden) + b"\r\nFrom: <any@attack.example>\r\n" + BODY
    answer, documents = server.send(ATTACKER_IP, "attack.example", "any@attack.example", message, binary=True)
    assert answer.accepted or answer.replies[-1].startswith("5")
    for document in documents:
        assert [entry["dmarc"] for entry in document["checks"] if "dmarc" in entry] == ["permerror"]
        assert document["mime"].lower().count("authentication-results") == 1
        assert "dmarc=pass" not in document["mime"]


def test_international_addresses(server: Checking) -> None:
    """ML04, ML22: addresses outside ASCII are checked by the A-labels of their domains; the field that we write has these, the document what was said."""
    message = "From: Jörg <jörg@bücher.example>\r\n".encode() + BODY
    answer, (document,) = server.send(ATTACKER_IP, "attack.example", "jörg@bücher.example", message, parameters=b" SMTPUTF8")
    assert answer.accepted
    assert document["checks"][0] == {"spf": "pass", "smtp.mailfrom": "jörg@bücher.example"}
    assert document["checks"][2] == {"dmarc": "pass", "header.from": "xn--bcher-kva.example", "policy": "reject", "disposition": "none"}
    field = document["mime"].partition("\r\nReceived:")[0]
    assert field.isascii()
    assert "spf=pass smtp.mailfrom=xn--bcher-kva.example;" in field
    assert "dmarc=pass header.from=xn--bcher-kva.example" in field


def test_signatures_are_of_the_bytes_that_came(server: Checking) -> None:
    """SM18, HD13: fields that are taken out of the message, and dots that were doubled on the way, are part of what was signed."""
    forged = b"Authentication-Results: %b; dmarc=pass\r\n" % AUTHSERV_ID.encode()
    message = b"From: <any@attack.example>\r\nX-MQ-Tag: one\r\n" + forged + BODY + b".\r\n..two\r\n \t \r\n.three  \r\n\r\n"
    names = [b"from", b"x-mq-tag", b"authentication-results", b"subject"]
    for forms in ((b"simple", b"simple"), (b"relaxed", b"relaxed")):
        field = dkimpy.sign(message, b"s", b"attack.example", PEM, canonicalize=forms, include_headers=names)
        _, (document,) = server.send(ATTACKER_IP, "attack.example", "any@attack.example", field + message)
        assert [entry["dkim"] for entry in document["checks"] if "dkim" in entry] == ["pass"]
        assert document["tags"] == ["one"]
        assert "X-MQ-Tag:" not in document["mime"]
        assert forged.decode() not in document["mime"]
        assert document["mime"].endswith("Hello\r\n.\r\n..two\r\n \t \r\n.three  \r\n\r\n")


def test_forged_results_are_not_passed_on(server: Checking) -> None:
    """HD13: the only field in our name is ours, the topmost."""
    forged = b"".join(
        field.replace(b"US", AUTHSERV_ID.encode())
        for field in (
            b"Authentication-Results: US; dmarc=pass header.from=legit.example\r\n",
            b"AUTHENTICATION-RESULTS:\r\n\tMx.Example.Com.\r\n 1; dmarc=pass header.from=legit.example\r\n",
            b'Authentication-Results : "US"; dmarc=pass header.from=legit.example\r\n',
            b"Authentication-Results: (hi) US (ho); dmarc=pass header.from=legit.example\r\n",
            b"Authentication-Results: =?us-ascii?q?US?=; dmarc=pass header.from=legit.example\r\n",
        )
        * 20
    )
    _, (document,) = server.send(ATTACKER_IP, "attack.example", "any@attack.example", forged + LEGIT + forged + BODY)
    mime = document["mime"]
    assert mime.lower().count("authentication-results") == 1
    assert mime.startswith(f"Authentication-Results: {AUTHSERV_ID};\r\n")
    assert "dmarc=pass" not in mime
    assert "dmarc=fail" in mime
