"""Passages under the labels of parties: "Bill to", "Supplier", "Deliver to", "Payable to"."""

from __future__ import annotations

from app.domain.parsing import plain
from app.extractors.candidates import Candidates
from app.extractors.common_words import is_common
from app.extractors.grid import Grid, Row
from app.extractors.labels import CueHit, cues_in, label_share, label_words
from app.extractors.lexicon import Cue
from app.extractors.names import LEGAL, address_like, legal_form
from app.extractors.passages import Line, Passage, passage_below, text_of

_ARTICLES = {"the", "le", "la", "les", "der", "die", "das", "de", "het", "il", "el", "o", "a"}


_DIRECTIONS = {"to", "from", "by", "an", "a", "aan", "for", "address", "adresse", "adres", "information", "details"}


_ROLES = (
    (Cue.SHIP_TO, "ship_to"),
    (Cue.OTHER_PARTY, "other"),
    (Cue.PAYEE, "payee"),
    (Cue.BUYER, "buyer"),
    (Cue.HOLDER, "buyer"),
    (Cue.SELLER, "seller"),
)


_LONE = dict.fromkeys(("van", "von", "de", "da"), Cue.SELLER) | dict.fromkeys(("à", "a", "para", "per", "pour", "für", "doit"), Cue.BUYER)
"""Small words that head a party where they are all that stands in a cell."""
_TITLES = {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT}


_NOT_A_PARTY = {
    Cue.NUMBER,
    Cue.REFERENCE,
    Cue.DATE,
    Cue.TOTAL,
    Cue.PAYABLE,
    Cue.TAX,
    Cue.VAT_NUMBER,
    Cue.TAX_NUMBER,
    Cue.TERMS,
    Cue.PHONE,
    Cue.ARTICLE,
    Cue.ORDER,
    Cue.PURCHASE,
    Cue.SALES,
}


def labelled_passages(found: Candidates, items: frozenset[int]) -> dict[str, list[tuple[float, Passage]]]:
    grid = found.grid
    passages: dict[str, list[tuple[float, Passage]]] = {"ship_to": [], "other": [], "payee": [], "buyer": [], "seller": []}
    for number, row in enumerate(grid.rows):
        if number in items:
            continue
        for cell, (first, end) in enumerate(row.cells):
            hits = [h for h in found.cues[number] if first <= h.first and h.end <= end]
            hit = next((h for h in hits if h.first - first <= 2 and any(cue in h.cues for cue, _ in _ROLES)), None)
            if hit is None and hits and hits[0].cues == {Cue.CUSTOMER} and _heads_address(found, hits[0], (number, first, end)):
                hit = hits[0]._replace(cues=frozenset({Cue.BUYER}))
            if hit is None and (lone := _LONE.get(row.span(first, end).rstrip(" :").lower())):
                hit = CueHit(frozenset({lone}), first, end)
            if hit is None:
                hit = next((h for h in hits if Cue.PAYEE in h.cues and h.end == end), None)  # "payments are to be made in favour of"
            if hit is None or any(h.end <= hit.first and h.cues & _TITLES for h in hits):
                continue  # "Facture client" is a title
            role = next(role for cue, role in _ROLES if cue in hit.cues)
            if role == "seller" and row.read and _heads_of_data(found, number) >= 2:
                continue  # "Date | Invoice no. | Due | Salesperson": who sold it, not the firm
            stop = _label_end(row, hit.first, hit.end, end)
            twin = next((h for h in hits if h.first == stop + 1 and row.words[stop].text == "/"), None)
            stop = _label_end(row, twin.first, twin.end, end) if twin else stop  # "Client / Kunde"
            stop = end if stop < end and _heads_form(found, (number, first, end)) else stop  # "Purchaser of the goods", "Name"
            label = frozenset().union(*(h.cues for h in hits if h.end <= stop))
            words = [w for t in row.words[first:stop] for w in label_words(t.text)]
            if (
                label & (_NOT_A_PARTY - {Cue.SALES} if role == "seller" else _NOT_A_PARTY)
                or (len(words) > 7 and role != "payee")
                or (hit.first > first and role not in ("buyer", "payee") and row.words[first].text.lower() not in _ARTICLES)
            ):
                continue
            last = row.words[stop - 1].text
            if stop == end and (last.endswith(",") or (last.endswith(".") and len(last) > 7)):
                continue  # "Dear customer," and the end of a sentence
            if hit.first > first and hit.end == hit.first + 1 and len("".join(plain(last))) <= 2:
                continue  # "10100 Torino (TO)"
            colon = last.endswith(":")
            short = len(words) == 1 and len(words[0]) <= 4
            if stop < end and not colon and not _names_firm(found, hit, stop, (number, first, end)):
                continue  # "to" and "client" in running text, but "issued by ACME Ltd"
            if short and not colon and end - first > 1:
                continue
            rest = (number, stop, end)
            role = "payee" if Cue.HOLDER in hit.cues and _beside_account(found, number, first) else role
            weight = 0.7 if short else 0.9 if colon or stop == end else 0.6
            if stop < end:
                passage = _behind_label(found, (number, first, end), rest)
            else:
                passage = _after_label(found, number, cell)
            if (
                passage.lines
                and stop == end
                and not colon
                and address_like(text_of(grid, passage.lines[0]))
                and not set(words) & _DIRECTIONS
            ):
                # Right above a street there is no room for another name: the word is the name ("The Supplier").
                passage = Passage([(number, first, end), *passage.lines])
            stop = next((i for i, line in enumerate(passage.lines) if line[0] in items), len(passage.lines))
            passage = Passage(passage.lines[:stop])
            if Cue.SALES in label and not any(address_like(text_of(grid, line)) for line in passage.lines[1:]):
                continue  # a person who sold it, where no address follows
            if role == "buyer" and passage.lines and _is_code(text_of(grid, passage.lines[0])):
                passage = Passage(passage.lines[1:])  # the customer's number stands over the name, or instead of it
                if not any(address_like(text_of(grid, line)) for line in passage.lines[1:]):
                    continue
            if passage.lines:
                passages[role].append((weight, Passage([_filled_in(found, line) for line in passage.lines])))
    for entries in passages.values():
        entries.sort(key=lambda entry: -entry[0])
    return passages


def _filled_in(found: Candidates, line: Line) -> Line:
    """What is filled in beside a form's row for the name ("Name | ACME Ltd"); any other line as it is."""
    row = found.grid.rows[line[0]]
    if not _is_name_label(row.span(line[1], line[2])):
        return line
    return next(((line[0], first, end) for first, end in row.cells if first >= line[2]), line)


def _is_name_label(text: str) -> bool:
    return label_share(text, {Cue.NAME}) == 1.0


def _heads_address(found: Candidates, hit: CueHit, line: Line) -> bool:
    """Whether a word for a customer ("Subscriber") is all that stands in a cell, over a name and an address."""
    if hit.first != line[1] or hit.end != line[2]:
        return False
    texts = [text_of(found.grid, below) for below in passage_below(found, line, with_first=False).lines[:5]]
    return any(map(address_like, texts[1:])) and not address_like(texts[0])


def _heads_form(found: Candidates, line: Line) -> bool:
    """Whether the first thing under a line is a form's row for the name."""
    below = passage_below(found, line, with_first=False).lines[:1]
    return any(_is_name_label(text_of(found.grid, under).partition(":")[0]) for under in below)


def _names_firm(found: Candidates, hit: CueHit, stop: int, line: Line) -> bool:
    """Whether what goes on behind a label without a colon is a firm: "Issued by ACME Ltd", "Supplier Acme" over an address."""
    row = found.grid.rows[line[0]]
    name = row.span(stop, line[2])
    if Cue.SELLER in hit.cues and stop - hit.first > 1 and legal_form(name):
        return True
    words = [word for word in plain(name) if word not in LEGAL]
    if hit.first > line[1] or len(row.words[hit.first].text) < 5 or not 0 < len(words) <= 5 or any(map(str.isdigit, name)):
        return False
    capitals = all(spot.text[0].isupper() or not spot.text[0].isalpha() for spot in row.words[stop : line[2]])
    known = cues_in(words) or sum(map(is_common, words)) * 2 >= len(words)
    return capitals and not known and _over_address(found, line)


def _behind_label(found: Candidates, label: Line, rest: Line) -> Passage:
    """What stands behind a label in its cell, and the lines below, flush with it or, as of an address, with the label."""
    passage = passage_below(found, rest, with_first=True)
    if len(passage.lines) == 1 and _over_address(found, label):
        passage.lines += passage_below(found, label, with_first=True).lines[1:]
    return passage


def _over_address(found: Candidates, line: Line) -> bool:
    below = passage_below(found, line, with_first=True).lines[1:4]
    return any(address_like(text_of(found.grid, under)) for under in below)


def _beside_account(found: Candidates, number: int, first: int) -> bool:
    """Whether a bank account stands on the same line, or right above or below in the same column: who is named beside it is paid."""
    rows = found.grid.rows
    x0, height = rows[number].words[first].x0, rows[number].height
    return any(
        hit.cues & _ACCOUNT
        and (n == number or abs(rows[n].words[hit.first].x0 - x0) < height)
        and abs(rows[n].y0 - rows[number].y0) < REACH * height
        for n in range(max(0, number - 3), min(len(rows), number + 4))
        for hit in found.cues[n]
    )


_ACCOUNT = {Cue.IBAN, Cue.BIC, Cue.BANK, Cue.ACCOUNT}
REACH = 5.0  # of a row's height: the lines of a bank's block


def _is_code(text: str) -> bool:
    """Whether what stands under "Customer" is the customer's number."""
    return " " not in text and any(map(str.isdigit, text)) and sum(map(str.isalpha, text)) <= 4


_DATA = {Cue.DATE, Cue.INVOICE, Cue.NUMBER, Cue.FALL_DUE, Cue.PURCHASE, Cue.CURRENCY, Cue.ORDER}


def _heads_of_data(found: Candidates, number: int) -> int:
    """How many cells of a row are nothing but labels of dates, numbers and the like."""
    row = found.grid.rows[number]
    count = 0
    for first, end in row.cells:
        hits = [hit for hit in found.cues[number] if first <= hit.first and hit.end <= end]
        count += any(hit.cues & _DATA for hit in hits) and sum(hit.end - hit.first for hit in hits) * 2 >= end - first
    return count


def _label_end(row: Row, first: int, hit_end: int, end: int) -> int:
    """Where the label ends: at its colon, else after its cues and the small words that follow ("Bill to address")."""
    for i in range(first, min(end, hit_end + 3)):
        if row.words[i].text.endswith(":"):
            return i + 1
    if hit_end < end and row.words[hit_end].text.startswith("(") and row.words[end - 1].text.endswith(")"):
        return end
    return hit_end


def _after_label(found: Candidates, number: int, cell: int) -> Passage:
    """What a label without words of its own names: the passage below; or the cell to its right, if nothing is below."""
    grid = found.grid
    row = grid.rows[number]
    first, end = row.cells[cell]
    below = passage_below(found, (number, first, end), with_first=False)
    if cell + 1 < len(row.cells):
        right = row.cells[cell + 1]
        is_label = any(h.first >= right[0] and h.end <= right[1] for h in found.cues[number]) or row.words[right[1] - 1].text.endswith(":")
        near = row.words[right[0]].x0 - row.words[end - 1].x1 < 14 * row.height
        looks = any(map(str.isalpha, row.span(*right)))
        if (
            not is_label
            and near
            and looks
            and (row.words[end - 1].text.endswith(":") or not below.lines or _in_pairs(grid, number, first, right))
        ):
            return passage_below(found, (number, *right), with_first=True)
    return below


def _in_pairs(grid: Grid, number: int, first: int, right: tuple[int, int]) -> bool:
    """Whether labels and values stand side by side in two columns: on the lines above and below too."""
    row = grid.rows[number]
    x0, x1 = row.words[right[0]].x0, row.words[right[1] - 1].x1

    def alike(other: Row) -> bool:
        flush = next((i for i, (a, _) in enumerate(other.cells) if abs(other.words[a].x0 - row.words[first].x0) < 0.4 * row.height), None)
        if flush is None or flush + 1 >= len(other.cells):
            return False
        a, b = other.cells[flush + 1]
        return abs(other.words[a].x0 - x0) < 0.4 * row.height or abs(other.words[b - 1].x1 - x1) < 0.4 * row.height

    begin, end = grid.pages[row.page - 1]
    return begin < number < end - 1 and alike(grid.rows[number - 1]) and alike(grid.rows[number + 1])
