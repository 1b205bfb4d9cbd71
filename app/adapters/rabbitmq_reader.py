"""Reads one queue of RabbitMQ for as long as somebody wants to: through lost connections, deleted queues and forgotten consumers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from aio_pika.abc import AbstractIncomingMessage
from aiormq.exceptions import ChannelNotFoundEntity

from app.adapters.rabbitmq_connection import Link, asking, close_quietly
from app.errors import DeadlineExceeded, Unavailable

log = structlog.get_logger(__name__)
WATCH = 10.0  # seconds without a delivery, after which it is asked whether the broker still knows of us
AGAIN = (0.1, 5.0)  # seconds: first, and most, before a consumer is set up anew


@dataclass(slots=True)
class Consumer:
    """One registration with the broker, on a channel of its own. `arrived`: what it sent us; None when it will send no more.
    `held`: what was taken from there and is not settled yet."""

    arrived: asyncio.Queue[AbstractIncomingMessage | None] = field(default_factory=asyncio.Queue)
    held: int = 0


class Reader:
    """`declare`: brings a queue back that was deleted. `state`: how many messages wait in it, and how many consumers it has."""

    def __init__(
        self,
        link: Link,
        name: str,
        prefetch: int,
        declare: Callable[[], Awaitable[None]],
        state: Callable[[str], Awaitable[tuple[int, int]]],
        watch: float = WATCH,
    ) -> None:
        self._link = link
        self._name = name
        self._prefetch = prefetch
        self._declare = declare
        self._state = state
        self._watch = watch

    async def messages(self) -> AsyncGenerator[tuple[Consumer, AbstractIncomingMessage], None]:
        """Until the link is closed or the caller has enough. What is not settled by then goes back to the queue."""
        pause, most = AGAIN
        while not self._link.closed:
            try:
                async with self._consumer() as consumer:
                    while (incoming := await self._next(consumer)) is not None:
                        pause = AGAIN[0]
                        consumer.held += 1
                        yield consumer, incoming
            except Unavailable as exc:
                if self._link.closed:
                    return
                log.warning("consumer.waiting", queue=self._name, reason=exc.detail)
            await asyncio.sleep(pause)
            pause = min(most, 2 * pause)

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[Consumer]:
        await self._link.wait()
        consumer = Consumer()

        def ended(*_: object) -> None:
            consumer.arrived.put_nowait(None)

        async with asking():
            channel = await self._link.open_channel()
        try:
            async with asking():
                channel.close_callbacks.add(ended)
                (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(ended)
                await channel.set_qos(self._prefetch)
                queue = await channel.get_queue(self._name, ensure=False)
                try:
                    await queue.consume(consumer.arrived.put)
                except ChannelNotFoundEntity:
                    log.warning("queue.missing", queue=self._name)
                    await self._declare()
                    raise
            yield consumer
        finally:
            channel.close_callbacks.discard(ended)
            await close_quietly(channel)

    async def _next(self, consumer: Consumer) -> AbstractIncomingMessage | None:
        while consumer.arrived.empty():
            try:
                async with asyncio.timeout(self._watch):
                    return await consumer.arrived.get()
            except TimeoutError:
                if not await self._is_served(consumer):
                    log.warning("consumer.forgotten", queue=self._name)
                    return None
        return consumer.arrived.get_nowait()

    async def _is_served(self, consumer: Consumer) -> bool:
        """False if messages wait that we have room for, or if the queue does not know us: then nothing would ever come."""
        try:
            waiting, consumers = await self._state(self._name)
        except DeadlineExceeded:
            return False  # a queue without a leader, or a connection about to be found dead
        except Unavailable:
            return True  # if the connection is lost, the channel's end tells us
        return not consumer.arrived.empty() or (consumers > 0 and not (waiting and consumer.held < self._prefetch))
