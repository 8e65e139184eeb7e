"""Time limits of a connection. All are measured on the loop's monotonic clock."""

import attrs


@attrs.frozen
class Timing:
    """Time limits, in seconds unless said otherwise.

    Attributes:
        silence: how long a client may take for a command line, or between two pieces of message data (``smtp-timeout``; RFC 5321 section
            4.5.3.2.7 asks for 5 minutes).
        min_rate: message data below this many bytes a second is cut off (``smtp-min-rate``); 0 switches it off.
        rate_grace: not before message data has taken this long; slow starts are normal (RFC 5321 section 4.5.3.2.5).
        session: how long a session may last; a message under way is finished, unless it is refused already (``smtp-session-time``).
        handshake: how long a TLS handshake may take.
        proxy_header: how long a proxy may take for its header; it sends it in one piece, and 5 seconds is what other receivers give it.
        write: how long a client may refuse to read our replies.
        linger: how long a connection that we end is read on, so that the client gets the last reply.
        drain: how long message data may still take once the server stops.
        retire: how long clients may go on with a server that is being replaced by another.
        retire_silence: how long such a client may be silent between two messages. One that has just connected, or has more to send, is not that
            slow; one that keeps its connection for later is told to come again.
    """

    silence: float = 300.0
    min_rate: int = 100
    rate_grace: float = 60.0
    session: float = 7200.0
    handshake: float = 30.0
    proxy_header: float = 5.0
    write: float = 30.0
    linger: float = 2.0
    drain: float = 30.0
    retire: float = 60.0
    retire_silence: float = 5.0
