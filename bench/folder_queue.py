"""What a document in the folder queue costs, against the plain way: write a file, fsync it, rename it, fsync the folder, one after another.

Run as ``python -m bench.folder_queue [--directory FOLDER] [--documents N] [--rounds N]``. The folder should lie on the disk that is to be
judged; everything written there is removed afterwards. CPU is user and system time of this process. Each figure is the median of the
rounds, and the rounds of all cases are interleaved, so that a noisy neighbour disturbs them alike.
"""

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import attrs
import uvloop

from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.ports.publisher import Publication

SIZE = 4096
CONCURRENCY = (1, 10, 100)

PARTS = (b'{"recipient": "someone@example.com", "mime": "', b"x" * (SIZE - 49), b'"}\n')


@attrs.frozen
class Cost:
    """What one run took, per document."""

    cpu_us: float
    wall_us: float


def measured(run: Callable[[], None], documents: int) -> Cost:
    """CPU and wall time of ``run``, per document."""
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run()
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu * 1e6 / documents, wall * 1e6 / documents)


def plain(directory: Path, documents: int) -> Cost:
    """The peer: one file, one fsync, one rename, one fsync of the folder, and the next."""
    for name in ("tmp", "new"):
        (directory / name).mkdir(parents=True)
    folder = os.open(directory / "new", os.O_RDONLY)

    def run() -> None:
        for number in range(documents):
            name = f"{number:016d}.json"
            file = os.open(directory / "tmp" / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.writev(file, PARTS)
            os.fsync(file)
            os.close(file)
            os.rename(directory / "tmp" / name, directory / "new" / name)
            os.fsync(folder)

    try:
        return measured(run, documents)
    finally:
        os.close(folder)


def folder_queue(directory: Path, documents: int, concurrency: int) -> Cost:
    """The folder queue with so many calls under way at any time."""
    directory.mkdir(parents=True)

    async def main() -> None:
        publisher = FolderPublisher(directory, max_bytes=10 << 30, min_free_bytes=0)
        numbers = iter(range(documents))

        async def client() -> None:
            for number in numbers:
                await publisher.publish([Publication("inbox", f"{number:016d}", PARTS)])

        await asyncio.gather(*(client() for _ in range(concurrency)))
        await publisher.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())

    return measured(run, documents)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--directory", type=Path, help="folder on the disk to judge (default: the system's for temporary files)")
    parser.add_argument("--documents", type=int, default=2000, help="documents a run at concurrency 100; fewer below")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    documents = max(20, min(options.documents, 100_000))
    cases: dict[str, tuple[int, Callable[[Path, int], Cost]]] = {"plain loop": (documents // 4, plain)}
    for concurrency in CONCURRENCY:
        cases[f"folder queue, {concurrency} at a time"] = (
            documents if concurrency > 1 else documents // 4,
            lambda path, number, concurrency=concurrency: folder_queue(path, number, concurrency),  # type: ignore[misc]
        )
    costs: dict[str, list[Cost]] = {name: [] for name in cases}
    scratch = Path(tempfile.mkdtemp(prefix="bench-folder-queue-", dir=options.directory))
    runs = count()
    try:
        for _ in range(max(1, min(options.rounds, 20))):
            for name, (number, case) in cases.items():
                costs[name].append(case(scratch / str(next(runs)), number))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{SIZE} byte documents, medians of {len(costs['plain loop'])} rounds in {scratch.parent}")
    print(f"{'':28}{'CPU µs/document':>16}{'documents/s':>13}{'CPU ratio':>11}{'rate ratio':>12}")
    peer_cpu = peer_rate = 0.0
    for name, results in costs.items():
        cpu = statistics.median(cost.cpu_us for cost in results)
        rate = 1e6 / statistics.median(cost.wall_us for cost in results)
        peer_cpu, peer_rate = peer_cpu or cpu, peer_rate or rate
        print(f"{name:28}{cpu:16.1f}{rate:13.0f}{cpu / peer_cpu:11.2f}{rate / peer_rate:12.2f}")


if __name__ == "__main__":
    main()
