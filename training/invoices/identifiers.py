"""Numbers with right check digits: VAT ids and bank accounts of a country, none of them known to be anybody's."""

from __future__ import annotations

from random import Random

from app.domain.parsing import vat_id_is_valid
from app.samples.ledger import check_digits

# n: a digit, a: a letter. The last digits are tried until the scheme's check holds.
_VAT = {
    "GB": "GBnnnnnnnnn",
    "IE": "IEnnnnnnna",
    "DE": "DEnnnnnnnnn",
    "AT": "ATUnnnnnnnn",
    "CH": "CHEnnnnnnnnnMWST",
    "FR": "FRnnnnnnnnnnn",
    "BE": "BE0nnnnnnnnn",
    "NL": "NLnnnnnnnnnBnn",
    "IT": "IT0nnnnnn0nnn",
    "ES": "ESBnnnnnnnn",
    "PT": "PT50nnnnnnn",
}
# ISO 13616: what stands behind the check digits.
_ACCOUNTS = {
    "GB": "ZZZZ99nnnnnnnnnnnn",
    "IE": "ZZZZ99nnnnnnnnnnnn",
    "DE": "99nnnnnnnnnnnnnnnn",
    "AT": "99nnnnnnnnnnnnnn",
    "CH": "99nnnnnnnnnnnnnnn",
    "FR": "9nnnnnnnnnnnnnnnnnnnnnn",
    "BE": "99nnnnnnnnnn",
    "NL": "ZZZZnnnnnnnnnn",
    "IT": "Z99nnnnnnnnnnnnnnnnnnnn",
    "ES": "99nnnnnnnnnnnnnnnnnn",
    "PT": "99nnnnnnnnnnnnnnnnnnn",
}
_ABN_WEIGHTS = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)


def vat_id(country: str, random: Random) -> str:
    """Valid by `vat_id_is_valid`. Raises KeyError for a country without one."""
    while True:
        made = filled(_VAT[country], random)
        if vat_id_is_valid(made):
            return made


def business_number(random: Random) -> str:
    """An Australian ABN: the weighted sum of its digits, the first less one, is divisible by 89."""
    while True:
        digits = filled("nnnnnnnnnnn", random)
        if sum(w * (int(d) - (i == 0)) for i, (w, d) in enumerate(zip(_ABN_WEIGHTS, digits, strict=True))) % 89 == 0:
            return digits


def account(country: str, random: Random) -> str:
    """An IBAN. Raises KeyError for a country without."""
    return check_digits(country, filled(_ACCOUNTS[country], random))


def bic(country: str, random: Random) -> str:
    return f"ZZZZ{country}{random.choice('2345')}{random.choice('AXLPH')}{random.choice(('', '', 'XXX'))}"


def filled(pattern: str, random: Random) -> str:
    return "".join(str(random.randint(1, 9)) if c == "n" else random.choice("ABCDEFGHIJKLMNPQRSTUVW") if c == "a" else c for c in pattern)


def spaced_vat(vat: str, random: Random) -> str:
    """As the country's own papers write it."""
    country = vat[:2]
    if country == "CH":
        return f"CHE-{vat[3:6]}.{vat[6:9]}.{vat[9:12]} {vat[12:]}"
    body = vat[2:]
    if country in ("IT", "ES", "PT") and random.random() < 0.6:
        return body  # at home nobody writes the prefix
    forms = {
        "GB": (vat, f"GB {body[:3]} {body[3:7]} {body[7:]}", f"GB{body[:3]} {body[3:7]} {body[7:]}"),
        "DE": (vat, f"DE {body}", vat),
        "FR": (vat, f"FR {body[:2]} {body[2:5]} {body[5:8]} {body[8:]}", f"FR{body[:2]} {body[2:]}"),
        "BE": (vat, f"BE {body[:4]}.{body[4:7]}.{body[7:]}", f"BE{body[:4]}.{body[4:7]}.{body[7:]}"),
        "NL": (vat, f"NL {body}", f"NL {body[:3]}.{body[3:6]}.{body[6:9]}.{body[9:]}"),
    }
    return random.choice(forms.get(country, (vat,)))


def spaced_account(iban: str, random: Random) -> str:
    """In groups of four, or in one piece."""
    return iban if random.random() < 0.25 else " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
