"""A wire to a server that a test can cut where it wants to: before what is said arrives, or before the answer does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType


class Wire:
    """Passes everything on between its `port` and that of a server, until the words come that it is told to cut at."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._before: bytes | None = None
        self._after: bytes | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: set[asyncio.Task[None]] = set()
        self.cuts = 0
        self.said = 0  # messages to the server, where each waits for the answer to the one before

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut_before(self, words: bytes) -> None:
        """The server never hears them. Once."""
        self._before = words

    def cut_after(self, words: bytes) -> None:
        """The server hears them and answers; nobody hears the answer. Once."""
        self._after = words

    def silence(self) -> None:
        """Nothing passes any more, in either direction, on the connections that there are; later ones work."""
        self._silent.update(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._to)
        deaf = False

        async def said() -> None:
            nonlocal deaf
            while data := await reader.read(1 << 16):
                self.said += 1
                if task in self._silent:
                    continue
                if self._before is not None and self._before in data:
                    self._before = None
                    self.cuts += 1
                    return
                if self._after is not None and self._after in data:
                    self._after = None
                    deaf = True
                server_writer.write(data)

        async def answered() -> None:
            while data := await server_reader.read(1 << 16):
                if deaf:
                    self.cuts += 1
                    return
                writer.write(data)

        ways = [asyncio.ensure_future(said()), asyncio.ensure_future(answered())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the end of the test
            pass
        finally:
            for way in ways:
                way.cancel()
            with suppress(OSError):
                await asyncio.gather(*ways, return_exceptions=True)
            writer.transport.abort()
            server_writer.transport.abort()
