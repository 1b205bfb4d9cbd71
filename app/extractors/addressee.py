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
    is_country,
    legal_form,
    like_a_firm,
    like_a_person,
    name_like,
    only_legal_form,
    post_code,
    street_word,
)
from app.extractors.passages import Line, Passage, is_label_cell, name_from, passage_below, text_of

_SEPARATOR = re.compile(r"\s[-–—·•|*∙]\s|[·•|∙,]\s")


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
        if label_share(text, {Cue.CONTACT}) == 1.0:
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
        if words[i].text.rstrip(" ").endswith(",") and not only_legal_form(rest.split(",")[0]):
            return (row, first, i + 1) if address_like(rest) and name_like(head) and not address_like(head) else line
    return line


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


def address_passages(found: Candidates, items: frozenset[int], known: list[Passage]) -> list[Passage]:
    """Unlabelled passages of two to eight lines that end in a post code and a city, on the first page."""
    grid = found.grid
    taken = {(line[0], line[1]) for passage in known for line in passage.lines}
    passages: list[Passage] = []
    if not grid.pages:
        return passages
    for number in range(*grid.pages[0]):
        row = grid.rows[number]
        if number in items:
            break
        for first, end in row.cells:
            if (number, first) in taken or end - first > 8 or not post_code(row.span(first, end)):
                continue
            lines = [(number, first, end)]
            x0, top, spacing = row.words[first].x0, row.y0, 0.0
            middle = x0 + row.words[end - 1].x1
            for upper in range(number - 1, max(-1, number - 14), -1):
                above = grid.rows[upper]
                gap = top - above.y1
                if above.page != row.page or gap > max(1.3 * row.height, 1.2 * spacing):
                    break
                cell = next(((a, b) for a, b in above.cells if abs(above.words[a].x0 - x0) < 0.7 * row.height), None) or next(
                    ((a, b) for a, b in above.cells if abs(above.words[a].x0 + above.words[b - 1].x1 - middle) < 0.4 * row.height), None
                )
                if cell is None:
                    continue
                if is_label_cell(found, upper, *cell) or (upper, cell[0]) in taken or post_code(above.span(*cell)):
                    break
                spacing = max(spacing, gap)
                lines.insert(0, (upper, *cell))
                top = above.y0
                if len(lines) >= 7 or above.span(*cell).strip(".").lower() in SALUTATION:
                    break  # a salutation in a line of its own opens an address
            lines = lines[_is_heading(grid, lines) :]
            if len(lines) >= 2:
                passages.append(Passage(lines))
    return passages


def _is_heading(grid: Grid, lines: list[Line]) -> bool:
    """Whether the first line of an address is a label that we do not know: it ends in a colon, and a name follows."""
    if len(lines) < 3:
        return False
    text, under = text_of(grid, lines[0]), text_of(grid, lines[1])
    return text.endswith(":") and name_like(under) and not address_like(under) and plain(text)[:1] not in [(word,) for word in SALUTATION]


def _blocks(found: Candidates, items: frozenset[int], known: list[Passage]) -> Iterator[Passage]:
    """Lines high on the first page that look like an address without a post code that we know: a name, then figures or a country."""
    grid = found.grid
    taken = {(line[0], line[1]) for passage in known for line in passage.lines}
    for line in _cells_high_up(found, items):
        if (line[0], line[1]) in taken:
            continue
        lines = passage_below(found, line, with_first=True).lines
        free = not any((below[0], below[1]) in taken for below in lines)
        taken |= {(below[0], below[1]) for below in lines}
        rows = {below[0] for below in lines}
        texts = [text_of(grid, below) for below in lines]
        place = any(is_country(plain(text)) or (any(map(str.isdigit, text)) and any(map(str.isalpha, text))) for text in texts[1:])
        if (
            free
            and 3 <= len(lines) <= 7
            and place
            and ":" not in texts[0]
            and (legal_form(texts[0]) or not any(map(str.isdigit, texts[0])))
            and not any(c.decimals == 2 and c.row in rows for c in found.of("amount"))
        ):
            yield Passage(lines)


def saluted(found: Candidates, items: frozenset[int]) -> Choice | None:
    """A person addressed with a title in a cell of its own, high on the first page."""
    for line in _cells_high_up(found, items):
        text = text_of(found.grid, line)
        words = plain(text)
        if 2 <= len(words) <= 5 and words[0] in SALUTATION and words[0] != "firma" and all(word.isalpha() for word in words):
            return Choice(clean(text), 0.6, as_candidate(line, clean(text)))
    return None


def named(found: Candidates, items: frozenset[int]) -> Choice | None:
    """Who fills in the form: the name behind "Name:", as bills print the customer's data."""
    grid = found.grid
    for number, first, end in _cells_high_up(found, items):
        hits = [hit for hit in found.cues[number] if first <= hit.first and hit.end <= end]
        if hits and hits[0].first == first and hits[0].cues == {Cue.NAME} and grid.rows[number].words[hits[0].end - 1].text.endswith(":"):
            line = (number, hits[0].end, end)
            if hits[0].end < end and len(hits) == 1 and name_like(text_of(grid, line)):
                return Choice(clean(text_of(grid, line)), 0.5, as_candidate(line, text_of(grid, line)))
    return None


def _cells_high_up(found: Candidates, items: frozenset[int]) -> Iterator[Line]:
    """Of the first page's upper half, down to the items."""
    grid = found.grid
    for number in range(*grid.pages[0]) if grid.pages else ():
        row = grid.rows[number]
        if number in items or row.y0 > 0.5 * grid.sizes[0][1]:
            return
        yield from ((number, *cell) for cell in row.cells)


def below_return_line(found: Candidates, items: frozenset[int], known: list[Passage]) -> Passage | None:
    """The addressee of a window envelope: the passage right under the sender's address on one line (DIN 5008 and its likes)."""
    grid = found.grid
    taken = {(line[0], line[1]) for passage in known for line in passage.lines}
    for number in range(*grid.pages[0]) if grid.pages else ():
        row = grid.rows[number]
        if row.y0 > 0.4 * grid.sizes[0][1]:
            break
        for first, end in row.cells:
            text = row.span(first, end)
            parts = [part for part in _SEPARATOR.split(text) if part.strip()]
            if len(parts) < 2 or end - first < 5 or len(text) > 110 or (number, first) in taken:
                continue
            if not post_code(text) and not (len(parts) > 2 and _in_small_print(grid, number)):
                continue
            passage = passage_below(found, (number, first, end), with_first=False, reach=10.0)
            if any(
                abs(grid.rows[line[0]].words[line[1]].x0 - row.words[first].x0) > 1.5 * row.height or line[0] in items
                for line in passage.lines
            ):
                continue
            if 2 <= len(passage.lines) <= 8 and not any(DOMAIN.search(text_of(grid, line)) for line in passage.lines[:4]):
                return passage
    return None


def _in_small_print(grid: Grid, number: int) -> bool:
    """Whether a row is smaller than the next: as the sender's line over the window of an envelope is."""
    return number + 1 < len(grid.rows) and grid.rows[number].height < 0.85 * grid.rows[number + 1].height


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
    blocks = list(_blocks(found, items, [*known, *window]))
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
