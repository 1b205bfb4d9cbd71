"""Pages drawn for tests of text recognition: pixels in a memfd, as the sandbox gives them, and where each word stands on them."""

from __future__ import annotations

import os

import pymupdf

from app.ports import Picture

ENGLISH = (
    "Invoice number 2026-0117",
    "Invoice date 17 February 2026",
    "Please pay the total amount due by the date stated",
    "Thank you for your business with our company",
    "Subtotal 1,200.00",
    "Total amount due 1,440.00",
)
GERMAN = (
    "Rechnung Nr. 2026-0117",
    "Rechnungsdatum: 17. Februar 2026",
    "Der Rechnungsbetrag ist zahlbar innerhalb von 14 Tagen ohne Abzug",
    "Größe und Menge nach Ihrer Bestellung für die Straßenbahn",
    "Zwischensumme 1.200,00 EUR",
    "Gesamtbetrag 1.440,00 EUR",
)
FRENCH = (
    "Facture numéro 2026-0117",
    "Date de la facture : 17 février 2026",
    "Le montant total est à payer à réception de la facture",
    "Nous vous remercions de votre confiance et de votre commande",
    "Montant de la TVA 240,00",
    "Montant total à payer 1 440,00",
)

Box = tuple[float, float, float, float]


def page(*lines: str, dpi: int = 200, turn: int = 0, width: float = 595, height: float = 842) -> tuple[Picture, dict[str, Box]]:
    """A page with these lines, turned by `turn` quarters clockwise, and the box of each word in fractions of the page as it reads."""
    document = pymupdf.open()
    sheet = document.new_page(width=width, height=height)
    for number, line in enumerate(lines):
        sheet.insert_text((60, 90 + 24 * number), line, fontsize=12)
    boxes = {w[4]: (w[0] / width, w[1] / height, w[2] / width, w[3] / height) for w in sheet.get_text("words")}
    sheet.set_rotation(90 * turn)
    drawn = sheet.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    return picture(drawn.samples, drawn.width, drawn.height, dpi), boxes


def picture(pixels: bytes, width: int, height: int, dpi: float = 200.0) -> Picture:
    memory = os.memfd_create("page", os.MFD_CLOEXEC)
    view = memoryview(pixels)
    while view:
        view = view[os.write(memory, view) :]
    return Picture(memory, width, height, dpi)
