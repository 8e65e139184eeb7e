"""Keys of extensions and checks."""

from tidegate.app.config.kinds.kind import optional
from tidegate.app.config.kinds.names import SPAMD_USER
from tidegate.app.config.kinds.network import PORT, SPAMD_HOSTS
from tidegate.app.config.kinds.scalars import BOOLEAN, duration, size, word, words
from tidegate.app.config.kinds.urls import HTTP_PLACE
from tidegate.app.config.table import features
from tidegate.app.config.table.key import Group, Key
from tidegate.app.config.table.smtp import SMTP
from tidegate.app.config.values import Audience, Check, DmarcProfile

SPAMASSASSIN = Group("spamassassin", "SpamAssassin", "The daemon that judges spam when `smtp-check` holds `spam`.")
RSPAMD = Group("rspamd", "Rspamd", "Another scanner, in place of SpamAssassin.")
DSN = Group("dsn", "Delivery status notifications", "The DSN extension of SMTP (RFC 3461).")
DMARC = Group("dmarc", "DMARC", "How the `dmarc` check evaluates policies.")

CHECK_KEYS = (
    Key(
        "smtp-check",
        SMTP,
        words(Check),
        "",
        "Checks made on incoming mail; their results stand in the JSON document. No check refuses mail. With `spf` or `dmarc` the names of the "
        "client's address are looked up too (`iprev`). docs/checks.md tells what every result means.",
        "spf,dkim,dmarc",
        feature=features.CHECKS,
        when_empty="no checks",
    ),
    Key(
        "smtp-auth-results",
        SMTP,
        words(Audience),
        "",
        "Add the results as an Authentication-Results header field to mail for local addresses, for others, or both. Fields of that name which "
        "others wrote in the name of this host are removed in any case.",
        "local,nonlocal",
        feature=features.CHECKS,
        when_empty="no such field",
    ),
    Key(
        "spamassassin-host",
        SPAMASSASSIN,
        SPAMD_HOSTS,
        "localhost",
        "Where spamd runs. Several stand in for one another: the next one is asked when one fails.",
        "localhost",
        feature=features.CHECKS,
    ),
    Key(
        "spamassassin-port",
        SPAMASSASSIN,
        PORT,
        "783",
        "Port of spamd, for hosts that are written without one.",
        "783",
        feature=features.CHECKS,
    ),
    Key(
        "spamassassin-user",
        SPAMASSASSIN,
        SPAMD_USER,
        "",
        "The user whose preferences spamd applies.",
        "mail",
        ours=True,
        feature=features.CHECKS,
        when_empty="those of the user that spamd runs as",
    ),
    Key(
        "spamassassin-timeout",
        SPAMASSASSIN,
        duration(1, 300, "20s"),
        "20s",
        "How long one spamd may take for a message. Without an answer the result is `temperror`, and the message is accepted.",
        "10s",
        ours=True,
        feature=features.CHECKS,
    ),
    Key(
        "spamassassin-maxsize",
        SPAMASSASSIN,
        size(1000, 100_000_000, "500KB"),
        "500KB",
        "Largest message that is scanned. Larger ones take minutes and are hardly ever spam; their result is `none`.",
        "1MB",
        ours=True,
        feature=features.CHECKS,
    ),
    Key(
        "spamassassin-report",
        SPAMASSASSIN,
        BOOLEAN,
        "false",
        "Tell the points and the description of each rule that matched, as `rules` beside `symbols`. Spamd's reports have to be made with "
        "SpamAssassin's own template, or one that ends with the same table.",
        "true",
        ours=True,
        feature=features.CHECKS,
    ),
    Key(
        "rspamd-address",
        RSPAMD,
        optional(HTTP_PLACE),
        "",
        "Where rspamd's normal worker takes messages. It judges spam in place of SpamAssassin then; of the keys for that one, "
        "`spamassassin-timeout`, `spamassassin-maxsize` and `spamassassin-report` hold for rspamd too.",
        "http://localhost:11333",
        ours=True,
        feature=features.CHECKS,
        when_empty="SpamAssassin judges",
    ),
    Key(
        "dmarc-profile",
        DMARC,
        word(DmarcProfile),
        "rfc9989",
        "Rules of evaluation: those of RFC 9989, or the older ones of RFC 7489 with the public suffix list.",
        "rfc7489",
        ours=True,
        feature=features.CHECKS,
    ),
    Key("dsn-advertise", DSN, BOOLEAN, "true", "Offer the DSN extension: its parameters then stand in the document.", "false"),
)
