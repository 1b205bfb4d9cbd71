"""What a template gets of the sale: every value knows its path, and notes that it was printed, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from markupsafe import Markup, escape

from app.domain.invoice import Invoice
from app.samples.ledger import to_cent
from training.invoices.identifiers import spaced_account, spaced_vat
from training.invoices.locales import Voice

RATES = frozenset({"rate", "tax_rate", "percentage"})


class Printer:
    """How this sender writes. `notes`: what was printed so far, as (path, text). `unsure`: fields of the truth that the template says
    can be read either way."""

    def __init__(self, invoice: Invoice, voice: Voice, random: Random) -> None:
        self.voice = voice
        self.notes: list[tuple[str, str]] = []
        self.unsure: set[str] = set()
        self._currency = invoice.currency or ""
        self._spaced = {vat: spaced_vat(vat, random) for party in (invoice.seller, invoice.buyer) if (vat := party.vat_id)}
        if account := invoice.payment_account:
            self._spaced[account] = spaced_account(account, random)

    def note(self, path: str, text: str) -> str:
        self.notes.append((path, text))
        return text

    def text(self, value: Value) -> str:
        raw, name, voice = value.raw, value.path.rpartition(".")[2], self.voice
        if raw is None:
            return ""
        if isinstance(raw, date):
            return voice.date(raw)
        if isinstance(raw, Decimal):
            if name in RATES:
                return voice.percent(raw)
            if name == "quantity":
                return voice.number(raw)
            return voice.number(raw, max(2, -int(raw.as_tuple().exponent)))
        if name == "unit":
            return voice.unit(raw)
        return self._spaced.get(raw, str(raw)) if name in ("vat_id", "payment_account") else str(raw)

    def money(self, value: Value) -> str:
        """The amount with its currency, where this sender writes it."""
        if value.raw is None:
            return ""
        if not self.voice.symbol or -int(value.raw.as_tuple().exponent) > 2:
            return str(value)
        self.note("currency", self.voice.symbol)
        self.note(value.path, self.voice.amount(abs(value.raw)))
        return self.voice.money(value.raw)


class Value:
    """A leaf. False if the sale has no such value; `raw` compares and counts without being noted."""

    def __init__(self, printer: Printer, path: str, raw: Any) -> None:
        self._printer, self.path, self.raw = printer, path, raw

    def __bool__(self) -> bool:
        return self.raw is not None and self.raw != ""

    def __str__(self) -> str:
        return self._printer.note(self.path, self._printer.text(self)) if self else ""

    def __html__(self) -> str:
        return str(escape(str(self)))

    def written(self, text: str) -> str:
        """As `text` instead of the usual form."""
        return self._printer.note(self.path, text) if self else ""

    @property
    def money(self) -> str:
        return self._printer.money(self)

    @property
    def negative(self) -> Value:
        """The same amount with the other sign, as discounts and payments are often written."""
        return Value(self._printer, self.path, -self.raw if self else None)

    @property
    def bare(self) -> str:
        """A VAT id without its country; an account in one piece."""
        raw = str(self.raw or "")
        return self.written(raw if self.path == "payment_account" else raw[2:])

    @property
    def lines(self) -> Markup:
        """Its lines, each on its own."""
        return Markup("<br>").join(str(self).split("\n"))

    def on(self, pattern: str) -> str:
        """A date in another form: a pattern of `strftime`."""
        return self.written(self.raw.strftime(pattern)) if self else ""

    def split(self, *shares: float) -> list[str]:
        """An amount in parts in these proportions, as two taxes of one sale. None is noted: it is the sum that is the sale's."""
        whole = sum(shares)
        parts = [to_cent(self.raw * Decimal(str(share)) / Decimal(str(whole))) for share in shares[:-1]]
        return [self._printer.voice.amount(part) for part in (*parts, self.raw - sum(parts))]

    def plain(self, places: int) -> str:
        """A number with so many decimals, without currency."""
        return self.written(self._printer.voice.number(self.raw, places)) if self else ""


class View:
    """A part of the invoice, with the names of the domain (`app.domain.invoice`): `invoice.seller.address.city`."""

    def __init__(self, printer: Printer, path: str, part: Any) -> None:
        self._printer, self._path, self._part = printer, path, part

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return wrapped(self._printer, f"{self._path}.{name}".lstrip("."), getattr(self._part, name))


class Views:
    """Several of the same, as `invoice.lines`."""

    def __init__(self, views: list[Any]) -> None:
        self._views = views

    def __iter__(self) -> Iterator[Any]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, index: Any) -> Any:
        return self._views[index]


def wrapped(printer: Printer, path: str, part: Any) -> Any:
    if is_dataclass(part) and not isinstance(part, type):
        return View(printer, path, part)
    if isinstance(part, tuple):
        return Views([wrapped(printer, f"{path}.{i}", one) for i, one in enumerate(part)])
    return Value(printer, path, part)


def squeezed(text: str) -> str:
    """Without what a line break or a capital letter changes."""
    return "".join(text.split()).casefold()


def paths_on(text: str, notes: list[tuple[str, str]], invoice: Invoice) -> set[str]:
    """The paths that were printed and do stand in the text layer `text`; with them the totals that are the same sum by another name."""
    layer = squeezed(text)
    paths = {path for path, written in notes if squeezed(written) in layer}
    one = len(invoice.tax_breakdown) == 1
    same = [("amount_due", "total_with_tax"), ("line_total", "total_without_tax")]
    same += [("tax_breakdown.0.taxable_amount", "total_without_tax"), ("tax_breakdown.0.tax_amount", "total_tax")] if one else []
    for path, total in same:
        if path in paths and (path.startswith("tax") or getattr(invoice, path) == getattr(invoice, total)):
            paths.add(total)
    return paths
