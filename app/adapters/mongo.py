"""Documents and blobs in MongoDB: what `mongo_documents.py` and `mongo_blobs.py` stand on. Motor is imported here alone, and used by
what it shares with `pymongo.AsyncMongoClient` (docs/decisions/0006).

Writes are acknowledged by a majority and journaled; reads see only what a majority has. What one document can hold is one document,
written by one call: nobody sees a part of it. What is larger is a GridFS file, uploaded under an id of its own and made visible by
one last write, that of the head document which names it. `*.uploads` lists the ids for which that may not have happened.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorGridFSBucket
from pymongo.errors import (
    ConfigurationError,
    InvalidOperation,
    InvalidURI,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.errors import DeadlineExceeded, Misconfigured, Unavailable

T = TypeVar("T")

TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
POOL = 10  # connections
PAGE = 500
UNFINISHED_AFTER = timedelta(hours=1)  # no upload takes so long: its deadline is seconds
LARGE_CHUNK = 1 << 20


class Mongo:
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


class Large:
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


async def delete(database: Any, collection: str, large: Large, this: dict[str, Any]) -> None:
    head = await database[collection].find_one(this, {"upload": 1})
    if head is None:
        return
    if upload := head.get("upload"):
        await large.note(database, upload)
        this = this | {"upload": upload}
    if (await database[collection].delete_one(this)).deleted_count and upload:
        await large.drop(database, upload)


async def ids_before(mongo: Mongo, collection: str, moment: datetime) -> AsyncIterator[str]:
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


async def missing_ids(mongo: Mongo, collection: str, ids: Sequence[str]) -> set[str]:
    missing = set(ids)
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        found = await mongo.do(
            lambda database, page=page: database[collection].find({"_id": {"$in": page}}, {"_id": 1}, batch_size=PAGE + 1).to_list(PAGE)  # type: ignore[misc]
        )
        missing -= {row["_id"] for row in found}
    return missing


def check_tenant(tenant: str) -> None:
    if not TENANT.fullmatch(tenant):
        raise ValueError("a tenant's name has letters, digits, dot, hyphen, underscore; at most 64")
