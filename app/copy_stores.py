"""Originals and snapshots from one store to another: a backup, its way back, or the move from embedded stores to servers.

What the target has stays as it is and is not read. Each original is checked against its name, which is its SHA-256, when it was read
and again when it was written. `named_by`: only what that SQL store names is copied. A backup's SQL is older than the rest of it, and a
snapshot or audit row from after it would be taken for the one that is still to be written.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from app.ports import BlobStore, DocumentStore, InvoiceStore, Named

PAGE = 200
AT_ONCE = 4  # originals or snapshots in memory, each of some megabytes at most
CHUNK = 1 << 20
LATEST = timedelta(days=1)  # ahead of our clock: another machine's may be


class Corrupted(Exception):
    """An original's bytes are not those of its name."""


@dataclass(slots=True)
class Count:
    """`unnamed`: left out because SQL does not name it. `gone`: deleted while it was to be copied."""

    copied: int = 0
    there: int = 0
    unnamed: int = 0
    gone: int = 0


Progress = Callable[[Count], None]


async def copy_blobs(
    source: BlobStore, target: BlobStore, progress: Progress, named_by: InvoiceStore | None = None, at_once: int = AT_ONCE
) -> Count:
    """Raises `Corrupted`; what was copied before stays, and a second call goes on from there."""
    count = Count()
    async for tenant, hashes in _pages(source.stored_before(datetime.now(UTC) + LATEST)):
        wanted = hashes
        if named_by is not None:
            wanted = [sha256 for sha256 in hashes if await named_by.is_known_blob(tenant, sha256)]
        missing = await target.missing(tenant, wanted)
        _tally(count, hashes, wanted, missing)

        async def copy(sha256: str, tenant: str = tenant) -> bool:
            try:
                content = await source.open(tenant, sha256)
            except FileNotFoundError:
                return False
            try:
                if await asyncio.to_thread(_digest, content) != sha256:
                    raise Corrupted(f"{tenant}/{sha256}: the original that is to be copied has other bytes")
                if (await target.put(tenant, content)).sha256 != sha256:
                    raise Corrupted(f"{tenant}/{sha256}: the original changed while it was copied")
            finally:
                content.close()
            return True

        await _each(sorted(missing), copy, count, at_once)
        progress(count)
    return count


async def copy_documents(
    source: DocumentStore, target: DocumentStore, progress: Progress, named_by: InvoiceStore | None = None, at_once: int = AT_ONCE
) -> Count:
    count = Count()
    async for tenant, keys in _pages(source.saved_before(datetime.now(UTC) + LATEST)):
        wanted = keys if named_by is None else await _those_named(named_by, tenant, keys)
        missing = await target.missing(tenant, wanted)
        _tally(count, keys, wanted, missing)

        async def copy(key: str, tenant: str = tenant) -> bool:
            body = await source.load(tenant, key)
            if body is None:
                return False
            await target.save(tenant, key, body)
            return True

        await _each(sorted(missing), copy, count, at_once)
        progress(count)
    return count


async def is_empty(blobs: BlobStore, documents: DocumentStore) -> bool:
    moment = datetime.now(UTC) + LATEST
    async for _ in blobs.stored_before(moment):
        return False
    async for _ in documents.saved_before(moment):
        return False
    return True


async def _those_named(invoices: InvoiceStore, tenant: str, keys: list[str]) -> list[str]:
    audit = {key for key in keys if key.startswith("audit:")}
    rows = {row.key for row in await invoices.audit_rows(tenant, {key.split(":")[1] for key in audit})} if audit else set()
    others = {key.split(":")[0] for key in keys if key not in audit}
    named = {each.invoice_id: each for each in await invoices.named_of(tenant, others)} if others else {}
    return [key for key in keys if (key in rows if key in audit else _is_of(key, named))]


def _is_of(key: str, named: dict[str, Named]) -> bool:
    """The snapshot of a result, or of an earlier version; not one of an attempt that SQL takes for unfinished: it will be made again."""
    invoice_id, _, rest = key.partition(":")
    invoice, version = named.get(invoice_id), rest.partition(":")[0]
    return invoice is not None and (key in invoice.snapshots or (version.isdigit() and int(version) < invoice.version))


async def _pages(listed: AsyncIterator[tuple[str, str]]) -> AsyncIterator[tuple[str, list[str]]]:
    """Of one tenant each."""
    of, page = "", list[str]()
    async for tenant, name in listed:
        if page and (tenant != of or len(page) >= PAGE):
            yield of, page
            page = []
        of = tenant
        page.append(name)
    if page:
        yield of, page


def _tally(count: Count, listed: list[str], wanted: list[str], missing: set[str]) -> None:
    count.unnamed += len(listed) - len(wanted)
    count.there += len(wanted) - len(missing)


async def _each(names: list[str], copy: Callable[[str], Coroutine[None, None, bool]], count: Count, at_once: int) -> None:
    """At most `at_once` of them at the same time; the first error ends all."""
    waiting = iter(names)

    async def work() -> None:
        for name in waiting:
            if await copy(name):
                count.copied += 1
            else:
                count.gone += 1

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(names))):
                group.create_task(work())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _digest(content: BinaryIO) -> str:
    """Of all of it; it stands at its beginning again then."""
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK):
        digest.update(chunk)
    content.seek(0)
    return digest.hexdigest()
