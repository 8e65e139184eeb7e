"""What a million local addresses cost in the database: import, the first snapshot, and a snapshot that another worker made.

Run: ``python -m bench.managed_state [postgresql://…]``. Without an address: a SQLite file in a temporary folder. Ends within some minutes.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from bench.local_addresses import ENTRIES, address
from tidegate.adapters.database import DatabaseDirectory
from tidegate.adapters.re2 import compile_regex
from tidegate.domain.local_addresses import Pattern, PatternType


async def measure(database: str, folder: Path) -> None:
    """Measure and print."""

    def directory() -> DatabaseDirectory:
        return DatabaseDirectory(database, folder / "state", compile_regex)

    importing = directory()
    started = perf_counter()
    patterns = [Pattern.parse(PatternType.EXACT, address(number), compile_regex) for number in range(ENTRIES)]
    print(f"check {ENTRIES:,} addresses: {perf_counter() - started:.1f} s")
    started = perf_counter()
    await importing.local.put(patterns, replace=True)
    print(f"import them, one transaction: {perf_counter() - started:.1f} s")

    del patterns  # a worker has no million objects that its garbage collector would walk through

    longest = 0.0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        while not done.is_set():
            before = perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, perf_counter() - before - 0.01)

    watching = asyncio.create_task(watch())
    worker = directory()
    started, cpu = perf_counter(), process_time()
    snapshot = await worker.snapshot()
    took, used = perf_counter() - started, process_time() - cpu
    done.set()
    await watching
    print(f"make the snapshot, one worker of the machine: {took:.1f} s, {used:.1f} s of CPU, longest pause of its loop {longest * 1e3:.0f} ms")
    started = perf_counter()
    assert len((await directory().snapshot()).local) == len(snapshot.local) == ENTRIES
    print(f"map it, every other worker: {(perf_counter() - started) * 1e3:.0f} ms")
    started = perf_counter()
    await importing.local.put([Pattern(PatternType.EXACT, "one-more@example.com")])
    print(f"add one address: {(perf_counter() - started) * 1e3:.0f} ms")


def main() -> None:
    """Run against the database that was named."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/state.db", Path(folder)))


if __name__ == "__main__":
    main()
