"""Brings a database to the tables of this version, by Alembic."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from app.adapters.sql.engine import FileLock, is_mariadb, sqlite_engine, sqlite_path
from app.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parents[3] / "migrations"
BUSY_TIMEOUT = 10.0  # seconds
one_at_a_time = threading.Lock()  # Alembic keeps its context in a module


async def migrate(url: str) -> None:
    """Makes the tables, or changes them. Nothing to do is a success. A file (and its folder) is made too, and needed alone; a
    database on a server is not made, and may be in use: who comes second waits for who came first.

    Raises `Misconfigured` while another process uses the file, `Unavailable` if it cannot be written.
    """
    if is_mariadb(url):
        from app.adapters.sql.migrate_mariadb import migrate_mariadb

        await asyncio.to_thread(migrate_mariadb, url, "head")
    else:
        await asyncio.to_thread(_migrate, sqlite_path(url), "head")


def config() -> Config:
    """Alembic's settings; the caller adds `attributes["connection"]` or `attributes["dialect"]` (see migrations/env.py)."""
    from alembic.config import Config  # takes 0.2 s, which only migrating is worth

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def _migrate(path: Path, revision: str, *, down: bool = False) -> None:
    from alembic import command

    if not MIGRATIONS.is_dir():
        raise Misconfigured(f"{MIGRATIONS}: the migrations are missing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For its owner alone; SQLite gives its other files the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as exc:
        raise Misconfigured(f"{path}: cannot be made ({exc.strerror})") from exc
    lock = FileLock(path)
    try:
        engine = sqlite_engine(path, begin="BEGIN IMMEDIATE", busy_timeout=BUSY_TIMEOUT)
        try:
            with engine.connect() as connection:
                settings = config()
                settings.attributes["connection"] = connection
                with one_at_a_time:
                    (command.downgrade if down else command.upgrade)(settings, revision)
        finally:
            engine.dispose()
    except (DBAPIError, sqlite3.Error) as exc:
        raise Unavailable("sql", type(exc).__name__) from exc
    finally:
        lock.release()
