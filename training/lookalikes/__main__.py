"""Writes look-alikes: `python -m training.lookalikes OUT --documents N --seed S [--half open|closed] [--template NAME]
[--pictures SHARE]`.

OUT/docs and OUT/truth hold one file a document: `python -m tests.accuracy DATA --generated OUT` scores them. It needs Chromium.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

import pymupdf

from training.invoices.camera import picture_of, screenshot_of
from training.lookalikes import text_of, truth_about, write
from training.lookalikes.chromium import Chromium

SCREENSHOTS = 0.4  # of the pictures; the others were scanned or photographed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.lookalikes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half", choices=("open", "closed"), help="templates of one half only")
    parser.add_argument("--template", metavar="NAME", help="only this one")
    parser.add_argument("--pictures", type=float, default=0.0, metavar="SHARE", help="0..1: this share becomes a picture of its first page")
    arguments = parser.parse_args()
    docs, truths = arguments.out / "docs", arguments.out / "truth"
    for folder in (docs, truths):
        folder.mkdir(parents=True, exist_ok=True)
    with Chromium() as chromium:
        for index in range(arguments.documents):
            page = write(arguments.seed, index, arguments.half, arguments.template)
            pdf = chromium.pdf(page.html)
            name = f"{page.template}-{arguments.seed}-{index:05d}"
            truth = truth_about(page, text_of(pdf))
            if Random(f"picture {name}").random() < arguments.pictures and pages_of(pdf) == 1:
                suffix, stored = pictured(pdf, Random(f"camera {name}"))
                truth["source"] = "picture"
            else:
                suffix, stored = "pdf", pdf
            (docs / f"{name}.{suffix}").write_bytes(stored)
            (truths / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")


def pages_of(pdf: bytes) -> int:
    with pymupdf.open(stream=pdf, filetype="pdf") as pages:
        return len(pages)


def pictured(pdf: bytes, random: Random) -> tuple[str, bytes]:
    """The one page of `pdf` as a scanner, a telephone or a screen gives it, and what the file's name ends in."""
    seed = random.randrange(2**31)
    if random.random() < SCREENSHOTS:
        stored = screenshot_of(pdf, 0, seed)
        return ("png" if stored.startswith(b"\x89PNG") else "jpg"), stored
    return "jpg", picture_of(pdf, 0, seed)


if __name__ == "__main__":
    main()
