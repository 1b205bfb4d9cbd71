"""Documents and blobs in MongoDB. Motor is used here alone, by what it shares with `pymongo.AsyncMongoClient` (docs/decisions/0006).

Writes are acknowledged by a majority and journaled; reads see only what a majority has. What one document can hold is one document,
written by one call: nobody sees a part of it. What is larger is a GridFS file, uploaded under an id of its own and made visible by
one last write, that of the head document which names it. `*.uploads` lists the ids for which that may not have happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import io
import os
import re
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorGridFSBucket
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
    InvalidOperation,
    InvalidURI,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.errors import DeadlineExceeded, Misconfigured, Unavailable
from app.failpoints import failpoint
from app.ports import Blob

T = TypeVar("T")

TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
DUPLICATE_KEY = 11000
POOL = 10  # connections
READ_CHUNK = 1 << 20
LARGEST_BATCH = (64, 8 << 20)  # documents, bytes
LARGE_AT_ONCE = 2  # uploads: each is held in memory
PAGE = 500
UNFINISHED_AFTER = timedelta(hours=1)  # no upload takes so long: its deadline is seconds
LARGE_CHUNK = 1 << 20


class _Mongo:
    """One client and its errors: whatever the driver raises leaves as `Unavailable` or `DeadlineExceeded`, within `deadline` seconds."""

    def __init__(self, url: str, dependency: str, deadline: float) -> None:
        self._url = url
        self.dependency = dependency
        self.deadline = deadline
        self._client: Any = None
        self._database: Any = None

    def open(self) -> None:
        """Connects to nothing yet: a server that is away is told by the calls, and does not keep the service from starting."""
        most = int(self.deadline * 900)  # ms: the driver's own word comes before ours, and says more
        options: dict[str, Any] = {
            "timeoutMS": most,  # of each call, its retries and the server's work included; a connection that ran into it is closed
            "connectTimeoutMS": most,
            "appname": "invoicestream",
            "tz_aware": True,
        }
        if "maxpoolsize=" not in self._url.lower():
            options["maxPoolSize"] = POOL
        try:
            self._client = AsyncIOMotorClient(self._url, **options)
            self._database = self._client.get_default_database().with_options(
                write_concern=WriteConcern("majority", j=True), read_concern=ReadConcern("majority")
            )
        except (ConfigurationError, InvalidURI, ValueError):
            raise Misconfigured(f"the MongoDB URL of the {self.dependency} cannot be used") from None  # the error would tell it

    async def close(self) -> None:
        client, self._client, self._database = self._client, None, None
        if client is not None and inspect.isawaitable(closing := client.close()):
            await closing

    async def do(self, work: Callable[[Any], Awaitable[T]]) -> T:
        if self._database is None:
            raise Unavailable(self.dependency, "closed")
        try:
            async with asyncio.timeout(self.deadline):
                return await work(self._database)
        except TimeoutError as exc:
            raise DeadlineExceeded(self.dependency) from exc
        except PyMongoError as exc:
            raise self.told(exc) from exc

    def told(self, exc: PyMongoError) -> Unavailable:
        """The one place where the driver's errors become ours; a duplicate key is a success and does not come here."""
        if isinstance(exc, ServerSelectionTimeoutError):
            return DeadlineExceeded(self.dependency, "no server answers")
        if exc.timeout:
            return DeadlineExceeded(self.dependency)
        if isinstance(exc, InvalidOperation):
            return Unavailable(self.dependency, "closed")
        code = getattr(exc, "code", None)
        return Unavailable(self.dependency, type(exc).__name__ + (f" {code}" if code else ""))


class _Large:
    """Contents that one document cannot hold, as GridFS files. The id of each is noted in `uploads` until a head document names it,
    and again before that is deleted: `sweep` looks at what stayed there."""

    def __init__(self, collection: str) -> None:
        self._heads, self._uploads, self._files = collection, f"{collection}.uploads", f"{collection}.large"

    def _bucket(self, database: Any) -> Any:
        return AsyncIOMotorGridFSBucket(database, bucket_name=self._files, chunk_size_bytes=LARGE_CHUNK)

    async def upload(self, database: Any, content: bytes) -> ObjectId:
        upload = ObjectId()
        await self.note(database, upload)
        await self._bucket(database).upload_from_stream_with_id(upload, str(upload), content)
        return upload

    async def note(self, database: Any, upload: ObjectId) -> None:
        await database[self._uploads].update_one({"_id": upload}, {"$currentDate": {"at": True}}, upsert=True)

    async def named(self, database: Any, upload: ObjectId) -> None:
        """A head document names it now. Raises `InvalidOperation` if it was swept meanwhile."""
        if (await database[self._uploads].delete_one({"_id": upload})).deleted_count == 0:
            await database[self._heads].delete_one({"upload": upload})
            raise InvalidOperation("swept")

    async def fetch(self, database: Any, upload: ObjectId) -> bytes:
        held = io.BytesIO()
        await self._bucket(database).download_to_stream(upload, held)
        return held.getvalue()

    async def drop(self, database: Any, upload: ObjectId) -> None:
        """No head document names it, or ever will."""
        await database[f"{self._files}.files"].delete_one({"_id": upload})
        await database[f"{self._files}.chunks"].delete_many({"files_id": upload})
        await database[self._uploads].delete_one({"_id": upload})

    async def sweep(self, database: Any, before: datetime) -> int:
        """Removes what was not finished, or not wholly deleted. Returns how many contents that were."""
        swept = 0
        for noted in await database[self._uploads].find({"at": {"$lt": before}}).limit(PAGE).to_list(PAGE):
            if await database[self._heads].find_one({"upload": noted["_id"]}, {"_id": 1}):
                await database[self._uploads].delete_one({"_id": noted["_id"]})
            elif (await database[self._uploads].delete_one({"_id": noted["_id"]})).deleted_count:
                await self.drop(database, noted["_id"])
                swept += 1
        return swept


@dataclass(frozen=True, slots=True)
class _Save:
    id: str
    body: bytes
    done: asyncio.Future[None]


class MongoDocuments:
    """One document each in `documents`, `_id` is `tenant/key`: a second one of the same key is refused by the server, and a success.

    `body` is the text as it was given: as fields of its own it could not come back as the same bytes (order, spaces and the digits of
    numbers would change), and what is searched for stands in SQL. Saves that wait together are one call. Every call ends within
    `deadline` seconds; a save may still take effect then, as it may when it is cancelled.
    """

    INLINE = 12 << 20  # bytes; a document of MongoDB has 16 MiB at most

    def __init__(self, url: str, deadline: float = 5.0, waiting: int = 1000) -> None:
        self._mongo = _Mongo(url, "documents", deadline)
        self._large = _Large("documents")
        self._waiting = waiting
        self._saves: deque[_Save] = deque()
        self._news = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> MongoDocuments:
        self._mongo.open()
        self._writer = asyncio.create_task(self._write(), name="documents")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        for save in self._saves:
            if not save.done.done():
                save.done.set_exception(Unavailable("documents", "closed"))
        await self._mongo.close()

    async def save(self, tenant: str, key: str, body: bytes) -> None:
        id = _document_id(tenant, key)
        if self._writer is None:
            raise Unavailable("documents", "closed")
        if len(body) > self.INLINE:
            return await self._mongo.do(lambda database: self._save_large(database, id, body))
        if len(self._saves) >= self._waiting:
            raise Unavailable("documents", "too many calls wait")
        save = _Save(id, body, asyncio.get_running_loop().create_future())
        self._saves.append(save)
        self._news.set()
        try:
            async with asyncio.timeout(self._mongo.deadline):
                await save.done
        except TimeoutError as exc:
            raise DeadlineExceeded("documents") from exc

    async def load(self, tenant: str, key: str) -> bytes | None:
        id = _document_id(tenant, key)

        async def load(database: Any) -> bytes | None:
            head = await database["documents"].find_one({"_id": id})
            if head is None:
                return None
            if "upload" in head:
                return await self._large.fetch(database, head["upload"])
            body = head["body"]
            return body.encode() if isinstance(body, str) else bytes(body)

        return await self._mongo.do(load)

    async def saved_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        await self._mongo.do(lambda database: self._large.sweep(database, datetime.now(UTC) - UNFINISHED_AFTER))
        async for id in _ids(self._mongo, "documents", moment):
            tenant, _, key = id.partition("/")
            yield tenant, key

    async def missing(self, tenant: str, keys: Collection[str]) -> set[str]:
        ids = {_document_id(tenant, key): key for key in keys}
        return {ids[id] for id in await _missing(self._mongo, "documents", list(ids))}

    async def delete(self, tenant: str, key: str) -> None:
        id = _document_id(tenant, key)
        await self._mongo.do(lambda database: _delete(database, "documents", self._large, {"_id": id}))

    async def ping(self) -> None:
        await self._mongo.do(lambda database: database.command("ping"))

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            batch = self._next_batch()
            if not batch:
                self._news.clear()
                continue
            refused: dict[int, Unavailable] = {}
            try:
                refused = await self._mongo.do(lambda database, batch=batch: self._insert(database, batch))  # type: ignore[misc]
            except Unavailable as exc:
                refused = dict.fromkeys(range(len(batch)), exc)
            except Exception as exc:  # the writer outlives whatever a batch raises: its callers are told
                for save in batch:
                    if not save.done.done():
                        save.done.set_exception(exc)
            for number, save in enumerate(batch):
                if not save.done.done():  # else cancelled, or past its deadline
                    if error := refused.get(number):
                        save.done.set_exception(type(error)(error.dependency, error.detail))
                    else:
                        save.done.set_result(None)

    def _next_batch(self) -> list[_Save]:
        batch: list[_Save] = []
        size = 0
        while self._saves and len(batch) < LARGEST_BATCH[0] and size < LARGEST_BATCH[1]:
            save = self._saves.popleft()
            if not save.done.done():  # nobody waits for it any more
                batch.append(save)
                size += len(save.body)
        return batch

    async def _insert(self, database: Any, batch: Sequence[_Save]) -> dict[int, Unavailable]:
        """One call; what the server refused, by its place in the batch."""
        now = datetime.now(UTC)
        try:
            await database["documents"].insert_many([{"_id": s.id, "at": now, "body": _text(s.body)} for s in batch], ordered=False)
        except BulkWriteError as exc:
            if exc.details.get("writeConcernErrors"):
                raise
            errors = [error for error in exc.details["writeErrors"] if error["code"] != DUPLICATE_KEY]
            return {error["index"]: Unavailable("documents", f"WriteError {error['code']}") for error in errors}
        return {}

    async def _save_large(self, database: Any, id: str, body: bytes) -> None:
        if await database["documents"].find_one({"_id": id}, {"_id": 1}):
            return
        upload = await self._large.upload(database, body)
        try:
            await database["documents"].insert_one({"_id": id, "at": datetime.now(UTC), "upload": upload})
        except DuplicateKeyError:
            await self._large.drop(database, upload)
            return
        await self._large.named(database, upload)


class GridFsBlobs:
    """One document each in `blobs`, `_id` is `tenant/sha256`; the bytes in it up to `INLINE`, else in GridFS.

    A second put of the same bytes writes only that it happened now. Which of a put and a deletion came first is decided by the
    server, on that one document: after a put has returned, only a deletion that knows of it removes the blob. A call that was
    cancelled or came late may still take effect, whole. Raises ValueError for what cannot be a tenant or a SHA-256.
    """

    INLINE = 4 << 20  # bytes

    def __init__(self, url: str, deadline: float = 30.0) -> None:
        self._mongo = _Mongo(url, "blobs", deadline)
        self._large = _Large("blobs")
        self._uploading = asyncio.Semaphore(LARGE_AT_ONCE)

    async def __aenter__(self) -> GridFsBlobs:
        self._mongo.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._mongo.close()

    async def put(self, tenant: str, content: BinaryIO) -> Blob:
        _check_tenant(tenant)
        given_up = threading.Event()

        async def put(database: Any) -> Blob:
            data, blob = await asyncio.to_thread(_read, content, given_up)
            id = f"{tenant}/{blob.sha256}"
            if blob.size <= self.INLINE:
                await _touch(database, id, {"size": blob.size, "data": data})
            else:
                async with self._uploading:
                    await self._put_large(database, id, data, blob.size)
            return blob

        try:
            blob = await self._mongo.do(put)
        finally:
            given_up.set()
        failpoint("blob_written")
        return blob

    async def open(self, tenant: str, sha256: str) -> BinaryIO:
        id = _blob_id(tenant, sha256)

        async def fetch(database: Any) -> bytes | None:
            head = await database["blobs"].find_one({"_id": id})
            if head is None or "upload" not in head:
                return head and bytes(head["data"])
            try:
                return await self._large.fetch(database, head["upload"])
            except PyMongoError:
                if await database["blobs"].find_one({"_id": id, "upload": head["upload"]}, {"_id": 1}):
                    raise
                return None  # deleted meanwhile

        data = await self._mongo.do(fetch)
        if data is None:
            raise FileNotFoundError(sha256)
        return _file(data)

    async def delete(self, tenant: str, sha256: str, written_before: datetime | None = None) -> None:
        this: dict[str, Any] = {"_id": _blob_id(tenant, sha256)}
        if written_before is not None:
            this["at"] = {"$lt": written_before}
        await self._mongo.do(lambda database: _delete(database, "blobs", self._large, this))

    async def stored_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        """Sweeps unfinished uploads first: who looks for old blobs sweeps."""
        await self._mongo.do(lambda database: self._large.sweep(database, datetime.now(UTC) - UNFINISHED_AFTER))
        async for id in _ids(self._mongo, "blobs", moment):
            tenant, _, sha256 = id.partition("/")
            yield tenant, sha256

    async def missing(self, tenant: str, sha256s: Collection[str]) -> set[str]:
        ids = {_blob_id(tenant, sha256): sha256 for sha256 in sha256s}
        return {ids[id] for id in await _missing(self._mongo, "blobs", list(ids))}

    async def ping(self) -> None:
        await self._mongo.do(lambda database: database.command("ping"))

    async def _put_large(self, database: Any, id: str, data: bytes, size: int) -> None:
        if (await database["blobs"].update_one({"_id": id}, {"$currentDate": {"at": True}})).matched_count:
            return
        upload = await self._large.upload(database, data)
        await _touch(database, id, {"size": size, "upload": upload})
        if await database["blobs"].find_one({"_id": id, "upload": upload}, {"_id": 1}):
            await self._large.named(database, upload)
        else:
            await self._large.drop(database, upload)  # another one was quicker


async def _touch(database: Any, id: str, fields: dict[str, Any]) -> None:
    """The document is there afterwards and written now, by the server's clock: with these fields if it was not there before."""
    update = {"$setOnInsert": fields, "$currentDate": {"at": True}}
    with contextlib.suppress(DuplicateKeyError):  # two made it at once
        await database["blobs"].update_one({"_id": id}, update, upsert=True)
        return
    await database["blobs"].update_one({"_id": id}, update, upsert=True)


async def _delete(database: Any, collection: str, large: _Large, this: dict[str, Any]) -> None:
    head = await database[collection].find_one(this, {"upload": 1})
    if head is None:
        return
    if upload := head.get("upload"):
        await large.note(database, upload)
        this = this | {"upload": upload}
    if (await database[collection].delete_one(this)).deleted_count and upload:
        await large.drop(database, upload)


async def _ids(mongo: _Mongo, collection: str, moment: datetime) -> AsyncIterator[str]:
    """In order; page by page, so that who uses them may take their time."""
    last = ""
    while True:

        async def page(database: Any, last: str = last) -> list[dict[str, Any]]:
            found = database[collection].find({"_id": {"$gt": last}, "at": {"$lt": moment}}, {"_id": 1}, batch_size=PAGE + 1)
            rows: list[dict[str, Any]] = await found.sort("_id", 1).limit(PAGE).to_list(PAGE)
            return rows

        rows = await mongo.do(page)
        for row in rows:
            yield row["_id"]
        if len(rows) < PAGE:
            return
        last = rows[-1]["_id"]


async def _missing(mongo: _Mongo, collection: str, ids: Sequence[str]) -> set[str]:
    missing = set(ids)
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        found = await mongo.do(
            lambda database, page=page: database[collection].find({"_id": {"$in": page}}, {"_id": 1}, batch_size=PAGE + 1).to_list(PAGE)  # type: ignore[misc]
        )
        missing -= {row["_id"] for row in found}
    return missing


def _check_tenant(tenant: str) -> None:
    if not TENANT.fullmatch(tenant):
        raise ValueError("a tenant's name has letters, digits, dot, hyphen, underscore; at most 64")


def _document_id(tenant: str, key: str) -> str:
    _check_tenant(tenant)
    key.encode()  # a lone surrogate is the caller's error, and must not fail its batch
    return f"{tenant}/{key}"


def _blob_id(tenant: str, sha256: str) -> str:
    _check_tenant(tenant)
    if not SHA256.fullmatch(sha256):
        raise ValueError("no SHA-256 in hex")
    return f"{tenant}/{sha256}"


def _text(body: bytes) -> str | bytes:
    """As text people can read it there. UTF-8 to text and back gives the same bytes; what is none stays bytes."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _read(content: BinaryIO, given_up: threading.Event) -> tuple[bytes, Blob]:
    """In a thread: all of it, and its hash."""
    digest = hashlib.sha256()
    read = bytearray()
    while chunk := content.read(READ_CHUNK):
        if given_up.is_set():
            raise TimeoutError("nobody waits for this any more")
        digest.update(chunk)
        read += chunk
    return bytes(read), Blob(digest.hexdigest(), len(read))


def _file(data: bytes) -> BinaryIO:
    """A real file, in memory. Opened anew for reading: who is handed the descriptor cannot write by it."""
    memory = os.memfd_create("blob", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(memory, view) :]
        return open(f"/proc/self/fd/{memory}", "rb")
    finally:
        os.close(memory)
