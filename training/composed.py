"""Invoices as words on pages, composed and not drawn: where each block stands, how it is labelled, how values are written and what stands
around them are chosen apart from each other, so that hardly two pages are alike. A millisecond each; the same on any day.

They have no fonts, rules or pictures: what is learnt from them is how labels, places and sums hang together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from struct import pack

from app.domain.document import UNIT, Document, Page, Words
from app.domain.invoice import Invoice, Party
from app.domain.parsing import vat_id_is_valid
from training.wordings import LANGUAGES, Wordings

WIDTH, HEIGHT = 595.0, 842.0
CENT = Decimal("0.01")


@dataclass(slots=True)
class _Sheet:
    """Runs of text: (x, top, size, text)."""

    runs: list[tuple[float, float, float, str]] = field(default_factory=list)

    def put(self, x: float, y: float, text: str, size: float = 9.0, *, right: bool = False) -> None:
        if text:
            self.runs.append((x - 0.5 * size * len(text) if right else x, y, size, text))

    def words(self) -> Words:
        """Words of one visual line share its number; lines from top to bottom, words from left to right."""
        placed: list[tuple[float, float, float, float, str]] = []
        for x, y, size, text in self.runs:
            at = x
            for word in text.split(" "):
                if word:
                    placed.append((y, at, at + 0.5 * size * len(word) - 0.4, size, word))
                at += 0.5 * size * (len(word) + 1)
        placed.sort()
        texts, boxes, lines = [], b"", b""
        number, last = -1, -1e9
        for y, x0, x1, size, word in placed:
            if y - last > 2.5:
                number, last = number + 1, y
            texts.append(word)
            lines += pack("<H", number)
            corners = (x0 / WIDTH, y / HEIGHT, x1 / WIDTH, (y + size) / HEIGHT)
            boxes += pack("<4H", *(int(min(1.0, max(0.0, corner)) * UNIT) for corner in corners))
        return Words(tuple(texts), boxes, lines, bytes(len(texts)))


FAMILIES = {
    "letterhead": ("left", "right", "centre", "footer only", "return line"),
    "facts": ("list right", "list left", "columns", "sentence", "table"),
    "sums": ("right", "left label", "table"),
}


def family_of(index: int) -> tuple[str, str, str]:
    """The arrangement of document `index`."""
    chance = Random(f"family {index}")
    return tuple(chance.choice(kinds) for kinds in FAMILIES.values())  # type: ignore[return-value]


def compose(seed: int, index: int) -> tuple[Document, Invoice]:
    """Document `index` and what it says."""
    chance = Random(f"{seed}/{index}")
    language = chance.choice(tuple(LANGUAGES))
    composer = _Composer(chance, LANGUAGES[language], *family_of(index))
    return composer.document(), composer.invoice


class _Composer:
    def __init__(self, chance: Random, wordings: Wordings, letterhead: str, facts: str, sums: str) -> None:
        self.chance, self.w = chance, wordings
        self.letterhead, self.facts, self.sums = letterhead, facts, sums
        self.colon = chance.choice((":", ":", "", " :"))
        self.date_format = chance.choice(wordings.dates)
        self.mark, self.thousands = chance.choice(wordings.numbers)
        self.currency = chance.choice(wordings.currencies)
        self.sign = chance.choice(("", "", "before", "after", "code"))
        self.credit = chance.random() < 0.06
        self._truth()

    def _truth(self) -> None:
        c, w = self.chance, self.w
        issued = date(2019, 1, 1) + timedelta(days=c.randrange(2500))
        self.rate = Decimal(c.choice(w.rates))
        self.lines = []
        for _ in range(c.choice((1, 1, 2, 3, 4, 6, 9, 14))):
            quantity, price = c.choice((1, 1, 2, 3, 5, 10, 24)), Decimal(c.randrange(99, 90_000 if c.random() < 0.7 else 900_000)) / 100
            self.lines.append((c.choice(w.goods), quantity, price, quantity * price))
        net = sum((line[3] for line in self.lines), Decimal(0))
        self.discount = (net * c.choice((3, 5, 10)) / 100).quantize(CENT) if c.random() < 0.12 else Decimal(0)
        self.charge = Decimal(c.choice(("4.90", "9.95", "15.00"))) if c.random() < 0.12 else Decimal(0)
        self.subtotal = net
        net += self.charge - self.discount
        tax = (net * self.rate / 100).quantize(CENT, ROUND_HALF_UP)
        gross = net + tax
        sign = -1 if self.credit and c.random() < 0.6 else 1
        self.net, self.tax, self.gross = sign * net, sign * tax, sign * gross
        self.paid = (gross * c.choice((2, 3, 5)) / 10).quantize(CENT) if c.random() < 0.1 and sign > 0 else None
        self.stated = {"net": c.random() < 0.85, "tax": c.random() < 0.88, "gross": True, "due": c.random() < 0.25 or self.paid is not None}
        self.seller, self.buyer = self._firm(), self._firm() if c.random() < 0.7 else c.choice(w.people)
        has = {name: c.random() < share for name, share in _SHARES.items()}
        self.account = _iban(w.country, c) if has["account"] else None
        self.invoice = Invoice(
            number=self._identifier(),
            issue_date=issued,
            due_date=issued + timedelta(days=c.choice((7, 10, 14, 30, 30, 45, 60))) if has["due"] else None,
            delivery_date=issued - timedelta(days=c.randrange(1, 9)) if has["delivery"] else None,
            currency=self.currency[0],
            purchase_order_reference=self._identifier() if has["order"] else None,
            payment_account=self.account,
            payment_bic=_bic(w.country, c) if has["bic"] else None,
            seller=Party(name=self.seller, vat_id=_vat(w.country, c) if has["seller_vat"] else None),
            buyer=Party(
                name=self.buyer,
                vat_id=_vat(w.country, c) if has["buyer_vat"] else None,
                id=self._identifier() if has["customer"] else None,
            ),
            total_without_tax=self.net,
            total_tax=self.tax,
            total_with_tax=self.gross,
            paid_amount=self.paid,
            amount_due=self.gross - (self.paid or 0),
        )

    def document(self) -> Document:
        sheet = _Sheet()
        self._letterhead(sheet)
        self._addressee(sheet)
        y = self._facts(sheet, 255 + self.chance.randrange(30))
        y = self._items(sheet, y + 25)
        sheets = [sheet]
        if y > 640:
            sheet = _Sheet()
            sheets.append(sheet)
            y = 90.0
        y = self._sums(sheet, y + 14)
        self._closing(sheet, min(y + 20, 730.0))
        if self.chance.random() < 0.5:
            for number, each in enumerate(sheets, 1):
                each.put(500, 815, f"{self.w.page} {number}/{len(sheets)}", 7)
        return Document("application/pdf", tuple(Page(n, WIDTH, HEIGHT, each.words()) for n, each in enumerate(sheets, 1)))

    # what is written how

    def _said(self, value: date) -> str:
        text = value.strftime(self.date_format)
        return text.replace("MONTH", self.w.months[value.month - 1])

    def money(self, value: Decimal, *, bare: bool = False) -> str:
        text = f"{abs(value):,.2f}".replace(",", "T").replace(".", self.mark).replace("T", self.thousands)
        text = f"-{text}" if value < 0 else text
        if bare or not self.sign:
            return text
        code, symbol = self.currency
        return {"before": f"{symbol}{text}", "after": f"{text} {symbol}", "code": f"{code} {text}"}[self.sign]

    def _identifier(self) -> str:
        c = self.chance
        digits = str(c.randrange(100, 10 ** c.randrange(4, 9)))
        prefix = c.choice(("", "", "", "RE", "INV-", "F", "FA", "2023-", "2024/", "SO", "A"))
        return prefix + digits

    def _firm(self) -> str:
        c, w = self.chance, self.w
        first, second = c.choice(w.surnames), c.choice(w.surnames)
        name = c.choice((f"{first} {c.choice(w.trades)}", f"{first} & {second}", c.choice(w.brands)))
        return f"{name} {c.choice(w.legal)}" if c.random() < 0.8 else name

    def _address(self) -> tuple[str, str]:
        c, w = self.chance, self.w
        street = w.street.format(name=c.choice(w.surnames), number=c.randrange(1, 180))
        codes = {"code": c.randrange(10, 99), "d2": c.randrange(10, 99), "d3": c.randrange(100, 999)}
        return street, w.town.format(town=c.choice(w.towns), letters="".join(c.choices("ABCDEGHKLM", k=2)), **codes)

    # the blocks

    def _letterhead(self, sheet: _Sheet) -> None:
        c, w = self.chance, self.w
        street, town = self._address()
        domain = "".join(ch for ch in self.seller.split(" ")[0].lower() if ch.isascii() and ch.isalnum()) or "firm"
        contacts = [
            f"{w.phone}{self.colon} +{c.randrange(31, 49)} {c.randrange(100, 999)} {c.randrange(10_000, 999_999)}",
            f"www.{domain}.{w.country.lower()}",
        ]
        contacts = [line for line in contacts if c.random() < 0.6]
        vat = self.invoice.seller.vat_id
        self.footer = [f"{c.choice(w.vat_id)}{self.colon} {vat}"] if vat else []
        if c.random() < 0.4:
            self.footer.append(f"{w.register} {c.randrange(1000, 99_999)}")
        if c.random() < 0.2:
            self.footer.append(f"{w.capital} {self.money(Decimal(c.choice((10_000, 25_000, 50_000))))}")
        block = [street, town, *contacts]
        if self.letterhead in ("left", "right", "centre"):
            x, size = {"left": 50.0, "right": 370.0, "centre": 220.0}[self.letterhead], c.choice((9.0, 11.0, 14.0, 18.0))
            sheet.put(x, 40, self.seller, size)
            for n, line in enumerate(block):
                sheet.put(x, 42 + size + 11 * n, line, 8.5)
        else:
            if c.random() < 0.5:
                sheet.put(c.choice((50, 400)), 40, c.choice((c.choice(w.slogans), self.seller.split(" ")[0])), 16)
            if self.letterhead == "return line":
                sheet.put(50, 128, f"{self.seller} {c.choice(('-', '·', '|'))} {street}, {town}", 6.5)
            self.footer = [self.seller, *block, *self.footer]
        title = w.credit_note if self.credit else c.choice(w.titles)
        sheet.put(
            c.choice((50, 400)), c.choice((100, 225, 240)), title.upper() if c.random() < 0.3 else title, c.choice((12.0, 16.0, 22.0))
        )

    def _addressee(self, sheet: _Sheet) -> None:
        c, w = self.chance, self.w
        x, y = c.choice(((50.0, 140.0), (50.0, 140.0), (330.0, 130.0)))
        if self.letterhead != "return line" and c.random() < 0.5:
            sheet.put(x, y, c.choice(w.bill_to) + self.colon, 8)
            y += 12
        street, town = self._address()
        person = [c.choice(w.people)] if c.random() < 0.12 and self.buyer not in w.people else []
        for line in (self.buyer, *person, street, town):
            sheet.put(x, y, line)
            y += 12
        if vat := self.invoice.buyer.vat_id:
            sheet.put(x, y, f"{c.choice(w.vat_id)}{self.colon} {vat}", 8.5)
        if c.random() < 0.12:
            other = 330.0 if x < 100 else 50.0
            for n, line in enumerate((w.ship_to + self.colon, self._firm(), *self._address())):
                sheet.put(other, 140 + 12 * n, line, 8.5)

    def _facts(self, sheet: _Sheet, y: float) -> float:
        c, w, i = self.chance, self.w, self.invoice
        number, day = c.choice(w.number), c.choice(w.issue_date)
        assert i.number and i.issue_date
        facts = [(number, i.number), (day, self._said(i.issue_date))]
        for value, label in ((i.due_date, c.choice(w.due_date)), (i.delivery_date, c.choice(w.delivery_date))):
            if value:
                facts.append((label, self._said(value)))
        facts += [(c.choice(w.order), i.purchase_order_reference)] if i.purchase_order_reference else []
        facts += [(c.choice(w.customer), i.buyer.id)] if i.buyer.id else []
        for label in w.other_numbers:
            if c.random() < 0.12:
                facts.append((label, self._identifier()))
        for label in w.other_dates:
            if c.random() < 0.1:
                facts.append((label, self._said(i.issue_date - timedelta(days=c.randrange(2, 60)))))
        if c.random() < 0.4:
            c.shuffle(facts)
        if c.random() < 0.05:
            facts = [fact for fact in facts if fact[0] not in (number, day)] + [("", i.number), ("", self._said(i.issue_date))]
        if self.facts == "sentence":
            first = [f"{label} {value}" for label, value in facts[:2]]
            sheet.put(50, y, c.choice((" ", ", ")).join(first))
            facts, y = facts[2:], y + 14
        if self.facts in ("columns", "table"):
            step = 500 / max(1, len(facts)) if len(facts) < 6 else 85
            for n, (label, value) in enumerate(facts[:6]):
                sheet.put(50 + step * n, y, label, 8 if len(label) * 4 < step else 6)
                sheet.put(50 + step * n, y + 12, value, 8.5)
            facts, y = facts[6:], y + 30
        x = 340.0 if self.facts == "list right" else 50.0
        top = 150.0 if self.facts == "list right" and self.letterhead != "right" else y
        gap = c.choice((0.0, 110.0, 130.0))
        for n, (label, value) in enumerate(facts):
            row = top + 12.5 * n
            if gap and label:
                sheet.put(x, row, label + self.colon)
                sheet.put(x + gap, row, value)
            else:
                sheet.put(x, row, f"{label}{self.colon} {value}".strip(" :"))
        return max(y, top + 12.5 * len(facts))

    def _items(self, sheet: _Sheet, y: float) -> float:
        c, w = self.chance, self.w
        for x, head in zip((50, 330, 420, 540), w.heads, strict=True):
            sheet.put(x, y, head, 8, right=x == 540)
        for name, quantity, price, amount in self.lines:
            y += 14
            sheet.put(50, y, name)
            sheet.put(330, y, str(quantity))
            sheet.put(420, y, self.money(price, bare=True))
            sheet.put(540, y, self.money(amount if self.net > 0 else -amount, bare=c.random() < 0.8), right=True)
        return y + 14

    def _sums(self, sheet: _Sheet, y: float) -> float:
        c, w = self.chance, self.w
        rows: list[tuple[str, Decimal]] = []
        if self.discount or self.charge or c.random() < 0.15:
            rows.append((c.choice(w.subtotal), self.subtotal if self.net > 0 else -self.subtotal))
        rows += [(w.discount, -self.discount)] if self.discount else []
        rows += [(w.charge, self.charge)] if self.charge else []
        rows += [(c.choice(w.net), self.net)] if self.stated["net"] else []
        rows += (
            [(c.choice(w.tax).format(rate=f"{self.rate.normalize():f}".replace(".", self.mark)), self.tax)] if self.stated["tax"] else []
        )
        rows.append((c.choice(w.gross), self.gross))
        rows += [(c.choice(w.paid), -self.paid if c.random() < 0.5 else self.paid)] if self.paid else []
        rows += [(c.choice(w.amount_due), self.gross - (self.paid or 0))] if self.stated["due"] else []
        if self.sums == "table" and len(rows) < 6:
            for n, (label, value) in enumerate(rows):
                sheet.put(50 + 100 * n, y, label, 7.5 if len(label) < 24 else 5)
                sheet.put(50 + 100 * n, y + 12, self.money(value), 8.5)
            return y + 26
        x = 50.0 if self.sums == "left label" else 350.0
        for label, value in rows:
            sheet.put(x, y, label + (self.colon if c.random() < 0.5 else ""))
            sheet.put(540, y, self.money(value), right=True)
            y += 14
        return y

    def _closing(self, sheet: _Sheet, y: float) -> None:
        c, w, i = self.chance, self.w, self.invoice
        if c.random() < 0.4:
            sheet.put(50, y, c.choice(w.terms).format(days=c.choice((8, 14, 30)), amount=self.money(self.gross)), 8)
            y += 14
        bank = [f"IBAN{self.colon} {_grouped(self.account) if c.random() < 0.7 else self.account}"] if self.account else []
        bank += [f"BIC{self.colon} {i.payment_bic}"] if i.payment_bic else []
        lines = [*bank, *self.footer]
        if c.random() < 0.5:
            for n, line in enumerate(lines):
                sheet.put(50 + 180 * (n % 3), 765 + 10 * (n // 3), line, 7)
        else:
            for n, line in enumerate(lines):
                sheet.put(50, min(y, 730) + 10 * n, line, 8)


_SHARES = {
    "account": 0.6,
    "due": 0.55,
    "delivery": 0.3,
    "order": 0.35,
    "bic": 0.4,
    "seller_vat": 0.7,
    "buyer_vat": 0.2,
    "customer": 0.4,
}


def _grouped(iban: str) -> str:
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


_LENGTHS = {"DE": 18, "FR": 23, "NL": 14, "IT": 23, "ES": 20, "PT": 21, "GB": 18}
_LETTERS = {"NL": "RABO", "IT": "X", "GB": "NWBK"}


def _iban(country: str, chance: Random) -> str:
    """With right check digits (ISO 13616); the bank may not exist."""
    rest = _LETTERS.get(country, "")
    rest += "".join(chance.choices("0123456789", k=_LENGTHS[country] - len(rest)))
    digits = "".join(str(int(ch, 36)) for ch in rest + country + "00")
    return f"{country}{98 - int(digits) % 97:02d}{rest}"


def _bic(country: str, chance: Random) -> str:
    return f"{''.join(chance.choices('ABCDEFGHKLMNPRSTUVW', k=4))}{country}{chance.choice(('2L', 'FF', '22', 'PP'))}"


def _vat(country: str, chance: Random) -> str:
    """With right check digits, as far as we know the rule."""
    for _ in range(200):
        digits = "".join(chance.choices("0123456789", k=11))
        forms = {"FR": digits, "IT": digits, "NL": f"{digits[:9]}B01", "ES": f"B{digits[:8]}"}
        vat_id = country + forms.get(country, digits[:9])
        if vat_id_is_valid(vat_id):
            break
    return vat_id
