"""One node of a broker: ``amqp://user:password@host:port/vhost`` or ``amqps://…`` (RabbitMQ URI specification)."""

import ssl
from typing import Self

import attrs
from yarl import URL

PORTS = {"amqp": 5672, "amqps": 5671}
FILES = ("cacertfile", "certfile", "keyfile")
"""Query parameters that name files for TLS, spelt as in RabbitMQ's URI query parameters."""


@attrs.frozen
class BrokerAddress:
    """Where a node is and how to log in. ``str`` and ``repr`` show neither user nor password.

    Attributes:
        url: for the AMQP library: no query, port always given.
        cacertfile: PEM file of the authorities that may vouch for the broker; empty for those of the system.
        certfile: PEM chain of our own certificate, when the broker asks for one; ``keyfile`` belongs to it.
        keyfile: PEM key; may be empty when it is in ``certfile``.
    """

    url: URL = attrs.field(repr=False)
    cacertfile: str = ""
    certfile: str = ""
    keyfile: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one address.

        Raises:
            ValueError: says what is wrong; never quotes the address, which holds a password.
        """
        try:
            url = URL(text.strip())
            host, port = url.host, url.port
        except ValueError:
            raise ValueError("not an address of the form amqp://user:password@host:port/vhost") from None
        if url.scheme not in PORTS:
            raise ValueError("an address of a broker starts with amqp:// or amqps://")
        if not host:
            raise ValueError(f"the {url.scheme}:// address names no host")
        unknown = [name for name in url.query if name not in FILES]
        if unknown:
            raise ValueError(f"unknown parameter {unknown[0]!r} in the address of the broker at {host} (known: {', '.join(FILES)})")
        files = {name: url.query.get(name, "") for name in FILES}
        if url.scheme != "amqps" and any(files.values()):
            raise ValueError(f"certificates are of use with amqps:// only, the broker at {host} is addressed with amqp://")
        return cls(url.with_query(None).with_fragment(None).with_port(port or PORTS[url.scheme]), **files)

    @property
    def secure(self) -> bool:
        """Whether the connection is TLS from the first byte."""
        return self.url.scheme == "amqps"

    def __str__(self) -> str:
        return f"{self.url.scheme}://{self.url.host_subcomponent}:{self.url.port}{self.url.raw_path}"

    def tls_context(self, *, verify: bool) -> ssl.SSLContext | None:
        """What TLS needs to know, or None for a plain address.

        Raises:
            OSError: a file cannot be read (``ssl.SSLError`` is one, too).
        """
        if not self.secure:
            return None
        for file in filter(None, (self.cacertfile, self.certfile, self.keyfile)):
            open(file, "rb").close()  # its error names the file, ssl's does not
        context = ssl.create_default_context(cafile=self.cacertfile or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certfile:
            context.load_cert_chain(self.certfile, self.keyfile or None)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
