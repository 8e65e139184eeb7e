"""Name servers as configuration spells them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.nameserver import Nameserver, parse_nameservers, system_nameservers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", [Nameserver("192.0.2.53", 53, trusted=False)]),
        ("192.0.2.53:5353", [Nameserver("192.0.2.53", 5353, trusted=False)]),
        ("127.0.0.1", [Nameserver("127.0.0.1", 53, trusted=True)]),
        ("127.0.0.53:1053", [Nameserver("127.0.0.53", 1053, trusted=True)]),
        ("2001:DB8::53", [Nameserver("2001:db8::53", 53, trusted=False)]),
        ("[2001:db8::53]:5353", [Nameserver("2001:db8::53", 5353, trusted=False)]),
        ("[::1]", [Nameserver("::1", 53, trusted=True)]),
        ("::ffff:127.0.0.1", [Nameserver("127.0.0.1", 53, trusted=True)]),
        (" 192.0.2.1 ; 192.0.2.2:54 ", [Nameserver("192.0.2.1"), Nameserver("192.0.2.2", 54)]),
        ("", []),
        ("  ", []),
    ],
)
def test_lists(text: str, expected: list[Nameserver]) -> None:
    """With and without ports; only this machine's server is trusted to validate."""
    assert tuple(expected) == parse_nameservers(text)


@pytest.mark.parametrize(
    "text",
    [
        "dns.example",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        "192.0.2.53:",
        "192.0.2.53:x",
        "192.0.2.53:+5",
        "192.0.2.53:٥",
        "[192.0.2.53",
        "[2001:db8::53]5353",
        "192.0.2.53;",
        ";",
        "fe80::1%eth0",
        "192.0.2.53,192.0.2.54",
    ],
)
def test_errors(text: str) -> None:
    """What is no server is named."""
    with pytest.raises(ValueError) as caught:
        parse_nameservers(text)
    assert repr(text.rpartition(";")[2]) in caught.value.args[0] or "''" in caught.value.args[0]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("nameserver 192.0.2.53\nnameserver 2001:db8::53 \n", [Nameserver("192.0.2.53"), Nameserver("2001:db8::53")]),
        ("# nameserver 192.0.2.1\n;x\nsearch example.com\nnameserver\nnameserver junk\nnameserver\t192.0.2.53\n", [Nameserver("192.0.2.53")]),
        ("options edns0 trust-ad\nnameserver 192.0.2.53", [Nameserver("192.0.2.53", trusted=True)]),
        ("nameserver fe80::1%eth0", [Nameserver("fe80::1")]),
        ("", [Nameserver("127.0.0.1")]),
    ],
)
def test_resolv_conf(content: str, expected: list[Nameserver]) -> None:
    """The system's servers; trust in their validation only where the file says so."""
    assert tuple(expected) == system_nameservers(content)


@given(st.text(max_size=60) | st.text("nameserver options trust-ad 0123456789.:%\n", max_size=100))
def test_total(text: str) -> None:
    """Any file gives at least one server, any list servers or a ValueError."""
    assert system_nameservers(text)
    try:
        servers = parse_nameservers(text)
    except ValueError:
        return
    assert all(0 < server.port <= 65535 for server in servers)
