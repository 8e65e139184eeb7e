"""From which address a sender should send a message out: ``ips`` in the document.

An ``x-mq-ip`` header decides first. Else it is the address that the message was submitted to, when that one is mappable: in
``smtp-mappable-ips`` and not in ``smtp-unmappable-ips``. Else the property is absent, and the sender takes its default addresses.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

import attrs

from tidegate.domain.ip_ranges import IpRanges

LOOPBACK = IpRanges.parse("127.0.0.0/8;::1")

_NO_SOURCE = IpRanges.parse("0.0.0.0;224.0.0.0/4;255.255.255.255;::;ff00::/8")  # unspecified, multicast, broadcast


class SourceReason(StrEnum):
    """Why the source addresses are what they are."""

    REQUESTED = "requested"
    """An ``x-mq-ip`` header names them."""
    MAPPED = "mapped"
    """The submission address is mappable."""
    NOT_MAPPABLE = "not-mappable"
    """The submission address is not in ``smtp-mappable-ips``."""
    UNMAPPABLE = "unmappable"
    """The submission address is in ``smtp-unmappable-ips``."""
    NO_SOURCE = "no-source"
    """Nothing can be sent from such an address: unspecified, multicast or broadcast. Only a PROXY header can claim one."""


@attrs.frozen
class SourceIps:
    """``ips`` is empty when the property is to be absent."""

    ips: tuple[str, ...]
    reason: SourceReason


@attrs.frozen
class SourceMapping:
    """Which submission addresses become source addresses.

    Attributes:
        mappable: ``smtp-mappable-ips``; every address when the key is not set.
        unmappable: ``smtp-unmappable-ips``; wins over ``mappable``.
    """

    mappable: IpRanges = attrs.field(factory=IpRanges.everything)
    unmappable: IpRanges = attrs.field(factory=IpRanges.nobody)

    @classmethod
    def configured(cls, mappable: IpRanges, unmappable: IpRanges) -> Self:
        """As the config file has it: an empty ``smtp-mappable-ips`` is one that is not set."""
        return cls(mappable or IpRanges.everything(), unmappable)

    def source_ips(self, local_ip: str, requested: Sequence[str] = ()) -> SourceIps:
        """Choose for one message.

        Args:
            local_ip: the address that the client connected to, canonical text; behind a proxy that of the PROXY header.
            requested: values of x-mq-ip headers that were found to be addresses, in order.
        """
        if requested:
            return SourceIps(tuple(requested), SourceReason.REQUESTED)
        if local_ip in _NO_SOURCE:
            return SourceIps((), SourceReason.NO_SOURCE)
        if local_ip in self.unmappable:
            return SourceIps((), SourceReason.UNMAPPABLE)
        if local_ip not in self.mappable:
            return SourceIps((), SourceReason.NOT_MAPPABLE)
        return SourceIps((local_ip,), SourceReason.MAPPED)

    def loopback_only(self, listening: IpRanges) -> bool:
        """Whether every address that can become a source is a loopback address, from which nothing leaves the machine: worth a warning.

        Args:
            listening: the addresses that clients can connect to; everything when the server listens on all.
        """
        sources = (self.mappable & listening) - self.unmappable
        return bool(sources) and not sources - LOOPBACK


def explain(local_ip: str, mapping: SourceMapping, default_ips: Sequence[str]) -> str:
    """One sentence for people: from where mail submitted to ``local_ip`` goes out when no x-mq-ip header says otherwise, and why.

    Args:
        local_ip: canonical text.
        mapping: the configuration.
        default_ips: ``smtp-default-ips``, which the sender uses.
    """
    choice = mapping.source_ips(local_ip)
    submitted = f"Mail submitted to {local_ip} is sent from"
    if choice.ips:
        nowhere = " Nothing sent from a loopback address leaves this machine." if local_ip in LOOPBACK else ""
        every = mapping.mappable == IpRanges.everything()
        mappable = "every address is mappable that is" if every else "the address is in smtp-mappable-ips and"
        return f"{submitted} {local_ip}: {mappable} not in smtp-unmappable-ips.{nowhere}"
    defaults = f"the default addresses ({';'.join(default_ips)})" if default_ips else "the sender's own default (smtp-default-ips is empty)"
    because = {
        SourceReason.UNMAPPABLE: "the address is in smtp-unmappable-ips",
        SourceReason.NOT_MAPPABLE: "the address is not in smtp-mappable-ips",
        SourceReason.NO_SOURCE: "nothing can be sent from such an address",
    }[choice.reason]
    return f"{submitted} {defaults}: {because}."
