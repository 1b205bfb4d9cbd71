"""`invoicestream copy` between embedded stores: only what is missing, and no original with other bytes than its name says."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
from pathlib import Path

from app.adapters.file_blobs import FileBlobs
from app.adapters.sqlite_documents import SqliteDocuments
from tests.service import COMMAND, PATIENCE


def run(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("INVOICESTREAM_")}
    environ["INVOICESTREAM_DATA"] = str(data)
    return subprocess.run([COMMAND, *arguments], env=environ, capture_output=True, text=True, timeout=PATIENCE)


def to(folder: Path) -> list[str]:
    return ["copy", "--to-blobs", f"file://{folder}/blobs", "--to-documents", f"sqlite:///{folder}/documents.db"]


async def fill(data: Path, first: int, last: int) -> None:
    async with FileBlobs(data / "blobs") as blobs, SqliteDocuments(data / "documents.db") as documents:
        for number in range(first, last):
            await blobs.put(f"tenant{number % 2}", io.BytesIO(f"original {number}".encode()))
            await documents.save(f"tenant{number % 2}", f"invoice:{number}:1", f'{{"number": {number}}}'.encode())


async def content(data: Path, number: int) -> bytes | None:
    async with SqliteDocuments(data / "documents.db") as documents:
        return await documents.load(f"tenant{number % 2}", f"invoice:{number}:1")


def test_the_second_copy_holds_only_what_is_new_and_nothing_is_lost(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    asyncio.run(fill(source, 0, 450))  # more than two pages of a tenant
    nothing = {"there": 0, "unnamed": 0, "gone": 0}
    first = run(source, *to(target))
    assert json.loads(first.stdout) == {"blobs": {"copied": 450} | nothing, "documents": {"copied": 450} | nothing}
    asyncio.run(fill(source, 450, 460))
    second = json.loads(run(source, *to(target)).stdout)
    assert [(second[kind]["copied"], second[kind]["there"]) for kind in ("blobs", "documents")] == [(10, 450), (10, 450)]
    names = [sorted(path.relative_to(each) for path in (each / "blobs").rglob("*") if path.is_file()) for each in (source, target)]
    assert len(names[0]) == 460 and names[0] == names[1]
    assert asyncio.run(content(target, 455)) == b'{"number": 455}'


def test_an_original_with_other_bytes_is_not_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    asyncio.run(fill(source, 0, 1))
    (path,) = [path for path in (source / "blobs").rglob("*") if path.is_file()]
    path.write_bytes(b"something else")
    done = run(source, *to(target))
    assert (done.returncode, path.name in done.stderr, done.stdout) == (1, True, "")
    assert not [path for path in (target / "blobs").rglob("*") if path.is_file()]


def test_to_itself_is_a_mistake_and_empty_is_told_by_the_exit_code(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "copy").returncode == 2
    assert run(data, "copy", "--check-empty").returncode == 0
    asyncio.run(fill(data, 0, 1))
    assert run(data, "copy", "--check-empty").returncode == 1
