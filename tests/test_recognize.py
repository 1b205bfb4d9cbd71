"""Recognize: pages of pictures become words, through the real sandbox and the real engine; what cannot be read is told."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from app.adapters.file_blobs import FileBlobs
from app.adapters.sandbox import ForkSandbox
from app.adapters.tesseract import PAGE_LIMITS, Installation, TesseractEngine
from app.domain.document import Document, EInvoice, Page, View, Words
from app.domain.extraction import Extracted
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.work import Decoded, Job, Prepared, Reading
from app.errors import Unavailable, Unprocessable
from app.rules.context import Context
from app.samples.on_paper import RECEIPT
from app.samples.scans import receipt_jpeg
from app.stages.decode import Decode
from app.stages.preprocess import Preprocess
from app.stages.recognize import Recognize
from app.stages.validate import findings_of
from tests.rendered import GERMAN, page
from tests.test_tesseract import ON_LARGE, PREAMBLE

A4, A3 = (595, 842), (842, 1191)


def image(*lines: str, size: tuple[int, int] = A4, dpi: int = 200) -> Image.Image:
    drawn, _ = page(*lines, dpi=dpi, width=size[0], height=size[1])
    try:
        pixels = os.pread(drawn.memory, drawn.width * drawn.height, 0)
    finally:
        drawn.close()
    return Image.frombytes("L", (drawn.width, drawn.height), pixels)


def tiff(*pages: Image.Image) -> bytes:
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate", dpi=(200, 200))
    return out.getvalue()


class Told:
    def __init__(self) -> None:
        self.started: list[tuple[int, int]] = []

    def page_started(self, job: Job, page: int, pages: int) -> None:
        self.started.append((page, pages))


class Stream:
    """The stages up to the words, on real adapters."""

    def __init__(self, blobs: FileBlobs, sandbox: ForkSandbox, engine: TesseractEngine) -> None:
        self.told = Told()
        self.engine = engine
        self._blobs = blobs
        self._decode, self._preprocess = Decode(sandbox, blobs), Preprocess(sandbox, blobs)
        self._recognize = Recognize(sandbox, engine, blobs, self.told)

    async def read(self, content: bytes) -> Reading:
        blob = await self._blobs.put("acme", io.BytesIO(content))
        assert blob.sha256 == hashlib.sha256(content).hexdigest()
        job = Job("acme", "i1", "d1", blob.sha256, "file", 1, 1)
        return await self._recognize(await self._preprocess(await self._decode(job)))


@asynccontextmanager
async def stream_of(folder: Path, installation: Installation | None = None) -> AsyncIterator[Stream]:
    async with (
        FileBlobs(folder / "blobs") as blobs,
        ForkSandbox.open(width=2) as sandbox,
        TesseractEngine.open(installation, width=2, limits=PAGE_LIMITS) as engine,
    ):
        yield Stream(blobs, sandbox, engine)


def text(page: Page) -> str:
    return " ".join(page.words.texts)


def stand_in(folder: Path, body: str) -> Installation:
    program = folder / "stand-in"
    program.write_text(PREAMBLE + body)
    program.chmod(0o755)
    return Installation(str(program))


def rules_of(document: Document) -> list[tuple[str, str]]:
    found: tuple[Finding, ...] = findings_of(Context(document, Extracted(Invoice(), "invoice", "ocr"), date(2026, 2, 17)))
    return [(finding.rule, finding.severity) for finding in found if finding.rule in ("unread_page", "missing_language")]


async def test_every_page_is_read_blank_and_repeated_ones_are_set_aside(tmp_path: Path) -> None:
    first, second = image(*GERMAN), image(*reversed(GERMAN))
    async with stream_of(tmp_path) as stream:
        reading = await stream.read(tiff(first, Image.new("L", first.size, 255), second, first))
        descriptors = len(os.listdir("/proc/self/fd"))
        await stream.read(tiff(second))
        assert len(os.listdir("/proc/self/fd")) == descriptors  # pictures and originals are closed again
    pages = reading.document.pages
    assert [text(page) for page in pages] == [" ".join(GERMAN), "", " ".join(reversed(GERMAN)), ""]
    assert [page.text for page in pages] == ["read"] * 4 and not any(page.must_be_read for page in pages)
    assert [page.engine.partition(" ")[0] for page in pages] == ["tesseract", "", "tesseract", ""]
    assert set(reading.document.notes) == {"blank_page", "repeated_page"}
    assert sorted(stream.told.started[:2]) == [(1, 4), (3, 4)] and rules_of(reading.document) == []


async def test_a_page_on_its_head_is_shown_as_it_reads(tmp_path: Path) -> None:
    async with stream_of(tmp_path) as stream:
        reading = await stream.read(tiff(image(*GERMAN).transpose(Image.Transpose.ROTATE_180)))
    (upright,) = reading.document.pages
    assert text(upright) == " ".join(GERMAN)
    assert upright.view is not None and upright.width < upright.height
    x, y = _shown_to_page(upright.view, 0.0, 0.0)
    assert x > 0.9 and y > 0.9  # what is shown top left lies bottom right in the file


async def test_a_receipt_of_few_words_stays_upright_and_its_doubtful_lines_are_read_closer(tmp_path: Path) -> None:
    """Its grainy small lines come out of a reading of the whole page as "aie. 90 tt 5.60", and its words speak for no language at once."""
    async with stream_of(tmp_path) as stream:
        reading = await stream.read(receipt_jpeg(RECEIPT, 15))
    (receipt,) = reading.document.pages
    assert "Silverbeck Catering Ltd" in text(receipt)
    assert "4 x 2.90 11.60 Subtotal excl. VAT 48.25" in text(receipt)
    boxes = {word: receipt.words.box(i) for i, word in enumerate(receipt.words.texts) if word in ("9.60", "11.60", "48.25")}
    tops, heights = [box.y0 for box in boxes.values()], [box.y1 - box.y0 for box in boxes.values()]
    assert tops == sorted(tops) and max(heights) < 1.7 * min(heights)  # the line stands where it was


async def test_a_page_that_cannot_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    large = ON_LARGE.replace("500000", "5000000").format(bad="exit 3")  # an A4 page has 3.9 million bytes
    async with stream_of(tmp_path, stand_in(tmp_path, large)) as stream:
        # All in one language: whichever page is read first, the others may be taken to be in it too.
        reading = await stream.read(tiff(image(*GERMAN), image(*GERMAN, size=A3), image(*reversed(GERMAN))))
        with pytest.raises(Unprocessable) as refused:
            await stream.read(tiff(image(*GERMAN, size=A3)))
    assert refused.value.reason == "unreadable"
    assert [text(page) for page in reading.document.pages] == [" ".join(GERMAN), "", " ".join(reversed(GERMAN))]
    assert reading.document.notes == ("unread_page",) and reading.document.pages[1].must_be_read
    assert rules_of(reading.document) == [("unread_page", "error")]


async def test_without_the_engine_the_invoice_waits_and_without_a_picture_it_does_not(tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    pdf = pymupdf.open()
    pdf.new_page().insert_text((72, 72), "Rechnung 1")
    async with stream_of(tmp_path, Installation(str(program))) as stream:
        with pytest.raises(Unavailable, match="not installed"):
            await stream.read(tiff(image(*GERMAN)))
        assert text((await stream.read(pdf.tobytes())).document.pages[0]) == "Rechnung 1"
        program.symlink_to(shutil.which("tesseract") or "")
        assert text((await stream.read(tiff(image(*GERMAN)))).document.pages[0]) == " ".join(GERMAN)


async def test_text_in_a_language_that_is_not_installed_goes_to_review(tmp_path: Path) -> None:
    trained = tmp_path / "tessdata"
    trained.mkdir()
    for file in Path("/usr/share/tesseract-ocr/5/tessdata").iterdir():
        if file.name.startswith(("eng", "configs", "tessconfigs")):
            (trained / file.name).symlink_to(file)
    async with stream_of(tmp_path, Installation(trained=str(trained))) as stream:
        reading = await stream.read(tiff(image(*GERMAN)))
    assert "missing_language" in reading.document.notes
    assert rules_of(reading.document) == [("missing_language", "error")]


async def test_pages_with_nothing_on_them_are_empty(tmp_path: Path) -> None:
    async with stream_of(tmp_path) as stream:
        with pytest.raises(Unprocessable) as refused:
            await stream.read(tiff(Image.new("L", (1654, 2339), 255)))
    assert refused.value.reason == "empty"


async def test_an_einvoice_and_a_text_layer_need_no_engine(tmp_path: Path) -> None:
    job = Job("acme", "i1", "d1", "0" * 64, "file", 1, 1)
    words = Words(("Rechnung",), bytes(8), bytes(2), bytes(1))
    async with stream_of(tmp_path, Installation(str(tmp_path / "none"))) as stream:
        einvoice = Prepared(Decoded(job, Document("application/pdf", (Page(1, 595, 842, text="none"),), EInvoice(Invoice(), "cii"))))
        assert (await stream._recognize(einvoice)).document == einvoice.decoded.document
        layer = Prepared(Decoded(job, Document("application/pdf", (Page(1, 595, 842, words),))))
        assert (await stream._recognize(layer)).document == layer.decoded.document
        for nothing in (Document("application/pdf"), Document("application/pdf", (Page(1, 595, 842),))):
            with pytest.raises(Unprocessable, match="empty"):
                await stream._recognize(Prepared(Decoded(job, nothing)))


def _shown_to_page(view: View, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f, g, h, i = view.matrix
    w = g * x + h * y + i
    return (a * x + b * y + c) / w, (d * x + e * y + f) / w


@pytest.mark.parametrize(
    ("quarters", "corner"),  # where what stands top left after turning the left half of a page stood on the page
    [(0, (0.0, 0.0)), (1, (0.0, 1.0)), (2, (0.5, 1.0)), (3, (0.5, 0.0))],
)
def test_a_turn_is_put_before_the_view(quarters: int, corner: tuple[float, float]) -> None:
    half = View(300, 842, (0.5, 0, 0, 0, 1, 0, 0, 0, 1))
    view = half.turned(quarters)
    assert (view.width, view.height) == ((842, 300) if quarters % 2 else (300, 842))
    assert _shown_to_page(view, 0, 0) == pytest.approx(corner)
    assert view.turned((4 - quarters) % 4).matrix == pytest.approx(half.matrix)
