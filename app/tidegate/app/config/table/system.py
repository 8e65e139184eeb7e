"""Keys of logging, the process, DNS, managed state, the message store and the console."""

from tidegate.app.config.kinds.auth import AUTH
from tidegate.app.config.kinds.kind import optional
from tidegate.app.config.kinds.names import CIPHERS, LOG_DESTINATIONS, SERVER_ID, USER
from tidegate.app.config.kinds.network import ADDRESS, NAMESERVERS, PORT
from tidegate.app.config.kinds.scalars import PATH, TIB, duration, number, size, text, word
from tidegate.app.config.kinds.urls import DATABASE_URL, secret_url
from tidegate.app.config.table import features
from tidegate.app.config.table.key import Group, Key
from tidegate.app.config.values import StoragePolicy

LOGS = Group("logs", "Logging", "What is written down, and where. A file that is moved away is made again, so that logrotate needs no signal.")
PROCESS = Group("process", "The process", "Identity of the running server.")
DNS = Group("dns", "DNS", "The resolver of checks and host names. What is not set here comes from `/etc/resolv.conf`.")
DATABASE = Group("database", "Managed state", "Local addresses, host names per IP address and suspect IP addresses.")
STORAGE = Group("storage", "Message store", "A place for large messages: the document then holds `key` in place of `mime`.")
WWW = Group("www", "Management console", "The web page for people who run the server.")

_YEAR = 366 * 86400.0

SYSTEM_KEYS = (
    Key(
        "application-log",
        LOGS,
        LOG_DESTINATIONS,
        "stderr",
        "Where the program says what happens: `stderr`, `syslog`, files, or several of them.",
        "syslog,/var/log/tidegate/tidegate.log",
        aliases=("error-log",),
    ),
    Key(
        "received-log-file",
        LOGS,
        optional(PATH),
        "",
        "File with one line per received message and recipient.",
        "/var/log/tidegate/received.log",
        when_empty="no such file",
    ),
    Key(
        "received-log-format",
        LOGS,
        text("template", "one line of text with variables like {$date} and {$json.recipient}"),
        "[{$date}] {$json.message-id} <{$json.envelope}> <{$json.recipient}> [{$json.connection.remote-ip}] [{$json.connection.local-ip}]",
        "Template of its lines: `{$json.…}` is a property of the document, `{$date}` (UTC) and `{$time}` (seconds since 1970) tell when, "
        "`{$queue}` where it went, `{$size}` the bytes of the message, `{$reply}` the codes of the answer, `{$transaction}` what the "
        "identifiers of all recipients begin with. A `#` in it is no comment.",
        "{$date} {$json.envelope} -> {$json.recipient}",
    ),
    Key(
        "user",
        PROCESS,
        optional(USER),
        "",
        "Account to run as once the ports are bound.",
        "tidegate",
        feature=features.PRIVILEGES,
        when_empty="no change of user",
    ),
    Key(
        "lock",
        PROCESS,
        optional(PATH),
        "",
        "File that holds the process id and keeps a second instance from starting.",
        "/run/tidegate.pid",
        feature=features.LOCK,
        when_empty="no such file",
    ),
    Key(
        "server-id",
        PROCESS,
        optional(SERVER_ID),
        "",
        "Name of this instance.",
        "1",
        feature=features.SERVER_ID,
        when_empty="no name",
    ),
    Key(
        "dns-nameserver",
        DNS,
        NAMESERVERS,
        "",
        "Servers to ask, in this order, separated by semicolons; a port may follow each.",
        "192.0.2.53;[2001:db8::53]:5353",
        feature=features.RESOLVER,
        when_empty="those of `/etc/resolv.conf`",
    ),
    Key("dns-timeout", DNS, duration(0.1, 300, "5"), "5", "How long one answer is waited for.", "2.5", feature=features.RESOLVER),
    Key("dns-attempts", DNS, number(1, 20, 3), "3", "How often a question is asked.", "3", feature=features.RESOLVER),
    Key("dns-min-ttl", DNS, duration(0, 86400, "60"), "60", "Shortest time that an answer is kept.", "60", feature=features.RESOLVER),
    Key(
        "database-address",
        DATABASE,
        DATABASE_URL,
        "sqlite:///<state-directory>/tidegate.db",
        "The database: `sqlite:////absolute/path`, or `postgresql://user:password@host/name` for several machines that share their lists.",
        "postgresql://tidegate:secret@db.example.com/tidegate",
        feature=features.DATABASE,
        note="a SQLite file in the state folder",
    ),
    Key(
        "database-ttl",
        DATABASE,
        duration(1, 86400, "600"),
        "600",
        "Longest time until a change in the database is seen. One that was made by `tidegate` on the same machine is seen within a second "
        "or two.",
        "60",
        feature=features.DATABASE,
    ),
    Key(
        "storage-address",
        STORAGE,
        secret_url(("file", "directory", "s3", "http", "https", "mongodb", "mysql", "postgresql", "sqlite", "couchbase")),
        "",
        "The message store.",
        "directory:///srv/tidegate/store",
        feature=features.STORAGE,
        when_empty="no store: `mime` stands in the document",
    ),
    Key(
        "storage-policy",
        STORAGE,
        word(StoragePolicy),
        "all",
        "Which messages go there: all, incoming, outgoing or none.",
        "in",
        feature=features.STORAGE,
        inactive=("", "none"),
    ),
    Key(
        "storage-ttl",
        STORAGE,
        optional(duration(1, 10 * _YEAR, "7d")),
        "",
        "How long a message is kept there.",
        "7d",
        feature=features.STORAGE,
        when_empty="for ever",
    ),
    Key(
        "storage-threshold",
        STORAGE,
        size(0, TIB, "1MB"),
        "0",
        "Only messages larger than this go there.",
        "1MB",
        ours=True,
        feature=features.STORAGE,
    ),
    Key("www-port", WWW, PORT, "8485", "Port of the console.", "8485", feature=features.CONSOLE),
    Key("www-ip", WWW, ADDRESS, "127.0.0.1", "Address it listens on.", "127.0.0.1", ours=False, feature=features.CONSOLE),
    Key(
        "www-auth",
        WWW,
        AUTH,
        "",
        "Back end that judges who may use it, as in `smtp-auth`.",
        "file:///etc/tidegate/console-users.txt",
        repeatable=True,
        feature=features.CONSOLE,
        when_empty="nobody may",
    ),
    Key(
        "www-certificate",
        WWW,
        optional(PATH),
        "",
        "Certificate chain in PEM format.",
        "/etc/tidegate/console.crt",
        feature=features.CONSOLE,
        when_empty="no TLS",
    ),
    Key(
        "www-privatekey",
        WWW,
        optional(PATH),
        "",
        "Private key of the certificate, in PEM format.",
        "/etc/tidegate/console.key",
        aliases=("www-private-key",),
        feature=features.CONSOLE,
        when_empty="no TLS",
    ),
    Key(
        "www-secure-port",
        WWW,
        optional(PORT),
        "",
        "Port that speaks TLS.",
        "8486",
        feature=features.CONSOLE,
        when_empty="no such port",
    ),
    Key(
        "www-ciphers",
        WWW,
        optional(CIPHERS),
        "",
        "Ciphers for TLS 1.2 in OpenSSL's notation.",
        "ECDHE+AESGCM:ECDHE+CHACHA20",
        feature=features.CONSOLE,
        when_empty="a list of our own",
    ),
)
