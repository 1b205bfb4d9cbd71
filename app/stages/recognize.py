"""Recognize: the words of the pages that have no text layer. No engine for page images is built in yet."""

from __future__ import annotations

from app.domain.work import Prepared, Reading
from app.errors import Unprocessable


async def recognize(prepared: Prepared, /) -> Reading:
    """What the text layers and the e-invoice hold. Raises `Unprocessable`: `empty` if there is nothing to read, `unreadable` if all
    that there is are pictures."""
    document = prepared.decoded.document
    if document.einvoice is None and not any(len(page.words) for page in document.pages):
        if any(page.image_share > 0 for page in document.pages):
            raise Unprocessable("unreadable", "no engine reads page images yet")
        raise Unprocessable("empty", "no page has anything on it")
    return Reading(prepared, document)
