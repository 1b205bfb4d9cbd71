"""`python -m tests.bench.against CHECKOUT [--rounds N]`: what a document costs here and in another checkout of this project, on the
real set-up (MariaDB, RabbitMQ, MongoDB, as `make servers` installs them), for each kind and for a mix of 60 XML, 30 digital, 10 scans.

Rounds go there, here, here, there, so that what the machine does meanwhile weighs on both. CPU counts the service with all its children,
and the three servers; the client is not in it. Documents come as fast as they are taken.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path

from app.samples.crowd import many
from tests.bench.parts import say, terminal
from tests.bench.processes import usage
from tests.scans import scans
from tests.servers import mariadb
from tests.servers.stack import Stack

WARM = 6
TOGETHER = 20
PARTS: Mapping[str, tuple[int, int, int]] = {"xml": (200, 0, 0), "digital": (0, 100, 0), "scan": (0, 0, 24), "mix 60/30/10": (120, 60, 20)}
"""XML, digital, scans."""


def documents(numbers: tuple[int, int, int], seed: int) -> list[tuple[str, bytes]]:
    """No two alike, the kinds evenly mixed."""
    made = [[(f"{n}.xml", content) for n, (_, content) in enumerate(islice(many(numbers[0], "xml", seed), numbers[0]))]]
    made += [[(f"{n}.pdf", content) for n, (_, content) in enumerate(islice(many(numbers[1], "digital", seed + 1), numbers[1]))]]
    made += [[(f"{n}.jpg", page.jpeg) for n, page in enumerate(scans(numbers[2], seed + 2))]]
    placed = [((index + 0.5) / len(kind), file) for kind in made for index, file in enumerate(kind)]
    return [file for _, file in sorted(placed)]


def measure(
    folder: Path, checkout: Path, sent: Mapping[str, list[tuple[str, bytes]]], warm: list[tuple[str, bytes]]
) -> dict[str, list[float]]:
    """By part: settled a second; CPU a document in milliseconds: service, its children, servers."""
    told: dict[str, list[float]] = {}
    with Stack(folder) as stack:
        servers = list(stack.pids.values())
        assert len(servers) == 3, "their CPU is counted"
        with stack.service("data", {"PYTHONPATH": str(checkout)}) as service, closing(service.client()) as client:

            def all_settled(files: list[tuple[str, bytes]], before: float) -> None:
                for first in range(0, len(files), TOGETHER):
                    while (answer := client.post(dict(files[first : first + TOGETHER]))).status in (429, 503):
                        time.sleep(0.2)
                    if answer.status != 202:
                        raise SystemExit(f"POST answered {answer.status}")
                while terminal(client.metrics()) < before + len(files):
                    time.sleep(0.1)

            all_settled(warm, 0)
            count = len(warm)
            for part, files in sent.items():
                time.sleep(1.5)
                before, others, began = usage(service.pid), sum(usage(pid).cpu for pid in servers), time.monotonic()
                all_settled(files, count)
                seconds = time.monotonic() - began
                time.sleep(1.5)  # what is told and marked afterwards is part of the cost
                after, count = usage(service.pid), count + len(files)
                costs = (
                    after.own_cpu - before.own_cpu,
                    after.children_cpu - before.children_cpu,
                    sum(usage(pid).cpu for pid in servers) - others,
                )
                told[part] = [len(files) / seconds, *(1000 * cost / len(files) for cost in costs)]
            states = [invoice["status"] for invoice in client.listing()]
            if (refused := sum(state not in ("approved", "needs_review") for state in states)) or len(states) != count:
                raise SystemExit(f"{refused} of {len(states)} were refused, {count} were sent")
    return told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.against", description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=4, help="in all, there and here")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    arguments = parser.parse_args()
    here = Path(__file__).parents[2]
    found: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="invoicestream-bench-") as name:
        mariadb.FOLDER = Path(name)
        warm = documents((2, 2, 2), 900)
        for turn in range(arguments.rounds):
            which = "there" if turn % 4 in (0, 3) else "here"
            say(f"{which}, {turn + 1} of {arguments.rounds}; load {os.getloadavg()[0]:.1f}")
            sent = {
                part: documents(numbers, 1000 + 10 * index)
                for index, (part, numbers) in enumerate(PARTS.items())
                if part in arguments.parts
            }
            checkout = (arguments.checkout if which == "there" else here).resolve()
            for part, row in measure(Path(name) / str(turn), checkout, sent, warm).items():
                found[part, which].append(row)
    print("| part | checkout | settled a second | CPU a document: service | children | servers | in all |\n|---|---|---|---|---|---|---|")
    for part in arguments.parts:
        for which in ("there", "here"):
            rows = [[*row, sum(row[1:])] for row in found[part, which]]
            cells = [f"{statistics.mean(column):.1f} ± {(max(column) - min(column)) / 2:.1f}" for column in zip(*rows, strict=True)]
            print(f"| {part} | {which} | " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
