"""Scanned invoices, as many as wanted and no two alike, made from our own: pictures of their pages, as JPEG or in a PDF."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

import pymupdf

from app.samples.crowd import many

DPI = 200


def pages(count: int, seed: int = 1, dpi: int = DPI) -> list[bytes]:
    """The first pages of `count` generated invoices: grey JPEG, clean and straight."""
    made = []
    for _, content in islice(many(count, "digital", seed), count):
        with pymupdf.open(stream=content, filetype="pdf") as pdf:
            picture = pdf[0].get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
            picture.set_dpi(dpi, dpi)
            made.append(picture.tobytes("jpeg", jpg_quality=80))
    return made


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
    made = cycle(pages(different, seed))
    for number in range(count):
        page = next(made)
        yield (f"scan-{number:04d}.jpg", jpeg(page, number)) if number % 2 else (f"scan-{number:04d}.pdf", pdf(page, number))
