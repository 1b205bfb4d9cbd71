"""Tesseract as a library: the same words as its program, no program started, and a pass that goes wrong takes only itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.adapters.tesseract import Installation, TesseractEngine
from app.adapters.tesseract_library import Library, apart
from app.adapters.tesseract_page import Failed, Grey
from app.adapters.tesseract_program import Program
from tests.rendered import ENGLISH, GERMAN, page

PROGRAM = Path(shutil.which("tesseract") or "tesseract").resolve()
ROOT = str(Path(__file__).parents[1])
VERSION = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


@pytest.fixture(scope="module")
def library() -> Library:
    found = Library.of(PROGRAM, VERSION, ("eng", "deu"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def german() -> Grey:
    picture, _ = page(*GERMAN)
    try:
        return np.frombuffer(os.pread(picture.memory, picture.width * picture.height, 0), np.uint8).reshape(picture.height, picture.width)
    finally:
        picture.close()


def rows(table: bytes) -> list[bytes]:
    return [row for row in table.splitlines() if row.startswith(b"5\t")]


@pytest.mark.parametrize("mode", [3, 6, 11])
def test_it_says_what_the_program_says(library: Library, german: Grey, mode: int) -> None:
    words = rows(Program().table(german, "deu", mode, 200))
    assert len(words) == sum(len(line.split()) for line in GERMAN)
    assert rows(library.table(german, "deu", mode, 200)) == words


WITHIN = """
    import os, sys
    os.environ["OMP_THREAD_LIMIT"] = "1"  # as in the server: whoever forks must have one thread
    sys.path.insert(0, {root!r})
    from pathlib import Path
    import numpy as np
    from app.adapters.tesseract_library import Library
    library = Library.of(Path({program!r}), {version!r}, ("deu",))
    grey = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape({shape})
    sys.stdout.buffer.write(library.table_within(30, grey, "deu", 3, 200))
"""


def test_it_says_the_same_in_a_process_apart(german: Grey) -> None:
    script = textwrap.dedent(WITHIN).format(root=ROOT, program=str(PROGRAM), version=VERSION, shape=german.shape)
    done = subprocess.run([sys.executable, "-I", "-c", script], input=german.tobytes(), capture_output=True, timeout=60)
    assert rows(done.stdout) == rows(Program().table(german, "deu", 3, 200)), done.stderr


def test_a_picture_that_does_not_lie_in_one_piece_is_read(library: Library, german: Grey) -> None:
    upside_down = np.rot90(np.ascontiguousarray(np.rot90(german, 2)), 2)
    assert not upside_down.flags.c_contiguous
    assert rows(library.table(upside_down, "deu", 3, 200)) == rows(library.table(german, "deu", 3, 200))


def test_a_language_that_cannot_be_loaded_is_left_out(library: Library) -> None:
    assert library.languages == ("eng", "deu")
    found = Library.of(PROGRAM, VERSION, ("eng", "xxx"))
    assert found is not None and found.languages == ("eng",)


def test_a_script_another_version_and_no_language_have_no_library(tmp_path: Path) -> None:
    script = tmp_path / "tesseract"
    script.write_text(f"#!/bin/sh\nexec {PROGRAM}\n")
    assert Library.of(script, VERSION, ("eng",)) is None
    assert Library.of(PROGRAM, VERSION + ".1", ("eng",)) is None
    assert Library.of(PROGRAM, "9.0.0", ("eng",)) is None
    assert Library.of(PROGRAM, VERSION, ("xxx",)) is None


def children() -> set[str]:
    """Of this process, those that ended and were not waited for among them; the servers of other tests may be there too."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def spin() -> bytes:
    while True:
        pass


def crash() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def fail() -> bytes:
    raise Failed


@pytest.mark.parametrize("work", [spin, crash, fail])
def test_what_goes_wrong_apart_is_a_failure_and_no_more(work: Callable[[], bytes]) -> None:
    before = children()
    with pytest.raises(Failed):
        apart(work, 1)
    assert children() <= before


def test_what_is_done_apart_comes_back_whole() -> None:
    assert apart(lambda: b"x" * 1_000_000, 5) == b"x" * 1_000_000


async def test_pages_are_read_without_the_program(tmp_path: Path) -> None:
    """It is asked for its version and languages at the start; from then on nothing is started any more."""
    program = tmp_path / "tesseract"
    program.symlink_to(PROGRAM)
    async with TesseractEngine.open(Installation(str(program)), width=1) as engine:
        await engine.ping()
        program.unlink()
        picture, _ = page(*ENGLISH)
        try:
            assert " ".join((await engine.read(picture)).words.texts) == " ".join(ENGLISH)
        finally:
            picture.close()


PROBE = """
    import os, sys
    sys.path.insert(0, {root!r})
    from app.adapters.confinement import FORK, LAYERS, Programs, confine, confine_child
    if set(confine(Programs((), (), ()))) < {{"calls"}}:
        sys.exit(77)
    confine_child(1 << 30, 10, 1 << 20, 64, may=FORK)
    pid = os.fork()
    if pid == 0:
        try:
            os.execv("/bin/true", ["true"])
        except PermissionError:
            os._exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_a_child_that_may_fork_can_start_no_program() -> None:
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(PROBE).format(root=root)], capture_output=True, text=True, timeout=60
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no filters")
    assert done.stdout == "3\n", done.stderr
