"""`python -m app.samples FOLDER [--count N --kind xml|digital|mixed|scan --seed S]`: the samples, or N documents that all differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from app.samples import make_samples
from app.samples.crowd import Kind, make_many


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m app.samples", description="Writes made-up invoices into a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, help="this many different documents in place of the samples")
    parser.add_argument("--kind", choices=get_args(Kind), default="mixed")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.count is None:
        paths = make_samples(arguments.folder)
    else:
        paths = make_many(arguments.folder, arguments.count, arguments.kind, arguments.seed)
    sys.stdout.write(f"{len(paths)} files in {arguments.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
