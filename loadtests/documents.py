"""The documents that are sent: a pool of distinct ones of each kind, made before the run, and a stamp that makes each file's bytes unique.

    python -m loadtests.documents FOLDER [SEED]      makes a pool

A pool is the same for the same seed. `xml`: CII and UBL in turn. `digital`: PDFs with a text layer, in three layouts. `scan`: one page
at 200 dpi, in turn a PDF that holds nothing but a picture, and such a picture as JPEG.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

Kind = Literal["xml", "digital", "scan"]
KINDS: tuple[Kind, ...] = ("xml", "digital", "scan")
SIZES: Mapping[Kind, int] = {"xml": 200, "digital": 100, "scan": 30}
BATCH = 10  # documents that a process makes at once


@dataclass(frozen=True, slots=True)
class File:
    """As it is sent. Its name is unique within a run."""

    name: str
    kind: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Pool:
    """The documents of `folder`, in memory. Who takes one gets it in bytes that nobody else has, while no two pools share a `prefix`."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._prefix = prefix
        self._documents: Mapping[str, list[tuple[str, bytes]]] = {
            kind: [(path.suffix, path.read_bytes()) for path in sorted((folder / kind).iterdir())] for kind in KINDS
        }
        self._taken = 0

    def take(self, kind: str, chance: Random) -> File:
        self._taken += 1
        mark = f"{self._prefix}-{self._taken:06d}"
        suffix, content = chance.choice(self._documents[kind])
        return File(mark + suffix, kind, stamped(content, suffix, mark))


def stamped(content: bytes, suffix: str, mark: str) -> bytes:
    """The same document in other bytes: a comment at a place where the format allows one. Costs a copy."""
    note = mark.encode()
    if suffix == ".xml":
        return content + b"<!-- " + note + b" -->\n"
    if suffix == ".pdf":
        return content + b"\n% " + note + b"\n"
    if suffix == ".jpg":
        return content[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + content[2:]
    raise ValueError(f"no stamp for {suffix}")


def make_pool(parent: Path, seed: int, sizes: Mapping[Kind, int] = SIZES) -> Path:
    """The folder with the pool, in `parent`: made on all cores, or found where it was made before."""
    folder = parent / ("pool-" + "-".join(str(number) for number in (seed, *sizes.values())))
    if folder.exists():
        return folder
    unfinished = parent / f"{folder.name}.{os.getpid()}"
    jobs = []
    for kind, count in sizes.items():
        (unfinished / kind).mkdir(parents=True)
        jobs += [(unfinished / kind, kind, seed, first, min(BATCH, count - first)) for first in range(0, count, BATCH)]
    jobs.sort(key=lambda job: KINDS.index(job[1]), reverse=True)  # the dear ones first
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0))) as workers:
        workers.starmap(_make, jobs, chunksize=1)
    try:
        unfinished.rename(folder)
    except OSError:  # another run was quicker
        shutil.rmtree(unfinished)
    return folder


def _make(folder: Path, kind: Kind, seed: int, first: int, count: int) -> None:
    from app.samples.crowd import many  # here: who only sends documents needs none of it

    # A crowd of its own for each batch: the same seed gives the same batch, however they are shared out.
    for index, (suffix, content) in enumerate(many(count, kind, seed * 1000 + first), first):
        name, made = f"{index:04d}.{suffix}", content
        if kind == "scan" and index % 2:
            name, made = f"{index:04d}.jpg", _picture(content)
        (folder / name).write_bytes(made)


def _picture(pdf: bytes) -> bytes:
    """The JPEG that a scanned page consists of."""
    import pymupdf

    with pymupdf.open(stream=pdf, filetype="pdf") as document:  # type: ignore[no-untyped-call]
        found = document.extract_image(document[0].get_images()[0][0])
    assert found["ext"] == "jpeg", found["ext"]
    image: bytes = found["image"]
    return image


if __name__ == "__main__":
    print(make_pool(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
