"""Command line of the benchmarks."""

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import curves, docs, instructions, record, report, syscalls
from bench.run import QUICK_SYSTEMS, SYSTEMS, Impossible, compare, say
from bench.systems.system import System
from bench.workloads import QUICK, WORKLOADS, Workload

RESULTS = Path("var/bench")
LEAST_ROUNDS = 4
ROUNDS = 6
TERMINATED = 128 + signal.SIGTERM
EPILOG = """\
compare (the default) measures Tidegate beside its peers; curves measures how the cost of a message grows; syscalls
counts system calls per message, instructions what the interpreter does for one; show makes the tables and plots of
an earlier run again. Results go to var/bench.
Exit status: 0, 1 when something acknowledged did not arrive unchanged, 2 when the run could not start.
A missed goal stands in the table and does not change the status: a loaded machine can be its reason.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; see ``python -m bench --help``."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # so that servers and broker are stopped on the way out
    try:
        if options.command == "curves":
            return _curves(options)
        if options.command == "syscalls":
            print(syscalls.report(_systems(options, SYSTEMS)))
            return 0
        if options.command == "instructions":
            print(instructions.report())
            return 0
        if options.command == "show":
            return _show(record.read(options.json or RESULTS / "comparison.json"), write_docs=options.write_docs)
        return _compare(options)
    except (Impossible, ValueError, OSError) as error:
        say(f"bench: {error}")
        return 2


def _compare(options: argparse.Namespace) -> int:
    systems = _systems(options, QUICK_SYSTEMS if options.quick else SYSTEMS)
    workloads = _workloads(options, QUICK if options.quick else WORKLOADS)
    rounds = max(options.rounds or (LEAST_ROUNDS if options.quick else ROUNDS), LEAST_ROUNDS)
    found = compare(systems, workloads, rounds, _command())
    path = options.json or RESULTS / ("quick.json" if options.quick else "comparison.json")
    found.write(path)
    say(f"samples: {path}")
    return _show(found, write_docs=options.write_docs)


def _command() -> str:
    """What was typed, for the record."""
    return {(): "make bench", ("--quick",): "make bench-quick"}.get(tuple(sys.argv[1:]), f"python -m bench {shlex.join(sys.argv[1:])}")


def _show(found: record.Record, *, write_docs: bool) -> int:
    print(report.full(found))
    if write_docs:
        for path in docs.write_comparison(found):
            say(f"written: {path}")
    return _status(found)


def _curves(options: argparse.Namespace) -> int:
    systems = _systems(options, curves.SYSTEMS)
    wanted = [curve for curve in curves.CURVES if not options.workloads or curve.key in options.workloads]
    if not wanted:
        raise ValueError(f"no curve chosen; there are {', '.join(curve.key for curve in curves.CURVES)}")
    found = curves.measure_curves(systems, wanted, max(options.rounds or curves.ROUNDS, 1))
    path = options.json or RESULTS / "curves.json"
    found.write(path)
    say(f"samples: {path}")
    print(curves.report(found))
    if options.write_docs:
        for written in docs.write_curves(found):
            say(f"written: {written}")
    return _status(found)


def _status(found: record.Record) -> int:
    return 1 if any(problem.startswith("tidegate") for problem in found.problems) else 0


def _systems(options: argparse.Namespace, offered: Sequence[System]) -> list[System]:
    chosen = [system for system in (SYSTEMS if options.systems else offered) if not options.systems or system.key in options.systems]
    if not chosen:
        raise ValueError(f"no system chosen; there are {', '.join(system.key for system in SYSTEMS)}")
    return chosen


def _workloads(options: argparse.Namespace, offered: Sequence[Workload]) -> list[Workload]:
    chosen = [workload for workload in offered if not options.workloads or workload.key in options.workloads]
    if not chosen:
        raise ValueError(f"no workload chosen; there are {', '.join(workload.key for workload in offered)}")
    return chosen


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Benchmarks as ratios to peers measured in the same run.", epilog=EPILOG
    )
    parser.add_argument("command", nargs="?", choices=["compare", "curves", "syscalls", "instructions", "show"], default="compare")
    parser.add_argument("--quick", action="store_true", help="a few workloads in under three minutes, no peers from npm")
    parser.add_argument("--systems", type=_names, help="only these, by key, separated by commas")
    parser.add_argument("--workloads", type=_names, help="only these workloads (or curves)")
    parser.add_argument("--rounds", type=int, help=f"rounds of each workload (comparison: at least {LEAST_ROUNDS})")
    parser.add_argument("--json", type=Path, help="file for the samples; of show, the file to read")
    parser.add_argument("--write-docs", action="store_true", help="put tables and plots into docs/performance.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
