"""From the text on a page to values: amounts, dates, identifiers. Pure; returns None where the text does not say it clearly."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

CENT = Decimal("0.01")

DateOrder = Literal["dmy", "mdy", "ydm"]
"""How a numeric date is meant. Year-first dates are year-month-day unless the document proves `ydm`."""

LANGUAGES = ("en", "de", "fr", "nl", "it", "es", "pt", "da", "nb", "sv", "pl")
"""Languages whose months we read. Labels are known in the first seven, and the commonest ones in the others."""


def money(value: Decimal) -> Decimal:
    """The same amount with at least two decimals: Decimal("1190") -> Decimal("1190.00")."""
    exponent = value.as_tuple().exponent
    return value.quantize(CENT) if isinstance(exponent, int) and exponent > -2 else value


@lru_cache(maxsize=4096)
def plain(text: str) -> tuple[str, ...]:
    """The words of `text` as labels are compared: case folded, without accents and punctuation; `#` and `%` are words of their own."""
    if text.isascii():
        folded = text.lower()
    else:
        # º and ª would decompose to o and a: "nº" is the abbreviation "n" here, as "n°" is.
        folded = unicodedata.normalize("NFKD", text.replace("º", " ").replace("ª", " ").casefold())
    words: list[str] = []
    current: list[str] = []
    for character in folded:
        if character.isalnum():
            current.append(character)
        elif unicodedata.combining(character):
            continue
        else:
            if current:
                words.append("".join(current))
                current = []
            if character in "#%":
                words.append(character)
    if current:
        words.append("".join(current))
    return tuple(words)


# ---------------------------------------------------------------------------------------------------------------- amounts

_MINUS = str.maketrans("−–—’`´", "---'''")
_SPACES = str.maketrans(dict.fromkeys(" \u00a0\u2007\u2009\u202f'"))
_NUMBER = re.compile(r"\d{1,15}(?:[.,]\d{1,8}){0,6}")


def decimal_mark(texts: list[str]) -> Literal[".", ","] | None:
    """Which mark ends the whole part in this document, from the numbers that leave no doubt; None where they do not agree."""
    votes = {".": 0, ",": 0}
    for text in texts:
        match = re.search(r"([.,])(\d{1,2})(?!\d|[.,]\d)", text[-12:])
        if match:
            votes[match[1]] += 1
    if votes["."] == votes[","]:
        return None
    mark: Literal[".", ","] = "." if votes["."] > votes[","] else ","
    return mark if votes[mark] >= 3 * (votes["."] + votes[","] - votes[mark]) else None


def parse_number(text: str, mark: str | None = None) -> Decimal | None:
    """An unsigned number in any usual grouping: 1.234,56 1,234.56 1 234,56 1'234.56 12,34,567.00.

    `mark` decides 1.234 and 1,234; without it a single group of three after one to three digits is thousands.
    """
    text = text.translate(_MINUS).translate(_SPACES)
    if len(text) > 24 or not _NUMBER.fullmatch(text):
        return None
    points, commas = text.count("."), text.count(",")
    if points and commas:
        last = "." if text.rfind(".") > text.rfind(",") else ","
        if text.count(last) > 1:
            return None
        whole, _, fraction = text.rpartition(last)
        return _joined(whole.split("," if last == "." else "."), fraction)
    if not points and not commas:
        return Decimal(text)
    separator = "." if points else ","
    groups = text.split(separator)
    if len(groups) > 2:
        return _joined(groups, "")
    whole, fraction = groups
    if len(fraction) == 3 and mark != separator and len(whole) <= 3 and not whole.startswith("0"):
        return Decimal(whole + fraction)
    return Decimal(f"{whole}.{fraction}")


def _joined(groups: list[str], fraction: str) -> Decimal | None:
    """Groups of three, or of two before the last three (India); anything else is not a number."""
    head, *rest = groups
    if rest:
        if not 1 <= len(head) <= 3 or len(rest[-1]) != 3:
            return None
        if {len(group) for group in rest[:-1]} not in (set(), {3}, {2}):
            return None
    whole = "".join(groups)
    return Decimal(f"{whole}.{fraction}" if fraction else whole)


def parse_amount(text: str, mark: str | None = None) -> Decimal | None:
    """A signed amount, perhaps with a currency: `-5,00`, `5,00-`, `(5.00)`, `EUR 12`, `12 €`, `$-1,234.50`, `100.--`."""
    text = text.strip().translate(_MINUS)
    negative = text.startswith("(") and text.endswith(")")
    text = text.strip("()").strip()
    text, found = _without_currency(text)
    if text.endswith((".--", ",--", ".-", ",-")):  # Swiss and Dutch for "no cents"
        text = text.rstrip("-").rstrip(".,")
    if text.endswith("-") or text.startswith("-"):
        negative, text = True, (text[:-1] if text.endswith("-") else text[1:]).strip()
        if not found:
            text, _ = _without_currency(text)
    value = parse_number(text.lstrip("+").strip(), mark)
    return None if value is None else -value if negative else value


def _without_currency(text: str) -> tuple[str, bool]:
    for at_start in (True, False):
        match = (_CURRENCY_FIRST if at_start else _CURRENCY_LAST).search(text)
        if match and parse_currency(match[1]):
            return (text[match.end() :] if at_start else text[: match.start()]).strip(), True
    return text, False


# -------------------------------------------------------------------------------------------------------------- currencies

CURRENCY_CODES = frozenset(
    "EUR USD GBP CHF JPY CNY INR AUD CAD NZD SEK NOK DKK PLN CZK HUF RON BGN ISK TRY BRL MXN ARS CLP COP PEN ZAR SGD HKD MYR THB IDR "
    "PHP VND KRW TWD AED SAR ILS EGP MAD TND NGN KES GHS UAH RSD HRK RUB PKR BDT LKR QAR KWD".split()
)
CURRENCY_SIGNS: dict[str, str] = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "zł": "PLN",
    "kč": "CZK",
    "r$": "BRL",
    "us$": "USD",
    "usd$": "USD",
    "a$": "AUD",
    "au$": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "s$": "SGD",
    "hk$": "HKD",
    "nz$": "NZD",
    "mx$": "MXN",
    "$": "USD",
    "rs": "INR",
    "rs.": "INR",
    "rm": "MYR",
    "fr.": "CHF",
    "sfr.": "CHF",
    "euro": "EUR",
    "euros": "EUR",
}
_CURRENCY_FIRST = re.compile(r"^([^\W\d_]{0,4}\.?[$€£¥₹₽₺]|[^\W\d_]{2,5}\.?)\s?(?=[-\d])")
_CURRENCY_LAST = re.compile(r"\s?([^\W\d_]{0,3}[$€£¥₹₽₺]|[^\W\d_]{2,5}\.?)$")


def parse_currency(text: str) -> str | None:
    """ISO 4217 code of a sign, an abbreviation or a code in capitals; a bare `$` is read as USD (the document may say otherwise)."""
    text = text.strip()
    return text if text in CURRENCY_CODES else CURRENCY_SIGNS.get(text.casefold())


# -------------------------------------------------------------------------------------------------------------------- dates


@cache
def month_names() -> dict[str, int]:
    """Names and abbreviations of the months in `LANGUAGES` by CLDR, as `plain` words; earlier languages win where two disagree."""
    from babel import Locale  # its data load once, and only where a date in words is met

    months: dict[str, int] = {"sept": 9, "mrt": 3, "maerz": 3, "janv": 1, "fevr": 2, "juil": 7, "aout": 8, "set": 9, "mrz": 3}
    for language in LANGUAGES:
        names = Locale(language).months
        for style in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[style][width].items():
                    words = plain(name)
                    if len(words) == 1 and not words[0].isdigit():
                        months.setdefault(words[0], int(number))
    return months


def parse_month(text: str) -> int | None:
    words = plain(text)
    return month_names().get(words[0]) if len(words) == 1 else None


def make_date(year: int, month: int, day: int) -> date | None:
    """A date an invoice may bear: 1990..2099; two-digit years are of this century."""
    year += 2000 if year < 100 else 0
    if not 1990 <= year <= 2099:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def numeric_date(first: str, second: str, third: str, order: DateOrder = "dmy") -> date | None:
    """Three groups of digits as a date. Year first where the first has four digits; impossible readings fall back to the only other one."""
    if len(first) == 4:
        a, b = int(second), int(third)
        return (make_date(int(first), b, a) if order == "ydm" else None) or make_date(int(first), a, b) or make_date(int(first), b, a)
    if len(first) > 2 or len(third) not in (2, 4):
        return None
    a, b, year = int(first), int(second), int(third)
    readings = ((b, a), (a, b)) if order != "mdy" else ((a, b), (b, a))
    return make_date(year, *readings[0]) or make_date(year, *readings[1])


# -------------------------------------------------------------------------------------------------------------- identifiers

_IBAN_LENGTHS = {
    code: int(length)
    for code, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 "
        "GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 "
        "MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
    )
}


IBAN_COUNTRIES = tuple(_IBAN_LENGTHS)


def iban_length(country: str) -> int:
    """How many characters an IBAN of the country, one of `IBAN_COUNTRIES`, has."""
    return _IBAN_LENGTHS[country]


def parse_iban(text: str) -> str | None:
    """The IBAN that `text` begins with, without spaces, by its country's length; its checksum is not asked here."""
    packed = "".join(character for character in text[:64] if character.isalnum()).upper()
    length = _IBAN_LENGTHS.get(packed[:2])
    if not length or len(packed) < length or not packed[2:4].isdigit():
        return None
    return packed[:length]


def iban_is_valid(iban: str) -> bool:
    """ISO 13616: length of the country and remainder 1 modulo 97."""
    if len(iban) != _IBAN_LENGTHS.get(iban[:2]) or not iban.isalnum() or not iban.isascii():
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?")
"""ISO 9362; a word in capitals may look the same, so a label is needed."""

_VAT = {
    "AT": r"U\d{8}",
    "BE": r"[01]?\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "GB": r"(?:\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(?:\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "NO": r"\d{9}(?:MVA)?",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "CHE": r"\d{9}(?:MWST|TVA|IVA)?",
}
VAT_PREFIXES = tuple(_VAT)
_VAT_PATTERNS = {prefix: re.compile(prefix + pattern) for prefix, pattern in _VAT.items()}
_GSTIN = re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]")


def parse_vat_id(text: str) -> str | None:
    """A VAT id with its country's prefix, or an Indian GSTIN, packed: no spaces, dots or hyphens. The checksum is not asked here."""
    packed = "".join(character for character in text[:40] if character.isalnum()).upper()
    if _GSTIN.fullmatch(packed):
        return packed
    pattern = _VAT_PATTERNS.get("CHE" if packed.startswith("CHE") else packed[:2])
    return packed if pattern and pattern.fullmatch(packed) else None


@lru_cache(maxsize=4096)
def vat_id_is_valid(vat_id: str) -> bool:
    """Checksum of an EU, British, Norwegian, Swiss or Indian id, by python-stdnum."""
    from stdnum import get_cc_module  # loads a country's module when first asked

    country = "IN" if vat_id[:1].isdigit() else "CH" if vat_id.startswith("CHE") else "GR" if vat_id.startswith("EL") else vat_id[:2]
    kind = "gstin" if country == "IN" else "mva" if country == "NO" else "vat"
    module = get_cc_module(country.lower(), kind)
    return bool(module is not None and module.is_valid(vat_id))
