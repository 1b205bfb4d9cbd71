"""A process that was sent SIGSTOP: the signal alone is only a wish."""

from __future__ import annotations

from pathlib import Path


def wait_stopped(pid: int) -> None:
    """Returns when every thread of it stands still."""
    tasks = Path(f"/proc/{pid}/task")
    while not all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks.iterdir()):
        pass
