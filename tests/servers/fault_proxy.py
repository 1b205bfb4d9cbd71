"""A TCP proxy that breaks the wire on command, between any client and any server.

    with FaultProxy(server.port) as proxy:        # a thread with a loop of its own: a blocked test loop does not stop it
        ...                                       # connect to 127.0.0.1:proxy.port
        proxy.blackhole()                         # from any thread, with effect when it returns
        proxy.heal()

A fault stays until the next one or `heal()`; connections that lost bytes to it are then reset, because their streams have a hole.

    heal()                      everything passes
    reset()                     RST to every connection now, once; new ones are treated as before
    cut()                       RST to every connection now; new ones are refused (ECONNREFUSED), as if nobody listened
    blackhole()                 half-open: connections are accepted and stay open, bytes are swallowed, nothing is answered
    blackhole("to_client")      one way: what is asked arrives, answers do not (or "to_server")
    slow(delay, rate)           `delay` seconds before each chunk, `rate` bytes a second, each way of each connection
    cut_after(count, direction) RST to the first connection that has carried so many more bytes that way; then as healed
    cut_reply(request, reply)   the next request arrives, its reply does not; then as healed. With `request` it is the next one that
                                contains these bytes (a driver's heartbeats are requests too). With `reply` what goes to the client is
                                dropped up to these bytes, else up to the first chunk. Then the client gets RST, the server FIN

`fired`: set when `cut_after` or `cut_reply` has struck, cleared when they are armed. `connections`: open now. `round_trips`: how often
a client spoke after the server had, summed over the connections: what its calls cost in waits for the network.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["to_server", "to_client"]
BOTH: frozenset[Direction] = frozenset(("to_server", "to_client"))
CHUNK = 1 << 16
LONGEST_MARK = 200  # bytes of `request` and `reply`


@dataclass(eq=False, slots=True)
class _Faults:
    refuse: bool = False
    swallow: frozenset[Direction] = frozenset()
    delay: float = 0.0
    rate: float | None = None
    limit: tuple[int, Direction] | None = None
    lost: tuple[bytes, bytes] | None = None


class FaultProxy:
    """See the head of this file. `port`: where it listens on 127.0.0.1."""

    def __init__(self, server_port: int, server_host: str = "127.0.0.1") -> None:
        self.server = (server_host, server_port)
        self.faults = _Faults()
        self.fired = threading.Event()
        self.round_trips = 0
        self._open: set[_Connection] = set()
        self._listener: asyncio.Server | None = None

    def __enter__(self) -> FaultProxy:
        self._reserved = _bound(0)  # keeps the port while nobody listens on it
        self.port: int = self._reserved.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._thread.start()
        self.heal()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._reserved.close()

    @property
    def connections(self) -> int:
        return len(self._open)

    def heal(self) -> None:
        self._do(self._change(_Faults()))

    def reset(self) -> None:
        self._do(self._reset())

    def cut(self) -> None:
        self._do(self._change(_Faults(refuse=True)))

    def blackhole(self, *directions: Direction) -> None:
        self._do(self._change(_Faults(swallow=frozenset(directions) or BOTH)))

    def slow(self, delay: float = 0.0, rate: float | None = None) -> None:
        self._do(self._change(_Faults(delay=delay, rate=rate)))

    def cut_after(self, count: int, direction: Direction) -> None:
        self.fired.clear()
        self._do(self._change(_Faults(limit=(count, direction))))

    def cut_reply(self, request: bytes = b"", reply: bytes = b"") -> None:
        self.fired.clear()
        self._do(self._change(_Faults(lost=(request, reply))))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _change(self, faults: _Faults) -> None:
        self.faults = faults
        if faults.refuse and self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._reset(only_holed=not faults.refuse)
        if not faults.refuse and self._listener is None:
            self._listener = await asyncio.start_server(self._accept, sock=_bound(self.port))

    async def _reset(self, *, only_holed: bool = False) -> None:
        chosen = {connection for connection in self._open if connection.holed or not only_holed}
        for connection in chosen:
            connection.strike(connection.writers)
        while chosen & self._open:
            await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)


class _Connection:
    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.holed = False  # bytes were lost on the way: nothing sensible can follow
        self.writers = [writer]
        self._proxy, self._reader = proxy, reader
        self._over = asyncio.Event()
        self._carried: tuple[_Faults, int] = (proxy.faults, 0)  # bytes of a limited direction since these faults were set
        self._tail = b""  # a mark may come in two chunks
        self._dropped: bytes | None = None  # a reply is being lost, up to this mark
        self._answered = True

    async def run(self) -> None:
        pumps = []
        try:
            if self._proxy.faults.swallow == BOTH:
                self.holed = True
                pumps = [self._pump("to_server", self._reader, None)]
            else:
                reader, writer = await asyncio.open_connection(*self._proxy.server)
                self.writers.append(writer)
                pumps = [self._pump("to_server", self._reader, writer), self._pump("to_client", reader, self.writers[0])]
        except OSError:
            self.strike(self.writers)  # nobody listens there
        tasks = [asyncio.create_task(pump) for pump in pumps]
        await self._over.wait()
        for task in tasks:
            task.cancel()
        for writer in self.writers:
            writer.close()
        await asyncio.gather(*tasks, *(writer.wait_closed() for writer in self.writers), return_exceptions=True)

    def strike(self, writers: list[asyncio.StreamWriter]) -> None:
        """RST to these, FIN to the others."""
        for writer in writers:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._over.set()

    async def _pump(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                faults = self._proxy.faults
                if writer is None or direction in faults.swallow:
                    self.holed = True
                elif not self._is_lost(direction, chunk):
                    await self._pass_on(direction, chunk, faults, writer)
        except ConnectionError:
            self.strike(self.writers)
        finally:
            self._over.set()

    async def _pass_on(self, direction: Direction, chunk: bytes, faults: _Faults, writer: asyncio.StreamWriter) -> None:
        self._proxy.round_trips += direction == "to_server" and self._answered
        self._answered = direction == "to_client"
        await asyncio.sleep(faults.delay)
        step = max(1, int(faults.rate / 20)) if faults.rate else len(chunk)
        carried = self._carried[1] if self._carried[0] is faults else 0
        most = faults.limit[0] - carried if faults.limit and faults.limit[1] == direction else len(chunk) + 1
        for start in range(0, len(chunk), step):
            writer.write(chunk[start : min(start + step, most)])
            await writer.drain()
            await asyncio.sleep(step / faults.rate if faults.rate else 0)
        if faults.limit and faults.limit[1] == direction:
            self._carried = (faults, carried + len(chunk))
        if len(chunk) >= most and self._proxy.faults is faults:
            self._fire(self.writers)

    def _is_lost(self, direction: Direction, chunk: bytes) -> bool:
        """Watches for the request whose reply is to be lost, then for the end of that reply."""
        mark = self._dropped if direction == "to_client" else self._proxy.faults.lost and self._proxy.faults.lost[0]
        if mark is None:
            return False
        seen, self._tail = self._tail + chunk, (self._tail + chunk)[-LONGEST_MARK:]
        if mark in seen:
            self._tail = b""
            if direction == "to_client":
                self._fire(self.writers[:1])  # the server gets FIN: RST could take from it what it has not read yet
            elif self._proxy.faults.lost:
                self._dropped = self._proxy.faults.lost[1]
                self._proxy.faults = _Faults()
        return direction == "to_client"

    def _fire(self, writers: list[asyncio.StreamWriter]) -> None:
        self._proxy.faults = _Faults()
        self.strike(writers)
        self._proxy.fired.set()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made
