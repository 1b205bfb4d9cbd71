"""How the pages of a settled invoice were looked at when they were read: upright, flat, cropped. The boxes of its fields refer to that."""

from __future__ import annotations

import asyncio

import msgspec

from app.domain.document import View
from app.domain.record import SETTLED, InvoiceRecord
from app.ports import DocumentStore

_INLINE = 64 * 1024  # bytes decoded on the event loop, in less than a millisecond; the words of long documents go to a thread


class _Page(msgspec.Struct):
    number: int
    view: View | None = None


class _Document(msgspec.Struct):
    pages: list[_Page]


class _Snapshot(msgspec.Struct):
    document: _Document


_snapshot = msgspec.json.Decoder(_Snapshot)


async def view_of(documents: DocumentStore, record: InvoiceRecord, page: int) -> View | None:
    """None where the page is shown as it lies in the file: also before it was read, and where nothing was. Raises Unavailable."""
    if record.status not in SETTLED or record.result is None or record.result.extracted.source == "xml":
        return None
    # The attempt that settled it wrote its snapshot under the version that it had claimed, which settling raised by one.
    snapshot = await documents.load(record.tenant, f"{record.id}:{record.version - 1}:{record.attempts}")
    if snapshot is None:
        return None
    read = _snapshot.decode(snapshot) if len(snapshot) <= _INLINE else await asyncio.to_thread(_snapshot.decode, snapshot)
    return next((known.view for known in read.document.pages if known.number == page), None)
