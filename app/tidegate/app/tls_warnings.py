"""What is wrong with certificate and key without keeping the server from serving them."""

import ssl
from collections.abc import Iterator

from tidegate.adapters.smtp.certificate import trouble
from tidegate.app.config.settings import Settings

_OTHERS_READ = 0o004


def tls_warnings(settings: Settings, context: ssl.SSLContext | None, now_s: float) -> Iterator[tuple[str, str]]:
    """Pairs of a key and what is wrong with its file.

    Args:
        settings: names the files.
        context: made of them; None without a certificate.
        now_s: seconds since 1970.
    """
    smtp = settings.smtp
    if context is None or smtp.certificate is None or smtp.key is None:
        return
    if wrong := trouble(context, smtp.certificate, now_s):
        yield "smtp-certificate", f"{smtp.certificate}: {wrong}"
    try:
        exposed = smtp.key.stat().st_mode & _OTHERS_READ
    except OSError:  # it was there a moment ago: whoever renews it will ask for a reload
        return
    if exposed:
        yield "smtp-key", f"{smtp.key}: every user can read the private key: chmod o-r"
