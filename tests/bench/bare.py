"""`python -m tests.bench.bare FOLDER`: the bare parsers over the same files, in a process of its own. Prints CPU seconds a document.

The yardstick for the service's own cost: lxml parses an XML invoice, PyMuPDF opens a PDF and gives its pages' words. Nothing else.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pymupdf
from lxml import etree


def parse(path: Path) -> int:
    """How much was found, so that nothing can be left out."""
    content = path.read_bytes()
    if path.suffix == ".xml":
        return sum(1 for _ in etree.fromstring(content).iter())
    with pymupdf.open(stream=content, filetype="pdf") as document:  # type: ignore[no-untyped-call]
        return sum(len(page.get_text("words")) for page in document)


def main(folder: Path) -> float:
    paths = sorted(folder.iterdir())
    parse(paths[0])  # the first costs what loading costs
    started = time.process_time()
    found = sum(parse(path) for path in paths)
    seconds = time.process_time() - started
    if not found:
        raise SystemExit("the bare parsers found nothing")
    return seconds / len(paths)


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
