"""Keys of the SMTP server: where it listens and who may connect."""

from tidegate.app.config.kinds.auth import AUTH
from tidegate.app.config.kinds.kind import optional
from tidegate.app.config.kinds.names import CIPHERS
from tidegate.app.config.kinds.network import ADDRESSES, HOSTNAME, PORTS, RANGES
from tidegate.app.config.kinds.scalars import BOOLEAN, PATH, number
from tidegate.app.config.table import features
from tidegate.app.config.table.key import Group, Key

MAX_WORKERS = 60
"""The workers of two configurations, during a reload, fit on the board of connections, which has 128 places, and leave some for senders."""

SMTP = Group("smtp", "The SMTP server", "Where it listens, who may connect, and what a client may do.")

SMTP_KEYS = (
    Key(
        "smtp-ip",
        SMTP,
        ADDRESSES,
        "",
        "Listen on this address only. Several may be given, separated by semicolons; `0.0.0.0` is every IPv4 and `::` every IPv6 address.",
        "1.2.3.4",
        when_empty="all addresses of the machine",
    ),
    Key(
        "smtp-port",
        SMTP,
        PORTS,
        "25",
        "Ports that begin in clear. STARTTLS is offered when a certificate is set.",
        "25,2525,1024-1026",
        when_empty="no such port",
    ),
    Key(
        "smtp-secure-port",
        SMTP,
        PORTS,
        "",
        "Ports that speak TLS from the first byte. They need `smtp-certificate` and `smtp-key`.",
        "465",
        when_empty="no such port",
    ),
    Key(
        "smtp-certificate",
        SMTP,
        optional(PATH),
        "",
        "Certificate chain in PEM format, the server's own certificate first. It enables STARTTLS and `smtp-secure-port`.",
        "/etc/tidegate/your.domain.com.crt",
        when_empty="no TLS",
    ),
    Key(
        "smtp-key",
        SMTP,
        optional(PATH),
        "",
        "Private key of the certificate, in PEM format.",
        "/etc/tidegate/your.domain.com.key",
        aliases=("smtp-privatekey",),
        when_empty="no TLS",
    ),
    Key(
        "smtp-ciphers",
        SMTP,
        optional(CIPHERS),
        "",
        "Ciphers for TLS 1.2 in OpenSSL's notation; those of TLS 1.3 are always on. Versions before TLS 1.2 are never spoken.",
        "ECDHE+AESGCM:ECDHE+CHACHA20",
        when_empty="a list of our own: forward secrecy and authenticated encryption only",
    ),
    Key(
        "smtp-range",
        SMTP,
        RANGES,
        "",
        "Client addresses that may connect. Behind a proxy it is the address in the PROXY header that counts.",
        "192.168.0.0/16;127.0.0.1",
        aliases=("smtp-ranges",),
        when_empty="**nobody** may connect",
    ),
    Key(
        "smtp-proxy",
        SMTP,
        RANGES,
        "",
        "Peers that must begin every connection with a PROXY header (version 1 or 2), such as HAProxy.",
        "192.168.0.0/16",
        feature=features.PROXY,
        when_empty="no proxies",
    ),
    Key(
        "smtp-protection",
        SMTP,
        BOOLEAN,
        "true",
        "Refuse clients on the managed list of suspect IP addresses when they connect.",
        "false",
        feature=features.PROTECTION,
        inactive=("", "false"),
    ),
    Key(
        "smtp-connections",
        SMTP,
        optional(number(1, 10_000_000, 100)),
        "",
        "Most connections at the same time, incoming and outgoing together. At the limit clients wait, they are not refused.",
        "100",
        feature=features.CONNECTION_BUDGET,
        when_empty="no limit",
    ),
    Key(
        "smtp-connections-in",
        SMTP,
        optional(number(1, 10_000_000, 50)),
        "",
        "Most incoming connections at the same time.",
        "50",
        feature=features.CONNECTION_BUDGET,
        when_empty="no limit but `smtp-connections`",
    ),
    Key(
        "smtp-connections-out",
        SMTP,
        optional(number(1, 10_000_000, 75)),
        "",
        "Most outgoing connections at the same time: what they may take of `smtp-connections`.",
        "75",
        feature=features.CONNECTION_BUDGET,
        when_empty="no limit but `smtp-connections`",
    ),
    Key(
        "smtp-threads",
        SMTP,
        number(1, MAX_WORKERS, 4),
        "1",
        "Worker processes. About as many as the machine has CPUs.",
        "4",
        feature=features.WORKERS,
        inactive=("1",),
    ),
    Key(
        "smtp-auth",
        SMTP,
        AUTH,
        "",
        "Back end that judges user names and passwords. May be repeated: the back ends are tried in order, and one that is broken answers 454. "
        "Needs TLS. With it, a client that has not authenticated may send to local addresses only. In `hardcoded://` a comma in a name or "
        "password is written `%2C` and a `#` `%23`, and each item needs its colon. docs/auth/ has a page on each back end.",
        "ldap://example.com:389/base_dn",
        repeatable=True,
        feature=features.AUTHENTICATION,
        when_empty="no authentication",
    ),
    Key(
        "smtp-hostname",
        SMTP,
        HOSTNAME,
        "",
        "Host name in the greeting, in Received and in documents, for addresses that have none of their own (`tidegate mta`).",
        "mx1.example.com",
        ours=True,
        when_empty="a name from reverse DNS, or else that of the machine",
    ),
)
