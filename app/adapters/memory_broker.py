"""The broker's embedded twin: the work queues and an event bus inside this process.

Nothing here survives the process. That loses no work: SQL is the truth, and the sweeper publishes again what is not settled.
Everything runs on one event loop; nothing here blocks it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from app.adapters.subscriptions import BufferedSubscription, Subscriptions
from app.domain.record import Event
from app.domain.work import QUEUES, Queue
from app.errors import Unavailable
from app.ports import DELIVERY_LIMIT, Message, Parked


class MemoryDelivery:
    """One message in hand of one reader. Settling it twice is a bug of the caller: RuntimeError."""

    __slots__ = ("_line", "_message", "_settled", "reader")

    def __init__(self, line: _Line, message: Message, reader: _Reader) -> None:
        self._line = line
        self._message = message
        self._settled = False
        self.reader: _Reader | None = reader  # None: the reader went away, and the message went back

    @property
    def message(self) -> Message:
        return self._message

    async def ack(self) -> None:
        self._settle()
        self._line.acknowledge(self)

    async def requeue(self, delay: float) -> None:
        self._settle()
        self._line.delay(self, delay)

    def _settle(self) -> None:
        if self._settled:
            raise RuntimeError("a delivery is settled once")
        self._settled = True


class _Reader:
    """`held`: what it has not settled yet. `wake` is set whenever it should look again."""

    __slots__ = ("held", "wake")

    def __init__(self) -> None:
        self.held: dict[MemoryDelivery, None] = {}  # in the order of delivery
        self.wake = asyncio.Event()


class MemoryWorkQueue:
    """At most `capacity` messages in each queue, whether they wait, are delayed or in hand, so that a requeue always finds room.

    `publish` waits for room for `deadline` seconds, then raises `Unavailable("broker")`; some of the messages may be in by then, and
    all those for a queue that has room. A message whose id still waits is not queued a second time. Messages come oldest first;
    those that a reader leaves behind come again before all others, unless that makes them dead letters. A reader that stopped reading
    may still settle what it holds: nothing comes twice unless another reader took it meanwhile.
    """

    def __init__(self, capacity: int = 10_000, deadline: float = 5.0) -> None:
        self._deadline = deadline
        self._dead = _Line(capacity)
        self._lines = {queue: _Line(capacity, self._dead) for queue in QUEUES}
        self._closed = False

    async def __aenter__(self) -> MemoryWorkQueue:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends every reader and forgets every message."""
        self._closed = True
        for line in (*self._lines.values(), self._dead):
            line.close()

    async def publish(self, messages: Sequence[Message]) -> None:
        late = [message for message in messages if not self._lines[message.queue].offer(message)]
        if not late:
            return
        try:
            async with asyncio.timeout(self._deadline):
                for message in late:
                    line = self._lines[message.queue]
                    while not line.offer(message):
                        await line.room()
        except TimeoutError as exc:
            raise Unavailable("broker", "the queue is full") from exc

    def deliveries(self, queue: Queue, prefetch: int) -> AsyncGenerator[MemoryDelivery, None]:
        return self._lines[queue].deliveries(prefetch)

    async def depth(self, queue: Queue) -> int:
        return self._lines[queue].depth

    def dead_letters(self) -> AsyncGenerator[MemoryDelivery, None]:
        return self._dead.deliveries(1)

    async def parked(self, limit: int) -> Sequence[Parked]:
        """Nothing comes here that is not understood."""
        return ()

    async def unpark(self, ids: Collection[str] | None = None) -> int:
        return 0

    async def dead_depth(self) -> int:
        return self._dead.depth

    async def ping(self) -> None:
        if self._closed:
            raise Unavailable("broker", "closed")


class _Line:
    """One queue. `dead`: where a message goes that readers leave behind again and again."""

    def __init__(self, capacity: int, dead: _Line | None = None) -> None:
        self._capacity = capacity
        self._dead = dead
        self._left: dict[str, int] = {}  # how often each message was left behind
        self._waiting: OrderedDict[str, Message] = OrderedDict()
        self._timers: dict[asyncio.TimerHandle, Message] = {}
        self._in_hand = 0
        self._readers: set[_Reader] = set()
        self._room = asyncio.Event()
        self._closed = False

    @property
    def depth(self) -> int:
        return len(self._waiting) + len(self._timers)

    def close(self) -> None:
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._room.set()
        self._wake_readers()

    def offer(self, message: Message) -> bool:
        """False if there is no room for it."""
        if not self._closed and self.depth + self._in_hand >= self._capacity and message.id not in self._waiting:
            return False
        self._put(message, at_front=False)
        return True

    async def room(self) -> None:
        """Returns when there may be room again."""
        self._room.clear()
        await self._room.wait()

    async def deliveries(self, prefetch: int) -> AsyncGenerator[MemoryDelivery, None]:
        if prefetch < 1:
            raise ValueError("prefetch must be at least 1")
        reader = _Reader()
        self._readers.add(reader)
        try:
            while not self._closed:
                if self._waiting and len(reader.held) < prefetch:
                    _, message = self._waiting.popitem(last=False)
                    delivery = MemoryDelivery(self, message, reader)
                    reader.held[delivery] = None
                    self._in_hand += 1
                    yield delivery
                else:
                    reader.wake.clear()
                    await reader.wake.wait()
        finally:
            self._readers.discard(reader)
            self._take_back(reader)

    def acknowledge(self, delivery: MemoryDelivery) -> None:
        if delivery.reader is None and self._waiting.get(delivery.message.id) is delivery.message:
            del self._waiting[delivery.message.id]
            self._room.set()
        self._left.pop(delivery.message.id, None)
        self._let_go(delivery)

    def delay(self, delivery: MemoryDelivery, delay: float) -> None:
        if delivery.reader is None:
            return  # it went back when the reader left
        self._left.pop(delivery.message.id, None)
        self._let_go(delivery)
        if self._closed:
            return
        if delay <= 0:
            self._put(delivery.message, at_front=False)
            return

        def elapsed() -> None:
            del self._timers[timer]
            self._put(delivery.message, at_front=False)

        timer = asyncio.get_running_loop().call_later(delay, elapsed)
        self._timers[timer] = delivery.message

    def _put(self, message: Message, *, at_front: bool) -> None:
        if self._closed:
            raise Unavailable("broker", "closed")
        if message.id in self._waiting:
            self._room.set()
            return
        self._waiting[message.id] = message
        if at_front:
            self._waiting.move_to_end(message.id, last=False)
        self._wake_readers()

    def _wake_readers(self) -> None:
        for reader in self._readers:
            reader.wake.set()

    def _let_go(self, delivery: MemoryDelivery) -> None:
        """Out of its reader's hand. The reader may take another, a publisher may have its place."""
        reader = delivery.reader
        if reader is not None:
            delivery.reader = None
            del reader.held[delivery]
            reader.wake.set()
            self._in_hand -= 1
            self._room.set()

    def _take_back(self, reader: _Reader) -> None:
        held = list(reader.held)
        for delivery in held:
            self._let_go(delivery)
        if not self._closed:
            for delivery in reversed(held):
                if self._dead is not None and self._dies(delivery.message):
                    self._dead._put(delivery.message, at_front=False)
                else:
                    self._put(delivery.message, at_front=True)

    def _dies(self, message: Message) -> bool:
        times = self._left[message.id] = self._left.get(message.id, 0) + 1
        if times > DELIVERY_LIMIT:
            del self._left[message.id]
        return times > DELIVERY_LIMIT


class MemoryEventBus:
    """Publishing costs the same however slow the subscribers are. `buffer`: events that may wait for one subscriber.

    Nothing is ever missing but to a subscriber that lags.
    """

    def __init__(self, buffer: int = 256) -> None:
        self._subscriptions = Subscriptions(buffer)

    async def __aenter__(self) -> MemoryEventBus:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends every subscription."""
        self._subscriptions.close()

    async def publish(self, event: Event) -> None:
        if self._subscriptions.closed:
            raise Unavailable("broker", "closed")
        self._subscriptions.tell(event)

    def subscribe(self, tenant: str, invoice_id: str | None) -> AbstractAsyncContextManager[BufferedSubscription]:
        return self._subscriptions.subscribe(tenant, invoice_id)
