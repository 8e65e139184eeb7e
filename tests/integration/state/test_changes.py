"""Changes while the server runs, and a database that goes away under load."""

import os
import signal
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import pytest
from tests.integration.state.conftest import tidegate
from tests.servers.postgresql import PostgreSql
from tests.servers.process import GatewayProcess, wait_until

pytestmark = pytest.mark.integration

MAIL = b"Subject: x\r\n\r\nx\r\n"


@attrs.define
class Load:
    """What came of messages that were sent one after the other, each on a connection of its own."""

    replies: list[int] = attrs.field(factory=list)
    failures: list[str] = attrs.field(factory=list)


@contextmanager
def load(gateway: GatewayProcess, recipient: str, clients: int = 2) -> Iterator[Load]:
    """Send mail as long as the context lasts."""
    found, stop = Load(), threading.Event()

    def client() -> None:
        while not stop.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", gateway.port, timeout=20) as session:
                    session.ehlo()
                    session.mail("s@example.net")
                    session.rcpt(recipient)
                    found.replies.append(session.data(MAIL)[0])
            except (OSError, smtplib.SMTPException) as error:
                found.failures.append(repr(error))
            time.sleep(0.02)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def documents(gateway: GatewayProcess, queue: str) -> int:
    """Documents on a queue."""
    return len(list((gateway.queue_directory / queue / "new").glob("*.json")))


def in_force(gateway: GatewayProcess, **counts: int) -> Callable[[], int]:
    """How many snapshots with these counts the workers have put in force."""
    return lambda: sum(
        all(f'"{name}": {count}' in line for name, count in counts.items())
        for line in gateway.log().splitlines()
        if "managed state in force" in line
    )


def test_a_change_reaches_all_workers() -> None:
    """OP09: by the command line, under load: in force in each of three workers, without one connection refused or one message lost."""
    with GatewayProcess({"smtp-threads": "3", "rabbitmq-local": "local"}) as gateway, load(gateway, "info@example.com") as sent:
        wait_until(lambda: len(sent.replies) > 20, "mail is taken")
        assert documents(gateway, "local") == 0
        tidegate(gateway, "local", "add", "info@example.com")
        tidegate(gateway, "mta", "add", "127.0.0.1", "changed.example.com")
        wait_until(lambda: in_force(gateway, local=1, mta_names=1)() >= 3, f"every worker has the change\n{gateway.log()}", 15)
        before = documents(gateway, "inbox"), len(sent.replies)
        time.sleep(0.5)  # messages that were under way then
        inbox = documents(gateway, "inbox")
        wait_until(lambda: len(sent.replies) > before[1] + 60, "mail is taken")
        assert documents(gateway, "inbox") == inbox, "a worker goes by the old list"
        for _ in range(12):
            with smtplib.SMTP("127.0.0.1", gateway.port, timeout=20) as session:
                assert session.ehlo()[1].startswith(b"changed.example.com")
        tidegate(gateway, "suspect", "add", "127.0.0.2", "--expires", "1h")
        wait_until(lambda: in_force(gateway, suspects=1)() >= 3, "every worker has the suspect", 15)
        for _ in range(6):
            with pytest.raises(smtplib.SMTPConnectError) as refused:
                smtplib.SMTP("127.0.0.1", gateway.port, timeout=20, source_address=("127.0.0.2", 0))
            assert refused.value.smtp_code == 554
        assert not sent.failures
        assert set(sent.replies) == {250}


def test_hits_are_counted() -> None:
    """Connections that were refused for a suspect are counted in the database when the server stops at the latest."""
    gateway = GatewayProcess({"smtp-threads": "2"})
    with gateway:
        tidegate(gateway, "suspect", "add", "127.0.0.0/30", "--reason", "test")
        wait_until(lambda: in_force(gateway, suspects=1)() >= 2, "every worker has the suspect", 15)
        for _ in range(5):
            with pytest.raises(smtplib.SMTPConnectError):
                smtplib.SMTP("127.0.0.1", gateway.port, timeout=20, source_address=("127.0.0.2", 0))
        wait_until(lambda: '"hits": 5' in tidegate(gateway, "suspect", "list", "--json"), "hits are counted", 30)


def test_postgresql_killed_under_load(postgresql: PostgreSql, database: str) -> None:
    """SIGKILL for PostgreSQL: every message is taken as before, a worker that is killed too starts again with the last lists, the log says
    what is in force, and changes are seen when the database is back."""
    settings = {"smtp-threads": "2", "rabbitmq-local": "local", "database-address": database, "database-ttl": "1"}
    with GatewayProcess(settings) as gateway:
        tidegate(gateway, "local", "add", "info@example.com")
        wait_until(lambda: in_force(gateway, local=1)() >= 2, "every worker has the list", 15)
        with load(gateway, "info@example.com") as sent:
            wait_until(lambda: len(sent.replies) > 20, "mail is taken")
            postgresql.kill()
            try:
                wait_until(lambda: gateway.log().count("the database is away") >= 2, f"both workers say so\n{gateway.log()}", 20)
                count = len(sent.replies)
                wait_until(lambda: len(sent.replies) > count + 40, "mail is still taken")
                assert not sent.failures
                assert set(sent.replies) == {250}
                assert documents(gateway, "inbox") == 0
                before = set(gateway.workers())
                os.kill(min(before), signal.SIGKILL)
                wait_until(lambda: len(set(gateway.workers()) - before) == 1, "a new worker", 20)
                wait_until(lambda: in_force(gateway, local=1)() >= 3, f"it has the last list\n{gateway.log()}", 20)
                count = len(sent.replies)
                wait_until(lambda: len(sent.replies) > count + 40, "mail is still taken")
            finally:
                postgresql.start()
            tidegate(gateway, "local", "add", "second@example.com")
            wait_until(lambda: in_force(gateway, local=2)() >= 2, f"both workers have the change\n{gateway.log()}", 30)
        assert set(sent.replies) == {250}
        assert documents(gateway, "inbox") == 0, "no message went by another list"
        # Only sessions of the worker that was killed may have been cut.
        assert len(sent.failures) <= 2, sent.failures
