"""The migrations make the tables of schema.py, on the way up and down, and can be written for MariaDB."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, create_engine, inspect
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Inspector

from app.adapters.sql import migrate, open_invoices
from app.adapters.sql.engine import FileLock
from app.adapters.sql.migrate import _migrate, config
from app.adapters.sql.schema import REVISION, metadata
from app.errors import Misconfigured, Unavailable

pytestmark = pytest.mark.timeout(600)


def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def shape(inspector: Inspector) -> dict[str, object]:
    """Everything that a table has, in a form that can be compared."""
    told: dict[str, object] = {}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        told[table] = {
            "columns": [(c["name"], repr(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": sorted(inspector.get_foreign_keys(table), key=str),
            "unique": sorted(inspector.get_unique_constraints(table), key=str),
            "indices": sorted(inspector.get_indexes(table), key=str),
            "options": inspector.get_table_options(table),
        }
    return told


async def test_the_migrated_tables_are_those_of_the_schema(tmp_path: Path) -> None:
    await migrate(url(tmp_path / "migrated.db"))
    migrated = create_engine(f"sqlite:///{tmp_path}/migrated.db")
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    declared = create_engine(f"sqlite:///{tmp_path}/declared.db")
    metadata.create_all(declared)
    assert shape(inspect(migrated)) == shape(inspect(declared))
    migrated.dispose()
    declared.dispose()


async def test_up_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    await migrate(url(path))
    await migrate(url(path))
    engine = create_engine(f"sqlite:///{path}")
    full = shape(inspect(engine))
    steps = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]
    for revision in [*steps[1:], "base"]:
        _migrate(path, revision, down=True)
    assert shape(inspect(engine)) == {}
    await migrate(url(path))
    assert shape(inspect(engine)) == full
    engine.dispose()


def test_one_line_of_migrations_each_with_one_change() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert scripts.get_heads() == [REVISION]
    for script in scripts.walk_revisions():
        text = Path(script.path).read_text()
        assert len(re.findall(r"\bop\.(?!f\b)\w+\(", text)) == 2, script.path  # there, and back


def _mysql_script(revision: str, down: bool = False) -> str:
    buffer = io.StringIO()
    settings = config()
    settings.output_buffer = buffer
    settings.attributes["dialect"] = "mysql"
    (command.downgrade if down else command.upgrade)(settings, revision, sql=True)
    return buffer.getvalue()


def test_the_migrations_can_be_written_for_mariadb() -> None:
    up = _mysql_script("head")
    tables = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)(.*?);", up, re.S)
    assert {name for name, _, _ in tables} == {*metadata.tables, "alembic_version"}
    for name, body, options in tables:
        if name == "alembic_version":
            continue
        assert all(option in options for option in ("ENGINE=InnoDB", "CHARSET=utf8mb4", "COLLATE utf8mb4_bin")), name
        assert "DATETIME," not in body and "DATETIME " not in body, name  # without (6), seconds
        key = re.search(r"PRIMARY KEY \((.*?)\)", body)
        assert key is not None
        for column in key[1].split(", "):
            kind = re.search(rf"^\s+{column} (.*?),?$", body, re.M)
            assert kind is not None and ("ascii_bin" in kind[1] or "INT" in kind[1]), (name, column)
    assert "total_with_tax NUMERIC(28, 10)" in up and "result LONGBLOB" in up and "received_at DATETIME(6) NOT NULL" in up
    assert "id BIGINT NOT NULL AUTO_INCREMENT" in up
    assert _mysql_script(f"{REVISION}:base", down=True).count("DROP TABLE") == len(metadata.tables)


def test_no_key_is_too_long_for_mariadb() -> None:
    """InnoDB's keys have at most 3072 bytes; its rows, as they are declared, 65535."""
    widths: dict[Column[object], int] = {}
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind = column.type.dialect_impl(mysql.dialect())
            length = getattr(kind, "length", None) or 0
            widths[column] = length * (1 if getattr(kind, "charset", None) == "ascii" else 4) + 16
        assert sum(widths[c] for c in table.columns) < 65535
        for columns in (table.primary_key.columns, *(index.columns for index in table.indexes)):
            assert sum(widths[column] for column in columns) <= 3072


async def test_a_database_in_use_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.db"
    await migrate(url(path))
    lock = FileLock(path)
    with pytest.raises(Misconfigured, match="another InvoiceStream process"):
        await migrate(url(path))
    lock.release()
    await migrate(url(path))


async def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    await migrate(url(tmp_path / "a.db"))
    async with open_invoices(url(tmp_path / "a.db"), b"k", deadline=60) as store:
        await store.ping()
        assert {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == dict.fromkeys(
            ("a.db", "a.db-wal", "a.db-shm", "a.db.lock"), 0o600
        )


async def test_several_are_migrated_at_once(tmp_path: Path) -> None:
    await asyncio.gather(*(migrate(url(tmp_path / f"{n}.db")) for n in range(4)))
    for n in range(4):
        async with open_invoices(url(tmp_path / f"{n}.db"), b"k", deadline=60) as store:
            await store.ping()


async def test_only_a_migrated_database_is_opened(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="migrate"):
        async with open_invoices(url(tmp_path / "none.db"), b"k"):
            pass
    assert not (tmp_path / "none.db").exists()
    sqlite3.connect(tmp_path / "empty.db").close()
    for path in (tmp_path / "empty.db", tmp_path / "old.db"):
        if path.name == "old.db":
            await migrate(url(path))
            _migrate(path, "0003", down=True)
        with pytest.raises(Misconfigured, match="run `invoicestream migrate`"):
            async with open_invoices(url(path), b"k"):
                pass


async def test_what_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unavailable):
        await migrate(url(tmp_path / "a.db"))
    with pytest.raises(Unavailable):
        async with open_invoices(url(tmp_path / "a.db"), b"k"):
            pass


@pytest.mark.parametrize(
    "wrong", ["", "nonsense", "sqlite:///a.db", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "postgresql://h/d"]
)
async def test_other_urls_are_refused(wrong: str) -> None:
    with pytest.raises(Misconfigured):
        await migrate(wrong)
    with pytest.raises(Misconfigured):
        async with open_invoices(wrong, b"k"):
            pass
