"""Sessions, command lines, smuggling sequences and mails that were collected elsewhere, over real sockets."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.schema import assert_valid
from tests.servers.gateway import Serving, Setup, Wire, serving

from tidegate.domain.address import Validation
from tidegate.domain.smtp.limits import Limits

pytestmark = pytest.mark.integration

# What these sessions want and we do not do, with the reason.
DEVIATIONS = {
    "go-smtp/TestServer_LFDotLF": "bare LF in data is refused here",
    "go-smtp/TestServer_anonymousUserError": "wants AUTH to be demanded although no authentication is configured",
    "go-smtp/TestServerDSNwithSMTPUTF8": "sends a UTF-8 address without asking for SMTPUTF8 (RFC 6531 section 3.4)",
    "cpython/SMTPDChannelTest/test_HELO_EHLO_duplicate": "a second EHLO is allowed (RFC 5321 section 4.1.4)",
    "cpython/SMTPDChannelTest/test_NOOP_bad_syntax": "NOOP may have an argument (RFC 5321 section 4.1.1.9)",
}
NOT_HERE = ("AUTH",)


def _cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _setup(case: dict[str, Any]) -> Setup:
    text = " ".join(case["requires"])
    maxsize = 48 if "48 bytes" in text else 1 << 20 if "1 MiB" in text else 1000 if "larger_than_default" in case["id"] else 33_554_432
    return Setup(maxsize=maxsize, validation=Validation.LOOSE, limits=Limits(recipients=100))


async def _converse(case: dict[str, Any], server: Serving) -> None:
    wire: Wire | None = None
    for step in case["steps"]:
        if "connect" in step:
            if wire is not None:
                await wire.close()
            wire = await Wire.connect(server.port)
        assert wire is not None
        if "send" in step:
            await wire.send(step["send"].encode("utf-8"))
        elif "expect" in step:
            reply = await wire.reply()
            if step["expect"] is not None:
                assert reply[:1] == step["expect"][:1], (case["id"], step, reply)
        elif "expect_not" in step:
            reply = await wire.reply()
            assert reply[:1] != step["expect_not"][:1], (case["id"], step, reply)
        elif "close" in step:
            await wire.close()
    if wire is not None:
        await wire.close()


async def test_dialogues(corpora: Path) -> None:
    """Every session of other projects that asks for nothing we refuse on purpose."""
    played = 0
    for name in ("dialogs.jsonl", "dialogs_optional.jsonl"):
        for case in _cases(corpora / "smtp" / name):
            if case["id"] in DEVIATIONS or any(word in requirement for requirement in case["requires"] for word in NOT_HERE):
                continue
            async with serving(_setup(case)) as server:
                await _converse(case, server)
            played += 1
    assert played


async def test_smuggling(corpora: Path) -> None:
    """SM01 to SM12: at most one message comes out, whole and octet by octet."""
    for case in _cases(corpora / "smtp" / "smuggling.jsonl"):
        stream = b"From: a@b.c\r\n\r\nbody" + bytes.fromhex(case["sequence_hex"])
        stream += b"MAIL FROM:<smuggled@x.y>\r\nRCPT TO:<v@x.y>\r\nDATA\r\nFrom: ceo@x.y\r\n\r\nsmuggled\r\n.\r\n"
        for pieces in ([stream], [bytes([byte]) for byte in stream]):
            async with serving() as server:
                wire = await Wire.connect(server.port)
                await wire.greet()
                await wire.send(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n")
                assert [(await wire.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
                try:
                    await wire.send(*pieces, b"QUIT\r\n")
                    await wire.rest()
                except ConnectionError:
                    pass
                await wire.close()
                bodies = server.published.bodies("inbox")
                control = bytes.fromhex(case["sequence_hex"]) == b"\r\n.\r\n"
                assert len(bodies) <= (2 if control else 1), case["id"]
                if not control:
                    assert not any(json.loads(body)["envelope"] == "smuggled@x.y" for body in bodies), case["id"]


def _on_the_wire(data: bytes) -> bytes:
    """A message as a client sends it: line ends CRLF, dots stuffed, an end mark."""
    data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    return data


async def test_every_mail_arrives_byte_for_byte(corpora: Path) -> None:
    """All mails: what was sent, with our Received field in front and nothing else changed; each document fits the schema."""
    folder = corpora / "mails"
    cases = _cases(folder / "cases.jsonl")
    refused = 0
    async with serving(Setup(limits=Limits(errors=1 << 30))) as server:
        wire = await Wire.connect(server.port)
        await wire.greet()
        for case in cases:
            data = _on_the_wire((folder / case["file"]).read_bytes())
            stuffed = data.replace(b"\r\n.", b"\r\n..")
            if stuffed.startswith(b"."):
                stuffed = b"." + stuffed
            before = len(server.published.bodies("inbox"))
            await wire.send(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" + stuffed + b".\r\n")
            replies = [await wire.reply() for _ in range(4)]
            if any(byte in data.replace(b"\r\n", b"") for byte in (b"\r", b"\0")):
                assert replies[3].startswith("550 5.6.11"), case["id"]
                refused += 1
                await wire.close()
                wire = await Wire.connect(server.port)
                await wire.greet()
                continue
            assert replies[3].startswith("250"), (case["id"], replies)
            document = json.loads(server.published.bodies("inbox")[before])
            assert_valid(document)
            mime = base64.b64decode(document["mime"]) if document.get("mime-encoding") == "base64" else document["mime"].encode("utf-8")
            assert mime.startswith(b"Received: from client.example ([127.0.0.1])\r\n\t"), case["id"]
            assert mime.endswith(data), case["id"]
        await wire.close()
    assert refused < 0.01 * len(cases)


async def test_commands(corpora: Path) -> None:
    """MAIL and RCPT lines, strict and loose; parameters we do not know are refused, which is no fault of the line."""
    for validation, key in ((Validation.STRICT, "valid_strict"), (Validation.LOOSE, "valid_loose")):
        wrong = []
        cases = [case for case in _cases(corpora / "smtp" / "commands.jsonl") if case["line"] != "MAIL FROM:<>"]
        for case in cases:
            async with serving(Setup(validation=validation)) as server:
                wire = await Wire.connect(server.port)
                await wire.greet()
                if case["line"].upper().startswith("RCPT"):
                    await wire.say(b"MAIL FROM:<a@b.c>\r\n")
                reply = await wire.say(case["line"].encode("utf-8") + b"\r\n")
                if (reply[:1] == "2" or reply.startswith("555")) != case[key]:
                    wrong.append((case["id"], case["line"], reply))
                await wire.close()
        assert len(wrong) <= 0.02 * len(cases) + 1, wrong
