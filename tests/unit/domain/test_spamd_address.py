"""Where spamd listens, as configuration spells it."""

import pytest

from tidegate.domain.spamd_address import SpamdAddress, parse_spamd_addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", SpamdAddress("localhost")),
        ("spam.example.com.", SpamdAddress("spam.example.com")),
        ("spam_assassin:1783", SpamdAddress("spam_assassin", 1783)),
        ("192.0.2.1:783", SpamdAddress("192.0.2.1", 783)),
        ("2001:DB8::1", SpamdAddress("2001:db8::1")),
        ("[2001:db8::1]:1", SpamdAddress("2001:db8::1", 1)),
        ("/run/spamd.sock", SpamdAddress("/run/spamd.sock", 0)),
    ],
)
def test_addresses(text: str, expected: SpamdAddress) -> None:
    """Names, addresses and sockets; written out they read the same again."""
    assert SpamdAddress.parse(text) == expected
    assert SpamdAddress.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text", ["", "a b", "a:", "a:0", "a:65536", "a:1:2", "[a]:1", "[::1", "999.1.1.1", "-a", "/" + "x" * 107, "/a\0", "a\r\nb"]
)
def test_wrong_addresses(text: str) -> None:
    """What cannot be connected to is told when it is configured."""
    with pytest.raises(ValueError):
        SpamdAddress.parse(text)


def test_lists() -> None:
    """A list has semicolons; a port stands in where an item has none."""
    addresses = parse_spamd_addresses("a ; b:9;/s")
    assert addresses == (SpamdAddress("a"), SpamdAddress("b", 9), SpamdAddress("/s"))
    assert [address.with_port(7) for address in addresses] == [SpamdAddress("a", 7), SpamdAddress("b", 9), SpamdAddress("/s")]
    for text in ("", "a;", "a;a", ";".join(f"a{number}" for number in range(17))):
        with pytest.raises(ValueError):
            parse_spamd_addresses(text)
