"""BICs in recognized text: no checksum proves one, but its form says where letters stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.parsing import BIC, IBAN_COUNTRIES
from app.extractors.candidate import Candidate
from app.extractors.confusions import LETTERS
from app.extractors.grid import Row

_LIKE = re.compile(r"[A-Z0-9]{8}(?:[A-Z0-9]{3})?")


def mended_bics(number: int, row: Row) -> Iterator[Candidate]:
    """Words that are a BIC once letters stand where it has them, and are not as they were recognized."""
    for i, spot in enumerate(row.words):
        text = spot.text.strip(".,;:()")
        if not _LIKE.fullmatch(text):
            continue
        bank, place = "".join(LETTERS.get(c, c) for c in text[:6]), text[6:]
        if place[0] == "Z" and bank[4:] != "CH":
            place = "2" + place[1:]  # places begin with a Z in Switzerland alone, and with a 2 in every country
        if bank + place != text and bank[4:] in IBAN_COUNTRIES and BIC.fullmatch(bank + place):
            changes = sum(a != b for a, b in zip(text, bank + place, strict=True))
            yield Candidate("bic", bank + place, number, i, i + 1, cost=round(0.3 * changes, 3))
