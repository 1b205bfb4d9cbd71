"""Where in a line a name may stand: a cell, what stands before a separator in it, a company in running text."""

from __future__ import annotations

import re

from app.domain.parsing import plain
from app.extractors.grid import Row
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue
from app.extractors.names import LEGAL, legal_form, name_end
from app.extractors.passages import Line

_TITLES = {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT}
_ADDRESS = re.compile(r"[^,]*\d[^,]*,.*\d")


def _companies_in(row: Row, number: int, first: int, end: int) -> list[Line]:
    """Names with a legal form inside running text: the capitalised words that lead up to it."""
    found: list[Line] = []
    for i in range(first + 1, end):
        word = "".join(plain(row.words[i].text))
        if word not in LEGAL or not row.words[i].text[0].isupper() or (found and found[-1][2] > i - 1):
            continue
        if _registers(row, i, end):
            continue
        start = i
        while start > first and i - start < 5:
            text = row.words[start - 1].text
            if (
                not (text[0].isupper() or text == "&")
                or text[-1] == ":"
                or (text[-1] in ".;" and len(text) > 5)
                or (text.endswith(",") and start < i)
            ):
                break
            start -= 1
        if start < i and sum(c.isalpha() for t in row.words[start:i] for c in t.text) > 2:
            stop = i + 1
            while stop < end and "".join(plain(row.words[stop].text)) in LEGAL:
                stop += 1
            found.append((number, start, stop))
    return found


def name_parts(row: Row, number: int, first: int, end: int) -> list[Line]:
    """A cell, and what stands before a separator in it ("ACME AG - Some street 4 - 12345 Town", "ACME Ltd, 5 Some street")."""
    parts: list[Line] = []
    end = name_end(row, first, end)
    for i in range(first, min(end, first + 9)):
        text = row.words[i].text
        titled = i + 1 < end and bool(cues_in(plain(row.words[i + 1].text)) & _TITLES)
        if i > first and (end - first > 6 or titled) and legal_form(row.span(first, i + 1)) and row.words[first].text[0].isupper():
            if _registers(row, i, end):
                return [(number, first, i)]  # "ACME Ltd Company No. 123"
            if i + 1 < end and row.words[i + 1].text in ("&", "und", "and", "et"):
                continue
            if (
                i + 1 == end
                or not row.words[i + 1].text[0].isalpha()
                or row.words[i + 1].text[0].islower()
                or titled
                or _labelled(row, i + 1)
            ):
                return [(number, first, i + 1)]  # "ACME SA au capital de ...", "ACME GmbH Handelsregister HRB 1234 ..."
        if text in ("-", "–", "|", "•", "·", "*", "—", "·") and i > first:
            parts.append((number, first, i))
            break
        if text.endswith(",") and not parts and _ADDRESS.match(row.span(i + 1, end)):
            parts.append((number, first, i + 1))  # "Wood Corner, 5 Some street, 12345 Town"
        goes_on = i + 1 < end and "".join(plain(row.words[i + 1].text)) in LEGAL  # "Co., Ltd."
        if text.endswith((",", "•", "|", ";")) and i + 1 < end and legal_form(row.span(first, i + 1)) and not goes_on:
            parts.append((number, first, i + 1))
            return parts
    if end - first <= 9:
        parts.append((number, first, end))
    if end - first > 4:
        parts += [line for line in _companies_in(row, number, first, end) if line not in parts]
    return parts


def _labelled(row: Row, i: int) -> bool:
    """Whether a word says what the number after it is: it belongs to no name before it."""
    return bool(cues_in(plain(row.words[i].text)) & {Cue.REGISTER, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.PHONE, Cue.IBAN})


def _registers(row: Row, i: int, end: int) -> bool:
    """Whether a word begins the label of a register's number, as "Company No." does, and is no legal form."""
    return i + 1 < end and Cue.REGISTER in cues_in(plain(row.span(i, i + 2))) - cues_in(plain(row.words[i + 1].text))
