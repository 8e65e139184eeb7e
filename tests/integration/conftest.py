"""Servers that the integration tests share."""

import os
from collections.abc import Iterator

import pytest
from tests.servers import rabbitmq as rabbitmq_server
from tests.servers.rabbitmq import RabbitMq


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """One RabbitMQ node for the whole run. A test that stops, kills or blocks it starts it again before it ends."""
    if not rabbitmq_server.installed():
        message = "rabbitmq-server is not installed (make services installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with RabbitMq() as node:
        yield node
