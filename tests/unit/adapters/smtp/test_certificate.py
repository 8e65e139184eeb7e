"""What clients will think of a certificate is said before they do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tidegate.adapters.smtp import server_context
from tidegate.adapters.smtp.certificate import DAYS_AHEAD, trouble

NOW = datetime.now(UTC)


def issue(folder: Path, begins: timedelta, ends: timedelta) -> tuple[Path, Path]:
    """A certificate with this life, and its key."""
    issued = trustme.CA().issue_cert("localhost", not_before=NOW + begins, not_after=NOW + ends)
    certificate, key = folder / "mx.crt", folder / "mx.key"
    for pem in issued.cert_chain_pems:
        pem.write_to_path(certificate, append=True)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (timedelta(-1), timedelta(DAYS_AHEAD, 60), None),
        (timedelta(-1), timedelta(DAYS_AHEAD, -60), f"expires in {DAYS_AHEAD - 1} days, on "),
        (timedelta(-1), timedelta(hours=1), "expires in 0 days, on "),
        (timedelta(-9), timedelta(-1), "certificate has expired"),
        (timedelta(1), timedelta(99), "certificate is not yet valid"),
    ],
)
def test_life(begins: timedelta, ends: timedelta, expected: str | None, tmp_path: Path) -> None:
    """OP03: over, not begun, or soon over."""
    certificate, key = issue(tmp_path, begins, ends)
    found = trouble(server_context(certificate, key), certificate, NOW.timestamp())
    assert found is None if expected is None else found is not None and found.startswith(expected)


def test_no_handshake(tmp_path: Path) -> None:
    """A certificate that the file does not hold any more is said, not raised."""
    certificate, key = issue(tmp_path, timedelta(-1), timedelta(99))
    context = server_context(certificate, key)
    certificate.write_bytes(trustme.CA().cert_pem.bytes())
    assert trouble(context, certificate, NOW.timestamp()) == "unable to get local issuer certificate"
    certificate.write_text("")
    assert trouble(context, certificate, NOW.timestamp()) is not None
