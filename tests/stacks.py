"""Files that hold several invoices one behind another, as an office scans or prints its post."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import pymupdf

from app.samples.crowd import many


def bound(files: Sequence[bytes]) -> bytes:
    """The pages of all these PDFs in one, in order."""
    whole = pymupdf.open()
    for content in files:
        with pymupdf.open(stream=content, filetype="pdf") as part:
            whole.insert_pdf(part)
    made: bytes = whole.tobytes(garbage=3)
    return made


def stack(seed: int, invoices: int = 3, skip: int = 0) -> bytes:
    """A PDF of so many different invoices."""
    return bound([content for _, content in islice(many(1_000_000, "digital", seed), skip, skip + invoices)])
