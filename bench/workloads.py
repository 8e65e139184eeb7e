"""What is sent to the servers."""

from enum import Enum

import attrs

KIB = 1024
MIB = 1024 * KIB


class Kind(Enum):
    """How the load is made and what is read from it."""

    LOAD = "smtp-source"
    TLS = "STARTTLS sessions, one message each"
    LATENCY = "one session, the time to each 250"
    IDLE = "connections that say EHLO and stay"


@attrs.frozen
class Workload:
    """One kind of load.

    Attributes:
        size: bytes of a message.
        messages: sent in one round; of an idle workload, its connections.
        sessions: open at the same time.
        keep_alive: all messages of a session over one connection, else a connection for each message.
    """

    key: str
    title: str
    size: int
    messages: int
    sessions: int
    recipients: int = 1
    keep_alive: bool = True
    header_lines: int = 0
    kind: Kind = Kind.LOAD

    def scaled(self, share: float) -> "Workload":
        """The same with ``share`` of the messages, at least one for each session."""
        return attrs.evolve(self, messages=max(self.sessions, round(self.messages * share)))


# A round of the fastest server lasts a fifth of a second: what a server does now and then, and at the start of a load, is a small part of it.
W1 = Workload("w1", "4 KB, one per connection", 4 * KIB, 2400, 20, keep_alive=False)
W2 = Workload("w2", "4 KB, keep-alive", 4 * KIB, 6000, 20)
W3 = Workload("w3", "100 KB, one per connection", 100 * KIB, 400, 20, keep_alive=False)
M10 = Workload("m10", "10 MB", 10 * MIB, 12, 4)
M25 = Workload("m25", "25 MB", 25 * MIB, 5, 1)
R10 = Workload("r10", "4 KB, 10 recipients", 4 * KIB, 250, 20, recipients=10)
R100 = Workload("r100", "4 KB, 100 recipients", 4 * KIB, 40, 10, recipients=100)
TLS = Workload("tls", "4 KB, a STARTTLS session each", 4 * KIB, 300, 6, keep_alive=False, kind=Kind.TLS)
LATENCY = Workload("latency", "4 KB, one session", 4 * KIB, 300, 1, kind=Kind.LATENCY)
IDLE = Workload("idle", "5,000 idle connections", 0, 5000, 1, kind=Kind.IDLE)

WORKLOADS = (W1, W2, W3, M10, M25, R10, R100, TLS, LATENCY, IDLE)
QUICK = (W1.scaled(0.4), W2.scaled(0.2), W3.scaled(0.4), R100.scaled(0.25), LATENCY.scaled(0.5))
