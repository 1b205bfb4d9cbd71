"""The paper among the samples: scanned, photographed, faxed, from a till. Pixels only; nothing in these files says what is on them."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import pymupdf

from app.domain.invoice import Invoice
from app.samples import damage
from app.samples.canvas import HEIGHT, WIDTH, Color, Sheet, assemble, save
from app.samples.pages import Layout, draw_sheets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

DPI = 200
ROLL = 226.8  # points: a till roll of 80 mm


def scanned_pdf(invoice: Invoice, language: str, layout: Layout, seed: int, *, ink: Color) -> bytes:
    """Put on the glass a little askew; grainy, stored as JPEG in a PDF."""
    (page,) = _rendered(draw_sheets(invoice, language, layout, ink=ink), pages=1)
    chance = _chance(seed)
    angle = float(chance.uniform(1.2, 4.0) * chance.choice((-1, 1)))
    return in_pdf(_jpeg(damage.noisy(damage.turned(page, angle), chance, 7), 68), f"scan {seed}")


def quick_scan(invoice: Invoice, language: str, layout: Layout, seed: int, *, ink: Color) -> bytes:
    """As `scanned_pdf`, as cheap as can be, for load tests: straight on the glass, some grain."""
    (page,) = _rendered(draw_sheets(invoice, language, layout, ink=ink), pages=1)
    return in_pdf(_jpeg(damage.noisy(page, _chance(seed), 5), 70), f"scan {seed}")


def photo_jpeg(invoice: Invoice, language: str, layout: Layout, seed: int, *, ink: Color) -> bytes:
    """On a table, with a telephone: in perspective, under one lamp. The file says nothing about its resolution."""
    (page,) = _rendered(draw_sheets(invoice, language, layout, ink=ink), pages=1)
    return _jpeg(damage.photographed(page, _chance(seed), DPI, tilt=0.04).pixels, 80)


def receipt_jpeg(invoice: Invoice, seed: int) -> bytes:
    """A till receipt of `invoice`, whose lines say what was sold at prices with tax; worn thermal print, a little crooked."""
    sheet = Sheet()
    end = _till(sheet, invoice)
    page = _rendered([sheet], pages=1)[0][: round(end * DPI / 72), : round(ROLL * DPI / 72)]
    chance = _chance(seed)
    worn = damage.turned(damage.resized_contrast(page, 70, 236), float(chance.uniform(0.8, 1.6)), paper=236)
    return _jpeg(damage.noisy(worn, chance, 5), 78)


def fax_tiff(invoice: Invoice, language: str, layout: Layout, seed: int) -> bytes:
    """Black and white at 204 x 196 dots an inch, Group 4."""
    (page,) = _rendered(draw_sheets(invoice, language, layout), pages=1)
    return _tiff([damage.faxed(page, _chance(seed), DPI, fine=True).pixels], (204, 196))


def upside_down_png(invoice: Invoice, language: str, layout: Layout, seed: int, *, ink: Color) -> bytes:
    """Fed into the scanner head first; grey, without loss."""
    from PIL import Image

    (page,) = _rendered(draw_sheets(invoice, language, layout, ink=ink), pages=1)
    chance = _chance(seed)
    # 32 greys, as office scanners store: noise in the last bits is all that such a file would otherwise hold
    made = damage.noisy(damage.turned(page, 180 + float(chance.uniform(-1, 1))), chance, 3) & 0xF8
    file = io.BytesIO()
    Image.fromarray(made).save(file, "PNG", dpi=(DPI, DPI))
    return file.getvalue()


def duplex_tiff(invoice: Invoice, language: str, layout: Layout, seed: int) -> bytes:
    """Both sides of every sheet, black and white: the backs are bare but for dust and what shines through here and there."""
    import numpy as np

    chance = _chance(seed)
    pages: list[Pixels] = []
    for front in _rendered(draw_sheets(invoice, language, layout)):
        angle = float(chance.uniform(-0.8, 0.8))
        back = damage.speckled(damage.bleeding(np.full_like(front, 255), front, 0.12), chance, 0.0002)
        sides = (damage.turned(front, angle), damage.turned(back, -angle))
        pages.extend(np.where(damage.noisy(side, chance, 12) < 150, 0, 255).astype(np.uint8) for side in sides)
    return _tiff(pages, (DPI, DPI))


def in_pdf(jpeg: bytes, title: str) -> bytes:
    """A PDF of A4 pages that is nothing but this picture."""
    pdf = pymupdf.open()
    pdf.new_page(width=WIDTH, height=HEIGHT).insert_image(pymupdf.Rect(0, 0, WIDTH, HEIGHT), stream=jpeg, keep_proportion=False)
    pdf.set_metadata({"title": title, "producer": "InvoiceStream samples"})
    return save(pdf)


def _rendered(sheets: Sequence[Sheet], pages: int | None = None) -> list[Pixels]:
    import numpy as np

    made = []
    with assemble(sheets) as pdf:
        for number in range(pages or pdf.page_count):
            drawn = pdf[number].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY, alpha=False)
            made.append(np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.stride)[:, : drawn.width].copy())
    return made


def _till(sheet: Sheet, receipt: Invoice) -> float:
    """Draws the receipt at the top left of `sheet`; gives where it ends."""
    seller, middle, right = receipt.seller, ROLL / 2, ROLL - 14
    sheet.text(middle, 34, seller.name or "", "cobo", 12, align="center")
    y = 48.0
    for line in (seller.address.line_1, f"{seller.address.post_code} {seller.address.city}", f"VAT {seller.vat_id}", seller.phone):
        sheet.text(middle, y, line or "", "cour", 8.5, align="center")
        y += 11
    assert receipt.issue_date is not None
    sheet.text(14, y + 12, f"Receipt No {receipt.number}", "cour", 9)
    sheet.text(14, y + 24, f"Date {receipt.issue_date:%d/%m/%Y}   Time 13:27", "cour", 9)
    y += 46
    for item in receipt.lines:
        sheet.text(14, y, item.item_name or "", "cour", 9)
        sheet.text(20, y + 11, f"{item.quantity} x {item.net_price:.2f}", "cour", 9)
        sheet.text(right, y + 11, f"{item.net_amount:.2f}", "cour", 9, align="right")
        y += 25
    sheet.rule(14, y - 6, right, y - 6, thickness=0.8)
    paid = Decimal("100.00")
    assert receipt.total_with_tax is not None
    rows = (
        ("Subtotal excl. VAT", receipt.total_without_tax),
        ("VAT 20%", receipt.total_tax),
        ("TOTAL GBP", receipt.total_with_tax),
        ("Cash", paid),
        ("Change", paid - receipt.total_with_tax),
    )
    for label, amount in rows:
        large = label.startswith("TOTAL")
        y += 16 if large else 12
        sheet.text(14, y, label, "cobo" if large else "cour", 12 if large else 9)
        sheet.text(right, y, f"{amount:.2f}", "cobo" if large else "cour", 12 if large else 9, align="right")
    sheet.text(middle, y + 28, "Thank you for your visit", "cour", 9, align="center")
    return y + 60


def _chance(seed: int) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng(seed)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    import cv2

    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _tiff(pages: Sequence[Pixels], dpi: tuple[int, int]) -> bytes:
    """Group 4, one bit a pixel."""
    from PIL import Image

    frames = [Image.fromarray(page).convert("1", dither=Image.Dither.NONE) for page in pages]
    file = io.BytesIO()
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:], compression="group4", dpi=dpi)
    return file.getvalue()
