"""What the SQLite store promises beyond the contract: one service process, crashes, full disks, deadlines, the audit's proof."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from app.adapters.sql import SqlInvoices
from app.adapters.sql import open_invoices as open_in_time
from app.domain.extraction import Extracted
from app.domain.invoice import Invoice
from app.domain.record import Result
from app.domain.work import Job
from app.errors import DeadlineExceeded, Misconfigured, Refused, Unavailable
from app.ports import Blob, Settlement, Upload
from tests.api_host import migrated

pytestmark = pytest.mark.timeout(600)
KEY = b"audit key"
PATIENCE = 60.0  # seconds: a slow disk is not what most of these tests are about
open_invoices = partial(open_in_time, deadline=PATIENCE)
DONE = Settlement("approved", result=Result(Extracted(Invoice(number="R-1"), "invoice", "xml")))


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await migrated(tmp_path)
    return tmp_path / "invoices.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqlInvoices]:
    async with open_invoices(f"sqlite+aiosqlite:///{path}", KEY) as opened:
        yield opened


async def accept(store: SqlInvoices, content: str = "a") -> str:
    (accepted,) = await store.for_tenant("acme").accept([Upload("a.pdf", "application/pdf", Blob((content * 64)[:64], 1))], "k", None, None)
    return accepted.id


async def worked_off(store: SqlInvoices) -> None:
    """Returns when the writing thread has ended what it had begun, also what nobody waits for any more."""
    await asyncio.wrap_future(store._database._writer._thread.submit(lambda: None))  # type: ignore[attr-defined]


async def settle(store: SqlInvoices, invoice_id: str) -> None:
    job = await store.claim("acme", invoice_id, "w", 60)
    assert isinstance(job, Job)
    await store.settle(job, DONE)


def execute(path: Path, *statements: str) -> None:
    """As somebody would who has the file but not the key."""
    connection = sqlite3.connect(path)
    for statement in statements:
        assert connection.execute(statement).rowcount > 0, statement
    connection.commit()
    connection.close()


# One service process


OTHER = """
import asyncio, sys
from app.adapters.sql import open_invoices
async def main():
    async with open_invoices(sys.argv[1], b"audit key", deadline=60) as store:
        print("open", flush=True)
        sys.stdin.read()
asyncio.run(main())
"""


async def test_a_second_service_process_is_refused(path: Path) -> None:
    url = f"sqlite+aiosqlite:///{path}"
    other = subprocess.Popen([sys.executable, "-c", OTHER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdin is not None and other.stdout is not None
    assert other.stdout.readline() == b"open\n"
    try:
        with pytest.raises(Misconfigured, match="another InvoiceStream process uses this database"):
            async with open_invoices(url, KEY):
                pass
        async with open_invoices(url, KEY, read_only=True) as reading:
            assert (await reading.status_counts())["received"] == 0
            await reading.ping()
            with pytest.raises(Misconfigured):
                await accept(reading)
        async with open_invoices(url, KEY, beside=True) as beside:
            assert (await beside.create_key("acme", frozenset(), None)).secret
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        other.stdin.close()
        other.stdout.close()
    async with open_invoices(url, KEY) as store:  # its lock ended with it
        await accept(store)
    refused = subprocess.run([sys.executable, "-c", OTHER, url], input=b"", capture_output=True)
    assert refused.stdout == b"open\n"


# Crashes


CRASHING = """
import asyncio, sys
from tests.test_sql_sqlite import *
async def main():
    async with open_invoices(sys.argv[1], KEY) as store:
        await settle(store, await accept(store))
        await settle(store, await accept(store, "b"))
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("failpoint", "told"),
    [
        ("accept_committed", ["received"]),
        ("claim_committed", ["received", "processing"]),
        ("settle_uncommitted", ["received", "processing"]),
        ("settle_committed", ["received", "processing", "approved"]),
        ("accept_committed:2", ["received", "processing", "approved", "received"]),
    ],
)
async def test_kill_9_keeps_what_was_committed_and_nothing_else(path: Path, failpoint: str, told: list[str]) -> None:
    url = f"sqlite+aiosqlite:///{path}"
    ended = subprocess.run(
        [sys.executable, "-c", CRASHING, url], env=os.environ | {"INVOICESTREAM_FAILPOINT": failpoint}, cwd=Path(__file__).parents[1]
    )
    assert ended.returncode == -signal.SIGKILL
    async with open_invoices(url, KEY) as store:
        acme = store.for_tenant("acme")
        assert [event.type for event in await acme.events(None, 0, 10)] == told
        await store.take_over()
        for message in await store.unsettled(10, 0):
            await settle(store, message.invoice_id)
        counts = await store.status_counts()
        assert counts["approved"] == sum(counts.values()) == told.count("received")
        assert (await store.outbox_state()).depth == len(await store.outbox(100))


# Faults


async def test_a_full_disk_is_unavailable_and_passes(store: SqlInvoices, path: Path) -> None:
    await accept(store)
    # SQLite's own limit on the file: the same error as from a full disk.
    connection = store._database._writer._connection  # type: ignore[attr-defined]
    pages = connection.connection.driver_connection.execute("PRAGMA page_count").fetchone()[0]
    connection.connection.driver_connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Unavailable, match="SQLITE_FULL") as full:
        for n in range(1000):
            await accept(store, f"{n:064}"[:1] + f"{n:063}")
    assert full.value.dependency == "sql" and "a.pdf" not in str(full.value)
    before = await store.status_counts()
    await accept(store, "z")  # on a new connection, without the limit
    assert (await store.status_counts())["received"] == before["received"] + 1


async def test_a_full_disk_loses_none_of_many_at_once_and_invents_none(store: SqlInvoices) -> None:
    await accept(store)
    driver = store._database._writer._connection.connection.driver_connection  # type: ignore[attr-defined]
    driver.execute(f"PRAGMA max_page_count={driver.execute('PRAGMA page_count').fetchone()[0] + 8}")
    contents = [f"{n:02}" for n in range(90)]
    ends = await asyncio.gather(*(accept(store, content) for content in contents), return_exceptions=True)
    assert any(isinstance(end, Unavailable) for end in ends)
    for content, end in zip(contents, ends, strict=True):
        assert isinstance(end, str | Unavailable)
        assert await store.is_known_blob("acme", content * 32) is isinstance(end, str)


async def test_who_fails_among_many_fails_alone(store: SqlInvoices) -> None:
    invoice_id = await accept(store)
    acme = store.for_tenant("acme")
    calls = [
        call for n in range(20) for call in (accept(store, f"{n:02}"), acme.retry(invoice_id, 1, "k", None), acme.begin_idempotent("k"))
    ]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert len({end for end in ends[::3] if isinstance(end, str)}) == 20
    assert all(isinstance(end, Refused) for end in ends[1::3])
    assert [isinstance(end, Refused) for end in ends[2::3]] == [False] + [True] * 19
    assert (await store.status_counts())["received"] == 21


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    async with open_invoices(f"sqlite+aiosqlite:///{path}", KEY) as store:
        late = [asyncio.ensure_future(accept(store, f"{n:02}")) for n in range(80)]
        await accept(store)
    ends = await asyncio.gather(*late, return_exceptions=True)
    with pytest.raises(Unavailable, match="closed"):
        await accept(store)
    async with open_invoices(f"sqlite+aiosqlite:///{path}", KEY) as store:
        assert all(isinstance(end, str | Unavailable) for end in ends)
        assert (await store.status_counts())["received"] == 1 + sum(isinstance(end, str) for end in ends)


async def test_a_lock_that_stays_ends_in_unavailable_not_in_waiting(path: Path) -> None:
    url = f"sqlite+aiosqlite:///{path}"
    async with open_invoices(url, KEY, beside=True) as patient:
        invoice_id = await accept(patient)
        async with open_invoices(url, KEY, deadline=1.0) as store:
            holder = sqlite3.connect(path, isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            try:
                ends = await asyncio.gather(*(accept(store, c) for c in "bcd"), store.ping(), return_exceptions=True)
                assert all(isinstance(end, Unavailable) and end.dependency == "sql" for end in ends)
                assert await patient.for_tenant("acme").get(invoice_id) is not None  # readers do not wait
                await worked_off(store)
            finally:
                holder.execute("ROLLBACK")
                holder.close()
            store._database._deadline = PATIENCE  # type: ignore[attr-defined]
            assert (await store.status_counts())["received"] == 1
            assert await accept(store, "b")


async def test_who_waits_too_long_is_told_and_its_work_never_begins(path: Path) -> None:
    async with open_invoices(f"sqlite+aiosqlite:///{path}", KEY) as store:
        gate, begun = threading.Event(), threading.Event()

        def hold(_: object) -> bool:
            begun.set()
            return gate.wait(PATIENCE)

        store._database._deadline = 0.25  # type: ignore[attr-defined]
        slow = asyncio.ensure_future(store._database.write(hold))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        with pytest.raises(DeadlineExceeded):
            await accept(store)
        with pytest.raises(DeadlineExceeded):
            await slow
        gate.set()
        await worked_off(store)
        store._database._deadline = PATIENCE  # type: ignore[attr-defined]
        assert await store.outbox(10) == []
        assert await accept(store, "b")
        assert (await store.status_counts())["received"] == 1


# The audit


async def test_the_audit_shows_what_was_done_to_it(store: SqlInvoices, path: Path) -> None:
    acme = store.for_tenant("acme")
    swap = (
        "UPDATE audit SET seq = 99 WHERE invoice_id = '{0}' AND seq = 1",
        "UPDATE audit SET seq = 1 WHERE invoice_id = '{0}' AND seq = 2",
        "UPDATE audit SET seq = 2 WHERE invoice_id = '{0}' AND seq = 99",
    )
    append = (
        "INSERT INTO audit SELECT tenant, invoice_id, 3, at, action, actor, value_hash, hash, hash"
        " FROM audit WHERE invoice_id = '{0}' AND seq = 2"
    )
    set_end = (
        "UPDATE invoices SET audit_seq = 3, audit_hash = (SELECT hash FROM audit WHERE invoice_id = '{0}' AND seq = 3) WHERE id = '{0}'"
    )
    for n, statements in enumerate(
        [
            ("UPDATE audit SET actor = 'nobody' WHERE invoice_id = '{0}' AND seq = 1",),
            ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE invoice_id = '{0}' AND seq = 2",),
            ("UPDATE audit SET action = 'rejected' WHERE invoice_id = '{0}' AND seq = 2",),
            ("UPDATE audit SET value_hash = '{1}' WHERE invoice_id = '{0}' AND seq = 2",),
            ("UPDATE audit SET prev_hash = '{1}' WHERE invoice_id = '{0}' AND seq = 2",),
            ("UPDATE audit SET tenant = 'other' WHERE invoice_id = '{0}' AND seq = 2",),
            ("DELETE FROM audit WHERE invoice_id = '{0}' AND seq = 1",),
            ("DELETE FROM audit WHERE invoice_id = '{0}' AND seq = 2",),
            ("DELETE FROM audit WHERE invoice_id = '{0}'",),
            swap,
            (append,),
            (append, set_end),
        ]
    ):
        invoice_id = await accept(store, f"{n:064}"[-1:] + f"{n:063}")
        await settle(store, invoice_id)
        assert [e.seq for e in await acme.audit(invoice_id)] == [1, 2]
        execute(path, *(s.format(invoice_id, "0" * 64) for s in statements))
        with pytest.raises(ValueError, match="audit chain"):
            await acme.audit(invoice_id)


async def test_erasing_an_invoice_leaves_its_chain_valid(store: SqlInvoices, path: Path) -> None:
    invoice_id = await accept(store)
    await settle(store, invoice_id)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("DELETE FROM invoices")
    assert connection.execute("SELECT count(*) FROM invoice_versions").fetchone() == (0,)
    connection.commit()
    connection.close()
    assert [e.action for e in await store.for_tenant("acme").audit(invoice_id)] == ["accept", "approved"]


async def test_a_chain_cut_off_together_with_the_invoices_copy_of_its_end_needs_an_anchor(store: SqlInvoices, path: Path) -> None:
    """What cannot be seen from inside the database. The head of the chain, kept elsewhere, shows it."""
    invoice_id = await accept(store)
    await settle(store, invoice_id)
    anchored = (await store.for_tenant("acme").audit(invoice_id))[-1]
    execute(
        path,
        "UPDATE invoices SET audit_seq = 1, audit_hash = (SELECT hash FROM audit WHERE seq = 1)",
        "DELETE FROM audit WHERE seq = 2",
    )
    left = await store.for_tenant("acme").audit(invoice_id)
    assert [e.seq for e in left] == [1]
    assert anchored.hash not in [e.hash for e in left]


async def test_another_key_does_not_verify(store: SqlInvoices, path: Path) -> None:
    invoice_id = await accept(store)
    async with open_invoices(f"sqlite+aiosqlite:///{path}", b"another", read_only=True) as reading:
        with pytest.raises(ValueError, match="row 1"):
            await reading.for_tenant("acme").audit(invoice_id)


async def test_the_file_holds_no_key_that_could_be_used(store: SqlInvoices, path: Path) -> None:
    key = await store.create_key("acme", frozenset(), None)
    kept = b"".join(p.read_bytes() for p in path.parent.iterdir())
    assert key.key_id.encode() in kept
    assert key.secret.rpartition(key.key_id)[2].encode() not in kept
