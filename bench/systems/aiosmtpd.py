"""Stock aiosmtpd with aio-pika: what one gets in Python by putting two libraries together."""

import sys
from importlib.metadata import version
from importlib.util import find_spec

from bench.systems.peers import PEERS
from bench.systems.system import Launch, Sink, Site, System

KEY = "aiosmtpd"


def _launch(site: Site, port: int) -> Launch:
    environment = {"PORT": str(port), "AMQP_URL": site.broker_url, "QUEUE": KEY, "TLS_KEY": str(site.key), "TLS_CERT": str(site.certificate)}
    return Launch([sys.executable, str(PEERS / "aiosmtpd_amqp.py")], environment)


def _missing() -> str | None:
    return None if find_spec("aiosmtpd") else "aiosmtpd is not installed in this environment (make venv)"


def _version() -> str:
    return f"aiosmtpd {version('aiosmtpd')}, aio-pika {version('aio-pika')}, uvloop {version('uvloop')}"


AIOSMTPD = System(KEY, "aiosmtpd + aio-pika", Sink.QUEUE, True, _launch, _missing, _version)
