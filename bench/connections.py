"""What connections cost: opening and closing them, keeping them, and what a second worker brings, each against ``smtp-sink`` in the same run.

Run: ``python -m bench.connections [--quick]``. A connection is: connect, greeting, QUIT, reply, close; one behind a proxy begins with its
header. CPU is user and system time of the server's process tree; the clients are two processes of their own. Rates are by the clock: where
server and clients share few processors, they say what the machine does, and CPU per connection says what the server costs. Memory is what the
proportional set of the tree grows by, so pages that workers share count once; buffers in the kernel are not in it.
"""

import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import attrs

from bench import process_tree
from bench.certificate import make_certificate
from bench.limits import most_connections, raise_open_files
from bench.load.sessions import idle_connections
from bench.machine import describe
from bench.report import number, table
from bench.systems.postfix import SMTP_SINK
from bench.systems.system import Launch, Running, Site, System, start
from bench.systems.tidegate import TIDEGATE_DISCARD

CLIENTS = 2
"""Processes that open connections."""
AT_ONCE = 20
"""Connections of each at a time."""
ROUNDS = 5
CONNECTIONS = 4000
"""Of a round; Linux keeps the port of each for a minute, and has 28,000 for one address."""
IDLE = 5_000
MOST_IDLE = 20_000
"""Of Tidegate alone, or as many as the limit of open files allows: ``smtp-sink`` would take gigabytes."""


def with_workers(count: int) -> System:
    """Tidegate, discarding, with so many workers."""

    def launch(site: Site, port: int) -> Launch:
        made = TIDEGATE_DISCARD.launch(site, port)
        return attrs.evolve(made, environment={**made.environment, "TIDEGATE_SMTP_THREADS": str(count)})

    title = f"Tidegate, {count} worker{'s' if count > 1 else ''}"
    return attrs.evolve(TIDEGATE_DISCARD, key=f"tidegate-{count}", title=title, launch=launch)


def behind_proxy() -> System:
    """Tidegate, discarding, with one worker; clients from anywhere but 127.0.0.x are proxies."""

    def launch(site: Site, port: int) -> Launch:
        made = with_workers(1).launch(site, port)
        return attrs.evolve(made, environment={**made.environment, "TIDEGATE_SMTP_PROXY": "127.1.0.0-127.255.255.255"})

    return attrs.evolve(TIDEGATE_DISCARD, key="tidegate-proxied", title="Tidegate, 1 worker, behind a proxy", launch=launch)


SYSTEMS = (with_workers(1), with_workers(2), SMTP_SINK)
BEHIND_PROXY = behind_proxy()
OPENED = (*SYSTEMS, BEHIND_PROXY)


@attrs.frozen
class Cost:
    """Of one round: connections per second, and CPU milliseconds of a connection."""

    rate: float
    cpu_ms: float


def open_and_close(port: int, count: int, source: str, header: bytes) -> None:
    """``count`` connections, ``AT_ONCE`` at a time, ``header`` sent ahead of each; runs in a process of its own."""

    async def one_after_the_other(share: int) -> None:
        for _ in range(share):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            if header:
                writer.write(header)
            assert (await reader.readline()).startswith(b"220")
            writer.write(b"QUIT\r\n")
            assert (await reader.readline()).startswith(b"221")
            writer.transport.abort()

    async def all_of_them() -> None:
        await asyncio.gather(*(one_after_the_other(count // AT_ONCE) for _ in range(AT_ONCE)))

    try:
        import uvloop
    except ImportError:
        asyncio.run(all_of_them())
    else:
        uvloop.run(all_of_them())


def opening(running: Running, pool: ProcessPoolExecutor, sources: Sequence[str]) -> Cost:
    """One round of opening and closing."""
    proxied = running.system is BEHIND_PROXY
    headers = [f"PROXY TCP4 {source} 127.0.0.1 40000 25\r\n".encode() if proxied else b"" for source in sources]
    cpu, began = process_tree.cpu_seconds(running.pid), time.perf_counter()
    list(pool.map(open_and_close, [running.port] * CLIENTS, [CONNECTIONS // CLIENTS] * CLIENTS, sources, headers))
    elapsed = time.perf_counter() - began
    return Cost(CONNECTIONS / elapsed, (process_tree.cpu_seconds(running.pid) - cpu) / CONNECTIONS * 1000)


def idle_kib(running: Running, count: int) -> float:
    """KiB that each of ``count`` connections takes that have said EHLO."""
    before = process_tree.resident_bytes(running.pid)
    with idle_connections(running.port, count):
        return (process_tree.resident_bytes(running.pid) - before) / count / 1024


def idle_of_new(system: System, site: Site, count: int) -> float:
    """The same of a server that is started for it."""
    running = start(system, site)
    try:
        return idle_kib(running, count)
    finally:
        running.stop()


def rows(systems: Sequence[System], value: Callable[[System], float]) -> list[list[str]]:
    """Each system with its value and the ratio to that of ``smtp-sink``."""
    base = value(SMTP_SINK)
    return [[system.title, number(value(system)), f"{value(system) / base:.2f}"] for system in systems]


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    reason = SMTP_SINK.missing()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    rounds = 2 if "--quick" in arguments else ROUNDS
    raise_open_files()
    costs: dict[System, list[Cost]] = {system: [] for system in OPENED}
    memory: dict[System, float] = {}
    most = min(MOST_IDLE, most_connections())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-")))
        folder.chmod(0o755)  # smtp-sink starts there as an unprivileged user
        key, certificate = make_certificate(folder)
        site = Site(folder, "", key, certificate)
        pool = stack.enter_context(ProcessPoolExecutor(CLIENTS, multiprocessing.get_context("spawn")))
        servers: dict[System, Running] = {}
        for system in OPENED:
            servers[system] = start(system, site)
            stack.callback(servers[system].stop)
        for round_number in range(rounds + 1):
            for place, (system, running) in enumerate(servers.items()):
                # Ports of a closed connection rest for a minute: each round has addresses of its own.
                sources = [f"127.{round_number + 1}.{place}.{client + 1}" for client in range(CLIENTS)]
                cost = opening(running, pool, sources)
                if round_number:  # the first warms up
                    costs[system].append(cost)
        for system in SYSTEMS:
            memory[system] = idle_of_new(system, site, IDLE)
        at_most = idle_of_new(SYSTEMS[0], site, most)
    for what, text in describe().items():
        print(f"{what}: {text}")
    print(f"\n{CONNECTIONS} connections a round, {CLIENTS * AT_ONCE} at a time; medians of {rounds} rounds\n")
    rate: Callable[[System], float] = lambda system: statistics.median(cost.rate for cost in costs[system])  # noqa: E731
    cpu: Callable[[System], float] = lambda system: statistics.median(cost.cpu_ms for cost in costs[system])  # noqa: E731
    print(table(["connections per second", "", "/ smtp-sink"], rows(OPENED, rate)), end="\n\n")
    print(table(["CPU of a connection, ms", "", "/ smtp-sink"], rows(OPENED, cpu)), end="\n\n")
    print(table([f"{IDLE:,} idle connections, KiB each", "", "/ smtp-sink"], rows(SYSTEMS, memory.__getitem__)), end="\n\n")
    print(
        f"{most:,} idle connections of {SYSTEMS[0].title}: {number(at_most)} KiB each, {at_most / memory[SYSTEMS[0]]:.2f} of that at {IDLE:,}"
    )
    one, two = SYSTEMS[:2]
    print(f"two workers / one: {rate(two) / rate(one):.2f} of the rate, {cpu(two) / cpu(one):.2f} of the CPU of a connection")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
