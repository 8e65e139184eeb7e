"""Where spamd listens, as configuration spells it: ``localhost``, ``192.0.2.1:1783``, ``[2001:db8::1]:783``, ``/run/spamd.sock``."""

import re
from typing import Self

import attrs

from tidegate.domain.hostname import is_host_name
from tidegate.domain.ip_address import canonical

MAX_PATH_BYTES = 107  # unix(7): sun_path has 108, the last one is zero
MAX_SERVERS = 16
_SHOWN = 80  # characters of a wrong item in the error

_parts = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?").fullmatch


@attrs.frozen
class SpamdAddress:
    """One daemon.

    Attributes:
        host: host name or canonical address; for a UNIX socket its absolute path.
        port: 1 to 65535; 0 for a UNIX socket, and where none was said.
    """

    host: str
    port: int = 0

    @property
    def is_path(self) -> bool:
        """Whether this is a UNIX socket."""
        return self.host.startswith("/")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one address.

        Raises:
            ValueError: not a host, not a port, or a path that no socket can have.
        """
        if text.startswith("/"):
            if len(text.encode("utf-8", "surrogateescape")) > MAX_PATH_BYTES or "\0" in text:
                raise ValueError(f"{text[:_SHOWN]!r}: a socket's path has at most {MAX_PATH_BYTES} bytes")
            return cls(text, 0)
        match = _parts(text)
        host = (match["v6"] or match["name"] or "") if match else text
        port = int(match["port"] or 0) if match else 0
        if port > 65535 or (match and match["port"] and not port):
            raise ValueError(f"{text[:_SHOWN]!r}: the port is not a number from 1 to 65535")
        try:
            return cls(canonical(host), port)
        except ValueError:
            pass
        # Names inside container networks have underscores.
        if (match and match["v6"] is not None) or not is_host_name(host.replace("_", "x").removesuffix(".")):
            raise ValueError(f"{text[:_SHOWN]!r} is not a host, like localhost, 192.0.2.1:783 or [2001:db8::1]:783, nor the path of a socket")
        return cls(host.removesuffix("."), port)

    def with_port(self, port: int) -> Self:
        """This port where none was said."""
        return self if self.is_path or self.port else attrs.evolve(self, port=port)

    def __str__(self) -> str:
        """As :meth:`parse` reads it."""
        if not self.port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_spamd_addresses(text: str) -> tuple[SpamdAddress, ...]:
    """Read a list separated by semicolons, spaces around items allowed, at least one, none twice.

    Raises:
        ValueError: as :meth:`SpamdAddress.parse`; an empty item, too many, one twice.
    """
    addresses = tuple(SpamdAddress.parse(item.strip()) for item in text.split(";"))
    if len(set(addresses)) < len(addresses):
        raise ValueError("an address is named twice")
    if len(addresses) > MAX_SERVERS:
        raise ValueError(f"more than {MAX_SERVERS} addresses")
    return addresses
