"""What was measured, as Markdown tables that can also be read in a terminal. No document is named here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.accuracy.confidence import upper_bound
from tests.accuracy.lost import Lost, lost_of
from tests.accuracy.measured import Measured, outcome
from tests.accuracy.scoring import LINES, Totals
from training.invoices.truth import PATHS

FIELDS = (*PATHS, LINES)
_FIELD_NAMES = tuple(name.replace("invoice_", "").replace("vendor", "seller").replace("_", " ") for name in FIELDS)


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def texts(self) -> list[bool]:
        """Of each column whether it holds words; else numbers."""
        return [any(not _is_number(row[i]) for row in self.rows) for i in range(len(self.columns))]

    def markdown(self) -> str:
        """Columns padded to the same width, numbers flush right."""
        widths = [max(len(row[i]) for row in (self.columns, *self.rows)) for i in range(len(self.columns))]
        lines = []
        for row in (self.columns, *self.rows):
            cells = (c.ljust(w) if text else c.rjust(w) for c, w, text in zip(row, widths, self.texts, strict=True))
            lines.append("| " + " | ".join(cells) + " |")
        rule = "|" + "|".join("-" * (w + 1) + ("-" if text else ":") for w, text in zip(widths, self.texts, strict=True)) + "|"
        return "\n".join([lines[0], rule, *lines[1:]])


def _is_number(cell: str) -> bool:
    return cell in ("", "-") or cell[0].isdigit()


def share(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def all_tables(measured: Measured) -> Iterator[Table]:
    """In the order in which a reader asks."""
    yield _sets(measured)
    yield _fields(measured)
    languages = measured.grouped(lambda _, document: document.language or "not said")
    yield Table("Languages (all real sets, without what is read from XML)", ("language", *_GROUPED), _groups(languages))
    yield Table("Sources", ("source", *_GROUPED), _groups(measured.grouped(measured.source)))
    yield _lost(measured)
    yield _trust(measured)
    yield _ends(measured)
    yield _costs(measured)
    yield Table("Targets", ("target", "wanted", "measured", "verdict"), [tuple(judged.cells()) for judged in measured.judged()])


_GROUPED = ("half", "docs", "header F1", "core exact", "line F1")


def _sets(measured: Measured) -> Table:
    rows = [(name, group, *_cells(totals), share(cost.page)) for name, group, totals, cost in measured.rows()]
    return Table("Sets", ("set", *_GROUPED, "CPU s/page"), rows)


def _cells(totals: Totals) -> tuple[str, ...]:
    return str(totals.documents), share(totals.header_f1), share(totals.core_exact), share(totals.line_f1)


def _fields(measured: Measured) -> Table:
    rows = [(name, group, *(share(totals.f1_of(field), 2) for field in FIELDS)) for name, group, totals, _ in measured.rows()]
    return Table("Fields, F1", ("set", "half", *_FIELD_NAMES), rows)


def _lost(measured: Measured) -> Table:
    """Of each field, as far as anything is wrong: there + not there (+ too much)."""
    rows = []
    for name, (_, scored) in measured.of.items():
        for group in scored.labelled.groups:
            names = scored.labelled.names(group)
            lost = lost_of(scored, names)
            rows.append((name, group, *(_told(lost[field]) if field in lost else "-" for field in FIELDS)))
    return Table("What is wrong, by whether the truth stands among the words: there + not there", ("set", "half", *_FIELD_NAMES), rows)


def _told(lost: Lost) -> str:
    notes = [f"{lost.worded} with another name" if lost.worded else "", f"{lost.surplus} too much" if lost.surplus else ""]
    return f"{lost.there} + {lost.not_there}" + (f" ({', '.join(filter(None, notes))})" if any(notes) else "")


def _groups(groups: Iterable[tuple[str, str, Totals]]) -> list[tuple[str, ...]]:
    return [(value, group, *_cells(totals)) for value, group, totals in groups]


def _trust(measured: Measured) -> Table:
    rows = []
    for name, group, _, _ in measured.rows():
        trust = measured.trust(name, group)
        bound = share(upper_bound(trust.passed_wrong, trust.passed))
        counts = (str(trust.documents), str(trust.passed), str(trust.passed_wrong))
        rows.append((name, group, *counts, bound, str(trust.taken), share(trust.precision), str(len(trust.values)), share(trust.error)))
    documents = ("set", "half", "docs", "passed", "with a wrong value", "95 % bound")
    return Table("Taken without a person", (*documents, "values taken", "right", "values said", "calibration error"), rows)


def _ends(measured: Measured) -> Table:
    kinds = ("taken without a person", "refused as no invoice", "refused for another reason", "empty without a reason")
    rows = [(name, group, *(str(ends[kind]) for kind in kinds), "-") for name, group, ends in measured.outcomes()]
    if measured.no_invoices:
        labelled, said = measured.no_invoices
        ends = outcome(said.values())
        rows.append((labelled.name, "all", *(str(ends[kind]) for kind in kinds), f"{measured.named_no_invoice()} of {len(said)}"))
    return Table("How documents ended", ("set", "half", *kinds, "named no invoice"), rows)


def _costs(measured: Measured) -> Table:
    rows = []
    for source, cost in measured.cost_by_source().items():
        engines = cost.engines_cpu / cost.pages if cost.pages else None
        times = cost.cpu / cost.engines_cpu if cost.engines_cpu else None
        rows.append((source, str(cost.pages), share(cost.page), share(engines), share(times, 2)))
    return Table("CPU, seconds a page", ("source", "pages", "all", "engines alone", "times"), rows)
