"""The process in which EasyOCR reads: tasks on stdin, answers on stdout, a line each. Ends when stdin does."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import msgspec
import numpy as np

from app.adapters.easyocr import Answer, Piece, Task

KNOWN = ("en", "de", "fr", "nl", "it", "es", "pt")


def main() -> None:
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what EasyOCR prints is no answer
    easyocr = import_module("easyocr")  # a user's, if it is there: nothing here may need it to be
    gpu = bool(import_module("torch").cuda.is_available())
    version = str(getattr(easyocr, "__version__", "") or "?")
    readers: dict[tuple[str, ...], Any] = {}
    for line in sys.stdin.buffer:
        task = msgspec.json.decode(line, type=Task)
        try:
            answer = Answer(version, _read(easyocr, readers, task, gpu))
        except Exception as exc:  # EasyOCR raises what it likes; its text may hold words of the page
            answer = Answer(version, failure=type(exc).__name__)
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()


def _read(easyocr: Any, readers: dict[tuple[str, ...], Any], task: Task, gpu: bool) -> tuple[Piece, ...]:
    """All Latin letters where its weights for them are there, else English ones."""
    languages = tuple(language for language in task.languages if language in KNOWN) or ("en",)
    if languages not in readers:
        where = {"model_storage_directory": sys.argv[1]} if sys.argv[1:] and sys.argv[1] else {}
        try:
            readers[languages] = easyocr.Reader(list(languages), gpu=gpu, download_enabled=False, verbose=False, **where)
        except FileNotFoundError:
            readers[languages] = easyocr.Reader(["en"], gpu=gpu, download_enabled=False, verbose=False, **where)
    with open(task.memory, "rb") as memory:
        pixels = os.pread(memory.fileno(), task.width * task.height, 0)
    grey = np.frombuffer(pixels, np.uint8).reshape(task.height, task.width)
    pieces = []
    for corners, text, confidence in readers[languages].readtext(grey):
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        pieces.append(Piece(str(text), max(min(xs), 0.0), max(min(ys), 0.0), max(xs), max(ys), min(max(float(confidence), 0.0), 1.0)))
    return tuple(pieces)


if __name__ == "__main__":
    main()
