"""Names that can be asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.dns_name import can_exist, pointer_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.com", True),
        ("_dmarc.example.com", True),
        ("com", True),
        ("a+b=c'd\"\\.example.com", True),
        ("x" * 63 + ".com", True),
        ("x" * 64 + ".com", False),
        (".".join(["x" * 62] * 4), True),  # 251
        (".".join(["x" * 62] * 4) + ".y", True),  # 253
        (".".join(["x" * 62] * 4) + ".yz", False),
        ("", False),
        (".", False),
        ("example.com.", False),
        (".example.com", False),
        ("a..b", False),
        ("a b.example", False),
        ("a\x00.example", False),
        ("a\r\n.example", False),
        ("ü.example", False),
        ("x" * 10_000_000, False),
    ],
)
def test_can_exist(name: str, expected: bool) -> None:
    """ML04: limits of RFC 1035, and visible ASCII alone."""
    assert expected == can_exist(name)


def test_pointer_name() -> None:
    """The examples of RFC 1035 section 3.5 and RFC 3596 section 2.5."""
    assert pointer_name("10.2.0.52") == "52.0.2.10.in-addr.arpa"
    nibbles = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"
    assert pointer_name("4321:0:1:2:3:4:567:89ab") == nibbles


@given(st.ip_addresses())
def test_every_address_has_a_pointer_name(address: object) -> None:
    """The name of any address can be asked for."""
    assert can_exist(pointer_name(str(address)))
