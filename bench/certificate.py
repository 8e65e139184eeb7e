"""A certificate for the run, the same for every server."""

from pathlib import Path

import trustme


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a key and a certificate chain for ``localhost`` (ECDSA P-256); returns their paths."""
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    key, chain = folder / "key.pem", folder / "chain.pem"
    issued.private_key_pem.write_to_path(str(key))
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    return key, chain
