"""Facts about one client connection, as they go into documents, trace fields and logs."""

from tidegate.domain.value_object import value_object


@value_object
class Tls:
    """What was negotiated: ``version`` like ``TLSv1.3``, ``cipher`` by its OpenSSL name."""

    version: str
    cipher: str


@value_object
class Endpoints:
    """Both ends of the connection as the client sees them.

    Behind a proxy these come from the PROXY header; IPv4-mapped IPv6 addresses are already unmapped. Addresses are canonical text
    (``ipaddress`` compressed form), ports 0 to 65535.
    """

    remote_ip: str
    remote_port: int
    local_ip: str
    local_port: int


@value_object
class Client:
    """Who talks: end points plus what the SMTP session has established by the time a message is complete.

    Attributes:
        endpoints: both ends.
        helo: the argument of the last EHLO or HELO; printable, at most 255 characters.
        esmtp: whether it was EHLO.
        tls: what protects the session, or None in clear.
        user: the authenticated user name, or None.
    """

    endpoints: Endpoints
    helo: str
    esmtp: bool = True
    tls: Tls | None = None
    user: str | None = None
