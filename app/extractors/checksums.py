"""IBANs and VAT ids in recognized text: where letters and digits were confused, the checksum proves how it was printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.domain.parsing import IBAN_COUNTRIES, VAT_PREFIXES, iban_is_valid, iban_length, parse_vat_id, vat_id_is_valid
from app.extractors.candidate import Candidate
from app.extractors.confusions import DIGITS, LETTERS
from app.extractors.grid import THIN, Row

_ANY = "A-Za-z0-9|!"


def _misread_prefixes(prefixes: Iterable[str]) -> dict[str, str]:
    """Country letters as they may be recognized, one of them as a digit or a stroke ("1E", "!T"), to those that must be meant."""
    spellings: dict[str, set[str]] = {}
    for prefix in prefixes:
        for i, letter in enumerate(prefix):
            twins = {digit for digit, other in LETTERS.items() if other == letter} | (set("l!") if letter == "I" else set())
            for twin in twins:
                spellings.setdefault(prefix[:i] + twin + prefix[i + 1 :], set()).add(prefix)
    return {spelling: meant.pop() for spelling, meant in spellings.items() if len(meant) == 1}


_IBAN_PREFIXES = _misread_prefixes(IBAN_COUNTRIES)
_VAT_COUNTRIES = _misread_prefixes(VAT_PREFIXES)


def _iban_pattern(prefixes: Iterable[str]) -> re.Pattern[str]:
    start = "|".join(map(re.escape, prefixes))
    return re.compile(rf"(?<![A-Za-z0-9])((?:{start})[ {THIN}]?[{_ANY}]{{2}}(?:[ {THIN}.-]{{0,2}}[{_ANY}]{{1,8}}){{2,12}})")


def _vat_pattern(prefixes: Iterable[str]) -> re.Pattern[str]:
    start = "|".join(map(re.escape, prefixes))
    return re.compile(rf"(?<![A-Za-z0-9])((?:{start})[ .{THIN}-]{{0,2}}[{_ANY}](?:[ .{THIN}-]?[{_ANY}]){{6,14}})")


# Those with their country as printed go first: what they leave is looked through again.
_IBANS = (_iban_pattern(IBAN_COUNTRIES), _iban_pattern(_IBAN_PREFIXES))
_VATS = (_vat_pattern(VAT_PREFIXES), _vat_pattern(_VAT_COUNTRIES))
_MISREAD_COUNTRY = 0.3  # what it costs to take a digit for a letter of the country

_GSTIN = re.compile(r"(?<!\w)([A-Z0-9|!]{15})(?!\w)")
_GSTIN_FORM = "nnaaaaannnnacac"  # the last but one is always Z
# What stands behind the check digits, for the countries whose account numbers hold letters: n a digit, a a letter, c either. ISO 13616.
_ACCOUNTS = {
    "FR": "10n11c2n",
    "MC": "10n11c2n",
    "IT": "1a10n12c",
    "SM": "1a10n12c",
    "NL": "4a10n",
    "GB": "4a14n",
    "IE": "4a14n",
    "CH": "5n12c",
    "LI": "5n12c",
    "LU": "3n13c",
    "LV": "4a13c",
    "MT": "4a5n18c",
    "RO": "4a16c",
    "BG": "4a6n8c",
    "AD": "8n12c",
    "CY": "8n16c",
    "GR": "7n16c",
    "PL": "24n",
    "KZ": "3n13c",
    "TR": "6n16c",
}


def proved_ids(number: int, row: Row) -> Iterator[Candidate]:
    """IBANs and VAT ids that are valid once letters and digits stand where their country wants them, and not before."""
    for match in (match for pattern in _IBANS for match in pattern.finditer(row.text)):
        country = _IBAN_PREFIXES.get(match[1][:2], match[1][:2])
        length = iban_length(country)
        packed = [(offset, c) for offset, c in enumerate(match[1], match.start()) if c not in f" {THIN}.-"][:length]
        if len(packed) < length:
            continue
        end = packed[-1][0] + 1
        if end < len(row.text) and row.text[end].isalnum():
            continue
        recognized = "".join(c for _, c in packed)
        printed, cost = _fitted(recognized, country)
        if cost and iban_is_valid(printed):
            yield Candidate("iban", printed, number, row.word_at(match.start()), row.word_at(end - 1) + 1, cost=cost)
    for match in _GSTIN.finditer(row.text):
        printed, cost = _as_formed(match[1], _GSTIN_FORM)
        if cost and cost < 1.3 and parse_vat_id(printed) == printed and vat_id_is_valid(printed):
            place = row.word_at(match.start())
            yield Candidate("vat_id", printed, number, place, row.word_at(match.end() - 1) + 1, cost=cost)
    for match in (match for pattern in _VATS for match in pattern.finditer(row.text)):
        text = match[1]
        while text:
            packed_text = "".join(c for c in text if c not in f" {THIN}.-")
            country = "CHE" if packed_text.startswith("CHE") else _VAT_COUNTRIES.get(packed_text[:2], packed_text[:2])
            printed, cost = _all_digits(packed_text, country)
            if cost and cost < 1.3 and parse_vat_id(printed) == printed and vat_id_is_valid(printed):
                first, last = row.word_at(match.start()), row.word_at(match.start() + len(text) - 1)
                yield Candidate("vat_id", printed, number, first, last + 1, cost=cost)
                break
            cut = max(text.rfind(" "), text.rfind("-"), text.rfind(THIN))
            text = text[:cut] if cut > 0 else ""


def _fitted(recognized: str, country: str) -> tuple[str, float]:
    """An IBAN with digits and letters where its country has them, and what the changes cost."""
    form = "".join(kind * int(count) for count, kind in re.findall(r"(\d+)([nac])", _ACCOUNTS.get(country, "30n")))
    printed, cost = _as_formed(recognized[2:], "nn" + form)
    return country + printed, cost + _MISREAD_COUNTRY * (recognized[:2] != country)


def _as_formed(recognized: str, form: str) -> tuple[str, float]:
    """Characters with digits where the form has `n` and letters where it has `a`, and what the changes cost."""
    printed, cost = [], 0.0
    for kind, character in zip(form, recognized, strict=False):
        if kind == "n" and character in DIGITS:
            character, more = DIGITS[character]
            cost += more
        elif kind == "a" and character in LETTERS:
            character = LETTERS[character]
            cost += 0.3
        printed.append(character)
    return "".join(printed).upper(), round(cost, 3)


def _all_digits(recognized: str, country: str) -> tuple[str, float]:
    """A VAT id with digits for all letters that may be digits, but where its country has letters: the first of ATU, the B of NL."""
    printed, cost = [country], _MISREAD_COUNTRY * (not recognized.startswith(country))
    keep = {"AT": (2,), "NL": (11,), "ES": (2, 10), "IE": (9, 10), "CY": (10,), "FR": (2, 3)}.get(country, ())
    for i, character in enumerate(recognized[len(country) :], len(country)):
        if i not in keep and character in DIGITS:
            character, more = DIGITS[character]
            cost += more
        printed.append(character)
    return "".join(printed).upper(), round(cost, 3)
