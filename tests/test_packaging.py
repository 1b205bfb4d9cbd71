"""What the project is built from: locked dependencies, a clean Dockerfile, settings that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import PREFIX, from_environ

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.txt", "requirements-dev.txt"]


def _requirements(lock: str) -> list[str]:
    """Each requirement with its options, as one line."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_one_version_and_hashes(lock: str) -> None:
    requirements = _requirements(lock)
    assert len(requirements) > 40
    for requirement in requirements:
        assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+( ;[^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", requirement), requirement[
            :60
        ]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index-url" not in text and "find-links" not in text and "trusted-host" not in text


def test_what_runs_is_what_is_tested() -> None:
    """Every requirement of the service is in the tests' lock too, in the same version with the same hashes."""
    assert set(_requirements("requirements.txt")) <= set(_requirements("requirements-dev.txt"))


def test_the_dockerfile_lints_clean() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_image_gets_all_that_the_dockerfile_copies() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert sources == let_in
    assert all((ROOT / source).exists() for source in sources)


def test_the_example_settings_are_the_settings(tmp_path: Path) -> None:
    """Each variable that the service reads is in the example, no other is, and each value there is the one in force."""
    example = dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", (ROOT / "config/invoicestream.example.env").read_text(), flags=re.MULTILINE))
    asked = _Asked()
    asked["INVOICESTREAM_DATA"] = str(tmp_path)
    plain = from_environ(asked)
    assert {name.removesuffix("_FILE") for name in example} == {name.removesuffix("_FILE") for name in asked.names}
    numbers = {name: value for name, value in example.items() if name.startswith(PREFIX) and (value.isdigit() or "LOG" in name)}
    assert len(numbers) >= 7
    assert from_environ({**numbers, "INVOICESTREAM_DATA": str(tmp_path)}) == plain


class _Asked(dict[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)
