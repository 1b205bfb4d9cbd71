"""The three real servers, and on them a database, queues and documents that nobody else uses: what services share.

    with Stack(folder) as stack:
        one, two = stack.service("one"), stack.service("two", {"INVOICESTREAM_DRAIN_SECONDS": "1"})
        with one, two:                            # both with the same keys: either takes the other's tickets, cursors and chains
            ...
        stack.maria.kill()                        # the servers themselves: kill, pause, restart

`stack.maria`, `stack.rabbit` and `stack.mongo` are the ones of this process, started at the first use; None where a URL in the
environment names another server (see `mariadb.py`, `rabbitmq.py`, `mongodb.py`), which is not ours to break.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pymongo
from yarl import URL

from app.adapters.rabbitmq_connection import address_of
from tests.servers import mariadb, mongodb, rabbitmq
from tests.servers.mariadb import MariaServer
from tests.servers.mongodb import MongoServer
from tests.servers.rabbitmq import RabbitMQ
from tests.service import ServiceProcess

GIVEN_BROKER = os.environ.get("INVOICESTREAM_TEST_BROKER_URL")


class Stack:
    """`folder`: for the services' own data and logs. What was made on the servers is gone after the exit; they must run then."""

    def __init__(self, folder: Path) -> None:
        self.maria: MariaServer | None = None if mariadb.GIVEN else mariadb.server()
        self.rabbit: RabbitMQ | None = None if GIVEN_BROKER else rabbitmq.shared_broker()
        self.mongo: MongoServer | None = None if mongodb.GIVEN else mongodb.shared_server()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._database = f"{mariadb.DATABASE}_{secrets.token_hex(6)}"
        if self.maria is None:
            self.sql_url = asyncio.run(mariadb.empty())
        else:
            with self.maria.root() as cursor:
                cursor.execute(f"CREATE DATABASE `{self._database}` CHARACTER SET utf8mb4")
            self.sql_url = self.maria.url_of(self._database)
        self.broker_url = str(URL(rabbitmq.broker_url()).update_query({"prefix": rabbitmq.new_prefix()}))
        self.mongo_url = mongodb.new_database()
        self.keys = {"INVOICESTREAM_AUDIT_KEY": secrets.token_hex(32), "INVOICESTREAM_TICKETS_KEY": secrets.token_hex(32)}

    @property
    def pids(self) -> dict[str, int]:
        """Of the servers that are ours, by the names that tables give them."""
        servers = {"MariaDB": self.maria, "RabbitMQ": self.rabbit, "MongoDB": self.mongo}
        return {name: server.pid for name, server in servers.items() if server is not None}

    def environ(self, *, sql: int | None = None, broker: int | None = None, mongo: int | None = None) -> dict[str, str]:
        """The settings of a service. A port on 127.0.0.1 in place of a server's own: that of a proxy before it."""
        documents = _through(self.mongo_url, mongo)
        if mongo is not None:  # the driver would go to where the server says it is
            documents = str(URL(documents).update_query(directConnection="true"))
        return self.keys | {
            "INVOICESTREAM_SQL_URL": _through(self.sql_url, sql),
            "INVOICESTREAM_BROKER_URL": _through(self.broker_url, broker),
            "INVOICESTREAM_DOCUMENTS_URL": documents,
            "INVOICESTREAM_BLOBS_URL": documents,
        }

    def service(
        self,
        name: str,
        environ: Mapping[str, str] | None = None,
        *,
        sql: int | None = None,
        broker: int | None = None,
        mongo: int | None = None,
    ) -> ServiceProcess:
        """Not started yet; its database is migrated, and it has a key of its own for the one tenant. Ports: as for `environ`.

        Its data folder is empty but for what a service makes there when it has everything else elsewhere.
        """
        return ServiceProcess(self._folder / name, self.environ(sql=sql, broker=broker, mongo=mongo) | dict(environ or {}))

    def close(self) -> None:
        if self.maria is not None:
            with self.maria.root() as cursor:
                cursor.execute(f"DROP DATABASE `{self._database}`")
        asyncio.run(rabbitmq.forget(address_of(self.broker_url)))
        with pymongo.MongoClient[dict[str, object]](self.mongo_url) as client:
            client.drop_database(client.get_default_database().name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _through(url: str, port: int | None) -> str:
    return url if port is None else str(URL(url).with_host("127.0.0.1").with_port(port))
