"""Scanned invoices, as many as wanted and no two alike, made from our own: pictures of their pages, as JPEG or in a PDF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
import pymupdf
from PIL import Image

from app.samples.crowd import make_one, many
from app.samples.damage import DAMAGES, damage

DPI = 200


@dataclass(frozen=True, slots=True)
class Scan:
    """`jpeg`: the first page of a generated invoice. `language`: what it is written in."""

    jpeg: bytes
    language: str


def scans(count: int, seed: int = 1, *, damaged: bool = False) -> list[Scan]:
    """Clean and straight in grey, or `damaged`: each in another way, all ways in turn."""
    made = []
    kinds = cycle(DAMAGES[1:])
    for index, (_, content) in enumerate(islice(many(count, "digital", seed), count)):
        with pymupdf.open(stream=content, filetype="pdf") as pdf:
            picture = pdf[0].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
            pixels, dpi = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.width), float(DPI)
        if damaged:
            after = damage(pixels, DPI, next(kinds), seed)
            pixels, dpi = after.pixels, after.pixels.shape[1] * 72 / after.width
        made.append(Scan(_jpeg(pixels, dpi), make_one(seed, index)[0]))
    return made


def _jpeg(pixels: np.ndarray, dpi: float) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1]))
    picture.save(file, "JPEG", quality=85, dpi=(round(dpi), round(dpi)))
    return file.getvalue()


def jpeg(page: bytes, number: int) -> bytes:
    """The same picture in other bytes: a comment stands after the start of the file."""
    note = f"page {number}".encode()
    return page[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + page[2:]


def pdf(page: bytes, number: int) -> bytes:
    """The picture as the only thing on a page of A4."""
    with pymupdf.open() as made:
        sheet = made.new_page(width=595, height=842)
        sheet.insert_image(sheet.rect, stream=page)
        made.set_metadata({"title": f"scan {number}"})
        return bytes(made.tobytes())


def mixture(count: int, seed: int = 1, different: int = 4) -> Iterator[tuple[str, bytes]]:
    """(file name, content): pictures and PDFs of pictures in turn, of `different` pages over and over."""
    made = cycle(scans(different, seed))
    for number in range(count):
        page = next(made).jpeg
        yield (f"scan-{number:04d}.jpg", jpeg(page, number)) if number % 2 else (f"scan-{number:04d}.pdf", pdf(page, number))
