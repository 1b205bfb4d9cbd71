"""What was decided: a value, the candidate it was read from, and how sure. Whatever chooses (these rules today) takes `Candidates` and
gives `Choice`s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.domain.extraction import Source
from app.extractors.candidate import Candidate, Value

SAY_NOTHING_BELOW = 0.3
"""A wrong value costs more than a missing one: what is less sure than this is left out."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decided value. `candidate` is None where no place on a page shows it (then `source` is "computed").

    `confidence`: how sure the rules are, until `judge` has made a probability of it. `merit`: what they weighed the value at;
    `rivals`: the best candidate of each other value, best first.
    """

    value: Value
    confidence: float
    candidate: Candidate | None = None
    source: Source = "text"
    merit: float = 0.0
    rivals: tuple[tuple[float, Candidate], ...] = ()


RIVALS = 4  # that are kept of each choice


def confidence(best: float, second: float = 0.0) -> float:
    """From the strength of the best reading and the lead over the next one with another value. No probability: `judge` tells that."""
    lead = max(0.0, best - max(0.0, second))
    return round(max(0.05, min(0.97, 0.25 + 0.5 * best + 0.22 * lead)), 3)


def pick(weighed: Iterable[tuple[float, Candidate]], floor: float = 0.2) -> Choice | None:
    """The best-weighed candidate; equal values do not compete, they agree."""
    ranked = sorted(weighed, key=lambda pair: -pair[0])
    if not ranked or ranked[0][0] < floor:
        return None
    best, candidate = ranked[0]
    rivals: dict[Value, tuple[float, Candidate]] = {}
    for merit, other in ranked:
        if other.value != candidate.value and other.value not in rivals and len(rivals) < RIVALS:
            rivals[other.value] = (merit, other)
    sure = confidence(best, next((merit for merit, _ in rivals.values()), 0.0))
    return Choice(candidate.value, sure, candidate, "text", best, tuple(rivals.values())) if sure >= SAY_NOTHING_BELOW else None


def with_rivals(weighed: Iterable[tuple[float, Choice]]) -> Choice:
    """The first of what was chosen in several ways, best first, with what each was weighed at."""
    (best, choice), *others = weighed
    rivals: dict[Value, tuple[float, Candidate]] = {}
    for merit, other in others:
        if other.candidate and other.value != choice.value and len(rivals) < RIVALS:
            rivals.setdefault(other.value, (merit, other.candidate))
    return replace(choice, merit=best, rivals=tuple(rivals.values()))


def lead_of(roles: dict[str, float], role: str) -> float:
    """The strength of a role less what its strongest rival takes away."""
    rival = max((weight for name, weight in roles.items() if name != role), default=0.0)
    own = roles.get(role, 0.0)
    return own if own >= rival else own - 0.8 * rival
