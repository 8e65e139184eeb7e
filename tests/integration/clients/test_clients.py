"""Programs that people send mail with, against the real server on its embedded queue: what they sent is what stands on the queue."""

import base64
import json
import os
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.schema import assert_valid
from tests.servers.process import GatewayProcess, free_port

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A server with a certificate, two workers and both kinds of ports."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    settings = {
        "smtp-certificate": str(folder / "cert.pem"),
        "smtp-key": str(folder / "key.pem"),
        "smtp-secure-port": str(free_port()),
        "smtp-threads": "2",
    }
    with GatewayProcess(settings) as process:
        yield process


def tool(name: str) -> str:
    """Where a program is; it must be there in CI."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        message = f"{name} is not installed (make services installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def run(*command: str, stdin: bytes = b"") -> str:
    """Run a program that must succeed; what it said."""
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, (command, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode()


def take_documents(gateway: GatewayProcess) -> list[dict[str, Any]]:
    """Every document on the inbox, taken off it."""
    documents = []
    for path in sorted((gateway.queue_directory / "inbox" / "new").glob("*.json")):
        documents.append(json.loads(path.read_bytes()))
        path.unlink()
    for document in documents:
        assert_valid(document)
    return documents


def test_swaks(gateway: GatewayProcess) -> None:
    """In clear, with STARTTLS and with TLS from the first byte; the identifiers in the reply are those of the documents."""
    swaks = tool("swaks")
    ways: list[tuple[list[str], bool]] = [
        (["--server", f"127.0.0.1:{gateway.port}"], False),
        (["--server", f"127.0.0.1:{gateway.port}", "--tls"], True),
        (["--server", f"127.0.0.1:{gateway.settings['smtp-secure-port']}", "--tlsc"], True),
    ]
    for arguments, secure in ways:
        said = run(
            swaks, *arguments, "--helo", "client.example", "--from", "a@example.org", "--to", "b@example.com,c@example.com", "--body", ".dot"
        )
        documents = take_documents(gateway)
        assert [document["recipient"] for document in documents] == ["b@example.com", "c@example.com"]
        for document in documents:
            assert f"{document['message-id']} for {document['recipient']}" in said
            assert document["envelope"] == "a@example.org"
            assert document["connection"]["secure"] is secure
            assert document["connection"]["helo"] == "client.example"
            assert "\r\n.dot\r\n" in document["mime"]


def test_smtplib(gateway: GatewayProcess) -> None:
    """Python's client, with every ESMTP parameter that it can be told to send."""
    with smtplib.SMTP("127.0.0.1", gateway.port, timeout=20) as client:
        client.sendmail(
            "a@example.org",
            ["ü@example.com"],
            "Subject: Größe\r\n\r\n.\r\n..\r\nende\r\n".encode(),
            mail_options=["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=QQ314159"],
            rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;x+40y"],
        )
    [document] = take_documents(gateway)
    assert document["recipient"] == "ü@example.com"
    assert document["dsn"] == {"ret": "HDRS", "envid": "QQ314159", "notify": "SUCCESS,FAILURE", "orcpt": "rfc822;x+40y"}
    assert document["mime"].endswith("Subject: Größe\r\n\r\n.\r\n..\r\nende\r\n")
    assert "with UTF8SMTP" in document["mime"]


def test_curl(gateway: GatewayProcess, tmp_path: Path) -> None:
    """curl's SMTP, with a megabyte of bytes that are no text."""
    message = tmp_path / "mail"
    message.write_bytes(b"Subject: bytes\r\n\r\n" + bytes(range(14, 256)) * 4_000 + b"\r\n")
    run(tool("curl"), "-sS", f"smtp://127.0.0.1:{gateway.port}", "--mail-from", "a@b.c", "--mail-rcpt", "d@e.f", "--upload-file", str(message))
    [document] = take_documents(gateway)
    assert document["mime-encoding"] == "base64"
    assert base64.b64decode(document["mime"]).endswith(message.read_bytes())


def test_smtp_source(gateway: GatewayProcess) -> None:
    """Postfix's load generator: two hundred messages over ten connections, and every one is there."""
    run(tool("smtp-source"), "-s", "10", "-m", "200", "-l", "5000", "-f", "a@b.c", "-t", "d@e.f", f"127.0.0.1:{gateway.port}")
    documents = take_documents(gateway)
    assert len({document["message-id"] for document in documents}) == 200


ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("where", ["README.md", "scripts/run.sh"])
def test_what_a_reader_of_the_readme_does(gateway: GatewayProcess, where: str) -> None:
    """The commands as they are printed there, but for port and configuration: a first mail arrives and is shown."""
    tool("curl")
    lines = [line.strip() for line in (ROOT / where).read_text().splitlines()]
    curl = next(line for line in lines if line.startswith("curl ")).replace("127.0.0.1:2525", f"127.0.0.1:{gateway.port}")
    assert str(gateway.port) in curl
    run("bash", "-c", f"cd {ROOT} && {curl}")
    peek = next(line for line in lines if "tidegate queue peek" in line)
    words = peek.replace("examples/first-run.txt", str(gateway.config)).split()
    assert "you@example.com" in run(str(Path(sys.executable).parent / "tidegate"), *words[1:])
    [document] = take_documents(gateway)
    sent = (ROOT / "README.md").read_text().replace("\n", "\r\n")
    assert document["mime"].endswith(sent)
