"""The two families of failure that may cross a port.

SMTP needs no more: a temporary failure becomes a 4yz reply, a permanent one a 5yz. The text of an error is for the operator's log, it never
reaches an SMTP client.
"""


class PortError(Exception):
    """Superclass of both families. Never raised itself."""


class TemporaryFailure(PortError):
    """The same request may succeed later: a peer is away, slow, full or answers nonsense. ``args[0]`` says what happened."""


class PermanentFailure(PortError):
    """The same request will never succeed. ``args[0]`` says why."""


class DocumentTooLarge(PermanentFailure):
    """A document exceeds what the queue can take. Raised before anything of its transaction is published."""
