"""A measured figure, the limit wanted for it, and the table of them."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`wanted`: the value must not exceed it, or, `at_least`, not fall short of it; None where nothing is asked."""

    part: str
    name: str
    value: float
    unit: str
    wanted: float | None = None
    at_least: bool = False

    @property
    def missed(self) -> bool:
        if self.wanted is None:
            return False
        return not (self.value >= self.wanted if self.at_least else self.value <= self.wanted)  # NaN is a miss


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed (nearest rank); NaN of none."""
    ordered = sorted(values)
    rank = math.ceil(share * len(ordered) - 1e-9)  # 0.95 * 100 is a little more than 95
    return ordered[max(0, rank - 1)] if ordered else float("nan")


def bucket_percentile(before: Mapping[str, float], after: Mapping[str, float], name: str, share: float) -> float:
    """Of a Prometheus histogram between two scrapes: the upper edge of the bucket that holds it, so never too good."""
    prefix = f"{name}_bucket{{le="
    counts = sorted((float(key[len(prefix) : -1]), value - before.get(key, 0.0)) for key, value in after.items() if key.startswith(prefix))
    total = counts[-1][1] if counts else 0.0
    return next((edge for edge, count in counts if total and count >= share * total), float("nan"))


def machine() -> dict[str, str]:
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.machine(),
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024**2
    return {
        "processor": f"{model}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{memory:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }


def table(figures: Iterable[Figure]) -> str:
    rows = [("part", "figure", "value", "wanted", "")]
    for figure in figures:
        wanted = "" if figure.wanted is None else f"{'>=' if figure.at_least else '<='} {figure.wanted:g} {figure.unit}"
        verdict = "" if figure.wanted is None else "MISSED" if figure.missed else "ok"
        rows.append((figure.part, figure.name, f"{figure.value:.4g} {figure.unit}".strip(), wanted, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    rows.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows)
