"""`DocumentStore` in MongoDB."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pymongo.errors import BulkWriteError, DuplicateKeyError

from app.adapters.mongo import UNFINISHED_AFTER, Large, Mongo, check_tenant, delete, ids_before, missing_ids
from app.errors import DeadlineExceeded, Unavailable

DUPLICATE_KEY = 11000
LARGEST_BATCH = (64, 8 << 20)  # documents, bytes


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
        self._mongo = Mongo(url, "documents", deadline)
        self._large = Large("documents")
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
        async for id in ids_before(self._mongo, "documents", moment):
            tenant, _, key = id.partition("/")
            yield tenant, key

    async def missing(self, tenant: str, keys: Collection[str]) -> set[str]:
        ids = {_document_id(tenant, key): key for key in keys}
        return {ids[id] for id in await missing_ids(self._mongo, "documents", list(ids))}

    async def delete(self, tenant: str, key: str) -> None:
        id = _document_id(tenant, key)
        await self._mongo.do(lambda database: delete(database, "documents", self._large, {"_id": id}))

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


def _document_id(tenant: str, key: str) -> str:
    check_tenant(tenant)
    key.encode()  # a lone surrogate is the caller's error, and must not fail its batch
    return f"{tenant}/{key}"


def _text(body: bytes) -> str | bytes:
    """As text people can read it there. UTF-8 to text and back gives the same bytes; what is none stays bytes."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
