"""Which URLs are MongoDB's. Apart from the adapter, so that looking at a URL does not load a driver."""

from __future__ import annotations

import re

from app.errors import Misconfigured

_URL = re.compile(r"mongodb(\+srv)?://[^/]+/[^/?]+(\?.*)?")


def is_mongo(url: str, name: str) -> bool:
    """Raises `Misconfigured` for one that does not name a database."""
    if not url.startswith(("mongodb://", "mongodb+srv://")):
        return False
    if not _URL.fullmatch(url):
        raise Misconfigured(f"INVOICESTREAM_{name}: mongodb://host/database?options is needed")
    return True
