"""A private MariaDB for tests: its own data folder, port and process group; it dies with the tests, however they end.

`INVOICESTREAM_TEST_SQL_URL` names a database on another server instead, which may be emptied: then nothing is killed.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pymysql
from sqlalchemy.engine import URL, make_url

from app.adapters.sql import migrate
from app.adapters.sql.schema import metadata
from tests.servers.stopped import wait_stopped

GIVEN = os.environ.get("INVOICESTREAM_TEST_SQL_URL")
USER, PASSWORD = "invoicestream", "canary-password"
DATABASE = "invoicestream"
START = 60.0  # seconds
FOLDER = Path("/dev/shm")  # a sync there costs nothing; what is proved is about processes that die, not about power
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_the_tests() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class MariaServer:
    """One server. `url` is that of a database which `empty()` made; root has no password on it."""

    def __init__(self) -> None:
        parent = FOLDER if FOLDER.is_dir() else Path(tempfile.gettempdir())
        _sweep(parent)
        self._folder = Path(tempfile.mkdtemp(prefix=f"maria-{os.getpid()}-", dir=parent))
        (self._folder / "tmp").mkdir()  # of its own: a server that starts removes what it finds there of others
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self._remove)
        name = getpass.getuser()
        made = subprocess.run(
            [
                "mariadb-install-db", "--no-defaults", f"--datadir={self._folder}/data", f"--user={name}",
                "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", f"--tmpdir={self._folder}/tmp",
            ],
            capture_output=True,
        )  # fmt: skip
        if made.returncode != 0:
            raise RuntimeError(made.stdout.decode() + made.stderr.decode())
        self.start()
        with self.root() as cursor:
            cursor.execute(f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT ALL ON `{DATABASE}%`.* TO '{USER}'@'%'")

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str, port: int | None = None) -> str:
        url = URL.create("mysql+aiomysql", USER, PASSWORD, "127.0.0.1", port or self._port, database)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def root(self) -> Iterator[Any]:
        """A cursor of the server's administrator, each statement by itself."""
        connection = pymysql.connect(host="127.0.0.1", port=self._port, user="root", autocommit=True, connect_timeout=30, read_timeout=60)
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def start(self) -> None:
        """Returns when it answers."""
        with open(self._folder / "out.log", "ab") as out:
            self._process = subprocess.Popen(
                [
                    "mariadbd", "--no-defaults", f"--datadir={self._folder}/data", f"--user={getpass.getuser()}",
                    f"--socket={self._folder}/s.sock", f"--pid-file={self._folder}/m.pid", f"--log-error={self._folder}/err.log",
                    "--bind-address=127.0.0.1", f"--port={self._port}", "--skip-name-resolve", "--skip-log-bin",
                    "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=1",
                    "--performance-schema=OFF", f"--tmpdir={self._folder}/tmp",
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, preexec_fn=_die_with_the_tests,
            )  # fmt: skip
        until = time.monotonic() + START
        while True:
            try:
                with self.root():
                    return
            except pymysql.err.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    log = self._folder / "err.log"
                    raise RuntimeError(log.read_text(errors="replace")[-2000:] if log.exists() else "no log") from None
                time.sleep(0.05)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.kill()
        self.start()

    def pause(self) -> None:
        """Returns when it stands still."""
        self._signal(signal.SIGSTOP)
        assert self._process is not None
        wait_stopped(self._process.pid)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def right(self) -> None:
        """As a test wants to find it, whatever the one before did."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        self.resume()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._signal(number)
                self._signal(signal.SIGCONT)
            self._process.wait(START)

    def _remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """What tests that were killed have left."""
    for folder in parent.glob("maria-*-*"):
        if not Path(f"/proc/{folder.name.split('-')[1]}").exists():
            shutil.rmtree(folder, ignore_errors=True)


@cache
def server() -> MariaServer:
    """The one of this test process, started when it is first asked for."""
    if shutil.which("mariadbd") is None:
        raise RuntimeError("the tests need MariaDB: `make servers`")
    return MariaServer()


async def empty() -> str:
    """The URL of a migrated database without rows, the same each time: emptying is cheap, making tables is not."""
    if GIVEN is None:
        server().right()
    url = GIVEN or server().url
    await _migrated(url)
    await asyncio.to_thread(_delete_rows, make_url(url))
    return url


_known: set[str] = set()


async def _migrated(url: str) -> None:
    if url not in _known:
        if GIVEN is None:
            with server().root() as cursor:
                cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4")
        await migrate(url)
        _known.add(url)


def _delete_rows(url: URL) -> None:
    with connected(url) as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for table in metadata.tables:
            cursor.execute(f"DELETE FROM `{table}`")


async def quiet(url: str, *databases: Any, besides: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    """Returns when the server has no connection to the database of `url` but those `besides` and those that `databases`
    (`MariaDatabase`) have open: what was cut off is rolled back or committed then."""
    async with asyncio.timeout(30):
        while (
            await asyncio.to_thread(_connections, url)
            - besides
            - {c.server_thread_id[0] for database in databases for c in database._made if not c.closed}
        ):
            pass


def _connections(url: str) -> set[int]:
    with connected(url) as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()")
        return {row[0] for row in cursor.fetchall()}


@contextmanager
def connected(url: URL | str) -> Iterator[Any]:
    """A cursor of somebody else with the same rights, each statement by itself."""
    url = make_url(url)
    connection = pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username or "",
        password=str(url.password or ""),
        database=url.database,
        autocommit=True,
        charset="utf8mb4",
        read_timeout=60,
    )
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
