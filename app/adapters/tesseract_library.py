"""Tesseract as a library in this process: its models are loaded once, and whatever is forked from here has them already.

Starting the program and loading one model takes 85 ms of CPU, at every pass; a page has two passes or more.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from app.adapters.confinement import limit_cpu
from app.adapters.tesseract_page import Failed, Grey

_ELF = b"\x7fELF"
_handle = ctypes.c_void_p
# Of the C interface, which has been the same since version 4: what it gives, what it takes.
_CALLS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "TessVersion": (ctypes.c_char_p, ()),
    "TessBaseAPICreate": (_handle, ()),
    "TessBaseAPIDelete": (None, (_handle,)),
    "TessBaseAPIInit3": (ctypes.c_int, (_handle, ctypes.c_char_p, ctypes.c_char_p)),
    "TessBaseAPISetVariable": (ctypes.c_int, (_handle, ctypes.c_char_p, ctypes.c_char_p)),
    "TessBaseAPISetPageSegMode": (None, (_handle, ctypes.c_int)),
    "TessBaseAPISetImage": (None, (_handle, ctypes.c_void_p, *(ctypes.c_int,) * 4)),
    "TessBaseAPIRecognize": (ctypes.c_int, (_handle, ctypes.c_void_p)),
    "TessBaseAPIGetTsvText": (ctypes.c_void_p, (_handle, ctypes.c_int)),
    "TessBaseAPIClear": (None, (_handle,)),
    "TessDeleteText": (None, (ctypes.c_void_p,)),
}


class Library:
    """A `tesseract_page.Tesseract`. Languages as Tesseract calls them."""

    def __init__(self, library: ctypes.CDLL, engines: Mapping[str, int]) -> None:
        self._library = library
        self._engines = engines

    @classmethod
    def of(cls, program: Path, version: str, languages: Iterable[str]) -> Library | None:
        """The library of this program with the models of these languages; those that cannot be loaded are left out. None where there is
        none of the same version, where it has no model, or where the program is a script, that may do more than start Tesseract."""
        try:
            with program.open("rb") as file:
                if file.read(len(_ELF)) != _ELF:
                    return None
            library = ctypes.CDLL(f"libtesseract.so.{version.split('.')[0]}")
            for name, (gives, takes) in _CALLS.items():
                call = getattr(library, name)
                call.restype, call.argtypes = gives, takes
        except (OSError, AttributeError):
            return None
        if library.TessVersion().decode() != version:
            return None
        engines: dict[str, int] = {}
        for language in languages:
            engine = library.TessBaseAPICreate()
            if library.TessBaseAPIInit3(engine, None, language.encode()) == 0:
                engines[language] = engine
            else:
                library.TessBaseAPIDelete(engine)
        return cls(library, engines) if engines else None

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._engines)

    def table(self, grey: Grey, language: str, mode: int, dpi: int) -> bytes:
        engine, library = self._engines[language], self._library
        grey = np.ascontiguousarray(grey)
        height, width = grey.shape
        library.TessBaseAPISetVariable(engine, b"user_defined_dpi", str(dpi).encode())
        library.TessBaseAPISetPageSegMode(engine, mode)
        library.TessBaseAPISetImage(engine, grey.ctypes.data, width, height, 1, width)
        try:
            if library.TessBaseAPIRecognize(engine, None) != 0:
                raise Failed
            text = library.TessBaseAPIGetTsvText(engine, 0)
            if not text:
                raise Failed
            try:
                return ctypes.string_at(text)
            finally:
                library.TessDeleteText(text)
        finally:
            library.TessBaseAPIClear(engine)

    def table_within(self, seconds: int, grey: Grey, language: str, mode: int, dpi: int) -> bytes:
        return apart(lambda: self.table(grey, language, mode, dpi), seconds)


def apart(work: Callable[[], bytes], seconds: int) -> bytes:
    """What `work` gives, done in a process forked for it. Raises `Failed` where that ends badly, or takes more seconds of CPU."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(ours)
            limit_cpu(seconds)
            with os.fdopen(theirs, "wb") as pipe:
                pipe.write(work())
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told = pipe.read()
    if os.waitpid(pid, 0)[1] != 0:
        raise Failed
    return told
