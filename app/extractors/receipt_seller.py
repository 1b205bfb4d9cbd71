"""Whose a till's receipt is: the name at its head, above or among the address, the registrations and the telephone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.domain.parsing import plain
from app.extractors.addressee import PartyChoice, as_candidate
from app.extractors.choice import Choice, confidence
from app.extractors.common_words import is_common
from app.extractors.grid import Row
from app.extractors.labels import CueHit, cues_in
from app.extractors.lexicon import Cue
from app.extractors.names import DOMAIN, LEGAL, OWNER, address_like, clean, legal_form, name_end, name_like, only_legal_form, registration
from app.extractors.parties import Parties
from app.extractors.receipts import TIME, Receipt
from app.extractors.sender import PRINTED
from app.extractors.trades import BEFORE, BEHIND, TRADES

_TOP = 14  # rows in which the name is looked for
_NO_NAME = {Cue.INVOICE, Cue.RECEIPT, Cue.CREDIT, Cue.DATE, Cue.TOTAL, Cue.PHONE, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER}
_MOST = 3
"""Lines of a name."""


def given_by(receipt: Receipt) -> Choice | None:
    """The name at the head of the receipt."""
    rows = receipt.found.grid.rows[:_TOP]
    usual = sorted(row.height for row in receipt.found.grid.rows)[len(receipt.found.grid.rows) // 2]
    weighed: list[tuple[float, int]] = []
    begun = False  # whether the address has, or what was bought
    for number, row in enumerate(rows):
        if begun and number > 8 and weighed:
            break
        if _is_contact(row) or TIME.search(row.text):
            begun = True
        elif _may_be_name(row, receipt.found.cues[number]) and not receipt.said[number] & {"change", "thanks"}:
            said = receipt.said[number]
            if number and rows[number - 1].text.rstrip().endswith(":"):
                said |= receipt.said[number - 1]  # "owned by:" in a line of its own
            merit = _merit(rows, number, said) - (0.45 if begun else 0.0) + (0.12 if row.height > 1.2 * usual else 0.0)
            weighed.append((merit, number))
    if not weighed:
        return None
    merit, number = max(weighed)
    if merit < 0.3:
        return None
    first, last = _begin(rows, number), _end(rows, number)
    text = clean(" ".join(_name_in(row) for row in rows[first : last + 1]))
    line = (number, 0, name_end(rows[number], 0, len(rows[number].words)))
    return Choice(text, confidence(min(1.0, merit), 0.3), as_candidate(line, text))


def _merit(rows: list[Row], number: int, said: frozenset[str]) -> float:
    """How much speaks for a row as the name, but for what stands over it."""
    row = rows[number]
    text = _name_in(row)
    words = plain(text)
    legal = legal_form(text)
    trade = not TRADES.isdisjoint(words)
    merit = 0.4 + (0.4 if legal else 0.0) + 0.8 * (_sure(row) - 0.8) - 0.02 * number
    merit += 0.12 if text.isupper() else 0.0
    merit += 0.2 if trade else 0.0
    merit += 0.2 if any(_is_contact(below) for below in rows[number + 1 : number + 4]) else 0.0
    merit += 0.3 if _is_registered(rows, number) else 0.0
    merit -= 0.3 if row.words[-1].text.endswith((",", ";")) or (text.endswith(".") and not legal) else 0.0
    merit -= 0.8 if words[0] in OWNER else 0.0
    merit -= 0.2 if len(words) == 1 and len(text) < 9 else 0.0
    merit -= 0.3 if sum(map(is_common, words)) * (2 if trade else 3) > len(words) else 0.0
    merit -= 0.3 if ":" in text and not legal else 0.0  # a label and its value
    merit -= 0.8 if "other firm" in said else 0.0
    merit -= 0.6 if "operator" in said else 0.0
    merit -= 0.5 if "branch" in said and not legal else 0.0
    merit -= 0.8 if "greeting" in said and len(words) < 3 and not _GREETING.match(row.text.strip()) else 0.0
    return merit


def _sure(row: Row) -> float:
    return sum(spot.sure for spot in row.words) / len(row.words)


_GREETING = re.compile(
    r"(?:welcome to|willkommen (?:bei|im|in)|bienvenue (?:chez|au?|à)|benvenuti (?:da|al?)|bienvenidos? a|welkom bij)\s+", re.I
)


def _name_in(row: Row) -> str:
    return _GREETING.sub("", clean(row.span(0, name_end(row, 0, len(row.words)))), count=1)


def _is_registered(rows: list[Row], number: int) -> bool:
    """Whether the firm's registration stands behind a name or right under it."""
    row = rows[number]
    return name_end(row, 0, len(row.words)) < len(row.words) or (number + 1 < len(rows) and _is_registration(rows[number + 1]))


def _is_registration(row: Row) -> bool:
    text = row.span(0, len(row.words))
    if name_end(row, 0, len(row.words)) < len(row.words):
        return False  # it stands behind a name
    return registration(text) or (Cue.REGISTER in cues_in(plain(text)) and any(map(str.isdigit, text)))


def _may_be_name(row: Row, hits: Sequence[CueHit] = ()) -> bool:
    text = _name_in(row)
    words = plain(text)
    if not name_like(text) or _is_registration(row) or all(word in PRINTED or is_common(word) for word in words):
        return False
    end = name_end(row, 0, len(row.words))
    labels = sum(hit.end - hit.first for hit in hits if hit.cues & _NO_NAME and hit.end <= end)
    return 2 * labels < end or legal_form(text) or words[0] in BEFORE


def _is_contact(row: Row) -> bool:
    text = row.span(0, name_end(row, 0, len(row.words)))
    if DOMAIN.search(text) or address_like(text):
        return True
    words = plain(text)
    digits = any(map(str.isdigit, text))
    if digits and (
        (text.rstrip().endswith((",", ";", ".")) and not legal_form(text)) or (words and words[0] in ("no", "lot", "unit", "nr"))
    ):
        return True  # a street or a town, in whatever language
    return digits and bool(cues_in(words) & {Cue.PHONE, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER, Cue.TAX})


def _begin(rows: list[Row], number: int) -> int:
    """The first line of a name whose last is `number`."""
    first = number
    while first > 0 and number - first < _MOST - 1:
        lower = " ".join(map(_name_in, rows[first : number + 1]))
        if not _goes_on(rows[first - 1], rows[first], _name_in(rows[first - 1]), lower):
            break
        first -= 1
    return first


def _end(rows: list[Row], number: int) -> int:
    """The last line of a name of which `number` is one."""
    last = number
    while last + 1 < len(rows) and last - number < _MOST - 1:
        upper = " ".join(map(_name_in, rows[number : last + 1]))
        if not _goes_on(rows[last], rows[last + 1], upper, _name_in(rows[last + 1])):
            break
        last += 1
    return last


_LINKS = frozenset("& and und et en e y of de di the am".split())


def _goes_on(above: Row, below: Row, upper: str, lower: str) -> bool:
    """Whether a name was broken between two rows, of which it has `upper` and `lower`: the one has no end, or the other no beginning.

    A brand or a shop's name over the firm's is none of it: each could stand alone.
    """
    if below.y0 - above.y1 >= 1.2 * below.height or above.height >= 1.6 * below.height or _is_registration(below):
        return False
    if not _may_be_name(above) or _is_contact(above) or _is_contact(below) or name_end(above, 0, len(above.words)) < len(above.words):
        return False
    words = plain(lower)
    core = [word for word in words if word not in LEGAL and len(word) > 1]
    if not words:
        return False
    if lower.startswith("&") or upper.endswith(("&", "-")) or upper.count("(") > upper.count(")"):
        return True
    if only_legal_form(lower) or (not core and any(word in LEGAL for word in words)):
        return True
    if legal_form(upper):
        return False
    if lower.startswith("(") or upper.casefold().split()[-1] in _LINKS:
        return True
    if legal_form(lower) or any(word in LEGAL for word in words):
        return words[0] in BEHIND or TRADES.issuperset(core)
    return all(word in BEFORE for word in plain(upper)) and upper.isupper() == lower.isupper()


def parties_of(receipt: Receipt, parties: Parties) -> Parties:
    """The parties, the seller by the head of the receipt; its buyer is not known, unless a label named one."""
    seller = replace(parties.seller, name=given_by(receipt) or parties.seller.name)
    if parties.buyer.name and parties.buyer.name.confidence >= 0.75:
        return Parties(seller, parties.buyer)
    # What was taken for a buyer's address is the till's own, with the ids under it.
    return Parties(replace(seller, vat_id=seller.vat_id or parties.buyer.vat_id), PartyChoice())
