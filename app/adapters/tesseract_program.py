"""Tesseract as a program, started for each pass: where its library cannot be had, or a script stands before it."""

from __future__ import annotations

import time

import numpy as np
import pytesseract  # type: ignore[import-untyped]  # it has no types
from PIL import Image, PpmImagePlugin

from app.adapters.confinement import limit_cpu
from app.adapters.tesseract_page import Failed, Grey, Missing

HEAD = b"level\tpage_num\t"  # of its table

assert PpmImagePlugin  # loaded here, not in every child


class Program:
    """A `tesseract_page.Tesseract`: the program that pytesseract has been told."""

    def table(self, grey: Grey, language: str, mode: int, dpi: int) -> bytes:
        height, width = grey.shape
        picture = Image.frombuffer("L", (width, height), np.ascontiguousarray(grey), "raw", "L", 0, 1)
        picture.format = "PPM"  # or pytesseract would write a PNG
        try:
            table: bytes = pytesseract.image_to_data(
                picture, lang=language, config=f"--psm {mode} --dpi {dpi}", output_type=pytesseract.Output.BYTES
            )
        except pytesseract.TesseractNotFoundError as exc:
            raise Missing from exc
        except (pytesseract.TesseractError, UnicodeDecodeError, FileNotFoundError) as exc:  # its status, what it said, or no table
            raise Failed from exc
        if not table.startswith(HEAD):
            raise Failed
        return table

    def table_within(self, seconds: int, grey: Grey, language: str, mode: int, dpi: int) -> bytes:
        limit_cpu(int(time.process_time()) + 1 + seconds)  # of this process too, which has used some of it
        try:
            return self.table(grey, language, mode, dpi)
        finally:
            limit_cpu(None)
