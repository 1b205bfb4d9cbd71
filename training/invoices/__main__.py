"""Writes made-up invoices: `python -m training.invoices OUT --documents N --seed S [--pictures SHARE] [--families held-out|rest|all]`.

OUT/docs, OUT/truth, OUT/boxes hold one file a document. Put OUT as one set into a folder that has `score.py`, and
`python -m tests.accuracy FOLDER` scores it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

from training.invoices import make
from training.invoices.camera import picture_of
from training.invoices.truth import boxes_of, truth_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.invoices", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=float, default=0.0, metavar="SHARE", help="0..1: this share becomes a picture of its first page")
    parser.add_argument("--families", choices=("held-out", "rest", "all"), default="rest")
    arguments = parser.parse_args()
    folders = {name: arguments.out / name for name in ("docs", "truth", "boxes")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    for index in range(arguments.documents):
        made = make(arguments.seed, index, None if arguments.families == "all" else arguments.families)
        name = f"{arguments.seed}-{index:06d}"
        truth = truth_of(made)
        if made.pages == 1 and Random(f"picture {arguments.seed}:{index}").random() < arguments.pictures:
            (folders["docs"] / f"{name}.jpg").write_bytes(picture_of(made.pdf, 0, arguments.seed * 1_000_003 + index))
            truth["source"] = "picture"
        else:
            (folders["docs"] / f"{name}.pdf").write_bytes(made.pdf)
            truth["source"] = "pdf"
        (folders["truth"] / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), "utf-8")
        (folders["boxes"] / f"{name}.json").write_text(json.dumps(boxes_of(made), ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
