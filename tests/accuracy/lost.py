"""Where what is wrong was lost: whether the truth stands among the words that were read, or not even there. Totals, so that a half that
nobody looks into can be asked as well.

A value that stands among the words was not chosen: better rules can find it. One that does not was never printed as the truth has it (a
name in a logo, a date in words), or an engine misread it: no choice can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from app.extractors.placement import Places
from tests.accuracy.saying import in_truths_words
from tests.accuracy.scoring import LINES, Error, Scored
from tests.accuracy.shown import amount_of, unpaired, written
from training.invoices.truth import PATHS


@dataclass(frozen=True, slots=True)
class Lost:
    """Of the values of one field that are wrong or missing: how many stand among the words, and how many do not. `surplus`: values that
    should not have been said; lines that are nowhere in the truth. `worded`: of the lines that are there, those whose amount was said, with
    a name that begins or ends elsewhere."""

    there: int
    not_there: int
    surplus: int
    worded: int = 0


def lost_of(scored: Scored, names: Collection[str]) -> dict[str, Lost]:
    """By field of the truth, those with anything lost, the lines last. Documents of which no words are known count as not there."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*PATHS, LINES)}
    errors: dict[str, list[Error]] = {}
    for error in scored.errors(names):
        errors.setdefault(error.document, []).append(error)
    for document in scored.labelled.documents:
        if document.name not in names:
            continue
        said = scored.said[document.name]
        places = Places(said.document.pages if said.document else ())
        for error in errors.get(document.name, ()):
            counts[error.field][_where(places, error.field, error.truth)] += 1
        if said.extracted and any(scored.totals({document.name}).counts.get(LINES, (0, 0, 0))[1:]):
            told = in_truths_words(said.extracted.invoice)[LINES]
            surplus, missing = unpaired(told, document.truth.get(LINES) or ())
            counts[LINES]["surplus"] += max(0, len(surplus) - len(missing))
            said_amounts = Counter(amount_of(told[n]) for n in surplus)
            counts[LINES]["worded"] += sum((said_amounts & Counter(map(amount_of, missing))).values())
            counts[LINES].update(_where(places, "amount", line.get("amount")) for line in missing)
    return {name: Lost(count["there"], count["not there"], count["surplus"], count["worded"]) for name, count in counts.items() if count}


def _where(places: Places, field: str, truth: Any) -> str:
    if truth is None:
        return "surplus"
    return "there" if places.find(written(field, str(truth))) else "not there"
