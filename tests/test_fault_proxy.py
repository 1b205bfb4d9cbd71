"""The fault proxy does what it says, between a client and a server that echoes lines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.servers.fault_proxy import FaultProxy

SHORT = 0.2  # seconds in which nothing comes
LONG = 30.0


class Echo:
    """Answers with the same bytes; remembers all that arrived and how each connection ended."""

    def __init__(self) -> None:
        self.heard = b""
        self.began = 0
        self.endings: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.began += 1
        try:
            while chunk := await reader.read(1 << 16):
                self.heard += chunk
                writer.write(chunk)
                await writer.drain()
            self.endings.append("FIN")
        except ConnectionError:
            self.endings.append("RST")
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, line: bytes, patience: float = LONG) -> bytes:
        self.writer.write(line + b"\n")
        async with asyncio.timeout(patience):
            return (await self.reader.readuntil(b"\n"))[:-1]

    async def is_reset(self) -> bool:
        try:
            async with asyncio.timeout(LONG):
                await self.reader.read(1)
        except ConnectionResetError:
            return True
        return False

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[FaultProxy, Echo, Callable[[], Awaitable[Client]]]]:
    """The proxy, the server behind it, and what makes a client in front of it."""
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    clients: list[Client] = []

    with FaultProxy(server.sockets[0].getsockname()[1]) as proxy:

        async def connect() -> Client:
            clients.append(Client(*await asyncio.open_connection("127.0.0.1", proxy.port, limit=1 << 23)))
            return clients[-1]

        try:
            yield proxy, echo, connect
        finally:
            for client in clients:
                await client.close()
    await until(lambda: len(echo.endings) == echo.began)
    server.close()
    await server.wait_closed()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not what():
            await asyncio.sleep(0)


async def test_it_passes_everything_both_ways_and_counts_the_turns() -> None:
    async with proxied() as (proxy, echo, connect):
        client = await connect()
        large = b"x" * 3_000_000
        assert await client.ask(b"hello") == b"hello"
        assert await client.ask(b"again") == b"again"
        assert proxy.round_trips == 2
        assert await client.ask(large) == large
        await client.close()
        await until(lambda: "FIN" in echo.endings)
        await until(lambda: proxy.connections == 0)


async def test_cut_resets_what_is_open_and_refuses_until_healed() -> None:
    async with proxied() as (proxy, echo, connect):
        client = await connect()
        await client.ask(b"hello")
        proxy.cut()
        assert await client.is_reset()
        await until(lambda: echo.endings == ["RST"])
        with pytest.raises(ConnectionRefusedError):
            await connect()
        proxy.heal()
        assert await (await connect()).ask(b"again") == b"again"


async def test_reset_is_for_what_is_open_now() -> None:
    async with proxied() as (proxy, _, connect):
        client = await connect()
        await client.ask(b"hello")
        proxy.reset()
        assert await client.is_reset()
        assert await (await connect()).ask(b"again") == b"again"


async def test_a_blackhole_accepts_swallows_and_says_nothing_and_what_fell_in_is_reset_when_healed() -> None:
    async with proxied() as (proxy, echo, connect):
        before, idle = await connect(), await connect()
        assert await before.ask(b"1") == b"1"
        assert await idle.ask(b"2") == b"2"
        proxy.blackhole()
        new = await connect()
        for client in (before, new):
            with pytest.raises(TimeoutError):
                await client.ask(b"lost", SHORT)
        assert b"lost" not in echo.heard
        proxy.heal()
        assert await before.is_reset()
        assert await new.is_reset()
        assert await idle.ask(b"3") == b"3"


async def test_a_blackhole_for_answers_lets_questions_through() -> None:
    async with proxied() as (proxy, echo, connect):
        client = await connect()
        proxy.blackhole("to_client")
        with pytest.raises(TimeoutError):
            await client.ask(b"asked", SHORT)
        assert echo.heard == b"asked\n"


async def test_slow_takes_its_time() -> None:
    async with proxied() as (proxy, _, connect):
        client = await connect()
        proxy.slow(delay=0.1)
        started = time.monotonic()
        await client.ask(b"hello")
        assert time.monotonic() - started >= 0.2  # there and back
        proxy.slow(rate=100_000)
        started = time.monotonic()
        await client.ask(b"x" * 20_000)
        assert time.monotonic() - started >= 0.2
        proxy.heal()
        started = time.monotonic()
        await client.ask(b"x" * 20_000)
        assert time.monotonic() - started < 0.2


async def test_a_connection_is_cut_after_so_many_bytes_in_one_direction() -> None:
    async with proxied() as (proxy, echo, connect):
        client = await connect()
        await client.ask(b"hello")
        proxy.cut_after(10, "to_server")
        assert await client.ask(b"1234") == b"1234"
        assert not proxy.fired.is_set()
        client.writer.write(b"567890\n")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await client.reader.readuntil(b"\n")
        assert proxy.fired.is_set()
        await until(lambda: echo.heard == b"hello\n1234\n56789")
        assert await (await connect()).ask(b"x" * 50) == b"x" * 50


async def test_the_next_reply_is_lost_and_its_request_is_not() -> None:
    async with proxied() as (proxy, echo, connect):
        client = await connect()
        await client.ask(b"hello")
        proxy.cut_reply()
        client.writer.write(b"write\n")
        assert await client.is_reset()
        assert proxy.fired.is_set()
        assert echo.heard == b"hello\nwrite\n"
        await until(lambda: echo.endings == ["FIN"])
        assert await (await connect()).ask(b"again") == b"again"


async def test_the_reply_to_a_certain_request_is_lost_up_to_a_certain_end() -> None:
    async with proxied() as (proxy, echo, connect):
        client, other = await connect(), await connect()
        proxy.cut_reply(request=b"COMMIT", reply=b"done")
        assert await client.ask(b"heartbeat") == b"heartbeat"
        client.writer.write(b"COM")
        await until(lambda: echo.heard.endswith(b"COM"))
        client.writer.write(b"MIT ")
        await until(lambda: echo.heard.endswith(b"COMMIT "))
        assert not proxy.fired.is_set()
        assert await other.ask(b"COMMIT") == b"COMMIT"  # armed for one only
        client.writer.write(b"done\n")
        with pytest.raises(ConnectionResetError):
            assert await client.reader.read() == b"COM"
        assert proxy.fired.is_set()


async def test_a_server_that_is_not_there_is_a_reset() -> None:
    with FaultProxy(1) as proxy:
        try:
            client = Client(*await asyncio.open_connection("127.0.0.1", proxy.port))
        except ConnectionResetError:
            pass  # already
        else:
            assert await client.is_reset()
            await client.close()
        await until(lambda: proxy.connections == 0)
