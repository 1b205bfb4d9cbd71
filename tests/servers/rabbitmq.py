"""A private RabbitMQ: own data folder, own ports on 127.0.0.1, own port mapper. It ends with the process that started it.

`INVOICESTREAM_TEST_BROKER_URL` names a broker that is there already; the tests that end the broker are skipped with it alone.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import aio_pika
from yarl import URL

from app.adapters.rabbitmq_connection import Address, address_of
from app.adapters.rabbitmq_events import RabbitEventBus
from app.adapters.rabbitmq_queue import RabbitWorkQueue
from app.adapters.rabbitmq_topology import Topology
from tests.service import free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATIENCE = 120.0  # seconds for what takes five on an idle machine
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class RabbitMQ:
    """One node. `start` returns when it takes connections."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="is-mq-"))
        self.port, self._dist, self._mapper_port = free_port(), free_port(), free_port()
        self._node: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        name = f"t{secrets.token_hex(4)}@localhost"
        (self._folder / "plugins").write_text("[].")
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 10MB\nraft.wal_max_size_bytes = 33554432\n"
        )
        self._environ = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node, whose signals are ours to send
            # No busy waiting: the cores are shared with what is tested.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
        }
        atexit.register(self.close)

    @property
    def pid(self) -> int:
        assert self._node is not None, "not started"
        return self._node.pid

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self, patience: float = PATIENCE) -> float:
        """Returns the seconds it took."""
        began = time.monotonic()
        if self._mapper is None:
            self._mapper = self._run("epmd", "-address", "127.0.0.1", "-port", str(self._mapper_port))
        self._node = self._run(str(SERVER))
        while time.monotonic() - began < patience:
            if self._node.poll() is not None:
                raise RuntimeError(f"RabbitMQ ended with {self._node.returncode}: {self.log_tail()}")
            if self.answers():
                return time.monotonic() - began
            time.sleep(0.05)
        raise TimeoutError(f"RabbitMQ does not answer after {patience} s: {self.log_tail()}")

    def answers(self) -> bool:
        """Whether it speaks AMQP, not only listens."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
                connection.settimeout(1.0)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return len(connection.recv(8)) > 0
        except OSError:
            return False

    def kill(self) -> None:
        """kill -9 of the whole group."""
        self._signal(signal.SIGKILL)
        assert self._node is not None
        self._node.wait(PATIENCE)

    def stop(self) -> None:
        """In order."""
        self._signal(signal.SIGTERM)
        assert self._node is not None
        self._node.wait(PATIENCE)

    def restart(self) -> float:
        self.kill()
        return self.start()

    def control(self, *arguments: str) -> str:
        """`rabbitmqctl ARGUMENTS`; some two seconds."""
        command = [str(SERVER.with_name("rabbitmqctl")), *arguments]
        return subprocess.run(
            command, env=self._environ, cwd=self._folder, capture_output=True, check=True, text=True, timeout=PATIENCE
        ).stdout

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def right(self) -> None:
        """As a test wants to find it, whatever the one before did."""
        assert self._node is not None, "not started"
        if self._node.poll() is not None:
            self.start()
        self.resume()

    def close(self) -> None:
        """Nothing is left of it, neither processes nor files."""
        for process in (self._node, self._mapper):
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)
        self._node = self._mapper = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self, size: int = 2000) -> str:
        return (self._folder / "out").read_bytes()[-size:].decode(errors="replace")

    def _signal(self, number: signal.Signals) -> None:
        assert self._node is not None, "not started"
        os.killpg(self._node.pid, number)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / "out").open("ab") as out:
            return subprocess.Popen(
                command,
                env=self._environ,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@cache
def shared_broker() -> RabbitMQ:
    """The one of this process, started at the first use. Who breaks it mends it before the test ends."""
    server = RabbitMQ()
    server.start()
    return server


def broker_url() -> str:
    return os.environ.get("INVOICESTREAM_TEST_BROKER_URL") or shared_broker().url


def new_prefix() -> str:
    """Queues of this test alone."""
    return f"t{secrets.token_hex(6)}."


def new_address(url: str | None = None) -> Address:
    return address_of(str(URL(url or broker_url()).update_query({"prefix": new_prefix()})))


@asynccontextmanager
async def open_work_queue(address: Address | None = None) -> AsyncIterator[RabbitWorkQueue]:
    """On names of its own, which are gone afterwards."""
    address = address or new_address()
    async with RabbitWorkQueue(address, deadline=PATIENCE, watch=3600) as queue:  # the watchdog would mend what a test is about
        yield queue
    await forget(address)


@asynccontextmanager
async def open_event_bus(buffer: int = 256, address: Address | None = None) -> AsyncIterator[RabbitEventBus]:
    address = address or new_address()
    async with RabbitEventBus(address, buffer, deadline=PATIENCE) as bus:
        await bus.joined()
        yield bus
    await forget(address)


async def forget(address: Address) -> None:
    """Deletes everything that has the address' prefix."""
    connection = await aio_pika.connect(address.url)
    async with connection, connection.channel() as channel:
        await Topology(address.prefix).delete(channel)


def cut(port: int) -> int:
    """Ends this process's own connections to the port, as a network does that goes away. Returns how many there were."""
    ended = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            connection = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue  # the listing's own, or no socket
        with connection:
            try:
                if connection.family == socket.AF_INET and connection.getpeername()[1] == port:
                    connection.shutdown(socket.SHUT_RDWR)
                    ended += 1
            except OSError:
                continue
    return ended
