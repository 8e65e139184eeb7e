"""The outgoing address, with the examples of the documentation."""

import pytest

from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.source_ips import SourceIps, SourceMapping, SourceReason, explain

DOCUMENTED = SourceMapping(IpRanges.parse("1.2.3.0/24;4.5.6.0/24"), IpRanges.parse("1.2.3.28/32;1.2.3.5/32"))
DEFAULTS = ("1.2.3.4", "4.5.6.7")


@pytest.mark.parametrize(
    ("mapping", "local_ip", "expected"),
    [
        (DOCUMENTED, "1.2.3.100", SourceIps(("1.2.3.100",), SourceReason.MAPPED)),
        (DOCUMENTED, "1.2.3.28", SourceIps((), SourceReason.UNMAPPABLE)),
        (DOCUMENTED, "4.5.6.255", SourceIps(("4.5.6.255",), SourceReason.MAPPED)),
        (DOCUMENTED, "9.9.9.9", SourceIps((), SourceReason.NOT_MAPPABLE)),
        (SourceMapping(), "9.9.9.9", SourceIps(("9.9.9.9",), SourceReason.MAPPED)),
        (SourceMapping(), "127.0.0.1", SourceIps(("127.0.0.1",), SourceReason.MAPPED)),
        (SourceMapping(), "2001:db8::1", SourceIps(("2001:db8::1",), SourceReason.MAPPED)),
        (SourceMapping(IpRanges.nobody()), "9.9.9.9", SourceIps((), SourceReason.NOT_MAPPABLE)),
        (SourceMapping(), "0.0.0.0", SourceIps((), SourceReason.NO_SOURCE)),
        (SourceMapping(), "::", SourceIps((), SourceReason.NO_SOURCE)),
        (SourceMapping(), "224.0.0.1", SourceIps((), SourceReason.NO_SOURCE)),
        (SourceMapping(), "ff02::1", SourceIps((), SourceReason.NO_SOURCE)),
        (SourceMapping(), "255.255.255.255", SourceIps((), SourceReason.NO_SOURCE)),
    ],
)
def test_submission_address(mapping: SourceMapping, local_ip: str, expected: SourceIps) -> None:
    """PX19: mappable and not unmappable; an address that nobody can send from never, however wide the ranges are."""
    assert expected == mapping.source_ips(local_ip)


def test_configured() -> None:
    """A key that is not set maps every address; one that is set maps what it names."""
    assert SourceMapping.configured(IpRanges.nobody(), IpRanges.nobody()) == SourceMapping()
    assert SourceMapping.configured(DOCUMENTED.mappable, DOCUMENTED.unmappable) == DOCUMENTED


def test_requested_addresses_come_first() -> None:
    """An x-mq-ip header wins over every range, in the order given."""
    assert SourceIps(("9.9.9.9", "8.8.8.8"), SourceReason.REQUESTED) == DOCUMENTED.source_ips("1.2.3.28", ["9.9.9.9", "8.8.8.8"])


@pytest.mark.parametrize(
    ("mapping", "listening", "expected"),
    [
        (SourceMapping(), "0.0.0.0/0;::/0", False),
        (SourceMapping(), "127.0.0.1", True),
        (SourceMapping(), "::1;127.0.0.2", True),
        (SourceMapping(), "127.0.0.1;192.0.2.1", False),
        (SourceMapping(IpRanges.parse("127.0.0.0/8")), "0.0.0.0/0;::/0", True),
        (SourceMapping(IpRanges.parse("127.0.0.0/8;10.0.0.1"), IpRanges.parse("10.0.0.0/8")), "0.0.0.0/0", True),
        (SourceMapping(IpRanges.everything(), IpRanges.parse("127.0.0.0/8;::1")), "127.0.0.1", False),
        (SourceMapping(IpRanges.parse("10.0.0.0/8")), "127.0.0.1", False),
        (SourceMapping(IpRanges.nobody()), "127.0.0.1", False),
    ],
)
def test_loopback_only(mapping: SourceMapping, listening: str, expected: bool) -> None:
    """A warning is due only when something is mapped and all of it is loopback."""
    assert expected == mapping.loopback_only(IpRanges.parse(listening))


@pytest.mark.parametrize(
    ("mapping", "local_ip", "defaults", "sentence"),
    [
        (
            DOCUMENTED,
            "1.2.3.100",
            DEFAULTS,
            "Mail submitted to 1.2.3.100 is sent from 1.2.3.100: the address is in smtp-mappable-ips and not in smtp-unmappable-ips.",
        ),
        (
            DOCUMENTED,
            "1.2.3.28",
            DEFAULTS,
            "Mail submitted to 1.2.3.28 is sent from the default addresses (1.2.3.4;4.5.6.7): the address is in smtp-unmappable-ips.",
        ),
        (
            DOCUMENTED,
            "9.9.9.9",
            (),
            "Mail submitted to 9.9.9.9 is sent from the sender's own default (smtp-default-ips is empty):"
            " the address is not in smtp-mappable-ips.",
        ),
        (
            SourceMapping(),
            "127.0.0.1",
            (),
            "Mail submitted to 127.0.0.1 is sent from 127.0.0.1: every address is mappable that is not in smtp-unmappable-ips."
            " Nothing sent from a loopback address leaves this machine.",
        ),
        (
            SourceMapping(),
            "::",
            DEFAULTS,
            "Mail submitted to :: is sent from the default addresses (1.2.3.4;4.5.6.7): nothing can be sent from such an address.",
        ),
    ],
)
def test_explanation(mapping: SourceMapping, local_ip: str, defaults: tuple[str, ...], sentence: str) -> None:
    """People read where mail goes out and which key decides it."""
    assert sentence == explain(local_ip, mapping, defaults)
