"""What MongoDB alone can do to us: large contents, lost replies, a server that stands still, dies, or is cut off."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import time
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest

from app.adapters.mongo_blobs import GridFsBlobs
from app.adapters.mongo_documents import MongoDocuments
from app.adapters.mongo_url import is_mongo
from app.errors import DeadlineExceeded, Misconfigured, Unavailable
from app.pipeline.audit_copy import AuditCopy
from app.pipeline.reconcile import Reconciler
from app.ports import Blob, Upload
from app.samples import make_samples
from app.settings import Telemetry, from_environ
from app.tracing import configure_tracing
from app.wiring import open_service
from tests.servers.fault_proxy import FaultProxy
from tests.servers.mongodb import MongoServer, base_url, mongo_server, new_database

__all__ = ["mongo_server"]  # a fixture

PATIENCE = 60.0
LATER = timedelta(minutes=1)
SMALL = b"%PDF-1.7 small"
LARGE = os.urandom(1 << 20) * 6  # more than one document of ours holds
SMALL_SHA, LARGE_SHA = (hashlib.sha256(content).hexdigest() for content in (SMALL, LARGE))


@pytest.fixture
def url() -> str:
    return new_database()


@pytest.fixture
def proxied() -> Iterator[tuple[FaultProxy, str]]:
    """A proxy before the shared server, and the URL of a database through it."""
    url = new_database()
    host, _, port = url.split("/")[2].partition(":")
    with FaultProxy(int(port or 27017), host) as proxy:
        yield proxy, f"mongodb://127.0.0.1:{proxy.port}/{url.rsplit('/', 1)[1]}?directConnection=true"


def rows(url: str, collection: str) -> list[dict[str, Any]]:
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        return list(client.get_default_database()[collection].find())


async def stored(blobs: GridFsBlobs, before: datetime | None = None) -> list[tuple[str, str]]:
    return [item async for item in blobs.stored_before(before or datetime.now(UTC) + LATER)]


async def read(blobs: GridFsBlobs, sha256: str) -> bytes:
    with await blobs.open("acme", sha256) as file:
        return file.read()


# Contents of any size.


async def test_a_large_blob_is_one_file_of_gridfs_however_often_it_is_put(url: str) -> None:
    async with GridFsBlobs(url, PATIENCE) as blobs:
        put = await asyncio.gather(*(blobs.put("acme", io.BytesIO(LARGE)) for _ in range(4)))
        assert set(put) == {Blob(LARGE_SHA, len(LARGE))}
        assert await read(blobs, LARGE_SHA) == LARGE
        assert await stored(blobs) == [("acme", LARGE_SHA)]
        assert len(rows(url, "blobs.large.files")) == 1
        assert rows(url, "blobs.uploads") == []
        await blobs.delete("acme", LARGE_SHA)
        assert [rows(url, f"blobs{part}") for part in ("", ".large.files", ".large.chunks", ".uploads")] == [[], [], [], []]
        with pytest.raises(FileNotFoundError):
            await blobs.open("acme", LARGE_SHA)


async def test_a_newer_copy_of_a_large_blob_is_not_deleted(url: str) -> None:
    async with GridFsBlobs(url, PATIENCE) as blobs:
        await blobs.put("acme", io.BytesIO(LARGE))
        await blobs.delete("acme", LARGE_SHA, written_before=datetime.now(UTC) - LATER)
        assert await read(blobs, LARGE_SHA) == LARGE


async def test_a_large_blob_that_is_deleted_while_it_is_read_is_whole_or_not_there(url: str) -> None:
    async def try_to_read(blobs: GridFsBlobs) -> bytes | None:
        try:
            return await read(blobs, LARGE_SHA)
        except FileNotFoundError:
            return None

    outcomes: set[object] = set()
    async with GridFsBlobs(url, PATIENCE) as blobs:
        for number in range(6):
            await blobs.put("acme", io.BytesIO(LARGE))
            reading = asyncio.gather(*(try_to_read(blobs) for _ in range(3)))
            for _ in range(number):
                await asyncio.sleep(0.004)
            await blobs.delete("acme", LARGE_SHA)
            outcomes.update(await reading)
    assert outcomes <= {None, LARGE}
    assert rows(url, "blobs.large.chunks") == []


async def test_a_document_larger_than_mongodb_takes(url: str) -> None:
    body = b'"' + b"x" * (17 << 20) + b'"'
    async with MongoDocuments(url, PATIENCE) as documents:
        await asyncio.gather(*(documents.save("acme", "k", body) for _ in range(2)))
        await documents.save("acme", "k", b"{}")
        await documents.save("acme", "k", body[:-2] + b'y"')
        assert await documents.load("acme", "k") == body
        assert len(rows(url, "documents.large.files")) == 1
        await documents.delete("acme", "k")
        assert await documents.load("acme", "k") is None
        assert rows(url, "documents.large.chunks") == []


async def test_bytes_come_back_as_they_were_also_when_they_are_no_text(url: str) -> None:
    bodies = [b'{"b": 1.10, "a":\t1e5, "a": 2}', b"\xff\x00", b"", "\ufeff{}\r\n".encode()]
    async with MongoDocuments(url, PATIENCE) as documents:
        for number, body in enumerate(bodies):
            await documents.save("acme", f"k{number}", body)
        assert [await documents.load("acme", f"k{number}") for number in range(len(bodies))] == bodies
    assert rows(url, "documents")[0]["body"] == bodies[0].decode()  # people can read it there


async def test_an_upload_that_was_not_finished_is_swept_and_what_it_left_is_no_blob(url: str) -> None:
    async with GridFsBlobs(url, PATIENCE) as blobs:
        await blobs.put("acme", io.BytesIO(LARGE))
        upload = await blobs._mongo.do(lambda database: blobs._large.upload(database, b"half"))
        await blobs._mongo.do(lambda database: blobs._large.note(database, rows(url, "blobs")[0]["upload"]))
        assert await stored(blobs) == [("acme", LARGE_SHA)]
        assert len(rows(url, "blobs.large.files")) == 2  # it may still be under way
        later = datetime.now(UTC) + LATER
        assert await blobs._mongo.do(lambda database: blobs._large.sweep(database, later)) == 1
        assert [row["_id"] for row in rows(url, "blobs.large.files")] != [upload]
        assert rows(url, "blobs.uploads") == []
        assert await read(blobs, LARGE_SHA) == LARGE


async def test_many_are_listed_page_by_page_in_order(url: str) -> None:
    async with MongoDocuments(url, PATIENCE) as documents:
        await asyncio.gather(*(documents.save("acme", f"k{number:04}", b"{}") for number in range(900)))
        assert [key async for _, key in documents.saved_before(datetime.now(UTC) + LATER)] == [f"k{number:04}" for number in range(900)]
        assert [key async for _, key in documents.saved_before(datetime.now(UTC) - LATER)] == []


async def test_an_open_that_nobody_waits_for_leaves_no_descriptor(url: str) -> None:
    async with GridFsBlobs(url, PATIENCE) as blobs:
        await blobs.put("acme", io.BytesIO(SMALL))
        for number in range(40):
            task = asyncio.create_task(blobs.open("acme", SMALL_SHA))
            for _ in range(number):
                await asyncio.sleep(0.0005)
            task.cancel()
            for opened in await asyncio.gather(task, return_exceptions=True):
                if not isinstance(opened, BaseException):
                    opened.close()
        async with asyncio.timeout(PATIENCE):
            while any("memfd:blob" in target for target in _descriptors()):
                await asyncio.sleep(0.01)


def _descriptors() -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return found


# What the wire does.


async def test_a_save_whose_reply_is_lost_is_there_and_saving_again_is_a_success(proxied: tuple[FaultProxy, str]) -> None:
    proxy, url = proxied
    async with MongoDocuments(f"{url}&retryWrites=false", PATIENCE) as documents:
        await documents.save("acme", "before", b"{}")
        proxy.cut_reply(b"i1:1:1")
        with pytest.raises(Unavailable) as caught:
            await documents.save("acme", "i1:1:1", b'{"n": 1}')
        assert proxy.fired.is_set()
        assert str(caught.value) == "documents: AutoReconnect"
        assert await documents.load("acme", "i1:1:1") == b'{"n": 1}'
        await documents.save("acme", "i1:1:1", b'{"n": 2}')
        assert await documents.load("acme", "i1:1:1") == b'{"n": 1}'


async def test_the_driver_itself_asks_again_after_a_lost_reply(proxied: tuple[FaultProxy, str]) -> None:
    proxy, url = proxied
    async with MongoDocuments(url, PATIENCE) as documents, GridFsBlobs(url, PATIENCE) as blobs:
        await documents.ping()
        proxy.cut_reply(b"i1:1:1")
        await documents.save("acme", "i1:1:1", b'{"n": 1}')
        assert proxy.fired.is_set()
        assert await documents.load("acme", "i1:1:1") == b'{"n": 1}'
        await blobs.ping()
        proxy.cut_reply(SMALL)
        assert await blobs.put("acme", io.BytesIO(SMALL)) == Blob(SMALL_SHA, len(SMALL))
        assert proxy.fired.is_set()
        assert await stored(blobs) == [("acme", SMALL_SHA)]


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
async def test_a_put_whose_reply_is_lost_is_put_again(proxied: tuple[FaultProxy, str], content: bytes) -> None:
    proxy, url = proxied
    async with GridFsBlobs(f"{url}&retryWrites=false", PATIENCE) as blobs:
        await blobs.ping()
        proxy.cut_reply(b"$setOnInsert" if content is LARGE else SMALL)  # in the one write that makes it visible
        with pytest.raises(Unavailable):
            await blobs.put("acme", io.BytesIO(content))
        assert proxy.fired.is_set()
        blob = await blobs.put("acme", io.BytesIO(content))
        assert await stored(blobs) == [("acme", blob.sha256)]
        assert await read(blobs, blob.sha256) == content
        later = datetime.now(UTC) + LATER
        await blobs._mongo.do(lambda database: blobs._large.sweep(database, later))
        assert await read(blobs, blob.sha256) == content


async def test_a_put_that_is_cut_off_in_the_middle_is_no_blob(proxied: tuple[FaultProxy, str]) -> None:
    proxy, url = proxied
    async with GridFsBlobs(f"{url}&retryWrites=false", PATIENCE) as blobs:
        for content, sha256 in ((os.urandom(3 << 20), ""), (LARGE, LARGE_SHA)):
            sha256 = sha256 or hashlib.sha256(content).hexdigest()
            await blobs.ping()
            proxy.cut_after(1 << 20, "to_server")
            with pytest.raises(Unavailable):
                await blobs.put("acme", io.BytesIO(content))
            assert proxy.fired.is_set()
            assert await stored(blobs) == []
            with pytest.raises(FileNotFoundError):
                await blobs.open("acme", sha256)
            await blobs.put("acme", io.BytesIO(content))
            assert await read(blobs, sha256) == content
            await blobs.delete("acme", sha256)


async def test_a_put_cancelled_in_the_middle_leaves_no_blob_and_the_pool_whole(proxied: tuple[FaultProxy, str]) -> None:
    proxy, url = proxied
    async with GridFsBlobs(url, PATIENCE) as blobs:
        await blobs.ping()
        proxy.slow(rate=1 << 20)
        calls = [asyncio.create_task(blobs.put("acme", io.BytesIO(LARGE + bytes([number])))) for number in range(4)]
        async with asyncio.timeout(PATIENCE):
            while not rows(new_name(url), "blobs.uploads"):
                await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in await asyncio.gather(*calls, return_exceptions=True))
        proxy.reset()  # what the driver's threads still write ends here
        proxy.heal()
        assert await stored(blobs) == []
        blob = await blobs.put("acme", io.BytesIO(LARGE))
        assert await stored(blobs) == [("acme", blob.sha256)]
        assert await asyncio.gather(*(blobs.put("acme", io.BytesIO(SMALL)) for _ in range(30))) == [Blob(SMALL_SHA, len(SMALL))] * 30


def new_name(url: str) -> str:
    """The same database, past the proxy."""
    return f"{base_url()}/{url.rsplit('/', 1)[1]}"


@pytest.mark.parametrize("fault", ["blackhole", "to_client", "pause"])
async def test_a_server_that_stands_still_is_told_in_time_and_used_again_after(
    mongo_server: MongoServer, proxied: tuple[FaultProxy, str], fault: str
) -> None:
    proxy, url = proxied
    async with MongoDocuments(url, 1.0) as documents, GridFsBlobs(url, 1.0) as blobs:
        await asyncio.gather(documents.ping(), blobs.ping())
        if fault == "pause":
            mongo_server.pause()
        elif fault == "to_client":
            proxy.blackhole("to_client")
        else:
            proxy.blackhole()
        started = time.monotonic()
        calls = [documents.save("acme", f"k{number}", b"{}") for number in range(20)]
        calls += [documents.load("acme", "k"), blobs.put("acme", io.BytesIO(SMALL)), blobs.open("acme", SMALL_SHA), documents.ping()]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded] * len(calls)
        assert time.monotonic() - started < 2.5
        mongo_server.resume()
        proxy.heal()
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await documents.save("acme", "after", b"{}")
                    await blobs.put("acme", io.BytesIO(SMALL))
                    break
                except Unavailable:
                    continue
        assert await documents.load("acme", "after") == b"{}"
        assert await read(blobs, SMALL_SHA) == SMALL


async def test_a_server_that_is_cut_off_is_unavailable_and_used_again_at_once(proxied: tuple[FaultProxy, str]) -> None:
    proxy, url = proxied
    async with MongoDocuments(url, 2.0) as documents:
        for _ in range(2):
            await documents.ping()
            proxy.cut()
            with pytest.raises(Unavailable) as caught:
                await documents.save("acme", "k", b"{}")
            assert caught.value.dependency == "documents"
            proxy.heal()
            await documents.save("acme", "k", b"{}")
            proxy.reset()
            await documents.load("acme", "k")


async def test_what_was_acknowledged_survives_a_kill_and_the_stores_go_on_after_it(mongo_server: MongoServer) -> None:
    acknowledged: list[str] = []
    blobs_acknowledged: list[str] = []
    url = new_database()

    async def save(documents: MongoDocuments, blobs: GridFsBlobs, writer: int) -> None:
        for number in range(10_000):
            key = f"w{writer}:{number}:1"
            try:
                await documents.save("acme", key, key.encode())
                acknowledged.append(key)
                blobs_acknowledged.append((await blobs.put("acme", io.BytesIO(key.encode()))).sha256)
            except Unavailable:
                return

    async with MongoDocuments(url, 2.0) as documents, GridFsBlobs(url, 2.0) as blobs:
        writers = asyncio.gather(*(save(documents, blobs, writer) for writer in range(10)))
        async with asyncio.timeout(PATIENCE):
            while len(blobs_acknowledged) < 100:
                await asyncio.sleep(0)
        mongo_server.kill()
        await writers
        mongo_server.start()
        await documents.ping()
        assert [key for key in acknowledged if await documents.load("acme", key) != key.encode()] == []
        there = {sha256 for _, sha256 in await stored(blobs)}
        assert set(blobs_acknowledged) - there == set()
        await documents.save("acme", "after", b"{}")


# What is told, and what is not.


async def test_a_server_that_is_away_does_not_keep_us_from_opening_and_no_error_tells_the_url() -> None:
    with FaultProxy(1) as nobody:
        nobody.cut()
        url = f"mongodb://someone:hunter2@127.0.0.1:{nobody.port}/invoices"
        async with MongoDocuments(url, 0.5) as documents, GridFsBlobs(url, 0.5) as blobs:
            for call in (documents.save("acme", "k", b"{}"), blobs.put("acme", io.BytesIO(SMALL)), documents.ping(), blobs.ping()):
                with pytest.raises(Unavailable) as caught:
                    await call
                assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_too_many_saves_at_once_are_refused(proxied: tuple[FaultProxy, str]) -> None:
    proxy, url = proxied
    async with MongoDocuments(url, 2.0, waiting=3) as documents:
        await documents.ping()
        proxy.blackhole()
        first = asyncio.create_task(documents.save("acme", "k", b"{}"))
        await asyncio.sleep(0.1)
        outcomes = await asyncio.gather(
            *(documents.save("acme", f"k{number}", b"{}") for number in range(5)), first, return_exceptions=True
        )
        assert [str(outcome) for outcome in outcomes].count("documents: too many calls wait") == 2
        proxy.heal()


async def test_a_closed_store_is_unavailable(url: str) -> None:
    async with MongoDocuments(url, PATIENCE) as documents, GridFsBlobs(url, PATIENCE) as blobs:
        await documents.save("acme", "k", b"{}")
    for call in (documents.save("acme", "k", b"{}"), documents.load("acme", "k"), blobs.put("acme", io.BytesIO(SMALL))):
        with pytest.raises(Unavailable):
            await call


@pytest.mark.parametrize("url", ["mongodb://host", "mongodb://host/", "mongodb://host/?w=1", "mongodb:///db"])
def test_a_url_without_a_database_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="DOCUMENTS_URL"):
        is_mongo(url, "DOCUMENTS_URL")


async def test_a_url_that_the_driver_refuses_is_not_told() -> None:
    with pytest.raises(Misconfigured) as caught:
        await MongoDocuments("mongodb://some@one:hunter2@host/db").__aenter__()
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__suppress_context__


# What a call costs.


async def test_a_service_on_mongodb_and_what_an_invoice_costs_there(proxied: tuple[FaultProxy, str], tmp_path: Path) -> None:
    """A put, an open, a part of the writes in which snapshots and audit rows go together; and the looks of sweeper and copy."""
    proxy, url = proxied
    environ = {"DATA": str(tmp_path), "DOCUMENTS_URL": url, "BLOBS_URL": url}
    settings = from_environ({f"INVOICESTREAM_{name}": value for name, value in environ.items()}, telemetry=Telemetry("critical"))
    sample = next(path for path in make_samples(tmp_path / "samples") if path.suffix == ".xml").read_bytes()
    count = 40
    async with open_service(settings, configure_tracing()) as service:
        await service.invoices.create_key("acme", frozenset(), None)
        acme = service.invoices.for_tenant("acme")
        assert (await service.checks())["blobs"] == (await service.checks())["documents"] == "ok"
        before = proxy.round_trips
        for number in range(count):
            blob = await service.blobs.put("acme", io.BytesIO(sample + f"<!-- {number} -->".encode()))
            await acme.accept([Upload("a.xml", "application/xml", blob)], "test", None, None)
            service.relay.wake()
        async with asyncio.timeout(PATIENCE):
            while (await service.invoices.status_counts())["approved"] < count:
                await asyncio.sleep(0.01)
        assert (proxy.round_trips - before) / count <= 3.5
        await AuditCopy(service.invoices, service.documents).copy()
        reconciler = Reconciler(service.invoices, service.blobs, service.documents, audit_age=timedelta(0))
        assert [problem async for problem in reconciler.problems()] == []
    assert len(rows(new_name(url), "blobs")) == count
    assert len(rows(new_name(url), "documents")) == 3 * count  # a snapshot and two rows of the audit chain each


async def test_what_is_kept_to_be_opened_soon_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GridFsBlobs, "RECENT", 3 * len(SMALL))
    async with GridFsBlobs(new_database(), PATIENCE) as blobs:
        put = [await blobs.put("acme", io.BytesIO(SMALL[:-1] + bytes([n]))) for n in range(5)]
        await blobs.delete("acme", put[3].sha256)
        assert [sum(map(len, blobs._recent.values())), blobs._recent_size] == [2 * len(SMALL)] * 2
        for n in (0, 1, 2, 4):
            with await blobs.open("acme", put[n].sha256) as file:
                assert file.read() == SMALL[:-1] + bytes([n])
        with pytest.raises(FileNotFoundError):
            await blobs.open("acme", put[3].sha256)


async def test_round_trips(proxied: tuple[FaultProxy, str]) -> None:
    """One for a blob, none to open it where it was put, one elsewhere; one for a snapshot, or for all the snapshots that wait together."""
    proxy, url = proxied

    async def cost(*calls: Awaitable[object]) -> int:
        before = proxy.round_trips
        for call in calls:
            await call
        return proxy.round_trips - before

    async def open_and_close(blobs: GridFsBlobs) -> None:
        (await blobs.open("acme", SMALL_SHA)).close()

    async with MongoDocuments(url, PATIENCE) as documents, GridFsBlobs(url, PATIENCE) as blobs, GridFsBlobs(url, PATIENCE) as elsewhere:
        await asyncio.gather(documents.ping(), blobs.ping(), elsewhere.ping())
        noise = 2  # the driver looks after its servers meanwhile
        assert 20 <= await cost(*(blobs.put("acme", io.BytesIO(SMALL)) for _ in range(20))) <= 20 + noise
        assert await cost(*(open_and_close(blobs) for _ in range(20))) <= noise
        assert 20 <= await cost(*(open_and_close(elsewhere) for _ in range(20))) <= 20 + noise
        assert 20 <= await cost(*(documents.save("acme", f"i{number}:1:1", b"{}") for number in range(20))) <= 20 + noise
        assert await cost(asyncio.gather(*(documents.save("acme", f"i{number}:2:1", b"{}") for number in range(60)))) <= 2 + noise
