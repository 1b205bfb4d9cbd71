"""The contract of `EventBus` and `Subscription`. An adapter joins by one line in ADAPTERS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import pytest

from app.adapters.memory_broker import MemoryEventBus
from app.domain.record import Event
from app.ports import EventBus, Gap, Subscription
from tests.servers.rabbitmq import open_event_bus

BUFFER = 8
ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[EventBus]]] = {
    "memory": lambda: MemoryEventBus(buffer=BUFFER),
    "rabbitmq": lambda: open_event_bus(buffer=BUFFER),
}


@pytest.fixture(params=ADAPTERS)
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[EventBus]:
    async with ADAPTERS[request.param]() as opened:
        yield opened


def event(id: int, tenant: str = "acme", invoice_id: str = "i1") -> Event:
    return Event(tenant, invoice_id, "stage", datetime(2026, 1, 1, tzinfo=UTC), id, 1, {"stage": "decode", "outcome": "done"})


async def receive(subscription: Subscription, count: int) -> list[Event | Gap]:
    got: list[Event | Gap] = []
    async with asyncio.timeout(60):
        async for received in subscription:
            got.append(received)
            if len(got) == count:
                break
    return got


async def test_a_subscriber_gets_its_invoice_or_its_tenant_and_nothing_else(bus: EventBus) -> None:
    async with bus.subscribe("acme", "i1") as one, bus.subscribe("acme", None) as all_, bus.subscribe("other", None) as foreign:
        await bus.publish(event(1))
        await bus.publish(event(2, invoice_id="i2"))
        await bus.publish(event(3, tenant="other"))
        await bus.publish(event(4))
        assert await receive(one, 2) == [event(1), event(4)]
        assert await receive(all_, 3) == [event(1), event(2, invoice_id="i2"), event(4)]
        assert await receive(foreign, 1) == [event(3, tenant="other")]
        assert not one.lagged


async def test_every_subscriber_of_a_topic_gets_every_event(bus: EventBus) -> None:
    async with bus.subscribe("acme", "i1") as first, bus.subscribe("acme", "i1") as second:
        await bus.publish(event(1))
        assert await receive(first, 1) == await receive(second, 1) == [event(1)]


async def test_a_waiting_subscriber_is_woken(bus: EventBus) -> None:
    async with bus.subscribe("acme", "i1") as subscription:
        waiting = asyncio.ensure_future(receive(subscription, 1))
        await asyncio.sleep(0)
        await bus.publish(event(1))
        assert await waiting == [event(1)]


async def test_a_slow_subscriber_is_dropped_and_told_and_the_others_are_not(bus: EventBus) -> None:
    async with bus.subscribe("acme", None) as slow, bus.subscribe("acme", None) as quick:
        for id in range(20 * BUFFER):
            async with asyncio.timeout(60):
                await bus.publish(event(id))
            assert await receive(quick, 1) == [event(id)]
        got = await receive(slow, 20 * BUFFER)  # ends by itself
        assert slow.lagged
        assert got == [event(id) for id in range(len(got))]
        assert len(got) <= BUFFER
        assert not quick.lagged


async def test_no_subscriber_no_error(bus: EventBus) -> None:
    await bus.publish(event(1))


async def test_a_subscriber_cancelled_while_it_waits_does_not_disturb_the_next(bus: EventBus) -> None:
    async def listen() -> None:
        async with bus.subscribe("acme", "i1") as subscription:
            listening.set()
            async for _ in subscription:
                pass

    listening = asyncio.Event()
    task = asyncio.create_task(listen())
    async with asyncio.timeout(60):
        await listening.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with bus.subscribe("acme", "i1") as subscription:
        await bus.publish(event(1))
        assert await receive(subscription, 1) == [event(1)]


async def test_leaving_ends_an_iteration_in_another_task(bus: EventBus) -> None:
    async with bus.subscribe("acme", "i1") as subscription:
        waiting = asyncio.ensure_future(receive(subscription, 1))
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        assert await waiting == []
    assert not subscription.lagged


# What only the embedded twin promises.


async def test_closing_ends_subscriptions_and_nothing_is_kept_of_those_that_left() -> None:
    bus = MemoryEventBus()
    async with bus:
        async with bus.subscribe("acme", "i1"):
            pass
        assert len(bus._subscriptions) == 0
        async with bus.subscribe("acme", None) as subscription:
            waiting = asyncio.ensure_future(receive(subscription, 1))
            await asyncio.sleep(0)
            await bus.__aexit__(None, None, None)
            async with asyncio.timeout(60):
                assert await waiting == []
