"""`WorkQueue` on RabbitMQ. Nothing confirmed is lost: queues are quorum queues, messages persistent, every publish is confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from types import TracebackType
from typing import Any

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq.exceptions import PublishError

from app.adapters.rabbitmq_connection import DEADLINE, Address, Link, asking, reason_of
from app.adapters.rabbitmq_reader import WATCH, Consumer, Reader
from app.adapters.rabbitmq_topology import STEPS, Topology, decode, encode
from app.domain.work import Queue
from app.errors import Unavailable
from app.ports import Message, Parked

log = structlog.get_logger(__name__)
DECLARING = 20.0  # seconds: some twenty queues, each of them written to disk
DELETED = 1.0  # seconds that the broker is given to tell all readers of a queue that it is gone
IN_FLIGHT = 200  # messages sent before the first of them must be confirmed
MOST_PARKED = 1_000  # looked at in one call


class RabbitDelivery:
    """Settling it twice is a bug of the caller: RuntimeError. On a lost channel nothing need be done: the message comes again."""

    __slots__ = ("_consumer", "_dead", "_incoming", "_message", "_owner", "_settled")

    def __init__(
        self, owner: RabbitWorkQueue, consumer: Consumer, incoming: AbstractIncomingMessage, message: Message, *, dead: bool = False
    ) -> None:
        self._dead = dead
        self._owner = owner
        self._consumer = consumer
        self._incoming = incoming
        self._message = message
        self._settled = False

    @property
    def message(self) -> Message:
        return self._message

    async def ack(self) -> None:
        self._settle()
        await self._owner.finish(_ack(self._incoming))

    async def requeue(self, delay: float) -> None:
        self._settle()
        if self._dead:
            await self._owner.finish(_reject(self._incoming, requeue=True))
        else:
            await self._owner.finish(self._owner.put_back(self._incoming, self._message, delay))

    def _settle(self) -> None:
        if self._settled:
            raise RuntimeError("a delivery is settled once")
        self._settled = True
        self._consumer.held -= 1


class RabbitWorkQueue:
    """Two connections: one to publish, one to read, so that a broker that holds publishers back still takes what is settled.

    A publish is pipelined, confirmed and `mandatory`, and ends within `deadline` seconds: with `Unavailable("broker")` at once while
    the connection is lost. A queue that was deleted is declared again by whoever misses it first. `returned` is called for each message
    that had no queue. A requeue puts the message at the end, or into a queue where it waits: its deliveries are counted anew.
    """

    def __init__(
        self, address: Address, *, deadline: float = DEADLINE, watch: float = WATCH, returned: Callable[[], None] = lambda: None
    ) -> None:
        self.topology = Topology(address.prefix)
        self._deadline = deadline
        self._watch = watch
        self._returned = returned
        self._publishing = Link(address.url, "publisher", on_up=self._forget_channel, deadline=deadline)
        self._reading = Link(address.url, "reader", deadline=deadline)
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()
        self._declared = False
        self._settling: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> RabbitWorkQueue:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._publishing)
            await stack.enter_async_context(self._reading)
            self._stack = stack.pop_all()
        with suppress(Unavailable):  # then it is done by whoever publishes or reads first
            await self.declare()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends every reader. What is being settled may end first."""
        await asyncio.gather(*self._settling, return_exceptions=True)
        await self._stack.aclose()

    async def declare(self) -> None:
        async with self._publishing.channel(DECLARING) as channel:
            await self.topology.declare(channel)
        self._declared = True

    async def publish(self, messages: Sequence[Message]) -> None:
        once = list({(message.queue, message.id): message for message in messages}.values())
        async with asking(self._deadline):
            for start in range(0, len(once), IN_FLIGHT):
                await self._send([(self.topology.of(message.queue), encode(message)) for message in once[start : start + IN_FLIGHT]])

    async def deliveries(self, queue: Queue, prefetch: int) -> AsyncGenerator[RabbitDelivery, None]:
        if prefetch < 1:
            raise ValueError("prefetch must be at least 1")
        async with aclosing(self._read(self.topology.of(queue), prefetch)) as messages:
            async for consumer, incoming in messages:
                try:
                    message = decode(incoming.body, incoming.headers)
                except ValueError as exc:
                    log.warning("message.not_understood", queue=queue, reason=str(exc), size=len(incoming.body))
                    consumer.held -= 1
                    await self.finish(_reject(incoming, requeue=False))  # to the dead letters
                    continue
                yield RabbitDelivery(self, consumer, incoming, message)

    async def dead_letters(self) -> AsyncGenerator[RabbitDelivery, None]:
        async with aclosing(self._read(self.topology.dead, prefetch=1)) as messages:
            async for consumer, incoming in messages:
                try:
                    message = decode(incoming.body, incoming.headers)
                except ValueError:
                    consumer.held -= 1
                    await self.finish(self._park(incoming))
                    continue
                yield RabbitDelivery(self, consumer, incoming, message, dead=True)

    async def parked(self, limit: int) -> Sequence[Parked]:
        found: list[Parked] = []

        async def look(incoming: AbstractIncomingMessage) -> None:
            found.append(Parked(incoming.message_id or "", self._origin(incoming), len(incoming.body)))

        await self._each_parked(limit, look)
        return found

    async def unpark(self, ids: Collection[str] | None = None) -> int:
        sent = 0

        async def send(incoming: AbstractIncomingMessage) -> None:
            nonlocal sent
            if ids is None or incoming.message_id in ids:
                await self._send([(self.topology.of(self._origin(incoming)), _copy(incoming, {}))])  # type: ignore[arg-type]
                await incoming.ack()
                sent += 1

        await self._each_parked(MOST_PARKED, send)
        return sent

    async def depth(self, queue: Queue) -> int:
        names = (self.topology.of(queue), *(self.topology.retry(queue, step) for step in STEPS))
        return await self._depth_of(*names)

    async def dead_depth(self) -> int:
        return await self._depth_of(self.topology.dead, self.topology.parked)

    async def ping(self) -> None:
        """Asks the broker, and looks whether the readers' connection is there too."""
        async with self._publishing.channel(), self._reading.channel():
            pass

    async def finish(self, settling: Coroutine[Any, Any, None]) -> None:
        """Settles to the end, whoever is cancelled meanwhile: a message half settled would stay in hand for ever."""
        task = asyncio.create_task(settling)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        await asyncio.shield(task)

    async def put_back(self, incoming: AbstractIncomingMessage, message: Message, delay: float) -> None:
        try:
            async with asking(self._deadline):
                await self._send([(self.topology.for_delay(message.queue, delay), encode(message))])
        except Unavailable as exc:
            log.warning("delivery.not_delayed", queue=message.queue, reason=exc.detail)
            await _reject(incoming, requeue=True)
        else:
            await _ack(incoming)

    def _read(self, name: str, prefetch: int) -> AsyncGenerator[tuple[Consumer, AbstractIncomingMessage], None]:
        return Reader(self._reading, name, prefetch, self.declare, self._state_of, self._watch).messages()

    async def _send(self, messages: Sequence[tuple[str, aio_pika.Message]], *, again: bool = True) -> None:
        """Within `asking`. Raises the first error; the others may be in."""
        if not self._declared:
            await self.declare()
        channel = await self._publisher()
        exchange = channel.default_exchange
        confirmed = await asyncio.gather(
            *(exchange.publish(message, name, mandatory=True) for name, message in messages), return_exceptions=True
        )
        unsent = [(sent, error) for sent, error in zip(messages, confirmed, strict=True) if isinstance(error, BaseException)]
        if not unsent:
            return
        without_queue = [sent for sent, error in unsent if isinstance(error, PublishError)]
        for name, _ in without_queue:
            log.warning("publish.returned", queue=name)
            self._returned()
        if without_queue and len(without_queue) == len(unsent) and again:
            # Not at once: on 3.10.8 readers of a queue that is declared again right after its deletion are not told of it, stay attached,
            # and are never sent what comes then.
            await asyncio.sleep(DELETED)
            await self.declare()
            await self._send(without_queue, again=False)
            return
        error = unsent[0][1]
        raise Unavailable("broker", reason_of(error)) from error

    async def _publisher(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self._publishing.open_channel(confirms=True)
            return self._channel

    def _forget_channel(self) -> None:
        self._channel = None

    async def _park(self, incoming: AbstractIncomingMessage) -> None:
        try:
            async with asking(self._deadline):
                await self._send([(self.topology.parked, _copy(incoming, {"from": self._origin(incoming)}))])
        except Unavailable:
            await _reject(incoming, requeue=True)
        else:
            await _ack(incoming)

    async def _each_parked(self, limit: int, look: Callable[[AbstractIncomingMessage], Awaitable[None]]) -> None:
        """What `look` does not settle goes back when the channel closes."""
        async with self._publishing.channel() as channel:
            queue = await channel.get_queue(self.topology.parked, ensure=False)
            for _ in range(limit):
                incoming = await queue.get(no_ack=False, fail=False)
                if incoming is None:
                    return
                await look(incoming)

    def _origin(self, incoming: AbstractIncomingMessage) -> str:
        name = incoming.headers.get("from") or incoming.headers.get("x-first-death-queue")
        return self.topology.queue_of(name) if isinstance(name, str) else "invoices"

    async def _depth_of(self, *names: str) -> int:
        async with self._publishing.channel() as channel:
            return sum([(await _state(channel, name))[0] for name in names])

    async def _state_of(self, name: str) -> tuple[int, int]:
        async with self._publishing.channel() as channel:
            return await _state(channel, name)


async def _state(channel: AbstractChannel, name: str) -> tuple[int, int]:
    """How many messages wait in a queue, and how many consumers it has."""
    found = (await channel.declare_queue(name, passive=True)).declaration_result
    return found.message_count or 0, found.consumer_count or 0


async def _ack(incoming: AbstractIncomingMessage) -> None:
    with suppress(Unavailable):
        async with asking():
            await incoming.ack()


async def _reject(incoming: AbstractIncomingMessage, *, requeue: bool) -> None:
    with suppress(Unavailable):
        async with asking():
            await incoming.reject(requeue=requeue)


def _copy(incoming: AbstractIncomingMessage, headers: dict[str, Any]) -> aio_pika.Message:
    """The same bytes under the same id. The broker's own headers are left behind."""
    kept = {name: value for name, value in incoming.headers.items() if name == "traceparent"}
    return aio_pika.Message(
        incoming.body,
        headers=kept | headers,
        content_type=incoming.content_type,
        message_id=incoming.message_id,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
