"""What the stores lack of each other is planted, listed, repaired, and gone: on the embedded parts and on MongoDB."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from app.adapters.mongo_documents import MongoDocuments
from app.adapters.sql.store import open_invoices
from app.cli import main
from app.domain.extraction import Extracted
from app.domain.invoice import Invoice
from app.domain.record import Result
from app.errors import Unavailable
from app.pipeline.audit_copy import NEWEST, PAGE, AuditCopy
from app.pipeline.reconcile import Problem, Reconciler
from app.ports import Blob, BlobStore, DocumentStore, InvoiceStore, Settlement, Upload
from app.settings import Settings, from_environ
from app.wiring import check, open_blobs, open_documents
from tests.api_host import PATIENCE, migrated
from tests.servers.mongodb import new_database

pytestmark = pytest.mark.timeout(300)
TENANT = "acme"
NOW = timedelta(0)
RESULT = Result(Extracted(Invoice(number="R-1"), "invoice", "text"), versions={"code": "1"})


@dataclass
class Stores:
    folder: Path
    settings: Settings
    invoices: InvoiceStore
    blobs: BlobStore
    documents: DocumentStore

    async def accept(self, content: bytes) -> tuple[str, Blob]:
        blob = await self.blobs.put(TENANT, io.BytesIO(content))
        (accepted,) = await self.invoices.for_tenant(TENANT).accept([Upload("a.xml", "application/xml", blob)], "test", None, None)
        return accepted.id, blob

    async def settle(self, content: bytes) -> tuple[str, str, Blob]:
        """As the pipeline does: (invoice, key of the snapshot, blob)."""
        invoice_id, blob = await self.accept(content)
        return invoice_id, await self.attempt(invoice_id), blob

    async def attempt(self, invoice_id: str) -> str:
        job = await self.invoices.claim(TENANT, invoice_id, "test", 60.0)
        assert not isinstance(job, str)
        key = f"{job.invoice_id}:{job.version}:{job.attempt}"
        await self.documents.save(TENANT, key, b'{"document": "as it was read"}')
        await self.invoices.settle(job, Settlement("approved", result=RESULT))
        return key

    async def problems(self, *, repair: bool = False) -> list[Problem]:
        reconciler = Reconciler(self.invoices, self.blobs, self.documents, repair, blob_age=-timedelta(minutes=1), audit_age=NOW)
        return [problem async for problem in reconciler.problems()]

    async def copied(self) -> list[str]:
        later = datetime.now(UTC) + timedelta(minutes=1)
        return [key async for _, key in self.documents.saved_before(later) if key.startswith("audit:")]

    def sql(self, statement: str, *values: str) -> None:
        with closing(sqlite3.connect(self.folder / "invoices.db")) as connection, connection:
            assert connection.execute(statement, values).rowcount > 0


@asynccontextmanager
async def opened(folder: Path, kind: str) -> AsyncIterator[Stores]:
    urls = {} if kind == "embedded" else {"INVOICESTREAM_DOCUMENTS_URL": new_database(), "INVOICESTREAM_BLOBS_URL": new_database()}
    settings = from_environ({"INVOICESTREAM_DATA": str(folder), **urls})
    check(settings)
    url = await migrated(folder)
    async with AsyncExitStack() as stack:
        invoices = await stack.enter_async_context(open_invoices(url, settings.secrets.audit, deadline=PATIENCE))
        await invoices.create_key(TENANT, frozenset(), None)
        blobs = await stack.enter_async_context(open_blobs(settings.stores.blobs_url))
        documents = await stack.enter_async_context(open_documents(settings.stores.documents_url))
        yield Stores(folder, settings, invoices, blobs, documents)


@pytest.fixture(params=["embedded", "mongo"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    async with opened(tmp_path, request.param) as made:
        yield made


async def test_what_the_pipeline_leaves_is_no_problem(stores: Stores) -> None:
    first, _, _ = await stores.settle(b"1")
    await stores.accept(b"2")
    record = await stores.invoices.for_tenant(TENANT).get(first)
    assert record is not None
    await stores.invoices.for_tenant(TENANT).retry(first, record.version, "someone", None)
    job = await stores.invoices.claim(TENANT, first, "test", 60.0)
    assert not isinstance(job, str)
    await stores.documents.save(TENANT, f"{first}:{job.version}:{job.attempt}", b"{}")  # is being worked on
    assert await AuditCopy(stores.invoices, stores.documents).copy() == 4
    assert await stores.problems(repair=True) == []
    assert await stores.blobs.missing(TENANT, {record.sha256}) == set()


async def test_orphan_blobs_are_deleted_but_not_what_sql_names_nor_what_is_young(stores: Stores) -> None:
    await stores.accept(b"named")
    orphan = await stores.blobs.put(TENANT, io.BytesIO(b"orphan"))
    await AuditCopy(stores.invoices, stores.documents).copy()
    young = Reconciler(stores.invoices, stores.blobs, stores.documents, repair=True)
    assert [problem async for problem in young.problems()] == []
    assert await stores.problems() == [Problem("orphan_blob", TENANT, orphan.sha256)]
    assert await stores.problems(repair=True) == [Problem("orphan_blob", TENANT, orphan.sha256, repaired=True)]
    assert await stores.problems() == []
    assert await stores.blobs.missing(TENANT, {orphan.sha256}) == {orphan.sha256}


async def test_a_missing_blob_is_listed_until_it_is_back(stores: Stores) -> None:
    _, blob = await stores.accept(b"named")
    await AuditCopy(stores.invoices, stores.documents).copy()
    await stores.blobs.delete(TENANT, blob.sha256)
    assert await stores.problems(repair=True) == [Problem("missing_blob", TENANT, blob.sha256)]
    await stores.blobs.put(TENANT, io.BytesIO(b"named"))
    assert await stores.problems() == []


async def test_snapshots_of_nothing_are_deleted(stores: Stores) -> None:
    """As SQL restored from an older backup leaves them: kept, they would pass for those of attempts that are still to come."""
    invoice_id, key, _ = await stores.settle(b"1")
    await AuditCopy(stores.invoices, stores.documents).copy()
    planted = sorted((f"{invoice_id}:9:1", f"{invoice_id}:x:1", "0190-none:1:1", "odd"))
    for name in planted:
        await stores.documents.save(TENANT, name, b"{}")
    assert await stores.problems() == [Problem("orphan_snapshot", TENANT, name) for name in sorted(planted)]
    assert all(problem.repaired for problem in await stores.problems(repair=True))
    assert await stores.problems() == []
    assert await stores.documents.load(TENANT, key) == b'{"document": "as it was read"}'


async def test_missing_snapshots_are_written_again_from_sql_of_every_result(stores: Stores) -> None:
    invoice_id, first, _ = await stores.settle(b"1")
    record = await stores.invoices.for_tenant(TENANT).get(invoice_id)
    assert record is not None
    await stores.invoices.for_tenant(TENANT).retry(invoice_id, record.version, "someone", None)
    second = await stores.attempt(invoice_id)
    await AuditCopy(stores.invoices, stores.documents).copy()
    for key in (first, second):
        await stores.documents.delete(TENANT, key)
    assert await stores.problems() == [Problem("missing_snapshot", TENANT, key) for key in sorted((first, second))]
    assert all(problem.repaired for problem in await stores.problems(repair=True))
    assert await stores.problems() == []
    told = msgspec.json.decode(await stores.documents.load(TENANT, first) or b"")
    assert told["extracted"]["invoice"]["number"] == "R-1" and told["restored"] is True


async def test_rows_that_were_not_copied_are_copied(stores: Stores) -> None:
    invoice_id, _, _ = await stores.settle(b"1")
    await AuditCopy(stores.invoices, stores.documents).copy()
    await stores.documents.delete(TENANT, f"audit:{invoice_id}:000001")
    other, _ = await stores.accept(b"2")
    expected = [Problem("missing_audit", TENANT, name) for name in sorted((invoice_id, other))]
    assert await stores.problems() == expected
    assert await stores.problems(repair=True) == [replace(problem, repaired=True) for problem in expected]
    assert await stores.problems() == []
    assert await stores.copied() == sorted([f"audit:{invoice_id}:000001", f"audit:{invoice_id}:000002", f"audit:{other}:000001"])


async def test_a_chain_that_was_changed_or_cut_off_is_seen_and_left_as_it_is(stores: Stores) -> None:
    changed, _, _ = await stores.settle(b"1")
    cut, _, _ = await stores.settle(b"2")
    await AuditCopy(stores.invoices, stores.documents).copy()
    stores.sql("UPDATE audit SET actor = 'nobody' WHERE invoice_id = ? AND seq = 2", changed)
    # Whoever can write to the tables hides the end of a chain, and the invoice's copy of it too: the chain alone verifies.
    stores.sql("DELETE FROM audit WHERE invoice_id = ? AND seq = 2", cut)
    stores.sql("UPDATE invoices SET audit_seq = 1, audit_hash = (SELECT hash FROM audit a WHERE a.invoice_id = id) WHERE id = ?", cut)
    expected = [Problem("differing_audit", TENANT, cut), Problem("broken_chain", TENANT, changed)]
    expected += [Problem("differing_audit", TENANT, changed)]
    assert await stores.problems(repair=True) == expected
    assert await stores.problems() == expected


async def test_the_copy_goes_on_where_it_ended_and_closes_every_gap(stores: Stores) -> None:
    copy = AuditCopy(stores.invoices, stores.documents)
    assert await copy.copy() == 0
    one, _, _ = await stores.settle(b"1")
    assert await copy.copy() == 2
    assert await copy.copy() == 0
    uploads = [Upload(f"{n}", "application/xml", Blob(f"{n:064x}", 1)) for n in range(PAGE + 30)]
    await stores.invoices.for_tenant(TENANT).accept(uploads, "test", None, None)
    assert await AuditCopy(stores.invoices, stores.documents).copy() == PAGE + 30  # another process, which starts without a memory
    assert len(await stores.copied()) == PAGE + 32
    ((newest, _, _),) = await stores.invoices.changed(NEWEST, -1)
    assert await AuditCopy(stores.invoices, stores.documents)._copied_up_to() == newest
    assert await copy.copy() == 0
    (row, *_) = await stores.invoices.audit_rows(TENANT, [one])
    assert msgspec.json.decode(await stores.documents.load(TENANT, row.key) or b"")["action"] == "accept"


async def test_the_commands_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"DATA": str(tmp_path), "DOCUMENTS_URL": new_database()}.items():
        monkeypatch.setenv(f"INVOICESTREAM_{name}", value)
    async with opened(tmp_path, "embedded") as made:  # its own documents are none of the command's
        _, key, blob = await made.settle(b"1")

    async def command(*arguments: str) -> tuple[int, list[dict[str, object]]]:
        code = await asyncio.to_thread(main, ["reconcile", *arguments])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    missing = {"kind": "missing_snapshot", "tenant": TENANT, "name": key, "repaired": False}
    assert await command() == (1, [missing, {"found": 1, "left": 1}])
    assert await command("--repair") == (0, [missing | {"repaired": True}, {"found": 1, "left": 0}])
    assert await command() == (0, [{"found": 0, "left": 0}])
    monkeypatch.setenv("INVOICESTREAM_DOCUMENTS_URL", "mongodb://127.0.0.1:1/nothing")
    assert (await command())[0] == 3
    monkeypatch.setenv("INVOICESTREAM_DOCUMENTS_URL", "mongodb://127.0.0.1")
    assert (await command())[0] == 2
    assert blob.size == 1


async def test_a_store_that_is_away_is_told(stores: Stores) -> None:
    await stores.settle(b"1")
    async with MongoDocuments("mongodb://127.0.0.1:1/nothing", deadline=2.0) as documents:
        with pytest.raises(Unavailable, match="documents"):
            await AuditCopy(stores.invoices, documents).copy()


def test_urls_with_passwords_stand_in_files_too_and_are_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "documents_url"
    secret.write_text("mongodb://someone:hunter2@host/invoices\n")
    settings = from_environ({"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_DOCUMENTS_URL_FILE": str(secret)})
    assert settings.stores.documents_url == "mongodb://someone:hunter2@host/invoices"
    assert "hunter2" not in repr(settings)
