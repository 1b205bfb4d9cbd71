"""What is declared in RabbitMQ, and how a message looks there.

    invoices            each queue of `QUEUES`: a durable quorum queue. What it gives up on goes to `invoices.dead`
    invoices.retry.5s   for each of them and each step: what waits there for so long, and then goes back
    invoices.dead       an exchange, and the queue behind it: delivered too often, or not understood
    invoices.parked     of these, what was not understood, until somebody sends it again
    invoices.events     a topic exchange; each process has a queue of its own behind it (see `rabbitmq_events`)

Dead letters and delayed messages are moved by the broker "at least once", which asks of a queue that it refuses what it has no room
for instead of dropping it. A queue that is there with other arguments than these stays as it is (an operator's policy may be why).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aio_pika
import msgspec
from aio_pika.abc import AbstractChannel
from pamqp.common import FieldTable

from app.domain.work import QUEUES, Queue
from app.ports import DELIVERY_LIMIT, Message

STEPS = (1, 5, 20, 60)
"""Seconds that a message may be delayed: each is a queue, since one queue would let a long delay hold up the short ones behind it."""
VERSION = 1
_QUORUM: FieldTable = {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-dead-letter-strategy": "at-least-once"}
_ENDLESS = 1_000_000  # deliveries: people may look at what is parked as often as they like


class _Envelope(msgspec.Struct):
    """Fields that are not known here are ignored: a newer process may have written it."""

    v: int
    id: str
    tenant: str
    invoice_id: str
    queue: Queue


class Topology:
    """The names, all of them with the prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.dead = f"{prefix}invoices.dead"
        self.parked = f"{prefix}invoices.parked"
        self.events = f"{prefix}invoices.events"

    def of(self, queue: Queue) -> str:
        return f"{self._prefix}{queue}"

    def queue_of(self, name: str) -> str:
        """The other way round."""
        return name.removeprefix(self._prefix)

    def retry(self, queue: Queue, step: int) -> str:
        return f"{self.of(queue)}.retry.{step}s"

    def for_delay(self, queue: Queue, delay: float) -> str:
        """Where a message is put that shall come again after `delay` seconds: the first step that is not shorter, or the last."""
        if delay <= 0:
            return self.of(queue)
        return self.retry(queue, next((step for step in STEPS if step >= delay), STEPS[-1]))

    async def declare(self, channel: AbstractChannel) -> None:
        """No error for what is there. To be used within `asking`."""
        dead = await channel.declare_exchange(self.dead, "fanout", durable=True)
        endless: FieldTable = {"x-queue-type": "quorum", "x-delivery-limit": _ENDLESS}
        await (await channel.declare_queue(self.dead, durable=True, arguments=endless)).bind(dead)
        await channel.declare_queue(self.parked, durable=True, arguments=endless)
        for queue in QUEUES:
            work: FieldTable = _QUORUM | {"x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": self.dead}
            await channel.declare_queue(self.of(queue), durable=True, arguments=work)
            for step in STEPS:
                back: FieldTable = _QUORUM | {
                    "x-message-ttl": step * 1000,
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": self.of(queue),
                }
                await channel.declare_queue(self.retry(queue, step), durable=True, arguments=back)

    async def delete(self, channel: AbstractChannel) -> None:
        """Everything with this prefix, and what waits in it."""
        for queue in QUEUES:
            for name in (self.of(queue), *(self.retry(queue, step) for step in STEPS)):
                await channel.queue_delete(name)
        for name in (self.dead, self.parked):
            await channel.queue_delete(name)
        for name in (self.dead, self.events):
            await channel.exchange_delete(name)


def encode(message: Message) -> aio_pika.Message:
    body = msgspec.json.encode(_Envelope(VERSION, message.id, message.tenant, message.invoice_id, message.queue))
    headers: dict[str, Any] = {} if message.traceparent is None else {"traceparent": message.traceparent}
    return aio_pika.Message(
        body, headers=headers, content_type="application/json", message_id=message.id, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
    )


def decode(body: bytes, headers: Mapping[str, Any]) -> Message:
    """Raises ValueError for what cannot be understood: not this envelope, or a later version of it."""
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ValueError("not an envelope") from exc
    if envelope.v != VERSION:
        raise ValueError("an envelope of another version")
    traceparent = headers.get("traceparent")
    return Message(
        envelope.id,
        envelope.tenant,
        envelope.invoice_id,
        traceparent if isinstance(traceparent, str) else None,
        envelope.queue,
        envelope.v,
    )
