"""Records of the managed state: what is taken, in which spelling, and what is in force when."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.ip_address import parse, unmapped
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect, networks_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.0/24 ", "192.0.2.0/24"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::/0", "::/0"),
    ],
)
def test_networks_have_one_spelling(given_: str, network: str) -> None:
    """Addresses and networks in any spelling."""
    assert Suspect.parse(given_).network == network
    assert Suspect.parse(network).network == network


@pytest.mark.parametrize(
    ("network", "reason", "expires", "what"),
    [
        ("", "", None, "one address or network"),
        ("192.0.2.1;192.0.2.2", "", None, "one address or network"),
        ("192.0.2.1-192.0.2.9", "", None, "CIDR"),
        ("192.0.2.1/24", "", None, "host bits"),
        ("example.com", "", None, "not an IP address"),
        ("fe80::1%eth0", "", None, "zone id"),
        ("192.0.2.1", "x" * 201, None, "longer than 200"),
        ("192.0.2.1", "a\nb", None, "cannot be printed"),
        ("192.0.2.1", "", datetime(2026, 1, 1), "no time zone"),
    ],
)
def test_suspects_that_cannot_be_used(network: str, reason: str, expires: datetime | None, what: str) -> None:
    """Each with its reason."""
    with pytest.raises(ValueError, match=what):
        Suspect.parse(network, reason, expires)


def test_mta_names() -> None:
    """Host names in lower case; anything else is refused, and so is what is no address."""
    assert MtaName.parse(" ::FFFF:192.0.2.1", "MX.Example.com") == MtaName("192.0.2.1", "mx.example.com")
    for ip, name in [("192.0.2.1", "mx example"), ("192.0.2.1", "-mx"), ("192.0.2.1", ""), ("192.0.2.1", "a." * 200), ("mx", "mx.example.com")]:
        with pytest.raises(ValueError, match="is not"):
            MtaName.parse(ip, name)


def test_suspects_expire() -> None:
    """A suspect is in force until the second it expires in; the list tells when it will next change."""
    hour = timedelta(hours=1)
    snapshot = Snapshot(suspects=(Suspect("192.0.2.1", expires=NOW + hour), Suspect("192.0.2.2", expires=NOW + 2 * hour), Suspect("192.0.2.3")))
    assert snapshot.suspected(NOW) == IpRanges.parse("192.0.2.1;192.0.2.2;192.0.2.3")
    assert snapshot.next_expiry(NOW) == NOW + hour
    assert snapshot.suspected(NOW + hour) == IpRanges.parse("192.0.2.2;192.0.2.3")
    assert snapshot.next_expiry(NOW + hour) == NOW + 2 * hour
    assert snapshot.suspected(NOW + 2 * hour) == IpRanges.parse("192.0.2.3")
    assert snapshot.next_expiry(NOW + 2 * hour) is None


@given(st.ip_addresses().filter(lambda ip: getattr(ip, "scope_id", None) is None), st.integers(0, 128))
def test_networks_of_an_address_are_those_that_hold_it(address: object, length: int) -> None:
    """Every network that holds an address is found under its canonical spelling."""
    ip = unmapped(parse(str(address)))
    network = Suspect.parse(str(ip_network((ip, min(length, ip.max_prefixlen)), strict=False))).network
    assert network in networks_of(str(ip))
    assert all(str(ip) in IpRanges.parse(item) for item in networks_of(str(ip))[:3])
