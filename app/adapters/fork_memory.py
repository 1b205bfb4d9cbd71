"""Makes a process cheap to fork: what its children write lies close together, so that the kernel copies few pages for them."""

from __future__ import annotations

import ctypes
import gc

_LARGEST = 128 * 1024  # bytes; what is larger gets a mapping of its own
_COARSE = 1024  # step from size to size above `_SMALL`; below it glibc has a list for every 16 bytes
_SMALL = 1040


class _Info(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def settle() -> None:
    """To be called once, when all is loaded: what is there now stays. Where libc is not glibc its heap is left as it is."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)  # loading (and compiling, if there was no cache) left holes: 80 MB of page tables to copy
    if hasattr(libc, "mallinfo2"):
        _fill_holes(libc)
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
