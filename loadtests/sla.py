"""The targets of a file beside what was measured."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from loadtests.measures import Measure
from tests.bench.figures import Figure

DEFAULT = Path(__file__).with_name("sla.toml")
ALL = "all"  # targets for what is said of a whole run
Targets = Mapping[str, Mapping[str, float]]


def read_targets(path: Path = DEFAULT) -> Targets:
    """Part -> key -> what it must not exceed. Raises ValueError for a file that says anything else."""
    told = tomllib.loads(path.read_text())
    for part, targets in told.items():
        if not isinstance(targets, dict) or not all(isinstance(limit, int | float) for limit in targets.values()):
            raise ValueError(f"{path.name}: [{part}] must have numbers by key")
    return told


def judged(part: str, measures: Iterable[Measure], targets: Targets, section: str | None = None) -> list[Figure]:
    """As figures named `part`, with the targets of `section` (the part's own by default). What is wanted and not there is missed."""
    wanted = dict(targets.get(section or part, {}))
    figures = [Figure(part, measure.name, measure.value, measure.unit, wanted.pop(measure.key, None)) for measure in measures]
    return figures + [Figure(part, f"{key} (not measured)", float("nan"), "", limit) for key, limit in wanted.items()]
