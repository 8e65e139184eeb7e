"""Publishing to RabbitMQ (AMQP 0-9-1) with aio-pika."""

from tidegate.adapters.amqp.address import BrokerAddress as BrokerAddress
from tidegate.adapters.amqp.publisher import AmqpPublisher as AmqpPublisher
from tidegate.adapters.amqp.settings import AmqpSettings as AmqpSettings
from tidegate.adapters.amqp.settings import Encoding as Encoding
from tidegate.adapters.amqp.settings import QueueType as QueueType

__all__ = ["AmqpPublisher", "AmqpSettings", "BrokerAddress", "Encoding", "QueueType"]
