"""What speaks for and against a chosen value, as numbers: how the rules weighed it, its labels, its place, its form, how it was read, how
often it is said, and how it agrees with the invoice's own arithmetic and with the other values.

`judge` makes a probability of them. A number means the same for every field; `NONE` where it does not apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.domain.parsing import plain
from app.extractors.candidate import Candidate, Value
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice
from app.extractors.date_order import is_open
from app.extractors.labels import Meaning, amount_meaning, date_meaning, id_meaning
from app.extractors.lexicon import Cue
from app.extractors.lines import sum_of
from app.extractors.name_evidence import form_of_name, lines_around_name
from app.extractors.tables import Table
from app.extractors.web_names import agrees, domains_in

NONE = -9.0
Numbers = dict[str, float]

_CENT = Decimal("0.01")
_CASH = Decimal("0.05")  # to which sums are rounded where the smallest coin is five cents
_SUMS = ("total_with_tax", "total_without_tax", "total_tax")
_AMOUNTS = frozenset((*_SUMS, "amount_due", "paid_amount", "line_total"))
_DATES = frozenset(("issue_date", "due_date", "delivery_date"))
_NAMES = ("seller.name", "buyer.name")
_FOREMOST = (*_NAMES, "number", "issue_date", "total_with_tax")
_RELATIONS = {"inline": 0.0, "left": 1.0, "above": 2.0}
_NO_LABEL = {"relation": 3.0, "distance": 6.0, "colon": 0.0, "labels": 0.0}
_ROLES: Mapping[str, frozenset[str]] = {
    "total_with_tax": frozenset(("gross", "total", "due")),
    "total_without_tax": frozenset(("net", "subtotal")),
    "total_tax": frozenset(("tax",)),
    "amount_due": frozenset(("due",)),
    "paid_amount": frozenset(("paid",)),
    "line_total": frozenset(("subtotal",)),
    "seller.vat_id": frozenset(("vat_id",)),
    "buyer.vat_id": frozenset(("vat_id",)),
    "seller.tax_id": frozenset(("tax_id",)),
    "buyer.id": frozenset(("customer_number",)),
}
"""The roles that a label may give to a field, where the role has another name than the field."""
_AS_WELL = 0.8  # of a label's weight: what says it so strongly says it as well
_ELSEWHERE = frozenset((Cue.SHIP_TO, Cue.OTHER_PARTY))
_CUES: Mapping[str, tuple[frozenset[Cue], frozenset[Cue]]] = {
    "payment_account": (frozenset((Cue.IBAN,)), frozenset((Cue.YOUR, Cue.BUYER))),
    "payment_bic": (frozenset((Cue.BIC,)), frozenset((Cue.YOUR, Cue.BUYER))),
    "currency": (frozenset((Cue.CURRENCY,)), frozenset()),
    "seller.name": (frozenset((Cue.SELLER, Cue.PAYEE, Cue.HOLDER)), _ELSEWHERE | {Cue.BUYER, Cue.CUSTOMER}),
    "buyer.name": (frozenset((Cue.BUYER, Cue.CUSTOMER, Cue.HOLDER)), _ELSEWHERE | {Cue.SELLER, Cue.PAYEE}),
}
"""What labels say of fields that no role is given to: cues that speak for the field, and cues that speak against it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value that a field may have. `lead`: its merit less that of its strongest rival."""

    value: Value
    candidate: Candidate | None
    merit: float
    lead: float
    sure: float  # by the rules


def options(choice: Choice) -> list[Option]:
    """What was chosen, then its rivals."""
    second = choice.rivals[0][0] if choice.rivals else 0.0
    found = [Option(choice.value, choice.candidate, choice.merit, choice.merit - second, choice.confidence)]
    return found + [Option(c.value, c, merit, merit - choice.merit, 0.0) for merit, c in choice.rivals]


@dataclass(slots=True)
class Evidence:
    """Of one document: all that was found, what was chosen of it, and its lines."""

    found: Candidates
    chosen: Mapping[str, Choice]
    table: Table
    receipt: bool
    language: str | None
    _document: Numbers = field(default_factory=dict)
    _said: Counter[tuple[str, Value]] = field(default_factory=Counter)
    _kinds: Counter[str] = field(default_factory=Counter)
    _texts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _domains: frozenset[str] = frozenset()
    _usual: float = 1.0
    _biggest: Decimal = Decimal(0)
    _dates: list[date] = field(default_factory=list)
    _sums_of_lines: frozenset[Decimal] = frozenset()  # without, and with, the discounts and charges among them

    def __post_init__(self) -> None:
        rows = self.found.grid.rows
        self._usual = sorted(row.height for row in rows)[len(rows) // 2] if rows else 1.0
        self._domains = frozenset(domain.name for domain in domains_in(self.found.grid))
        for kind, candidates in self.found.by_kind.items():
            self._said.update((kind, c.value) for c in candidates)
            self._kinds[kind] = len({c.value for c in candidates if c.row not in self.table.rows})
        self._texts.update(plain(row.span(*cell)) for row in rows if row.page <= 3 for cell in row.cells)
        amounts = [c.value for c in self.found.of("amount") if isinstance(c.value, Decimal) and c.decimals == 2]
        self._biggest = max((abs(value) for value in amounts), default=Decimal(0))
        self._dates = sorted({c.value for c in self.found.of("date") if isinstance(c.value, date) and c.sound})
        if (total := sum_of(self.table)) is not None:
            self._sums_of_lines = frozenset((total, total + sum((change.value for change in self.table.changes), Decimal(0))))
        read = [spot.sure for row in rows if row.read for spot in row.words]
        self._document = {
            "pages": min(len(self.found.grid.pages), 6),
            "rows": min(len(rows), 200),
            "items": min(len(self.table.items), 60),
            "receipt": self.receipt,
            "known_language": self.language is not None,
            "read_share": len(read) / max(1, sum(len(row.words) for row in rows)),
            "page_sure": sum(read) / len(read) if read else 1.0,
            "decided": len(self.chosen),
            "weakest": min((self.chosen[path].confidence for path in _FOREMOST if path in self.chosen), default=0.0),
            **self._arithmetic(),
        }

    def of(self, path: str, option: Option) -> Numbers:
        """The numbers of `FEATURES` for one value of a field."""
        numbers = dict(_BLANK)
        numbers.update(self._document)
        numbers |= {
            "sure": option.sure,
            "merit": option.merit,
            "lead": option.lead,
            "rivals": len(self.chosen[path].rivals) if path in self.chosen else 0,
            "computed": option.candidate is None,
        }
        text = str(option.value)
        numbers |= {
            "length": min(len(text), 60),
            "digits": sum(map(str.isdigit, text)),
            "letters": sum(map(str.isalpha, text)),
            "agreeing": sum(other.value == option.value for at, other in self.chosen.items() if at != path),
        }
        if option.candidate is not None:
            self._place(option.candidate, numbers)
            self._labels(path, option.candidate, numbers)
        if path in _AMOUNTS and isinstance(option.value, Decimal):
            self._amount(option.value, numbers)
        elif path in _DATES and isinstance(option.value, date):
            self._date(path, option, numbers)
        elif path in _NAMES:
            self._name(path, text, option.candidate, numbers)
        elif path == "number":
            self._number(text, option.candidate, numbers)
        return numbers

    def _place(self, c: Candidate, numbers: Numbers) -> None:
        grid = self.found.grid
        row = grid.rows[c.row]
        width, height = grid.sizes[row.page - 1]
        placed = row.words[c.first : c.end] or row.words[:1]
        first, end = row.cells[row.cell_of[min(c.first, len(row.cell_of) - 1)]]
        sure = [spot.sure for spot in placed]
        numbers |= {
            "page": min(row.page - 1, 5),
            "pages_after": min(len(grid.pages) - row.page, 5),
            "x": placed[0].x0 / width,
            "y": row.y0 / height,
            "in_items": c.row in self.table.rows,
            "words_of_row": min(len(row.words), 40),
            "cells_of_row": min(len(row.cells), 12),
            "words_beside": min(end - first - (c.end - c.first), 20),
            "size": min(row.height / max(self._usual, 0.1), 5.0),
            "bold": any(spot.bold for spot in placed),
            "said": min(self._said[c.kind, c.value], 6),
            "of_kind": min(self._kinds[c.kind], 30),
            "decimals": c.decimals,
            "with_currency": c.currency is not None,
            "sound": c.sound,
            "cost": c.cost,
            "read": row.read,
            "worst_word": min(sure),
            "mean_word": sum(sure) / len(sure),
        }

    def _labels(self, path: str, c: Candidate, numbers: Numbers) -> None:
        labels = self.found.labels(c)
        numbers |= _NO_LABEL
        if labels:
            numbers |= {
                "relation": _RELATIONS[labels[0].relation],
                "distance": min(labels[0].distance, 5),
                "colon": labels[0].colon,
                "labels": min(len(labels), 5),
            }
        if path in _CUES:
            for name, cues in zip(("own_label", "other_label"), _CUES[path], strict=True):
                numbers[name] = max((0.8**label.distance for label in labels if cues & label.cues), default=0.0)
            return
        own = _ROLES.get(path, frozenset((path,)))
        roles = self.found.strength(c, _meaning_for(path))
        numbers["other_label"] = max((weight for role, weight in roles.items() if role not in own), default=0.0)
        numbers["own_label"] = mine = self._label(path, c)
        rivals = self.chosen[path].rivals if path in self.chosen else ()
        numbers["label_lead"] = mine - max((self._label(path, rival) for _, rival in rivals), default=0.0)
        others = (o for o in self.found.of(c.kind) if o.value != c.value and o.row not in self.table.rows)
        numbers["as_well_labelled"] = min(len({o.value for o in others if self._label(path, o) >= _AS_WELL * mine > 0}), 5)

    def _label(self, path: str, c: Candidate) -> float:
        """How strongly the labels of a candidate say that it is the value of a field."""
        own = _ROLES.get(path, frozenset((path,)))
        return max((weight for role, weight in self.found.strength(c, _meaning_for(path)).items() if role in own), default=0.0)

    def _decided(self, path: str) -> Value | None:
        return self.chosen[path].value if path in self.chosen else None

    def _arithmetic(self) -> Numbers:
        """1 where the sums agree, -1 where they do not, 0 where one of them is missing."""
        gross, net, tax = map(self._decided, _SUMS)
        due, paid = self._decided("amount_due"), self._decided("paid_amount")
        near = _CASH if self.receipt else _CENT
        numbers: Numbers = {"closes": 0.0, "lines_agree": 0.0, "rate_agrees": 0.0, "due_agrees": 0.0}
        if isinstance(gross, Decimal) and isinstance(net, Decimal) and isinstance(tax, Decimal):
            shown = all(self.chosen[path].candidate is not None for path in _SUMS)
            numbers["closes"] = (1.0 if shown else 0.5) if abs(net + tax - gross) <= near else -1.0
            numbers["closes"] -= 0.25 if not tax else 0.0
        if self._sums_of_lines and (isinstance(net, Decimal) or isinstance(gross, Decimal)):
            sums = [value for value in (net, gross) if isinstance(value, Decimal)]
            agree = any(abs(lines - value) <= near for lines in self._sums_of_lines for value in sums)
            numbers["lines_agree"] = 1.0 if agree else -1.0
        if isinstance(net, Decimal) and isinstance(tax, Decimal) and net and tax:
            rates = {c.value for c in self.found.of("percent") if isinstance(c.value, Decimal) and 0 < c.value < 40}
            if any(abs(net * rate / 100 - tax) <= 2 * _CENT for rate in rates):
                numbers["rate_agrees"] = 1.0
            elif len(rates) == 1:  # of several, each may be for a part
                numbers["rate_agrees"] = -1.0
        if isinstance(due, Decimal) and isinstance(gross, Decimal):
            left = gross - (paid if isinstance(paid, Decimal) else 0)
            numbers["due_agrees"] = 1.0 if abs(due - left) <= near else -1.0
        return numbers

    def _amount(self, value: Decimal, numbers: Numbers) -> None:
        numbers["of_biggest"] = float(abs(value) / self._biggest) if self._biggest else 0.0
        numbers["of_biggest"] = min(numbers["of_biggest"], 2.0)
        numbers["is_lines"] = value in self._sums_of_lines
        numbers["negative"] = value < 0
        gross, net = self._decided("total_with_tax"), self._decided("total_without_tax")
        if isinstance(gross, Decimal) and isinstance(net, Decimal) and gross:
            numbers["net_of_gross"] = max(-2.0, min(2.0, float(net / gross)))

    def _date(self, path: str, option: Option, numbers: Numbers) -> None:
        value = option.value
        assert isinstance(value, date)
        if option.candidate is not None:
            text = self.found.grid.rows[option.candidate.row].span(option.candidate.first, option.candidate.end)
            numbers["either_way"] = is_open(text)
        numbers["dates_before"] = min(sum(other < value for other in self._dates), 10)
        numbers["dates_after"] = min(sum(other > value for other in self._dates), 10)
        other = self._decided("due_date" if path == "issue_date" else "issue_date")
        if isinstance(other, date):
            gap = (other - value).days if path == "issue_date" else (value - other).days
            numbers["days_between"] = max(-100, min(400, gap))

    def _name(self, path: str, text: str, c: Candidate | None, numbers: Numbers) -> None:
        words = plain(text)
        other = self._decided("buyer.name" if path == "seller.name" else "seller.name")
        numbers |= {
            "domain": any(agrees(domain, "".join(words), words) for domain in self._domains),
            "cell_again": min(self._texts[words], 4),
            "same_as_other": 0.5 if other is None else plain(str(other)) == words,  # alone it may be the other's
            **form_of_name(text),
        }
        if c is not None:
            numbers |= lines_around_name(self.found.grid, c, text)

    def _number(self, text: str, c: Candidate | None, numbers: Numbers) -> None:
        issued = self._decided("issue_date")
        if isinstance(issued, date):
            numbers["tells_year"] = str(issued.year) in text or f"{issued.year % 100:02d}" in text[:4]
            at = self.chosen["issue_date"].candidate
            if at is not None and c is not None:
                numbers["rows_from_date"] = max(-30, min(30, at.row - c.row))
        numbers["is_other_id"] = any(
            plain(text) == plain(str(self._decided(path)))
            for path in ("purchase_order_reference", "buyer.id", "payment_reference")
            if path in self.chosen
        )


FEATURES = (
    *("sure", "merit", "lead", "rivals", "computed", "length", "digits", "letters", "agreeing"),
    *("pages", "rows", "items", "receipt", "known_language", "read_share", "page_sure", "decided", "weakest"),
    *("closes", "lines_agree", "rate_agrees", "due_agrees"),
    *("page", "pages_after", "x", "y", "in_items", "words_of_row", "cells_of_row", "words_beside", "size", "bold"),
    *("said", "of_kind", "decimals", "with_currency", "sound", "cost", "read", "worst_word", "mean_word"),
    *("relation", "distance", "colon", "labels", "own_label", "other_label", "label_lead", "as_well_labelled"),
    *("of_biggest", "is_lines", "negative", "net_of_gross"),
    *("either_way", "dates_before", "dates_after", "days_between"),
    *("words", "legal_form", "domain", "common", "capitals", "cell_again", "same_as_other", "cues_in_name", "address_below"),
    *("name_above", "line_above", "line_below", "unfinished"),
    *("tells_year", "rows_from_date", "is_other_id"),
)
_BLANK: Numbers = dict.fromkeys(FEATURES, NONE)


def _meaning_for(path: str) -> Callable[[frozenset[Cue]], Meaning | None]:
    return amount_meaning if path in _AMOUNTS else date_meaning if path in _DATES else id_meaning
