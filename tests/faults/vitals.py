"""What a process holds of the machine, from /proc: descriptors, threads, children, and the CPU it has used."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POOLED_THREADS = (os.cpu_count() or 1) + 4  # asyncio's default, started one by one as they are needed
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Vitals:
    """`pooled`: descriptors that are connections to the given ports; `descriptors`: the others. `children`: all below it."""

    descriptors: int
    pooled: int
    threads: int
    children: int

    def beyond(self, other: Vitals) -> tuple[int, str]:
        """What has grown most, and by how much. Connections kept in pools are bounded by the pools, and so are threads: those that the
        event loop's executor had not started yet do not count."""
        grown = {name: getattr(self, name) - getattr(other, name) for name in ("descriptors", "threads", "children")}
        grown["threads"] = max(0, grown["threads"] - POOLED_THREADS)
        return max((by, name) for name, by in grown.items())


def vitals(pid: int, ports: Collection[int] = ()) -> Vitals:
    sockets = _connections(pid, ports)
    names = []
    folder = Path(f"/proc/{pid}/fd")
    for link in folder.iterdir():
        with suppress(FileNotFoundError):
            names.append(os.readlink(link))
    pooled = sum(name in sockets for name in names)
    return Vitals(len(names) - pooled, pooled, len(list(Path(f"/proc/{pid}/task").iterdir())), len(descendants(pid)))


def cpu_seconds(pid: int) -> float:
    """Of the process and all below it that is alive, and of the children that they have waited for."""
    total = 0
    for each in (pid, *descendants(pid)):
        with suppress(FileNotFoundError, ProcessLookupError):
            total += sum(map(int, _stat(each)[11:15]))
    return total / TICK


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                children.setdefault(int(_stat(int(name))[1]), []).append(int(name))
    found, left = [], [pid]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def _stat(pid: int) -> list[str]:
    """The fields after the name: state, parent ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _connections(pid: int, ports: Collection[int]) -> set[str]:
    """How /proc calls the sockets of this network that are connected to one of these ports."""
    found = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].rpartition(":")[2], 16) in ports:
            found.add(f"socket:[{fields[9]}]")
    return found
