"""Whether two pages of a document are the same page: a picture that was put in twice.

Only equal pictures count. Two scans of one sheet differ in every pixel, by more than two invoices of one sender differ in a digit;
whatever would take the former for one page would lose the latter. Reading a page twice costs a second; losing one costs an invoice.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def fingerprint(grey: NDArray[np.uint8]) -> bytes:
    """16 bytes that stand for this picture, its shape and each of its pixels. `grey`: the small picture of the page."""
    return hashlib.blake2b(np.ascontiguousarray(grey).tobytes(), digest_size=16, key=repr(grey.shape).encode()[:64]).digest()


def alike(one: bytes, other: bytes) -> bool:
    """Both are the same picture."""
    return one == other
