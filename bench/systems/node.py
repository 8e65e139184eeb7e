"""The peers on Node.js: smtp-server with amqplib, the best that does the same job, and Haraka with a plugin of the same publisher."""

import json

from bench.systems.peers import NODE, cache_folder, install, node_version
from bench.systems.system import Launch, Sink, Site, System

NODE_KEY = "node"
HARAKA_KEY = "haraka"

HARAKA_SMTP = """\
listen=127.0.0.1:{port}
nodes=0
"""
# A file here replaces Haraka's own of that name: sections it reads without asking must be there.
HARAKA_CONNECTION = """\
[main]
[haproxy]
hosts[] =
[headers]
max_lines=2000
max_received=100
[max]
bytes=209715200
mime_parts=1000
line_length=512
data_line_length=992
[message]
helo=Haraka is at your service.
close=closing connection.
[uuid]
banner_chars=6
deny_chars=0
"""
HARAKA_LOG = "[main]\nlevel=warn\nformat=default\n"


def _pinned(package: str) -> str:
    version: str = json.loads((NODE / "package.json").read_text())["dependencies"][package]
    return f"{package} {version}"


def _environment(site: Site, key: str) -> dict[str, str]:
    return {"AMQP_URL": site.broker_url, "QUEUE": key, "TLS_KEY": str(site.key), "TLS_CERT": str(site.certificate), "NODE_ENV": "production"}


def _launch_node(site: Site, port: int) -> Launch:
    return Launch(["node", str(cache_folder() / "server.js")], {**_environment(site, NODE_KEY), "PORT": str(port)})


def _launch_haraka(site: Site, port: int) -> Launch:
    """Haraka reads a folder: ``config/`` with one file per subject, ``plugins/`` with ours."""
    installed = cache_folder()
    config = site.folder / "config"
    plugins = site.folder / "plugins"
    config.mkdir()
    plugins.mkdir()
    (config / "smtp.ini").write_text(HARAKA_SMTP.format(port=port))
    (config / "connection.ini").write_text(HARAKA_CONNECTION)
    (config / "log.ini").write_text(HARAKA_LOG)
    (config / "plugins").write_text("tls\nbench_json\n")
    (config / "me").write_text("localhost\n")
    (config / "tls_key.pem").write_bytes(site.key.read_bytes())
    (config / "tls_cert.pem").write_bytes(site.certificate.read_bytes())
    (plugins / "bench_json.js").write_bytes((installed / "haraka" / "bench_json.js").read_bytes())
    environment = {**_environment(site, HARAKA_KEY), "PUBLISHER": str(installed / "publisher.js")}
    program = installed / "node_modules" / "Haraka" / "bin" / "haraka"
    return Launch(["node", str(program), "-c", str(site.folder)], environment)


SMTP_SERVER = System(
    NODE_KEY,
    "Node smtp-server + amqplib",
    Sink.QUEUE,
    tls=True,
    launch=_launch_node,
    missing=install,
    version=lambda: f"{_pinned('smtp-server')}, {_pinned('amqplib')}, Node.js {node_version()}",
)
HARAKA = System(
    HARAKA_KEY,
    "Haraka + JSON plugin",
    Sink.QUEUE,
    tls=True,
    launch=_launch_haraka,
    missing=install,
    version=lambda: f"{_pinned('Haraka')}, {_pinned('amqplib')}, Node.js {node_version()}",
)
