"""Makes a process cheap to fork: its memory lies in large pages, and what its children take anew lies close together."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path

_LARGEST = 128 * 1024  # bytes; what is larger gets a mapping of its own
_COARSE = 1024  # step from size to size above `_SMALL`; below it glibc has a list for every 16 bytes
_SMALL = 1040

_MADV_COLLAPSE = 25  # Linux 6.1
_LARGE_PAGE = 2 * 1024 * 1024


class _Info(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def settle() -> None:
    """To be called once, when all is loaded: what is there now stays. Needs /proc. What the kernel or libc cannot do is left out."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)  # loading (and compiling, if there was no cache) left holes: 80 MB of page tables to copy
    if hasattr(libc, "mallinfo2"):
        _fill_holes(libc)
    for address in _large_pages():  # a fork copies one entry for each, not 512, and one goes at the child's end
        libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(_LARGE_PAGE), _MADV_COLLAPSE)
    gc.freeze()
    gc.disable()


def _fill_holes(libc: ctypes.CDLL) -> None:
    """Takes every free piece of the heap for good. A child would be given them one by one, each on another page, and looking for
    one touches many; now it gets fresh memory from the end of the heap, in one piece."""
    libc.mallinfo2.restype = _Info
    libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
    libc.malloc.argtypes, libc.free.argtypes, libc.sbrk.argtypes = [ctypes.c_size_t], [ctypes.c_void_p], [ctypes.c_ssize_t]
    end = libc.sbrk(0) - libc.mallinfo2().keepcost  # from here on the heap has never been used
    for size in (*range(_LARGEST - 24, _SMALL, -_COARSE), *range(_SMALL - 8, 8, -16)):
        while (piece := libc.malloc(size)) and piece < end:
            pass
        libc.free(piece)


def _large_pages() -> Iterator[int]:
    """Where in the memory that was written here a large page fits."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, rights, _, _, _, *name = line.split()
        if rights == "rw-p" and name in ([], ["[heap]"]):
            start, end = (int(address, 16) for address in addresses.split("-"))
            yield from range(-(-start // _LARGE_PAGE) * _LARGE_PAGE, end - _LARGE_PAGE + 1, _LARGE_PAGE)
