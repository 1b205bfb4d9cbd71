"""A connection to RabbitMQ that is kept, and the one place where errors of its libraries become ours."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel
from aiormq.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    ConnectionNotAllowed,
    DeliveryError,
    ProbableAuthenticationError,
    PublishError,
)
from yarl import URL

from app.errors import DeadlineExceeded, Misconfigured, Unavailable

log = structlog.get_logger(__name__)

DEADLINE = 5.0  # seconds, for whatever the broker is asked
HEARTBEAT = 10  # seconds: a peer that is gone without a word is found in three of them
PAUSES = (0.1, 5.0)  # seconds: first, and most, before it is tried again; each is shortened by up to a half, at random
CLOSING = 3.0  # seconds for saying goodbye
FAILURES = (AMQPError, OSError, RuntimeError)  # RuntimeError: the libraries' word for a channel or connection that is closed
_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,64}")
_REFUSED = (AuthenticationError, ProbableAuthenticationError, ConnectionNotAllowed)


@dataclass(frozen=True, slots=True)
class Address:
    """`url` without `prefix`, which stands before every name that we give in the broker, so that many may share it."""

    url: URL
    prefix: str

    def __repr__(self) -> str:
        return f"Address({self.url.host})"


def address_of(url: str) -> Address:
    """`amqp[s]://user:password@host:port/vhost?prefix=staging.`. Raises `Misconfigured`, without what it holds."""
    try:
        parsed = URL(url)
    except ValueError:
        raise Misconfigured("INVOICESTREAM_BROKER_URL is not a URL") from None
    prefix = parsed.query.get("prefix", "")
    if parsed.scheme not in ("amqp", "amqps") or not parsed.host:
        raise Misconfigured("INVOICESTREAM_BROKER_URL: only memory:// and amqp[s]://user:password@host:port/vhost are known")
    if not _PREFIX.fullmatch(prefix):
        raise Misconfigured("INVOICESTREAM_BROKER_URL: a prefix is letters, digits, '.', '-' and '_', at most 64")
    return Address(parsed.without_query_params("prefix"), prefix)


@asynccontextmanager
async def asking(deadline: float = DEADLINE) -> AsyncIterator[None]:
    """Whatever is asked of the broker inside ends within the deadline, in `Unavailable` if it failed."""
    try:
        async with asyncio.timeout(deadline):
            yield
    except TimeoutError as exc:
        raise DeadlineExceeded("broker", "no answer in time") from exc
    except asyncio.CancelledError as exc:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The library ends what waits on a lost connection by this error, as if somebody had cancelled us.
        raise Unavailable("broker", "the connection was lost") from exc
    except FAILURES as exc:
        raise Unavailable("broker", reason_of(exc)) from exc


def reason_of(error: BaseException) -> str:
    """In a few words of ours: theirs may hold addresses and names."""
    if isinstance(error, PublishError):
        return "there is no such queue"
    if isinstance(error, DeliveryError):
        return "the broker refused a message"
    if isinstance(error, ChannelNotFoundEntity):
        return "a queue is missing"
    if isinstance(error, _REFUSED):
        return "the broker refuses this user or vhost"
    if isinstance(error, ConnectionRefusedError) or isinstance(error.__cause__, ConnectionRefusedError):
        return "nobody listens there"
    return "the connection was lost" if isinstance(error, RuntimeError | asyncio.CancelledError) else "no connection"


class Link:
    """One connection, opened again whenever it is lost, after a pause that grows, with jitter; until then all that is asked of it fails
    at once. `name` is what the broker shows of it. `on_up` is called each time it is there, `on_down` each time it was lost."""

    def __init__(
        self,
        url: URL,
        name: str,
        *,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[], None] = lambda: None,
        deadline: float = DEADLINE,
    ) -> None:
        self._url = url.update_query({"heartbeat": str(HEARTBEAT), **url.query, "name": f"invoicestream {name}"})
        self._name = name
        self._on_up, self._on_down = on_up, on_down
        self._deadline = deadline
        self._connection: aio_pika.Connection | None = None
        self._up = asyncio.Event()
        self._tried = asyncio.Event()
        self._why = "not connected yet"
        self._refused = False
        self._keeper: asyncio.Task[None] | None = None
        self.closed = False

    async def __aenter__(self) -> Link:
        """Waits for the first attempt. A broker that is away is no error, one that refuses us is `Misconfigured`."""
        self._keeper = asyncio.create_task(self._keep(), name=f"broker link {self._name}")
        try:
            await self._tried.wait()
            if self._refused:
                raise Misconfigured(f"INVOICESTREAM_BROKER_URL: {self._why}")
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closed = True
        self._why = "closed"
        self._up.set()  # whoever waits for it shall wait no more
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def wait(self) -> None:
        """Until it is there. Raises `Unavailable` once it is closed."""
        await self._up.wait()
        if self.closed:
            raise Unavailable("broker", "closed")

    async def open_channel(self, *, confirms: bool = False) -> AbstractChannel:
        """Of the caller, who closes it. To be used within `asking`. Raises `Unavailable` at once while the connection is lost."""
        if self._connection is None or self.closed:
            raise Unavailable("broker", self._why)
        channel = self._connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        await channel.initialize()
        return channel

    @asynccontextmanager
    async def channel(self, deadline: float | None = None) -> AsyncIterator[AbstractChannel]:
        """For a short question; what it was asked and did not answer dies with it."""
        async with asking(deadline or self._deadline):
            channel = await self.open_channel()
            try:
                yield channel
            finally:
                await close_quietly(channel)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause, most = PAUSES
        while True:
            began = loop.time()
            try:
                async with asking(self._deadline):
                    connection = await self._connect()
            except Unavailable as exc:
                if exc.detail != self._why:
                    log.warning("broker.away", link=self._name, reason=exc.detail)
                self._why = exc.detail
                self._refused = isinstance(exc.__cause__, _REFUSED)
                self._tried.set()
            else:
                await self._while_up(connection)
            if loop.time() - began > 2 * most:
                pause = PAUSES[0]
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(most, 2 * pause)

    async def _connect(self) -> aio_pika.Connection:
        connection = aio_pika.Connection(self._url)
        await connection.connect()
        return connection

    async def _while_up(self, connection: aio_pika.Connection) -> None:
        lost = asyncio.Event()
        connection.close_callbacks.add(lambda *_: lost.set())
        try:
            self._connection = connection
            log.info("broker.connected", link=self._name)
            self._up.set()
            self._on_up()
            self._tried.set()
            if connection.connected.is_set():
                await lost.wait()
            log.warning("broker.lost", link=self._name)
        finally:
            self._connection = None
            if not self.closed:
                self._why = "the connection was lost"
                self._up.clear()
            self._on_down()
            await close_quietly(connection)


async def close_quietly(what: AbstractChannel | aio_pika.Connection) -> None:
    """It may be gone already, or its peer may not answer."""
    with suppress(Unavailable):
        async with asking(CLOSING):
            await what.close()
