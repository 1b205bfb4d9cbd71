"""What is under load: one or more services on a private MariaDB, RabbitMQ and MongoDB-wire server, or one with everything embedded."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.settings import from_environ
from app.wiring import open_keys
from tests.servers import mariadb
from tests.servers.stack import Stack
from tests.service import ServiceProcess

USUAL = {"INVOICESTREAM_INFERENCE_URL": "local:"}  # as a service is that nobody has told anything
LONGEST = 70  # characters of a folder's path; a socket in a folder in it has 107 at most


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`keys`: one for each of `tenants`. `servers`: name and process; none where everything is embedded."""

    services: Sequence[ServiceProcess]
    tenants: Sequence[str]
    keys: Sequence[str] = field(repr=False)
    servers: dict[str, int]
    sql_url: str | None = field(repr=False)

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(f"http://127.0.0.1:{service.port}" for service in self.services)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Of the database itself, past the service."""
        if self.sql_url is None:
            path = self.services[0].data / "invoices.db"
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
                return list(database.execute(query))
        with mariadb.connected(self.sql_url) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextmanager
def surroundings(
    folder: Path, disk: Path, tenants: Sequence[str], *, services: int = 1, embedded: bool = False, settings: Mapping[str, str] = USUAL
) -> Iterator[Surroundings]:
    """Started, and ended with everything that belongs to them. `folder`: for the services' data and logs. `disk`: for MariaDB's, on
    what syncing costs what it costs; not used where the path of a socket in it would be too long. `settings`: of the services."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        if embedded:
            if services > 1:
                raise ValueError("what is embedded belongs to one service")
            all_of_them, servers, sql_url = [ServiceProcess(folder / "service", settings)], {}, None
            environ: dict[str, str] = {}
        else:
            mariadb.FOLDER = disk if len(str(disk)) < LONGEST else Path(tempfile.gettempdir())
            stack = running.enter_context(Stack(folder))
            all_of_them, sql_url = [stack.service(f"service-{number}", settings) for number in range(1, services + 1)], stack.sql_url
            environ = stack.environ()
            servers = stack.pids
        keys = asyncio.run(_keys(environ | {"INVOICESTREAM_DATA": str(all_of_them[0].data)}, tenants))
        for service in all_of_them:
            running.enter_context(service)
        yield Surroundings(all_of_them, tenants, keys, servers, sql_url)


async def _keys(environ: Mapping[str, str], tenants: Sequence[str]) -> list[str]:
    """As `invoicestream keys create` makes them, but all in one process."""
    async with open_keys(from_environ(environ)) as invoices:
        return [(await invoices.create_key(tenant, frozenset(("read", "write")), None)).secret for tenant in tenants]
