"""VAT ids, tax numbers and addresses of the parties."""

from __future__ import annotations

import re

from app.domain.invoice import Address
from app.domain.parsing import (
    parse_vat_id,
    plain,
    vat_id_is_valid,
)
from app.extractors.addressee import PartyChoice
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, lead_of, pick
from app.extractors.grid import Grid
from app.extractors.labels import cues_in, id_meaning
from app.extractors.lexicon import Cue
from app.extractors.names import address_like, countries, post_code
from app.extractors.passages import Passage, text_of

_CITY_STOP = re.compile(r"\s(?:tel|fax|phone|-|–|•|\||email|e-mail|www|siret|tva)\b.*", re.IGNORECASE)


def choose_tax_ids(
    found: Candidates, seller: PartyChoice, buyer: PartyChoice, labelled: dict[str, list[tuple[float, Passage]]], items: frozenset[int]
) -> None:
    """VAT ids by grammar, and labelled identifiers that may lack a prefix; those in or under the buyer's passage are the buyer's."""
    theirs = [passage for _, passage in labelled["buyer"]] + ([buyer.passage] if buyer.passage else [])
    foreign = [passage for role in ("ship_to", "other") for _, passage in labelled[role]]
    weighed: dict[str, list[tuple[float, Candidate]]] = {"seller.vat_id": [], "buyer.vat_id": [], "seller.tax_id": []}
    values = [*found.of("iban"), *(c for c in found.of("date") if c.sound), *(c for c in found.of("amount") if c.decimals == 2)]
    taken = {(c.row, i) for c in values for i in range(c.first, c.end)}
    done: set[tuple[int, int]] = set()
    for c in [*found.of("vat_id"), *found.of("id")]:
        if (c.row, c.first) in done or (c.row, c.first) in taken or (c.row in items and c.kind == "id"):
            continue
        if c.kind == "id" and (sum(map(str.isdigit, str(c.value))) < 6 or len(str(c.value)) > 30 or _of_phone(found, c)):
            continue
        roles = found.strength(c, id_meaning)
        vat, tax = lead_of(roles, "vat_id"), lead_of(roles, "tax_id")
        text = str(c.value)
        if c.kind == "vat_id":
            valid = vat_id_is_valid(text)
            other = lead_of(roles, max(roles, key=lambda r: roles[r]) if roles else "") > 0.5
            on_line = _line_of(found, c, seller, buyer)
            if vat < 0.2 and not on_line and (not valid or other):
                continue
            merit = 0.35 + 0.5 * max(vat, 0.0) + (0.15 if valid else 0.1 if on_line else 0.0)  # a valid one stands against a weak label
        else:
            digits = sum(map(str.isdigit, text))
            if (vat < 0.35 and tax < 0.35) or not 7 <= len("".join(plain(text))) <= 20 or digits < 6:
                continue
            if parse_vat_id(text):
                continue  # found by its grammar already
            merit = 0.3 + 0.5 * max(vat, tax)
        done.update((c.row, i) for i in range(c.first, c.end))
        own = _belongs(found, c, theirs) or any(label.cues & {Cue.YOUR, Cue.BUYER, Cue.CUSTOMER} for label in found.labels(c)[:1])
        if _belongs(found, c, foreign) and not own:
            merit -= 0.35
        role = "buyer" if own else "seller"
        path = f"{role}.vat_id" if c.kind == "vat_id" or vat >= tax else f"{role}.tax_id"
        if path == "seller.vat_id" and c.row:
            merit += 0.1 if seller.passage and _belongs(found, c, [seller.passage]) else 0.0
            merit -= 0.1 * min(1.0, c.row / max(1, len(found.grid.rows))) * (0.3 if c.kind == "vat_id" else 1.0)
        if path in weighed:
            value = "".join(ch for ch in text if ch.isalnum()) if "vat" in path else text
            weighed[path].append((merit, Candidate(c.kind, value, c.row, c.first, c.end)))
    seller.vat_id = pick(weighed["seller.vat_id"], 0.4)
    buyer.vat_id = pick(weighed["buyer.vat_id"], 0.4)
    seller.tax_id = pick(weighed["seller.tax_id"], 0.4)


def _line_of(found: Candidates, c: Candidate, *parties: PartyChoice) -> bool:
    """Whether a value is all that stands on a line of a party's address, where it needs no label."""
    parties_own = all(label.cues <= _PARTY and label.relation == "above" for label in found.labels(c))
    return parties_own and any((c.row, c.first, c.end) in party.passage.lines for party in parties if party.passage)


_PARTY = {Cue.SELLER, Cue.BUYER, Cue.CUSTOMER, Cue.NAME}


def _of_phone(found: Candidates, c: Candidate) -> bool:
    """Whether digits are, or go on, a number with the code of a country: "+41 78 849 86 39"."""
    row = found.grid.rows[c.row]
    return any(row.words[i].text.startswith("+") for i in range(row.cells[row.cell_of[c.first]][0], c.end))


def _belongs(found: Candidates, c: Candidate, passages: list[Passage]) -> bool:
    """Whether a value stands in a passage or right under it, in its column."""
    grid = found.grid
    row = grid.rows[c.row]
    for passage in passages:
        top, bottom = grid.rows[passage.lines[0][0]], grid.rows[passage.lines[-1][0]]
        if row.page != top.page or row.y0 < top.y0 - row.height or row.y1 > bottom.y1 + 3.5 * row.height:
            continue
        left = min(grid.rows[line[0]].words[line[1]].x0 for line in passage.lines)
        right = max(grid.rows[line[0]].words[line[2] - 1].x1 for line in passage.lines)
        cell_left = row.words[row.cells[row.cell_of[c.first]][0]].x0
        width = grid.sizes[row.page - 1][0]
        if left - 2 * row.height <= cell_left <= max(right, left + 0.25 * width):
            return True
    return False


def address_of(grid: Grid, passage: Passage, name: Choice | None) -> Address:
    """Post code, city, country and the line before, where a line of the passage shows them clearly."""
    for i, line in enumerate(passage.lines[:8]):
        text = text_of(grid, line)
        match = post_code(text)
        if not match:
            continue
        groups = match.groupdict()
        before = text[: match.start()].rstrip(" ,").rsplit(",", 1)[-1]  # "Reading RG1 3EX"
        city, province = _city(groups.get("city") or ("" if any(map(str.isdigit, before)) else before))
        country = _country(text, groups.get("prefix")) or _country_of_code(match)
        if country is None and i + 1 < len(passage.lines):
            country = _country(text_of(grid, passage.lines[i + 1]), None)
        street = text[: match.start()].strip(" ,")
        above = street if _is_street(street) else text_of(grid, passage.lines[i - 1]) if i else None
        if above is not None and (above == (name and name.value) or cues_in(plain(above)) & {Cue.TAX_NUMBER, Cue.VAT_NUMBER, Cue.PHONE}):
            above = None
        return Address(
            line_1=above,
            city=city or None,
            post_code=match["code"] or groups.get("code_au"),
            subdivision=groups.get("state") or groups.get("state_au") or province,
            country=country,
        )
    return Address()


def _is_street(text: str) -> bool:
    return any(map(str.isdigit, text)) and address_like(text)


def _city(text: str) -> tuple[str, str | None]:
    """The city and, in parentheses behind it, the province ("Torino (TO)")."""
    text = _CITY_STOP.sub("", text).split(",")[0].strip(" ,.-")
    city, _, province = text.partition("(")
    return city.strip(), province.strip(" )") or None


def _country_of_code(match: re.Match[str]) -> str | None:
    """The country whose post codes alone look like this one."""
    groups = match.groupdict()
    if groups.get("code_au"):
        return "AU"
    code = match["code"]
    if groups.get("state"):
        return "CA" if code[0].isalpha() else "US" if len(groups["state"]) == 2 else None
    return next((country for country, form in _CODES if form.fullmatch(code)), None)


_CODES = (
    ("GB", re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}")),
    ("IE", re.compile(r"[A-Z]\d[\dW] [A-Z\d]{4}")),
    ("NL", re.compile(r"\d{4} ?[A-Z]{2}")),
    ("PT", re.compile(r"\d{4}-\d{3}")),
)


_PREFIX = {"D": "DE", "F": "FR", "A": "AT", "I": "IT", "E": "ES", "B": "BE", "L": "LU", "P": "PT"} | {
    code: code for code in ("CH", "NL", "DE", "FR", "AT", "BE", "IT", "ES", "LU", "PT")
}


def _country(text: str, prefix: str | None) -> str | None:
    if prefix and prefix in _PREFIX:
        return _PREFIX[prefix]
    for part in reversed(text.split(",")):
        words = " ".join(plain(part))
        if words in countries():
            return countries()[words]
        if part.strip().isupper() and len(part.strip()) == 2 and part.strip() in countries().values():
            return part.strip()
    return None
