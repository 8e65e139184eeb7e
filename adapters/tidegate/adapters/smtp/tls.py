"""The server's TLS context (RFC 8446, RFC 5246, RFC 9325)."""

import ssl
from pathlib import Path

from tidegate.ports.errors import PermanentFailure


def server_context(certificate: Path, key: Path, ciphers: str | None = None) -> ssl.SSLContext:
    """A context that serves this certificate: TLS 1.2 at least, the server's preference of ciphers, no renegotiation.

    Args:
        certificate: PEM file, the server's certificate first, then its chain.
        key: PEM file with its private key, unencrypted.
        ciphers: OpenSSL cipher list for TLS 1.2 (``smtp-ciphers``); None keeps OpenSSL's choice without CBC and static RSA.

    Raises:
        PermanentFailure: a file is missing, unreadable, not PEM, or the two do not belong together; the text says which.
    """
    for what, path in (("certificate", certificate), ("key", key)):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PermanentFailure(f"{what} {path} cannot be read: {error.strerror}") from error
        if b"-----BEGIN" not in content:
            raise PermanentFailure(f"{what} {path} is not a PEM file")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        context.set_ciphers(ciphers or "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL")
    except ssl.SSLError as error:
        raise PermanentFailure(f"smtp-ciphers {ciphers!r} selects no cipher") from error
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise PermanentFailure(f"key {key} does not belong to certificate {certificate}") from error
        raise PermanentFailure(f"certificate {certificate} with key {key} cannot be used: {error.reason or 'bad PEM data'}") from error
    except (_EncryptedKeyError, ValueError) as error:
        raise PermanentFailure(f"key {key} is encrypted; give an unencrypted one") from error
    return context


class _EncryptedKeyError(Exception):
    pass


def _no_password() -> str:
    raise _EncryptedKeyError
