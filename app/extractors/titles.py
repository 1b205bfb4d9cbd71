"""Titles of columns: what words over a column say it holds, in seven languages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from app.extractors.columns_lexicon import COLUMN_WORDS, Column
from app.extractors.labels import label_words


class Title(NamedTuple):
    """A phrase that names a column. `first` to before `end` are words of those it was found in."""

    column: Column
    first: int
    end: int


@cache
def _phrases() -> dict[str, list[tuple[tuple[str, ...], Column]]]:
    by_first: dict[str, list[tuple[tuple[str, ...], Column]]] = {}
    for column, spellings in COLUMN_WORDS.items():
        for spelling in spellings.split(";"):
            words = tuple(spelling.split())
            by_first.setdefault(words[0], []).append((words, column))
    for phrases in by_first.values():
        phrases.sort(key=lambda phrase: -len(phrase[0]))
    return by_first


def is_title(word: str) -> bool:
    """Whether a plain word is a title by itself."""
    return any(len(phrase) == 1 for phrase, _ in _phrases().get(word, ()))


def titles_in(words: Sequence[str]) -> list[Title]:
    """The titles that plain words hold one behind the other, the longest at each place; "excl. VAT" goes with what stands before it."""
    titles: list[Title] = []
    at = 0
    while at < len(words):
        for phrase, column in _phrases().get(words[at], ()):
            end = at + len(phrase)
            if tuple(words[at:end]) == phrase:
                if column in (Column.AMOUNT, Column.PRICE):
                    end += _tax_behind(phrase[-1], words[end : end + 2])
                titles.append(Title(column, at, end))
                at = end
                break
        else:
            at += 1
    return titles


_WITH_OR_WITHOUT = frozenset(
    "excl incl exkl inkl exc inc exclusief inclusief ohne zonder sans sin sem hors com con excluding including".split()
)
_TAXES = frozenset("vat tax btw mwst ust tva iva gst taxe taxes".split())


def _tax_behind(last: str, words: Sequence[str]) -> int:
    """How many words behind a title, which ends with `last`, say that tax is counted in it or not: "(excl. VAT)"."""
    if last in _WITH_OR_WITHOUT:
        return int(bool(words) and words[0] in _TAXES)
    return 2 if len(words) > 1 and words[0] in _WITH_OR_WITHOUT and words[1] in _TAXES else 0


_OF_AMOUNTS = _WITH_OR_WITHOUT | frozenset("ht ttc netto net brutto gross".split())
_CLOSE = frozenset("% nettowert entgelt nettobetrag".split())
"""Where an amount and a tax stand in one cell, these say that they are two titles set close: "Nettowert USt"."""


def one_title(columns: Sequence[Column], words: Sequence[str]) -> Column | None:
    """What titles that stand together name as one ("Preis/Einheit", "Total excl. VAT"); None if they may be several columns' after all."""
    kinds = set(columns)
    if len(kinds) == 1:
        return columns[0]
    if {Column.NAME} < kinds and kinds & {Column.QUANTITY, Column.AMOUNT} and len(columns) >= 3:
        return None
    for column, beside in _TAKES_IN.items():
        if column in kinds and kinds - {column} <= beside:
            return column
    if kinds == {Column.PRICE, Column.QUANTITY} and columns[0] is Column.PRICE:  # "Precio ud."
        return Column.PRICE
    if kinds == {Column.AMOUNT, Column.TAX_RATE}:
        if _OF_AMOUNTS.intersection(words):
            return Column.AMOUNT
        return None if _CLOSE.intersection(words) else Column.TAX_AMOUNT
    return columns[0] if kinds == {Column.DISCOUNT, Column.TAX_RATE} else None


_TAKES_IN = {
    Column.PRICE: {Column.UNIT, Column.TAX_RATE, Column.AMOUNT, Column.NAME, Column.POSITION},
    Column.AMOUNT: {Column.NAME, Column.POSITION},  # "Item subtotal", "Total ligne"
    Column.QUANTITY: {Column.UNIT, Column.POSITION},
    Column.NAME: {Column.ITEM_ID, Column.POSITION, Column.OTHER},
    Column.ITEM_ID: {Column.POSITION},
}
"""Of titles that stand together, which is the whole's, and with which others: the first that fits."""


def title_of(lines: Sequence[str]) -> Column | None:
    """The column that a title set on several lines names as a whole; None where that is not clear."""
    text = ""
    for line in lines:
        text = text[:-1] + line if text.endswith("-") else f"{text} {line}"
    words = tuple(word for part in text.split() for word in label_words(part))
    titles = titles_in(words)
    return one_title([title.column for title in titles], words) if titles else None
