"""How the memory of a process that lives long is given back."""

from __future__ import annotations

import ctypes

LARGE = 256 * 1024  # bytes: a page's pixels, no string or row
_M_MMAP_THRESHOLD = -3  # glibc, <malloc.h>


def give_back_what_is_large() -> None:
    """From now on each piece above `LARGE` is a mapping of its own, gone when it is freed.

    glibc raises that size to that of the largest mapping freed so far, up to 32 MiB: then pages' pictures lie in the heaps of many threads,
    between small things that stay, and the process grows. Other C libraries are left as they are.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, LARGE)
