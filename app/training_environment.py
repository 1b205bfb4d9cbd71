"""What `training/` does, for the command line: in its own environment, which has torch, and which `make models` or this checkout's
`make .venv/models-installed` makes. Here nothing of it is imported."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from app.errors import Misconfigured

ROOT = Path(__file__).parents[1]


def run_training(module: str, arguments: Sequence[str]) -> int:
    """`python -m training.MODULE` with these arguments; its output is ours. Gives its exit code.

    Raises `Misconfigured` without the environment.
    """
    python = ROOT / ".venv/models/bin/python"
    if not python.exists():
        raise Misconfigured("there is no environment for training: `make .venv/models-installed` in the checkout makes it")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([str(python), "-m", f"training.{module}", *arguments], env=environment, check=False).returncode
