"""`EventBus` on RabbitMQ: what one process tells, every process hears; what is missing is known to be missing.

Each process has an exclusive queue behind the topic exchange; it goes with the connection. An event is told to this process's own
subscriptions at once and sent to the others without waiting for anything. Every sender numbers what it tells, sent or not, and says
its last number again when a connection is there: so whoever misses something, for whatever reason, sees a jump and tells its
subscriptions of a `Gap`. A reader that lost its own connection does so too when it is back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, deque
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
WAITING = 2_000  # events that may wait to be sent; the broker keeps as many for each process. What is more is a gap
SENDERS = 1_000  # remembered
SLACK = 200
"""Ids are given before transactions commit: an event may become known after some that have greater ids. So far back a gap begins."""


class _Told(msgspec.Struct):
    """Unknown fields are ignored. `n`: the sender's number of it; `event` is None where only the number is told."""

    v: int
    sender: str
    n: int
    event: _Event | None = None


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
        self._told = 0  # our last number
        # The greatest id of a durable event that came through the broker, ours too: all that was told before it has come as well. What
        # we told but did not hear says nothing of the others.
        self._newest: int | None = None
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        self._outgoing: deque[tuple[str, bytes]] = deque(maxlen=WAITING)
        self._news = asyncio.Event()
        self._joined = asyncio.Event()
        self._lost = False
        self._was_joined = False
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
        self._told += 1
        if self._joined.is_set():  # otherwise the number alone is told later
            self._outgoing.append((f"{event.tenant}.{event.invoice_id}", self._encoded(event)))
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
            if self._was_joined:
                self._subscriptions.tell_gap(Gap(_before(self._newest)))
            self._was_joined = True
            self._outgoing.clear()
            self._outgoing.append(("", self._encoded(None)))
            self._joined.set()
            log.info("events.joined")
            await self._send(underlay)
        finally:
            self._joined.clear()
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
        await underlay.basic_consume(queue.name, self._arrived, no_ack=True)
        return underlay

    def _lose(self, *_: object) -> None:
        self._lost = True
        self._news.set()

    async def _send(self, underlay: Underlay) -> None:
        """Until the connection is lost. Nothing is confirmed: what gets lost is a gap that the next number shows."""
        while not self._lost:
            self._news.clear()
            while self._outgoing:
                key, body = self._outgoing.popleft()
                async with asking(self._deadline):
                    await underlay.basic_publish(body, exchange=self._exchange, routing_key=key, properties=_transient(), wait=False)
            await self._news.wait()

    async def _arrived(self, message: DeliveredMessage) -> None:
        try:
            told = msgspec.json.decode(message.body, type=_Told)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.warning("event.not_understood", size=len(message.body))
            return
        if told.v != VERSION:
            return
        if told.sender != self._sender:
            self._notice_gap(told)
        if told.event is not None:
            if told.event.id is not None:
                self._newest = max(self._newest or 0, told.event.id)
            if told.sender != self._sender:
                self._subscriptions.tell(_event(told.event))
        self._heard[told.sender] = _Heard(told.n, self._newest)
        self._heard.move_to_end(told.sender)
        if len(self._heard) > SENDERS:
            self._heard.popitem(last=False)

    def _notice_gap(self, told: _Told) -> None:
        heard = self._heard.get(told.sender)
        missing = told.n - heard.n - (told.event is not None) if heard is not None else 0
        if heard is not None and missing > 0:
            log.warning("events.missed", count=missing)
            self._subscriptions.tell_gap(Gap(_before(heard.newest)))

    def _encoded(self, event: Event | None) -> bytes:
        told = None if event is None else _Event(event.tenant, event.invoice_id, event.type, event.at, event.id, event.attempt, event.data)
        return msgspec.json.encode(_Told(VERSION, self._sender, self._told, told))


def _transient() -> Basic.Properties:
    return Basic.Properties(content_type="application/json", delivery_mode=1)


def _before(newest: int | None) -> int | None:
    return None if newest is None else max(0, newest - SLACK)


def _event(told: _Event) -> Event:
    return Event(told.tenant, told.invoice_id, told.type, told.at.astimezone(UTC), told.id, told.attempt, told.data)
