"""`EventBus` on RabbitMQ: what one process tells, every process hears; what is missing is known to be missing.

Each process has an exclusive queue behind the topic exchange; it goes with the connection. An event is told to this process's own
subscriptions at once and sent to the others without waiting for anything, those of a tenant that come together in one message.
Every sender numbers its messages, sent or not, and says its last number again when a connection is there: so whoever misses something,
for whatever reason, sees a jump and tells its subscriptions of a `Gap`. Whoever joins tells them so too: it did not listen until now.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, cast

import msgspec
import structlog
from aio_pika.abc import AbstractChannel
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel as Underlay
from pamqp.commands import Basic
from pamqp.common import FieldTable

from app.adapters.rabbitmq_connection import DEADLINE, Address, Link, asking, close_quietly
from app.adapters.rabbitmq_topology import Topology
from app.adapters.subscriptions import BufferedSubscription, Subscriptions
from app.domain.record import Event
from app.errors import Unavailable
from app.ports import Gap

log = structlog.get_logger(__name__)
VERSION = 1
WAITING = 2_000  # events that may wait to be sent; the broker keeps as many messages for each process. What is more is a gap
LINGER = 0.02  # seconds that an event waits for others of its tenant: fifty messages a second at most, however many events
TOGETHER = 64  # events in one message
SENDERS = 1_000  # remembered
SLACK = 200
"""Ids are given before transactions commit: an event may become known after some that have greater ids. So far back a gap begins."""


class _Told(msgspec.Struct):
    """Unknown fields are ignored. `n`: the sender's number of it; without `events` it only says which number it was at."""

    v: int
    sender: str
    n: int
    events: list[_Event] = []


class _Event(msgspec.Struct):
    tenant: str
    invoice_id: str
    type: Literal["received", "processing", "stage", "approved", "needs_review", "rejected", "quarantined"]
    at: datetime
    id: int | None = None
    attempt: int = 0
    data: Mapping[str, Any] = {}


@dataclass(slots=True)
class _Heard:
    """Of one sender: its last number, and the greatest id of a durable event that had come when it came."""

    n: int
    newest: int | None


class RabbitEventBus:
    """`buffer`: events that may wait for one subscriber."""

    def __init__(self, address: Address, buffer: int = 256, *, deadline: float = DEADLINE) -> None:
        self._exchange = Topology(address.prefix).events
        self._subscriptions = Subscriptions(buffer)
        self._sender = secrets.token_hex(8)
        self._number = 0  # of our last message, sent or not
        # The greatest id of a durable event that came through the broker, ours too: all that was told before it has come as well. What
        # we told but did not hear says nothing of the others.
        self._newest: int | None = None
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        self._outgoing: dict[str, list[_Event]] = {}  # by tenant, the first to come first
        self._sent: OrderedDict[int, int] = OrderedDict()  # our messages that have not come back: the greatest id of a durable event
        self._waiting = 0  # events in there
        self._news = asyncio.Event()
        self._joined = asyncio.Event()
        self._lost = False
        self._deadline = deadline
        self._link = Link(address.url, "events", deadline=deadline, on_down=self._lose)
        self._runner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RabbitEventBus:
        await self._link.__aenter__()
        self._runner = asyncio.create_task(self._run(), name="broker events")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends every subscription."""
        self._subscriptions.close()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        await self._link.__aexit__(None, None, None)

    async def joined(self) -> None:
        """Until this process hears the others."""
        await self._joined.wait()

    async def publish(self, event: Event) -> None:
        if self._subscriptions.closed:
            raise Unavailable("broker", "closed")
        self._subscriptions.tell(event)
        if not self._joined.is_set() or self._waiting >= WAITING:
            self._number += 1  # a message that nobody gets; the next one's number says so
            return
        told = _Event(event.tenant, event.invoice_id, event.type, event.at, event.id, event.attempt, event.data)
        self._outgoing.setdefault(event.tenant, []).append(told)
        self._waiting += 1
        self._news.set()

    def subscribe(self, tenant: str, invoice_id: str | None) -> AbstractAsyncContextManager[BufferedSubscription]:
        return self._subscriptions.subscribe(tenant, invoice_id)

    async def _run(self) -> None:
        while True:
            try:
                await self._link.wait()
                await self._while_joined()
            except Unavailable as exc:
                if self._link.closed:
                    return
                log.warning("events.waiting", reason=exc.detail)
            await asyncio.sleep(0.1)

    async def _while_joined(self) -> None:
        self._lost = False
        async with asking(self._deadline):
            channel = await self._link.open_channel()
        try:
            async with asking(self._deadline):
                underlay = await self._join(channel)
            self._subscriptions.tell_gap(Gap(_before(self._newest)))
            await self._say(underlay, "", [])
            self._joined.set()
            log.info("events.joined")
            await self._send(underlay)
        finally:
            self._joined.clear()
            self._number += len(self._outgoing)
            self._outgoing.clear()
            self._waiting = 0
            await close_quietly(channel)

    async def _join(self, channel: AbstractChannel) -> Underlay:
        channel.close_callbacks.add(self._lose)
        underlay = cast(Underlay, await channel.get_underlay_channel())
        underlay.on_consumer_cancel_callbacks.add(self._lose)
        await channel.declare_exchange(self._exchange, "topic", durable=True)
        arguments: FieldTable = {"x-max-length": WAITING, "x-overflow": "drop-head"}
        queue = await channel.declare_queue(exclusive=True, auto_delete=True, durable=False, arguments=arguments)
        await queue.bind(self._exchange, "#")
        self._heard.clear()  # their numbers went on while we did not listen
        self._sent.clear()
        await underlay.basic_consume(queue.name, self._arrived, no_ack=True)
        return underlay

    def _lose(self, *_: object) -> None:
        self._lost = True
        self._news.set()

    async def _send(self, underlay: Underlay) -> None:
        """Until the connection is lost. Nothing is confirmed: what gets lost is a gap that the next number shows."""
        while not self._lost:
            await self._news.wait()
            self._news.clear()
            if not self._lost:
                await asyncio.sleep(LINGER)
            while self._outgoing:
                tenant = next(iter(self._outgoing))
                events = self._outgoing.pop(tenant)
                if len(events) > TOGETHER:
                    self._outgoing[tenant] = events[TOGETHER:]
                    del events[TOGETHER:]
                self._waiting -= len(events)
                self._number += 1
                if newest := max((event.id for event in events if event.id is not None), default=0):
                    self._sent[self._number] = newest
                    if len(self._sent) > WAITING:  # the broker dropped it
                        self._sent.popitem(last=False)
                await self._say(underlay, tenant, events)

    async def _say(self, underlay: Underlay, key: str, events: list[_Event]) -> None:
        body = msgspec.json.encode(_Told(VERSION, self._sender, self._number, events))
        properties = Basic.Properties(
            content_type="application/json", delivery_mode=1, app_id=self._sender, correlation_id=str(self._number)
        )  # transient
        async with asking(self._deadline):
            await underlay.basic_publish(body, exchange=self._exchange, routing_key=key, properties=properties, wait=False)

    async def _arrived(self, message: DeliveredMessage) -> None:
        if message.header.properties.app_id == self._sender:  # what it says was told here before it was sent
            if newest := self._sent.pop(int(message.header.properties.correlation_id or 0), 0):
                self._newest = max(self._newest or 0, newest)
            return
        try:
            told = msgspec.json.decode(message.body, type=_Told)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.warning("event.not_understood", size=len(message.body))
            return
        if told.v != VERSION:
            return
        self._notice_gap(told)
        for event in told.events:
            if event.id is not None:
                self._newest = max(self._newest or 0, event.id)
            self._subscriptions.tell(_event(event))
        self._heard[told.sender] = _Heard(told.n, self._newest)
        self._heard.move_to_end(told.sender)
        if len(self._heard) > SENDERS:
            self._heard.popitem(last=False)

    def _notice_gap(self, told: _Told) -> None:
        heard = self._heard.get(told.sender)
        missing = told.n - heard.n - bool(told.events) if heard is not None else 0
        if heard is not None and missing > 0:
            log.warning("events.missed", count=missing)
            self._subscriptions.tell_gap(Gap(_before(heard.newest)))


def _before(newest: int | None) -> int | None:
    return None if newest is None else max(0, newest - SLACK)


def _event(told: _Event) -> Event:
    return Event(told.tenant, told.invoice_id, told.type, told.at.astimezone(UTC), told.id, told.attempt, told.data)
