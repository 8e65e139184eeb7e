"""Loads that ``smtp-source`` cannot make: latency of one session, STARTTLS sessions, connections that stay idle."""

import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from bench.load.client import Client

PER_SOURCE = 1000
"""Connections from one loopback address: servers limit what one client may open, and the system has about 28,000 ports for each."""
BATCH = 200
"""Connections opened together: some servers wait before they greet, and a backlog holds a few hundred."""


def latencies_ms(port: int, wire: bytes, messages: int) -> list[float]:
    """Milliseconds from the first byte of the message to its 250, for each message of one session.

    The whole message and its dot go out in one call, so transfer and parsing are included.
    """
    found = []
    with Client(port) as client:
        client.hello()
        for _ in range(messages):
            client.envelope(1)
            began = time.perf_counter_ns()
            client.body(wire)
            found.append((time.perf_counter_ns() - began) / 1e6)
        client.quit()
    return found


def starttls_sessions(port: int, wire: bytes, sessions: int, at_once: int) -> None:
    """Whole sessions (connect, EHLO, STARTTLS, a full handshake, one message, QUIT), ``at_once`` of them in parallel.

    Tickets of earlier sessions are not used: a gateway meets most of its clients for the first time.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def one(_: int) -> None:
        with Client(port) as client:
            client.hello()
            client.start_tls(context)
            client.send(wire, 1)
            client.quit()

    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(one, range(sessions)):
            pass


def _source(number: int) -> str:
    """127.0.0.2 and on: 127.0.0.1 is left to the load beside."""
    return f"127.0.0.{2 + number // PER_SOURCE}"


@contextmanager
def idle_connections(port: int, count: int) -> Iterator[None]:
    """``count`` connections that have said EHLO and then nothing, while the block runs."""
    with ExitStack() as stack:
        for start in range(0, count, BATCH):
            numbers = range(start, min(start + BATCH, count))
            clients = [stack.enter_context(Client(port, _source(number))) for number in numbers]
            for client in clients:
                client.hello()
        yield
