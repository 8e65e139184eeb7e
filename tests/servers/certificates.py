"""Certificates as files, each of an authority of its own."""

import ssl
from datetime import datetime
from pathlib import Path

import attrs
import trustme


@attrs.frozen
class Certificate:
    """A certificate and its key as files, and a client that trusts it."""

    certificate: Path
    key: Path
    client: ssl.SSLContext

    @property
    def settings(self) -> dict[str, str]:
        """As configuration."""
        return {"smtp-certificate": str(self.certificate), "smtp-key": str(self.key)}


def issue(folder: Path, name: str, not_after: datetime | None = None) -> Certificate:
    """A certificate for localhost, of an authority of its own, until this moment."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", common_name=name, not_after=not_after)
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    issued.private_key_pem.write_to_path(key)
    for pem in issued.cert_chain_pems:
        pem.write_to_path(certificate, append=True)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return Certificate(certificate, key, client)
