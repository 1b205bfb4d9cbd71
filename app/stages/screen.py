"""Screen: what is unusual, though no rule is broken. There is no history to compare with yet."""

from __future__ import annotations

from app.domain.work import Screened, Validated


async def screen(validated: Validated, /) -> Screened:
    """Finds nothing unusual."""
    return Screened(validated)
