"""What there is to see of each error: where the product read its value, where the truth stands, and what else it could have chosen.

Only of documents that may be looked at (the opened halves)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

from app.domain.document import BoundingBox
from app.extractors.candidate import Candidate, Kind, Label
from app.extractors.candidates import Candidates, find_candidates
from app.extractors.grid import read_grid
from app.extractors.labels import Meaning, amount_meaning, date_meaning, id_meaning
from app.extractors.lexicon import Cue
from app.extractors.placement import Places, amount_forms, forms_of, worded_dates
from tests.accuracy.labelled import Labelled, LabelledSet
from tests.accuracy.measured import Measured
from tests.accuracy.saying import Said, in_truths_words
from tests.accuracy.scoring import LINES, Error, Scored

MOST_CANDIDATES = 8
ALIKE = 0.8  # descriptions of one line

Means = Callable[[frozenset[Cue]], Meaning | None]
_CHOSEN_FROM: dict[str, tuple[Kind, Means | None, frozenset[str]]] = {
    "invoice_number": ("id", id_meaning, frozenset({"number"})),
    "purchase_order": ("id", id_meaning, frozenset({"purchase_order_reference"})),
    "issue_date": ("date", date_meaning, frozenset({"issue_date"})),
    "due_date": ("date", date_meaning, frozenset({"due_date"})),
    "net_total": ("amount", amount_meaning, frozenset({"net", "subtotal"})),
    "tax_total": ("amount", amount_meaning, frozenset({"tax"})),
    "gross_total": ("amount", amount_meaning, frozenset({"gross", "total", "due"})),
    "vendor_vat_id": ("vat_id", None, frozenset()),
    "iban": ("iban", None, frozenset()),
    "currency": ("currency", None, frozenset()),
}
"""Of a field of the truth: the kind of candidates, what labels mean for them, and the meanings that speak for it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a page, 1-based; fractions of it."""

    page: int
    box: BoundingBox


@dataclass(frozen=True, slots=True)
class Choosable:
    """A candidate: its value, its page, what its labels are, and how strongly they say what it is."""

    value: str
    page: int
    labels: str
    meanings: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One error. `confidence` is None where nothing was said. `passed`: no person would have looked at the document."""

    set: str
    document: Labelled
    field: str
    said: str
    truth: str
    confidence: float | None
    passed: bool
    said_at: tuple[Spot, ...] = ()
    truth_at: tuple[Spot, ...] = ()
    candidates: tuple[Choosable, ...] = ()

    @property
    def kind(self) -> str:
        return "missing" if not self.said else "too much" if not self.truth else "wrong"


def errors_of(measured: Measured) -> Iterator[Shown]:
    """Document by document; within one as the scorer lists its fields, then its lines."""
    for name, (_, scored) in measured.of.items():
        by_document: dict[str, list[Error]] = {}
        for error in scored.errors(scored.labelled.may_be_shown):
            by_document.setdefault(error.document, []).append(error)
        for document in scored.labelled.documents:
            if document.name in scored.labelled.may_be_shown:
                yield from _of_document(name, document, scored, by_document.get(document.name, []))
    if measured.no_invoices:
        yield from _taken_for_invoices(*measured.no_invoices)


def _of_document(name: str, document: Labelled, scored: Scored, errors: Sequence[Error]) -> Iterator[Shown]:
    said = scored.said[document.name]
    if said.refused:
        yield Shown(name, document, "document", f"refused: {said.refused}", "an invoice", None, False)
        return
    lines_wrong = any(scored.totals({document.name}).counts.get(LINES, (0, 0, 0))[1:])
    if said.document is None or said.extracted is None or not (errors or lines_wrong):
        return
    found = find_candidates(read_grid(said.document))
    places = Places(said.document.pages)
    for error in errors:
        field = said.field(error.field) if error.said is not None else None
        yield Shown(
            name,
            document,
            error.field,
            _text(error.said),
            _text(error.truth),
            field.confidence if field else None,
            said.passed,
            (Spot(field.page, field.box),) if field and field.page and field.box else (),
            tuple(_truth_at(places, error.field, error.truth)),
            tuple(_candidates(found, error)),
        )
    if lines_wrong:
        yield _lines(name, document, said, places)


def _taken_for_invoices(labelled: LabelledSet, said: dict[str, Said]) -> Iterator[Shown]:
    for document in labelled.documents:
        each = said[document.name]
        if document.name in labelled.may_be_shown and not each.named_no_invoice:
            told = f"refused: {each.refused}" if each.refused else each.extracted.document_type if each.extracted else ""
            yield Shown(labelled.name, document, "document", told, "no invoice", None, each.passed)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _truth_at(places: Places, field: str, truth: Any) -> Iterator[Spot]:
    """Where the truth stands, if it stands there as it is written: sums at their last place, all else at its first."""
    if truth is None:
        return
    place = places.find(written(field, str(truth)), last=field.endswith("_total"))
    if place:
        yield Spot(place.page, place.box)


def written(field: str, truth: str) -> tuple[str, ...]:
    """The forms in which a value of the truth may be printed."""
    try:
        if field.endswith("_date"):
            day = date.fromisoformat(truth)
            return (*forms_of(day), *worded_dates(day))
        if field.endswith("_total") or field == "amount":
            return amount_forms(Decimal(truth))
    except (ValueError, InvalidOperation):
        pass
    return forms_of(truth)


def _candidates(found: Candidates, error: Error) -> Iterator[Choosable]:
    """The strongest by their labels, and those that are the truth or what was said."""
    if error.field not in _CHOSEN_FROM:
        return
    kind, means, roles = _CHOSEN_FROM[error.field]

    def strength(candidate: Candidate) -> tuple[float, float]:
        """That its labels say this field, then that they say anything."""
        meanings = found.strength(candidate, means) if means else {}
        return max((weight for role, weight in meanings.items() if role in roles), default=0.0), max(meanings.values(), default=0.0)

    both = [*found.of(kind), *found.alternatives.get(kind, ())]
    ranked = sorted(both, key=strength, reverse=True)
    named = {_text(error.said), _text(error.truth)}
    kept = [c for n, c in enumerate(ranked) if n < MOST_CANDIDATES or _plainly(c) in named]
    for candidate in kept[: 2 * MOST_CANDIDATES]:
        labels = "; ".join(map(_label, found.labels(candidate)))
        meanings = found.strength(candidate, means) if means else {}
        told = ", ".join(f"{role} {weight:.2f}" for role, weight in sorted(meanings.items(), key=lambda pair: -pair[1]))
        read = f" (read otherwise, {candidate.cost:.2f})" if candidate.cost else ""
        yield Choosable(_plainly(candidate) + read, found.grid.rows[candidate.row].page, labels, told)


def _label(label: Label) -> str:
    cues = ", ".join(sorted(cue.name.lower() for cue in label.cues))
    return f"{label.relation}{f' +{label.distance}' if label.distance else ''}: {cues}"


def _plainly(candidate: Candidate) -> str:
    value = candidate.value
    return value.isoformat() if isinstance(value, date) else str(value)


def _lines(name: str, document: Labelled, said: Said, places: Places) -> Shown:
    """The lines that are only on one side, and where they stand."""
    assert said.extracted is not None
    told = in_truths_words(said.extracted.invoice)[LINES]
    surplus, missing = unpaired(told, document.truth.get(LINES) or ())
    fields = said.extracted.fields
    boxes: dict[int, list[BoundingBox]] = {}
    confidences = []
    for n in surplus:
        for path, field in fields.items():
            if path.startswith(f"lines.{n}."):
                confidences.append(field.confidence)
                if field.page and field.box:
                    boxes.setdefault(field.page, []).append(field.box)
    at = [spot for line in missing[:20] for spot in _truth_at(places, "amount", line.get("amount"))]
    return Shown(
        name,
        document,
        LINES,
        "\n".join(_line(told[n]) for n in surplus),
        "\n".join(map(_line, missing)),
        min(confidences, default=None),
        said.passed,
        tuple(Spot(page, box) for page, each in boxes.items() for box in each),
        tuple(at),
    )


def unpaired(told: Sequence[dict[str, Any]], wanted: Iterable[dict[str, Any]]) -> tuple[list[int], list[dict[str, Any]]]:
    """Which of the lines that were said, and which that are true, have no other of the same amount and a like description. All, if it is
    only the scorer that finds a difference."""
    missing, surplus = list(wanted), []
    for n, line in enumerate(told):
        pair = next((other for other in missing if amount_of(line) == amount_of(other) and _alike(line, other)), None)
        if pair is None:
            surplus.append(n)
        else:
            missing.remove(pair)
    return (surplus, missing) if surplus or missing else (list(range(len(told))), list(wanted))


def _alike(line: dict[str, Any], other: dict[str, Any]) -> bool:
    """As a scorer may compare descriptions: by their characters in order, or with the words sorted."""
    one, two = (re.sub(r"[^\w&]+", " ", _text(each.get("description")).casefold()).split() for each in (line, other))
    pairs = ((" ".join(one), " ".join(two)), (" ".join(sorted(one)), " ".join(sorted(two))))
    return not two or any(SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE for a, b in pairs)


def amount_of(line: dict[str, Any]) -> Decimal | None:
    try:
        return Decimal(str(line.get("amount"))).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None


def _line(line: dict[str, Any]) -> str:
    numbers = " × ".join(_text(line.get(part)) or "?" for part in ("quantity", "unit_price"))
    return f"{_text(line.get('description')) or '?'} | {numbers} = {_text(line.get('amount')) or '?'}"
