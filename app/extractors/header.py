"""Weighs candidates and decides: the header's number, dates, references, account and terms. Amounts are chosen together in `totals`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise

from app.domain.parsing import plain
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, lead_of, pick
from app.extractors.grid import Row
from app.extractors.labels import Meaning, date_meaning, id_meaning
from app.extractors.lexicon import Cue
from app.extractors.names import address_like
from app.extractors.tables import Table


def choose_header(found: Candidates, table: Table, items: frozenset[int]) -> dict[str, Choice]:
    """All header fields but amounts and parties. The item table holds no identifiers; `items`, its rows down to its last item, hold no
    dates (beside the sums under it may stand when to pay)."""
    chosen: dict[str, Choice] = {}
    _choose_dates(found, [c for c in found.of("date") if c.row not in items or not table.holds(c, found.grid)], chosen)
    _choose_ids(found, table, chosen)
    _choose_terms(found, table.rows, chosen)
    account = pick(_accounts(found))
    if account:
        chosen["payment_account"] = account
    bic = pick((found.strength(c, _bic_meaning).get("bic", 0.0), c) for c in found.of("bic"))
    if bic:
        chosen["payment_bic"] = bic
    return chosen


def _choose_dates(found: Candidates, dates: list[Candidate], chosen: dict[str, Choice]) -> None:
    roles = {id(c): found.strength(c, date_meaning) for c in dates}
    for path, role in (("due_date", "due_date"), ("delivery_date", "delivery_date")):
        choice = pick(((lead_of(roles[id(c)], role) * _early(found, c), c) for c in dates), floor=0.4)
        if choice:
            chosen[path] = choice
    weighed: list[tuple[float, Candidate]] = []
    free = [c for c in dates if not roles[id(c)] and c.sound]
    for c in dates:
        merit = lead_of(roles[id(c)], "issue_date") * _early(found, c)
        if not roles[id(c)] and c.sound:
            merit = _unlabelled(found, c, len({f.value for f in free}))
        elif not c.sound and roles[id(c)].get("issue_date", 0.0) < 0.6:
            continue  # eight digits in a row need a label to be a date
        due = chosen.get("due_date")
        if due and isinstance(due.value, date) and isinstance(c.value, date) and c.value > due.value:
            merit -= 0.25
        weighed.append((merit, c))
    issue = pick(weighed, floor=0.15)
    if issue:
        chosen["issue_date"] = issue
    elif delivered := chosen.get("delivery_date"):  # "Date / date of supply": of both, where there is no other
        chosen["issue_date"] = replace(delivered, confidence=round(0.6 * delivered.confidence, 3))


def _early(found: Candidates, candidate: Candidate) -> float:
    """Header values stand early: a small preference for the first page and its upper part."""
    row = found.grid.rows[candidate.row]
    height = found.grid.sizes[row.page - 1][1]
    return 1.0 - 0.06 * min(1.0, row.y0 / height) - (0.05 if row.page > 1 else 0.0)


def _unlabelled(found: Candidates, candidate: Candidate, rivals: int) -> float:
    """A date that no label explains: most often the letter's date, high on the first page and alone in its cell."""
    row = found.grid.rows[candidate.row]
    if row.page > 1:
        return 0.05
    height = found.grid.sizes[row.page - 1][1]
    begin, end = row.cells[row.cell_of[candidate.first]]
    alone = end - begin - (candidate.end - candidate.first) <= 2 or (candidate.end == end and _behind_a_place(row, candidate.first))
    merit = (0.42 if alone else 0.24) * (1.15 - row.y0 / height)
    return merit if rivals == 1 or alone else merit * 0.7


def _behind_a_place(row: Row, first: int) -> bool:
    """Whether a comma stands before word `first`, as in a letter's "Bad Tölz, den 4. August 2024" and "Lyon, le 5 mai 2024"."""
    return any(row.words[i].text.endswith(",") for i in (first - 1, first - 2) if 0 <= i < first)


def _choose_ids(found: Candidates, table: Table, chosen: dict[str, Choice]) -> None:
    ids = [c for c in found.of("id") if not table.holds(c, found.grid) or _names_an_order(found, c)]
    taken = {(c.row, i) for c in found.of("date") if c.sound for i in range(c.first, c.end)}
    bank = {(c.row, i) for kind in ("iban", "vat_id") for c in found.of(kind) for i in range(c.first, c.end)}
    amounts = {(c.row, i) for c in found.of("amount") if c.decimals == 2 or c.currency for i in range(c.first, c.end)}
    percents = {(c.row, i) for c in found.of("percent") for i in range(c.first, c.end)}
    repeats = Counter(c.value for c in ids)
    asked = _asks_for_the_buyers_order(found)
    weighed: dict[str, list[tuple[float, Candidate]]] = {}
    for c in ids:
        roles = found.strength(c, id_meaning)
        if _names_itself_an_order(found, c):
            roles = {"number": 0.5 * roles.get("number", 0.0), "purchase_order_reference": 0.8 if roles else 0.6}
        elif _is_the_buyers_reference(found, c):
            roles = {"purchase_order_reference": 0.7}
        elif asked and found.labels(c) and Cue.ORDER in (cues := found.labels(c)[0].cues) and not cues & {Cue.PURCHASE, Cue.YOUR}:
            continue
        if not roles:
            continue
        cells = {(c.row, i) for i in range(c.first, c.end)}
        if cells & taken or cells & bank or cells & percents or _in_address(found, c):
            continue
        form = _id_form(str(c.value)) - (0.6 if cells & amounts else 0.0)
        for role in ("number", "purchase_order_reference", "payment_reference", "customer_number", "buyer_reference", "tax_id", "vat_id"):
            strength = lead_of(roles, role)
            if strength > 0:
                merit = strength * _early(found, c) + form + 0.04 * min(3, repeats[c.value] - 1) + 0.045 * (c.end - c.first)
                weighed.setdefault(role, []).append((merit, c))
    for role, floor in (
        ("number", 0.25),
        ("purchase_order_reference", 0.5),
        ("payment_reference", 0.6),
        ("buyer_reference", 0.6),
        ("customer_number", 0.5),
    ):
        choice = pick(weighed.get(role, ()), floor)
        if choice:
            chosen[role] = choice
    if "number" not in chosen and (issued := chosen.get("issue_date")) and issued.candidate:
        free = (c for c in ids if not {(c.row, i) for i in range(c.first, c.end)} & (taken | bank | amounts | percents))
        if choice := pick(((_UNLABELLED + _id_form(str(c.value)), c) for c in free if _with_date(found, c, issued.candidate)), 0.25):
            chosen["number"] = choice
    number, order = chosen.get("number"), chosen.get("purchase_order_reference")
    if number and order and number.value == order.value:
        del chosen["purchase_order_reference" if number.confidence >= order.confidence else "number"]


_ORDER = re.compile(r"(?:P\.?O|BC|BDC|CDE|CMD|ODA|OC|BEST)[-#/]?\d[\d-]{2,10}|45\d{8}", re.IGNORECASE)
"""What says by itself that it is the number of a purchase order: "PO1234" (bon de commande, ordine d'acquisto, orden de compra,
Bestellung ...), and what SAP numbers them by, 4500000000 and up."""
_ANY_REFERENCE = frozenset({Cue.REFERENCE, Cue.YOUR, Cue.CUSTOMER, Cue.NUMBER, Cue.RELATED, Cue.RECEIPT})


def _names_itself_an_order(found: Candidates, candidate: Candidate) -> bool:
    """Whether an identifier has the form of an order's number, and its label says "Reference", "Origin", "Slip no.", or nothing known."""
    text = str(candidate.value)
    if not _ORDER.fullmatch(text):
        return False
    labels = found.labels(candidate)
    if not labels:
        return text[0].isalpha() and found.grid.rows[candidate.row].page == 1
    return labels[0].cues <= _ANY_REFERENCE and labels[0].cues not in ({Cue.CUSTOMER}, {Cue.CUSTOMER, Cue.NUMBER}, {Cue.NUMBER})


def _is_the_buyers_reference(found: Candidates, candidate: Candidate) -> bool:
    """Whether a number is all that "Your reference" says: what a buyer gives to be referred to by is most often his order."""
    labels, text = found.labels(candidate), str(candidate.value)
    digits = sum(map(str.isdigit, text))
    return bool(labels) and labels[0].cues in (_YOUR_REFERENCE, _YOUR_REFERENCE | {Cue.NUMBER}) and 4 <= digits and 2 * digits > len(text)


_YOUR_REFERENCE = frozenset({Cue.YOUR, Cue.REFERENCE})


def _asks_for_the_buyers_order(found: Candidates) -> bool:
    """Whether "Your order" is a label: another order, of nobody in particular, is the seller's own then."""
    pairs = (pair for hits in found.cues for pair in pairwise(hits))
    return any(Cue.YOUR in your.cues and Cue.PURCHASE in order.cues and your.end == order.first for your, order in pairs)


def _names_an_order(found: Candidates, candidate: Candidate) -> bool:
    """Whether the row has nothing but words on the buyer's order, as tables have above the items of each: "Your order 4711"."""
    labels = found.labels(candidate)[:1]
    alone = len(found.grid.rows[candidate.row].cells) == 1
    return alone and any(label.relation == "inline" and label.cues >= {Cue.PURCHASE, Cue.YOUR} for label in labels)


_UNLABELLED = 0.35


def _with_date(found: Candidates, candidate: Candidate, issued: Candidate) -> bool:
    """Whether an identifier stands alone right over or under the date of issue, flush with it, as letters set both without labels."""
    grid = found.grid
    row, other = grid.rows[candidate.row], grid.rows[issued.row]
    first, end = row.cells[row.cell_of[candidate.first]]
    left, right = other.cells[other.cell_of[issued.first]]
    near = row.page == other.page and candidate.row != issued.row and max(row.y0 - other.y1, other.y0 - row.y1) < row.height
    flush = abs(row.words[first].x0 - other.words[left].x0) < row.height / 2 or abs(row.words[end - 1].x1 - other.words[right - 1].x1) < (
        row.height / 2
    )
    labelled = any(label.relation == "inline" for label in found.labels(candidate))
    alone = end - first == candidate.end - candidate.first and right - left == issued.end - issued.first
    return near and flush and alone and not labelled and sum(map(str.isdigit, str(candidate.value))) > 2


def _in_address(found: Candidates, candidate: Candidate) -> bool:
    """Whether what looks like an identifier is the number of a house or a town's post code."""
    row = found.grid.rows[candidate.row]
    first, end = row.cells[row.cell_of[candidate.first]]
    said = any(first <= hit.first <= candidate.first and hit.end <= candidate.end for hit in found.cues[candidate.row])
    return not said and end - first > 1 and address_like(row.span(first, end))


def _id_form(text: str) -> float:
    """How much a text looks like a document's number."""
    digits = sum(map(str.isdigit, text))
    form = 0.0
    if digits < 2:
        form -= 0.35 if len(text) < 4 else 0.1
    elif digits < 3 and len(text) < 4:
        form -= 0.15
    if digits >= 4:
        form += 0.05
    if "@" in text or text.lower().startswith(("http", "www")) or text.count(".") > 3:
        form -= 0.6
    if text.endswith("%") or text.startswith(("+", "(")):
        form -= 0.4
    return form


def _accounts(found: Candidates) -> Iterable[tuple[float, Candidate]]:
    """IBANs; one that is said to be the buyer's own (direct debit) is none to pay to."""
    for c in found.of("iban"):
        cues = frozenset().union(*(label.cues for label in found.labels(c))) if found.labels(c) else frozenset()
        merit = 0.75 if c.sound else 0.45
        if Cue.IBAN in cues:
            merit += 0.2
        near = found.labels(c)[0].cues if found.labels(c) else frozenset()
        if Cue.YOUR in near or Cue.BUYER in near:
            merit -= 0.5
        if Cue.VAT_NUMBER in near or Cue.CONTRACT in near:
            merit -= 0.4
        yield merit, c


_DAYS = frozenset("day days tag tage tagen jour jours dag dagen giorni gg dias net netto".split())
_OWED = {Cue.FALL_DUE, Cue.PAYMENT, Cue.PAYABLE, Cue.DISCOUNT, Cue.UNTIL, Cue.TERMS}


def _choose_terms(found: Candidates, items: frozenset[int], chosen: dict[str, Choice]) -> None:
    """The words on when to pay: what stands after their label, else a sentence that speaks of paying and of days."""
    grid = found.grid
    best: tuple[float, Candidate] | None = None
    for number, row in enumerate(grid.rows):
        if number in items:
            continue
        for cell, (first, end) in enumerate(row.cells):
            hits = [hit for hit in found.cues[number] if first <= hit.first and hit.end <= end]
            if not hits:
                continue
            label = next((hit for hit in hits if Cue.TERMS in hit.cues and hit.first == first), None)
            span, sure = (first, end), 0.0
            if label and label.end < end:
                span, sure = (label.end + (row.words[label.end].text in ":-"), end), 0.75
            elif label and cell + 1 < len(row.cells) and not any(row.cells[cell + 1][0] == hit.first for hit in found.cues[number]):
                span, sure = row.cells[cell + 1], 0.7
            elif end - first >= 4 and any(hit.cues & _OWED for hit in hits):
                words = {word for spot in row.words[first:end] for word in plain(spot.text)}
                sure = 0.55 if words & _DAYS and any(word.isdigit() for word in words) else 0.0
            text = row.span(*span).strip(" :;-") if span[0] < span[1] else ""
            if sure and sum(map(str.isalpha, text)) >= 3 and len(text) <= 200 and (best is None or sure > best[0]):
                best = (sure, Candidate("id", text, number, *span))
    if best:
        chosen["payment_terms"] = Choice(str(best[1].value), best[0], best[1])


def _bic_meaning(cues: frozenset[Cue]) -> Meaning | None:
    return Meaning("bic", 0.9) if Cue.BIC in cues else None
