"""What a row under a table head is: an item, words of one, a sum, a discount or a charge, or the end of the table."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import Literal, NamedTuple

from app.extractors.candidates import Candidates
from app.extractors.columns import Head, TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Row
from app.extractors.items import ItemRow
from app.extractors.labels import CueHit, amount_meaning
from app.extractors.lexicon import Cue


class Verdict(NamedTuple):
    """`text` goes with an item; `carried` is a sum to the next page; `skip` a sum of a group, a discount, a charge, or unclear; with `stop`
    the totals begin; `foot` is what stands under the totals, or under every page. `role`: of its amount, by `amount_meaning`, or "".
    """

    kind: Literal["item", "text", "carried", "skip", "stop", "foot"]
    role: str = ""


def verdict(found: Candidates, head: TableHead, number: int, item: ItemRow, begun: bool, opening: bool) -> Verdict:
    """`item`: the row as read by the columns. `begun`: items stand above. `opening`: over the first proved item of a page that goes on."""
    numbers = item.numbers
    priced = Column.AMOUNT in numbers if head.has(Column.AMOUNT) else Column.PRICE in numbers
    counted = Column.QUANTITY in numbers or (Column.PRICE in numbers and head.has(Column.AMOUNT))
    row = found.grid.rows[number]
    if (begun or (row.read and number > head.last + 2 and not opening)) and not item.numbers:
        if _names_sums(found, number):
            return Verdict("stop")
        if any(hit.cues & _AFTER_ITEMS and not _is_beside(row, hit, head) for hit in found.cues[number]):
            return Verdict("foot" if _ends_page(found, number) else "stop")
    begin, end = _label_cell(row, number, item)
    hits = [hit for hit in found.cues[number] if begin <= hit.first and hit.end <= end]
    label = frozenset().union(*(hit.cues for hit in hits)) if hits else frozenset()
    meaning = amount_meaning(label) if label else None
    covered = sum(hit.end - hit.first for hit in hits)
    wordy = sum(t.wordy for t in row.words[begin:end])
    role = meaning.role if meaning is not None and covered * 2 >= wordy and wordy <= 8 else ""
    if covered >= wordy and begun and role in ("total", "gross", "due") and not item.proved:
        return Verdict("stop")
    money = any(c.decimals == 2 or c.currency for c in numbers.values()) or any(_looks_like_money(t.text) for t in row.words)
    amount = numbers[Column.AMOUNT].value if Column.AMOUNT in numbers else None
    if role == "discount" and isinstance(amount, Decimal) and amount < 0:
        return Verdict("skip", role)
    if item.proved:
        return Verdict("item")
    if role in ("discount", "charge") and numbers and head.has(Column.PRICE) and Column.PRICE not in numbers:
        return Verdict("skip", role)
    if role == "carried" and any(Cue.PAGE in hit.cues for hit in hits):
        return Verdict("carried")  # "Carried over from page 1" counts nothing
    if role and money and not (counted and Column.QUANTITY in numbers):
        if role in ("net", "gross", "due", "tax", "total", "paid", "subtotal", "rounding"):
            if role == "subtotal" and (_more_below(found, head, number) or _ends_page(found, number)):
                return Verdict("skip", role)
            return Verdict("stop" if begun else "skip", role)
        if role == "charge" and item.names and not head.has(Column.QUANTITY) and priced:
            return Verdict("item", role)
        return Verdict("carried" if role == "carried" else "skip", role)
    if priced and counted:
        return Verdict("item")
    if priced and not head.has(Column.QUANTITY) and not (head.has(Column.PRICE) and Column.PRICE not in numbers and begun):
        return Verdict("item" if item.names or Column.ITEM_ID in item.texts else "skip")
    if priced and item.names and not begun and not role and not opening:
        return Verdict("item")
    if priced and item.names and (Column.TAX_RATE in numbers or Column.POSITION in numbers):
        return Verdict("item" if meaning is None else "skip", role)
    if priced:
        return Verdict("skip", role)
    if any(Cue.PAGE in hit.cues for hit in found.cues[number]) and len(row.words) <= 6:
        return Verdict("skip")
    if any(Cue.DELIVERY_NOTE in hit.cues and hit.first <= 1 for hit in found.cues[number]) and any(map(str.isdigit, row.text)):
        return Verdict("skip")  # "Delivery note 4711 of 3 May": what the items under it came with
    return Verdict("text")


def _is_beside(row: Row, hit: CueHit, head: TableHead) -> bool:
    """Whether a label stands in a cell to the left of the whole table."""
    _, end = row.cells[row.cell_of[hit.first]]
    return row.words[end - 1].x1 < head.heads[0].x0 - row.height


_AFTER_ITEMS = {Cue.IBAN, Cue.BIC, Cue.TERMS, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.BANK}
"""Words on payment and tax ids, in a row without numbers."""


def _names_sums(found: Candidates, number: int) -> bool:
    """Whether a row is the titles of the sums."""
    row = found.grid.rows[number]
    titles = 0
    for first, end in row.cells:
        cues = frozenset().union(*(h.cues for h in found.cues[number] if first <= h.first and h.end <= end))
        meaning = amount_meaning(cues) if cues else None
        titles += meaning is not None and meaning.role in ("net", "gross", "due", "tax", "total", "subtotal") and end - first <= 5
    return titles >= 2


def _label_cell(row: Row, number: int, item: ItemRow) -> tuple[int, int]:
    """The words right before the row's last number: a label of it, if the row is one of the totals."""
    amount = item.numbers.get(Column.AMOUNT)
    last = amount.first if amount else max((c.first for c in item.numbers.values()), default=None)
    if last is None:
        last = next((i for i in range(len(row.words) - 1, -1, -1) if _looks_like_money(row.words[i].text)), None)
    if last is None:
        return 0, len(row.words)
    for cell in range(row.cell_of[last], -1, -1):
        begin, end = row.cells[cell]
        end = min(end, last)
        if sum(c.isalpha() for t in row.words[begin:end] for c in t.text) > 3 and not _counts(row, begin, end):
            return begin, end
    return 0, last


def _counts(row: Row, begin: int, end: int) -> bool:
    """ "5.00% of 100.00 EUR": more numbers than words is how an amount came about, not what it is."""
    numbers = sum(t.text[0].isdigit() for t in row.words[begin:end])
    return numbers > 1 and numbers * 2 > end - begin - 1


def _looks_like_money(text: str) -> bool:
    return len(text) >= 4 and text[-1].isdigit() and text[-3] in ".,"


def _more_below(found: Candidates, head: TableHead, number: int) -> bool:
    """Whether a row with something under the titles of quantity, price and amount follows within the page: then a subtotal is a group's."""
    columns = [next((h for h in head.heads if h.column is column), None) for column in (Column.QUANTITY, Column.PRICE, Column.AMOUNT)]
    titles = [h for h in columns if h is not None]
    end = found.grid.pages[found.grid.rows[number].page - 1][1]
    below = found.grid.rows[number + 1 : min(end, number + 12)]
    return len(titles) > 1 and titles[0].column is Column.QUANTITY and any(_fills(row, titles) for row in below)


def _fills(row: Row, titles: list[Head]) -> bool:
    """Whether a cell with a number stands under each of the titles."""
    cells = [(row.words[a].x0, row.words[b - 1].x1) for a, b in row.cells if any(map(str.isdigit, row.span(a, b)))]
    return all(any(x1 > h.x0 and x0 < h.x1 for x0, x1 in cells) for h in titles)


def _ends_page(found: Candidates, number: int) -> bool:
    """Whether no money stands below on this page, but on a later one: then the totals are still to come, and a subtotal is carried over."""
    amounts = found.of("amount")
    end = found.grid.pages[found.grid.rows[number].page - 1][1]
    below = range(bisect_right(amounts, number, key=lambda c: c.row), len(amounts))
    return next((amounts[i].row >= end for i in below if amounts[i].decimals == 2), False)
