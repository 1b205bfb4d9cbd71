"""Which half of a labelled folder may be looked at: `opened` for finding faults, `unopened` only ever for totals.

A rule that was made while looking at a document says nothing about the next sender's. So each set is cut in two by who
made the document, never by document: all that share a layout, or a sender, fall on the same side, in every set (the scan of
an invoice falls where the invoice falls). The cut depends on nothing but the truth itself: not on the other files of the
folder, their order or number, and not on the machine. It is fixed for good: change it, and every figure of the unopened half that
was ever written down stops being comparable, because documents that were looked at would count as unseen.

The key is the first that the truth has of
  1. `layout`: the name of the template; documents of one layout share their quirks even where the senders differ,
  2. `vendor_name`, NFKC, case folded, letters and digits only: so that "ACME, Inc." and "Acme Inc" are one,
  3. the document's own name.
The side is the lowest bit of the first byte of SHA-256 over `SALT` and the key. The salt was chosen once, from counts alone, so
that the halves of the sets that exist today are of similar size. `SEEN` are keys on the unopened side whose documents had been
looked at before the cut was made: they count as opened.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

Half = Literal["opened", "unopened"]

SALT = "split-650:"

SEEN = frozenset(
    (
        "27452376cf1d",
        "4b429e7d3876",
        "556c2414e343",
        "5923d66577c4",
        "9f09b14ad3a9",
        "b18275be1f04",
    )
)
"""The first 12 digits of the keys' hashes."""


def split_key(truth: Mapping[str, Any], document: str) -> str:
    """What decides the side: the layout, else the sender, else the document's own name."""
    if layout := _folded(truth.get("layout")):
        return f"layout:{layout}"
    if sender := _folded(truth.get("vendor_name")):
        return f"sender:{sender}"
    return f"document:{document}"


def half_of(truth: Mapping[str, Any], document: str) -> Half:
    """The half on which the document falls, now and for ever. `document` is its name without suffix."""
    digest = hashlib.sha256((SALT + split_key(truth, document)).encode())
    return "unopened" if digest.digest()[0] & 1 and digest.hexdigest()[:12] not in SEEN else "opened"


def _folded(value: object) -> str:
    return "" if value is None else re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", str(value)).casefold())
