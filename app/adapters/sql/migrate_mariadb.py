"""Migrating on a server: under a named lock, as several processes may start at once, and able to go on after a kill.

MariaDB commits each change of a table by itself, so a process that dies can leave one change made but not recorded. Each migration is
one such change, which is whole or not at all: what is found made already is recorded, and the next one begins.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import ER
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from app.adapters.sql.mariadb import mariadb_url, ours
from app.adapters.sql.migrate import config, one_at_a_time
from app.errors import Unavailable

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_WAIT = 120  # seconds: as long as another process may take to migrate
CHANGE = 3600  # seconds that one change may take on large tables
_MADE = {ER.TABLE_EXISTS_ERROR, ER.DUP_FIELDNAME, ER.DUP_KEYNAME}
_UNMADE = {ER.BAD_TABLE_ERROR, ER.CANT_DROP_FIELD_OR_KEY}


def migrate_mariadb(url: str, revision: str, *, down: bool = False, wait: int = LOCK_WAIT) -> None:
    """Blocks. Through PyMySQL, which aiomysql stands on: Alembic is not made for async."""
    server = mariadb_url(url)
    engine = create_engine(
        server.set(drivername="mysql+pymysql"),
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={"charset": "utf8mb4", "connect_timeout": 10, "read_timeout": CHANGE, "write_timeout": 60},
    )
    name = lock_name(server.database or "")
    try:
        with engine.connect() as connection:
            if connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (name, wait)).scalar() != 1:
                raise Unavailable("sql", "another process is migrating")
            settings = config()
            settings.attributes["connection"] = connection
            with one_at_a_time:
                _run(settings, connection, revision, down=down)
            connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (name,))
    except (DBAPIError, pymysql.Error) as exc:
        if (error := ours(exc)) is None:
            raise
        raise error from exc
    finally:
        engine.dispose()


def lock_name(database: str) -> str:
    """The server's locks have one space of names for all databases, of 64 characters each."""
    return "invoicestream-" + hashlib.sha256(database.encode()).hexdigest()[:32]


def _run(settings: Config, connection: Connection, revision: str, *, down: bool) -> None:
    from alembic import command
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    go = command.downgrade if down else command.upgrade
    try:
        go(settings, revision)
    except DBAPIError as exc:
        code = exc.orig.args[0] if exc.orig is not None and exc.orig.args else None
        if code not in (_UNMADE if down else _MADE):
            raise
        # Once: a process that died left one change unrecorded, not two.
        recorded = MigrationContext.configure(connection).get_current_revision()
        scripts = {script.revision: script.down_revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
        after = {before: revision for revision, before in scripts.items()}
        made = scripts[recorded or ""] if down else after[recorded]
        command.stamp(settings, str(made or "base"))
        go(settings, revision)
