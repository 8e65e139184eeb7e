"""Tidegate itself, in its three ways to end a message."""

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench.systems.system import Launch, Sink, Site, System

CONFIG = """\
smtp-ip: 127.0.0.1
smtp-port: {port}
smtp-range: 127.0.0.0/8
smtp-client-exempt: 127.0.0.0/8
smtp-maxsize: 200MB
smtp-certificate: {certificate}
smtp-key: {key}
state-directory: {state}
queue-directory: {queue}
"""
"""Everything else as it comes: what is measured is what a user gets. Size is raised as it is for every other server; the load comes from one
machine, which is no client that should be limited."""


def _launch(site: Site, port: int, destination: str) -> Launch:
    config = site.folder / "config.txt"
    state = site.folder / "state"
    state.mkdir()
    text = CONFIG.format(port=port, certificate=site.certificate, key=site.key, state=state, queue=site.folder / "queue")
    config.write_text(text + destination)
    return Launch([str(Path(sys.executable).with_name("tidegate")), "serve", "--config-file", str(config)])


def _discarding(site: Site, port: int) -> Launch:
    return _launch(site, port, "rabbitmq-inbox:\n")


def _to_folder(site: Site, port: int) -> Launch:
    return _launch(site, port, f"rabbitmq-inbox: {TIDEGATE_FOLDER.key}\n")


def _to_rabbitmq(site: Site, port: int) -> Launch:
    return _launch(site, port, f"rabbitmq-inbox: {TIDEGATE_RABBITMQ.key}\nrabbitmq-address: {site.broker_url}\n")


def _missing() -> str | None:
    return None if find_spec("tidegate.app.cli") else "tidegate.app.cli is not installed in this environment (make venv)"


def _version() -> str:
    return f"Tidegate {version('tidegate')}, Python {sys.version.split()[0]}, uvloop {version('uvloop')}, aio-pika {version('aio-pika')}"


TIDEGATE_DISCARD = System("tidegate-discard", "Tidegate, discarding", Sink.DISCARD, True, _discarding, _missing, _version)
TIDEGATE_FOLDER = System("tidegate-folder", "Tidegate → folder queue", Sink.FOLDER, True, _to_folder, _missing, _version)
TIDEGATE_RABBITMQ = System("tidegate-rabbitmq", "Tidegate → RabbitMQ", Sink.QUEUE, True, _to_rabbitmq, _missing, _version)
