"""Contract checks for :class:`tidegate.ports.publisher.Publisher`."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress

import attrs

from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, PortError, TemporaryFailure
from tidegate.ports.publisher import Publication, Publisher


@attrs.frozen
class PublisherUnderTest:
    """One implementation, ready to publish, and a way to see what it did.

    Attributes:
        publisher: the implementation.
        queues: names of two queues that it can publish to; both empty.
        stored: reads all documents that stand on a queue, past the publisher: another connection, the files on disk. May take them off.
        failing: optional; while the context is entered, ``publish`` raises ``TemporaryFailure``.
    """

    publisher: Publisher
    queues: tuple[str, str]
    stored: Callable[[str], Awaitable[Sequence[bytes]]]
    failing: Callable[[], AbstractAsyncContextManager[None]] | None = None


PublisherMaker = Callable[[], AbstractAsyncContextManager[PublisherUnderTest]]
"""Sets up one fresh implementation and takes it down again."""


def document(queue: str, number: int, size: int = 200) -> Publication:
    """A document of exactly ``size`` bytes (at least 100) in three parts, with an id made of ``number``."""
    message_id = f"{number:08d}-check"
    head = json.dumps({"recipient": "jos\u00e9@example.com", "message-id": message_id}, ensure_ascii=False).encode()[:-1]
    tail = b'"}'
    text = b', "mime": "'
    return Publication(queue, message_id, (head + text, b"x" * (size - len(head) - len(text) - len(tail)), tail))


async def check_exact_bytes(make: PublisherMaker) -> None:
    """Every byte arrives as it was given, on the queue that was named and nowhere else."""
    async with make() as test:
        one, other = test.queues
        texts = ('{"a": "\\u0000\\ud83d\\ude00"}', '{"b": "\u00fc\u20ac\U0001f600"}', '{"c": [' + "1, " * 5000 + "1]}", "{}")
        publications = [Publication(one, f"{n:08d}-bytes", (text.encode(),)) for n, text in enumerate(texts)]
        await test.publisher.publish([*publications, document(other, 1, 70_000)])
        assert sorted(await test.stored(one)) == sorted(text.encode() for text in texts)
        assert list(await test.stored(other)) == [document(other, 1, 70_000).body]


async def check_many_parts(make: PublisherMaker) -> None:
    """A document in more parts than one system call takes (1,024), some of them empty, arrives whole."""
    async with make() as test:
        queue = test.queues[0]
        parts = (b'{"n": [', *(b"%d," % n if n % 7 else b"" for n in range(3000)), b"0]}")
        await test.publisher.publish([Publication(queue, "0-parts", parts)])
        assert list(await test.stored(queue)) == [b"".join(parts)]


async def check_durable_on_return(make: PublisherMaker) -> None:
    """What a call that returned has published, another reader sees at once, even after a second call failed."""
    async with make() as test:
        queue = test.queues[0]
        await test.publisher.publish([document(queue, 1)])
        with suppress(PermanentFailure):
            await test.publisher.publish([document("", 2)])
        assert list(await test.stored(queue)) == [document(queue, 1).body]


async def check_too_large(make: PublisherMaker) -> None:
    """One document above the limit refuses all of its call; one exactly at the limit passes. Nothing to check where there is no limit."""
    async with make() as test:
        limit, (one, other) = test.publisher.max_document_bytes, test.queues
        if limit is None:
            return
        await _assert_raises(DocumentTooLarge, test.publisher, [document(one, 1), document(other, 2, limit + 1), document(one, 3)])
        await test.publisher.publish([document(other, 4, limit)])
        assert list(await test.stored(one)) == [], "published although another document of the call was too large"
        assert list(map(len, await test.stored(other))) == [limit]


async def check_concurrent_calls(make: PublisherMaker) -> None:
    """Calls under way at the same time do not disturb each other, and one that is refused does not harm the rest."""
    async with make() as test:
        publications = [document(test.queues[n % 2], n, 150 + 37 * n) for n in range(60)]
        calls = [test.publisher.publish(publications[n : n + 3]) for n in range(0, 60, 3)]
        outcomes = await asyncio.gather(*calls, test.publisher.publish([document("", 99)]), return_exceptions=True)
        assert outcomes[:-1] == [None] * 20
        assert isinstance(outcomes[-1], PermanentFailure)
        for queue in test.queues:
            assert sorted(await test.stored(queue)) == sorted(p.body for p in publications if p.queue == queue)


async def check_many_recipients(make: PublisherMaker) -> None:
    """The documents of one message share their large part; each recipient still gets a whole one."""
    async with make() as test:
        queue, shared = test.queues[0], b"y" * 200_000
        heads = [b'{"recipient": "%d@example.com", "mime": "' % n for n in range(50)]
        await test.publisher.publish([Publication(queue, f"{n:08d}-shared", (head, shared, b'"}')) for n, head in enumerate(heads)])
        assert sorted(await test.stored(queue)) == sorted(head + shared + b'"}' for head in heads)


async def check_queue_names(make: PublisherMaker) -> None:
    """A queue name that no queue can have is a permanent failure, and nothing of the call is published."""
    async with make() as test:
        queue = test.queues[0]
        for name in ("", "q" * 256):
            await _assert_raises(PermanentFailure, test.publisher, [document(queue, 1), document(name, 2)])
        assert list(await test.stored(queue)) == []


async def check_usable_after_failure(make: PublisherMaker) -> None:
    """A refused, a failed and a cancelled call leave a publisher that works, and documents that are whole or absent."""
    async with make() as test:
        queue, other = test.queues
        await _assert_raises(PermanentFailure, test.publisher, [document("", 1)])
        if test.failing is not None:
            async with test.failing():
                await _assert_raises(TemporaryFailure, test.publisher, [document(queue, 2)])
        cancelled = [asyncio.ensure_future(test.publisher.publish([document(queue, 3), document(queue, 4)])) for _ in range(3)]
        for turns, call in enumerate(cancelled):
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        await test.publisher.publish([document(other, 5)])
        assert list(await test.stored(other)) == [document(other, 5).body]
        assert set(await test.stored(queue)) <= {document(queue, n).body for n in (2, 3, 4)}


async def check_cheap_questions(make: PublisherMaker) -> None:
    """A fresh publisher accepts, and its two questions have the types that they promise."""
    async with make() as test:
        assert test.publisher.accepting() is True
        limit = test.publisher.max_document_bytes
        assert limit is None or limit > 0


PublisherCheck = Callable[[PublisherMaker], Awaitable[None]]

PUBLISHER_CHECKS: tuple[PublisherCheck, ...] = (
    check_exact_bytes,
    check_many_parts,
    check_durable_on_return,
    check_too_large,
    check_concurrent_calls,
    check_many_recipients,
    check_queue_names,
    check_usable_after_failure,
    check_cheap_questions,
)
"""All of them; run each on a maker of its own."""


async def _assert_raises(expected: type[PortError], publisher: Publisher, publications: Sequence[Publication]) -> None:
    """``publish`` ends with exactly this family."""
    try:
        await publisher.publish(publications)
    except expected:
        return
    raise AssertionError(f"publish returned, but {expected.__name__} was due")
