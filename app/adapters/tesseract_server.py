"""The process that reads pages by Tesseract: a fork server like `sandbox_server`, with Tesseract's library and its models loaded.

A child is one page: its own process group, niced, limited, without network. Its pixels are the parent's memory. Where only the program
can be had (see `tesseract_library`), a child starts that for each pass, and it writes to one folder in memory that ends with the server.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytesseract  # type: ignore[import-untyped]  # it has no types

from app.adapters.confinement import FORK, START, Programs, adopt_orphans, confine, confine_child, die_with_parent
from app.adapters.own_room import enter_own_room
from app.adapters.sandbox_server import Request, configured, moved, serve, write
from app.adapters.tesseract_library import Library
from app.adapters.tesseract_page import Failed, Missing, Tesseract, read_page
from app.adapters.tesseract_program import Program
from app.adapters.tesseract_wire import CODES, Answer, Task, encode
from app.readers.limits import Limits

SHARED_MEMORY = Path("/dev/shm")  # in every Linux, and no program lies there: hidden by a folder of our own
SYSTEM = tuple(Path(path) for path in ("/bin", "/usr/bin", "/usr/local/bin", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"))
"""Tesseract's libraries, and what a wrapper script around it calls."""
READABLE = tuple(Path(path) for path in ("/usr/share", "/usr/local/share", "/etc/ld.so.cache", "/proc/self", "/sys/devices/system/cpu"))


class Options(msgspec.Struct, frozen=True):
    """`folder`: to be made and used where none in memory can be had; the parent removes it. `room`: bytes."""

    program: str
    folder: str
    room: str
    trained: str = ""  # TESSDATA_PREFIX


def main() -> None:
    configuration = configured()
    options = msgspec.convert(configuration.options, Options)
    folder = SHARED_MEMORY if enter_own_room(SHARED_MEMORY, int(options.room)) else Path(options.folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    adopt_orphans()
    program = Path(options.program).resolve()
    trained = (Path(options.trained).resolve(),) if options.trained else ()
    tesseract, version, languages = _warm_up(options)
    run = () if isinstance(tesseract, Library) else (*SYSTEM, program.parent)
    programs = Programs(run, read=(*READABLE, *trained), write=(folder, Path(os.devnull)))
    installed = frozenset(languages)

    def child(request: Request, content: int, result: int, limits: Limits, server: int) -> None:
        _read(folder / str(request.id), request, content, result, limits, server, tesseract, installed)

    def ended(number: int) -> None:
        shutil.rmtree(folder / str(number), ignore_errors=True)

    serve(configuration, lambda: confine(programs), child, ended, (version, *languages))


def _warm_up(options: Options) -> tuple[Tesseract, str, tuple[str, ...]]:
    """Loads what the children use. Returns it, its version and its languages. An absent program raises: the server does not start."""
    os.environ.update(LC_ALL="C", PATH="/usr/local/bin:/usr/bin:/bin")
    if options.trained:
        os.environ["TESSDATA_PREFIX"] = options.trained
    pytesseract.pytesseract.tesseract_cmd = options.program
    version, there = str(pytesseract.get_tesseract_version(cached=True)), tuple(pytesseract.get_languages())
    library = Library.of(Path(options.program).resolve(), version, [language for language in CODES.values() if language in there])
    return (library, version, library.languages) if library is not None else (Program(), version, there)


_tasks = msgspec.json.Decoder(Task)  # made here, once: each child is one page


def _read(
    folder: Path,
    request: Request,
    content: int,
    result: int,
    limits: Limits,
    server: int,
    tesseract: Tesseract,
    installed: frozenset[str],
) -> None:
    """Reads one page and writes the answer. Ends the process, with 0 if an answer was written."""
    status = 1
    try:
        os.setpgid(0, 0)
        os.nice(request.nice)
        die_with_parent(server)
        content, result = moved(content, 3), moved(result, 4)
        os.closerange(5, 1 << 16)
        os.mkdir(folder, 0o700)
        tempfile.tempdir = str(folder)
        os.chdir(folder)  # a core, or whatever a program writes where it stands
        confine_child(
            limits.memory_bytes,
            limits.cpu_seconds,
            limits.result_bytes,
            limits.open_files,
            may=FORK if isinstance(tesseract, Library) else START,
        )
        write(result, encode(_answer(_tasks.decode(request.argument), content, tesseract, installed, limits)))
        status = 0
    finally:
        os._exit(status)


def _answer(task: Task, content: int, tesseract: Tesseract, installed: frozenset[str], limits: Limits) -> Answer:
    try:
        return read_page(mmap.mmap(content, task.width * task.height, prot=mmap.PROT_READ), task, tesseract, installed, limits)
    except Missing:
        return Answer(failure="missing")
    except Failed:
        return Answer(failure="crashed")
    except MemoryError:
        return Answer(failure="memory")


if __name__ == "__main__":
    main()
