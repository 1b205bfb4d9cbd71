"""Numbers with right check digits: VAT ids and bank accounts of a country, none of them known to be anybody's."""

from __future__ import annotations

from random import Random

from stdnum.util import get_cc_module

from app.domain.parsing import vat_id_is_valid
from app.samples.ledger import check_digits

# n: a digit, a: a letter. The last digits are tried until the scheme's check holds.
VAT_IDS = {
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
    "PL": "PLnnnnnnnnnn",
    "IN": "nnaaaaannnnanZa",
}
# ISO 13616: what stands behind the check digits.
ACCOUNTS = {
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
    "PL": "99nnnnnnnnnnnnnnnnnnnnnn",
}
# What a business is known by where no number begins with the country: the scheme's name in stdnum, if it has one.
_TAX_NUMBERS = {
    "AU": ("abn", "nnnnnnnnnnn"),
    "CA": ("bn", "nnnnnnnnnRT0001"),
    "NZ": ("ird", "nn-nnn-nnn"),
    "SG": ("uen", "20nnnnnnna"),
    "MX": ("rfc", "aaann0n1naan"),
    "BR": ("cnpj", "nn.nnn.nnn/0001-nn"),
    "ZA": ("", "4nnnnnnnnn"),
    "MY": ("", "ann-nnnn-nnnnnnnn"),
}


def vat_id(country: str, random: Random) -> str:
    """Valid by `vat_id_is_valid`. Raises KeyError for a country without one."""
    while True:
        made = filled(VAT_IDS[country], random)
        if vat_id_is_valid(made):
            return made


def tax_number(country: str, random: Random) -> str:
    """As an Australian ABN: valid by stdnum, where that knows the scheme. Raises KeyError for a country without one."""
    scheme, pattern = _TAX_NUMBERS[country]
    known = get_cc_module(country, scheme) if scheme else None
    while True:
        made = filled(pattern, random)
        if known is None or known.is_valid(made):
            return made


def account(country: str, random: Random) -> str:
    """An IBAN. Raises KeyError for a country without."""
    return check_digits(country, filled(ACCOUNTS[country], random))


def bic(country: str, random: Random) -> str:
    return f"ZZZZ{country}{random.choice('2345')}{random.choice('AXLPH')}{random.choice(('', '', 'XXX'))}"


def filled(pattern: str, random: Random) -> str:
    return "".join(str(random.randint(1, 9)) if c == "n" else random.choice("ABCDEFGHIJKLMNPQRSTUVW") if c == "a" else c for c in pattern)


def spaced_vat(vat: str, random: Random) -> str:
    """As the country's own papers write it."""
    country = "IN" if vat[0].isdigit() else vat[:2]
    if country == "CH":
        return f"CHE-{vat[3:6]}.{vat[6:9]}.{vat[9:12]} {vat[12:]}"
    body = vat[2:]
    if country == "PL":
        return random.choice((body, f"{body[:3]}-{body[3:6]}-{body[6:8]}-{body[8:]}", vat))
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
