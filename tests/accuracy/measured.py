"""Everything that is measured in one run, before it is printed: sets, groups, fields, languages, sources, costs, confidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.accuracy.confidence import calibration_error
from tests.accuracy.labelled import GENERATED, HELD_OUT, PRINT_OUTS, RECEIPTS, Group, Labelled, LabelledSet
from tests.accuracy.reading import Read
from tests.accuracy.saying import NOT_AN_INVOICE, Said, say
from tests.accuracy.scoring import Score, Scored, Totals, together
from tests.accuracy.targets import (
    CALIBRATION_ERROR,
    DIGITAL_PAGE,
    EMPTY_WITHOUT_A_REASON,
    INVOICES_REFUSED,
    NAMED_NO_INVOICE,
    READ_WELL,
    SCAN_TO_ENGINE,
    TAKEN_PRECISION,
    Judged,
)

XML, DIGITAL, SCAN, RECEIPT = "xml", "digital", "scan", "receipt"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of some documents together: all, and the engines' alone."""

    pages: int
    cpu: float
    engines_cpu: float

    @property
    def page(self) -> float | None:
        return self.cpu / self.pages if self.pages else None


@dataclass(frozen=True, slots=True)
class Trust:
    """What confidences were worth. `values`: confidence, and whether the value is right. Taken without a person: `passed` documents, of
    which `passed_wrong` have a wrong value; and how many of their values are right."""

    values: Sequence[tuple[float, bool]]
    documents: int
    passed: int
    passed_wrong: int
    taken: int
    taken_right: int

    @property
    def error(self) -> float | None:
        return calibration_error(self.values)

    @property
    def precision(self) -> float | None:
        return self.taken_right / self.taken if self.taken else None


@dataclass(frozen=True)
class Measured:
    """`of`: by set, what was read and said of it, and its scores. `no_invoices`: what was said of documents that are none."""

    of: dict[str, tuple[dict[str, Read], Scored]]
    no_invoices: tuple[LabelledSet, dict[str, Said]] | None

    @property
    def real(self) -> frozenset[str]:
        """The sets that count where sets are summed up: documents as somebody sent them."""
        return frozenset(self.of) - {GENERATED} - PRINT_OUTS

    def rows(self) -> Iterator[tuple[str, Group, Totals, Cost]]:
        for name, (_, scored) in self.of.items():
            for group in scored.labelled.groups:
                yield name, group, scored.totals(scored.labelled.names(group)), self.cost(name, scored.labelled.names(group))

    def whole(self, name: str) -> Totals:
        scored = self.of[name][1]
        return scored.totals({document.name for document in scored.labelled.documents})

    def grouped(self, key: Callable[[str, Labelled], str]) -> Iterator[tuple[str, Group, Totals]]:
        """Of all `real` sets together, what is not read from XML, by a key of each document and by half."""
        members: dict[tuple[str, Group], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for name, (_, scored) in self.of.items():
            for document in scored.labelled.documents if name in self.real else ():
                if self.source(name, document) != XML:
                    members[key(name, document), document.group][name].add(document.name)
        for (value, group), by_set in sorted(members.items()):
            yield value, group, together(self.of[name][1].totals(names) for name, names in by_set.items())

    def source(self, name: str, document: Labelled) -> str:
        """Where the words came from; of a set of receipts, that it is one."""
        if name in RECEIPTS:
            return RECEIPT
        read = self.of[name][0][document.name].document
        if read is not None and read.einvoice is not None:
            return XML
        return SCAN if read is None or any(page.text == "read" for page in read.pages) else DIGITAL

    def cost(self, name: str, names: set[str]) -> Cost:
        reads, scored = self.of[name]
        chosen = [(reads[each], scored.said[each]) for each in names]
        pages = sum(max(1, len(read.document.pages)) if read.document else 1 for read, _ in chosen)
        return Cost(pages, sum(read.cpu + said.cpu for read, said in chosen), sum(read.engines_cpu for read, _ in chosen))

    def cost_by_source(self) -> dict[str, Cost]:
        costs: dict[str, list[Cost]] = defaultdict(list)
        for name, (_, scored) in self.of.items():
            for document in scored.labelled.documents:
                costs[self.source(name, document)].append(self.cost(name, {document.name}))
        return {
            source: Cost(sum(c.pages for c in each), sum(c.cpu for c in each), sum(c.engines_cpu for c in each))
            for source, each in sorted(costs.items())
        }

    def trust(self, name: str, group: Group) -> Trust:
        scored = self.of[name][1]
        names = scored.labelled.names(group)
        passed = {each for each in names if scored.said[each].passed}
        verdicts = scored.verdicts(names)
        taken = [(document, right) for document, _, _, right in verdicts if document in passed]
        wrong = {document for document, right in taken if not right}
        values = [(sure, right) for _, _, sure, right in verdicts]
        return Trust(values, len(names), len(passed), len(wrong), len(taken), sum(right for _, right in taken))

    def outcomes(self) -> Iterator[tuple[str, Group, Counter[str]]]:
        """How documents ended that are invoices."""
        for name, (_, scored) in self.of.items():
            for group in scored.labelled.groups:
                yield name, group, outcome(scored.said[each] for each in scored.labelled.names(group))

    def named_no_invoice(self) -> int | None:
        return sum(said.named_no_invoice for said in self.no_invoices[1].values()) if self.no_invoices else None

    def judged(self) -> Iterator[Judged]:
        """Every target. Without a set to measure it on, one is not measured."""
        rows = {(name, group): totals for name, group, totals, _ in self.rows()}
        for (name, group), wanted in READ_WELL.items():
            totals, where = rows.get((name, group)), group
            if totals is None and group == "unopened" and (totals := rows.get((name, "opened"))):
                where = "opened (all have been looked at)"
            told = {"header F1": totals.header_f1, "core exact": totals.core_exact, "line F1": totals.line_f1} if totals else {}
            for what, least in wanted.items():
                yield Judged(f"{name}, {where}: {what}", least, told.get(what), True)
        named = self.named_no_invoice()
        yield Judged("not_invoice: named as such", NAMED_NO_INVOICE, named, True, 0)
        ends: Counter[str] = Counter()
        for name, _, each in self.outcomes():
            if name in self.real:
                ends += each
        documents = sum(len(self.of[name][1].labelled.documents) for name in self.real)
        refused = ends["refused as no invoice"] / documents if documents else None
        yield Judged("real invoices refused as none", INVOICES_REFUSED, refused, False)
        yield Judged("empty without a reason", EMPTY_WITHOUT_A_REASON, ends["empty without a reason"] if documents else None, False, 0)
        trust = self.trust(GENERATED, HELD_OUT) if GENERATED in self.of else None
        yield Judged("generated, held out: values taken that are right", TAKEN_PRECISION, trust and trust.precision, True)
        yield Judged("generated, held out: calibration error", CALIBRATION_ERROR, trust and trust.error, False)
        costs = self.cost_by_source()
        yield Judged("CPU s of a digital page", DIGITAL_PAGE, costs[DIGITAL].page if DIGITAL in costs else None, False)
        scan = costs.get(SCAN)
        times = scan.cpu / scan.engines_cpu if scan and scan.engines_cpu else None
        yield Judged("CPU of a scan, times its OCR", SCAN_TO_ENGINE, times, False, 2)


def outcome(said: Iterable[Said]) -> Counter[str]:
    ends: Counter[str] = Counter()
    for each in said:
        ends["refused as no invoice"] += each.refused == NOT_AN_INVOICE
        ends["refused for another reason"] += each.refused not in (None, NOT_AN_INVOICE)
        ends["empty without a reason"] += each.empty_without_a_reason
        ends["taken without a person"] += each.passed
    return ends


def told_of(labelled: LabelledSet, reads: Mapping[Path, Read]) -> tuple[dict[str, Read], dict[str, Said]]:
    """Of each document by its name: its words, and what the product says of it."""
    by_name = {document.name: reads[document.path] for document in labelled.documents}
    return by_name, {name: say(each) for name, each in by_name.items()}


def measure(
    sets: Sequence[tuple[LabelledSet, dict[str, Read], dict[str, Said]]], score: Score, folder: Path
) -> dict[str, tuple[dict[str, Read], Scored]]:
    """Scores of each set; what was said is written below `folder`."""
    of = {}
    for labelled, reads, said in sets:
        place = folder / labelled.name
        place.mkdir(parents=True)
        of[labelled.name] = (reads, Scored(labelled, said, place, score))
    return of
