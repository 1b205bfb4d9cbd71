"""The real parts of a fault run: MariaDB, RabbitMQ and a MongoDB-wire server, a fault proxy before each, and services on them.

What looks at the parts goes past the proxies and past the services: what it tells does not depend on what is tried.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel
from aiormq.exceptions import ChannelNotFoundEntity

from app.adapters.rabbitmq_topology import STEPS, Topology
from app.audit import verify_tenant
from app.domain.work import QUEUES
from app.settings import Settings, from_environ
from app.wiring import open_keys, open_reading, open_reconciler
from tests.servers import mariadb
from tests.servers.fault_proxy import FaultProxy
from tests.servers.mongodb import shared_server
from tests.servers.rabbitmq import shared_broker
from tests.service import ServiceProcess

LEASE = 10  # seconds: work of a service that vanished waits so long for another one


class Parts:
    """The servers, which may be broken, and the proxies before them: `sql`, `broker`, `mongo`, each with `_wire`."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.sql = mariadb.server()
        self.broker = shared_broker()
        self.mongo = shared_server()
        self.sql_wire = self._stack.enter_context(FaultProxy(self.sql.port))
        self.broker_wire = self._stack.enter_context(FaultProxy(self.broker.port))
        self.mongo_wire = self._stack.enter_context(FaultProxy(self.mongo.port))

    @property
    def wires(self) -> dict[str, FaultProxy]:
        return {"sql": self.sql_wire, "broker": self.broker_wire, "mongo": self.mongo_wire}

    def heal(self) -> None:
        for wire in self.wires.values():
            wire.heal()

    def mend(self) -> None:
        """As they are found at the start, whatever was done to them."""
        for server in (self.sql, self.broker, self.mongo):
            server.right()
        self.heal()

    def close(self) -> None:
        self._stack.close()


@dataclass(frozen=True, slots=True)
class Depths:
    """Of the broker. `waiting`: in the work queues and the delays before them. `readers`: of each work queue, the fewest."""

    waiting: int
    dead: int
    parked: int
    readers: int


class Services:
    """`count` services that share a database, a set of queues and a document store of their own."""

    def __init__(self, parts: Parts, folder: Path, count: int = 2, environ: Mapping[str, str] | None = None) -> None:
        name = f"f{secrets.token_hex(4)}"
        self.parts = parts
        database = f"{mariadb.DATABASE}_{name}"
        with parts.sql.root() as cursor:
            cursor.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
        self.database = database
        self._sql_url = parts.sql.url_of(database)
        self.topology = Topology(f"{name}.")
        mongo = f"mongodb://127.0.0.1:{parts.mongo_wire.port}/{name}?directConnection=true"
        self.environ = {
            "INVOICESTREAM_SQL_URL": parts.sql.url_of(database, parts.sql_wire.port),
            "INVOICESTREAM_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{parts.broker_wire.port}/?prefix={name}.",
            "INVOICESTREAM_DOCUMENTS_URL": mongo,
            "INVOICESTREAM_BLOBS_URL": mongo,
            "INVOICESTREAM_AUDIT_KEY": secrets.token_hex(16),
            "INVOICESTREAM_TICKETS_KEY": secrets.token_hex(16),
            "INVOICESTREAM_LEASE_SECONDS": str(LEASE),
            **(environ or {}),
        }
        self.all = [ServiceProcess(folder / f"{name}-{number}", self.environ) for number in range(count)]
        self.ports = [wire.port for wire in parts.wires.values()]

    def new_tenant(self, tenant: str) -> None:
        """Everything posted and listed from here on is this tenant's."""

        async def create(settings: Settings) -> str:
            async with open_keys(settings) as invoices:
                return (await invoices.create_key(tenant, frozenset(("read", "write")), None)).secret

        key = asyncio.run(create(self._settings()))
        for service in self.all:
            service.tenant, service.key = tenant, key

    @property
    def tenant(self) -> str:
        return self.all[0].tenant

    def start(self, deadline: float, environ: Mapping[str, str] | None = None) -> None:
        """Those that do not run, at the same time."""
        starting = [service for service in self.all if not service.running]
        for service in starting:
            service.launch(environ)
        for service in starting:
            service.wait_ready(deadline)

    def close(self) -> None:
        for service in self.all:
            if service.running:
                service.kill()

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Of the database itself."""
        with mariadb.connected(self._sql_url) as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())

    def settled(self) -> int:
        states = "'approved', 'needs_review', 'rejected', 'quarantined'"
        return int(self.ask(f"SELECT COUNT(*) FROM invoices WHERE tenant = %s AND status IN ({states})", self.tenant)[0][0])

    def quarantined(self) -> int:
        return int(self.ask("SELECT COUNT(*) FROM invoices WHERE tenant = %s AND status = 'quarantined'", self.tenant)[0][0])

    def outbox(self) -> int:
        return int(self.ask("SELECT COUNT(*) FROM outbox WHERE published_at IS NULL")[0][0])

    def held_by(self, service: ServiceProcess) -> set[str]:
        """The invoices that it works on now."""
        query = "SELECT id FROM invoices WHERE tenant = %s AND status = 'processing' AND lease_owner LIKE %s"
        return {row[0] for row in self.ask(query, self.tenant, f"%:{service.pid}:%")}

    def settled_by(self, service: ServiceProcess) -> set[str]:
        """The invoices that it settled, as the audit tells."""
        query = "SELECT invoice_id FROM audit WHERE tenant = %s AND actor LIKE %s AND action IN ('approved', 'needs_review', 'quarantined')"
        return {row[0] for row in self.ask(query, self.tenant, f"worker:%:{service.pid}:%")}

    def depths(self) -> Depths:
        async def look(channel: AbstractChannel) -> Depths:
            waiting, readers = 0, []
            for queue in QUEUES:
                for name in (self.topology.of(queue), *(self.topology.retry(queue, step) for step in STEPS)):
                    found = (await channel.declare_queue(name, passive=True)).declaration_result
                    waiting += found.message_count or 0
                    if name == self.topology.of(queue):
                        readers.append(found.consumer_count or 0)
            dead, parked = [
                (await channel.declare_queue(name, passive=True)).declaration_result.message_count or 0
                for name in (self.topology.dead, self.topology.parked)
            ]
            return Depths(waiting, dead, parked, min(readers))

        return asyncio.run(self._on_broker(look))

    def publish(self, body: bytes, queue: str = "invoices") -> None:
        """What nobody understands, say."""

        async def send(channel: AbstractChannel) -> None:
            await channel.default_exchange.publish(aio_pika.Message(body, message_id="planted"), self.topology.of(queue))  # type: ignore[arg-type]

        asyncio.run(self._on_broker(send))

    def delete_queue(self, queue: str) -> None:
        async def delete(channel: AbstractChannel) -> None:
            await channel.queue_delete(self.topology.of(queue))  # type: ignore[arg-type]

        asyncio.run(self._on_broker(delete))

    def clear_parked(self) -> None:
        async def purge(channel: AbstractChannel) -> None:
            await (await channel.get_queue(self.topology.parked, ensure=False)).purge()

        asyncio.run(self._on_broker(purge))

    def forget(self) -> None:
        """Its queues are of no more use."""
        with suppress(OSError, ChannelNotFoundEntity):
            asyncio.run(self._on_broker(self.topology.delete))

    async def _on_broker(self, work: Any) -> Any:
        connection = await aio_pika.connect(self.parts.broker.url)
        async with connection, connection.channel() as channel:
            return await work(channel)

    def audit_chains(self) -> tuple[int, list[str]]:
        """(how many chains of the tenant there are, those that do not verify)."""

        async def verify(settings: Settings) -> tuple[int, list[str]]:
            async with open_reading(settings) as invoices:
                return await verify_tenant(invoices.for_tenant(self.tenant))

        return asyncio.run(verify(self._settings()))

    def reconcile(self, patience: float) -> list[str]:
        """What the stores lack of each other when they had `patience` seconds for it; the audit copies of the last minute count too."""

        async def problems(settings: Settings) -> list[str]:
            async with open_reconciler(settings) as usual:
                strict = replace(usual, audit_age=timedelta(0))
                return [f"{problem.kind} {problem.name}" async for problem in strict.problems()]

        ends = time.monotonic() + patience
        while (found := asyncio.run(problems(self._settings()))) and time.monotonic() < ends:
            time.sleep(0.5)
        return found

    def _settings(self) -> Settings:
        return from_environ({**self.environ, "INVOICESTREAM_DATA": str(self.all[0].data)})
