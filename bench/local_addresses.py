"""What a list of local addresses costs: memory and time per recipient, against a set of strings in each process.

Run: ``python -m bench.local_addresses``. Ends within a minute; the list is the same in every run.
"""

import mmap
import os
import tempfile
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from tidegate.domain.address import Mailbox, parse_mailbox
from tidegate.domain.local_addresses import ExactTable, ExactTableBuilder, LocalAddresses, canonical_key

ENTRIES = 1_000_000
PROBES = 20_000
ROUNDS = 5


def address(number: int) -> str:
    """An address of the list."""
    return f"customer-{number:07}@mail-{number % 997}.example.com"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table")
        started = perf_counter()
        builder = ExactTableBuilder()
        for first in range(0, ENTRIES, 1000):
            builder.add([address(number) for number in range(first, first + 1000)])
        steps = [_timed(partial(builder.sort_step, step)) for step in range(256)]
        count, pieces = builder.pieces()
        path.write_bytes(b"".join(pieces))
        building = perf_counter() - started
        del builder, pieces

        def mapped() -> Collection[str]:
            with path.open("rb") as file:
                return ExactTable(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), 0, count)  # type: ignore[return-value]

        probes = [_mailbox(address(number * 37 % (2 * ENTRIES))) for number in range(PROBES)]
        table = mapped()
        local = LocalAddresses(table)  # type: ignore[arg-type]
        in_table = median(_per_probe(local.is_local, probes) for _ in range(ROUNDS))
        keys: set[str] = set()
        set_bytes = _private_bytes(lambda: keys.update(map(address, range(ENTRIES))), lambda: canonical_key(probes[0]) in keys)
        table_bytes = _private_bytes(lambda: None, lambda: [local.is_local(probe) for probe in probes])
        keys.update(map(address, range(ENTRIES)))
        in_set = median(_per_probe(lambda probe: canonical_key(probe) in keys, probes) for _ in range(ROUNDS))
    print(
        f"build the table of {ENTRIES:,} addresses: {building:.1f} s, once per change; a long step of sorting {sorted(steps)[-3] * 1e3:.1f} ms"
    )
    print(f"the file: {16 * count / 1e6:.0f} MB, once per machine")
    print(f"memory of its own in each worker: {table_bytes / 1e6:.1f} MB with the table, {set_bytes / 1e6:.0f} MB with a set")
    print(f"test one recipient: {in_table * 1e6:.2f} µs with the table, {in_set * 1e6:.2f} µs with a set")
    print(f"table / set: {in_table / in_set:.2f} in time, {table_bytes / set_bytes:.3f} in memory")


def _mailbox(text: str) -> Mailbox:
    mailbox = parse_mailbox(text.encode())
    assert mailbox is not None
    return mailbox


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _per_probe(test: Callable[[Mailbox], object], probes: list[Mailbox]) -> float:
    started = perf_counter()
    for probe in probes:
        test(probe)
    return (perf_counter() - started) / len(probes)


def _private_bytes(load: Callable[[], object], use: Callable[[], object]) -> int:
    """Memory that a worker forked from here has for itself after it loaded the list and used it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        before = _private_dirty()
        load()
        use()
        os.write(writing, str(_private_dirty() - before).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        answer = int(file.read())
    os.waitpid(pid, 0)
    return answer


def _private_dirty() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


if __name__ == "__main__":
    main()
