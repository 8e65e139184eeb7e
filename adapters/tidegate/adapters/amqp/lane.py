"""Publisher confirms of one channel: which document each answer of the broker is about.

RabbitMQ numbers the publishes of a channel from 1 in the order of arrival and answers each with Basic.Ack or Basic.Nack, in any order, alone
or with ``multiple`` for all up to a number. A document that it cannot route comes back as Basic.Return **and is acked**; the Return comes
first and bears no number, only what we sent.
"""

from collections import OrderedDict
from collections.abc import Callable

from tidegate.adapters.amqp.delivery import Delivery
from tidegate.adapters.amqp.frames import Chunk, FrameWriter

Settle = Callable[[Delivery, str], None]
"""Takes a delivery that the broker has answered, and why it failed; empty when it is confirmed or was returned."""


class Lane:
    """One open channel in confirm mode.

    Args:
        number: of the channel.
        writer: makes its frames.
        settle: called once for each delivery, when it is answered or the channel ends.
    """

    def __init__(self, number: int, writer: FrameWriter, settle: Settle) -> None:
        self.number = number
        self._writer = writer
        self._settle = settle
        self._last = 0
        self._unanswered: OrderedDict[int, Delivery] = OrderedDict()

    def send(self, delivery: Delivery, chunks: list[Chunk]) -> None:
        """Number a delivery and append its frames. What is appended must reach the broker, in this order."""
        self._last += 1
        self._unanswered[self._last] = delivery
        self._writer.append(chunks, delivery.queue, delivery.message_id, delivery.parts, delivery.size)

    def answered(self, tag: int, multiple: bool, reason: str) -> bool:
        """Basic.Ack (empty reason) or Basic.Nack. False when the broker speaks of a publish that never was; nothing is settled then.

        An answer for a number that was answered before is no error: RabbitMQ may confirm 5 alone and later "all up to 5".
        """
        if tag > self._last:
            return False
        unanswered, settle = self._unanswered, self._settle
        if not multiple:
            delivery = unanswered.pop(tag, None)
            if delivery is not None:
                settle(delivery, reason)
            return True
        # Number 0 with multiple means all (AMQP 0-9-1, basic.ack.delivery-tag).
        while unanswered and (not tag or next(iter(unanswered)) <= tag):
            settle(unanswered.popitem(last=False)[1], reason)
        return True

    def returned(self, queue: str, message_id: str, reason: str) -> bool:
        """Basic.Return: mark the oldest unanswered delivery with these marks; its answer will follow. False when there is none.

        The same document may be under way twice, after a time-out: the broker returns them in the order in which they were sent.
        """
        for delivery in self._unanswered.values():
            if delivery.message_id == message_id and delivery.queue == queue and not delivery.returned:
                delivery.returned = reason
                return True
        return False

    def ended(self, reason: str) -> None:
        """The channel or its connection is gone: what is not answered never will be."""
        while self._unanswered:
            self._settle(self._unanswered.popitem(last=False)[1], reason)
