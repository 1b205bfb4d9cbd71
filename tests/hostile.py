"""`make hostile DATA=folder`: sends every file of DATA/hostile/docs, and the bombs of picture_bombs.py, through a running service, one
after the other.

Prints a line a file (outcome, reason, seconds) and the totals. Exit 1 if a file is not settled in 60 s, ends without a known
reason, or if the service is not ready, loses a process or leaves something behind afterwards.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from app.domain.record import REASONS
from tests.picture_bombs import BOMBS
from tests.service import SETTLED, Client, ServiceProcess

PATIENCE = 60.0  # seconds a file may take: some have five pages to be recognized


def outcome(client: Client, name: str, content: bytes) -> str:
    """ "status reason" of the one invoice, "HTTP code problem" if the POST refuses the file, or "HANGS"."""
    began = time.monotonic()
    accepted = client.post({name: content})
    if accepted.status != 202:
        return f"HTTP {accepted.status} {accepted.json().get('type', '?').rsplit('/', 1)[-1]}"
    told = accepted.json()["invoices"][0]
    while told["status"] not in SETTLED:
        if time.monotonic() - began > PATIENCE:
            return "HANGS"
        time.sleep(0.05)
        told = client.invoice(told["id"])
    return f"{told['status']} {told.get('reason') or ''}".strip()


def is_typed(told: str) -> bool:
    state, _, reason = told.partition(" ")
    if state == "HTTP":
        return reason[:3] in ("413", "415", "422")
    return state in ("approved", "needs_review", "rejected") or (state == "quarantined" and reason in REASONS - {"internal_error"})


def left_behind(data: Path) -> list[str]:
    """Files in the data folder that a finished service has no use for."""
    return sorted(
        str(path.relative_to(data)) for path in data.rglob("*") if path.is_file() and path.suffix in (".tmp", ".part", ".partial")
    )


def main(folder: Path) -> int:
    files = {path.name: path.read_bytes for path in sorted((folder / "hostile" / "docs").iterdir()) if path.is_file()}
    if not files:
        print(f"no files in {folder}/hostile/docs", file=sys.stderr)
        return 2
    files |= {f"{name}.png": made for name, (made, _) in BOMBS.items()}
    faults: list[str] = []
    totals: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        with ServiceProcess(data) as service:
            client = service.client()
            for name, read in files.items():
                content = read()
                started = time.monotonic()
                told = outcome(client, name, content)
                seconds = time.monotonic() - started
                print(f"{name:48} {seconds:6.2f} s  {told}", flush=True)
                totals[told] += 1
                if not is_typed(told):
                    faults.append(f"{name}: {told}")
                if service.ended() is not None:
                    print(f"the service ended: {service.log_tail()}", file=sys.stderr)
                    return 1
                if client.call("GET", "/readyz").status != 200:
                    faults.append(f"not ready after {name}")
            killed = {name: value for name, value in client.metrics().items() if "child_killed" in name and value and "created" not in name}
            code = service.stop()
            if code != 0:
                faults.append(f"the service ended with {code}: {service.log_tail()}")
        faults += [f"left behind: {name}" for name in left_behind(data)]
    print(f"\n{len(files)} files in {time.monotonic() - began:.1f} s; children ended by force: {killed or 'none'}")
    for told, count in totals.most_common():
        print(f"{count:4} {told}")
    for fault in faults:
        print(f"FAULT {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python -m tests.hostile DATA")
    sys.exit(main(Path(sys.argv[1])))
