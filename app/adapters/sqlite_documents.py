"""Documents in a SQLite file of their own. One thread owns the connection; saves that wait together become one commit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from app.errors import DeadlineExceeded, Unavailable

LARGEST_BATCH = 64

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  body BLOB NOT NULL,
  saved_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  PRIMARY KEY (tenant, key)
) STRICT
"""

PAGE = 500
_PAGE = "SELECT tenant, key FROM documents WHERE (tenant, key) > (?, ?) AND saved_at < ? ORDER BY tenant, key LIMIT ?"
_THERE = "SELECT key FROM documents WHERE tenant = ? AND key IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class _Save:
    tenant: str
    key: str
    body: bytes
    done: asyncio.Future[bytes | None]


@dataclass(frozen=True, slots=True)
class _Load:
    tenant: str
    key: str
    done: asyncio.Future[bytes | None]


@dataclass(frozen=True, slots=True)
class _Ping:
    done: asyncio.Future[bytes | None]


@dataclass(frozen=True, slots=True)
class _Execute:
    """Any one statement; its rows as a JSON array."""

    sql: str
    values: tuple[str | int, ...]
    done: asyncio.Future[bytes | None]


_Request = _Save | _Load | _Execute | _Ping


class SqliteDocuments:
    """WAL and synchronous FULL: what was saved survives a power cut. Returns the same bytes that were saved.

    Every call ends within `deadline` seconds, else `DeadlineExceeded("documents")`; a save may still take effect then. Errors of
    SQLite (disk full, locked, damaged), and more than `waiting` calls at once, are `Unavailable("documents")`.
    """

    def __init__(self, path: Path, deadline: float = 5.0, waiting: int = 1000) -> None:
        self._path = path
        self._deadline = deadline
        self._waiting = waiting
        self._pending = 0
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def __aenter__(self) -> SqliteDocuments:
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[bytes | None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._serve, args=(opened,), name="documents", daemon=True)
        self._thread.start()
        await opened
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What was asked before is still done."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._requests.put(None)
            await asyncio.to_thread(thread.join, self._deadline)

    async def save(self, tenant: str, key: str, body: bytes) -> None:
        await self._ask(_Save(tenant, key, body, self._promise()))

    async def load(self, tenant: str, key: str) -> bytes | None:
        return await self._ask(_Load(tenant, key, self._promise()))

    async def saved_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        before = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        last = ("", "")
        while True:
            rows = await self._rows(_PAGE, (*last, before, PAGE))
            for tenant, key in rows:
                yield tenant, key
            if len(rows) < PAGE:
                return
            last = rows[-1][0], rows[-1][1]

    async def missing(self, tenant: str, keys: Collection[str]) -> set[str]:
        wanted = json.dumps(sorted(keys))
        return set(keys) - {key for (key,) in await self._rows(_THERE, (tenant, wanted))}

    async def delete(self, tenant: str, key: str) -> None:
        await self._rows("DELETE FROM documents WHERE tenant = ? AND key = ?", (tenant, key))

    async def ping(self) -> None:
        await self._ask(_Ping(self._promise()))

    async def _rows(self, sql: str, values: tuple[str | int, ...]) -> list[list[str]]:
        rows: list[list[str]] = json.loads(await self._ask(_Execute(sql, values, self._promise())) or b"[]")
        return rows

    def _promise(self) -> asyncio.Future[bytes | None]:
        return asyncio.get_running_loop().create_future()

    async def _ask(self, request: _Request) -> bytes | None:
        if isinstance(request, _Save | _Load):
            f"{request.tenant}{request.key}".encode()  # a lone surrogate is the caller's error, and must not fail its batch
        if self._thread is None:
            raise Unavailable("documents", "closed")
        if self._pending >= self._waiting:
            raise Unavailable("documents", "too many calls wait")
        self._pending += 1
        self._requests.put(request)
        try:
            async with asyncio.timeout(self._deadline):
                return await request.done
        except TimeoutError as exc:
            raise DeadlineExceeded("documents") from exc

    def _serve(self, opened: asyncio.Future[bytes | None]) -> None:
        """The thread: every request that waits, in one transaction."""
        try:
            connection = self._connect()
        except (sqlite3.Error, OSError) as exc:
            self._tell([(opened, None, Unavailable("documents", _reason(exc)))], 0)
            return
        self._tell([(opened, None, None)], 0)
        with contextlib.closing(connection):
            ended = False
            while not ended:
                batch = [self._requests.get()]
                with contextlib.suppress(queue.Empty):
                    while len(batch) < LARGEST_BATCH:
                        batch.append(self._requests.get_nowait())
                requests = [request for request in batch if request is not None]
                ended = len(requests) < len(batch)
                self._tell(_answer(connection, requests), len(requests))

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite gives its other files the same mode
        connection = sqlite3.connect(self._path, timeout=self._deadline / 2, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -512")  # KiB: what is written is hardly ever read again
            connection.execute(SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _tell(self, answers: Sequence[_Answer], finished: int) -> None:
        def on_loop() -> None:
            self._pending -= finished
            for done, value, error in answers:
                if not done.done():  # else cancelled, or past its deadline
                    if error is None:
                        done.set_result(value)
                    else:
                        done.set_exception(error)

        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits
            self._loop.call_soon_threadsafe(on_loop)


_Answer = tuple[asyncio.Future[bytes | None], bytes | None, Exception | None]


def _answer(connection: sqlite3.Connection, requests: Sequence[_Request]) -> list[_Answer]:
    answers: list[_Answer] = []
    saves = [request for request in requests if isinstance(request, _Save)]
    try:
        if saves:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO documents (tenant, key, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(save.tenant, save.key, save.body) for save in saves],
            )
            connection.execute("COMMIT")
        answers += [(save.done, None, None) for save in saves]
        for request in requests:
            if isinstance(request, _Load):
                row = connection.execute(
                    "SELECT body FROM documents WHERE tenant = ? AND key = ?", (request.tenant, request.key)
                ).fetchone()
                answers.append((request.done, row[0] if row else None, None))
            elif isinstance(request, _Execute):
                rows = connection.execute(request.sql, request.values).fetchall()
                answers.append((request.done, json.dumps(rows).encode(), None))
            elif isinstance(request, _Ping):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
                answers.append((request.done, None, None))
    except Exception as exc:  # the thread outlives whatever a batch raises: its callers are told, the next batch starts anew
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        error: Exception = Unavailable("documents", _reason(exc)) if isinstance(exc, sqlite3.Error) else exc
        answered = {id(done) for done, _, _ in answers}
        answers += [(request.done, None, error) for request in requests if id(request.done) not in answered]
    return answers


def _reason(exc: Exception) -> str:
    return getattr(exc, "sqlite_errorname", None) or type(exc).__name__
