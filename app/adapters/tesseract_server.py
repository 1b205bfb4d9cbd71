"""The process that reads pages by Tesseract: a fork server like `sandbox_server`, whose children start one more program.

A child is one page: its own process group (Tesseract in it), niced, limited, without network, writing to one folder in memory
that ends with the server. Its pixels are the parent's memory; `pytesseract` gives them to Tesseract and brings its table back.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from pathlib import Path

import msgspec

from app.adapters.confinement import Programs, adopt_orphans, confine, confine_child, die_with_parent
from app.adapters.own_room import enter_own_room
from app.adapters.sandbox_server import Request, configured, moved, serve, write
from app.adapters.tesseract_wire import Answer, Task, encode
from app.readers.limits import Limits

SHARED_MEMORY = Path("/dev/shm")  # in every Linux, and no program lies there: hidden by a folder of our own
SYSTEM = tuple(Path(path) for path in ("/bin", "/usr/bin", "/usr/local/bin", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"))
"""Tesseract's libraries, and what a wrapper script around it calls."""
READABLE = tuple(Path(path) for path in ("/usr/share", "/usr/local/share", "/etc/ld.so.cache", "/proc/self", "/sys/devices/system/cpu"))
LEAST_PRIORITY = 19


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
    programs = Programs(run=(*SYSTEM, program.parent), read=(*READABLE, *trained), write=(folder, Path(os.devnull)))

    told = _warm_up(options)
    installed = frozenset(told[1:])

    def child(request: Request, content: int, result: int, limits: Limits, server: int) -> None:
        _read(folder / str(request.id), request, content, result, limits, server, installed)

    def ended(number: int) -> None:
        shutil.rmtree(folder / str(number), ignore_errors=True)

    serve(configuration, lambda: confine(programs), child, ended, told)


def _warm_up(options: Options) -> tuple[str, ...]:
    """Loads what the children use. Returns the version, then the languages. An absent program raises: the server does not start."""
    os.environ.update(OMP_THREAD_LIMIT="1", LC_ALL="C", PATH="/usr/local/bin:/usr/bin:/bin")
    if options.trained:
        os.environ["TESSDATA_PREFIX"] = options.trained
    import pytesseract  # type: ignore[import-untyped]  # it has no types
    from PIL import Image, PpmImagePlugin

    from app.adapters import tesseract_page

    assert Image and PpmImagePlugin and tesseract_page
    pytesseract.pytesseract.tesseract_cmd = options.program
    return (str(pytesseract.get_tesseract_version(cached=True)), *pytesseract.get_languages())


def _read(folder: Path, request: Request, content: int, result: int, limits: Limits, server: int, installed: frozenset[str]) -> None:
    """Reads one page and writes the answer. Ends the process, with 0 if an answer was written."""
    status = 1
    try:
        os.setpgid(0, 0)
        os.nice(LEAST_PRIORITY)
        die_with_parent(server)
        content, result = moved(content, 3), moved(result, 4)
        os.closerange(5, 1 << 16)
        os.mkdir(folder, 0o700)
        tempfile.tempdir = str(folder)
        os.chdir(folder)  # a core, or whatever a program writes where it stands
        confine_child(limits.memory_bytes, limits.cpu_seconds, limits.result_bytes, limits.open_files, programs=True)
        write(result, encode(_answer(msgspec.json.decode(request.argument, type=Task), content, installed, limits)))
        status = 0
    finally:
        os._exit(status)


def _answer(task: Task, content: int, installed: frozenset[str], limits: Limits) -> Answer:
    from pytesseract import TesseractError, TesseractNotFoundError

    from app.adapters.tesseract_page import read_page

    try:
        return read_page(mmap.mmap(content, task.width * task.height, prot=mmap.PROT_READ), task, installed, limits)
    except TesseractNotFoundError:
        return Answer(failure="missing")
    except (TesseractError, UnicodeDecodeError, FileNotFoundError):  # its status, its table, or no table
        return Answer(failure="crashed")
    except MemoryError:
        return Answer(failure="memory")


if __name__ == "__main__":
    main()
