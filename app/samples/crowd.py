"""Any number of different invoices, for load tests and benchmarks: each has its own number, date, parties and lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Literal, get_args

from app.domain.invoice import Invoice, Party
from app.samples import parties
from app.samples.canvas import Color
from app.samples.einvoice_xml import write_cii, write_ubl
from app.samples.ledger import Sale, add_up, check_digits
from app.samples.pages import Layout, draw_pdf
from app.samples.scans import quick_scan

Kind = Literal["xml", "digital", "mixed", "scan"]

_FIRMS: dict[str, tuple[tuple[Party, ...], tuple[Party, ...], str, str]] = {  # language: sellers, buyers, account's country, rates
    "en": ((parties.WORKSHOP, parties.CATERING), (parties.JOINERY,), "GB", "20 20 20 0"),
    "de": ((parties.OFFICE, parties.LAMPS), (parties.PRACTICE, parties.TOWN), "DE", "19 19 19 7"),
    "fr": ((parties.BINDERY,), (parties.HOUSE,), "FR", "20 20 20 5.5"),
}
_GOODS = {
    "en": "Oak board|Hand plane|Clamp, 300 mm|Wood glue, 1 l|Sanding disc|Work lamp|Drill bit set|Cutting service|Tool chest|Varnish, matt",
    "de": "Aktenschrank|Stehpult|Rollcontainer|Schreibtischlampe|Besprechungstisch|Montage|Stellwand|Garderobe|Regalboden|Papierkorb",
    "fr": "Papier vergé|Carton gris|Fil de lin|Colle blanche|Toile enduite|Dorure|Pliage|Étui sur mesure|Signet|Presse à percussion",
}
_QUALITIES = "S M L XL 10 20 30 Pro Plus Eco".split()


def make_many(folder: Path, count: int, kind: Kind = "mixed", seed: int = 0) -> list[Path]:
    """Writes `count` files, no two alike, the same for the same `kind` and `seed`; gives their paths.

    `mixed`: every second one is XML. XML is CII and UBL in turn; the digital PDFs take turns at three layouts and leave their
    fonts to the reader. A `scan` is a PDF that is only a picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, (suffix, content) in enumerate(many(count, kind, seed)):
        path = folder / f"{index:06d}.{suffix}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def many(count: int, kind: Kind = "mixed", seed: int = 0) -> Iterator[tuple[Literal["pdf", "xml"], bytes]]:
    """The files of `make_many`, one by one."""
    for index in range(count):
        language, invoice = make_one(seed, index)
        if kind == "xml" or (kind == "mixed" and index % 2):
            yield "xml", write_cii(invoice, "EN 16931") if index % 4 < 2 else write_ubl(invoice)
        else:
            layout: Layout = get_args(Layout)[index % 3]
            if kind == "scan":
                yield "pdf", quick_scan(invoice, language, layout, seed * 1_000_000 + index, ink=_ink(index))
            else:
                yield "pdf", draw_pdf(invoice, language, layout, ink=_ink(index), embed_fonts=False)


def make_one(seed: int, index: int) -> tuple[str, Invoice]:
    """The language and content of document `index` of a crowd. Two documents of one seed never share a number."""
    chance = Random(f"{seed}/{index}")
    language = chance.choice(tuple(_FIRMS))
    sellers, buyers, country, rates = _FIRMS[language]
    issued = date(2026, 1, 2) + timedelta(days=chance.randrange(300))
    number = f"{seed:02d}-{index:06d}-{chance.randrange(100):02d}"
    sales = [
        Sale(
            name=f"{chance.choice(_GOODS[language].split('|'))} {chance.choice(_QUALITIES)}",
            quantity=str(chance.randrange(1, 40)) if chance.random() < 0.8 else f"{chance.randrange(5, 400) / 4:g}",
            unit=chance.choice(("H87", "H87", "MTR", "HUR", "KGM")),
            price=str(Decimal(chance.randrange(95, 90_000)) / 100),
            rate=chance.choice(rates.split()),
            item_id=f"{chance.randrange(10_000, 99_999)}",
        )
        for _ in range(chance.randrange(1, 14))
    ]
    invoice = Invoice(
        number=number,
        issue_date=issued,
        type_code="380",
        currency="GBP" if language == "en" else "EUR",
        due_date=issued + timedelta(days=chance.choice((14, 30, 45))),
        delivery_date=issued - timedelta(days=chance.randrange(1, 6)),
        buyer_reference=f"R{chance.randrange(1000, 9999)}",
        purchase_order_reference=f"{chance.randrange(10_000, 99_999)}",
        specification="urn:cen.eu:en16931:2017",
        seller=chance.choice(sellers),
        buyer=chance.choice(buyers),
        payment_means_code="30",
        payment_account=_account(country, chance),
        payment_reference=number,
    )
    return language, add_up(invoice, sales)


def _account(country: str, chance: Random) -> str:
    """An IBAN; the French account number has check digits of its own, 97 - (89 bank + 15 branch + 3 account) modulo 97."""
    if country == "FR":
        account = chance.randrange(10**11)
        return check_digits("FR", f"9999900001{account:011d}{97 - (89 * 99999 + 15 * 1 + 3 * account) % 97:02d}")
    bank, length = ("ZZZZ990001", 8) if country == "GB" else ("99950000", 10)
    return check_digits(country, f"{bank}{chance.randrange(10**length):0{length}d}")


def _ink(index: int) -> Color:
    return ((0.09, 0.31, 0.42), (0.42, 0.16, 0.2), (0.2, 0.2, 0.24), (0.12, 0.36, 0.22), (0.3, 0.18, 0.44))[index % 5]
