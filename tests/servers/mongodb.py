"""A private MongoDB-wire server for tests, which they may kill. `INVOICESTREAM_TEST_MONGO_URL` (mongodb://host:port) gives another
one instead: the databases that tests make there are dropped at the end, and tests that break the server are skipped."""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pymongo
import pytest

from tests.servers.stopped import wait_stopped

BINARY = Path(sys.executable).parent / "../mongo/bin/secantusd-py"
PATIENCE = 60.0  # seconds to start
GIVEN = os.environ.get("INVOICESTREAM_TEST_MONGO_URL", "").rstrip("/")
PR_SET_PDEATHSIG = 1
_numbers = itertools.count(1)


class MongoServer:
    """One server in a process group of its own, in a folder and on a port of its own. Ends with the tests, however they end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="is-mongo-"))
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it answers. From the main thread: the kernel ends it with the thread that started it."""
        command = [str(BINARY), "--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "data")]
        command += ["--cache-size", "128M", "--log-level", "WARNING", "--sync-on-commit"]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_parent
            )
        deadline = time.monotonic() + PATIENCE
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server does not start:\n" + (self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends it as an operator would, waiting until it has ended."""
        self._signal(signal.SIGTERM)
        self._reap()

    def kill(self) -> None:
        """`kill -9` of the whole group."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """Returns when it stands still."""
        self._signal(signal.SIGSTOP)
        assert self._process is not None
        wait_stopped(self._process.pid)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def right(self) -> None:
        """As a test wants to find it, whatever the one before did."""
        self.resume()
        if self._process is None:
            self.start()

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait(PATIENCE)
            self._process = None


@cache
def shared_server() -> MongoServer:
    """One for all tests of a process, started at the first use. A test that stops or kills it starts it again."""
    server = MongoServer()
    server.start()
    return server


def base_url() -> str:
    """Of the given or the shared server."""
    return GIVEN or shared_server().url


def new_database(server: MongoServer | None = None) -> str:
    """The URL of a database that no other test uses: of this server, else of the given or the shared one."""
    base = server.url if server else base_url()
    name = f"test_{os.getpid()}_{next(_numbers)}"
    if base == GIVEN:
        atexit.register(_drop, base, name)
    return f"{base}/{name}"


@pytest.fixture
def mongo_server() -> Iterator[MongoServer]:
    """The shared server, to be broken: it runs again afterwards. Skipped only where a server was given."""
    if GIVEN:
        pytest.skip("the given server is not ours to break")
    server = shared_server()
    yield server
    server.right()


def _drop(base: str, name: str) -> None:
    with pymongo.MongoClient[dict[str, object]](base) as client:
        client.drop_database(name)


def _die_with_parent() -> None:
    if threading.current_thread() is threading.main_thread():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", port)) == 0
