"""What `WorkQueue` and `EventBus` keep while RabbitMQ is killed, paused, cut off, or loses a queue. A private broker that we may break."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any

import aio_pika
import pytest

from app.adapters.rabbitmq_connection import Address, address_of
from app.adapters.rabbitmq_events import RabbitEventBus
from app.adapters.rabbitmq_queue import RabbitWorkQueue
from app.errors import DeadlineExceeded, Misconfigured, Unavailable
from app.ports import Delivery, EventBus, Gap, Message, Subscription
from tests.contracts.test_event_bus import event
from tests.contracts.test_work_queue import messages, take
from tests.servers.rabbitmq import RabbitMQ, broker_url, cut, forget, new_address, open_work_queue, shared_broker

PATIENCE = 60.0  # seconds
breaks_it = pytest.mark.skipif("INVOICESTREAM_TEST_BROKER_URL" in os.environ, reason="the given broker is not ours to break")


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    made = new_address()
    yield made
    await forget(made)


@contextmanager
def broken(server: RabbitMQ, how: Callable[[], object], mend: Callable[[], object]) -> Iterator[None]:
    how()
    try:
        yield
    finally:
        mend()


async def settled_down(queue: RabbitWorkQueue) -> list[Message]:
    """A quorum queue that is declared less than a second before its only node is killed comes back without its messages: so long
    messages are published."""
    sent: list[Message] = []
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        more = messages(20, first=len(sent))
        await queue.publish(more)
        sent += more
    return sent


async def take_ids(deliveries: Any, expected: set[str]) -> None:
    """Takes and acknowledges until all of them have come."""
    missing = set(expected)
    async with asyncio.timeout(PATIENCE):
        while missing:
            delivery: Delivery = await anext(deliveries)
            missing.discard(delivery.message.id)
            await delivery.ack()


@asynccontextmanager
async def other_channel(address: Address) -> AsyncIterator[Any]:
    """Somebody else's."""
    connection = await aio_pika.connect(address.url)
    async with connection, connection.channel() as channel:
        yield channel


@breaks_it
async def test_a_broker_killed_with_messages_in_hand_loses_nothing_confirmed(address: Address) -> None:
    server = shared_broker()
    async with RabbitWorkQueue(address) as queue, aclosing(queue.deliveries("invoices", prefetch=50)) as deliveries:
        sent = await settled_down(queue)
        held = await take(deliveries, 20)
        with broken(server, server.kill, server.start):
            for delivery in held[:5]:
                await delivery.ack()  # nobody hears it; it raises nothing
            with pytest.raises(Unavailable):
                await queue.publish(messages(1, first=100_000))
        await take_ids(deliveries, {message.id for message in sent})
        await queue.publish(messages(1, first=100_001))
        await take_ids(deliveries, {"m100001"})


@breaks_it
async def test_while_the_broker_is_away_all_fails_at_once_and_typed(address: Address) -> None:
    server = shared_broker()
    async with RabbitWorkQueue(address) as queue:
        with broken(server, server.kill, server.start):
            with pytest.raises(Unavailable):
                await queue.publish(messages(1))
            for call in (lambda: queue.publish(messages(1)), lambda: queue.depth("invoices"), queue.ping, queue.dead_depth):
                began = time.monotonic()
                with pytest.raises(Unavailable) as caught:
                    await call()
                assert time.monotonic() - began < 1.0
                assert caught.value.dependency == "broker" and "guest" not in str(caught.value)
        async with asyncio.timeout(PATIENCE):
            while not await works(queue):
                await asyncio.sleep(0.05)


async def works(queue: RabbitWorkQueue) -> bool:
    try:
        await queue.publish(messages(1))
    except Unavailable:
        return False
    return True


@breaks_it
async def test_a_broker_that_is_away_at_the_start_is_waited_for(address: Address) -> None:
    server = shared_broker()
    with broken(server, server.kill, server.start):
        queue = RabbitWorkQueue(address)
        await queue.__aenter__()
        reading = asyncio.create_task(take(queue.deliveries("invoices", prefetch=1), 1))
        with pytest.raises(Unavailable):
            await queue.publish(messages(1))
    try:
        async with asyncio.timeout(PATIENCE):
            while not await works(queue):
                await asyncio.sleep(0.05)
            (delivery,) = await reading
        assert delivery.message == messages(1)[0]
        await delivery.ack()
    finally:
        await queue.__aexit__(None, None, None)


@breaks_it
async def test_a_paused_broker_costs_a_publisher_its_deadline_and_no_more(address: Address) -> None:
    server = shared_broker()
    async with RabbitWorkQueue(address, deadline=1.0) as queue, aclosing(queue.deliveries("invoices", prefetch=9)) as deliveries:
        await queue.publish(messages(2))
        await take_ids(deliveries, {"m0", "m1"})
        with broken(server, server.pause, server.resume):
            for call in (lambda: queue.publish(messages(50, first=10)), lambda: queue.depth("invoices"), queue.ping):
                began = time.monotonic()
                with pytest.raises(DeadlineExceeded):
                    await call()
                assert time.monotonic() - began < 2.0
        await queue.publish(messages(1, first=5))
        await take_ids(deliveries, {"m5"})


@breaks_it
async def test_a_broker_that_is_silent_for_three_heartbeats_is_given_up_and_found_again(address: Address) -> None:
    server = shared_broker()
    quick = Address(address.url.update_query({"heartbeat": "1"}), address.prefix)
    async with RabbitWorkQueue(quick, deadline=PATIENCE) as queue, aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries:
        await queue.publish(messages(1))
        held = await take(deliveries, 1)
        with broken(server, server.pause, server.resume):
            began = time.monotonic()
            asked = (queue.publish(messages(1, first=1)), queue.depth("invoices"), queue.ping())
            for error in await asyncio.gather(*asked, return_exceptions=True):  # the library says that we were cancelled
                assert isinstance(error, Unavailable) and not isinstance(error, DeadlineExceeded), repr(error)
            assert time.monotonic() - began < 20
            await held[0].ack()
        async with asyncio.timeout(PATIENCE):
            while not await works(queue):
                await asyncio.sleep(0.05)
        await queue.publish(messages(1, first=2))
        await take_ids(deliveries, {"m0", "m2"})


@breaks_it
async def test_a_cut_connection_is_made_again_and_what_was_in_hand_comes_again(address: Address) -> None:
    server = shared_broker()
    async with RabbitWorkQueue(address) as queue, aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries:
        await queue.publish(messages(3))
        for _ in range(5):
            held = await take(deliveries, 3)
            assert cut(server.port) >= 1  # the publisher may be away still
            for delivery in held:
                await delivery.ack()  # too late for the broker to hear
        await take_ids(deliveries, {"m0", "m1", "m2"})
        async with asyncio.timeout(PATIENCE):
            while not await works(queue):
                await asyncio.sleep(0)


@breaks_it
async def test_a_broker_that_holds_publishers_back_still_hears_what_is_settled(address: Address) -> None:
    server = shared_broker()

    def watermark(share: str) -> None:
        server.control("set_vm_memory_high_watermark", share)

    async with RabbitWorkQueue(address, deadline=1.0) as queue, aclosing(queue.deliveries("invoices", prefetch=1)) as deliveries:
        await queue.publish(messages(2))
        (first,) = await take(deliveries, 1)
        with broken(server, lambda: watermark("0.00001"), lambda: watermark("0.4")):
            with pytest.raises(DeadlineExceeded):
                for id in range(1000):  # the alarm is raised within a second
                    await queue.publish(messages(1, first=10 + id))
            await first.ack()
            await take_ids(deliveries, {"m1"})
        async with asyncio.timeout(PATIENCE):
            while not await works(queue):
                await asyncio.sleep(0.05)


async def test_a_queue_deleted_under_its_reader_is_declared_again_and_read_on(address: Address) -> None:
    returned: list[int] = []
    async with (
        RabbitWorkQueue(address, returned=lambda: returned.append(1)) as queue,
        aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries,
    ):
        await queue.publish(messages(1))
        await take_ids(deliveries, {"m0"})
        async with other_channel(address) as channel:
            await channel.queue_delete(queue.topology.of("invoices"))
            await channel.queue_delete(queue.topology.of("invoices.pdf"))
        waiting = asyncio.ensure_future(take_ids(deliveries, {"m1"}))
        await queue.publish(messages(1, first=1))
        await waiting
        pdf = Message("p", "acme", "i", queue="invoices.pdf")
        await queue.publish([pdf])  # nobody reads it who could have noticed
        assert returned
        assert await queue.depth("invoices.pdf") == 1


async def test_two_readers_of_a_deleted_queue_both_read_on(address: Address) -> None:
    async with (
        RabbitWorkQueue(address) as one,
        RabbitWorkQueue(address) as two,
        aclosing(one.deliveries("invoices", prefetch=3)) as ones,
        aclosing(two.deliveries("invoices", prefetch=3)) as twos,
    ):
        reading = [asyncio.ensure_future(anext(ones)), asyncio.ensure_future(anext(twos))]  # nothing comes
        name = one.topology.of("invoices")
        for _ in range(2):
            async with asyncio.timeout(PATIENCE):
                while await readers_of(one, name) != 2:
                    await asyncio.sleep(0.05)
            async with other_channel(address) as channel:
                await channel.queue_delete(name)
            async with asyncio.timeout(PATIENCE):
                while await readers_of(one, name) is None:
                    await asyncio.sleep(0.05)
        async with asyncio.timeout(PATIENCE):
            while await readers_of(one, name) != 2:
                await asyncio.sleep(0.05)
        for each in reading:
            each.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


async def readers_of(queue: RabbitWorkQueue, name: str) -> int | None:
    """None while there is no such queue."""
    try:
        return (await queue._state_of(name))[1]
    except Unavailable:
        return None


async def test_a_consumer_that_the_broker_forgot_is_noticed(address: Address) -> None:
    async with RabbitWorkQueue(address, watch=0.1) as queue, aclosing(queue.deliveries("invoices", prefetch=3)) as deliveries:
        await queue.publish(messages(1))
        await take_ids(deliveries, {"m0"})
        connection = queue._reading._connection
        assert connection is not None and connection.transport is not None
        for channel in list(connection.transport.connection.channels.values()):
            for tag in list(channel.consumers):  # type: ignore[union-attr]
                await channel.basic_cancel(tag)  # type: ignore[union-attr]
        await queue.publish(messages(1, first=1))
        await take_ids(deliveries, {"m1"})


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\x00 not json", b"[]", b'{"v":1}', b'{"v":2,"id":"a","tenant":"acme","invoice_id":"i","queue":"invoices"}', b"x" * 300_000],
)
async def test_what_cannot_be_understood_is_parked_and_holds_nothing_up(body: bytes) -> None:
    async with open_work_queue() as queue, aclosing(queue.deliveries("invoices", 1)) as deliveries, aclosing(queue.dead_letters()) as dead:
        buried = asyncio.ensure_future(anext(dead))
        async with other_channel(new_address()) as channel:
            await channel.default_exchange.publish(aio_pika.Message(body, message_id="odd"), queue.topology.of("invoices"))
        await queue.publish(messages(1))
        await take_ids(deliveries, {"m0"})
        for _ in range(2):
            async with asyncio.timeout(PATIENCE):
                while not (parked := await queue.parked(10)):
                    await asyncio.sleep(0)
            assert [(p.id, p.queue, p.size) for p in parked] == [("odd", "invoices", len(body))]
            assert await queue.unpark({"another"}) == 0
            assert await queue.unpark({"odd"}) == 1
            await queue.publish(messages(1, first=1))
            await take_ids(deliveries, {"m1"})  # the odd one was before it, and was not understood again
        async with asyncio.timeout(PATIENCE):
            while await queue.dead_depth() != 1:
                await asyncio.sleep(0)
        assert not buried.done()
        buried.cancel()
        await asyncio.gather(buried, return_exceptions=True)


async def test_fields_of_a_later_version_are_ignored() -> None:
    async with open_work_queue() as queue, aclosing(queue.deliveries("invoices", 1)) as deliveries:
        body = b'{"v":1,"id":"a","tenant":"acme","invoice_id":"i","queue":"invoices","priority":{"new":[1]}}'
        async with other_channel(new_address()) as channel:
            await channel.default_exchange.publish(aio_pika.Message(body, headers={"traceparent": "00-1"}), queue.topology.of("invoices"))
        (delivery,) = await take(deliveries, 1)
        assert delivery.message == Message("a", "acme", "i", "00-1")
        await delivery.ack()


async def test_each_message_is_written_to_disk_under_its_id(address: Address) -> None:
    async with RabbitWorkQueue(address) as queue:
        await queue.publish(messages(1))
        async with other_channel(address) as channel:
            found = await (await channel.get_queue(queue.topology.of("invoices"), ensure=False)).get(no_ack=True)
    assert (found.message_id, found.delivery_mode, found.headers["traceparent"]) == ("m0", 2, messages(1)[0].traceparent)


async def test_a_wrong_password_ends_the_start_and_is_not_told() -> None:
    address = Address(address_of(broker_url()).url.with_password("s3cret-word"), "")
    with pytest.raises(Misconfigured) as caught:
        await RabbitWorkQueue(address).__aenter__()
    assert "BROKER_URL" in str(caught.value) and "s3cret-word" not in str(caught.value) + repr(address)


@pytest.mark.parametrize("url", ["amqp://", "http://host/", "amqp://h:port/", "amqp://host/?prefix=a%20b", "amqp://h/?prefix=" + "a" * 65])
def test_a_url_that_cannot_be_meant(url: str) -> None:
    with pytest.raises(Misconfigured, match="BROKER_URL"):
        address_of(url)


# Events


async def receive(subscription: Subscription, until: object) -> list[Any]:
    """Up to and with the first that equals `until` (or is of that class)."""
    got: list[Any] = []
    async with asyncio.timeout(PATIENCE):
        async for received in subscription:
            got.append(received)
            if received == until or (isinstance(until, type) and isinstance(received, until)):
                return got
    raise AssertionError("it ended")


@asynccontextmanager
async def two_replicas(address: Address) -> AsyncIterator[tuple[RabbitEventBus, RabbitEventBus]]:
    async with RabbitEventBus(address) as here, RabbitEventBus(address) as there:
        await here.joined()
        await there.joined()
        yield here, there


async def heard(publisher: EventBus, subscription: Subscription, first: int) -> int:
    """Publishes until the subscription hears it. Returns the id that was heard."""
    listening = asyncio.ensure_future(anext(aiter(subscription)))
    id = first
    async with asyncio.timeout(PATIENCE):
        while not listening.done():
            await publisher.publish(event(id))
            id += 1
            await asyncio.wait((listening,), timeout=0.05)
    got = listening.result()
    assert not isinstance(got, Gap)
    return got.id or 0


async def test_another_process_hears_everything_in_order_and_once(address: Address) -> None:
    async with two_replicas(address) as (here, there), here.subscribe("acme", None) as own, there.subscribe("acme", "i1") as foreign:
        sent = [event(id) for id in range(1, 101)]
        for each in sent:
            await here.publish(each)
        assert await receive(foreign, sent[-1]) == sent
        await there.publish(event(200))
        assert await receive(own, event(200)) == [*sent, event(200)]


@breaks_it
async def test_while_the_broker_is_away_ones_own_are_told_and_then_a_gap_to_all(address: Address) -> None:
    server = shared_broker()
    async with two_replicas(address) as (here, there), here.subscribe("acme", None) as own, there.subscribe("acme", None) as foreign:
        await here.publish(event(1000))
        assert await receive(foreign, event(1000)) == [event(1000)]
        with broken(server, server.kill, server.start):
            assert await receive(own, event(1000)) == [event(1000)]
            began = time.monotonic()
            for id in range(1001, 1101):
                await here.publish(event(id))
            assert time.monotonic() - began < 1.0
            assert await receive(own, event(1100)) == [event(id) for id in range(1001, 1101)]
        (gap,) = await receive(foreign, Gap)
        assert gap.after is not None and gap.after <= 1000
        await here.joined()
        await heard(here, foreign, 2000)


@breaks_it
async def test_what_a_sender_could_not_send_is_a_gap_for_those_who_listened(address: Address) -> None:
    """Only the sender's connection is lost; the listener has nothing to notice but the jump of its numbers."""
    async with two_replicas(address) as (here, there), there.subscribe("acme", None) as foreign:
        await here.publish(event(500))
        assert await receive(foreign, event(500)) == [event(500)]
        here._joined.clear()  # as it is between two connections
        await here.publish(event(501))
        here._lose()
        got = await receive(foreign, Gap)
        assert got == [Gap(300)]


@breaks_it
async def test_a_paused_broker_holds_no_teller_up(address: Address) -> None:
    server = shared_broker()
    async with two_replicas(address) as (here, there), here.subscribe("acme", None) as own, there.subscribe("acme", None) as foreign:
        with broken(server, server.pause, server.resume):
            began = time.monotonic()
            for id in range(1, 200):
                await here.publish(event(id))
            assert time.monotonic() - began < 1.0
            assert len(await receive(own, event(199))) == 199
        assert await receive(foreign, event(199)) == [event(id) for id in range(1, 200)]


async def test_what_is_not_an_event_is_ignored(address: Address) -> None:
    async with two_replicas(address) as (here, there), there.subscribe("acme", None) as foreign:
        async with other_channel(address) as channel:
            exchange = await channel.get_exchange(f"{address.prefix}invoices.events")
            for body in (b"", b"\xff", b"{}", b'{"v":2,"sender":"x","n":1}'):
                await exchange.publish(aio_pika.Message(body), "acme.i1")
        assert await heard(here, foreign, 1) >= 1
