"""What the kernel says of a process and all that it started: CPU time and memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of the process itself, and of all its children, those that have ended among them. Resident bytes of both."""

    own_cpu: float
    children_cpu: float
    own_memory: int
    children_memory: int

    @property
    def cpu(self) -> float:
        return self.own_cpu + self.children_cpu

    @property
    def memory(self) -> int:
        return self.own_memory + self.children_memory


def usage(pid: int) -> Usage:
    """Exact to a clock tick (10 ms) for each living process; children count once their parent has waited for them."""
    own, waited = _cpu(pid)
    children = waited
    memory = 0
    for child in _descendants(pid):
        try:
            mine, theirs = _cpu(child)
            children += mine + theirs
            memory += _memory(child)
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile: its parent's sum has it now or soon
            continue
    return Usage(own, children, _memory(pid), memory)


def _cpu(pid: int) -> tuple[float, float]:
    """(user + system, the same of the waited-for children) in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, children_user, children_system = (int(value) / _TICK for value in fields[11:15])
    return user + system, children_user + children_system


def _memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        try:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                children = [int(child) for child in (thread / "children").read_text().split()]
                found += children
                waiting += children
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
