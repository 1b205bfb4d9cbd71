"""What the words beside a value say it is: cues found in a row (`cues_of`), and their meaning for an amount, a date or an identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from app.domain.parsing import plain
from app.extractors.grid import Row
from app.extractors.lexicon import CUES, HEADS, Cue
from app.extractors.misread_labels import mended

_END = ""  # no plain word is empty, so a trie node keeps its cues under it


class CueHit(NamedTuple):
    """Cues that one stretch of a row gives: words `first` to before `end`."""

    cues: frozenset[Cue]
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label says a value is, and how surely (0..1). Roles that we do not fill ("order_date") are meanings too: they exclude."""

    role: str
    weight: float


@cache
def _trie() -> dict[str, Any]:
    root: dict[str, Any] = {}
    for cue, spellings in CUES.items():
        for spelling in spellings.split(";"):
            node = root
            for word in spelling.split():
                node = node.setdefault(word, {})
            node[_END] = node.get(_END, frozenset()) | {cue}
    return root


@lru_cache(maxsize=2048)
def label_words(text: str) -> tuple[str, ...]:
    """`plain` words with compounds taken apart and digits glued to a label set free ("nr.12")."""
    root = _trie()
    words: list[str] = []
    if whose := _WHOSE.match(text):
        words.append(_WHOSE_WORDS[whose[0][0]])
        text = text[whose.end() :]
    for word in plain(text):
        if word not in root and len(word) > 5 and word.isalpha():
            if document := _document_in(word):
                words.append(document)
                continue
            for head in HEADS:
                left = word[: -len(head)]
                if word.endswith(head) and (part := next((p for p in (left, left.rstrip("s")) if _END in root.get(p, ())), None)):
                    words += [part, head]
                    break
            else:
                words.append(word)
        else:
            words.append(word)
    return tuple(words)


_WHOSE = re.compile(r"([NV])/(?![^\W\d_](?![^\W\d_]))|(S)/(?=[^\W\d_]{3})")
_WHOSE_WORDS = {"N": "nos", "V": "vos", "S": "su"}
"""Ours and yours as Romance languages shorten them: "N/Ref.", "V/ encomenda", "S/Pedido"."""


def _document_in(word: str) -> str | None:
    """The word for an invoice that ends a German or Dutch compound of any kind: Schlussrechnung, Verkoopfactuur. No Berechnung."""
    for head in ("rechnung", "factuur"):
        left = word.removesuffix(head)
        if left != word and len(left) > 3 and left not in _NO_KINDS:
            return head
    return None


_NO_KINDS = frozenset("voraus hoch gegen".split())
"""With these, "rechnung" is a reckoning."""


def words_at(row: Row, i: int) -> tuple[str, ...]:
    """The label words of one word of a row; in a recognized row as they must have been printed."""
    spot = row.words[i]
    words = label_words(spot.text)
    return mended(spot.text, spot.sure, words) if row.read else words


_CODE = re.compile(r"[#(\[]*(?!N[or]-)[A-Z]{1,4}[-/]\d{3}")
"""A value like N-5969 or FA/1234."""


def cues_of(row: Row) -> list[CueHit]:
    """The cues in a row from left to right: the longest spellings, none across a gap between cells."""
    hits: list[CueHit] = []
    for start, end in row.cells:
        words: list[str] = []
        owners: list[tuple[int, int]] = []
        i = start
        while i < end:
            stop = i + 1
            if _CODE.match(row.words[i].text):  # its letters are part of the value
                found: tuple[str, ...] = ("0",)
            elif spaced := _spaced_out(row, i, end):
                found, stop = spaced
            else:
                found = words_at(row, i)
            words += found
            owners += [(i, stop)] * len(found)
            i = stop
        hits.extend(CueHit(cues, owners[a][0], owners[b - 1][1]) for cues, a, b in _matches(words))
    return hits


def _spaced_out(row: Row, i: int, end: int) -> tuple[tuple[str, ...], int] | None:
    """A label in spaced capitals that came apart, "D AT E", and before which word it ends."""
    for stop in range(min(end, i + 5), i + 1, -1):
        parts = [spot.text for spot in row.words[i:stop]]
        if all(part.isalpha() and part.isupper() for part in parts):
            word = "".join(parts).casefold()
            if len(word) > 3 and _END in _trie().get(word, ()):
                return (word,), stop
    return None


def cues_in(words: Iterable[str]) -> frozenset[Cue]:
    """All cues in plain words."""
    found: set[Cue] = set()
    for cues, _, _ in _matches(list(words)):
        found |= cues
    return frozenset(found)


def label_share(text: str, cues: Iterable[Cue]) -> float:
    """0..1: how many of the words of a text are labels that hold one of the cues. "Page One Books" is no label."""
    words = label_words(text)
    wanted = frozenset(cues)
    return sum(end - first for found, first, end in _matches(list(words)) if found & wanted) / max(1, len(words))


def _matches(words: list[str]) -> list[tuple[frozenset[Cue], int, int]]:
    root = _trie()
    found: list[tuple[frozenset[Cue], int, int]] = []
    i, n = 0, len(words)
    while i < n:
        node = root.get(words[i])
        best: tuple[frozenset[Cue], int] | None = None
        j = i
        while node is not None:
            j += 1
            if _END in node:
                best = (node[_END], j)
            node = node.get(words[j]) if j < n else None
        if best:
            found.append((best[0], i, best[1]))
            i = best[1]
        else:
            i += 1
    return found


@lru_cache(maxsize=1024)
def date_meaning(cues: frozenset[Cue]) -> Meaning | None:
    if Cue.RELATED in cues or Cue.PERIOD in cues:
        return Meaning("other_date", 0.9)
    if Cue.DELIVERY_NOTE in cues or Cue.OFFER in cues or Cue.CONTRACT in cues:
        return Meaning("other_date", 0.8)
    if Cue.DISCOUNT in cues and Cue.INVOICE not in cues:
        return Meaning("other_date", 0.9)
    if Cue.FALL_DUE in cues:
        return Meaning("due_date", 1.0)
    if Cue.UNTIL in cues and cues & {Cue.PAYMENT, Cue.PAYABLE}:
        return Meaning("due_date", 1.0)
    if Cue.COLLECTED in cues:
        return Meaning("due_date", 0.65)
    if Cue.PAYABLE in cues or (Cue.PAYMENT in cues and cues & {Cue.DATE, Cue.TERMS}):
        return Meaning("due_date", 0.7)
    if cues & {Cue.ORDER, Cue.PURCHASE, Cue.SALES}:
        return Meaning("order_date", 0.9)
    if Cue.DELIVERY in cues and Cue.INVOICE not in cues:
        return Meaning("delivery_date", 0.9)
    if Cue.OTHER_DATE in cues and Cue.INVOICE not in cues:
        return Meaning("other_date", 0.8)
    if cues & {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT}:
        return Meaning("issue_date", 1.0 if Cue.DATE in cues else 0.75)
    if Cue.DATE in cues:
        return Meaning("issue_date", 0.8 if Cue.REFERENCE not in cues else 0.5)
    if Cue.TAX_POINT in cues:
        return Meaning("issue_date", 0.6)  # where a British invoice has no other date, it was issued on that day
    if Cue.OF in cues:
        return Meaning("issue_date", 0.45)
    if cues & {Cue.PAID, Cue.CUSTOMER, Cue.REGISTER}:
        return Meaning("other_date", 0.6)
    return None


_RELATED_ORDER = frozenset({Cue.RELATED, Cue.PURCHASE, Cue.YOUR})
"""Of "this invoice refers to your purchase order"."""


@lru_cache(maxsize=1024)
def id_meaning(cues: frozenset[Cue]) -> Meaning | None:
    numbered = bool(cues & {Cue.NUMBER, Cue.REFERENCE})
    if Cue.VAT_NUMBER in cues or (Cue.TAX in cues and numbered):
        return Meaning("vat_id", 1.0 if Cue.VAT_NUMBER in cues else 0.8)
    if Cue.TAX_NUMBER in cues:
        return Meaning("vat_id", 0.9) if Cue.TAX in cues else Meaning("tax_id", 1.0)
    if Cue.TAX in cues and not cues & {Cue.INVOICE, Cue.DATE}:
        return Meaning("vat_id", 0.6)
    if cues & {Cue.IBAN, Cue.BIC, Cue.ACCOUNT, Cue.BANK, Cue.PHONE, Cue.REGISTER}:
        return Meaning("other_id", 0.95)
    if Cue.DATE in cues and not numbered:
        return None
    if cues & {Cue.RELATED, Cue.DELIVERY_NOTE, Cue.OFFER, Cue.CONTRACT, Cue.PAGE, Cue.PERIOD} and not cues >= _RELATED_ORDER:
        return Meaning("other_id", 0.9)
    if Cue.PAYMENT in cues and Cue.REFERENCE in cues:
        return Meaning("payment_reference", 1.0)
    if cues & {Cue.SALES, Cue.SELLER} and not cues & {Cue.INVOICE, Cue.CREDIT} and not (Cue.SALES in cues and Cue.YOUR in cues):
        return Meaning("other_id", 0.8)
    if cues & {Cue.PURCHASE, Cue.ORDER} or (Cue.SALES in cues and Cue.YOUR in cues):
        if Cue.OUR in cues and Cue.YOUR not in cues:
            return Meaning("other_id", 0.9)  # the seller's own number of it
        weight = 1.0 if Cue.PURCHASE in cues else 0.6
        return Meaning("purchase_order_reference", weight * (1.0 if numbered or Cue.YOUR in cues else 0.7))
    if cues & {Cue.CUSTOMER, Cue.BUYER} and not cues & {Cue.INVOICE, Cue.CREDIT}:
        return Meaning("customer_number", 0.9 if numbered else 0.5)
    if cues & {Cue.ARTICLE, Cue.DELIVERY} and not cues & {Cue.INVOICE, Cue.CREDIT}:
        return Meaning("other_id", 0.8)
    if cues & {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT}:
        if numbered:  # a ticket has a number of its own, beside that of the invoice for it
            return Meaning("number", 1.0 if cues & {Cue.INVOICE, Cue.CREDIT} else 0.85)
        return None if cues & {Cue.TOTAL, Cue.PAYABLE} else Meaning("number", 0.6)
    if Cue.YOUR in cues and Cue.REFERENCE in cues:
        return Meaning("buyer_reference", 0.8)
    if Cue.NUMBER in cues and Cue.TOTAL not in cues:
        return Meaning("number", 0.35)
    if Cue.REFERENCE in cues:
        return Meaning("number", 0.2)
    return None


_BASE_WORDS = {Cue.TAX, Cue.BASE, Cue.WITHOUT}


@lru_cache(maxsize=1024)
def amount_meaning(cues: frozenset[Cue]) -> Meaning | None:
    """`total` is one whose words do not say whether with or without tax."""
    summed = bool(cues & {Cue.TOTAL, Cue.GRAND, Cue.SUBTOTAL})
    if Cue.CAPITAL in cues:
        return Meaning("other", 0.9)
    if Cue.ROUNDING in cues and Cue.PAYABLE not in cues and Cue.GRAND not in cues:
        return Meaning("rounding", 0.9)
    if Cue.CARRIED in cues:
        return Meaning("carried", 0.8)
    if Cue.WITHHELD in cues:
        return Meaning("withheld", 0.9)
    if Cue.PAYABLE in cues and not (Cue.PAID in cues and not summed):
        return Meaning("due", 1.0 if Cue.TAX not in cues or Cue.WITH in cues else 0.6)
    if Cue.TAX in cues:
        if (Cue.BASE in cues and cues <= _BASE_WORDS) or (Cue.SHARE_OF in cues and Cue.TOTAL not in cues):
            return Meaning("net", 0.6)
        if Cue.WITHOUT in cues and Cue.WITH not in cues:
            return Meaning("net", 1.0 if summed else 0.85)
        if Cue.WITH in cues and (summed or Cue.WITHOUT not in cues):
            return Meaning("gross", 1.0 if summed else 0.6)
        if Cue.SUBTOTAL in cues:
            return Meaning("net", 0.6)
        if Cue.GRAND in cues:
            return Meaning("gross", 0.5)
        return Meaning("tax", 1.0)
    if Cue.PAID in cues:
        return Meaning("paid", 0.9)
    if Cue.WITHOUT in cues and Cue.WITH not in cues:
        return Meaning("net", 1.0 if summed else 0.8)
    if Cue.WITH in cues and summed and Cue.UNIT_MONEY not in cues:
        return Meaning("gross", 0.95)
    if Cue.DISCOUNT in cues:
        return Meaning("discount", 0.9)
    if Cue.CHARGE in cues and not summed:
        return Meaning("charge", 0.9)
    if Cue.SUBTOTAL in cues:
        return Meaning("subtotal", 1.0)
    if Cue.BASE in cues:
        return Meaning("net", 0.65)
    if Cue.GRAND in cues:
        return Meaning("gross", 0.85)
    if Cue.TOTAL in cues:
        if cues & {Cue.ARTICLE, Cue.CUSTOMER, Cue.UNIT_MONEY}:
            return Meaning("other", 0.5)
        return Meaning("total", 0.8 if Cue.CHARGE not in cues else 0.4)
    if Cue.INVOICE in cues and Cue.NUMBER not in cues and Cue.DATE not in cues:
        return Meaning("total", 0.3)
    return None
