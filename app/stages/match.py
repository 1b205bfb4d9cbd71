"""Match: the seller's and the order's record in the master data. There is no master data yet."""

from __future__ import annotations

from app.domain.work import Extraction, Matched


async def match(extraction: Extraction, /) -> Matched:
    """Matches nothing."""
    return Matched(extraction)
