"""Preprocess: which pages still have to be read."""

from __future__ import annotations

from app.domain.work import Decoded, Prepared


async def preprocess(decoded: Decoded, /) -> Prepared:
    """A page without a word in its text layer is unread: a picture, drawn letters, or blank."""
    return Prepared(decoded, tuple(page.number for page in decoded.document.pages if not len(page.words)))
