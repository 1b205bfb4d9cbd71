"""What LayoutLMv3 would add as a witness: `python -m tests.accuracy.witness DATA [--set NAME] [--words FOLDER] [--generated FOLDER]`.

The model of `triton_models/layoutlmv3` is asked about every page of the opened halves, and of each header field its best value is set
beside what the product says without it, both judged by DATA's `score.py`. A field's best value: of amounts and dates, the candidate of the
product's own grammar whose words the model gives the field most; of names and numbers, the best run of words.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from app.adapters.local_models import REPOSITORY
from app.domain.document import Document, Page
from app.extractors.candidate import Kind
from app.extractors.candidates import find_candidates
from app.extractors.grid import Row, read_grid
from app.models.layoutlmv3 import Reader, boxes_of
from app.models.page_image import Pixels, stretched
from app.readers import pdf, pixels
from app.readers.limits import Limits
from tests.accuracy.labelled import Labelled, generated_in, sets_in
from tests.accuracy.reading import read
from tests.accuracy.saying import in_truths_words, say
from tests.accuracy.scoring import Score, load_score
from tests.accuracy.tables import Table
from training.invoices.truth import PATHS

SETS = ("zfreal_noxml", "invoice2data", "vendor_samples", "scans", "odoo_fr", "sroie")
MODEL = REPOSITORY / "layoutlmv3"
DPI = 36.0
LEAST = 0.5  # share of a word's probability, below which nothing is said

TYPED: Mapping[str, Kind] = {
    "issue_date": "date",
    "due_date": "date",
    "total_without_tax": "amount",
    "total_tax": "amount",
    "total_with_tax": "amount",
    "payment_account": "iban",
    "seller.vat_id": "vat_id",
}
"""Fields whose values the product's grammar finds; by path, with the kind of candidate."""

Run = Callable[[Mapping[str, NDArray[Any]]], NDArray[np.float32]]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.witness", description=__doc__.partition(":")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", action="append", dest="sets", metavar="NAME", help=f"only this set (default: {', '.join(SETS)})")
    parser.add_argument("--words", type=Path, metavar="FOLDER", help="keep there what was read, and do not read it again")
    parser.add_argument("--generated", type=Path, metavar="FOLDER", help="made-up documents (docs, truth) beside them")
    arguments = parser.parse_args(argv)
    score = load_score(arguments.data / "score.py")
    found = sets_in(arguments.data, arguments.sets or SETS)
    if arguments.generated:
        found.append(generated_in(arguments.generated))
    if score is None or not found:
        print("score.py and a set with docs and truth are needed", file=sys.stderr)
        return 2
    witness = Witness(Reader.load(MODEL / "1"), _run(MODEL / "1/model.onnx"))
    rows: list[tuple[str, ...]] = []
    everywhere = Compared()
    for labelled in found:
        names = labelled.may_be_shown or {document.name for document in labelled.documents}
        compared = compare([each for each in labelled.documents if each.name in names], labelled.truths, witness, score, arguments.words)
        rows.append((labelled.name, str(len(names)), *compared.cells(*PATHS)))
        everywhere.cases += compared.cases
    print(Table("", ("set", "docs", *CELLS), rows).markdown(), end="\n\n")
    print(Table("", ("field", *CELLS), [(name, *everywhere.cells(name)) for name in PATHS]).markdown(), end="\n\n")
    print(
        f"A page costs it {witness.spent / witness.pages * 1000:.0f} ms of CPU: drawing it, its windows, and the choice among candidates."
    )
    return 0


CELLS = ("values", "product right", "witness right", "only witness", "only product", "same value: right", "another value: product right")


class Compared:
    """`cases`: of each value of the truth its field, whether product and witness are right, and whether they say the same:
    None where one of them says nothing."""

    def __init__(self) -> None:
        self.cases: list[tuple[str, bool, bool, bool | None]] = []

    def cells(self, *fields: str) -> tuple[str, ...]:
        cases = [case for case in self.cases if case[0] in fields]
        tally = Counter((ours, theirs) for _, ours, theirs, _ in cases)
        same = [ours for _, ours, _, alike in cases if alike]
        other = [ours for _, ours, _, alike in cases if alike is False]
        right, by_witness = tally[True, True] + tally[True, False], tally[True, True] + tally[False, True]
        counts = map(str, (len(cases), right, by_witness, tally[False, True], tally[True, False]))
        return (*counts, f"{sum(same)} of {len(same)}", f"{sum(other)} of {len(other)}")


def compare(documents: Sequence[Labelled], truths: Path, witness: Witness, score: Score, words: Path | None) -> Compared:
    reads = read([document.path for document in documents], words)
    said: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for document in documents:
        known = reads[document.path].document
        if known is None:
            continue
        extracted = say(reads[document.path]).extracted
        said[document.name] = (in_truths_words(extracted.invoice) if extracted else {}, witness.says(known, document.path))
    wrong = [_wrong({name: each[side] for name, each in said.items()}, truths, score) for side in (0, 1)]
    compared = Compared()
    for document in documents:
        if document.name not in said:
            continue
        ours, theirs = said[document.name]
        for field in PATHS:
            if document.truth.get(field) is None or field in (document.truth.get("unsure") or ()):
                continue
            right = [(document.name, field) not in each for each in wrong]
            both = ours.get(field) is not None and theirs.get(field) is not None
            alike = (right == [True, True] or _plain(ours[field]) == _plain(theirs[field])) if both else None
            compared.cases.append((field, *right, alike))
    return compared


def _plain(value: object) -> str:
    return "".join(filter(str.isalnum, str(value).casefold()))


def _wrong(said: Mapping[str, dict[str, Any]], truths: Path, score: Score) -> set[tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="witness-") as folder:
        for name, each in said.items():
            (Path(folder) / f"{name}.json").write_text(json.dumps(each))
        listed: list[tuple[str, str, Any, Any]] = []
        score(folder, str(truths), docs=set(said), errors=listed)
    return {(file.removesuffix(".json"), field) for file, field, _, _ in listed}


@dataclass
class Witness:
    """`pages`: how many it was asked about; `spent`: CPU seconds on these."""

    reader: Reader
    run: Run
    pages: int = 0
    spent: float = 0.0

    def says(self, document: Document, path: Path) -> dict[str, Any]:
        """Of each field what it thinks most likely, in the truth's words; a field that it does not see is left out."""
        began = time.process_time()
        said = self._says(document, path)
        self.spent += time.process_time() - began
        self.pages += len(document.pages)
        return said

    def _says(self, document: Document, path: Path) -> dict[str, Any]:
        shares = [self.shares(page, picture_of(path, page)) for page in document.pages]
        found = find_candidates(read_grid(document))
        said: dict[str, Any] = {}
        for name, field in PATHS.items():
            entity = field.replace(".", "_")
            columns = [at for at, label in enumerate(self.reader.labels) if label[2:] == entity]
            if not columns:
                continue
            best: tuple[float, str] = (LEAST, "")

            def weight(row: Row, first: int, end: int, columns: list[int] = columns) -> float:
                places = [spot.place for spot in row.words[first:end]]
                return float(shares[row.page - 1][places][:, columns].sum(axis=1).mean())

            if field in TYPED:
                for candidate in found.of(TYPED[field]):
                    value = candidate.value if isinstance(candidate.value, str) else str(candidate.value)
                    best = max(best, (weight(found.grid.rows[candidate.row], candidate.first, candidate.end), value))
            else:
                for row in found.grid.rows:
                    for first, end in _runs([weight(row, at, at + 1) >= LEAST for at in range(len(row.words))]):
                        best = max(best, (weight(row, first, end), row.span(first, end)))
            if best[1]:
                said[name] = best[1]
        return said

    def shares(self, page: Page, picture: Pixels) -> NDArray[np.float64]:
        """(words, labels): the probability of each label, from the window in which the word stands farthest from the ends."""
        out = np.zeros((len(page.words), len(self.reader.labels)))
        deepest = [-1] * len(page.words)
        pixel_values = stretched(picture, self.reader.size, self.reader.size)[np.newaxis]
        for window in self.reader.windows(page.words.texts, boxes_of(page.words)):
            exact = np.exp(self.run({**window.tensors, "pixel_values": pixel_values})[0].astype(np.float64))
            exact /= exact.sum(axis=-1, keepdims=True)
            count = len(window.first_tokens)
            for position, token in enumerate(window.first_tokens):
                depth = min(position, count - 1 - position)
                if depth > deepest[window.start + position]:
                    deepest[window.start + position] = depth
                    out[window.start + position] = exact[token]
        return out


def _runs(on: Sequence[bool]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff([False, *on, False]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def picture_of(path: Path, page: Page) -> Pixels:
    """The page as people are shown it, small."""
    content, limits = path.read_bytes(), Limits()
    if path.suffix.lower() == ".pdf" and page.view is None:
        png = pdf.render_page(content, page.number, DPI, limits)
    else:
        kind = {".pdf": "pdf", ".png": "png", ".tif": "tiff", ".tiff": "tiff", ".webp": "webp"}.get(path.suffix.lower(), "jpeg")
        with pixels.open_pages(content, kind, limits, exact=True) as pages:
            png = pixels.render_png(pages, page.number, DPI, page.view, limits)
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(image.convert("RGB"))


def _run(file: Path) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(["logits"], dict(inputs))[0]


if __name__ == "__main__":
    sys.exit(main())
