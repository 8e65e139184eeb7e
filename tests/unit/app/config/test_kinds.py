"""What each kind of value accepts and refuses."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tidegate.adapters.folder_queue.names import folder_name, queue_name
from tidegate.app.config.kinds.kind import Kind, optional
from tidegate.app.config.kinds.names import CIPHERS, EXCHANGE, LOG_DESTINATIONS, QUEUE, SERVER_ID, SPAMD_USER, USER
from tidegate.app.config.kinds.network import ADDRESSES, HOSTNAME, MAX_PORTS, PORTS, SPAMD_HOSTS
from tidegate.app.config.kinds.scalars import BOOLEAN, PATH, duration, number, show_seconds, show_size, size, word, words
from tidegate.app.config.kinds.urls import HTTP_PLACE
from tidegate.app.config.values import Check, LineEndings, LogStream
from tidegate.domain.spamd_address import SpamdAddress

SIZE = size(1, 2**40, "1GB")
DURATION = duration(0.1, 86400, "5m")
NUMBER = number(2, 100, 5)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (BOOLEAN, "true", True),
        (BOOLEAN, "Off", False),
        (BOOLEAN, "1", True),
        (BOOLEAN, "NO", False),
        (NUMBER, "007", 7),
        (SIZE, "100MB", 100 * 1024**2),
        (SIZE, "100 mb", 100 * 1024**2),
        (SIZE, "1GiB", 1024**3),
        (SIZE, "1k", 1024),
        (SIZE, "12", 12),
        (SIZE, "12B", 12),
        (DURATION, "300", timedelta(minutes=5)),
        (DURATION, "60.0", timedelta(minutes=1)),
        (DURATION, "500ms", timedelta(milliseconds=500)),
        (DURATION, "2H", timedelta(hours=2)),
        (word(LineEndings), "Reject", LineEndings.REJECT),
        (words(Check), "spf, DKIM,spf", frozenset({Check.SPF, Check.DKIM})),
        (words(Check), "", frozenset()),
        (optional(NUMBER), "", None),
        (PATH, "./var", Path("var")),
        (PORTS, "25,2525,1024-1026", (25, 2525, 1024, 1025, 1026)),
        (PORTS, " 25 , 30 - 31 ", (25, 30, 31)),
        (PORTS, f"1-{MAX_PORTS}", tuple(range(1, MAX_PORTS + 1))),
        (PORTS, "", ()),
        (ADDRESSES, "1.2.3.4; ::1;::ffff:5.6.7.8", tuple(map(ip_address, ("1.2.3.4", "::1", "5.6.7.8")))),
        (HOSTNAME, "mx1.example.com.", "mx1.example.com"),
        (HOSTNAME, "localhost", "localhost"),
        (HOSTNAME, "", ""),
        (SPAMD_HOSTS, "::1", (SpamdAddress("::1"),)),
        (SPAMD_HOSTS, "127.0.0.1:1;spam_d; /s", (SpamdAddress("127.0.0.1", 1), SpamdAddress("spam_d"), SpamdAddress("/s"))),
        (SPAMD_USER, "", ""),
        (HTTP_PLACE, "http://localhost:11333/", "http://localhost:11333"),
        (HTTP_PLACE, "https://[2001:db8::1]", "https://[2001:db8::1]"),
        (SPAMD_USER, "mail.1", "mail.1"),
        (QUEUE, "in box: ä", "in box: ä"),
        (QUEUE, "../mail/in", "../mail/in"),
        (EXCHANGE, "amq.topic", "amq.topic"),
        (USER, "_mail-1", "_mail-1"),
        (SERVER_ID, "1", "1"),
        (LOG_DESTINATIONS, "syslog,/var/log/x.log", (LogStream.SYSLOG, Path("/var/log/x.log"))),
        (CIPHERS, "!aNULL:!eNULL:!LOW:!SSLv2:MEDIUM:HIGH:@STRENGTH", "!aNULL:!eNULL:!LOW:!SSLv2:MEDIUM:HIGH:@STRENGTH"),
    ],
)
def test_accepted(kind: Kind, text: str, value: object) -> None:
    """Spellings in use give the finished value."""
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "complaint"),
    [
        (BOOLEAN, "2", "neither true nor false"),
        (NUMBER, "1", "less than 2"),
        (NUMBER, "101", "more than 100"),
        (NUMBER, "5.0", "not a whole number"),
        (NUMBER, "+5", "not a whole number"),
        (NUMBER, "٥", "not a whole number"),
        (NUMBER, "9" * 5000, "not a whole number"),
        (SIZE, "0", "less than 1 byte"),
        (SIZE, "2TB", "more than 1TB"),
        (SIZE, "1.5GB", "not a size"),
        (SIZE, "1 0MB", "not a size"),
        (SIZE, "MB", "not a size"),
        (SIZE, "1PB", "not a size"),
        (DURATION, "0", "less than 100ms"),
        (DURATION, "25h", "more than 1d"),
        (DURATION, "-1", "not a duration"),
        (DURATION, "nan", "not a duration"),
        (DURATION, "1m30s", "not a duration"),
        (word(LineEndings), "", "cannot stand here"),
        (words(Check), "spf,", "a comma too many"),
        (words(Check), "spf,dnssec", "'dnssec' cannot stand here"),
        (PATH, "~/x", "begins with ~"),
        (PORTS, "25-24", "ends before it begins"),
        (PORTS, "0", "'0' is not a port number"),
        (PORTS, "65536", "'65536' is not a port number"),
        (PORTS, "25,25", "port 25 is named twice"),
        (PORTS, "20-30,25", "port 25 is named twice"),
        (PORTS, f"1-{MAX_PORTS + 1}", "more than 100 ports"),
        (PORTS, "1-65535", "more than 100 ports"),
        (PORTS, "25,", "a comma too many"),
        (PORTS, "25-", "'' is not a port number"),
        (PORTS, "-25", "'' is not a port number"),
        (PORTS, "1-2-3", "'2-3' is not a port number"),
        (PORTS, "25;26", "'25;26' is not a port number"),
        (ADDRESSES, "1.2.3.4,1.2.3.5", "is not an IP address"),
        (ADDRESSES, "1.2.3.4;1.2.3.4", "1.2.3.4 is named twice"),
        (ADDRESSES, "1.2.3.4;", "a semicolon too many"),
        (ADDRESSES, "fe80::1%eth0", "is not an IP address"),
        (HOSTNAME, "mx_1.example.com", "is not a host name"),
        (HOSTNAME, "mx..example.com", "is not a host name"),
        (HOSTNAME, "1.2.3.4", "is not a host name"),
        (HOSTNAME, "a" * 64, "is not a host name"),
        (HOSTNAME, ".".join(["a" * 60] * 5), "is not a host name"),
        (HOSTNAME, "bücher.example", "write the xn-- form"),
        (HOSTNAME, "evil\\r\\n250", "is not a host name"),
        (SPAMD_HOSTS, "spam_d-", "'spam_d-' is not a host"),
        (SPAMD_HOSTS, "a;;b", "'' is not a host"),
        (SPAMD_HOSTS, "a:0", "'a:0': the port is not a number from 1 to 65535"),
        (SPAMD_HOSTS, "a;b;a", "an address is named twice"),
        (HTTP_PLACE, "localhost:11333", "is not a URL of http:// or https://"),
        (HTTP_PLACE, "http://a/b", "with host and port alone"),
        (HTTP_PLACE, "http://u:p@a", "with host and port alone"),
        (HTTP_PLACE, "http://a:0", "the port is not from 1 to 65535"),
        (SPAMD_USER, "a:b", "'a:b' is not a user name"),
        (QUEUE, "amq.direct", "begins with amq."),
        (QUEUE, "ä" * 43, "more than 255 bytes"),
        (EXCHANGE, "ä" * 128, "longer than 255 bytes"),
        (USER, "root;id", "is not a user name"),
        (SERVER_ID, "a b", "is not an instance name"),
        (LOG_DESTINATIONS, "stderr,stderr", "named twice"),
        (LOG_DESTINATIONS, "stderr,", "a comma too many"),
        (CIPHERS, "NONSENSE", "OpenSSL finds no cipher"),
    ],
)
def test_refused(kind: Kind, text: str, complaint: str) -> None:
    """OP06: the error names the bad part."""
    with pytest.raises(ValueError) as caught:
        kind.parse(text)
    assert complaint in str(caught.value)


@given(st.integers(0, 2**50))
def test_shown_size_is_read_back(count: int) -> None:
    """What messages call a size is a size."""
    assert size(0, 2**60, "1GB").parse(show_size(count).replace(" bytes", "B").replace(" byte", "B")) == count


@given(st.integers(0, 10**6))
def test_shown_duration_is_read_back(seconds: int) -> None:
    """What messages call a duration is a duration."""
    assert duration(0, 10**7, "1").parse(show_seconds(seconds)) == timedelta(seconds=seconds)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=90))
def test_embedded_queue_has_a_folder_for_every_queue_name(name: str) -> None:
    """What the configuration takes, the embedded queue takes."""
    try:
        QUEUE.parse(name)
    except ValueError:
        assume(False)
    assert queue_name(folder_name(name)) == name
