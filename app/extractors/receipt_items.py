"""What was bought, by a till's receipt: rows that end in the column of amounts, from the first to the total, and the words of each.

A till prints an article on one row, or its words on rows of their own over the row of its numbers, or under it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal

from app.domain.parsing import parse_number, plain
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.closing import close
from app.extractors.columns import count_titles
from app.extractors.columns_lexicon import Column
from app.extractors.confusions import misreading
from app.extractors.grid import Row
from app.extractors.item_names import UNITS
from app.extractors.items import Aside, ItemRow, Text, value_of
from app.extractors.products import find_factors
from app.extractors.receipt_amounts import role_of, row_amounts
from app.extractors.receipts import Receipt
from app.extractors.tables import Table

_TIMES = re.compile(
    r"(\d{1,4}(?:[.,]\d{1,3})?)\s?[a-z]{0,4}\s?[xX×*@]\s?(?:[A-Z]{2,3}|[€$£])?\s?"
    r"((?:\d{1,6}|\d{1,3}(?:[.,'\u2019 \u2009]\d{3})+)[.,]\d{2})(?!\d)"
)
_PRICED = re.compile(r"@\s?(\d{1,6}[.,]\d{2})(?!\d)")
_BEGUN = re.compile(r"(\d{1,3})\s?[xX×]\s")
_CODE = re.compile(r"(?=(?:\D*\d){5})[A-Z]{0,3}[\dA-Z/-]{5,}")
_NO_NAMES = frozenset(UNITS | set("sr zr s z t a b c gst tax pkt boxs box rm eur chf gbp usd".split()))
_FEWEST = 3  # letters of a name
_MOST = 3  # rows of a name
_SUMS = ("rounded", "gross", "total", "subtotal", "net", "due", "tendered", "change", "rounding")


def read_items(receipt: Receipt, sums: Collection[Decimal]) -> Table:
    """The articles; `sums`: what the receipt was found to come to. Empty where no row clearly is one."""
    rows = receipt.found.grid.rows
    bought, end = _rows_bought(receipt)
    numbers = [amount.row for amount, _ in bought]
    under = bool(numbers) and _names_follow(rows, numbers, end)
    items: list[ItemRow] = []
    asides: list[Aside] = []
    for n, (amount, role) in enumerate(bought):
        item = ItemRow(amount.row, {Column.AMOUNT: amount})
        if role == "discount" or (items and value_of(amount) < 0):
            item.names = [Text(amount.row, 0, amount.first, rows[amount.row].span(0, amount.first))] if amount.first else []
            asides.append(Aside(item, "discount"))
            continue
        _count(receipt.found, item, amount)
        own = _words(rows[amount.row], amount.row, amount.first)
        if own:
            item.names = [own]
        elif under:
            item.names = _block(rows, range(amount.row + 1, numbers[n + 1] if n + 1 < len(numbers) else end))
        else:
            item.names = _block(rows, range(amount.row - 1, numbers[n - 1] if n else _top(rows, amount.row), -1))
        _take_code(rows, item, amount)
        if item.names or item.proved:
            items.append(item)
        else:
            asides.append(Aside(item))
    closing = close(receipt.found, items, asides, frozenset(sums))
    taken = {row for item in closing.items for row in (item.row, *(part.row for part in item.names))}
    return Table(closing.items, frozenset(taken), closing.asides, closing.closed, closing.changes)


def _rows_bought(receipt: Receipt) -> tuple[list[tuple[Candidate, str]], int]:
    """The amounts, flush right with most of them, over the first sum or payment, each with the role that its own row gives it; and that
    row's number."""
    rows = receipt.found.grid.rows
    amounts = [amount.candidate for amount in row_amounts(receipt)]
    edge = _edge(rows, amounts)
    if edge is None:
        return [], 0
    flush = {c.row: c for c in amounts if abs(rows[c.row].words[c.end - 1].x1 - edge) <= 1.5 * rows[c.row].height}
    bought: list[tuple[Candidate, str]] = []
    for number, row in enumerate(rows):
        c = flush.get(number) or _multiplied(row, number, edge)
        if c is None:
            continue
        role = role_of(row, c.first)
        if role not in _SUMS or (role == "total" and not bought and not _words(row, c.row, c.first)):
            bought.append((c, role))
        elif bought:
            return bought, number
    return bought, len(rows)


def _multiplied(row: Row, number: int, edge: float) -> Candidate | None:
    """An amount misread in its column, where quantity and price stand before it."""
    match, last = _TIMES.search(row.text), len(row.words) - 1
    if match is None or row.word_at(match.end() - 1) >= last or abs(row.words[last].x1 - edge) > 1.5 * row.height:
        return None
    quantity, price = _factors(match)
    value = (quantity * price).quantize(Decimal("0.01"))
    text = row.words[last].text
    cost = 0.2 if text.replace(",", ".").startswith(str(value)) else misreading(text, value)
    return None if cost is None else Candidate("amount", value, number, last, last + 1, decimals=2, cost=round(cost, 3))


def _factors(match: re.Match[str]) -> tuple[Decimal, Decimal]:
    """Quantity and price as `_TIMES` finds them."""
    return Decimal(match[1].replace(",", ".")), parse_number(match[2]) or Decimal(0)


def _edge(rows: Sequence[Row], amounts: Sequence[Candidate]) -> float | None:
    """Where most amounts end."""
    near = 1.5 * sorted(row.height for row in rows)[len(rows) // 2]
    ends = [rows[c.row].words[c.end - 1].x1 for c in amounts]
    votes = [sum(abs(x - other) < near for other in ends) for x in ends]
    return ends[max(range(len(ends)), key=lambda i: votes[i])] if ends and max(votes) > 1 else None


def _names_follow(rows: Sequence[Row], numbers: Sequence[int], end: int) -> bool:
    """Whether names stand under their numbers: there are words over the total, and none but titles over the first numbers."""
    before, behind = max(0, numbers[0] - 1), min(numbers[-1] + 1, len(rows) - 1)
    if behind >= end or not _words(rows[behind], behind, len(rows[behind].words)):
        return False
    return _is_titles(rows[before]) or not _words(rows[before], before, len(rows[before].words))


def _is_titles(row: Row) -> bool:
    return count_titles(row) > (len(row.cells) < 3) and len(row.cells) > 1


def _top(rows: Sequence[Row], number: int) -> int:
    """The row over the name of the first article: the titles, if there are any near, else all but the last row is the till's own."""
    return next((above for above in range(number - 1, max(-1, number - 2 - _MOST), -1) if _is_titles(rows[above])), number - 2)


def _block(rows: Sequence[Row], numbers: Sequence[int]) -> list[Text]:
    """The rows of words of an article as one text, read away from the row of its numbers until something else comes."""
    parts: list[Text] = []
    for number in numbers[:_MOST]:
        row = rows[number]
        last = rows[parts[-1].row] if parts else row
        if _is_titles(row) or max(row.y0 - last.y1, last.y0 - row.y1) > 1.2 * row.height or role_of(row, len(row.words)) in _SUMS:
            break
        text = row.span(0, len(row.words))
        named = _words(row, number, len(row.words), whole=True)
        if ":" in text or _counts(text) or (not named and not parts and number != numbers[0]):
            break
        if named or (parts and number < parts[-1].row) or (not parts and len(numbers) > 1 and numbers[1] < number):
            parts.append(named or Text(number, 0, len(row.words), text))  # the last words of a name may be a size alone
    parts.sort(key=lambda part: part.row)
    if not any(map(_named, parts)):
        return []
    return [Text(parts[0].row, parts[0].first, parts[0].end, " ".join(part.text for part in parts))]


def _counts(text: str) -> bool:
    """Whether a row says how many of an article there are at what price, and is no name as "Lemonade 24 x 0.33 l" is."""
    match = _TIMES.search(text)
    return match is not None and not any(map(_is_name, text[: match.start()].split()))


def _named(part: Text) -> bool:
    return any(map(_is_name, part.text.split()))


def _words(row: Row, number: int, end: int, whole: bool = False) -> Text | None:
    """The words of a row before `end` that may be an article's, up to the last with letters unless `whole`; None where it has none, or
    only numbers, units and codes."""
    begun = _BEGUN.match(row.text)
    first = row.word_at(begun.end()) if begun and begun.end() < len(row.text) else 0
    while first < end and row.words[first].text in ("*", "-", "#", "+"):
        first += 1
    last = end
    while not whole and last > first and not _is_name(row.words[last - 1].text):
        last -= 1
    while first < last < end and row.cell_of[last] == row.cell_of[last - 1] and any(map(str.isalpha, row.words[last].text)):
        last += 1  # "12L" is the end of a name
    text = row.span(first, last)
    if sum(sum(map(str.isalpha, word)) for word in text.split() if _is_name(word)) < _FEWEST or _counts(text):
        return None
    return Text(number, first, last, text)


def _is_name(word: str) -> bool:
    letters = sum(map(str.isalpha, word))
    return letters >= 2 and letters * 2 >= len(word) and not _NO_NAMES.issuperset(plain(word))


def _take_code(rows: Sequence[Row], item: ItemRow, amount: Candidate) -> None:
    """ "9551234567890 MILK 1L": the code is the article's id; so is one before the numbers of an article named elsewhere."""
    for name in item.names:
        words = rows[name.row].words
        code = words[name.first].text
        if name.end - name.first > 1 and len(code) >= 5 and _CODE.fullmatch(code):
            item.texts[Column.ITEM_ID] = Text(name.row, name.first, name.first + 1, code)
            item.names[0] = Text(name.row, name.first + 1, name.end, name.text.removeprefix(code).strip())
            return
    if not item.names or item.names[0].row != amount.row:
        for i, spot in enumerate(rows[amount.row].words[: amount.first]):
            code = spot.text.partition("@")[0]
            if len(code) >= 5 and _CODE.fullmatch(code) and "." not in code:
                item.texts[Column.ITEM_ID] = Text(amount.row, i, i + 1, code)
                return


def _count(found: Candidates, item: ItemRow, amount: Candidate) -> None:
    """Quantity and price where their product is the amount: in its row, or in a row of their own under or over it."""
    rows = found.grid.rows
    for number in (amount.row, amount.row + 1, amount.row - 1):
        if not 0 <= number < len(rows):
            continue
        row = rows[number]
        for match in _TIMES.finditer(row.text):
            quantity, price = _factors(match)
            if abs(quantity * price - value_of(amount)) <= Decimal("0.01"):
                q, p = row.word_at(match.start(1)), row.word_at(match.start(2))
                item.numbers[Column.QUANTITY] = Candidate("amount", quantity, number, q, q + 1)
                item.numbers[Column.PRICE] = Candidate("amount", price, number, p, p + 1, decimals=2)
                item.proved = True
                return
        price_of_one = _PRICED.search(row.text) if number == amount.row else None
        if price_of_one and (price := Decimal(price_of_one[1].replace(",", "."))):
            plain_numbers = (c for c in found.of("amount") if c.row == number and c.first < amount.first and not c.decimals)
            if quantity_read := next((c for c in plain_numbers if value_of(c) * price == value_of(amount)), None):
                at = row.word_at(price_of_one.start(1))
                item.numbers[Column.QUANTITY] = quantity_read
                item.numbers[Column.PRICE] = Candidate("amount", price, number, at, at + 1, decimals=2)
                item.proved = True
                return
    if not _count_of_many(found, item, amount):
        find_factors(item, [c for c in found.of("amount") if c.row == amount.row and c.first < amount.first], amount)


def _count_of_many(found: Candidates, item: ItemRow, amount: Candidate) -> bool:
    """ "4x Rolls 1.60", "Rolls   4   1.60": a count without a price, of which the amount is a whole number of hundredths times."""
    row = found.grid.rows[amount.row]
    begun = _BEGUN.match(row.text)
    whole = [c for c in found.of("amount") if c.row == amount.row and c.first < amount.first]
    alone = [c for c in whole if c.first and (c.first, c.end) in row.cells and not c.decimals]
    if begun:
        count = Candidate("amount", Decimal(begun[1]), amount.row, 0, row.word_at(begun.end(1) - 1) + 1)
    elif len(whole) == len(alone) == 1:
        count = alone[0]
    else:
        return False
    if not value_of(count) or (value_of(amount) / value_of(count)).as_tuple().exponent < -2:  # type: ignore[operator]
        return False
    item.numbers[Column.QUANTITY] = count
    return True
