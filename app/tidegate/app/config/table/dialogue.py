"""Keys of the SMTP server: what a client may do, and its bounds."""

from tidegate.app.config.kinds.network import ADDRESSES, RANGES
from tidegate.app.config.kinds.scalars import BOOLEAN, GIB, KIB, TIB, duration, number, size, word
from tidegate.app.config.table import features
from tidegate.app.config.table.key import Key
from tidegate.app.config.table.smtp import SMTP
from tidegate.app.config.values import LineEndings
from tidegate.domain.address import Validation
from tidegate.domain.local_addresses import LocalCase

MAX_MESSAGE = 2 * GIB
"""A message is held in memory while it arrives; no mail system in use takes larger ones."""

_DAY = 86400.0

DIALOGUE_KEYS = (
    Key(
        "smtp-validate-address",
        SMTP,
        word(Validation),
        "strict",
        "`strict`: addresses in MAIL and RCPT follow RFC 5321. `loose`: one `@`, a valid domain on its right, anything printable on its left.",
        "loose",
    ),
    Key(
        "smtp-local-case",
        SMTP,
        word(LocalCase),
        "exact",
        "Whether `Info@example.com` and `info@example.com` are two local addresses (`exact`, as RFC 5321 has it) or one (`ignore`). Domains "
        "have no letter case, and neither has `postmaster`.",
        "ignore",
        ours=True,
    ),
    Key(
        "smtp-maxsize",
        SMTP,
        size(1, MAX_MESSAGE, "100MB"),
        "100MB",
        "Largest message. It is advertised by SIZE and enforced while the message is read. A broker or queue that takes less lowers it.",
        "25MB",
    ),
    Key(
        "smtp-timeout",
        SMTP,
        duration(1, _DAY, "300"),
        "300",
        "How long a silent client is kept (RFC 5321 section 4.5.3.2.7 asks for at least five minutes).",
        "300",
    ),
    Key(
        "smtp-session-time",
        SMTP,
        duration(1, 7 * _DAY, "7200"),
        "7200",
        "How long a connection may last in all; a message that is being stored is finished first.",
        "2h",
        ours=True,
    ),
    Key(
        "smtp-min-rate",
        SMTP,
        number(0, 1_000_000_000, 100),
        "100",
        "Bytes per second that a client must send on average while it sends a message, counted after a time of grace. `0` for no such limit.",
        "100",
        ours=True,
    ),
    Key(
        "smtp-line-endings",
        SMTP,
        word(LineEndings),
        "reject",
        "What happens to a message with a bare LF. `reject`: it is refused, but for clients in `smtp-normalize-range`. `normalize`: for every "
        "client a bare LF within the message counts as CRLF. The end of a message is CRLF.CRLF in both.",
        "normalize",
        ours=True,
    ),
    Key(
        "smtp-normalize-range",
        SMTP,
        RANGES,
        "",
        "Clients whose bare LF counts as CRLF while it is refused from all others: devices that cannot be mended.",
        "192.168.7.0/24",
        ours=True,
        when_empty="none",
    ),
    Key(
        "smtp-client-connections",
        SMTP,
        number(1, 1_000_000, 5000),
        "5000",
        "Most connections that one client, an IPv4 address or an IPv6 /64 network, may have open at a time in each worker; the next one is "
        "answered 421.",
        "20",
        ours=True,
    ),
    Key(
        "smtp-client-rate",
        SMTP,
        number(0, 1_000_000, 600),
        "0",
        "How many connections a client may open a minute in each worker; twice as many may come at once after a pause. `0` is no limit.",
        "600",
        ours=True,
    ),
    Key(
        "smtp-client-exempt",
        SMTP,
        RANGES,
        "",
        "Clients without the limits of `smtp-client-connections` and `smtp-client-rate`, such as your own relays.",
        "192.168.0.0/16",
        ours=True,
        when_empty="none",
    ),
    Key(
        "smtp-recipients",
        SMTP,
        number(1, 100_000, 1000),
        "1000",
        "Most recipients of one message; RCPT beyond it is answered 452 and the client sends the rest later. RFC 5321 asks for at least 100.",
        "1000",
        ours=True,
    ),
    Key(
        "smtp-errors",
        SMTP,
        number(1, 100_000, 20),
        "20",
        "Refused commands after which the connection is closed with 421.",
        "20",
        ours=True,
    ),
    Key(
        "smtp-header-size",
        SMTP,
        size(1 * KIB, MAX_MESSAGE, "256KB"),
        "256KB",
        "Largest header section of a message.",
        "256KB",
        ours=True,
    ),
    Key(
        "smtp-header-count",
        SMTP,
        number(1, 1_000_000, 1000),
        "1000",
        "Most header fields of a message.",
        "1000",
        ours=True,
    ),
    Key(
        "smtp-memory",
        SMTP,
        size(1, TIB, "1GB"),
        "1GB",
        "Bytes of messages in flight in the process. When they are spent, MAIL is answered 452 and clients come back later.",
        "4GB",
        ours=True,
    ),
    Key(
        "smtp-extract",
        SMTP,
        BOOLEAN,
        "true",
        "Turn x-mq-* header fields into properties of the JSON document and take them out of the message. Switch it off where strangers "
        "may send.",
        "false",
    ),
    Key(
        "smtp-default-ips",
        SMTP,
        ADDRESSES,
        "",
        "Addresses that mail goes out from when nothing else decides. Kept for the sender.",
        "1.2.3.4;4.5.6.7",
        aliases=("smtp-defaultip", "smtp-defaultips"),
        feature=features.SOURCE_IPS,
        when_empty="the sender decides",
    ),
    Key(
        "smtp-mappable-ips",
        SMTP,
        RANGES,
        "",
        "Mail submitted to one of these addresses goes out from the same address. Where it is not set, every address is mappable.",
        "1.2.3.0/24;4.5.6.0/24",
        feature=features.SOURCE_IPS,
        when_empty="every address",
    ),
    Key(
        "smtp-unmappable-ips",
        SMTP,
        RANGES,
        "",
        "Exceptions from `smtp-mappable-ips`.",
        "1.2.3.28/32;1.2.3.5/32",
        feature=features.SOURCE_IPS,
        when_empty="none",
    ),
)
