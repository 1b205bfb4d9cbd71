"""Whom a document is sent to: the name in a passage, and on letters without labels the window of the envelope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.domain.invoice import Address
from app.domain.parsing import plain
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, confidence
from app.extractors.grid import Grid
from app.extractors.labels import cues_in, label_share
from app.extractors.lexicon import Cue
from app.extractors.names import (
    DOMAIN,
    SALUTATION,
    address_like,
    clean,
    department,
    goes_on,
    legal_form,
    like_a_firm,
    like_a_person,
    name_like,
    only_legal_form,
    street_word,
)
from app.extractors.passages import Line, Passage, name_from, passage_below, text_of
from app.extractors.windows import below_return_line, blocks_high_up, cells_high_up


@dataclass(slots=True)
class PartyChoice:
    name: Choice | None = None
    vat_id: Choice | None = None
    tax_id: Choice | None = None
    address: Address = field(default_factory=Address)
    passage: Passage | None = None


_NAME_LABELS = {Cue.NAME, Cue.BUYER, Cue.SELLER, Cue.CUSTOMER, Cue.PAYEE, Cue.HOLDER}
_NAMELESS = {
    *(Cue.NAME, Cue.TOTAL, Cue.DATE, Cue.PERIOD, Cue.NUMBER, Cue.REFERENCE, Cue.INVOICE, Cue.CREDIT, Cue.PAYABLE, Cue.TAX, Cue.WITHOUT),
    *(Cue.WITH, Cue.SHIP_TO, Cue.DELIVERY, Cue.TERMS, Cue.PHONE, Cue.ORDER),
}
"""A line of nothing but such words is a label."""
_NO_NAME = {Cue.CONTACT, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.PHONE, Cue.REGISTER}


def name_of(found: Candidates, passage: Passage, weight: float) -> Choice | None:
    """The first line that can be a name; a salutation goes with the line after it; a company among the first lines is preferred."""
    grid = found.grid
    usable = _usable(found, passage)
    if not usable:
        return None
    best = next((line for line in usable[:3] if legal_form(text_of(grid, line)) and not only_legal_form(text_of(grid, line))), None)
    if best is None:
        best = next((line for line in usable if "," not in text_of(grid, line)), usable[0])
        if like_a_person(text_of(grid, best)):
            best = next((line for line in usable[:3] if like_a_firm(text_of(grid, line))), best)
    position = usable.index(best)
    text = name_from(grid, best, passage.lines)
    first = usable[position - 1] if position else None
    words = plain(text)
    if len(words) == 1 and words[0] in SALUTATION and position + 1 < len(usable):
        text = f"{text} {text_of(grid, usable[position + 1])}"
    elif first and plain(text_of(grid, first)) and plain(text_of(grid, first))[0] in SALUTATION and len(plain(text_of(grid, first))) == 1:
        text = f"{text_of(grid, first)} {text}"
    head, _, rest = text.partition(", ")
    text = head if any(map(str.isdigit, rest)) and len(plain(head)) > 1 else text  # "Anna Seidel, born 27.11.79"
    return Choice(clean(text), confidence(weight * 0.85, 0.25), as_candidate(best, text))


def _usable(found: Candidates, passage: Passage) -> list[Line]:
    """The lines of a passage down to its address that can be names; whom it is to be handed to only if there is nobody else."""
    grid = found.grid
    usable: list[Line] = []
    person: list[Line] = []
    for line in passage.lines[:5]:
        trimmed = _without_courtesy(grid, _before_address(grid, trim(grid, line)))
        text = text_of(grid, trimmed)
        if address_like(text) and not (legal_form(text) and "," not in text):
            break
        cues = cues_in(plain(text))
        if text.startswith(("(", "[")) or _COURTESY.fullmatch(text) or (len(plain(text)) > 1 and SALUTATION.issuperset(plain(text))):
            continue  # "Herrn/Frau"
        if label_share(text, {Cue.CONTACT}) == 1.0 or text.lower() in _FAMILY:
            continue
        if Cue.CONTACT in cues and (handed_to := _handed_to(found, line)):
            if handed_to[1] < handed_to[2] and len(passage.lines) > 1:
                (usable if legal_form(text_of(grid, handed_to)) else person).append(handed_to)
            continue
        first_words = cues_in(plain(text)[:2])
        if not name_like(text) or (first_words & _NO_NAME and not legal_form(text)) or (usable and goes_on(text)):
            continue
        if names_nobody(text):
            continue
        usable.append(trimmed)
    return usable or person[:1]


def _handed_to(found: Candidates, line: Line) -> Line | None:
    """Whom a line says that the letter is to be handed to: what follows its label ("Attn: Jane Doe", "t.a.v. Jane Doe")."""
    row, first, end = line
    colon = next((i + 1 for i in range(first, end) if found.grid.rows[row].words[i].text.endswith(":")), None)
    label = next((hit.end for hit in found.cues[row] if hit.first == first and Cue.CONTACT in hit.cues), None)
    begin = colon or label
    return (row, begin, end) if begin else None


def names_nobody(text: str) -> bool:
    """Whether a line that might be a name is a label, a number with its label, a department, a street or a part of a sentence."""
    if legal_form(text):
        return False
    words = text.split()
    labelled = label_share(text, _NAMELESS) == 1.0
    numbered = text[-1].isdigit() and (":" in text or Cue.NUMBER in cues_in(plain(text)))
    sentence = len(words) > 4 and sum(word.islower() and len(word) > 2 for word in words) * 2 >= len(words)
    return labelled or numbered or sentence or department(text) or street_word(words[0])


def _before_address(grid: Grid, line: Line) -> Line:
    """A line up to the comma behind which its address begins: "ACME Ltd, 12 High Street, Reading"."""
    row, first, end = line
    words = grid.rows[row].words
    for i in range(first, end - 1):
        head, rest = grid.rows[row].span(first, i + 1), grid.rows[row].span(i + 1, end)
        if words[i].text.endswith(",") and not only_legal_form(rest.split(",")[0]):
            return (row, first, i + 1) if address_like(rest) and name_like(head) and not address_like(head) else line
    return line


_FAMILY = {"familie", "family", "famille", "famiglia", "familia"}
"""Over the name of one of them."""
_COURTESY = re.compile(
    r"(?:spett(?:abile|\.?le|\.)?|firma|fa\.|messrs\.?|m/s\.?|ex\.?m[oa]s?\.?(?:\(s\))?)(?: (?:sr|senhor|ditta)\S*)?", re.IGNORECASE
)
"""What is set before the name of a firm, and is no part of it."""


def _without_courtesy(grid: Grid, line: Line) -> Line:
    """A line from where the name begins in it ("Spett.le ACME Srl")."""
    row, first, end = line
    return next(
        ((row, i, end) for i in range(min(end - 1, first + 2), first, -1) if _COURTESY.fullmatch(grid.rows[row].span(first, i))), line
    )


def as_candidate(line: Line, text: str) -> Candidate:
    return Candidate("id", text, *line)


def trim(grid: Grid, line: Line) -> Line:
    """Without a label inside the line ("Name: ACME Ltd"); words before a colon that we do not know are one too."""
    row, first, end = line
    placed = grid.rows[row].words
    for i in range(first, min(end - 1, first + 3)):
        if placed[i].text.endswith(":"):
            cues = cues_in(plain(grid.rows[row].span(first, i + 1)))
            return (row, i + 1, end) if cues & _NAME_LABELS or not cues else line
    return line


def names_in(grid: Grid, passage: Passage) -> list[Line]:
    """Lines of a passage that can be names, in order."""
    names = []
    for full in passage.lines:
        line = trim(grid, full)
        text = text_of(grid, line)
        if address_like(text):
            break
        if name_like(text) and not cues_in(plain(text)) & {Cue.SELLER, Cue.BUYER, Cue.CONTACT, Cue.PHONE}:
            names.append(line)
    return names


def saluted(found: Candidates, items: frozenset[int]) -> Choice | None:
    """A person addressed with a title in a cell of its own, high on the first page."""
    for line in cells_high_up(found, items):
        text = text_of(found.grid, line)
        words = plain(text)
        if 2 <= len(words) <= 5 and words[0] in SALUTATION and words[0] != "firma" and all(word.isalpha() for word in words):
            return Choice(clean(text), 0.6, as_candidate(line, clean(text)))
    return None


def named(found: Candidates, items: frozenset[int]) -> Choice | None:
    """Who fills in the form: the name behind "Name:", as bills print the customer's data."""
    grid = found.grid
    for number, first, end in cells_high_up(found, items):
        hits = [hit for hit in found.cues[number] if first <= hit.first and hit.end <= end]
        if hits and hits[0].first == first and hits[0].cues == {Cue.NAME} and grid.rows[number].words[hits[0].end - 1].text.endswith(":"):
            line = (number, hits[0].end, end)
            if hits[0].end < end and len(hits) == 1 and name_like(text_of(grid, line)):
                return Choice(clean(text_of(grid, line)), 0.5, as_candidate(line, text_of(grid, line)))
    return None


def _goes_on_with_contacts(found: Candidates, passage: Passage) -> bool:
    """Whether a telephone number or a mail address follows under an address, as senders print them."""
    below = passage_below(found, passage.lines[-1], with_first=True).lines[1:3]
    texts = [text_of(found.grid, line) for line in below]
    return any(DOMAIN.search(text) or (any(map(str.isdigit, text)) and Cue.PHONE in cues_in(plain(text)[:2])) for text in texts)


ALONE = 0.3
"""What it says against a name under a label that neither a firm's form nor an address shows to be one."""
SHIPPED = 0.35
"""Of a label's weight: to whom goods are sent is the buyer where nobody else is named."""


def _has_address(found: Candidates, passage: Passage) -> bool:
    return any(address_like(text_of(found.grid, line)) for line in passage.lines)


def addressees(
    found: Candidates,
    items: frozenset[int],
    labelled: list[tuple[float, Passage]],
    shipped: list[tuple[float, Passage]],
    window: list[Passage],
    known: list[Passage],
) -> Iterator[tuple[float, PartyChoice]]:
    """Who may be the buyer, and what speaks for each: passages under a label, windows of envelopes, people named or greeted.

    `labelled`: passages under the buyer's labels, and how sure these are; `shipped`: under those of a delivery's address;
    `window`: unlabelled address passages.
    """
    for weight, passage in labelled:
        if name := name_of(found, passage, weight):
            doubt = 0.2 if _is_label(name) else 0.0
            doubt += ALONE if not (legal_form(str(name.value)) or _has_address(found, passage)) else 0.0
            yield weight - doubt, PartyChoice(name, passage=passage)
    for weight, passage in shipped:
        if _has_address(found, passage) and (name := name_of(found, passage, 0.5 * weight)):  # not "Collected"
            yield SHIPPED * weight, PartyChoice(name, passage=passage)
    if passage_in_window := below_return_line(found, items, known):
        if name := name_of(found, passage_in_window, 0.8):
            yield 0.9, PartyChoice(name, passage=passage_in_window)
    for passage in window:
        merit = _in_window(found, passage, window)
        if name := name_of(found, passage, merit):
            yield merit - (0.4 if _is_label(name) else 0.0), PartyChoice(name, passage=passage)
    blocks = list(blocks_high_up(found, items, [*known, *window]))
    for passage in blocks:
        if name := name_of(found, passage, 0.4):
            yield _in_window(found, passage, []) - 0.15, PartyChoice(name, passage=passage)
    told = {(line[0], line[1]) for passage in (*known, *window, *blocks) for line in passage.lines}
    name = saluted(found, items) or named(found, items)
    if name and name.candidate and (name.candidate.row, name.candidate.first) not in told:
        yield name.confidence - 0.1, PartyChoice(name)


def _is_label(name: Choice) -> bool:
    text = str(name.value)
    return label_share(text, Cue) >= 0.5 and not legal_form(text)


TAXED = 0.2
"""What a tax number says against an addressee without a label: mostly it is the sender's."""


def _in_window(found: Candidates, passage: Passage, window: list[Passage]) -> float:
    """What speaks for an address without a label: it stands high, with neither phone, web nor tax number, as in a letter's window."""
    grid = found.grid
    row = grid.rows[passage.lines[0][0]]
    text = " ".join(text_of(grid, line) for line in passage.lines)
    cues = cues_in(plain(text))
    merit = 0.5
    if cues & {Cue.PHONE, Cue.IBAN, Cue.REGISTER} or "@" in text or "www" in text.lower():
        merit -= 0.4
    elif cues & {Cue.VAT_NUMBER, Cue.TAX_NUMBER} and not cues & {Cue.CUSTOMER, Cue.BUYER, Cue.YOUR}:
        merit -= TAXED
    if plain(text) and plain(text)[0] in SALUTATION:
        merit += 0.3
    position = row.y0 / grid.sizes[0][1]
    merit += 0.15 if position < 0.42 else -0.25
    if passage.lines[0][0] == grid.pages[0][0]:
        merit -= 0.3 if passage.lines[0][1] == 0 else 0.1  # what stands first is the sender
    merit -= 0.4 if _goes_on_with_contacts(found, passage) else 0.0
    if len(passage.lines) < 3:
        merit -= 0.2
    return merit + (0.12 if len(window) > 1 and passage is window[-1] and position > 0.1 else 0.0)
