"""Who gets our Authentication-Results field: local recipients, others, and both in one transaction."""

import asyncio
from pathlib import Path

import pytest
from tests.integration.checks.checking_gateway import checking

from tidegate.adapters.database import DatabaseDirectory
from tidegate.adapters.re2 import compile_regex
from tidegate.domain.local_addresses import Pattern, PatternType

pytestmark = pytest.mark.integration

ZONE: dict[str, list[list[object]]] = {"example.net": [["TXT", ["v=spf1 ip4:192.0.2.1 -all"]]]}
FIELD = "Authentication-Results: mx.example.com;\r\n\tspf=pass smtp.mailfrom=ann@example.net"
MESSAGE = b"From: ann@example.net\r\nAuthentication-Results: mx.example.com; dmarc=pass\r\nSubject: hi\r\n\r\nHello\r\n"


def add_local(folder: Path, address: str) -> None:
    """Put an address on the local address list of a server with this state folder."""

    folder.mkdir()

    async def add() -> None:
        directory = DatabaseDirectory(f"sqlite:///{folder}/tidegate.db", folder, compile_regex)
        await directory.local.put([Pattern(PatternType.EXACT, address)])

    asyncio.run(add())


@pytest.mark.parametrize(("audience", "marked"), [("local", {True}), ("nonlocal", {False}), ("local,nonlocal", {True, False}), ("", set())])
def test_local_and_others(audience: str, marked: set[bool], tmp_path: Path) -> None:
    """The documents of one transaction differ in that field alone; forged fields are in none of them, findings in all."""
    add_local(tmp_path / "state", "bob@example.com")
    with checking(ZONE, tmp_path, smtp_check="spf", smtp_auth_results=audience) as server:
        recipients = ["bob@example.com", "eve@example.org"]
        _, documents = server.send("192.0.2.1", "mail.example.net", "ann@example.net", MESSAGE, recipients)
    found = {}
    for document in documents:
        assert document["checks"][0] == {"spf": "pass", "smtp.mailfrom": "ann@example.net"}
        found[document["recipient"] == "bob@example.com"] = document["mime"]
    assert set(found) == {True, False}
    for local, mime in found.items():
        assert mime.startswith(FIELD if local in marked else "Received: ")
        assert "dmarc=pass" not in mime
    assert len({mime[mime.index("Received: ") :] for mime in found.values()}) == 1
