"""Transactions on MariaDB or MySQL, which several service processes may share: `Database` on SQLAlchemy's async engine and aiomysql.

Round trips are what an invoice costs here, so none is made that changes nothing: with autocommit off a transaction begins with its
first statement, so a write is its statements and COMMIT; a read is one statement on a connection with autocommit, and no more. No ping
and no ROLLBACK when a connection is taken or given back: it goes back only between two transactions, and when one is taken a look at
its socket tells whether the server has closed it.

A connection on which a call was cancelled or late is cut off, never used again: the answer still to come would be taken for the
answer to the next call. The server rolls back what was not committed when it sees the socket closed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakSet

import aiomysql
from pymysql.constants import CLIENT, CR, ER
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.errors import Conflict, DeadlineExceeded, Misconfigured, Unavailable

T = TypeVar("T")
WRITERS, READERS = 10, 5  # connections of each kind; who finds none waits, within the deadline
ATTEMPTS = 4  # at a transaction that lost a deadlock, or waited too long for a lock
RECYCLE = 1800  # seconds; less than servers and what stands before them let a connection idle

_LOST_RACE = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT}
_LOST = {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_COMMANDS_OUT_OF_SYNC, 1927, 4031}  # 1927: killed; 4031: idle, on MySQL
_TOO_SLOW = {1969, 3024}  # the server's own limit on a statement: MariaDB, MySQL
_NAMES = {
    **{code: name for name, code in vars(CR).items() if name.startswith("CR_")},
    **{code: name for name, code in vars(ER).items() if name.isupper() and name not in ("ERROR_FIRST", "ERROR_LAST")},
    1836: "READ_ONLY_MODE",
    1927: "CONNECTION_KILLED",
    1969: "STATEMENT_TIMEOUT",
    3024: "QUERY_TIMEOUT",
}


def mariadb_url(url: str) -> URL:
    """Raises `Misconfigured` for what is no `mysql+aiomysql://user:password@host/database`. Never says what it was given."""
    wanted = "mysql+aiomysql://USER:PASSWORD@HOST/DATABASE is expected"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as exc:
        raise Misconfigured(f"the SQL URL cannot be read: {wanted}") from exc
    if parsed.drivername != "mysql+aiomysql" or not parsed.host or not parsed.database or parsed.query:
        raise Misconfigured(f"{parsed.drivername}: {wanted}, without parameters")
    return parsed


def session(deadline: float) -> str:
    """What every connection begins with. Whatever a client leaves behind, cut off or stopped, ends by itself."""
    locks = max(1, int(deadline * 0.4))
    statement = max(1, int(deadline))
    return (
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; "
        "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = "
        f"{locks}, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
        # MariaDB alone knows these two, and reads such comments.
        f" /*M!100300 , max_statement_time = {statement}, idle_transaction_timeout = {2 * statement} */"
    )


class MariaDatabase:
    """A few connections for writing, a few for reading. Keeps the promises of `Database`; `read` is for one statement."""

    shared = True

    def __init__(self, url: URL, *, deadline: float, read_only: bool) -> None:
        self._deadline = deadline
        self._read_only = read_only
        self._made: WeakSet[Any] = WeakSet()
        self._calls: set[asyncio.Task[Any]] = set()
        self._cut: set[asyncio.Task[Any] | None] = set()  # of the calls, those whose connection was cut off
        self._suspect = 0.0  # what was connected before this moment is not used again: where one went silent all may have
        self._closed = False
        # In order of coming. SQLAlchemy's pool lets who has just given a connection back take it again before those who wait.
        self._writers, self._readers = asyncio.Semaphore(WRITERS), asyncio.Semaphore(READERS)
        self._writing = self._engine(url, WRITERS)
        # Without "skip" SQLAlchemy sends a ROLLBACK after each statement that committed itself.
        self._reading = self._engine(url, READERS, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)

    async def write(self, work: Callable[[Connection], T]) -> T:
        if self._read_only:
            raise Misconfigured("the database was opened for reading only")
        return await self._answer(self._writing, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._answer(self._reading, work)

    async def ping(self) -> None:
        if self._read_only:
            await self.read(lambda connection: connection.exec_driver_sql("DO 0").close())
        elif str(await self.write(lambda connection: connection.exec_driver_sql("SELECT @@global.read_only").scalar())) not in ("0", "OFF"):
            raise Unavailable("sql", "read-only")

    async def close(self) -> None:
        """Waits for calls that have begun, each of which has its deadline."""
        self._closed = True
        if self._calls:
            await asyncio.wait(self._calls)
        try:
            async with asyncio.timeout(1):  # a goodbye, to a server that may not be listening
                await self._writing.dispose()
                await self._reading.dispose()
        except (TimeoutError, SQLAlchemyError, aiomysql.Error, OSError):
            pass
        finally:
            for connection in list(self._made):
                connection.close()

    async def _answer(self, engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
        if self._closed:
            raise Unavailable("sql", "closed")
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            async with asyncio.timeout(self._deadline):
                return await self._again(engine, work)
        except TimeoutError as exc:
            if task in self._cut:  # not one that waited for a connection
                self._suspect = time.monotonic()
            raise DeadlineExceeded("sql", f"no answer within {self._deadline:g} s") from exc
        except (DBAPIError, aiomysql.Error) as exc:
            if (error := ours(exc)) is None:
                raise
            raise error from exc
        except OSError as exc:
            raise Unavailable("sql", type(exc).__name__) from exc
        finally:
            self._calls.discard(task)
            self._cut.discard(task)

    async def _again(self, engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
        """Who loses a deadlock has changed nothing, and begins again from the start."""
        attempt = 1
        while True:
            try:
                async with self._readers if engine is self._reading else self._writers:
                    return await self._once(engine, work)
            except (DBAPIError, aiomysql.Error) as exc:
                if attempt == ATTEMPTS or _code(exc) not in _LOST_RACE:
                    raise
            await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))
            attempt += 1

    async def _once(self, engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
        ended = engine is self._reading  # whether the connection is between two transactions

        def transaction(connection: Connection) -> T:
            nonlocal ended
            if ended:
                return work(connection)
            begun = connection.begin()  # nothing is sent
            try:
                answer = work(connection)
                begun.commit()
            except Exception as exc:
                if not _lost(exc):
                    begun.rollback()
                    ended = True
                raise
            ended = True
            return answer

        connection = await engine.connect()
        try:
            answer = await connection.run_sync(transaction)
        except BaseException as exc:
            if ended and isinstance(exc, Exception) and not _lost(exc):
                _give_back(connection)
            else:
                self._cut_off(connection)
            raise
        _give_back(connection)
        return answer

    def _engine(self, url: URL, size: int, **options: Any) -> AsyncEngine:
        engine = create_async_engine(
            url,
            hide_parameters=True,  # they hold invoice text
            pool_size=size,
            max_overflow=0,
            pool_timeout=None,  # nobody waits there
            pool_recycle=RECYCLE,
            pool_use_lifo=True,
            pool_reset_on_return=None,
            connect_args={
                "async_creator_fn": self._connect,
                "charset": "utf8mb4",
                # Rows that an UPDATE found, not those in which it changed something: what compare-and-set asks.
                "client_flag": CLIENT.FOUND_ROWS,
                "init_command": session(self._deadline),
            },
            **options,
        )
        event.listen(engine.sync_engine, "connect", _remember)
        event.listen(engine.sync_engine, "checkout", self._look_at)
        return engine

    async def _connect(self, **options: Any) -> Any:
        """aiomysql's own `connect` leaves the socket open when it is cancelled."""
        connection = _Connection(**options)
        try:
            await connection._connect()
        except BaseException:
            connection.close()
            raise
        self._made.add(connection)
        return connection

    def _look_at(self, dbapi_connection: Any, record: Any, proxy: object) -> None:
        """At a connection that is taken from the pool: the server may have closed it."""
        info = record.info
        if info["reader"].at_eof() or info["transport"].is_closing() or info["made"] <= self._suspect:
            info["transport"].abort()
            dbapi_connection.driver_connection.close()
            raise InvalidatePoolError()  # all as old are looked upon the same

    def _cut_off(self, connection: AsyncConnection) -> None:
        """At once, whatever the server does: no goodbye, and what is not sent yet never is."""
        sync = connection.sync_connection
        assert sync is not None
        if not sync.closed and not sync.invalidated:
            sync.info["transport"].abort()
            sync.invalidate()
        sync.close()
        self._cut.add(asyncio.current_task())


class _Connection(aiomysql.Connection):  # type: ignore[misc]  # aiomysql has no types
    def escape(self, obj: Any) -> Any:
        """aiomysql 0.3.2 takes bytes to a function that PyMySQL 1.2 no longer has."""
        return f"_binary X'{obj.hex()}'" if isinstance(obj, bytes) else super().escape(obj)


def _remember(dbapi_connection: Any, record: Any) -> None:
    driver = dbapi_connection.driver_connection
    record.info["reader"], record.info["transport"], record.info["made"] = driver._reader, driver._writer.transport, time.monotonic()


def _give_back(connection: AsyncConnection) -> None:
    sync = connection.sync_connection
    assert sync is not None
    sync.close()  # sends nothing, and so waits for nothing


def _driver_error(exc: BaseException) -> BaseException:
    return exc.orig if isinstance(exc, DBAPIError) and exc.orig is not None else exc


def _code(exc: BaseException) -> int | None:
    driver = _driver_error(exc)
    code = driver.args[0] if driver.args else None
    return code if isinstance(code, int) else None


def _lost(exc: BaseException) -> bool:
    """Whether the connection is of no more use."""
    driver = _driver_error(exc)
    return isinstance(driver, aiomysql.InterfaceError | aiomysql.InternalError | OSError) or _code(exc) in _LOST


def ours(exc: DBAPIError | aiomysql.Error) -> Exception | None:
    """The port's error for the driver's; never its message, which may quote values. None for what is a bug of this package."""
    driver, code = _driver_error(exc), _code(exc)
    name = f"{code} {_NAMES.get(code, '')}".rstrip() if code else type(driver).__name__
    if isinstance(driver, aiomysql.IntegrityError):
        return Conflict(f"sql: {name}")
    if code in _TOO_SLOW:
        return DeadlineExceeded("sql", name)
    if isinstance(driver, aiomysql.ProgrammingError | aiomysql.DataError | aiomysql.NotSupportedError):
        return None
    return Unavailable("sql", name)
