"""The one writer of a SQLite file: a thread with a connection of its own.

A commit waits for the disk, and SQLite has one writer. So what comes in meanwhile goes into the next transaction together, each
in a savepoint: one sync for all of them. Who fails is rolled back alone; who succeeds hears so only after the commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app.errors import Unavailable

T = TypeVar("T")
TOGETHER = 32


class _Item:
    """One piece of work and who waits for it."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.error: Exception | None = None


class Writer:
    def __init__(self, engine: Engine) -> None:
        """`engine` opens each transaction with BEGIN IMMEDIATE."""
        self._engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "sql-write")
        self._lock = threading.Lock()
        self._waiting: deque[_Item] = deque()
        self._busy = False  # the thread is looking at `_waiting`, or soon will
        self._closed = False

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Durable on return. Raises what `work` raises, and the driver's errors.

        Cancelled: work that has not begun never does, other work ends by itself.
        """
        item = _Item(work)
        with self._lock:
            if self._closed:
                raise Unavailable("sql", "closed")
            self._waiting.append(item)
            if not self._busy:
                self._busy = True
                self._thread.submit(self._work_off)
        told: T = await asyncio.wrap_future(item.future)
        return told

    def close(self) -> None:
        """Waits for the transaction that has begun; what waits behind it is told `Unavailable`."""
        with self._lock:
            self._closed = True
            left, self._waiting = self._waiting, deque()
        for item in left:
            if item.future.set_running_or_notify_cancel():
                item.future.set_exception(Unavailable("sql", "closed"))
        self._thread.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()

    def _work_off(self) -> None:
        while batch := self._next():
            failure = self._transaction(batch)
            for item in batch:
                if error := item.error or failure:
                    item.future.set_exception(error)
                else:
                    item.future.set_result(item.result)

    def _next(self) -> list[_Item]:
        batch: list[_Item] = []
        with self._lock:
            while self._waiting and len(batch) < TOGETHER:
                item = self._waiting.popleft()
                if item.future.set_running_or_notify_cancel():
                    batch.append(item)
            self._busy = bool(batch)
        return batch

    def _transaction(self, batch: list[_Item]) -> Exception | None:
        """What kept the whole batch from being committed. An item's own error is left in it."""
        try:
            connection = self._connection
            if connection is None:
                connection = self._connection = self._engine.connect()
            with connection.begin():
                driver: Any = connection.connection.driver_connection
                for item in batch:
                    _run_one(connection, driver, item)
        except Exception as exc:  # whatever it is, those who wait must hear of it
            if isinstance(exc, DBAPIError | sqlite3.Error):
                self._renew()
            return exc
        return None

    def _renew(self) -> None:
        """Whatever state the connection is in: the next transaction gets a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, sqlite3.Error):
                connection.invalidate()
                connection.close()


def _run_one(connection: Connection, driver: Any, item: _Item) -> None:
    """Raises only what ends the transaction for all: SQLite itself rolls back on a full disk or a failing one."""
    driver.execute("SAVEPOINT item")
    try:
        item.result = item.work(connection)
    except Exception as exc:  # it is the item's answer
        if not driver.in_transaction:
            raise
        item.error = exc
        driver.execute("ROLLBACK TO item")
    driver.execute("RELEASE item")
