"""Other extractors on the same documents, in one run: `python -m tests.peers DATA [--set NAME] [--words FOLDER] [--python PATH]`.

DATA is laid out as for `python -m tests.accuracy`. Peers get the text layer, or where there is none what Tesseract reads on the page as the
product prepares it, and answer in the truth's words: plain regular expressions (`plain_regex`), and packages from PyPI in an environment of
their own (`make peers`; `theirs` says how each is asked). Prints a Markdown table: header F1 / core exact / line F1 by set and half.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.domain.document import Document
from app.extractors.grid import THIN, read_grid
from tests.accuracy.labelled import LabelledSet, sets_in
from tests.accuracy.reading import Read, read
from tests.accuracy.saying import in_truths_words, say
from tests.accuracy.scoring import Score, Totals, load_score, totals_of
from tests.accuracy.tables import Table, share
from tests.peers import plain_regex

SETS = ("zfreal_noxml", "invoice2data", "vendor_samples", "scans", "odoo_fr", "sroie")
THEIRS = ("invoice2data", "amagi-receipts-to-csv", "pdf2struct", "receipt-parser-ocr")
"""Names of packages; those that `theirs` can ask."""
PYTHON = Path(".venv/peers/bin/python")

Answers = dict[str, dict[str, Any]]
"""By document, in the truth's words."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description="Other extractors on the same documents.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", action="append", dest="sets", metavar="NAME", help=f"only this set (default: {', '.join(SETS)})")
    parser.add_argument("--words", type=Path, metavar="FOLDER", help="keep there what was read, and do not read it again")
    parser.add_argument("--python", type=Path, default=PYTHON, help="of the environment that the packages are installed in")
    arguments = parser.parse_args(argv)
    score = load_score(arguments.data / "score.py")
    found = sets_in(arguments.data, arguments.sets or SETS)
    if score is None or not found or not arguments.python.exists():
        print("score.py, a set with docs and truth, and the peers' environment (`make peers`) are needed", file=sys.stderr)
        return 2
    rows = [row for labelled in found for row in _rows(labelled, score, arguments.words, arguments.python)]
    print(Table("", ("set", "half", "docs", "InvoiceStream", "plain regex", *THEIRS), rows).markdown())
    return 0


def _rows(labelled: LabelledSet, score: Score, words: Path | None, python: Path) -> list[tuple[str, ...]]:
    paths = {document.name: document.path for document in labelled.documents}
    ours = read(list(paths.values()), words)
    read_by_tesseract = read(list(paths.values()), words, ("tesseract",))
    asked = {name: _asked(path, read_by_tesseract[path]) for name, path in paths.items()}
    answers = {
        "InvoiceStream": {name: _said(ours[path]) for name, path in paths.items()},
        "plain regex": {name: plain_regex.read(each["text"]) for name, each in asked.items()},
        **{peer: ask(peer, asked, python) for peer in THEIRS},
    }
    rows = []
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        for peer, said in answers.items():
            place = Path(folder) / peer
            place.mkdir()
            for name, each in said.items():
                (place / f"{name}.json").write_text(json.dumps(each))
        for group in labelled.groups:
            names = labelled.names(group)
            totals = (totals_of(score, Path(folder) / peer, labelled.truths, names) for peer in answers)
            rows.append((labelled.name, group, str(len(names)), *map(_cell, totals)))
    return rows


def _cell(totals: Totals) -> str:
    return " / ".join(share(each, 2) for each in (totals.header_f1, totals.core_exact, totals.line_f1))


def _said(read: Read) -> dict[str, Any]:
    extracted = say(read).extracted
    return in_truths_words(extracted.invoice) if extracted else {}


def _asked(path: Path, read: Read) -> dict[str, Any]:
    document = read.document
    layer = path.suffix.lower() == ".pdf" and document is not None and all(page.text == "layer" for page in document.pages)
    return {"path": str(path), "text": text_of(document) if document else "", "layer": layer}


def text_of(document: Document) -> str:
    """Its lines from top to bottom, cells four blanks apart."""
    return "\n".join(row.text.replace("\t", "    ").replace(THIN, " ") for row in read_grid(document).rows)


def ask(peer: str, asked: Mapping[str, dict[str, Any]], python: Path) -> Answers:
    """What a package says of each document; nothing where it fails. Raises CalledProcessError if it cannot be asked at all."""
    command = [str(python), str(Path(__file__).parent / "theirs.py"), peer]
    lines = "".join(json.dumps(each) + "\n" for each in asked.values())
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return dict(zip(asked, map(json.loads, done.stdout.splitlines()), strict=True))


if __name__ == "__main__":
    sys.exit(main())
