"""An invoice as a PDF in a language and a layout, and what of it can then be read on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from app.domain.invoice import Invoice, Party
from app.samples.canvas import GREY, HEIGHT, WIDTH, Color, Sheet, assemble, save
from app.samples.layouts import banner, ledger, letter
from app.samples.paging import title_of
from app.samples.wording import WORDINGS, Wording

Layout = Literal["banner", "letter", "ledger"]
PETROL: Color = (0.09, 0.31, 0.42)
_LAYOUTS: Mapping[Layout, Callable[[Invoice, Wording, Color], list[Sheet]]] = {"banner": banner, "letter": letter, "ledger": ledger}


def draw_pdf(invoice: Invoice, language: str, layout: Layout, *, ink: Color = PETROL, embed_fonts: bool = True) -> bytes:
    """The PDF of `invoice`. `ink`: the firm's colour, dark enough to carry white text."""
    title = f"{title_of(invoice, WORDINGS[language])} {invoice.number}"
    sheets = draw_sheets(invoice, language, layout, ink=ink)
    return save(assemble(sheets, title=title, author=invoice.seller.name or "", embed_fonts=embed_fonts))


def draw_sheets(invoice: Invoice, language: str, layout: Layout, *, ink: Color = PETROL) -> list[Sheet]:
    wording = WORDINGS[language]
    sheets = _LAYOUTS[layout](invoice, wording, ink)
    if len(sheets) > 1 or layout != "banner":
        for page, sheet in enumerate(sheets, start=1):
            text = wording.page.format(page=page, pages=len(sheets))
            sheet.text(WIDTH - 57, HEIGHT - 22, text, size=7, color=GREY, align="right")
    return sheets


def as_printed(invoice: Invoice, language: str, layout: Layout) -> Invoice:
    """What a reader of the page can find: the units' words in place of their codes, and nothing that the layout leaves out."""
    units = WORDINGS[language].units
    lines = tuple(
        replace(
            line,
            id=line.id if layout == "letter" else None,
            item_id=line.item_id if layout == "banner" else None,
            unit=units[line.unit or ""],
            tax_category=None,
        )
        for line in invoice.lines
    )
    return replace(
        invoice,
        lines=lines,
        tax_breakdown=tuple(replace(part, category=None) for part in invoice.tax_breakdown),
        seller=_printed_party(invoice.seller),
        buyer=_printed_party(invoice.buyer),
        buyer_reference=None,
        specification=None,
        payment_means_code=None,
        line_total=None,
        amount_due=None,
    )


def _printed_party(party: Party) -> Party:
    return replace(party, electronic_address=None, electronic_address_scheme=None)
