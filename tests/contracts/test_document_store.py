"""The contract of `DocumentStore`. An adapter joins by one line in ADAPTERS."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.mongo_documents import MongoDocuments
from app.adapters.sqlite_documents import SqliteDocuments
from app.errors import Unavailable
from app.ports import DocumentStore
from tests.contracts.full_disk import full_disk
from tests.servers.mongodb import new_database

PATIENCE = 60.0  # seconds: a slow disk is not what most of these tests are about
ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[DocumentStore]]] = {
    "sqlite": lambda folder: SqliteDocuments(folder / "documents.sqlite", PATIENCE),
    "mongo": lambda _: MongoDocuments(new_database(), PATIENCE),
}


@pytest.fixture(params=ADAPTERS)
async def documents(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DocumentStore]:
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


async def test_save_then_load(documents: DocumentStore) -> None:
    assert await documents.load("acme", "i1:1:1") is None
    body = '{"text": "Größe 🧾", "n": 1.10}'.encode()
    await documents.save("acme", "i1:1:1", body)
    assert await documents.load("acme", "i1:1:1") == body


async def test_the_same_key_again_keeps_the_first(documents: DocumentStore) -> None:
    await documents.save("acme", "i1:1:1", b'{"n": 1}')
    await documents.save("acme", "i1:1:1", b'{"n": 2}')
    assert await documents.load("acme", "i1:1:1") == b'{"n": 1}'


async def test_one_key_from_many_at_once_has_one_winner(documents: DocumentStore) -> None:
    bodies = [b'{"n": %d}' % n for n in range(20)]
    await asyncio.gather(*(documents.save("acme", "k", body) for body in bodies))
    winner = await documents.load("acme", "k")
    assert winner in bodies
    await documents.save("acme", "k", b'{"n": 99}')
    assert await documents.load("acme", "k") == winner


async def test_tenants_do_not_see_each_other(documents: DocumentStore) -> None:
    await documents.save("acme", "k", b"{}")
    assert await documents.load("other", "k") is None
    await documents.save("other", "k", b"[]")
    assert await documents.load("acme", "k") == b"{}"
    assert await documents.load("other", "k") == b"[]"


async def test_many_saves_at_once_are_all_kept(documents: DocumentStore) -> None:
    await asyncio.gather(*(documents.save("acme", f"i{n}:1:1", b'{"n": %d}' % n) for n in range(200)))
    assert await asyncio.gather(*(documents.load("acme", f"i{n}:1:1") for n in range(200))) == [b'{"n": %d}' % n for n in range(200)]


async def test_a_large_body(documents: DocumentStore) -> None:
    body = b'"' + b"x" * 5_000_000 + b'"'
    await documents.save("acme", "large", body)
    assert await documents.load("acme", "large") == body


async def test_a_call_cancelled_in_mid_air_disturbs_no_other(documents: DocumentStore) -> None:
    tasks = [asyncio.create_task(documents.save("acme", f"k{n}", b"{}")) for n in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[::2])
    assert outcomes[1::2] == [None] * 20
    assert [await documents.load("acme", f"k{n}") for n in range(1, 40, 2)] == [b"{}"] * 20
    await documents.save("acme", "k0", b"{}")
    assert await documents.load("acme", "k0") == b"{}"


async def test_a_key_that_is_no_text_is_refused_alone(documents: DocumentStore) -> None:
    bad, good = await asyncio.gather(documents.save("acme", "\ud800", b"{}"), documents.save("acme", "k", b"{}"), return_exceptions=True)
    assert isinstance(bad, ValueError)
    assert good is None


async def test_what_was_saved_is_listed_and_deleted_by_its_owner_alone(documents: DocumentStore) -> None:
    now = datetime.now(UTC)
    for tenant, key in (("b", "k1"), ("a", "k2"), ("a", "k1"), ("a-b", "k")):
        await documents.save(tenant, key, b"{}")
    assert [item async for item in documents.saved_before(now - timedelta(minutes=1))] == []
    listed = [item async for item in documents.saved_before(now + timedelta(minutes=1))]
    assert sorted(listed) == [("a", "k1"), ("a", "k2"), ("a-b", "k"), ("b", "k1")]
    assert [key for tenant, key in listed if tenant == "a"] == ["k1", "k2"]
    assert await documents.missing("a", {"k1", "k2", "k3", "k"}) == {"k3", "k"}
    assert await documents.missing("a", set()) == set()
    await documents.delete("a", "k1")
    await documents.delete("a", "k1")
    assert await documents.load("a", "k1") is None
    assert await documents.load("b", "k1") == b"{}"
    await documents.save("a", "k1", b"[]")
    assert await documents.load("a", "k1") == b"[]"


async def test_more_than_a_page_is_listed_once_each(documents: DocumentStore) -> None:
    keys = [f"k{number:04}" for number in range(1100)]
    await asyncio.gather(*(documents.save("acme", key, b"{}") for key in keys[:900]))
    await asyncio.gather(*(documents.save("acme", key, b"{}") for key in keys[900:]))
    assert [key async for _, key in documents.saved_before(datetime.now(UTC) + timedelta(minutes=1))] == keys
    assert await documents.missing("acme", [*keys, "none"]) == {"none"}


async def test_ping(documents: DocumentStore) -> None:
    await documents.ping()


# What only the embedded twin promises.


async def test_what_was_saved_is_there_after_opening_again_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "data" / "documents.sqlite"
    async with SqliteDocuments(path, PATIENCE) as documents:
        await documents.save("acme", "k", b"{}")
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    async with SqliteDocuments(path, PATIENCE) as documents:
        assert await documents.load("acme", "k") == b"{}"


async def test_a_save_that_returned_survives_a_kill(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, signal, sys\nfrom pathlib import Path\nfrom app.adapters.sqlite_documents import SqliteDocuments\n"
        "async def main():\n  async with SqliteDocuments(Path(sys.argv[1]), 60) as d:\n    await d.save('acme', 'k', b'{}')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\nasyncio.run(main())"
    )
    path = tmp_path / "documents.sqlite"
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, path], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    async with SqliteDocuments(path, PATIENCE) as documents:
        assert await documents.load("acme", "k") == b"{}"


async def test_a_locked_file_is_unavailable_within_the_deadline_and_works_again_after(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    async with SqliteDocuments(path, deadline=0.4) as documents:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable) as caught:
                await documents.save("acme", "k", b"{}")
            assert caught.value.dependency == "documents"
            with pytest.raises(Unavailable):
                await documents.ping()
        documents._deadline = PATIENCE
        await documents.save("acme", "k", b"{}")
        assert await documents.load("acme", "k") == b"{}"


async def test_calls_that_wait_too_long_are_told_and_too_many_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    async with SqliteDocuments(path, deadline=2, waiting=3) as documents:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            first = asyncio.create_task(documents.save("acme", "k0", b"{}"))
            async with asyncio.timeout(PATIENCE):
                while documents._pending == 0 or not documents._requests.empty():
                    await asyncio.sleep(0)
            # In SQLite's own wait by now, or about to be, for half of the deadline: the next ones are behind it.
            outcomes = await asyncio.gather(*(documents.save("acme", f"k{n}", b"{}") for n in range(1, 6)), first, return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert [str(outcome) for outcome in outcomes].count("documents: too many calls wait") == 3
        documents._deadline = PATIENCE
        async with asyncio.timeout(PATIENCE):
            while documents._pending:
                await asyncio.sleep(0.01)
        await documents.save("acme", "later", b"{}")


async def test_a_full_disk_is_unavailable_and_what_was_saved_stays(tmp_path: Path) -> None:
    with full_disk(tmp_path):
        async with SqliteDocuments(tmp_path / "documents.sqlite", PATIENCE) as documents:
            await documents.save("acme", "before", b"{}")
            with pytest.raises(Unavailable) as caught:
                await documents.save("acme", "large", b'"' + b"x" * 1_000_000 + b'"')
            assert caught.value.dependency == "documents"
            await documents.save("acme", "after", b"{}")
            assert [await documents.load("acme", key) for key in ("before", "large", "after")] == [b"{}", None, b"{}"]


async def test_a_file_that_is_no_database_is_unavailable_at_open(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Unavailable):
        async with SqliteDocuments(path):
            pass


async def test_a_closed_store_is_unavailable(tmp_path: Path) -> None:
    async with SqliteDocuments(tmp_path / "documents.sqlite", PATIENCE) as documents:
        pass
    with pytest.raises(Unavailable):
        await documents.load("acme", "k")
    assert not os.path.exists(tmp_path / "documents.sqlite-wal")
