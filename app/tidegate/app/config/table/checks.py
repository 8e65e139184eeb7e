"""Keys of extensions and checks."""

from tidegate.app.config.kinds.network import HOST, PORT
from tidegate.app.config.kinds.scalars import BOOLEAN, word, words
from tidegate.app.config.table import features
from tidegate.app.config.table.key import Group, Key
from tidegate.app.config.table.smtp import SMTP
from tidegate.app.config.values import Audience, Check, DmarcProfile

SPAMASSASSIN = Group("spamassassin", "SpamAssassin", "The daemon that judges spam when `smtp-check` holds `spam`.")
DSN = Group("dsn", "Delivery status notifications", "The DSN extension of SMTP (RFC 3461).")
DMARC = Group("dmarc", "DMARC", "How the `dmarc` check evaluates policies.")

CHECK_KEYS = (
    Key(
        "smtp-check",
        SMTP,
        words(Check),
        "",
        "Checks made on incoming mail; their results stand in the JSON document.",
        "spf,dkim,dmarc",
        feature=features.CHECKS,
        when_empty="no checks",
    ),
    Key(
        "smtp-auth-results",
        SMTP,
        words(Audience),
        "",
        "Add the results as an Authentication-Results header field to mail for local addresses, for others, or both.",
        "local,nonlocal",
        feature=features.CHECKS,
        when_empty="no such field",
    ),
    Key(
        "spamassassin-host",
        SPAMASSASSIN,
        HOST,
        "localhost",
        "Where spamd runs.",
        "localhost",
        feature=features.CHECKS,
    ),
    Key("spamassassin-port", SPAMASSASSIN, PORT, "783", "Port of spamd.", "783", feature=features.CHECKS),
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
