"""Transactions: how they are run, how long they may take, and what becomes of the driver's errors.

A transaction is one plain function of a SQLAlchemy `Connection`. For SQLite the whole function runs in a thread that owns the
connection; through aiosqlite every statement would be several hops between threads (measured: 3 times the CPU). A database
with an async driver runs the same functions by `AsyncConnection.run_sync`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from app.adapters.sql.writer import Writer
from app.errors import Conflict, DeadlineExceeded, Misconfigured, Unavailable

T = TypeVar("T")
READERS = 4


class Database(Protocol):
    """Runs transactions. Raises `Unavailable`, `DeadlineExceeded` (a write may then have taken effect) and, for a broken
    constraint, `Conflict`; in all cases the transaction is over: committed whole or not at all, also when the caller is cancelled.
    Where the connection is lost at the commit, `Unavailable` too may come of a write that has taken effect.
    """

    @property
    def shared(self) -> bool:
        """Whether other service processes may be at work on it too."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction, durable on return. `work` may be called in another thread, and again from the start."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """`work` makes one statement, which sees what is committed."""
        ...

    async def ping(self) -> None:
        """Returns if a transaction could be written now; if it was opened for reading, if it can be read."""
        ...


def is_mariadb(url: str) -> bool:
    """Whether `mariadb.mariadb_url` is to read it; any other is for `sqlite_path`."""
    return url.startswith(("mysql", "mariadb"))


def sqlite_path(url: str) -> Path:
    """The file that a `sqlite+aiosqlite:///path` names. Raises `Misconfigured` for any other URL; never says what it was given."""
    known = "sqlite+aiosqlite:///PATH or mysql+aiomysql://USER:PASSWORD@HOST/DATABASE is expected"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as exc:
        raise Misconfigured(f"the SQL URL cannot be read: {known}") from exc
    if parsed.drivername != "sqlite+aiosqlite" or not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise Misconfigured(f"{parsed.drivername}: no such SQL store; {known}")
    return Path(parsed.database).absolute()


class FileLock:
    """`PATH.lock`, held by the one service process of a file. The kernel lets go when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Raises `Misconfigured` while another holds it."""
        name = path.with_name(path.name + ".lock")
        try:
            self._fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise Misconfigured(f"{name}: cannot be opened ({exc.strerror})") from exc
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(self._fd)
            raise Misconfigured(f"{path}: another InvoiceStream process uses this database; end it first, or only read") from exc

    def release(self) -> None:
        os.close(self._fd)


def sqlite_engine(path: Path, *, begin: str, busy_timeout: float, pool_size: int = 1, query_only: bool = False) -> Engine:
    """`begin` is the statement that opens each transaction. Statements and values never show in errors (they hold invoice text)."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)), hide_parameters=True, pool_size=pool_size, max_overflow=0, pool_reset_on_return="rollback"
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in (
            f"busy_timeout={int(busy_timeout * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"query_only={'ON' if query_only else 'OFF'}",
            "cache_size=-512",  # KiB: five connections' default of 2 MB each only repeats what the system caches anyway
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_now(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(begin)

    return engine


class SqliteDatabase:
    """One writing thread with one connection; a few readers. Keeps the promises of `Database`."""

    shared = False

    def __init__(self, path: Path, *, deadline: float, read_only: bool) -> None:
        # A lock that some other program holds must end the statement before the caller's deadline does.
        busy = deadline * 0.8
        self._deadline = deadline
        self._read_only = read_only
        self._write_engine = sqlite_engine(path, begin="BEGIN IMMEDIATE", busy_timeout=busy)
        self._read_engine = sqlite_engine(path, begin="BEGIN", busy_timeout=busy, pool_size=READERS, query_only=True)
        self._writer = Writer(self._write_engine)
        self._readers = ThreadPoolExecutor(READERS, "sql-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        if self._read_only:
            raise Misconfigured("the database was opened for reading only")
        return await self._answer(self._writer.run(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._answer(asyncio.get_running_loop().run_in_executor(self._readers, self._read, work))

    async def ping(self) -> None:
        await (self.read if self._read_only else self.write)(lambda connection: None)

    async def close(self) -> None:
        """Waits for transactions that have begun; the others never begin."""
        await asyncio.to_thread(self._close)

    async def _answer(self, answer: Awaitable[T]) -> T:
        try:
            # Cancelled or late: work that has not begun never does; what has begun ends in its thread, by commit or rollback.
            async with asyncio.timeout(self._deadline):
                return await answer
        except TimeoutError as exc:
            raise DeadlineExceeded("sql", f"no answer within {self._deadline:g} s") from exc
        except (IntegrityError, sqlite3.IntegrityError) as exc:
            raise Conflict(f"sql: {_name(exc)}") from exc
        except (DBAPIError, sqlite3.Error) as exc:
            if _is_ours(exc):
                raise
            raise Unavailable("sql", _name(exc)) from exc

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._read_engine.connect() as connection, connection.begin():
            return work(connection)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._read_engine.dispose()
        self._write_engine.dispose()


def _driver_error(exc: Exception) -> BaseException:
    return exc.orig if isinstance(exc, DBAPIError) and exc.orig is not None else exc


def _name(exc: Exception) -> str:
    """Such as SQLITE_FULL or SQLITE_BUSY; never the message, which may quote values."""
    driver = _driver_error(exc)
    return str(getattr(driver, "sqlite_errorname", None) or type(driver).__name__)


def _is_ours(exc: Exception) -> bool:
    """A wrong statement or value is a bug of this package: no retry would help."""
    return isinstance(_driver_error(exc), sqlite3.ProgrammingError | sqlite3.DataError | sqlite3.NotSupportedError)
