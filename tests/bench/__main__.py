"""`python -m tests.bench [--quick] [--json] [PART ...]`. Exit 1: a wanted figure was missed, or the service lost something.

Parts: xml, digital (CPU a document beside the bare parser, event-loop lag), post (latency of the 202), memory, scan (pages read,
beside bare Tesseract; XML behind scans), real (the embedded set-up beside MariaDB, RabbitMQ and MongoDB, which `make servers`
installs; two services on one broker), triton (a tritonserver beside the same models in process). All but the last two by default.
`--quick` sends little, to show that the tool works; then no figure is judged.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import real, scan, triton
from tests.bench.figures import Figure, machine, table
from tests.bench.parts import QUICK, Bench, Sizes, Unmeasurable

PARTS = ("xml", "digital", "post", "memory", "scan")  # those by default
ASKED = ("real", "triton")  # they take servers


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What a document costs, and how fast a POST is answered.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS + ASKED)}; all but the last two by default")
    parser.add_argument("--quick", action="store_true", help="a few documents only; nothing is judged")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - {*PARTS, *ASKED}:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    sizes = QUICK if arguments.quick else Sizes()
    described = machine()  # before the work, for the load that was there already
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="invoicestream-bench-") as folder:
        bench = Bench(Path(folder), sizes)
        measure: dict[str, Callable[[], Iterator[Figure]]] = {
            "xml": lambda: bench.cpu("xml", "lxml parse", sizes.xml_rate, wanted=10.0),
            "digital": lambda: bench.cpu("digital", "PyMuPDF words", sizes.digital_rate, wanted=40.0),
            "post": bench.latency,
            "memory": bench.memory,
            "scan": lambda: scan.measure(Path(folder), scan.QUICK if arguments.quick else scan.Sizes()),
            "triton": lambda: triton.measure(arguments.quick),
            "real": lambda: real.measure(bench, real.QUICK if arguments.quick else real.Sizes()),
        }
        for part in arguments.parts or PARTS:
            try:
                figures.extend(measure[part]())
            except (Unmeasurable, scan.Unread) as error:
                print(f"{part}: {error}", file=sys.stderr)
                return 1
    if arguments.json:
        told = [dataclasses.asdict(figure) | {"missed": figure.missed} for figure in figures]
        print(json.dumps({"machine": described, "figures": told}, indent=1))
    else:
        print("\n".join(f"{name}: {value}" for name, value in described.items()) + "\n\n" + table(figures))
    return 0 if arguments.quick or not any(figure.missed for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
