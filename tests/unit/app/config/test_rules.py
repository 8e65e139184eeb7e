"""Rules that concern several keys. Those that are errors stand among the broken config files too."""

import attrs
import pytest
from tests.unit.app.config.reading import errors, warnings

from tidegate.adapters.amqp import settings as amqp_settings
from tidegate.app.config import defaults
from tidegate.app.config.rules import BROKER_NAME, LOG_VARIABLES, MAX_EXCHANGE_NAME, check
from tidegate.app.logs import received

TLS = ["--smtp-certificate=c", "--smtp-key=k"]
STRANGERS = "smtp-range: lets everybody in while smtp-extract is true: strangers can set the envelope and other properties by x-mq-* fields"


def test_nobody_may_connect_is_told() -> None:
    """OP07: an empty smtp-range lets nobody in, and the owner hears of it."""
    findings = list(check(defaults(), lambda name: False))
    assert [(finding.keys, finding.wrong, finding.fatal) for finding in findings] == [(("smtp-range",), "is empty: nobody may connect", False)]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--smtp-ciphers=HIGH"], ["smtp-ciphers: has no effect without smtp-certificate"]),
        (["--smtp-ciphers=HIGH", *TLS], []),
        (
            ["--smtp-auth-results=local", "--smtp-check=spam"],
            ["smtp-auth-results: has no effect without a check of spf, dkim, dmarc or arc in smtp-check"],
        ),
        (["--smtp-auth-results=local", "--smtp-check=arc"], []),
        (["--spamassassin-port=1", "--smtp-check=spf"], ["spamassassin-port: has no effect without spam in smtp-check"]),
        (["--spamassassin-user=a", "--smtp-check=spam"], []),
        (["--spamassassin-report=true", "--smtp-check=spf"], ["spamassassin-report: has no effect without spam in smtp-check"]),
        (["--rspamd-address=http://h", "--smtp-check=spf"], ["rspamd-address: has no effect without spam in smtp-check"]),
        (["--rspamd-address=http://h", "--smtp-check=spam", "--spamassassin-maxsize=1MB"], []),
        (["--dmarc-profile=rfc7489", "--smtp-check=spf"], ["dmarc-profile: has no effect without dmarc in smtp-check"]),
        (["--smtp-recipients=99"], ["smtp-recipients: is less than the 100 that RFC 5321 section 4.5.3.1.8 asks for"]),
        (["--rabbitmq-throttle=5"], ["rabbitmq-throttle: has no effect without rabbitmq-address: the embedded queue takes all mail"]),
        (["--rabbitmq-throttle=5", "--rabbitmq-address=amqp://h"], []),
        (["--received-log-format={$date} {$json.connection.remote-ip} {$json.connection.local_ip} {$JSON.tags}{$Transaction}"], []),
        (
            ["--received-log-format={$date} {$recipient}"],
            [
                "received-log-format: '{$recipient}' is no variable: nothing is written in its place. "
                "There are {$json.…}, {$date}, {$time}, {$queue}, {$size}, {$reply}, {$transaction}"
            ],
        ),
        (
            ["--received-log-format={$date}{if $json.x} {$json.x}{/if}"],
            [
                "received-log-format: '{if $json.x}' is written as it stands: "
                "only variables like {$json.recipient} and {$json.message-id} are replaced"
            ],
        ),
        (["--rabbitmq-inbox=in"], []),
        (["--smtp-line-endings=normalize"], []),
        (["--smtp-normalize-range=10.0.0.1"], []),
        (
            ["--smtp-line-endings=normalize", "--smtp-normalize-range=10.0.0.1"],
            ["smtp-normalize-range: has no effect beside smtp-line-endings: normalize"],
        ),
        (
            ["--rabbitmq-persistent=false", "--rabbitmq-address=amqp://h"],
            ["rabbitmq-persistent: false: a restart of the broker loses mail that was answered 250"],
        ),
        (
            ["--rabbitmq-durable=false", "--rabbitmq-address=amqp://h"],
            ["rabbitmq-durable: false: a restart of the broker loses mail that was answered 250"],
        ),
        (["--rabbitmq-durable=false", "--rabbitmq-declare=false", "--rabbitmq-address=amqp://h"], []),
        (["--rabbitmq-verify=false", "--rabbitmq-address=amqp://h"], []),
        (
            ["--rabbitmq-verify=false", "--rabbitmq-address=amqps://h"],
            ["rabbitmq-verify: false: the broker's certificate is not looked at, so another server can take its place"],
        ),
        (
            ["--rabbitmq-inbox=outbox", "--smtp-range=0.0.0.0/0;::/0"],
            ["rabbitmq-inbox: equals rabbitmq-outbox while everybody may connect without authentication: this is an open relay", STRANGERS],
        ),
        (["--rabbitmq-inbox=outbox", "--smtp-range=10.0.0.0/8"], []),
        (["--smtp-range=0.0.0.0/0;::/0"], [STRANGERS]),
        (["--smtp-range=0.0.0.0/0;::/0", "--smtp-extract=false"], []),
        (
            ["--rabbitmq-inbox=", "--rabbitmq-outbox=", "--smtp-range=0.0.0.0/0;::/0"],
            ["rabbitmq-inbox: is empty: mail without a queue of its own is answered 250 and thrown away", STRANGERS],
        ),
    ],
)
def test_warnings(argv: list[str], expected: list[str]) -> None:
    """QU12, HD01: what works, but hardly as its owner means it."""
    assert warnings(*argv) == [f"command line: {text}" for text in expected]


@pytest.mark.parametrize(
    ("address", "better"),
    [
        ("ldap://ldap.example.com/dc=example", "ldaps:// or ?starttls"),
        ("ldap://127.example.com/dc=example", "ldaps:// or ?starttls"),
        ("ldap://192.0.2.1/dc=example", "ldaps:// or ?starttls"),
        ("ldap://ldap.example.com/dc=example?starttls", None),
        ("ldaps://ldap.example.com/dc=example", None),
        ("ldap://localhost/dc=example", None),
        ("ldap://127.0.0.2:389/dc=example", None),
        ("ldap://[::1]/dc=example", None),
        ("http://accounts.example.com/login", "https://"),
        ("http://[2001:db8::1]/login", "https://"),
        ("https://accounts.example.com/login", None),
        ("http://127.0.0.1/login", None),
    ],
)
def test_passwords_in_clear(address: str, better: str | None) -> None:
    """AB06: passwords that go to another machine without TLS are warned of at the start; on this machine they stay."""
    found = warnings(f"--smtp-auth={address}", *TLS)
    assert len(found) == (better is not None)
    assert not found or found[0].endswith(f": passwords go there in clear: {better} protects them")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--smtp-secure-port=465", *TLS], []),
        (["--smtp-secure-port=25", *TLS], ["smtp-secure-port: port 25 is in smtp-port too: a port begins in clear or with TLS, not both"]),
        (["--smtp-maxsize=2GB", "--smtp-memory=2GB"], []),
        (["--smtp-memory=50MB"], ["smtp-memory: smtp-maxsize is more than smtp-memory: such a message could never be taken"]),
        (["--rabbitmq-address=amqp://h", "--rabbitmq-queue-type=quorum"], []),
        (["--rabbitmq-address=amqp://h", "--rabbitmq-queue-type=quorum", "--rabbitmq-lazy=1", "--rabbitmq-declare=0"], []),
    ],
)
def test_errors(argv: list[str], expected: list[str]) -> None:
    """The message stands at the key that somebody gave, even where the rule is about another one's default."""
    if not expected:
        assert warnings(*argv) == []
        return
    assert [error.splitlines()[0] for error in errors(*argv)] == [f"command line: {text}" for text in expected]


def test_rules_are_not_checked_for_keys_with_errors() -> None:
    """A bad smtp-key is one error, not also a certificate without its key."""
    assert len(errors("--smtp-certificate=c", "--smtp-key=~x")) == 1


@pytest.mark.parametrize(
    ("total", "incoming", "outgoing", "count"), [(100, 50, 75, 0), (100, 101, 75, 1), (100, 101, 102, 2), (None, 50, 75, 0)]
)
def test_connection_limits(total: int | None, incoming: int, outgoing: int, count: int) -> None:
    """A part of the connections is not larger than the whole."""
    settings = defaults()
    smtp = attrs.evolve(settings.smtp, connections=total, connections_in=incoming, connections_out=outgoing)
    findings = [finding for finding in check(attrs.evolve(settings, smtp=smtp), lambda name: True) if finding.fatal]
    assert [finding.keys[1] for finding in findings] == ["smtp-connections"] * count


def test_names_are_those_of_the_broker_adapter() -> None:
    """What the rules let through, the adapter takes: otherwise workers would die at every start."""
    assert (BROKER_NAME.pattern, MAX_EXCHANGE_NAME) == (amqp_settings.NAME.pattern, amqp_settings.MAX_EXCHANGE_NAME)
    taken = (
        ["--rabbitmq-address=amqp://h", f"--rabbitmq-exchange={'e' * MAX_EXCHANGE_NAME}", "--rabbitmq-inbox=a/b #,+"],
        ["--rabbitmq-inbox=é!"],
    )
    assert [warnings(*argv) for argv in taken] == [[], []]


def test_variables_are_those_of_the_received_log() -> None:
    """The rules know each one that stands for something there, and no other."""
    assert sorted(LOG_VARIABLES) == sorted(name for name in received.KNOWN if not name.startswith("json."))
