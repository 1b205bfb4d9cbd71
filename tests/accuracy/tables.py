"""What was measured, as Markdown tables that can also be read in a terminal. No document is named here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tests.accuracy.confidence import at_most
from tests.accuracy.measured import Measured
from tests.accuracy.saying import PATHS
from tests.accuracy.scoring import LINES, Totals

FIELDS = (*PATHS, LINES)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns padded to the same width; all but texts flush right."""
    cells = [list(titles), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(titles))]
    texts = [all(not _is_number(row[i]) for row in cells[1:]) for i in range(len(titles))]
    lines = [
        "| " + " | ".join(c.ljust(w) if text else c.rjust(w) for c, w, text in zip(row, widths, texts, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (w + 1) + ("-" if text else ":") for w, text in zip(widths, texts, strict=True)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _is_number(cell: str) -> bool:
    return cell == "" or cell == "-" or cell[0].isdigit()


def share(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def all_tables(measured: Measured) -> Iterator[tuple[str, str]]:
    """Title and table, in the order in which a reader asks."""
    yield "Sets", _sets(measured)
    yield "Fields, F1", _fields(measured)
    yield (
        "Languages (all real sets, without what is read from XML)",
        _groups(measured.grouped(lambda _, d: d.language or "not said"), "language"),
    )
    yield "Sources", _groups(measured.grouped(measured.source), "source")
    yield "Taken without a person", _trust(measured)
    yield "How documents ended", _ends(measured)
    yield "CPU, seconds a page", _costs(measured)
    yield "Targets", table(("target", "wanted", "measured", "verdict"), (tuple(judged.cells()) for judged in measured.judged()))


def _sets(measured: Measured) -> str:
    rows = ((name, group, *_cells(totals), share(cost.page)) for name, group, totals, cost in measured.rows())
    return table(("set", "half", "docs", "header F1", "core exact", "line F1", "CPU s/page"), rows)


def _cells(totals: Totals) -> tuple[str, ...]:
    return str(totals.documents), share(totals.header_f1), share(totals.core_exact), share(totals.line_f1)


def _fields(measured: Measured) -> str:
    titles = [name.replace("invoice_", "").replace("vendor", "seller").replace("_", " ") for name in FIELDS]
    rows = ((name, group, *(share(totals.f1_of(field), 2) for field in FIELDS)) for name, group, totals, _ in measured.rows())
    return table(("set", "half", *titles), rows)


def _groups(groups: Iterable[tuple[str, str, Totals]], title: str) -> str:
    return table(
        (title, "half", "docs", "header F1", "core exact", "line F1"), ((value, group, *_cells(totals)) for value, group, totals in groups)
    )


def _trust(measured: Measured) -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, group, _, _ in measured.rows():
            trust = measured.trust(name, group)
            bound = share(at_most(trust.passed_wrong, trust.passed))
            counts = (str(trust.documents), str(trust.passed), str(trust.passed_wrong))
            yield name, group, *counts, bound, str(trust.taken), share(trust.precision), str(len(trust.values)), share(trust.error)

    titles = (
        "set",
        "half",
        "docs",
        "passed",
        "with a wrong value",
        "95 % bound",
        "values taken",
        "right",
        "values said",
        "calibration error",
    )
    return table(titles, rows())


def _ends(measured: Measured) -> str:
    kinds = ("taken without a person", "refused as no invoice", "refused for another reason", "empty without a reason")
    rows = [(name, group, *(str(ends[kind]) for kind in kinds)) for name, group, ends in measured.outcomes()]
    if measured.no_invoices:
        documents = len(measured.no_invoices[1])
        rows.append((measured.no_invoices[0].name, "all", "-", f"{measured.named_no_invoice()} of {documents}", "-", "-"))
    return table(("set", "half", *kinds), rows)


def _costs(measured: Measured) -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for source, cost in measured.cost_by_source().items():
            engines = cost.engines_cpu / cost.pages if cost.pages else None
            yield (
                source,
                str(cost.pages),
                share(cost.page),
                share(engines),
                share(cost.cpu / cost.engines_cpu if cost.engines_cpu else None, 2),
            )

    return table(("source", "pages", "all", "engines alone", "times"), rows())
