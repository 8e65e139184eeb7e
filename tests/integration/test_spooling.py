"""The spool between the gateway and a real RabbitMQ that dies, freezes and is not there."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.servers.amqp import accepting, delete, take_all
from tests.servers.rabbitmq import RabbitMq, free_ports

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings
from tidegate.adapters.folder_queue.reader import Reader
from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.app.pauses import Pauses
from tidegate.app.spool_drainer import SpoolDrainer
from tidegate.app.spooling import SpoolingPublisher
from tidegate.ports.testing.publisher import document

pytestmark = pytest.mark.integration


@pytest.fixture
async def queue(rabbitmq: RabbitMq) -> AsyncIterator[str]:
    """The name of a queue that is gone after the test."""
    name = f"spooled-{uuid.uuid4().hex}"
    yield name
    await delete(rabbitmq.url, name)


def settings(url: str, queue: str) -> AmqpSettings:
    """A broker that is given up soon and tried again soon."""
    return AmqpSettings(addresses=(url,), queues=(queue,), confirm_timeout_s=5.0, backoff_first_s=0.1, backoff_longest_s=0.5)


def spooling(broker: AmqpPublisher, spool: FolderSpool) -> SpoolingPublisher:
    """With short pauses."""
    drainer = SpoolDrainer(spool, broker, pauses=Pauses(0.05), poll_s=0.1)
    return SpoolingPublisher(broker, spool, drainer, patience_s=1.0, routes=Pauses(0.05))


def waiting(directory: Path, queue: str) -> int:
    """Documents in the spool."""
    return Reader(directory, 1 << 20).status(queue).documents


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_broker_fails_under_load(fault: str, rabbitmq: RabbitMq, queue: str, tmp_path: Path) -> None:
    """QU02 QU03 QU09: every document is accepted while the broker dies or freezes, and all of them arrive, few of them twice."""
    count, done, slowest = 600, 0, 0.0
    numbers = iter(range(count))

    async def client(publisher: SpoolingPublisher) -> None:
        nonlocal done, slowest
        for number in numbers:
            begin = asyncio.get_running_loop().time()
            await publisher.publish([document(queue, number, 2000)])
            slowest = max(slowest, asyncio.get_running_loop().time() - begin)
            done += 1
            await asyncio.sleep(0.005)

    async with AmqpPublisher(settings(rabbitmq.url, queue)) as broker, FolderSpool(tmp_path) as spool, spooling(broker, spool) as publisher:
        await accepting(broker)
        clients = [asyncio.ensure_future(client(publisher)) for _ in range(10)]
        await until(lambda: done > count // 3)
        try:
            await asyncio.to_thread(rabbitmq.kill if fault == "killed" else rabbitmq.pause)
            await asyncio.gather(*clients)
            spooled = waiting(tmp_path, queue)
        finally:
            await asyncio.to_thread(rabbitmq.start if fault == "killed" else rabbitmq.resume)
        await until(lambda: waiting(tmp_path, queue) == 0)
    assert spooled > 0
    assert slowest < 30, "a document waited for the broker instead of going to the spool"
    arrived = [message.body for message in await take_all(rabbitmq.url, queue)]
    assert set(arrived) == {document(queue, number, 2000).body for number in range(count)}
    assert len(arrived) - count <= 10 + 32, "more came twice than were under way"


async def test_started_without_a_broker(rabbitmq: RabbitMq, queue: str, tmp_path: Path) -> None:
    """QU01: without a broker mail is taken; a later process that has one hands all of it over, in order."""
    nobody = f"amqp://guest:guest@127.0.0.1:{free_ports(1)[0]}/"
    async with AmqpPublisher(settings(nobody, queue)) as broker, FolderSpool(tmp_path) as spool, spooling(broker, spool) as publisher:
        assert publisher.accepting()
        for number in range(100):
            await publisher.publish([document(queue, number)])
    assert waiting(tmp_path, queue) == 100
    async with AmqpPublisher(settings(rabbitmq.url, queue)) as broker, FolderSpool(tmp_path) as spool, spooling(broker, spool):
        await until(lambda: waiting(tmp_path, queue) == 0)
    assert [message.body for message in await take_all(rabbitmq.url, queue)] == [document(queue, number).body for number in range(100)]


def publish_command(directory: Path, url: str) -> subprocess.Popen[str]:
    """``tidegate queue publish``."""
    program = [sys.executable, "-c", "import sys; from tidegate.app.cli import main; sys.exit(main())", "queue", "publish"]
    options = ["--queue-directory", str(directory), "--rabbitmq-address", url]
    return subprocess.Popen([*program, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def test_publish_command(rabbitmq: RabbitMq, queue: str, tmp_path: Path) -> None:
    """Killed in the middle and run again, the command moves everything; a document may arrive twice, none is missing."""
    count = 1500
    async with FolderSpool(tmp_path) as spool:
        await spool.publish([document(queue, number) for number in range(count)])
        held = await spool.drain(queue)
        assert held is not None
        busy = publish_command(tmp_path, rabbitmq.url)
        assert "another process is emptying it" in (await asyncio.to_thread(busy.communicate))[1]
        assert busy.returncode == 1
        await held.close()
    killed = publish_command(tmp_path, rabbitmq.url)
    await until(lambda: waiting(tmp_path, queue) <= count - 200)
    os.kill(killed.pid, signal.SIGKILL)
    await asyncio.to_thread(killed.communicate)
    left = waiting(tmp_path, queue)
    assert 0 < left < count
    again = publish_command(tmp_path, rabbitmq.url)
    output, errors = await asyncio.to_thread(again.communicate)
    assert (again.returncode, errors) == (0, "")
    assert output == f"{left:,} documents moved to the broker, 0 set aside.\n"
    arrived = [message.body for message in await take_all(rabbitmq.url, queue)]
    assert set(arrived) == {document(queue, number).body for number in range(count)}
    assert len(arrived) - count <= 33


async def test_publish_command_counts_what_is_no_document(rabbitmq: RabbitMq, queue: str, tmp_path: Path) -> None:
    """QU20: the summary agrees with what was said before it."""
    async with FolderSpool(tmp_path) as spool:
        await spool.publish([document(queue, 1)])
    (tmp_path / queue / "new" / f"{'0' * 26}.json").write_text("{cut short")
    command = publish_command(tmp_path, rabbitmq.url)
    output, errors = await asyncio.to_thread(command.communicate)
    assert (command.returncode, output) == (0, "1 document moved to the broker, 1 set aside.\n")
    assert "was moved to quarantine" in errors


async def test_publish_command_without_a_broker(queue: str, tmp_path: Path) -> None:
    """A broker that is not there is said so, and nothing is lost."""
    async with FolderSpool(tmp_path) as spool:
        await spool.publish([document(queue, 1)])
    command = publish_command(tmp_path, f"amqp://guest:guest@127.0.0.1:{free_ports(1)[0]}/")
    errors = (await asyncio.to_thread(command.communicate))[1]
    assert command.returncode == 1
    assert errors.startswith("Error: the broker amqp://127.0.0.1:")
    assert "cannot be used: Connect" in errors
    assert errors.endswith("; nothing was moved\n")
    assert "guest:guest" not in errors
    assert waiting(tmp_path, queue) == 1
