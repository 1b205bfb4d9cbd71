"""Memory that is given back, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

PAGES = """
import sys
from concurrent.futures import ThreadPoolExecutor
from app.allocator import give_back_what_is_large
if sys.argv[1] == "fixed":
    give_back_what_is_large()
bytearray(20_000_000)  # the largest so far: from here on glibc takes smaller ones from its heaps
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def pages():  # a hundred pages' pixels, and something small behind each that stays
    held = []
    for _ in range(100):
        held.append(bytearray(1_000_000))
        stays.append(bytes(2_000))
stays = []
with ThreadPoolExecutor(4) as threads:
    before = resident()
    list(threads.map(lambda _: pages(), range(4)))
    print(resident() - before)
"""


@pytest.mark.parametrize(("how", "kept"), [("fixed", range(30_000_000)), ("as it comes", range(100_000_000, 500_000_000))])
def test_what_is_large_is_given_back(how: str, kept: range) -> None:
    done = subprocess.run([sys.executable, "-c", PAGES, how], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) in kept
