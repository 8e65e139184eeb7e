"""What clients will think of a certificate: tried with a client that trusts it, without a network."""

import ssl
from contextlib import suppress
from pathlib import Path

DAYS_AHEAD = 21
"""An end within so many days is worth a warning: certificates that are renewed by a program are renewed a month before."""

FLIGHTS = 4
"""Turns of each side in a handshake; TLS 1.3 takes two, TLS 1.2 three."""

_DAY_S = 86_400


def trouble(context: ssl.SSLContext, certificate: Path, now_s: float) -> str | None:
    """Why clients refuse the certificate of a server's context, or will soon; None when all is well.

    Whose authority it is, and for which names, is not looked at: not every client cares.

    Args:
        context: has the certificate.
        certificate: the same as a file.
        now_s: seconds since 1970.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        client.load_verify_locations(certificate)
        ends = _not_after(context, client)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return error.reason or str(error)
    days = (ssl.cert_time_to_seconds(ends) - now_s) / _DAY_S
    return f"expires in {max(0, int(days))} days, on {ends}" if days < DAYS_AHEAD else None


def _not_after(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """The end of the certificate's time, as a client sees it after a handshake in memory.

    Raises:
        ssl.SSLError: there is no handshake.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)]
    for side in sides * FLIGHTS:
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    try:
        ends = (sides[0].getpeercert() or {})["notAfter"]
    except (ValueError, KeyError) as error:
        raise ssl.SSLError("no TLS handshake is possible with it") from error
    return str(ends)
