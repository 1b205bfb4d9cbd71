"""What may be a value, by its form alone, in one row at a time.

Expressions are bounded, so that hostile text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.parsing import (
    BIC,
    VAT_PREFIXES,
    DateOrder,
    iban_is_valid,
    make_date,
    numeric_date,
    parse_currency,
    parse_iban,
    parse_month,
    parse_number,
    parse_vat_id,
)
from app.extractors.candidate import Candidate
from app.extractors.grid import THIN, Row
from app.extractors.labels import CueHit

_C = (
    r"(?:[^\W\d_]{0,3}[$€£¥₹₽₺]|EUR|USD|GBP|CHF|CAD|AUD|INR|MYR|SEK|NOK|DKK|PLN|SGD|NZD|BRL|JPY|CNY|HKD|ZAR"
    r"|Euros?|Rs\.?|RM|Fr\.|SFr\.|Kč|zł|kr\.?|R(?=[ \u00a0\u2009\u202f]?\d[\d ,.'\u00a0\u2009\u202f]{0,12}[.,]\d\d(?!\d)))"
)
_AMOUNT = re.compile(
    rf"(?<![\w.,/-])(?<!\d:)(?P<open>\()?(?P<m1>[-+−–] ?)?(?:(?P<c1>{_C})\s?)?(?P<m2>[-−–])?"
    rf"(?P<n>\d{{1,3}}(?:[.,'’{THIN}\u00a0\u202f]\d{{2,3}}){{1,5}}(?:[.,]\d{{1,5}})?|\d{{1,9}}(?:[.,]\d{{1,5}})?)"
    rf"(?:[.,](?P<dash>--?|[—–]))?(?: ?(?P<c2>{_C})(?!\w| ?\d))?(?P<m3>-)?(?P<close>\))?(?P<pct>\s?%)?"
    r"(?:(?<=[.,]\d\d)[A-Z*])?(?![\w/]|[.,:'’]\d|-\d)"  # a letter behind the cents names a tax rate
)
NUMERIC_DATE = re.compile(r"(?<![\w.,/-])(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d%]|[./-]\d)")


_PACKED_DATE = re.compile(r"(?<!\w)((?:19|20)\d\d)([01]\d)([0-3]\d)(?!\w)")


_DAY_FIRST = re.compile(
    r"(?<!\w)(\d{1,2})(?:\.|st|nd|rd|th|er|º|°|ª)?[\s/-]?\s?(?:de\s|of\s|di\s)?([^\W\d_]{3,12})\.?,?[\s/'-]{0,2}(?:de\s|del\s)?(\d{4}|\d{2})(?![\d:])"
)


_MONTH_FIRST = re.compile(r"(?<!\w)([^\W\d_]{3,12})\.?[\s/-]?(\d{1,2})(?:st|nd|rd|th)?\s?[,./-]?\s?(\d{4})(?!\d)")


_YEAR_FIRST = re.compile(r"(?<!\w)(\d{4})[\s/-]([^\W\d_]{3,12})\.?[\s/-](\d{1,2})(?!\d)")


_IBAN = re.compile(rf"(?<![A-Za-z0-9])([A-Z]{{2}}\s?\d{{2}}(?:[ {THIN}.-]?[A-Z0-9]{{1,7}}){{3,9}})")


_NUMBERED = re.compile(r"NO[\s.](?!.*MVA)", re.DOTALL)
"""In capitals "no. 123456789" looks Norwegian."""


_PREFIX = "|".join((*VAT_PREFIXES, "ATU"))


_VAT = re.compile(
    rf"(?<![A-Za-z0-9])((?:{_PREFIX})[\s.{THIN}-]{{0,2}}[A-Z0-9](?:[\s.{THIN}-]?[A-Z0-9]){{6,14}}"
    r"|\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9])(?![A-Za-z0-9])"
)


GLUED = re.compile(r"^n(?:[°º]|[or]\.)\s?(?=[\dA-Z])", re.IGNORECASE)


_ID = re.compile(r"[#(\[]*([^\s]*\d[^\s]*)")


_MISREAD_WORD = re.compile(r"(?=.{5})\d?[^\W\d_]+(?:\d[^\W\d_]+){0,2}[.:]{0,2}")
"""A label with a letter read as a digit: "0rder", "V0tre"."""


_SIGNS = frozenset("$€£¥₹₽₺")


_CODE = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")


def _placed(row: Row, start: int, end: int) -> tuple[int, int]:
    return row.word_at(start), row.word_at(max(start, end - 1)) + 1


def dates(number: int, row: Row, order: DateOrder) -> Iterator[Candidate]:
    text = row.text
    for match in NUMERIC_DATE.finditer(text):
        value = numeric_date(match[1], match[3], match[4], order)
        if value:
            yield Candidate("date", value, number, *_placed(row, match.start(), match.end()))
    for match in _PACKED_DATE.finditer(text):
        value = make_date(int(match[1]), int(match[2]), int(match[3]))
        if value:
            first, end = _placed(row, match.start(), match.end())
            if end == first + 1 and len(row.words[first].text.strip(".,;:")) == 8:
                yield Candidate("date", value, number, first, end, sound=False)
    for pattern, day, month, year in ((_DAY_FIRST, 1, 2, 3), (_MONTH_FIRST, 2, 1, 3), (_YEAR_FIRST, 3, 2, 1)):
        position = 0
        while named := pattern.search(text, position):
            number_of_month = parse_month(named[month])
            value = make_date(int(named[year]), number_of_month, int(named[day])) if number_of_month else None
            position = named.end() if value else named.start() + 1  # "15 del 30 giugno" begins again after 15
            if value:
                yield Candidate("date", value, number, *_placed(row, named.start(), named.end()))


def amounts(number: int, row: Row, mark: str | None) -> Iterator[Candidate]:
    for match in _AMOUNT.finditer(row.text):
        value = parse_number(match["n"], mark)
        if value is None or match["n"].startswith("00"):
            continue
        negative = (match["m1"] and match["m1"].strip() != "+") or match["m2"] or match["m3"] or (match["open"] and match["close"])
        first, end = _placed(row, match.start(), match.end())
        if row.read and match["close"] and not match["open"] and row.cells[row.cell_of[first]] == (first, end):
            before = row.text[: match.start()]
            negative = negative or before.count("(") <= before.count(")")  # "148.00)": the other bracket could not be read
        start_of_number = row.word_at(match.start("n"))
        exponent = value.as_tuple().exponent
        decimals = 2 if match["dash"] else -exponent if isinstance(exponent, int) else 0
        sign = (match["c1"] or match["c2"] or "").strip()
        currency = "ZAR" if sign == "R" else parse_currency(sign)
        if match["pct"]:
            yield Candidate("percent", value, number, first, end)
        else:
            if match["m1"] and first < start_of_number and not match["c1"] and row.words[first].text in "-–+":
                negative = negative if row.words[first].x1 + row.height > row.words[start_of_number].x0 else None
            yield Candidate("amount", -value if negative else value, number, first, end, currency=currency, decimals=decimals)


def ibans(number: int, row: Row) -> Iterator[Candidate]:
    for match in _IBAN.finditer(row.text):
        iban = parse_iban(match[1])
        if iban is None:
            continue
        # Where the text goes on after the country's length, the end is where the last character stands.
        rest, end = len(iban), match.start()
        while rest:
            rest -= row.text[end].isalnum()
            end += 1
        if end < len(row.text) and row.text[end].isalnum():
            continue
        sound = iban_is_valid(iban)
        if not sound and ("IBAN" in iban or "BIC" in iban):
            continue  # ran into the next label
        first, last = _placed(row, match.start(), end)
        yield Candidate("iban", iban, number, first, last, sound=sound)


def vat_ids(number: int, row: Row) -> Iterator[Candidate]:
    position = 0
    while match := _VAT.search(row.text, position):
        text = match[1]
        position = match.start() + 1  # what begins like one may run into it: "VAT NO. GB 123 4567 89"
        while text:  # the pattern may run into the next words: give them back one by one
            vat_id = None if _NUMBERED.match(text) else parse_vat_id(text)
            if vat_id:
                first, end = _placed(row, match.start(), match.start() + len(text))
                yield Candidate("vat_id", vat_id, number, first, end)
                position = match.start() + len(text)
                break
            cut = max(text.rfind(" "), text.rfind("\t"), text.rfind("-"))
            text = text[:cut] if cut > 0 else ""


def ids(number: int, row: Row, cues: list[CueHit]) -> Iterator[Candidate]:
    """Words with a digit; and, within a cell, such a word with the words around it that read as one identifier ("SALES REF 2547")."""
    for first, end in row.cells:
        i = first
        while i < end:
            match = _ID.match(row.words[i].text)
            if not match or (row.read and _MISREAD_WORD.fullmatch(row.words[i].text) and any(h.first <= i < h.end for h in cues)):
                i += 1
                continue
            text = GLUED.sub("", match[1].split(":")[-1]).strip(".,;()[]")
            if 1 <= len(text) <= 40 and any(map(str.isdigit, text)):
                yield Candidate("id", text, number, i, i + 1)
                begin = i
                while begin > first and _short_code(row.words[begin - 1].text) and not any(h.first <= begin - 1 < h.end for h in cues):
                    begin -= 1
                while row.words[begin].text in "/-":
                    begin += 1
                stop = i + 1
                while stop < end and _goes_on(row.words[stop].text):
                    stop += 1
                while row.words[stop - 1].text in "/-":
                    stop -= 1
                if stop - begin > 1 and stop - begin <= 5:
                    yield Candidate("id", row.span(begin, stop).strip(".,;#"), number, begin, stop)
            i += 1


def _short_code(text: str) -> bool:
    return (text.isupper() and text.isalpha() and len(text) <= 5) or text in "/-"


def _goes_on(text: str) -> bool:
    return text in "/-" or (any(map(str.isdigit, text)) and text.replace("-", "").replace("/", "").isalnum() and text[0] not in "-/(")


def codes(number: int, row: Row) -> Iterator[Candidate]:
    for i, spot in enumerate(row.words):
        text = spot.text.strip(".,;:()")
        if BIC.fullmatch(text):
            yield Candidate("bic", text, number, i, i + 1)
        for match in _CODE.finditer(spot.text):
            if parse_currency(match[1]):
                yield Candidate("currency", match[1], number, i, i + 1)
        if not _SIGNS.isdisjoint(spot.text) or text in ("Rs", "RM") or text.casefold() in ("euro", "euros"):
            sign = parse_currency("".join(c for c in text if not c.isdigit() and c not in ".,-'’")) or parse_currency(
                next((c for c in text if c in _SIGNS), "")
            )
            if sign:
                yield Candidate("currency", sign, number, i, i + 1)
