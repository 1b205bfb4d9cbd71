"""Writes look-alikes: `python -m training.lookalikes OUT --documents N --seed S [--half open|closed] [--template NAME]`.

OUT/docs and OUT/truth hold one file a document: `python -m tests.accuracy DATA --generated OUT` scores them. It needs Chromium.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.lookalikes import text_of, truth_about, write
from training.lookalikes.chromium import Chromium


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.lookalikes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half", choices=("open", "closed"), help="templates of one half only")
    parser.add_argument("--template", metavar="NAME", help="only this one")
    arguments = parser.parse_args()
    docs, truths = arguments.out / "docs", arguments.out / "truth"
    for folder in (docs, truths):
        folder.mkdir(parents=True, exist_ok=True)
    with Chromium() as chromium:
        for index in range(arguments.documents):
            page = write(arguments.seed, index, arguments.half, arguments.template)
            pdf = chromium.pdf(page.html)
            name = f"{page.template}-{arguments.seed}-{index:05d}"
            (docs / f"{name}.pdf").write_bytes(pdf)
            (truths / f"{name}.json").write_text(json.dumps(truth_about(page, text_of(pdf)), ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
