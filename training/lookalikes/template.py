"""The contract of the templates: what stands in for a sale in their Jinja, and what they may say besides."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pymupdf
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.domain.invoice import TaxBreakdown
from app.samples.ledger import to_cent
from training.invoices.business import NO_TAX, Deal
from training.invoices.compose import PAYABLE
from training.invoices.header import COUNTRIES
from training.invoices.identifiers import filled
from training.lookalikes.content import FOLDER
from training.lookalikes.shown import Printer, View, wrapped

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _css(texts: list[Any]) -> Markup:
    """As the `content` of a margin box of `@page`, each text on a line of its own (with `white-space: pre`)."""
    lines = (str(text).replace("\\", "").replace('"', "\\22 ").replace("<", "") for text in texts)
    return Markup('"' + "\\A ".join(line for line in lines if line) + '"')


_ENVIRONMENT.filters["css"] = _css


def names() -> list[str]:
    """Of all templates; those that begin with _ are parts of others."""
    return sorted(path.stem for path in FOLDER.glob("*.html") if not path.name.startswith("_"))


def fill(name: str, deal: Deal, random: Random) -> tuple[str, Printer]:
    """The page as HTML, and the notes of what it prints. Raises jinja2.TemplateError."""
    printer = Printer(deal.invoice, deal.voice, random)
    html = _ENVIRONMENT.get_template(f"{name}.html").render(_Words(deal, printer, random).all())
    return f'<!DOCTYPE html><meta charset="utf-8">{html}', printer


class _Words:
    def __init__(self, deal: Deal, printer: Printer, random: Random) -> None:
        self.deal, self.printer, self.voice, self.random = deal, printer, deal.voice, random
        self.invoice = wrapped(printer, "", deal.invoice)
        self._said: dict[str, str] = {}
        seller = (deal.invoice.seller.name or "").split()
        known = next((i for i in range(1, len(seller) + 1) if len(" ".join(seller[:i])) > 5), len(seller))
        self.brand = " ".join(seller[: random.choice((known, known + 1, len(seller)))])

    def all(self) -> dict[str, Any]:
        deal, invoice, random = self.deal, self.invoice, self.random
        paper = self.voice.locale.paper
        return {
            "invoice": invoice, "seller": invoice.seller, "buyer": invoice.buyer, "lines": invoice.lines,
            "kind": deal.kind, "language": self.voice.language,
            "country": self.voice.locale.country, "groups": deal.groups,
            "with_tax": deal.with_tax, "bank": deal.bank, "web": deal.web, "our_order": deal.our_order, "delivery_note": deal.delivery_note,
            "brand": self.brand, "paper": "letter" if paper[0] > 600 else "A4", "title": self.voice.title(deal.kind),
            "colon": self.voice.colon.rstrip() or ":",
            "number_label": self.label("credit_number" if deal.kind == "credit_note" else "number"),
            "label": self.label, "sentence": self.sentence, "say": self.say, "address": self.address, "terms": self.terms,
            "sums": self.sums, "gross_of": self.gross_of, "tax_label": self.tax_label, "tax_note": self.tax_note, "symbol": self.symbol,
            "pick": lambda *choices: random.choice(choices), "chance": lambda share: random.random() < share,
            "fake": lambda pattern: filled(pattern, random), "fake_day": self.fake_day, "fake_amount": self.fake_amount,
            "small_print": self.small_print, "unsure": self.unsure, "logo": self.logo, "qr": self.qr, "barcode": self.barcode,
        }  # fmt: skip

    def label(self, name: str, **values: Any) -> str:
        """The sender's word for a thing (`[labels]` of words/<language>.toml), always the same."""
        text = self.voice.word(name)
        if "{currency}" in text:
            self.printer.note("currency", self.deal.invoice.currency or "")
            values["currency"] = self.deal.invoice.currency
        return text.format_map({**dict.fromkeys(("rate", "base", "page", "pages", "group", "previous"), ""), **values})

    def sentence(self, name: str) -> str:
        return self._said.setdefault(name, self.voice.sentence(name)).format_map(_Blank(date=self.fake_day(-9)))

    def say(self, **texts: str) -> str:
        """The text in the sender's language, `en` if it is not there."""
        return texts.get(self.voice.language) or texts["en"]

    def address(self, party: View, *, country: bool | None = None) -> list[str]:
        """Street, place and, where it is another country than the seller's (or as `country` says), the country."""
        where = party._part.address
        anglo = where.country in ("GB", "IE", "US", "AU", "CA", "IN", "SG", "NZ", "ZA")
        lines = [where.line_1 or "", f"{where.city} {where.post_code}" if anglo else f"{where.post_code} {where.city}"]
        abroad = where.country != self.deal.invoice.seller.address.country
        return [*lines, COUNTRIES[where.country or ""]] if (abroad if country is None else country) else lines

    def terms(self) -> str:
        """How to pay, in a sentence; often empty. It may name the day."""
        due = self.deal.invoice.due_date
        if due and (day := self.voice.date(due)) in self.deal.terms:
            self.printer.note("due_date", day)
        return self.deal.terms

    def sums(self, *, net: bool = True) -> list[tuple[str, Any, bool]]:
        """Label, value and whether it is the one to pay, of all sums in their usual order; without the net total if so asked."""
        invoice, voice = self.deal.invoice, self.voice
        rows: list[tuple[str, Any, bool]] = []
        if invoice.allowances or invoice.charges:
            rows.append((self.label("line_total"), self.invoice.line_total, False))
            rows += [(one.reason.written(one.reason.raw), one.amount.negative, False) for one in self.invoice.allowances]
            rows += [(one.reason.written(one.reason.raw), one.amount, False) for one in self.invoice.charges]
        if net:
            rows.append((self.label("net"), self.invoice.total_without_tax, False))
        rows += [(self.tax_label(i), part.tax_amount, False) for i, part in enumerate(self.invoice.tax_breakdown)]
        gross = voice.word("gross")
        if invoice.paid_amount is not None and any(part in gross.casefold() for part in PAYABLE):
            gross = voice.all_of("labels", "gross")[0]  # of two sums only the last is to be paid
        rows.append((gross.format(currency=invoice.currency), self.invoice.total_with_tax, invoice.paid_amount is None))
        if invoice.paid_amount is not None:
            rows.append((self.label("paid"), self.invoice.paid_amount.negative, False))
            rows.append((self.label("due_amount"), self.invoice.amount_due, True))
        return rows

    def gross_of(self, line: View) -> str:
        """A line's amount with its tax."""
        part = line._part
        return self.voice.amount(to_cent(part.net_amount * (100 + part.tax_rate) / 100))

    def tax_label(self, index: int = 0) -> str:
        """What stands before the tax of a part of the breakdown."""
        part: TaxBreakdown = self.deal.invoice.tax_breakdown[index]
        rate, base = self.voice.percent(part.rate or Decimal()), self.voice.amount(part.taxable_amount or Decimal())
        if self.voice.locale.tax == "vat":
            return self.label("tax", rate=rate, base=base)
        return f"GST {rate}" if self.voice.locale.tax == "gst" else self._said.setdefault("tax", f"Sales tax ({rate})")

    def tax_note(self) -> str:
        """Why there is no tax; empty where there is."""
        category = self.deal.invoice.tax_breakdown[0].category or ""
        return self.sentence(NO_TAX[category]) if category in NO_TAX else ""

    def symbol(self) -> str:
        """The sign of the currency alone, or its code where the sender writes none."""
        text = self.voice.symbol or self.deal.invoice.currency or ""
        return self.printer.note("currency", text)

    def fake_day(self, after: int = 0) -> str:
        """A day that is none of the invoice's: so many after its date."""
        assert self.deal.invoice.issue_date
        return self.voice.date(self.deal.invoice.issue_date + timedelta(days=after))

    def fake_amount(self, low: float, high: float) -> str:
        """An amount that is none of the invoice's."""
        return self.voice.amount(Decimal(f"{self.random.uniform(low, high):.2f}"))

    def small_print(self) -> tuple[str, ...]:
        """The terms of trade, sentence by sentence, with numbers, days and amounts of their own."""
        return self.voice.all_of("sentences", "small_print")

    def unsure(self, field: str) -> str:
        """Prints nothing. What the page says of this field of the truth can be read either way, unless the sale's own value is shown."""
        self.printer.unsure.add(field)
        return ""

    def logo(self, text: str | None = None, *, color: str = "#1a4f8b", bold: bool = True, height: int = 40) -> Markup:
        """A picture of the brand (or `text`): no word of it is in the text layer."""
        words = text or self.brand
        font = pymupdf.Font("hebo" if bold else "tibo")
        width = font.text_length(words, 30) + 46
        with pymupdf.open() as pdf:
            page = pdf.new_page(width=width, height=40)
            rgb = tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
            page.draw_rect(pymupdf.Rect(2, 6, 30, 34), color=rgb, fill=rgb)
            page.draw_circle(pymupdf.Point(16, 20), 7, color=(1, 1, 1), fill=(1, 1, 1))
            page.insert_text((40, 31), words, fontsize=30, fontname="hebo" if bold else "tibo", color=rgb)
            return _picture(page.get_pixmap(dpi=200).tobytes("png"), height)

    def qr(self, size: int = 90) -> Markup:
        """Looks like a QR code."""
        return _drawn(29, 29, lambda x, y: _finder(x, y, 29) if _in_corner(x, y, 29) else self.random.random() < 0.5, size)

    def barcode(self, height: int = 36) -> Markup:
        bars = [self.random.random() < 0.5 for _ in range(120)]
        return _drawn(120, 30, lambda x, y: bars[x], height)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _in_corner(x: int, y: int, size: int) -> bool:
    return (x < 8 or x >= size - 8) and (y < 8 or y >= size - 8) and not (x >= size - 8 and y >= size - 8)


def _finder(x: int, y: int, size: int) -> bool:
    x, y = min(x, size - 1 - x), min(y, size - 1 - y)
    ring = max(abs(x - 3), abs(y - 3))
    return ring in (0, 1, 3)


def _drawn(wide: int, high: int, black: Callable[[int, int], bool], height: int) -> Markup:
    """A picture of one square a cell."""
    pixels = bytes(0 if black(x, y) else 255 for y in range(high) for x in range(wide))
    return _picture(pymupdf.Pixmap(pymupdf.csGRAY, wide, high, pixels, False).tobytes("png"), height)


def _picture(png: bytes, height: int) -> Markup:
    return Markup('<img alt="" style="height:{}px;image-rendering:pixelated" src="data:image/png;base64,{}">').format(
        height, base64.b64encode(png).decode()
    )
