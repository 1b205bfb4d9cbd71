"""Entities: the runs of words that labels make, and how many of them are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from training.layoutlmv3.pages import ENTITIES


class Span(NamedTuple):
    """Words `first` to before `end` are one entity."""

    entity: str
    first: int
    end: int


def spans(labels: Sequence[str]) -> Iterator[Span]:
    """A "B-" begins an entity; so does an "I-" that does not go on with the one before it."""
    first = 0
    for at in range(1, len(labels) + 1):
        if at < len(labels) and labels[at].startswith("I-") and labels[at - 1] != "O" and labels[at][2:] == labels[at - 1][2:]:
            continue
        if labels[first] != "O":
            yield Span(labels[first][2:], first, at)
        first = at


@dataclass
class Count:
    """Of each entity: `right` as said, `said` at all, `true`."""

    right: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Count) -> Count:
        self.right.update(other.right)
        self.said.update(other.said)
        self.true.update(other.true)
        return self

    def f1(self, entity: str | None = None) -> float:
        """Of one entity, or of all together (micro average). 1 if there is none and none was said."""
        if entity is None:
            return _f1(self.right.total(), self.said.total(), self.true.total())
        return _f1(self.right[entity], self.said[entity], self.true[entity])

    def by_entity(self) -> dict[str, float]:
        return {entity: round(self.f1(entity), 3) for entity in ENTITIES}


def _f1(right: int, said: int, true: int) -> float:
    return 2 * right / (said + true) if said + true else 1.0


def counted(said: Sequence[str], true: Sequence[str]) -> Count:
    """Right is an entity with the same first and last word as a true one of its name."""
    ours, theirs = set(spans(said)), set(spans(true))
    return Count(*(Counter(span.entity for span in some) for some in (ours & theirs, ours, theirs)))


def table(count: Count) -> str:
    """As in docs/models-training.md."""
    lines = ["| entity | true | precision | recall | F1 |", "|---|---:|---:|---:|---:|"]
    for entity in (*ENTITIES, None):
        right, said, true = (part[entity] if entity else part.total() for part in (count.right, count.said, count.true))
        shown = (f"{right / said:.3f}" if said else "-", f"{right / true:.3f}" if true else "-", f"{count.f1(entity):.3f}")
        lines.append(f"| {entity or 'all'} | {true} | {' | '.join(shown)} |")
    return "\n".join(lines)
