"""The contract of `WorkQueue`. An adapter joins by one line in ADAPTERS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.memory_broker import MemoryWorkQueue
from app.domain.work import QUEUES
from app.errors import Unavailable
from app.ports import DELIVERY_LIMIT, Delivery, Message, WorkQueue
from tests.servers.rabbitmq import open_work_queue

ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[WorkQueue]]] = {
    "memory": MemoryWorkQueue,
    "rabbitmq": open_work_queue,
}


@pytest.fixture(params=ADAPTERS)
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[WorkQueue]:
    async with ADAPTERS[request.param]() as opened:
        yield opened


def messages(count: int, first: int = 0) -> list[Message]:
    return [Message(f"m{i}", "acme", f"i{i}", traceparent=f"00-{i:032x}-{1:016x}-01") for i in range(first, first + count)]


async def take(deliveries: Any, count: int) -> list[Delivery]:
    async with asyncio.timeout(60):
        return [await anext(deliveries) for _ in range(count)]


async def nothing_but(expected: Message, deliveries: Any) -> None:
    """What was published last comes next: nothing was before it."""
    (delivery,) = await take(deliveries, 1)
    assert delivery.message == expected
    await delivery.ack()


async def test_what_is_published_is_delivered_whole_and_in_order(queue: WorkQueue) -> None:
    sent = messages(20)
    await queue.publish(sent)
    assert await queue.depth("invoices") == 20
    async with aclosing(queue.deliveries("invoices", prefetch=50)) as deliveries:
        taken = await take(deliveries, 20)
        assert [delivery.message for delivery in taken] == sent
        for delivery in taken:
            await delivery.ack()
    assert await queue.depth("invoices") == 0


async def test_a_reader_that_came_first_is_woken(queue: WorkQueue) -> None:
    async with aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
        waiting = asyncio.ensure_future(take(deliveries, 1))
        await asyncio.sleep(0)
        await queue.publish(messages(1))
        (delivery,) = await waiting
        await delivery.ack()


async def test_never_more_than_prefetch_unsettled(queue: WorkQueue) -> None:
    await queue.publish(messages(5))
    async with aclosing(queue.deliveries("invoices", prefetch=2)) as deliveries:
        first, second = await take(deliveries, 2)
        waiting = asyncio.ensure_future(anext(deliveries))
        for _ in range(20):
            assert await queue.depth("invoices") == 3
        assert not waiting.done()
        await first.ack()
        async with asyncio.timeout(60):
            third = await waiting
        assert third.message.id == "m2"
        await second.requeue(0)
        async with asyncio.timeout(60):
            fourth = await anext(deliveries)
        for delivery in (third, fourth):
            await delivery.ack()


async def test_a_requeued_message_comes_again_after_its_delay_and_others_first(queue: WorkQueue) -> None:
    await queue.publish(messages(2))
    loop = asyncio.get_running_loop()
    async with aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
        (first,) = await take(deliveries, 1)
        before = loop.time()
        await first.requeue(0.2)
        (other,) = await take(deliveries, 1)
        assert other.message.id == "m1"
        await other.ack()
        (again,) = await take(deliveries, 1)
        assert again.message == first.message
        assert loop.time() - before >= 0.19
        await again.ack()


async def test_what_a_reader_leaves_unsettled_comes_to_another_once(queue: WorkQueue) -> None:
    await queue.publish(messages(4))
    async with aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries:
        acked, *_ = await take(deliveries, 3)
        await acked.ack()
    async with aclosing(queue.deliveries("invoices", prefetch=10)) as deliveries:
        taken = await take(deliveries, 3)
        assert sorted(delivery.message.id for delivery in taken) == ["m1", "m2", "m3"]
        (last,) = messages(1, first=9)
        await queue.publish([last])
        await nothing_but(last, deliveries)
    async with aclosing(queue.deliveries("invoices", prefetch=10)) as deliveries:
        for delivery in await take(deliveries, 3):
            await delivery.ack()


async def test_a_reader_cancelled_while_it_waits_loses_nothing(queue: WorkQueue) -> None:
    async def read() -> None:
        async with aclosing(queue.deliveries("invoices", prefetch=5)) as deliveries:
            async for _ in deliveries:
                received.set()

    received = asyncio.Event()
    await queue.publish(messages(1))
    reader = asyncio.create_task(read())
    async with asyncio.timeout(60):
        await received.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    async with aclosing(queue.deliveries("invoices", prefetch=5)) as deliveries:
        (again,) = await take(deliveries, 1)
        assert again.message.id == "m0"
        await again.ack()


async def test_many_readers_and_writers_share_the_work_without_loss(queue: WorkQueue) -> None:
    seen: list[str] = []
    all_seen = asyncio.Event()

    async def read() -> None:
        async with aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries:
            async for delivery in deliveries:
                await asyncio.sleep(0)
                seen.append(delivery.message.id)
                await delivery.ack()
                if len(seen) == 200:
                    all_seen.set()

    readers = [asyncio.create_task(read()) for _ in range(4)]
    await asyncio.gather(*(queue.publish(messages(20, first=20 * i)) for i in range(10)))
    async with asyncio.timeout(60):
        await all_seen.wait()
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    assert sorted(seen) == sorted(message.id for message in messages(200))


async def test_prefetch_below_one_is_refused(queue: WorkQueue) -> None:
    with pytest.raises(ValueError, match="prefetch"):
        await anext(queue.deliveries("invoices", prefetch=0))


async def test_the_queues_know_nothing_of_each_other(queue: WorkQueue) -> None:
    cheap, slow = messages(3), [replace(message, queue="invoices.ocr") for message in messages(30, first=3)]
    await queue.publish([*slow, *cheap])
    assert (await queue.depth("invoices"), await queue.depth("invoices.ocr")) == (3, 30)
    async with (
        aclosing(queue.deliveries("invoices.ocr", prefetch=2)) as reading,
        aclosing(queue.deliveries("invoices", prefetch=5)) as others,
    ):
        first, second = await take(reading, 2)
        assert [delivery.message for delivery in (first, second)] == slow[:2]
        taken = await take(others, 3)  # whatever is in hand or waits over there
        assert [delivery.message for delivery in taken] == cheap
        await first.requeue(0)
        for delivery in taken:
            await delivery.ack()
        (third,) = await take(reading, 1)
        assert third.message == slow[2]
        assert (await queue.depth("invoices"), await queue.depth("invoices.ocr")) == (0, 28)
        (last,) = messages(1, first=99)
        await queue.publish([last])
        await nothing_but(last, others)  # what is requeued stays in its queue
        for delivery in (second, third):
            await delivery.ack()


async def test_two_readers_share_and_what_one_leaves_the_other_gets(queue: WorkQueue) -> None:
    await queue.publish(messages(6))
    async with aclosing(queue.deliveries("invoices", prefetch=3)) as first:
        async with aclosing(queue.deliveries("invoices", prefetch=3)) as second:
            lost = await take(second, 3)
            kept = await take(first, 3)
            assert not {delivery.message.id for delivery in lost} & {delivery.message.id for delivery in kept}
            for delivery in kept:
                await delivery.ack()
        again = await take(first, 3)
        assert sorted(delivery.message.id for delivery in again) == sorted(delivery.message.id for delivery in lost)
        for delivery in again:
            await delivery.ack()
    assert await queue.depth("invoices") == 0


async def test_settling_after_the_reader_ended_raises_nothing(queue: WorkQueue) -> None:
    await queue.publish(messages(2))
    async with aclosing(queue.deliveries("invoices", prefetch=2)) as deliveries:
        first, second = await take(deliveries, 2)
    await first.ack()
    await second.requeue(0)
    async with aclosing(queue.deliveries("invoices", prefetch=2)) as deliveries:
        ids = set()
        while "m1" not in ids:  # m0 may come again
            (again,) = await take(deliveries, 1)
            ids.add(again.message.id)
            await again.ack()
        assert ids <= {"m0", "m1"}


async def test_settling_twice_is_a_bug(queue: WorkQueue) -> None:
    async with aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
        await queue.publish(messages(1))
        (delivery,) = await take(deliveries, 1)
        await delivery.ack()
        with pytest.raises(RuntimeError):
            await delivery.requeue(0)


async def test_a_publish_cancelled_in_mid_call_leaves_the_queue_usable(queue: WorkQueue) -> None:
    for wait in range(20):
        publisher = asyncio.create_task(queue.publish(messages(50, first=50 * wait)))
        for _ in range(wait):
            await asyncio.sleep(0)
        publisher.cancel()
        await asyncio.gather(publisher, return_exceptions=True)
    (last,) = messages(1, first=5000)
    await queue.publish([last])
    async with aclosing(queue.deliveries("invoices", prefetch=50)) as deliveries:
        while True:
            (delivery,) = await take(deliveries, 1)  # whatever of the others got in
            await delivery.ack()
            if delivery.message == last:
                break


async def test_a_requeue_cancelled_in_mid_call_loses_nothing(queue: WorkQueue) -> None:
    await queue.publish(messages(5))
    async with aclosing(queue.deliveries("invoices", prefetch=5)) as deliveries:
        for wait, delivery in enumerate(await take(deliveries, 5)):
            requeueing = asyncio.create_task(delivery.requeue(0))
            for _ in range(wait):
                await asyncio.sleep(0)
            if wait:
                requeueing.cancel()
            await asyncio.gather(requeueing, return_exceptions=True)
        again = await take(deliveries, 5)
        assert {delivery.message.id for delivery in again} == {message.id for message in messages(5)}
        for delivery in again:
            await delivery.ack()


async def test_what_kills_its_readers_becomes_a_dead_letter(queue: WorkQueue) -> None:
    await queue.publish(messages(1))
    for _ in range(DELIVERY_LIMIT + 1):
        async with aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
            await take(deliveries, 1)
    async with aclosing(queue.dead_letters()) as dead:
        (letter,) = await take(dead, 1)
        assert letter.message == messages(1)[0]
        await letter.requeue(0)
        (letter,) = await take(dead, 1)
        assert await queue.depth("invoices") == 0
        await letter.ack()
    assert await queue.dead_depth() == 0


async def test_nothing_is_dead_or_parked_to_begin_with(queue: WorkQueue) -> None:
    assert await queue.dead_depth() == 0
    assert list(await queue.parked(10)) == []
    assert await queue.unpark() == 0
    assert [await queue.depth(name) for name in QUEUES] == [0] * len(QUEUES)


# What only the embedded twin promises.


async def test_a_full_queue_keeps_nothing_out_of_the_other() -> None:
    async with MemoryWorkQueue(capacity=2, deadline=0.05) as queue:
        slow = [replace(message, queue="invoices.ocr") for message in messages(5)]
        with pytest.raises(Unavailable):
            await queue.publish([*slow, *messages(2, first=5)])
        assert (await queue.depth("invoices"), await queue.depth("invoices.ocr")) == (2, 2)


async def test_a_full_queue_refuses_after_its_deadline_and_a_requeue_still_finds_room() -> None:
    async with MemoryWorkQueue(capacity=2, deadline=0.05) as queue, aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
        await queue.publish(messages(2))
        (held,) = await take(deliveries, 1)
        with pytest.raises(Unavailable) as caught:
            await queue.publish(messages(1, first=2))
        assert caught.value.dependency == "broker"
        await held.requeue(0)
        (held,) = await take(deliveries, 1)
        await held.ack()
        await queue.publish(messages(1, first=3))
        assert [(await take(deliveries, 1))[0].message.id] == ["m0"]


async def test_a_waiting_publisher_goes_on_when_there_is_room() -> None:
    async with MemoryWorkQueue(capacity=1, deadline=60) as queue, aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
        await queue.publish(messages(1))
        publisher = asyncio.create_task(queue.publish(messages(2, first=1)))
        for expected in ("m0", "m1", "m2"):
            (delivery,) = await take(deliveries, 1)
            assert delivery.message.id == expected
            await delivery.ack()
        await publisher


async def test_a_cancelled_publisher_leaves_no_waiter() -> None:
    async with MemoryWorkQueue(capacity=1, deadline=60) as queue:
        await queue.publish(messages(1))
        publisher = asyncio.create_task(queue.publish(messages(1, first=1)))
        await asyncio.sleep(0)
        publisher.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publisher
        assert await queue.depth("invoices") == 1


async def test_an_id_that_still_waits_is_not_queued_twice() -> None:
    async with MemoryWorkQueue(capacity=1, deadline=0.05) as queue:
        await queue.publish(messages(1))
        await queue.publish(messages(1))
        assert await queue.depth("invoices") == 1


async def test_settling_after_the_reader_stopped_keeps_it_from_coming_again() -> None:
    async with MemoryWorkQueue() as queue:
        await queue.publish(messages(2))
        async with aclosing(queue.deliveries("invoices", prefetch=2)) as deliveries:
            first, second = await take(deliveries, 2)
        await first.ack()
        assert await queue.depth("invoices") == 1
        async with aclosing(queue.deliveries("invoices", prefetch=2)) as deliveries:
            (again,) = await take(deliveries, 1)
            assert again.message.id == "m1"
            await second.ack()  # too late: another reader has it
            await again.requeue(0)
            (again,) = await take(deliveries, 1)
            await again.ack()
        assert await queue.depth("invoices") == 0


async def test_what_a_reader_left_comes_before_all_others_in_its_order() -> None:
    async with MemoryWorkQueue() as queue:
        await queue.publish(messages(5))
        async with aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries:
            await take(deliveries, 3)
        async with aclosing(queue.deliveries("invoices", prefetch=5)) as deliveries:
            assert [delivery.message for delivery in await take(deliveries, 5)] == messages(5)


async def test_settling_late_does_not_take_away_what_was_published_since() -> None:
    async with MemoryWorkQueue() as queue:
        await queue.publish(messages(1))
        async with aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
            (late,) = await take(deliveries, 1)
        async with aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
            await take(deliveries, 1)
            await queue.publish(messages(1))
            await late.ack()
            assert await queue.depth("invoices") == 1


async def test_closing_ends_readers_and_timers_and_refuses_publishers() -> None:
    queue = MemoryWorkQueue()
    async with queue:
        await queue.publish(messages(2))
        deliveries = queue.deliveries("invoices", prefetch=1)
        (delivery,) = await take(deliveries, 1)
        await delivery.requeue(3600)
        (held,) = await take(deliveries, 1)
        waiting = asyncio.ensure_future(anext(deliveries))
        await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await waiting
    await held.ack()
    with pytest.raises(Unavailable):
        await queue.publish(messages(1))
    assert await queue.depth("invoices") == 0
