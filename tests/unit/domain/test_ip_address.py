"""One spelling per address."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.ip_address import canonical, parse, unmapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("::FFFF:0A01:0203", "10.1.2.3"),
        ("2001:0DB8:0:0::0001", "2001:db8::1"),
        ("::1", "::1"),
        ("64:ff9b::a01:203", "64:ff9b::a01:203"),  # NAT64
        ("2002:a01:203::", "2002:a01:203::"),  # 6to4
        ("::10.1.2.3", "::a01:203"),  # IPv4-compatible, deprecated: not mapped
    ],
)
def test_canonical(text: str, expected: str) -> None:
    """OP08: mapped addresses become IPv4; NAT64, 6to4 and IPv4-compatible ones stay IPv6."""
    assert expected == canonical(text)


@pytest.mark.parametrize(
    "text",
    ["", " 1.2.3.4", "1.2.3.4\n", "1.2.3", "1.2.3.4.5", "010.0.0.1", "256.1.1.1", "1.2.3.٤", "fe80::1%eth0", "[::1]", "::g", "1.2.3.4/32"],
)
def test_not_an_address(text: str) -> None:
    """Other spellings, zone ids and junk are no address."""
    with pytest.raises(ValueError):
        canonical(text)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_canonical_agrees_with_ipaddress(address: IPv4Address | IPv6Address) -> None:
    """Every spelling of the standard library comes to the same canonical text, and canonical text to itself."""
    text = canonical(str(address))
    assert text == canonical(address.exploded) == canonical(text) == str(unmapped(address))
    assert parse(text) == ip_address(text)


@given(st.text(max_size=40) | st.text("0123456789.:abf%", max_size=40))
def test_total(text: str) -> None:
    """Any text is canonical already, becomes canonical, or is a ValueError; what comes out is an address of the standard library."""
    try:
        result = canonical(text)
    except ValueError:
        return
    assert result == str(ip_address(result))
