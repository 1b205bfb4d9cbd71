"""What stands in a model repository (`triton_models/`): each model's folder, its configuration, and a question whose answer is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CANARY = "canary.npz"
CONFIGURATION = "config.pbtxt"
SUMS = "weights.sha256"  # of the files that are not in the sources: as `sha256sum` writes them
TOLERANCE = 0.1
"""By which numbers of a right answer may differ from the known one, as a part of its greatest: in half precision and in bfloat16 they do by
less (0.04, where a map of probabilities is steep), and a model that answers from other weights by more. Whole numbers are equal."""


def models_in(repository: Path) -> list[Path]:
    """The folders of the models, by name. Raises OSError."""
    return sorted(folder for folder in repository.iterdir() if (folder / CONFIGURATION).is_file())


def newest(folder: Path) -> str | None:
    """A model's version that can be run here, if there is one: the newest of those that its configuration names, or of all."""
    named = named_versions((folder / CONFIGURATION).read_text("utf-8"))
    there = (each.name for each in folder.iterdir() if each.name.isdigit() and (each / "model.py").exists())
    return max((version for version in there if not named or version in named), key=int, default=None)


def named_versions(configuration: str) -> list[str]:
    """Of a config.pbtxt with `version_policy: { specific ... }`; without it, none."""
    span = _policy(configuration)
    return re.findall(r"\d+", configuration[slice(*span)]) if span and "specific" in configuration[slice(*span)] else []


def with_version(configuration: str, version: str) -> str:
    """The text of a config.pbtxt that names this version, and no other."""
    policy = f"version_policy: {{ specific {{ versions: [ {version} ] }} }}"
    start, end = _policy(configuration) or (len(configuration), len(configuration))
    return configuration[:start] + policy + (configuration[end:] or "\n")


def _policy(configuration: str) -> tuple[int, int] | None:
    """Where the version policy stands in the text."""
    if (found := re.search(r"^[ \t]*version_policy\s*:?\s*(?=\{)", configuration, re.MULTILINE)) is None:
        return None
    depth = 0
    for end in range(found.end(), len(configuration)):
        depth += {"{": 1, "}": -1}.get(configuration[end], 0)
        if not depth:
            return found.start(), end + 1
    return None


def missing(repository: Path) -> list[str]:
    """The weights that should stand in the repository and do not, by their names in it. Raises OSError, ValueError."""
    sums = repository / SUMS
    if not sums.exists():
        return []
    names = [line.split("  ", 1)[1] for line in sums.read_text("utf-8").splitlines()]
    return [name for name in names if not (repository / name).exists()]


@dataclass(frozen=True, slots=True)
class Canary:
    """A question to a model, and its answer. Small: it is asked again and again."""

    inputs: Mapping[str, NDArray[Any]]
    outputs: Mapping[str, NDArray[Any]]

    @staticmethod
    def of(folder: Path) -> Canary | None:
        """The one that stands in a model's folder, if one does. Raises OSError, ValueError."""
        if not (folder / CANARY).exists():
            return None
        with np.load(folder / CANARY, allow_pickle=False) as archive:
            tensors = {name: archive[name] for name in archive.files}
        return Canary(*({n.partition("/")[2]: t for n, t in tensors.items() if n.startswith(side)} for side in ("inputs/", "outputs/")))

    def save(self, folder: Path) -> None:
        sides = {"inputs": self.inputs, "outputs": self.outputs}
        tensors: dict[str, Any] = {f"{side}/{name}": tensor for side, named in sides.items() for name, tensor in named.items()}
        np.savez_compressed(folder / CANARY, **tensors)

    def wrong(self, answer: Mapping[str, NDArray[Any] | None]) -> str:
        """What is wrong with an answer; nothing if it is right."""
        for name, known in self.outputs.items():
            got = answer.get(name)
            if got is None:
                return f"{name} is missing"
            if got.shape != known.shape or got.dtype != known.dtype:
                return f"{name} is {got.dtype}{list(got.shape)}, not {known.dtype}{list(known.shape)}"
            if known.dtype.kind == "f":
                if not np.isfinite(got).all() or np.abs(got - known).max(initial=0.0) > TOLERANCE * np.abs(known).max(initial=0.0):
                    return f"{name} is not what is known"
            elif not np.array_equal(got, known):
                return f"{name} is not what is known"
        return ""


def canary_of(repository: Path, model: str, version: str) -> Canary | None:
    """The version's own, else the model's. Raises OSError, ValueError."""
    return Canary.of(repository / model / version) or Canary.of(repository / model)
