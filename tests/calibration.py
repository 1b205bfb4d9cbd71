"""Whether confidence means what it says: `python -m tests.calibration [DATA] [--documents N] [--pictures N] [--lookalikes FOLDER] ...`.

Made-up invoices of families that the trees have never seen: as they were drawn, made worse, saying less, and photographed; look-alikes of
templates that they have never seen; and the opened halves of a labelled folder (docs/accuracy.md). Of each field: how many values were
said, how many of them are right, how sure they were on average, and the calibration error; of those that are sure enough for the policy,
how many, and how many of them right. Of the documents: how many pass without a person, in how many of those any header value is wrong, with
the upper end of its 95 % interval, and how many of the values taken so are right. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.extraction import SURE
from tests.accuracy.confidence import calibration_error, upper_bound
from tests.accuracy.labelled import PRINT_OUTS, sets_in
from tests.accuracy.reading import Read, read
from tests.accuracy.saying import say
from training.examples import digital, pictures, plain, printed
from training.truth import Truth, is_right, labelled_truth, value_at

SEED = 99  # not the one of the training
WORSE = 4  # documents as they were drawn to one that is made worse
EXACT = frozenset({"xml_einvoice", "zfreal"})
"""Sets that are read from their XML."""

Values = Sequence[tuple[float, bool]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one document: (confidence, right) of each header value on which the truth has a say, and whether the document passed."""

    values: Mapping[str, tuple[float, bool]]
    passed: bool

    @property
    def wrong(self) -> bool:
        return not all(right for _, right in self.values.values())


def outcome_of(reading: Read, truth: Truth) -> Outcome:
    """Of a document that was refused there are no values."""
    said = say(reading)
    if said.extracted is None or said.refused:
        return Outcome({}, False)
    invoice, fields = said.extracted.invoice, said.extracted.fields
    told = {path: value for path in truth.keys() & fields.keys() if (value := value_at(invoice, path)) is not None}
    return Outcome({path: (fields[path].confidence, is_right(path, value, truth[path])) for path, value in told.items()}, said.passed)


def made_up(documents: int, photographed: int, lookalikes: Path | None, kept: Path | None) -> Iterator[tuple[str, list[Outcome]]]:
    """Of families that were held out."""
    kinds = [
        ("made up", digital(documents, SEED, "held-out", worse=0)),
        ("made up, made worse", digital(documents // WORSE, SEED + 1, "held-out", worse=1)),
        ("made up, saying less", plain(documents // WORSE, SEED + 3, "held-out")),
    ]
    if photographed and kept:
        kinds.append(("made up, photographed", pictures(photographed, SEED + 2, "held-out", kept)))
    if lookalikes:
        kinds.append(("look-alikes", printed(lookalikes, held_out=True)))
    for name, examples in kinds:
        yield name, [outcome_of(Read(example.document, None, 0.0, 0.0), example.truth) for example in examples]


def labelled(data: Path, kept: Path | None) -> Iterator[tuple[str, list[Outcome]]]:
    """The opened half of each set."""
    for found in sets_in(data):
        documents = [document for document in found.documents if document.group == "opened"]
        if found.name in EXACT | PRINT_OUTS or not documents:
            continue
        reads = read([document.path for document in documents], kept)
        yield found.name, [outcome_of(reads[document.path], labelled_truth(document.truth)) for document in documents]


def by_field(outcomes: Iterable[Outcome]) -> Iterator[str]:
    values: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for outcome in outcomes:
        for path, value in outcome.values.items():
            values[path].append(value)
    rows = {**dict(sorted(values.items())), "all fields": [value for each in values.values() for value in each]}
    yield f"| field | values | right | mean confidence | calibration error | at least {SURE} | of those right |"
    yield "|---|---|---|---|---|---|---|"
    for path, each in rows.items():
        sure = [right for confidence, right in each if confidence >= SURE]
        figures = [_mean(right for _, right in each), _mean(confidence for confidence, _ in each), _told(calibration_error(each))]
        yield f"| {path} | {len(each)} | {' | '.join(figures)} | {_told(len(sure) / len(each) if each else None)} | {_mean(sure)} |"


def passed(name: str, outcomes: Sequence[Outcome]) -> str:
    through = [outcome for outcome in outcomes if outcome.passed]
    taken = [right for outcome in through for _, right in outcome.values.values()]
    wrong = sum(outcome.wrong for outcome in through)
    bound = _told(upper_bound(wrong, len(through)))
    error = _told(calibration_error([value for outcome in outcomes for value in outcome.values.values()]))
    return f"| {name} | {len(outcomes)} | {len(through)} | {wrong} | {bound} | {len(taken)} | {_mean(taken)} | {error} |"


def _mean(values: Iterable[float]) -> str:
    listed = list(values)
    return _told(sum(listed) / len(listed) if listed else None)


def _told(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description="Whether confidence means what it says.")
    parser.add_argument("data", type=Path, nargs="?", help="a labelled folder")
    parser.add_argument("--documents", type=int, default=2000, help="made-up ones, of families that are held out")
    parser.add_argument("--pictures", type=int, default=0, help="pictures of made-up ones; they are kept in the folder of --words")
    parser.add_argument("--lookalikes", type=Path, metavar="FOLDER", help="what `python -m training.lookalikes FOLDER` has written")
    parser.add_argument("--words", type=Path, metavar="FOLDER", help="keep there what was read, and do not read it again")
    asked = parser.parse_args(argv)
    sets = dict(made_up(asked.documents, asked.pictures, asked.lookalikes, asked.words and asked.words / "made up"))
    real = dict(labelled(asked.data, asked.words)) if asked.data else {}
    groups = {"Made up": sets, "Labelled, opened": real}
    for title, group in groups.items():
        if group:
            print(f"{title}:\n", *by_field(outcome for outcomes in group.values() for outcome in outcomes), sep="\n", end="\n\n")
    print("| documents | n | passed | with a wrong value | 95 % bound | values taken | right | calibration error |")
    print("|---|---|---|---|---|---|---|---|")
    every = {"all labelled": [outcome for outcomes in real.values() for outcome in outcomes]} if real else {}
    for name, outcomes in {**sets, **real, **every}.items():
        print(passed(name, outcomes))


if __name__ == "__main__":
    main()
