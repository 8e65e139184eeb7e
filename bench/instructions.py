"""What the interpreter does for a message: bytecode instructions, calls of Python functions and values made, by the place they stand in.

The gateway runs in this process, and its thread is traced. No times: a traced thread is a hundred times slower. The numbers are exact for one
version of Python, whatever else the machine does, but for what happens once a millisecond or once a second.
"""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
import uvloop

from bench.load.client import Client
from bench.messages import plain, stuffed
from bench.report import table
from bench.run import say, site
from bench.workloads import KIB
from tidegate.adapters.smtp import bind_listeners
from tidegate.app.config.load import load
from tidegate.app.wiring import Gateway

MESSAGES = 40
WARM_UP = 5
QUEUE = "instructions"
LAYERS = ("domain/smtp", "domain", "ports", "adapters/smtp", "adapters/amqp", "adapters", "app")
ELSEWHERE = "standard library"
_GENERATED = "<attrs generated "


@attrs.define
class Work:
    """What was counted, by layer."""

    instructions: Counter[str] = attrs.field(factory=Counter)
    calls: Counter[str] = attrs.field(factory=Counter)
    values: Counter[str] = attrs.field(factory=Counter)

    def trace(self, frame: FrameType, event: str, _: Any) -> Callable[[FrameType, str, Any], Any]:
        """For ``sys.settrace``."""
        code = frame.f_code
        layer = layer_of(code.co_filename)
        if event == "call":
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            self.calls[layer] += 1
            if code.co_name == "__init__" and code.co_filename.startswith(_GENERATED):
                self.values[layer] += 1
        elif event == "opcode":
            self.instructions[layer] += 1
        return self.trace


def layer_of(filename: str) -> str:
    """The first of :data:`LAYERS` that a code's file, or the module that attrs generated it for, belongs to."""
    if filename.startswith(_GENERATED):
        place = filename.removeprefix(_GENERATED).partition(" ")[2].rstrip(">").replace(".", "/")
    else:
        place = filename.rpartition("/tidegate/")[2] if "/tidegate/" in filename else ""
        place = f"tidegate/{place}"
    return next((layer for layer in LAYERS if place.startswith(f"tidegate/{layer}/")), ELSEWHERE)


def _send(port: int, messages: int, *, keep_alive: bool) -> None:
    wire = stuffed(plain(4 * KIB))
    for _ in range(1 if keep_alive else messages):
        with Client(port) as client:
            client.hello()
            for _ in range(messages if keep_alive else 1):
                client.send(wire, 1)
            client.quit()


async def _count(arguments: Sequence[str], *, keep_alive: bool) -> Work:
    settings = load(arguments, {}).settings
    listeners = bind_listeners(["127.0.0.1"], [0], [])
    port = listeners[0].sock.getsockname()[1]
    work = Work()
    async with Gateway(settings, listeners):
        await asyncio.to_thread(_send, port, WARM_UP, keep_alive=False)
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def send() -> None:
            try:
                _send(port, MESSAGES, keep_alive=keep_alive)
            finally:
                loop.call_soon_threadsafe(done.set)

        client = threading.Thread(target=send)
        client.start()
        sys.settrace(work.trace)
        await done.wait()
        sys.settrace(None)
        client.join()
    return work


def _run(main: Awaitable[Work]) -> Work:
    async def run() -> Work:
        return await main

    return uvloop.run(run())


def report() -> str:
    """The table.

    Raises:
        Impossible: see :func:`bench.run.site`.
    """
    columns: dict[str, Work] = {}
    with site() as (place, _):
        ends = {"discarding": ["--rabbitmq-inbox", ""], "RabbitMQ": ["--rabbitmq-inbox", QUEUE, "--rabbitmq-address", place.broker_url]}
        for end, arguments in ends.items():
            for load_title, keep_alive in (("one per connection", False), ("keep-alive", True)):
                title = f"{end}, {load_title}"
                say(f"{title}…")
                folder = place.folder / title.replace(" ", "-")
                columns[title] = _run(_count([*_arguments(folder), *arguments], keep_alive=keep_alive))
    return f"### Instructions (and calls) of Python {sys.version.split()[0]} per message of 4 KB, one session\n\n{work_table(columns)}\n"


def _arguments(folder: Path) -> list[str]:
    state, queue = folder / "state", folder / "queue"
    for path in (state, queue):
        path.mkdir(parents=True)
    return ["--smtp-range", "127.0.0.0/8", "--state-directory", str(state), "--queue-directory", str(queue)]


def work_table(columns: dict[str, Work], messages: int = MESSAGES) -> str:
    """Layers down, loads across, then the sum and the number of values made."""
    rows = [
        [layer, *(_cell(work.instructions[layer], work.calls[layer], messages) for work in columns.values())]
        for layer in (*LAYERS, ELSEWHERE)
        if any(work.instructions[layer] for work in columns.values())
    ]
    rows.append(["all", *(_cell(work.instructions.total(), work.calls.total(), messages) for work in columns.values())])
    rows.append(["values made", *(f"{work.values.total() / messages:.0f}" for work in columns.values())])
    return table(["", *columns], rows)


def _cell(instructions: int, calls: int, messages: int) -> str:
    return f"{instructions / messages:,.0f} ({calls / messages:.0f})"
