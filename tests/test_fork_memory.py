"""A settled process hands out fresh memory only: no child goes through holes that loading left."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROBE = f"""
import ctypes, gc, sys
sys.path.insert(0, {str(ROOT)!r})
from app.adapters.fork_memory import settle
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes, libc.sbrk.argtypes = [ctypes.c_size_t], [ctypes.c_void_p], [ctypes.c_ssize_t]
SIZES = (40, 600, 3000, 50_000)
pieces = [libc.malloc(size) for _ in range(200) for size in SIZES]
for piece in pieces[::2]:
    libc.free(piece)
highest = max(pieces)
if sys.argv[1] == "settled":
    settle()
    assert not gc.isenabled() and gc.get_freeze_count() > 1000
print(sum(libc.malloc(size) < highest for size in SIZES))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="not glibc")
@pytest.mark.parametrize(("state", "holes"), [("settled", False), ("as it was", True)])
def test_holes_are_not_handed_out_after_settling(state: str, holes: bool) -> None:
    done = subprocess.run([sys.executable, "-I", "-c", PROBE, state], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (int(done.stdout) > 0) == holes
