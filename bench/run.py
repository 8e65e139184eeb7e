"""The comparison: which systems and workloads, measured on a site of its own, as one record."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.rabbitmq import RabbitMqFailed

from bench import broker
from bench.certificate import make_certificate
from bench.limits import raise_open_files
from bench.load import smtp_source
from bench.record import Record, begin
from bench.rounds import Results, run_proof, run_workload
from bench.systems.aiosmtpd import AIOSMTPD
from bench.systems.node import HARAKA, SMTP_SERVER
from bench.systems.postfix import SMTP_SINK
from bench.systems.system import Site, System
from bench.systems.tidegate import TIDEGATE_DISCARD, TIDEGATE_FOLDER, TIDEGATE_RABBITMQ
from bench.workloads import Workload

SYSTEMS = (TIDEGATE_DISCARD, TIDEGATE_FOLDER, TIDEGATE_RABBITMQ, SMTP_SINK, SMTP_SERVER, HARAKA, AIOSMTPD)
QUICK_SYSTEMS = (TIDEGATE_DISCARD, TIDEGATE_FOLDER, TIDEGATE_RABBITMQ, SMTP_SINK, AIOSMTPD)


class Impossible(Exception):
    """The run cannot start on this machine; the text says what is missing and how to get it."""


def say(text: str) -> None:
    """Progress, on standard error: standard output is the report."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def site() -> Iterator[tuple[Site, str]]:
    """A folder, a certificate and a broker for one run, and the broker's version.

    Raises:
        Impossible: RabbitMQ or ``smtp-source`` is not installed.
    """
    missing = broker.missing() or (None if smtp_source.path() else "smtp-source is not installed (apt-get install postfix, or make services)")
    if missing:
        raise Impossible(missing)
    raise_open_files()
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name, _broker() as node:
        folder = Path(name)
        folder.chmod(0o755)  # smtp-sink starts there as an unprivileged user
        key, certificate = make_certificate(folder)
        yield Site(folder, node.url, key, certificate), node.version


@contextmanager
def _broker() -> Iterator[broker.Broker]:
    with ExitStack() as stack:
        try:
            node = stack.enter_context(broker.broker())
        except RabbitMqFailed as error:
            raise Impossible(str(error)) from error
        yield node


def available(systems: Sequence[System]) -> tuple[list[System], list[str]]:
    """Those that can run here, and for each other one the reason."""
    there, skipped = [], []
    for system in systems:
        reason = system.missing()
        if reason is None:
            there.append(system)
        else:
            skipped.append(f"{system.title}: {reason}")
    return there, skipped


Apply = Callable[[Sequence[System], Site, Results], Sequence[str]]
"""Loads systems, notes what came of it, and says in words what it left out."""


def measured(systems: Sequence[System], workloads: Mapping[str, str], rounds: int, command: str, apply: Apply) -> Record:
    """What ``apply`` found on those of the systems that can run here.

    Args:
        systems: all that are wanted.
        workloads: key → title.
        rounds: of each workload.
        command: what makes such a record.
        apply: the load.

    Raises:
        Impossible: see :func:`site`.
    """
    there, skipped = available(systems)
    for reason in skipped:
        say(f"left out: {reason}")
    began, machine = begin()
    results = Results()
    with site() as (place, broker_version):
        skipped += apply(there, place, results)
    return Record(
        command=command,
        began=began,
        rounds=rounds,
        machine=machine,
        systems={system.key: system.title for system in there},
        workloads=dict(workloads),
        versions={"broker": broker_version, **{system.key: system.version() for system in there}},
        samples=results.samples,
        problems=results.problems,
        skipped=skipped,
    )


def compare(systems: Sequence[System], workloads: Sequence[Workload], rounds: int, command: str) -> Record:
    """Measure all ``workloads`` on all ``systems``.

    Raises:
        Impossible: see :func:`site`.
    """

    def apply(there: Sequence[System], place: Site, results: Results) -> Sequence[str]:
        for workload in workloads:
            say(f"{workload.title}…")
            run_workload(workload, there, place, rounds, results)
        say("awkward messages…")
        run_proof(there, place, results)
        return ()

    return measured(systems, {workload.key: workload.title for workload in workloads}, rounds, command, apply)
