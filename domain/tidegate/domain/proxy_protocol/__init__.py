"""The PROXY protocol, versions 1 and 2, as a receiver reads it (HAProxy's proxy-protocol.txt).

A proxy writes one header before the first byte of the connection that it forwards, before TLS too; it tells both ends of the connection as
the client made it. Whoever may write the header may claim any address, so it is read from configured peers only, and from those it is
required: ``MUST NOT try to guess whether the protocol header is present or not`` (section 2).

Nothing is read here: the caller passes all bytes received so far and acts on the value it gets back.
"""

from tidegate.domain.proxy_protocol.header import Header as Header
from tidegate.domain.proxy_protocol.header import NeedMore as NeedMore
from tidegate.domain.proxy_protocol.header import Origin as Origin
from tidegate.domain.proxy_protocol.header import Outcome as Outcome
from tidegate.domain.proxy_protocol.header import Rejected as Rejected
from tidegate.domain.proxy_protocol.parser import MAX_HEADER_BYTES as MAX_HEADER_BYTES
from tidegate.domain.proxy_protocol.parser import parse as parse

__all__ = ["MAX_HEADER_BYTES", "Header", "NeedMore", "Origin", "Outcome", "Rejected", "parse"]
