"""`BlobStore` in MongoDB."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import threading
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO

from pymongo.errors import DuplicateKeyError, PyMongoError

from app.adapters.mongo import UNFINISHED_AFTER, Large, Mongo, check_tenant, delete, ids_before, missing_ids
from app.failpoints import failpoint
from app.ports import Blob

SHA256 = re.compile(r"[0-9a-f]{64}")
READ_CHUNK = 1 << 20
LARGE_AT_ONCE = 2  # uploads: each is held in memory


class GridFsBlobs:
    """One document each in `blobs`, `_id` is `tenant/sha256`; the bytes in it up to `INLINE`, else in GridFS.

    A second put of the same bytes writes only that it happened now. Which of a put and a deletion came first is decided by the
    server, on that one document: after a put has returned, only a deletion that knows of it removes the blob. A call that was
    cancelled or came late may still take effect, whole. Raises ValueError for what cannot be a tenant or a SHA-256.

    What was put here last is opened without asking the server: each original is opened soon after, up to four times. Only a deletion by
    another process is noticed late.
    """

    INLINE = 4 << 20  # bytes
    RECENT = 8 << 20  # bytes

    def __init__(self, url: str, deadline: float = 30.0) -> None:
        self._mongo = Mongo(url, "blobs", deadline)
        self._large = Large("blobs")
        self._uploading = asyncio.Semaphore(LARGE_AT_ONCE)
        self._recent: dict[str, bytes] = {}  # the oldest first
        self._recent_size = 0

    async def __aenter__(self) -> GridFsBlobs:
        self._mongo.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._mongo.close()

    async def put(self, tenant: str, content: BinaryIO) -> Blob:
        check_tenant(tenant)
        given_up = threading.Event()

        async def put(database: Any) -> Blob:
            data, blob = await asyncio.to_thread(_read, content, given_up)
            id = f"{tenant}/{blob.sha256}"
            if blob.size <= self.INLINE:
                await _touch(database, id, {"size": blob.size, "data": data})
                self._remember(id, data)
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

        data = self._recent.get(id)
        if data is None:
            data = await self._mongo.do(fetch)
        if data is None:
            raise FileNotFoundError(sha256)
        making = asyncio.get_running_loop().run_in_executor(None, _file, data)  # megabytes are copied
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(_close)  # nobody waits for it any more
            raise

    async def delete(self, tenant: str, sha256: str, written_before: datetime | None = None) -> None:
        this: dict[str, Any] = {"_id": _blob_id(tenant, sha256)}
        if written_before is not None:
            this["at"] = {"$lt": written_before}
        try:
            await self._mongo.do(lambda database: delete(database, "blobs", self._large, this))
        finally:
            self._forget(this["_id"])  # afterwards, whatever was put meanwhile

    async def stored_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        """Sweeps unfinished uploads first: who looks for old blobs sweeps."""
        await self._mongo.do(lambda database: self._large.sweep(database, datetime.now(UTC) - UNFINISHED_AFTER))
        async for id in ids_before(self._mongo, "blobs", moment):
            tenant, _, sha256 = id.partition("/")
            yield tenant, sha256

    async def missing(self, tenant: str, sha256s: Collection[str]) -> set[str]:
        ids = {_blob_id(tenant, sha256): sha256 for sha256 in sha256s}
        return {ids[id] for id in await missing_ids(self._mongo, "blobs", list(ids))}

    async def ping(self) -> None:
        await self._mongo.do(lambda database: database.command("ping"))

    def _remember(self, id: str, data: bytes) -> None:
        self._forget(id)
        self._recent[id] = data
        self._recent_size += len(data)
        while self._recent_size > self.RECENT:
            self._forget(next(iter(self._recent)))

    def _forget(self, id: str) -> None:
        self._recent_size -= len(self._recent.pop(id, b""))

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


def _blob_id(tenant: str, sha256: str) -> str:
    check_tenant(tenant)
    if not SHA256.fullmatch(sha256):
        raise ValueError("no SHA-256 in hex")
    return f"{tenant}/{sha256}"


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


def _close(made: asyncio.Future[BinaryIO]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().close()
