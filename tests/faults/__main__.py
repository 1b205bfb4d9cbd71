"""`make faults`: kills on the embedded parts, faults of the real ones and of the models' server; writes docs/faults.md.

`--seed S` repeats a run, `--documents N` makes it longer. Exit 1 unless every row is clean.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import machine
from tests.faults import kill, models, real
from tests.faults.ledger import Row
from tests.faults.models import ModelRow
from tests.faults.trial import RealRow

PAGE = Path(__file__).parents[2] / "docs/faults.md"
MARK = "<!-- below: written by `make faults` -->\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="All faults, and docs/faults.md.")
    parser.add_argument("--documents", type=int, default=40, help="invoices for each row on real parts (default 40)")
    parser.add_argument("--seed", type=int, default=None, help="a new one by default, printed and written down")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write (default docs/faults.md)")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    described = machine()  # before the work, for the load that was there already
    began = time.monotonic()
    killed, verified = kill.suite(seed)
    rows = real.suite(seed, documents=arguments.documents)
    read = models.suite()
    clean = (
        verified
        and all(row.clean for row in read)
        and killed[-1].clean
        and killed[-1].acknowledged == killed[-1].settled
        and all(row.clean for row in rows)
    )
    told = _told(seed, described, time.monotonic() - began, rows, read, killed, verified)
    by_hand = arguments.page.read_text().partition(MARK)[0]
    arguments.page.write_text(by_hand + MARK + told)
    print(f"written: {arguments.page}")
    return 0 if clean else 1


def _told(
    seed: int,
    machine: dict[str, str],
    seconds: float,
    rows: Sequence[RealRow],
    read: Sequence[ModelRow],
    killed: Sequence[Row],
    verified: bool,
) -> str:
    where = ", ".join(f"{name}: {value}" for name, value in machine.items())
    return "\n".join((
        f"\nSeed {seed}; {seconds / 60:.0f} minutes. Machine: {where}.\n",
        "## Faults of the real parts\n",
        *_real_table(rows),
        "\n## Faults of the tritonserver that reads the pages\n",
        *_models_table(read),
        "\n## `kill -9` on the embedded parts\n",
        *_kill_table(killed),
        f"\nAudit chains of all of them: {'verified' if verified else 'BROKEN'}.",
        "",
    ))  # fmt: skip


def _real_table(rows: Sequence[RealRow]) -> list[str]:
    head = (
        "fault", "POSTs", "accepted", "settled", "lost", "duplicated", "recovered", "unexpected", "refused 503", "outbox", "queues",
        "dead / planted", "chains", "reconcile", "grown", "flows again (wanted)", "ready", "all settled", "POST p95", "CPU", "",
    )  # fmt: skip
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        if not row.acknowledged:
            lines.append(_line([row.fault, *[""] * (len(head) - 2), "; ".join(row.notes)]))
            continue
        lines.append(
            _line([
                row.fault, row.attempts, row.acknowledged, row.settled, row.lost, row.duplicated, row.recovered, row.unexpected,
                row.refused, row.outbox, row.queues, f"{row.dead} / {row.planted}", f"{row.chains} ok", row.reconcile or "clean",
                f"{max(row.grown, 0):+d}", f"{row.flows:.1f} s (<= {row.wanted:g})", f"{row.ready:.1f} s", f"{row.drained:.1f} s",
                f"{row.p95:.2f} s", f"{row.cpu:.0f} %", "; ".join([*row.notes, *(f"**{each}**" for each in row.surprises)]),
            ])
        )  # fmt: skip
    return lines


def _models_table(rows: Sequence[ModelRow]) -> list[str]:
    head = (
        "fault", "scans", "settled", "lost", "unexpected", "read the other way", "approved", "slowest (that way alone)",
        "models read again", "loop lag p99", "",
    )  # fmt: skip
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        cells = (row.fault, row.acknowledged, row.settled, row.lost, row.unexpected, row.fell_back, row.approved)
        times = (f"{row.slowest:.1f} s ({row.usual:.1f})", f"{row.back:.1f} s", f"{row.lag:.0f} ms")
        lines.append(_line([*cells, *times, "; ".join(f"**{each}**" for each in row.surprises)]))
    return lines


def _kill_table(rows: Sequence[Row]) -> list[str]:
    head = ("fault", "kills", "POSTs", "accepted", "settled", "lost", "duplicated", "recovered", "unexpected", "ready", "all settled")
    lines = [_line(head), _line(["---"] * len(head))]
    points = [row for row in rows if ":" in row.fault]
    summed = Row(f"{len(points)} failpoints, each at its first or second passing", ready=max((row.ready for row in points), default=0.0))
    for name in ("kills", "attempts", "acknowledged", "settled", "lost", "duplicated", "recovered", "unexpected"):
        setattr(summed, name, sum(getattr(row, name) for row in points))
    summed.drained = max((row.drained for row in points), default=0.0)
    for row in (summed, *(row for row in rows if ":" not in row.fault)):
        cells = (row.fault, row.kills, row.attempts, row.acknowledged, row.settled, row.lost, row.duplicated, row.recovered, row.unexpected)
        lines.append(_line([*cells, f"{row.ready:.1f} s", f"{row.drained:.1f} s" if row.drained else ""]))
    return lines


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
