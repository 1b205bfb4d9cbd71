"""What was sold, by whom, to whom: an invoice made up at random whose every sum is right (EN 16931 BR-CO-10 to 17)."""

# ruff: noqa: E501
# Long lists of equally likely values.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from app.domain.invoice import Address, AllowanceCharge, Invoice, LineItem, Party, PrecedingInvoice, TaxBreakdown
from app.samples.ledger import to_cent
from training.invoices import identifiers
from training.invoices.locales import LOCALES, Locale, Voice, words_of

Kind = Literal["invoice", "credit_note", "prepayment", "receipt"]
KINDS: tuple[Kind, ...] = ("invoice", "credit_note", "prepayment", "receipt")
NO_TAX = {"AE": "reverse_charge", "K": "intra", "G": "export", "E": "exempt"}
"""Categories without tax, and the sentence that says so."""


@dataclass(frozen=True, slots=True)
class Deal:
    """`groups`: heading of the group that begins at a line. `with_tax`: prices and amounts of the lines include the tax, as tills and
    shops write them. `footing`: what else the sender says about itself, as (label, value)."""

    kind: Kind
    invoice: Invoice
    voice: Voice
    groups: dict[int, str]
    with_tax: bool
    bank: str
    web: str
    delivery_note: str
    our_order: str
    terms: str


def make_deal(
    random: Random, locale: Locale | None = None, goods: Mapping[str, Sequence[str]] | None = None, kind: Kind | None = None
) -> Deal:
    """`goods`: by language, what is sold instead of a trade's goods ("name;unit;low-high"). What is None is drawn."""
    locale = locale or random.choices(LOCALES, [one.weight for one in LOCALES])[0]
    language = locale.language if random.random() < 0.93 else "en"
    second = random.choice(("en", "fr", "de")) if random.random() < 0.06 else None
    voice = Voice(locale, language, random, second if second != language else None)
    kind = kind or random.choices(KINDS, (82, 8, 2, 8))[0]
    trade = random.choice([name for name in words_of(language) if name.startswith("trades.")])
    with_tax = kind == "receipt" or (locale.tax == "vat" and random.random() < 0.08)
    category = "S"
    abroad = (random.random() < 0.1 and locale.tax == "vat" and not with_tax) or locale.tax == "export"
    if abroad:
        category = "G" if locale.tax == "export" else random.choice(("AE", "K"))
    elif random.random() < 0.05 and not with_tax:
        category = "E"
    seller = _party(random, locale, language, trade)
    buyer_locale = (
        random.choice([one for one in LOCALES if one.tax == "vat" and one.country not in (locale.country, "GB", "CH")])
        if abroad
        else locale
    )
    buyer = _party(random, buyer_locale, buyer_locale.language, None)
    if random.random() > (0.95 if abroad else 0.35) or (with_tax and random.random() < 0.8):
        buyer = replace(buyer, vat_id=None)
    lines, groups = _lines(random, voice, trade, category, with_tax, kind, goods.get(language) if goods else None)
    issued = date(2015, 1, 1) + timedelta(days=random.randrange(11 * 365))
    days = random.choice((7, 8, 10, 14, 14, 20, 30, 30, 30, 45, 60))
    number = _number(random, issued)
    named = random.random() < 0.75 and kind == "invoice"
    invoice = Invoice(
        number=number,
        issue_date=issued,
        type_code={"credit_note": "381", "prepayment": "386"}.get(kind, "380"),
        currency=locale.currency,
        due_date=issued + timedelta(days=days) if named else None,
        delivery_date=issued - timedelta(days=random.randrange(12)) if random.random() < 0.4 else None,
        purchase_order_reference=_reference(random) if random.random() < 0.45 else None,
        buyer_reference=_other_reference(random) if random.random() < 0.15 else None,
        seller=seller,
        buyer=buyer,
        ship_to=_party(random, buyer_locale, buyer_locale.language, None) if random.random() < 0.2 else Party(),
        lines=lines,
    )
    if kind == "credit_note":
        before = _number(random, issued)
        invoice = replace(invoice, preceding_invoice_reference=before, preceding_invoices=(PrecedingInvoice(before),))
    if locale.country in identifiers.ACCOUNTS and kind in ("invoice", "prepayment") and random.random() < 0.85:
        invoice = replace(
            invoice,
            payment_account=identifiers.account(locale.country, random),
            payment_bic=identifiers.bic(locale.country, random) if random.random() < 0.8 else None,
            payment_reference=number if random.random() < 0.3 else None,
        )
    if kind == "invoice" and not with_tax:
        if random.random() < 0.12:
            share = Decimal(random.choice((2, 3, 5, 10)))
            base = sum((line.net_amount or Decimal() for line in lines), Decimal())
            discount = AllowanceCharge(
                to_cent(base * share / 100), base, share, lines[0].tax_category, lines[0].tax_rate, voice.word("allowance")
            )
            invoice = replace(invoice, allowances=(discount,) if discount.amount else ())
        if random.random() < 0.2:
            fee = Decimal(random.choice(("4.90", "6.50", "9.95", "12.00", "25.00", "48.75")))
            invoice = replace(
                invoice, charges=(AllowanceCharge(fee, None, None, lines[0].tax_category, lines[0].tax_rate, voice.word("charge")),)
            )
    invoice = add_up(invoice, category, with_tax=with_tax)
    if kind == "invoice" and random.random() < 0.1 and invoice.total_with_tax and invoice.total_with_tax > 20:
        paid = to_cent(invoice.total_with_tax * random.choice((Decimal("0.3"), Decimal("0.5"), Decimal("0.25"))))
        invoice = replace(invoice, paid_amount=paid, amount_due=invoice.total_with_tax - paid)
    if kind == "credit_note" and random.random() < 0.35:
        invoice = _negative(invoice)
    slug = "".join(c for c in (seller.name or "").split()[0].casefold() if c.isascii() and c.isalnum()) or "firma"
    return Deal(
        kind=kind,
        invoice=invoice,
        voice=voice,
        groups=groups,
        with_tax=with_tax,
        bank=random.choice(
            ("Volksbank", "Banque du Centre", "First National Bank", "Banca Popolare", "Sparkasse", "Banco Norte", "Stadsbank")
        ),
        web=f"www.{slug}.example",
        delivery_note=str(random.randrange(10000, 999999)),
        our_order=_other_reference(random),
        terms=_terms(random, voice, invoice, days, kind),
    )


def add_up(invoice: Invoice, category: str, *, with_tax: bool) -> Invoice:
    """With breakdown and totals from lines, allowances and charges. `with_tax`: the lines' amounts hold their tax."""
    sums: dict[Decimal, Decimal] = {}
    for parts, sign in ((invoice.allowances, -1), (invoice.charges, 1)):
        for change in parts:
            rate = change.tax_rate or Decimal()
            sums[rate] = sums.get(rate, Decimal("0.00")) + sign * (change.amount or Decimal())
    for line in invoice.lines:
        rate = line.tax_rate or Decimal()
        sums[rate] = sums.get(rate, Decimal("0.00")) + (line.net_amount or Decimal())
    parts = []
    for rate, amount in sorted(sums.items(), reverse=True):
        tax = to_cent(amount * rate / (100 + rate)) if with_tax else to_cent(amount * rate / 100)
        parts.append(TaxBreakdown("Z" if category == "S" and not rate else category, rate, amount - tax if with_tax else amount, tax))
    lines = sum((line.net_amount or Decimal() for line in invoice.lines), Decimal("0.00"))
    without = sum((part.taxable_amount or Decimal() for part in parts), Decimal("0.00"))
    tax = sum((part.tax_amount or Decimal() for part in parts), Decimal("0.00"))
    return replace(
        invoice,
        tax_breakdown=tuple(parts),
        line_total=None if with_tax else lines,
        allowance_total=sum((a.amount or Decimal() for a in invoice.allowances), Decimal()) if invoice.allowances else None,
        charge_total=sum((c.amount or Decimal() for c in invoice.charges), Decimal()) if invoice.charges else None,
        total_without_tax=without,
        total_tax=tax,
        total_with_tax=without + tax,
        amount_due=without + tax,
    )


def _lines(
    random: Random, voice: Voice, trade: str, category: str, with_tax: bool, kind: Kind, goods: Sequence[str] | None
) -> tuple[tuple[LineItem, ...], dict[int, str]]:
    words = words_of(voice.language)
    goods = goods or words[trade]["goods"]
    count = random.choices((1, 2, 3, 4, 5, 6, 8, 12, 18, 27, 45), (12, 14, 16, 14, 10, 9, 9, 7, 5, 3, 1))[0]
    if kind == "prepayment":
        count = 1
    elif kind == "receipt":
        count = min(count, 14)
    rates = voice.locale.rates
    usual = random.choices(rates[: max(1, len(rates) - 1)], [6, *[1] * (max(1, len(rates) - 1) - 1)])[0]
    mixed = random.random() < 0.22 and voice.locale.tax == "vat"
    discounted = random.random() < 0.12 and not with_tax
    codes = random.random() < 0.55
    pattern = random.choice(("nnnnn", "nnnnnn", "aa-nnnn", "nn.nnn", "aaa-nnn", "nnnn-nn", "annnnn", "nnnnnnnnn", "Rnnn"))
    detailed = random.random() < 0.45
    places = random.choice((2, 2, 2, 2, 3, 4)) if not with_tax else 2
    lines = []
    for position in range(1, count + 1):
        name, unit, prices = random.choice(goods).split(";")
        low, high = map(float, prices.split("-"))
        price = Decimal(f"{random.uniform(low, high):.{places if high < 50 else 2}f}")
        if random.random() < 0.3 and high > 3:
            price = Decimal(f"{round(price)}.{random.choice(('00', '50', '90', '99', '95'))}")
        price = max(price, Decimal("0.01"))
        if unit in ("KGM", "HUR", "MTR", "MTK", "LTR") and random.random() < 0.45 and kind != "receipt":
            quantity = Decimal(random.choice(("0.5", "1.5", "2.25", "7.5", "12.5", "3.75", "18.4", "0.85")))
        elif high < 1:
            quantity = Decimal(random.choice((100, 250, 500, 1000, 84, 312)))
        else:
            quantity = Decimal(
                random.choices((1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 25, 36, 48, 100, 240), (40, 16, 9, 8, 7, 5, 4, 6, 4, 3, 2, 1, 1, 1, 1))[0]
            )
        gross = to_cent(quantity * price)
        allowances: tuple[AllowanceCharge, ...] = ()
        if discounted and random.random() < 0.7:
            share = Decimal(random.choice((5, 10, 15, 20, 3)))
            allowances = (AllowanceCharge(to_cent(gross * share / 100), gross, share),)
        rate = Decimal(random.choice(rates) if mixed else usual)
        extra = None
        if detailed and random.random() < 0.6:
            extra = random.choice(words["details"]["plain"])
            if random.random() < 0.25:
                extra += "\n" + f"{voice.word('lot')} {identifiers.filled('aannnnnn', random)}"
        lines.append(
            LineItem(
                id=str(position * 10 if count > 3 and pattern == "nnnnnn" else position),
                item_name=name,
                item_description=extra,
                item_id=identifiers.filled(pattern, random) if codes else None,
                quantity=quantity,
                unit=unit,
                net_price=price,
                net_amount=gross - sum((a.amount or Decimal() for a in allowances), Decimal()),
                tax_category="Z" if category == "S" and not rate else category,
                tax_rate=rate if category == "S" else Decimal(0),
                allowances=allowances,
            )
        )
    groups: dict[int, str] = {}
    if count >= 5 and random.random() < 0.25 and kind == "invoice":
        names = list(words[trade]["groups"])
        random.shuffle(names)
        starts = sorted({0, *random.sample(range(2, count - 1), min(2, len(names) - 1, max(1, count - 4)))})
        groups = dict(zip(starts, names, strict=False))
    return tuple(lines), groups


def _negative(invoice: Invoice) -> Invoice:
    """As some sign their credit notes: quantities and all sums below zero."""
    return replace(
        invoice,
        lines=tuple(
            replace(line, quantity=_less(line.quantity), net_amount=_less(line.net_amount),
                    allowances=tuple(replace(a, amount=_less(a.amount)) for a in line.allowances))
            for line in invoice.lines
        ),
        tax_breakdown=tuple(replace(t, taxable_amount=_less(t.taxable_amount), tax_amount=_less(t.tax_amount)) for t in invoice.tax_breakdown),
        **{
            name: -getattr(invoice, name)
            for name in ("line_total", "total_without_tax", "total_tax", "total_with_tax", "amount_due")
            if getattr(invoice, name) is not None
        },
    )  # fmt: skip


def _less(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else 0 - amount


def _party(random: Random, locale: Locale, language: str, trade: str | None) -> Party:
    words = words_of(language)
    people = words["people"]
    if trade is None:
        trade = random.choice([name for name in words if name.startswith("trades.")])
    last, other = random.sample(people["last"], 2)
    firm = random.choice(people["names"]).format(
        last=last, last2=other, word=random.choice(people["words"]), trade=random.choice(words[trade]["names"])
    )
    if random.random() < 0.88:
        firm = f"{firm} {random.choice(locale.forms)}"
    city, code = random.choice(locale.places).split("|")
    voice = Voice(locale, language, random)
    slug = "".join(c for c in firm.split()[0].casefold() if c.isascii() and c.isalnum()) or "info"
    domain = f"{slug}.example"
    vat = identifiers.vat_id(locale.country, random) if locale.country in identifiers.VAT_IDS else None
    tax_id = None
    if locale.tax == "gst" and not vat:
        tax_id = identifiers.tax_number(locale.country, random)
    elif locale.tax == "sales" or locale.country == "DE":
        tax_id = identifiers.filled("nn-nnnnnnn" if locale.tax == "sales" else "nn/nnn/nnnnn", random) if random.random() < 0.4 else None
    return Party(
        name=firm,
        id=identifiers.filled(random.choice(("nnnnn", "Cnnnn", "nnnnnn", "Knnnnn", "a-nnnn")), random),
        vat_id=vat,
        tax_id=tax_id,
        legal_id=identifiers.filled(random.choice(("nnnnnnnn", "HRB nnnnn", "nnn nnn nnn")), random) if random.random() < 0.6 else None,
        contact_name=f"{random.choice(people['first'])} {random.choice(people['last'])}",
        email=f"{random.choice(('info', 'office', 'contact', 'mail'))}@{domain}",
        phone=voice.fill(locale.phone, random),
        address=Address(
            line_1=random.choice(people["streets"]).format(n=random.randint(1, 180)),
            city=city,
            post_code=voice.fill(code, random),
            country=locale.country,
        ),
    )


def _number(random: Random, issued: date) -> str:
    serial = random.randrange(1, 99999)
    return random.choice(
        (
            f"{issued:%Y}-{serial:04d}", f"RE-{issued:%Y}-{serial % 1000:03d}", f"{serial + 100000}", f"INV-{serial:05d}", f"{issued:%Y%m}{serial % 1000:03d}",
            f"F{issued:%y}-{serial:05d}", f"{issued:%Y}/{serial % 10000}", f"FA{serial:06d}", f"{serial % 10000}", f"{issued:%y}{serial:05d}",
            f"{serial % 900 + 1}/{issued:%Y}", f"A-{serial}", f"INV{issued:%Y}{serial:04d}", f"{random.randrange(10**9, 10**10)}", f"FT {issued:%Y}A/{serial % 900}",
        )
    )  # fmt: skip


def _reference(random: Random) -> str:
    return identifiers.filled(
        random.choice(("nnnnn", "PO-nnnnn", "4500nnnnnn", "Bnnnn/nn", "aa-nnnn", "nnnn-nn", "nnnnnnnn", "POnnnn")), random
    )


def _other_reference(random: Random) -> str:
    """A sign of somebody's, or the number of a job: nothing like an order of the buyer's."""
    return identifiers.filled(random.choice(("aa/aa", "aaa", "nnn-aa", "Vnnnnnn", "nnnnnn", "Tnnnn", "aa nn/nnn")), random)


def _terms(random: Random, voice: Voice, invoice: Invoice, days: int, kind: Kind) -> str:
    if kind == "credit_note":
        return voice.sentence("credited")
    if kind != "invoice":
        return voice.sentence("at_once")
    name = random.choices(("due_days", "due_date", "skonto", "at_once", "direct_debit", "none"), (35, 25, 12, 6, 5, 17))[0]
    if name == "none" or (invoice.due_date is None and name == "due_date"):
        return ""
    text = voice.sentence(name)
    if "{date}" in text and invoice.due_date is None:
        return ""
    shown = voice.date(invoice.due_date) if invoice.due_date else ""
    return text.format(days=days, fewer=max(3, days // 3), percent=voice.percent(Decimal(random.choice((2, 3)))), date=shown)


def sum_of(lines: Sequence[LineItem]) -> Decimal:
    return sum((line.net_amount or Decimal() for line in lines), Decimal("0.00"))
