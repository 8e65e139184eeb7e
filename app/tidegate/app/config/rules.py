"""Rules that concern several keys together, and those that only warn."""

import re
from collections.abc import Callable, Iterator

import attrs

from tidegate.app.config.back_ends import HttpEndpoint, LdapServer
from tidegate.app.config.problems import quoted
from tidegate.app.config.settings import Settings
from tidegate.app.config.values import Check, LineEndings, QueueType
from tidegate.domain.ip_address import parse
from tidegate.domain.ip_ranges import IpRanges


@attrs.frozen
class Finding:
    """One broken rule.

    Attributes:
        keys: those it concerns, canonical; the message stands at the place of the first one that somebody gave.
        wrong: what is wrong, as a phrase that follows the key.
        allowed: what would be right, or empty.
        fatal: an error; otherwise a warning.
    """

    keys: tuple[str, ...]
    wrong: str
    allowed: str = ""
    fatal: bool = True


IsGiven = Callable[[str], bool]
"""Whether somebody gave the key, in whatever place."""

_braces = re.compile(r"\{[^{}]*\}").findall
_variable = re.compile(r"\{\$([A-Za-z0-9._-]+)\}").fullmatch

BROKER_NAME = re.compile(r"[A-Za-z0-9\-_.:@#,/+ ]+")
"""What the names of queues and of the exchange are made of where there is a broker: what the AMQP adapter takes."""
MAX_EXCHANGE_NAME = 127
"""Length of AMQP's ``exchange-name`` domain (AMQP 0-9-1 XML specification)."""
_CHARACTERS = "A-Z a-z 0-9 - _ . : @ # , / + and spaces"

LOG_VARIABLES = ("date", "time", "queue", "size", "reply", "transaction")
"""What ``received-log-format`` knows beside properties of the document."""

_BROKER_ONLY = (
    "exchange",
    "verify",
    "declare",
    "durable",
    "persistent",
    "lazy",
    "maxpriority",
    "encoding",
    "queue-type",
    "throttle",
    "maxsize",
    "timeout",
)

_SCANNER = (*(f"spamassassin-{name}" for name in ("host", "port", "user", "timeout", "maxsize", "report")), "rspamd-address")


def check(settings: Settings, is_given: IsGiven) -> Iterator[Finding]:
    """All broken rules."""
    yield from _tls(settings, is_given)
    yield from _passwords_in_clear(settings)
    yield from _ports(settings)
    yield from _access(settings)
    yield from _bounds(settings)
    yield from _checks(settings, is_given)
    yield from _broker(settings, is_given)
    yield from _template(settings)


def _tls(settings: Settings, is_given: IsGiven) -> Iterator[Finding]:
    smtp = settings.smtp
    if smtp.certificate and not smtp.key:
        yield Finding(("smtp-certificate", "smtp-key"), "needs its private key", "smtp-key: PATH")
    if smtp.key and not smtp.certificate:
        yield Finding(("smtp-key", "smtp-certificate"), "needs its certificate", "smtp-certificate: PATH")
    if smtp.secure_port and not smtp.certificate:
        yield Finding(("smtp-secure-port", "smtp-certificate"), "needs a certificate", "smtp-certificate: PATH and smtp-key: PATH")
    if smtp.auth and not smtp.certificate:
        yield Finding(
            ("smtp-auth", "smtp-certificate"),
            "needs a certificate: passwords are taken over TLS only",
            "smtp-certificate: PATH and smtp-key: PATH",
        )
    if smtp.ciphers and not smtp.certificate:
        yield Finding(("smtp-ciphers", "smtp-certificate"), "has no effect without smtp-certificate", fatal=False)


def _passwords_in_clear(settings: Settings) -> Iterator[Finding]:
    for address in settings.smtp.auth:
        clear = isinstance(address, LdapServer) and not address.tls and not address.starttls
        if isinstance(address, LdapServer | HttpEndpoint) and (clear or str(address).startswith("http://")) and not _is_near(address.host):
            better = "ldaps:// or ?starttls" if clear else "https://"
            yield Finding(("smtp-auth",), f"{address.host}: passwords go there in clear: {better} protects them", fatal=False)


def _is_near(host: str) -> bool:
    try:
        return parse(host).is_loopback
    except ValueError:  # a name, and only this one never leaves the machine: 127.example.com does
        return host == "localhost"


def _ports(settings: Settings) -> Iterator[Finding]:
    smtp = settings.smtp
    both = sorted(set(smtp.port) & set(smtp.secure_port))
    if both:
        yield Finding(("smtp-secure-port", "smtp-port"), f"port {both[0]} is in smtp-port too: a port begins in clear or with TLS, not both")
    if not smtp.port and not smtp.secure_port:
        yield Finding(("smtp-port", "smtp-secure-port"), "there is no port to listen on", "a port in smtp-port or smtp-secure-port")


def _access(settings: Settings) -> Iterator[Finding]:
    smtp = settings.smtp
    if not smtp.range:
        yield Finding(("smtp-range",), "is empty: nobody may connect", fatal=False)
    if (
        smtp.range == IpRanges.everything()
        and not smtp.auth
        and settings.rabbitmq.inbox
        and settings.rabbitmq.inbox == settings.rabbitmq.outbox
    ):
        yield Finding(
            ("rabbitmq-inbox", "rabbitmq-outbox", "smtp-range", "smtp-auth"),
            "equals rabbitmq-outbox while everybody may connect without authentication: this is an open relay",
            fatal=False,
        )
    if smtp.range == IpRanges.everything() and smtp.extract:
        yield Finding(
            ("smtp-range", "smtp-extract"),
            "lets everybody in while smtp-extract is true: strangers can set the envelope and other properties by x-mq-* fields",
            fatal=False,
        )
    if smtp.line_endings is LineEndings.NORMALIZE and smtp.normalize_range:
        yield Finding(("smtp-normalize-range", "smtp-line-endings"), "has no effect beside smtp-line-endings: normalize", fatal=False)


def _bounds(settings: Settings) -> Iterator[Finding]:
    smtp = settings.smtp
    if smtp.maxsize > smtp.memory:
        yield Finding(("smtp-maxsize", "smtp-memory"), "is more than smtp-memory: such a message could never be taken", "a larger smtp-memory")
    if smtp.maxsize > settings.queue.maxsize:
        yield Finding(
            ("smtp-maxsize", "queue-maxsize"), "is more than queue-maxsize: such a message could never be kept", "a larger queue-maxsize"
        )
    for direction, limit in (("in", smtp.connections_in), ("out", smtp.connections_out)):
        if limit is not None and smtp.connections is not None and limit > smtp.connections:
            keys = (f"smtp-connections-{direction}", "smtp-connections")
            yield Finding(keys, f"is more than smtp-connections, {smtp.connections}", f"at most {smtp.connections}")
    if smtp.recipients < 100:
        yield Finding(("smtp-recipients",), "is less than the 100 that RFC 5321 section 4.5.3.1.8 asks for", fatal=False)


def _checks(settings: Settings, is_given: IsGiven) -> Iterator[Finding]:
    enabled = settings.smtp.check
    if settings.smtp.auth_results and not enabled - {Check.SPAM}:
        yield Finding(
            ("smtp-auth-results", "smtp-check"), "has no effect without a check of spf, dkim, dmarc or arc in smtp-check", fatal=False
        )
    if Check.SPAM not in enabled:
        idle = tuple(filter(is_given, _SCANNER))
        if idle:
            yield Finding((idle[0], "smtp-check"), "has no effect without spam in smtp-check", fatal=False)
    if Check.DMARC not in enabled and is_given("dmarc-profile"):
        yield Finding(("dmarc-profile", "smtp-check"), "has no effect without dmarc in smtp-check", fatal=False)


def _broker(settings: Settings, is_given: IsGiven) -> Iterator[Finding]:
    rabbitmq = settings.rabbitmq
    if not rabbitmq.inbox:
        yield Finding(("rabbitmq-inbox",), "is empty: mail without a queue of its own is answered 250 and thrown away", fatal=False)
    if not rabbitmq.address:
        idle = tuple(filter(is_given, (f"rabbitmq-{name}" for name in _BROKER_ONLY)))
        if idle:
            yield Finding(
                (idle[0], "rabbitmq-address"), "has no effect without rabbitmq-address: the embedded queue takes all mail", fatal=False
            )
        return
    yield from _broker_names(settings)
    if rabbitmq.queue_type is QueueType.QUORUM and rabbitmq.declare:
        for name, wrong in (("durable", not rabbitmq.durable), ("lazy", rabbitmq.lazy), ("maxpriority", rabbitmq.maxpriority > 0)):
            if wrong:
                allowed = (
                    f"rabbitmq-{name}: {'true' if name == 'durable' else 'false' if name == 'lazy' else '0'}, or rabbitmq-queue-type: classic"
                )
                yield Finding((f"rabbitmq-{name}", "rabbitmq-queue-type"), "does not go with quorum queues", allowed)
    if not rabbitmq.persistent:
        yield Finding(("rabbitmq-persistent",), "false: a restart of the broker loses mail that was answered 250", fatal=False)
    if not rabbitmq.durable and rabbitmq.declare:
        yield Finding(("rabbitmq-durable",), "false: a restart of the broker loses mail that was answered 250", fatal=False)
    if not rabbitmq.verify and any(address.tls for address in rabbitmq.address):
        yield Finding(
            ("rabbitmq-verify",), "false: the broker's certificate is not looked at, so another server can take its place", fatal=False
        )


def _broker_names(settings: Settings) -> Iterator[Finding]:
    """The embedded queue takes any name, the broker does not."""
    for key in ("inbox", "local", "reports", "refused"):
        name = getattr(settings.rabbitmq, key)
        if name and not BROKER_NAME.fullmatch(name):
            yield Finding((f"rabbitmq-{key}", "rabbitmq-address"), f"{quoted(name)} cannot be a queue of the broker", f"names of {_CHARACTERS}")
    exchange = settings.rabbitmq.exchange
    if exchange and (not BROKER_NAME.fullmatch(exchange) or len(exchange) > MAX_EXCHANGE_NAME):
        allowed = f"at most {MAX_EXCHANGE_NAME} characters of {_CHARACTERS}"
        yield Finding(("rabbitmq-exchange", "rabbitmq-address"), f"{quoted(exchange)} cannot be an exchange of the broker", allowed)


def _template(settings: Settings) -> Iterator[Finding]:
    for item in _braces(settings.logs.received_log_format):
        found = _variable(item)
        if not found:
            wrong = f"{quoted(item)} is written as it stands: only variables like {{$json.recipient}} and {{$json.message-id}} are replaced"
        elif (name := found[1].lower()) not in LOG_VARIABLES and not name.startswith("json."):
            known = ", ".join(f"{{${variable}}}" for variable in LOG_VARIABLES)
            wrong = f"{quoted(item)} is no variable: nothing is written in its place. There are {{$json.…}}, {known}"
        else:
            continue
        yield Finding(("received-log-format",), wrong, fatal=False)
        return
