"""`python -m tests.bench.load PORT FOLDER RATE FIRST COUNT`: an open-loop client in a process of its own. The key comes in BENCH_KEY.

Each POST has its moment, set before the run; latency counts from that moment, so a service that makes callers wait cannot hide it.
Every file is sent once. Prints one JSON object: latencies in seconds (of the 202s), failures (what else came), seconds in all.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path

from tests.service import multipart

DEADLINE = 30.0


class Connection:
    """One HTTP/1.1 keep-alive connection: cheap, so that the client takes little from the cores it shares with the service."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes, kind: str) -> int:
        """The status. Raises OSError or EOFError when the connection breaks."""
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # the service ends what stood idle for long: not used again, as any client's pool does it
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = (
            f"POST /invoices HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        await reader.readexactly(int(headers[b"content-length"]))
        if headers.get(b"connection") == b"close":
            self.close()
        return int(lines[0].split()[1])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def run(port: int, key: str, paths: list[Path], rate: float) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    idle: list[Connection] = []
    latencies: list[float] = []
    failures: Counter[str] = Counter()

    async def one(path: Path, moment: float) -> None:
        body, kind = multipart({path.name: path.read_bytes()})
        connection = idle.pop() if idle else Connection(port, key)
        try:
            async with asyncio.timeout(DEADLINE):
                status = await connection.post(body, kind)
        except (OSError, EOFError, TimeoutError) as error:
            connection.close()
            failures[type(error).__name__] += 1
            return
        idle.append(connection)
        if status == 202:
            latencies.append(loop.time() - moment)
        else:
            failures[str(status)] += 1

    began = loop.time() + 0.1
    async with asyncio.TaskGroup() as tasks:
        for number, path in enumerate(paths):
            moment = began + number / rate
            await asyncio.sleep(max(0.0, moment - loop.time()))
            tasks.create_task(one(path, moment))
    seconds = loop.time() - began
    for connection in idle:
        connection.close()
    return {"latencies": latencies, "failures": dict(failures), "seconds": seconds}


def main(port: str, folder: str, rate: str, first: str, count: str) -> None:
    paths = sorted(Path(folder).iterdir())[int(first) :][: int(count)]
    if len(paths) != int(count):
        raise SystemExit(f"{folder} holds too few files")
    print(json.dumps(asyncio.run(run(int(port), os.environ["BENCH_KEY"], paths, float(rate)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
