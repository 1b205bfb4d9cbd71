"""The split of documents with ground truth into two halves, fixed for ever.

Only the `opened` half may be looked at while rules or models are tuned; the `unopened` half is reported as totals. The key is
the layout where the truth names one, else the sender, so that documents of one sender, and the twins of one document in other
sets, fall on the same side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

Half = Literal["opened", "unopened"]


def half_of(truth: Mapping[str, Any]) -> Half:
    key = truth.get("layout") or "".join(c for c in str(truth.get("vendor_name") or "").casefold() if c.isalnum())
    return "unopened" if int(hashlib.sha256(str(key).encode()).hexdigest(), 16) % 2 else "opened"
