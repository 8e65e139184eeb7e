"""Lists of IP ranges: spelling, errors, membership."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.ip_ranges import IpRanges


@pytest.mark.parametrize(
    ("ranges", "inside", "outside"),
    [
        ("192.168.0.0/16", ["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0", "::1"]),
        ("192.168.0.0/16;127.0.0.1", ["127.0.0.1", "192.168.1.1"], ["127.0.0.2", "127.0.0.0"]),
        (" 10.0.0.1 - 10.0.0.9 ; 10.0.0.20 ", ["10.0.0.1", "10.0.0.9", "10.0.0.20"], ["10.0.0.0", "10.0.0.10", "10.0.0.19"]),
        ("2001:db8::/32;::1", ["2001:db8::", "2001:db8:ffff::1", "::1"], ["2001:db9::", "::", "127.0.0.1"]),
        ("2001:db8::1-2001:db8::ff", ["2001:db8::1", "2001:db8::ff"], ["2001:db8::", "2001:db8::100"]),
        ("::ffff:10.0.0.0/104", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"], ["11.0.0.0", "::1"]),
        ("::ffff:10.0.0.1", ["10.0.0.1"], ["10.0.0.2"]),
        ("::ffff:10.0.0.1-::ffff:10.0.0.3", ["10.0.0.2"], ["10.0.0.4"]),
        ("::ffff:0:0/96", ["0.0.0.0", "255.255.255.255"], ["::1", "::"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], ["::", "::1"]),
        ("::/0", ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["1.2.3.4", "::ffff:1.2.3.4"]),
        ("10.0.0.0/8", ["10.1.2.3", "::ffff:10.1.2.3"], ["64:ff9b::a01:203", "2002:a01:203::"]),
        ("1.2.3.28/32;1.2.3.5/32", ["1.2.3.28", "1.2.3.5"], ["1.2.3.4", "1.2.3.6"]),
        ("", [], ["127.0.0.1", "::1", "0.0.0.0"]),
        ("  \t", [], ["127.0.0.1"]),
    ],
)
def test_membership(ranges: str, inside: list[str], outside: list[str]) -> None:
    """OP07, OP08: who is in, who is not, given as text and as an address of the standard library."""
    parsed = IpRanges.parse(ranges)
    for text in inside:
        assert text in parsed
        assert ip_address(text) in parsed
    for text in outside:
        assert text not in parsed
        assert ip_address(text) not in parsed


@pytest.mark.parametrize(
    ("ranges", "complaint"),
    [
        ("10.0.0.0/8;", "item 2 is empty: a semicolon too many"),
        (";10.0.0.0/8", "item 1 is empty: a semicolon too many"),
        ("10.0.0.1; ;10.0.0.2", "item 2 is empty: a semicolon too many"),
        (";", "item 1 is empty: a semicolon too many"),
        ("10.0.0.1/8", "item 1, '10.0.0.1/8': has host bits set: write 10.0.0.0/8 for the network or 10.0.0.1 for the one address"),
        (
            "2001:db8::1/32",
            "item 1, '2001:db8::1/32': has host bits set: write 2001:db8::/32 for the network or 2001:db8::1 for the one address",
        ),
        (
            "::ffff:10.0.0.1/104",
            "item 1, '::ffff:10.0.0.1/104': has host bits set: write 10.0.0.0/8 for the network or 10.0.0.1 for the one address",
        ),
        ("::ffff:0.0.0.0/90", "item 1, '::ffff:0.0.0.0/90': has host bits set: an IPv4-mapped network has a prefix length of at least 96"),
        ("127.0.0.1;localhost", "item 2, 'localhost': is not an IP address, a network or a range first-last"),
        ("10.0.0.1,10.0.0.2", "item 1, '10.0.0.1,10.0.0.2': is not an IP address, a network or a range first-last"),
        ("10.0.0.0/33", "item 1, '10.0.0.0/33': the prefix length is not a number from 0 to 32"),
        ("10.0.0.0/255.0.0.0", "item 1, '10.0.0.0/255.0.0.0': the prefix length is not a number from 0 to 32"),
        ("10.0.0.0/", "item 1, '10.0.0.0/': the prefix length is not a number from 0 to 32"),
        ("10.0.0.0/-1", "item 1, '10.0.0.0/-1': the prefix length is not a number from 0 to 32"),
        ("10.0.0.0/8/8", "item 1, '10.0.0.0/8/8': the prefix length is not a number from 0 to 32"),
        ("::/129", "item 1, '::/129': the prefix length is not a number from 0 to 128"),
        ("fe80::1%eth0", "item 1, 'fe80::1%eth0': a zone id has no meaning here"),
        ("10.0.0.9-10.0.0.1", "item 1, '10.0.0.9-10.0.0.1': ends before it begins"),
        ("10.0.0.1-::1", "item 1, '10.0.0.1-::1': begins and ends in different address families"),
        ("::-::ffff:10.0.0.1", "item 1, '::-::ffff:10.0.0.1': begins and ends in different address families"),
        ("10.0.0.1-", "item 1, '10.0.0.1-': lacks an address"),
        ("10.0.0.1-10.0.0.2-10.0.0.3", "item 1, '10.0.0.1-10.0.0.2-10.0.0.3': is not an IP address, a network or a range first-last"),
        ("10.0.0.1-10.0.0.0/8", "item 1, '10.0.0.1-10.0.0.0/8': is both a network and a range"),
        ("010.0.0.1", "item 1, '010.0.0.1': is not an IP address, a network or a range first-last"),
        ("x" * 5000, f"item 1, '{'x' * 80}…': is not an IP address, a network or a range first-last"),
    ],
)
def test_errors_name_the_item(ranges: str, complaint: str) -> None:
    """OP07: junk never means "allow all"; the error tells which item and what is wrong with it."""
    with pytest.raises(ValueError) as caught:
        IpRanges.parse(ranges)
    assert (complaint,) == caught.value.args


@pytest.mark.parametrize(
    ("ranges", "shown"),
    [
        ("", ""),
        ("10.0.0.0/25;10.0.0.128/25", "10.0.0.0/24"),
        ("10.0.0.9;10.0.0.1-10.0.0.8", "10.0.0.1-10.0.0.9"),
        ("::1;10.0.0.1;10.0.0.1/32", "10.0.0.1;::1"),
        ("10.0.0.0/8;10.1.0.0/16", "10.0.0.0/8"),
        ("0.0.0.0/1;128.0.0.0/1", "0.0.0.0/0"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/80", "::/80"),
        ("::7fff:0:0/96;::8000:0:0/81", "::7fff:0:0/96;::8000:0:0/81"),
    ],
)
def test_text_is_merged_and_reads_back(ranges: str, shown: str) -> None:
    """``str`` gives the merged list, which parses to an equal value."""
    parsed = IpRanges.parse(ranges)
    assert shown == str(parsed)
    assert parsed == IpRanges.parse(shown)


def test_nobody_and_everything() -> None:
    """The two named sets hold none and all addresses of both families."""
    assert IpRanges.nobody() == IpRanges.parse("")
    assert IpRanges.everything() == IpRanges.parse("::/0;0.0.0.0/0")
    assert not IpRanges.nobody()
    assert IpRanges.everything()
    assert repr(IpRanges.everything()) == "IpRanges('0.0.0.0/0;::/0')"


@pytest.mark.parametrize(
    ("one", "other", "both", "only_one"),
    [
        ("10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16", "10.0.0.0/16;10.2.0.0-10.255.255.255"),
        ("10.0.0.1;10.0.0.3;10.0.0.5", "10.0.0.2-10.0.0.4", "10.0.0.3", "10.0.0.1;10.0.0.5"),
        ("10.0.0.0/8;::/0", "0.0.0.0/0", "10.0.0.0/8", "::/0"),
        ("0.0.0.0/0;::/0", "", "", "0.0.0.0/0;::/0"),
        ("", "0.0.0.0/0", "", ""),
        ("127.0.0.0/8;::1", "127.0.0.0/8;::1", "127.0.0.0/8;::1", ""),
        ("10.0.0.0/8", "11.0.0.0/8", "", "10.0.0.0/8"),
    ],
)
def test_intersection_and_difference(one: str, other: str, both: str, only_one: str) -> None:
    """Ranges combine as sets."""
    assert IpRanges.parse(both) == IpRanges.parse(one) & IpRanges.parse(other)
    assert IpRanges.parse(only_one) == IpRanges.parse(one) - IpRanges.parse(other)


def test_text_that_is_no_address_is_neither_in_nor_out() -> None:
    """A membership test of junk is a mistake of the caller, not an answer."""
    with pytest.raises(ValueError):
        _ = "localhost" in IpRanges.everything()


networks_v4 = st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(lambda pair: IPv4Network(pair, strict=False))
networks_v6 = st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(lambda pair: IPv6Network(pair, strict=False))


@given(st.lists(networks_v4 | networks_v6, max_size=12), st.lists(st.ip_addresses(), max_size=8))
def test_agrees_with_a_list_of_networks(networks: list[IPv4Network | IPv6Network], probes: list[IPv4Address | IPv6Address]) -> None:
    """Membership is that of the naive list, at the edges of every network too; the text form reads back."""
    networks = [network for network in networks if not _touches_mapped(network)]
    ranges = IpRanges.parse(";".join(map(str, networks)))
    for network in networks:
        probes += [network[0], network[-1]]
        if int(network[0]):
            probes.append(network[0] - 1)
        if int(network[-1]) < 2**network.max_prefixlen - 1:
            probes.append(network[-1] + 1)
    for probe in probes:
        if not (isinstance(probe, IPv6Address) and probe.ipv4_mapped):
            assert (probe in ranges) == any(probe in network for network in networks)
            assert (probe in ranges) == (str(probe) in ranges)
    assert ranges == IpRanges.parse(str(ranges))


@given(
    st.lists(networks_v6 | st.tuples(st.integers(0, 2**50).map(IPv6Address), st.integers(70, 128)).map(lambda p: IPv6Network(p, strict=False)))
)
def test_networks_around_the_mapped_block_read_back(networks: list[IPv6Network]) -> None:
    """Whatever part of the mapped block the ranges hold, their text reads back to an equal value."""
    ranges = IpRanges.parse(";".join(map(str, networks)))
    assert ranges == IpRanges.parse(str(ranges))


small_ranges = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=6)


@given(small_ranges, small_ranges)
def test_combinations_agree_with_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    """Intersection and difference are those of sets of addresses, in merged form."""

    def both_forms(items: list[tuple[int, int]]) -> tuple[IpRanges, set[int]]:
        text = ";".join(f"{IPv4Address(first)}-{IPv4Address(first + more)}" for first, more in items)
        return IpRanges.parse(text), {first + n for first, more in items for n in range(more + 1)}

    (a, a_set), (b, b_set) = both_forms(one), both_forms(other)
    for ranges, numbers in ((a & b, a_set & b_set), (a - b, a_set - b_set)):
        assert IpRanges.parse(";".join(str(IPv4Address(n)) for n in numbers)) == ranges


def _touches_mapped(network: IPv4Network | IPv6Network) -> bool:
    mapped = ip_network("::ffff:0:0/96")
    return isinstance(network, IPv6Network) and network.overlaps(IPv6Network(mapped))


@given(st.text(max_size=60) | st.text("0123456789.:/-; abf%", max_size=60))
def test_total(text: str) -> None:
    """Any text is a set of addresses or a ValueError, nothing else."""
    try:
        ranges = IpRanges.parse(text)
    except ValueError:
        return
    assert ranges == IpRanges.parse(str(ranges))
