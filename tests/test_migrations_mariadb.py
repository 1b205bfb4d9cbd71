"""The migrations on a real server: they make the tables of schema.py, one by one, up and down, at once, and go on after a kill."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator

import pymysql
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from app.adapters.sql import migrate, open_invoices
from app.adapters.sql.migrate import config
from app.adapters.sql.migrate_mariadb import lock_name, migrate_mariadb
from app.adapters.sql.schema import REVISION, metadata
from app.errors import Misconfigured, Unavailable
from tests.servers.mariadb import DATABASE, GIVEN, server
from tests.test_migrations import shape

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(GIVEN is not None, reason="on a given server there is one database, of the other tests"),
]
STEPS = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()][::-1]
_numbers = itertools.count()


def new_url() -> str:
    """Of an empty database."""
    name = f"{DATABASE}_m{next(_numbers)}"
    server().right()
    with server().root() as cursor:
        cursor.execute(f"CREATE OR REPLACE DATABASE {name} CHARACTER SET latin1")  # whatever a server makes by default
    return server().url_of(name)


@pytest.fixture
def url() -> str:
    return new_url()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = to(url)
    yield made
    made.dispose()


def to(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="mysql+pymysql"))


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


async def test_the_migrated_tables_are_those_of_the_schema(url: str, engine: Engine) -> None:
    await migrate(url)
    await migrate(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    declared = to(new_url())
    metadata.create_all(declared)
    found, wanted = shape(inspect(engine)), shape(inspect(declared))
    assert found.keys() == wanted.keys()
    for table in wanted:
        assert _in_any_order(found[table]) == _in_any_order(wanted[table])
    declared.dispose()
    async with open_invoices(url, b"k") as store:
        await store.ping()


def _in_any_order(table: object) -> object:
    """A column that was added later stands last; where it stands says nothing."""
    assert isinstance(table, dict)
    return {
        **table,
        "columns": sorted(table["columns"], key=str),
        "foreign keys": [{**key, "referred_schema": None} for key in table["foreign keys"]],
    }


def test_one_by_one_up_and_down(url: str, engine: Engine) -> None:
    shapes: list[object] = [shape(inspect(engine))]
    for revision in STEPS:
        migrate_mariadb(url, revision)
        assert revision_of(engine) == revision
        shapes.append(shape(inspect(engine)))
    assert len({str(each) for each in shapes}) == len(STEPS) + 1  # each changes something
    for number, revision in reversed(list(enumerate(["base", *STEPS[:-1]]))):
        migrate_mariadb(url, revision, down=True)
        assert shape(inspect(engine)) == shapes[number]
    migrate_mariadb(url, "head")
    assert shape(inspect(engine)) == shapes[-1]


def test_a_kill_between_a_change_and_its_record_is_made_good(url: str, engine: Engine) -> None:
    """At every step: the change is there, the record still says the step before."""
    migrate_mariadb(url, STEPS[0])
    for before, after in itertools.pairwise(STEPS):
        migrate_mariadb(url, after)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": before})
        migrate_mariadb(url, after)
        assert revision_of(engine) == after
    full = shape(inspect(engine))
    for number, revision in reversed(list(enumerate(STEPS))):
        before = STEPS[number - 1] if number else "base"
        migrate_mariadb(url, before, down=True)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM alembic_version"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
        migrate_mariadb(url, before, down=True)
        assert revision_of(engine) == (None if before == "base" else before)
    migrate_mariadb(url, "head")
    assert shape(inspect(engine)) == full


def test_tables_that_are_not_ours_stop_it(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        for name in ("tenants", "api_keys"):
            connection.execute(text(f"CREATE TABLE {name} (somebody INT)"))
    with pytest.raises(Unavailable, match="1050 TABLE_EXISTS_ERROR"):
        migrate_mariadb(url, "head")


async def test_a_server_that_is_killed_in_the_midst_is_migrated_afterwards() -> None:
    for delay in range(6):
        url = new_url()
        await migrate_until_killed(url, 3 * delay)
        server().start()
        await migrate(url)
        async with open_invoices(url, b"k") as store:
            await store.ping()


async def migrate_until_killed(url: str, tables: int) -> None:
    """The kill comes when so many tables are there, more or less."""
    going = asyncio.ensure_future(migrate(url))
    name = make_url(url).database
    with server().root() as cursor:
        seen = -1
        while seen < min(tables, len(metadata.tables)) and not going.done():
            await asyncio.sleep(0)
            cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = %s", (name,))
            seen = cursor.fetchone()[0]
    server().kill()
    await asyncio.gather(going, return_exceptions=True)


async def test_several_that_start_at_once_migrate_once(url: str, engine: Engine) -> None:
    code = "import asyncio, sys; from app.adapters.sql import migrate; asyncio.run(migrate(sys.argv[1]))"
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, url) for _ in range(3)]
    assert [await process.wait() for process in started] == [0, 0, 0]
    assert revision_of(engine) == REVISION


def test_who_migrates_is_waited_for(url: str) -> None:
    at = make_url(url)
    other = pymysql.connect(host=at.host or "", port=at.port or 0, user=at.username, password=str(at.password), database=at.database)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, 0)", (lock_name(at.database or ""),))
            assert cursor.fetchone()[0] == 1
        with pytest.raises(Unavailable, match="another process is migrating"):
            migrate_mariadb(url, "head", wait=0)
    finally:
        other.close()
    migrate_mariadb(url, "head")


async def test_only_a_migrated_database_is_opened(url: str) -> None:
    for revision in (None, "0003"):
        if revision is not None:
            await asyncio.to_thread(migrate_mariadb, url, revision)
        with pytest.raises(Misconfigured, match="run `invoicestream migrate`"):
            async with open_invoices(url, b"k"):
                pass
