"""Seller and buyer: blocks under their labels, address blocks, and the names that agree with web addresses, legal forms and footers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from app.domain.invoice import Address
from app.domain.parsing import parse_vat_id, plain, vat_id_is_valid
from app.extractors.candidates import Candidate, Candidates
from app.extractors.choice import Choice, confidence, lead_of, pick
from app.extractors.grid import Grid, Row
from app.extractors.labels import cues_in, id_meaning, label_words
from app.extractors.lexicon import Cue

Line = tuple[int, int, int]
"""Words of a row that stand together: row, first token, last token + 1."""

_LEGAL = frozenset(
    "gmbh ag kg ohg ug gbr ek mbh kgaa eg se ev sarl sas sasu sa eurl sci snc scop bv nv vof cv srl spa sapa srls sl slu sau sll slne lda unipessoal "
    "ltd limited llc inc incorporated corp corporation plc llp lp pty pvt pte sdn bhd ab oy oyj aps as asa sro zoo kft doo company co gesmbh "
    "scarl scrl partg stiftung verein versicherungsverein cooperative vzw asbl sprl bvba".split()
)
_SALUTATION = frozenset(
    "herr herrn frau mr mrs ms miss monsieur madame m mme dhr mevrouw mw signor signora sr sra senor senora firma exmo exma dr eheleute".split()
)
_STREET = re.compile(
    r"(?:str\.?|strasse|straße|weg|platz|allee|gasse|ring|damm|ufer|steig|chaussee|markt|laan|straat|plein|kade|gracht|dijk|singel)\s?\d"
    r"|\b(?:rue|avenue|boulevard|chemin|place|impasse|cours|square|faubourg|route|quai|allée|chaussée|via|viale|piazza|piazzale|corso|largo|vicolo|strada"
    r"|contrada|calle|c/|avda|avenida|plaza|paseo|camino|carrer|ronda|rua|travessa|praça|estrada|alameda|av|road|street|lane|drive|way|close|court|crescent"
    r"|terrace|st|rd|ave|blvd|hwy|suite|floor|p\.?o\.? box|postfach|postbus|casella postale|apartado)\b",
    re.IGNORECASE,
)
_POST_CODE = re.compile(
    r"(?<![\w.,/-])(?:(?P<prefix>[A-Z]{1,3})[- ])?(?P<code>\d{4} ?[A-Z]{2}(?![a-z])|\d{4}-\d{3}|\d{5}|\d{4})(?:-\d{4})?[,]?\s{1,2}"
    r"(?P<city>[^\W\d_][\w'’./() -]{1,40})"
)
_CITY_FIRST = re.compile(
    r"(?P<city>[^\W\d_][\w'’. -]{1,30}),?\s+(?P<state>[A-Z]{2}|[A-Z][a-z]+),?\s+(?P<code>\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4})(?!\d)"
)
_UK_CODE = re.compile(r"(?<!\w)(?P<code>[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})(?!\w)")
_DOMAIN = re.compile(r"(?:@|www\.|https?://(?:www\.)?)([\w-]{2,40})\.(?:[\w-]{2,20}\.)?[a-z]{2,10}", re.IGNORECASE)
_FREE_MAIL = frozenset(
    "gmail googlemail hotmail outlook yahoo gmx web icloud live orange wanadoo free t-online aol msn libero ziggo kpnmail sapo fake".split()
)
_SEPARATOR = re.compile(r"\s[-–—·•|*∙]\s|[·•|∙,]\s")
_CITY_STOP = re.compile(r"\s(?:tel|fax|phone|-|–|•|\||email|e-mail|www|siret|tva)\b.*", re.IGNORECASE)


@dataclass(slots=True)
class Block:
    """Lines of one column from top to bottom; `label` not among them. `cells` are those covered, to know what stands within."""

    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class PartyChoice:
    name: Choice | None = None
    vat_id: Choice | None = None
    tax_id: Choice | None = None
    address: Address = field(default_factory=Address)
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    seller: PartyChoice
    buyer: PartyChoice


def choose_parties(found: Candidates, items: frozenset[int]) -> Parties:
    """Both parties. A name is taken from a labelled block first, else from what sets a sender or an addressee apart on a letter."""
    grid = found.grid
    labelled = _labelled_blocks(found, items)
    buyer, seller = PartyChoice(), PartyChoice()
    if labelled["buyer"]:
        weight, block = labelled["buyer"][0]
        buyer.block = block
        buyer.name = _name_of(found, block, weight)
    if labelled["seller"]:
        weight, block = labelled["seller"][0]
        seller.block = block
        seller.name = _name_of(found, block, weight)
    others = [block for role in ("ship_to", "other") for _, block in labelled[role]]
    known = [b for bs in labelled.values() for _, b in bs]
    window = _address_blocks(found, items, known)
    below_return_line = _below_return_line(found, known)
    if buyer.name is None and below_return_line:
        buyer.block = below_return_line
        buyer.name = _name_of(found, below_return_line, 0.8)
    if buyer.name is None:
        _addressee(found, buyer, window)
    if buyer.name is None:
        buyer.name = _saluted(found, items)
    if seller.name is None or seller.name.confidence < 0.75:
        payees = [block for _, block in labelled["payee"]]
        best = _sender(found, items, buyer, seller, others, window, payees)
        if best:
            seller.name = best
    if seller.block is None and seller.name and seller.name.candidate:
        seller.block = _block_below(
            found, (seller.name.candidate.row, seller.name.candidate.first, seller.name.candidate.end), with_first=True
        )
    _choose_tax_ids(found, seller, buyer, labelled, items)
    for party in (seller, buyer):
        if party.block:
            party.address = _address(grid, party.block, party.name)
    return Parties(seller, buyer)


def _text(grid: Grid, line: Line) -> str:
    return grid.rows[line[0]].span(line[1], line[2])


# ------------------------------------------------------------------------------------------------------------ blocks under labels

_NO_NAME = {Cue.CONTACT, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.PHONE, Cue.REGISTER}
_ARTICLES = {"the", "le", "la", "les", "der", "die", "das", "de", "het", "il", "el", "o", "a"}
_DIRECTIONS = {"to", "from", "by", "an", "a", "aan", "for", "address", "adresse", "adres", "information", "details"}
_ROLES = ((Cue.SHIP_TO, "ship_to"), (Cue.OTHER_PARTY, "other"), (Cue.PAYEE, "payee"), (Cue.BUYER, "buyer"), (Cue.SELLER, "seller"))
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
}


def _labelled_blocks(found: Candidates, items: frozenset[int]) -> dict[str, list[tuple[float, Block]]]:
    grid = found.grid
    blocks: dict[str, list[tuple[float, Block]]] = {"ship_to": [], "other": [], "payee": [], "buyer": [], "seller": []}
    for number, row in enumerate(grid.rows):
        if number in items:
            continue
        for cell, (first, end) in enumerate(row.cells):
            hits = [h for h in found.cues[number] if first <= h.first and h.end <= end]
            hit = next((h for h in hits if h.first - first <= 2 and any(cue in h.cues for cue, _ in _ROLES)), None)
            if hit is None:
                continue
            role = next(role for cue, role in _ROLES if cue in hit.cues)
            stop = _label_end(row, hit.first, hit.end, end)
            label = frozenset().union(*(h.cues for h in hits if h.end <= stop))
            words = [w for t in row.tokens[first:stop] for w in label_words(t.text)]
            if (
                label & _NOT_A_PARTY
                or len(words) > 6
                or (hit.first > first and role != "buyer" and row.tokens[first].text.lower() not in _ARTICLES)
            ):
                continue
            colon = row.tokens[stop - 1].text.endswith(":")
            short = len(words) == 1 and len(words[0]) <= 4
            if stop < end and not colon:
                continue  # "to" and "client" in running text
            if short and not colon and end - first > 1:
                continue
            rest = (number, stop, end)
            weight = 0.7 if short else 0.9 if colon or stop == end else 0.6
            if stop < end:
                block = _block_below(found, rest, with_first=True)
            else:
                block = _after_label(found, number, cell)
            if block.lines and stop == end and not colon and _address_like(_text(grid, block.lines[0])) and not set(words) & _DIRECTIONS:
                # Right above a street there is no room for another name: the word is the name ("The Supplier").
                block = Block([(number, first, end), *block.lines])
            if block.lines:
                blocks[role].append((weight, block))
    for entries in blocks.values():
        entries.sort(key=lambda entry: -entry[0])
    return blocks


def _label_end(row: Row, first: int, hit_end: int, end: int) -> int:
    """Where the label ends: at its colon, else after its cues and the small words that follow ("Bill to address")."""
    for i in range(first, min(end, hit_end + 3)):
        if row.tokens[i].text.endswith(":"):
            return i + 1
    if hit_end < end and row.tokens[hit_end].text.startswith("(") and row.tokens[end - 1].text.endswith(")"):
        return end
    return hit_end


def _after_label(found: Candidates, number: int, cell: int) -> Block:
    """What a label without words of its own names: the block below; or the cell to its right, if that is no label and nothing is below."""
    grid = found.grid
    row = grid.rows[number]
    first, end = row.cells[cell]
    below = _block_below(found, (number, first, end), with_first=False)
    if cell + 1 < len(row.cells):
        right = row.cells[cell + 1]
        is_label = any(h.first >= right[0] and h.end <= right[1] for h in found.cues[number]) or row.tokens[right[1] - 1].text.endswith(":")
        near = row.tokens[right[0]].x0 - row.tokens[end - 1].x1 < 14 * row.height
        looks = any(c.isalpha() for c in row.span(*right))
        if not is_label and near and looks and (row.tokens[end - 1].text.endswith(":") or not below.lines):
            return _block_below(found, (number, *right), with_first=True)
    return below


def _block_below(found: Candidates, start: Line, with_first: bool, reach: float = 2.4) -> Block:
    """Cells under `start` that begin at about the same place, until a gap, a new label or a dozen lines."""
    grid = found.grid
    row = grid.rows[start[0]]
    block = Block([start] if with_first else [])
    x0 = row.tokens[start[1]].x0
    x1 = row.tokens[start[2] - 1].x1
    bottom = row.y1
    height = row.height
    settled = with_first
    last_page_row = grid.pages[row.page - 1][1]
    for number in range(start[0] + 1, min(last_page_row, start[0] + 24)):
        below = grid.rows[number]
        if below.y0 - bottom > (1.35 if block.lines else reach) * max(height, below.height):
            break
        for cell, (first, end) in enumerate(below.cells):
            left = below.tokens[first].x0
            slack = 0.7 * height if settled else 2.6 * height
            if abs(left - x0) > slack and not (not settled and left < x1 and below.tokens[end - 1].x1 > x0):
                continue
            if _is_label_cell(found, number, first, end) and block.lines:
                return block
            if not settled:
                x0, settled = left, True
            block.lines.append((number, first, end))
            bottom = below.y1
            del cell
            break
        if len(block.lines) > 12:
            break
    return block


def _is_label_cell(found: Candidates, number: int, first: int, end: int) -> bool:
    """A cell that opens another block or another field ("Ship to", "Invoice no")."""
    hits = [h for h in found.cues[number] if first <= h.first and h.end <= end]
    cues = frozenset().union(*(h.cues for h in hits)) if hits else frozenset()
    covered = sum(h.end - h.first for h in hits)
    words = sum(any(c.isalpha() for c in t.text) for t in found.grid.rows[number].tokens[first:end])
    parties = cues & {Cue.BUYER, Cue.SELLER, Cue.SHIP_TO}
    if parties and covered >= words:
        return True
    return bool(cues & {Cue.INVOICE, Cue.DATE, Cue.PAYABLE, Cue.TERMS, Cue.CREDIT} and Cue.CONTACT not in cues and covered * 2 >= words)


# ---------------------------------------------------------------------------------------------------------------------- names


def _name_of(found: Candidates, block: Block, weight: float) -> Choice | None:
    """The first line that can be a name; a salutation goes with the line after it; a company among the first lines is preferred."""
    grid = found.grid
    usable: list[Line] = []
    for line in block.lines[:5]:
        trimmed = _trim(grid, line)
        text = _text(grid, trimmed)
        if _address_like(text):
            break
        cues = cues_in(plain(text))
        if text.startswith(("(", "[")):
            continue
        if cues & {Cue.CONTACT} and ":" in text:
            after = next((i for i in range(line[1], line[2]) if grid.rows[line[0]].tokens[i].text.endswith(":")), line[2])
            if after + 1 < line[2] and not usable and len(block.lines) > 1:
                usable.append((line[0], after + 1, line[2]))
            continue
        first_words = cues_in(plain(text)[:2])
        if not _name_like(text) or (first_words & _NO_NAME and not legal_form(text)):
            continue
        usable.append(trimmed)
    if not usable:
        return None
    best = next((line for line in usable[:3] if legal_form(_text(grid, line))), None)
    if best is None:
        best = next((line for line in usable if "," not in _text(grid, line)), usable[0])
    position = usable.index(best)
    text = _text(grid, best)
    first = usable[position - 1] if position else None
    words = plain(text)
    if len(words) == 1 and words[0] in _SALUTATION and position + 1 < len(usable):
        text = f"{text} {_text(grid, usable[position + 1])}"
    elif first and plain(_text(grid, first)) and plain(_text(grid, first))[0] in _SALUTATION and len(plain(_text(grid, first))) == 1:
        text = f"{_text(grid, first)} {text}"
    return Choice(_clean(text), confidence(weight * 0.85, 0.25), _as_candidate(best, text))


def _as_candidate(line: Line, text: str) -> Candidate:
    return Candidate("id", text, *line)


def _trim(grid: Grid, line: Line) -> Line:
    """Without a label inside the line ("Name: ACME Ltd")."""
    row, first, end = line
    tokens = grid.rows[row].tokens
    for i in range(first, min(end - 1, first + 3)):
        if tokens[i].text.endswith(":") and cues_in(plain(grid.rows[row].span(first, i + 1))) & {
            Cue.NAME,
            Cue.BUYER,
            Cue.SELLER,
            Cue.CUSTOMER,
        }:
            return row, i + 1, end
    return line


def _clean(text: str) -> str:
    text = text.strip(" ,;:|•·-–").strip()
    last = text.rsplit(" ", 1)[-1]
    return text[:-1] if len(last) > 5 and last.find(".") == len(last) - 1 else text


def legal_form(text: str) -> bool:
    """Whether a name ends in (or holds, as "GmbH & Co. KG" does) a legal form."""
    joined: list[str] = []
    letters = False
    for word in plain(text):  # "B.V." gives single letters
        if len(word) == 1 and letters:
            joined[-1] += word
        else:
            joined.append(word)
        letters = len(word) == 1
    return len(joined) > 1 and any(word in _LEGAL for word in joined[-3:] if len(word) > 1)


def _name_like(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    digits = sum(c.isdigit() for c in text)
    return (
        letters >= 3
        and digits <= max(2, letters // 3)
        and "@" not in text
        and "www." not in text.lower()
        and len(text) <= 70
        and not text.endswith(":")
    )


def _names_in(grid: Grid, block: Block) -> list[Line]:
    """Lines of a block that can be names, in order."""
    names = []
    for full in block.lines:
        line = _trim(grid, full)
        text = _text(grid, line)
        if _address_like(text):
            break
        if _name_like(text) and not cues_in(plain(text)) & {Cue.SELLER, Cue.BUYER, Cue.CONTACT, Cue.PHONE}:
            names.append(line)
    return names


def _address_like(text: str) -> bool:
    return bool(_post_code(text)) or bool(_STREET.search(text) and any(c.isdigit() for c in text))


def _post_code(text: str) -> re.Match[str] | None:
    return _CITY_FIRST.search(text) or _POST_CODE.search(text) or _UK_CODE.search(text)


# ------------------------------------------------------------------------------------------------- addressee and sender of a letter


def _address_blocks(found: Candidates, items: frozenset[int], known: list[Block]) -> list[Block]:
    """Unlabelled blocks of two to eight lines that end in a post code and a city, on the first page."""
    grid = found.grid
    taken = {(line[0], line[1]) for block in known for line in block.lines}
    blocks: list[Block] = []
    if not grid.pages:
        return blocks
    for number in range(*grid.pages[0]):
        row = grid.rows[number]
        if number in items:
            break
        for first, end in row.cells:
            if (number, first) in taken or end - first > 8 or not _post_code(row.span(first, end)):
                continue
            lines = [(number, first, end)]
            x0, top = row.tokens[first].x0, row.y0
            for upper in range(number - 1, max(-1, number - 14), -1):
                above = grid.rows[upper]
                if above.page != row.page or top - above.y1 > 1.3 * row.height:
                    break
                cell = next(((a, b) for a, b in above.cells if abs(above.tokens[a].x0 - x0) < 0.7 * row.height), None)
                if cell is None:
                    continue
                if _is_label_cell(found, upper, *cell) or (upper, cell[0]) in taken:
                    break
                lines.insert(0, (upper, *cell))
                top = above.y0
                if len(lines) >= 7:
                    break
            if len(lines) >= 2:
                blocks.append(Block(lines))
    return blocks


def _saluted(found: Candidates, items: frozenset[int]) -> Choice | None:
    """A person addressed with a title in a cell of its own, high on the first page."""
    grid = found.grid
    for number in range(*grid.pages[0]) if grid.pages else ():
        row = grid.rows[number]
        if number in items or row.y0 > 0.5 * grid.sizes[0][1]:
            break
        for first, end in row.cells:
            words = plain(row.span(first, end))
            if 2 <= len(words) <= 5 and words[0] in _SALUTATION and words[0] != "firma" and all(word.isalpha() for word in words):
                text = _clean(row.span(first, end))
                return Choice(text, 0.6, _as_candidate((number, first, end), text))
    return None


def _below_return_line(found: Candidates, known: list[Block]) -> Block | None:
    """The addressee of a window envelope: the block right under the sender's address on one line (DIN 5008 and its likes)."""
    grid = found.grid
    taken = {(line[0], line[1]) for block in known for line in block.lines}
    for number in range(*grid.pages[0]) if grid.pages else ():
        row = grid.rows[number]
        if row.y0 > 0.4 * grid.sizes[0][1]:
            break
        for first, end in row.cells:
            text = row.span(first, end)
            parts = [part for part in _SEPARATOR.split(text) if part.strip()]
            if len(parts) < 2 or end - first < 5 or len(text) > 110 or not _post_code(text) or (number, first) in taken:
                continue
            block = _block_below(found, (number, first, end), with_first=False, reach=10.0)
            if 2 <= len(block.lines) <= 8 and not any(_DOMAIN.search(_text(grid, line)) for line in block.lines[:4]):
                return block
    return None


def _addressee(found: Candidates, buyer: PartyChoice, window: list[Block]) -> None:
    """Without a label: the address block in the upper part that has neither phone, web nor tax number, as a letter's window."""
    grid = found.grid
    best: tuple[float, Block] | None = None
    for block in window:
        row = grid.rows[block.lines[0][0]]
        height = grid.sizes[0][1]
        text = " ".join(_text(grid, line) for line in block.lines)
        cues = cues_in(plain(text))
        score = 0.5
        if cues & {Cue.PHONE, Cue.VAT_NUMBER, Cue.IBAN, Cue.REGISTER, Cue.TAX_NUMBER} or "@" in text or "www" in text.lower():
            score -= 0.4
        if plain(text) and plain(text)[0] in _SALUTATION:
            score += 0.3
        position = row.y0 / height
        score += 0.15 if position < 0.42 else -0.25
        if block.lines[0][0] == grid.pages[0][0]:
            score -= 0.3  # what stands first is the sender
        if len(block.lines) < 3:
            score -= 0.2
        score += 0.12 if len(window) > 1 and block is window[-1] and position > 0.1 else 0.0
        if best is None or score > best[0]:
            best = (score, block)
    if best and best[0] >= 0.45:
        buyer.block = best[1]
        buyer.name = _name_of(found, best[1], best[0])


def _sender(
    found: Candidates,
    items: frozenset[int],
    buyer: PartyChoice,
    seller: PartyChoice,
    others: list[Block],
    window: list[Block],
    payees: list[Block],
) -> Choice | None:
    """The name that the page presents as its own: large or first at the top, again in the footer, in the web address, a company."""
    grid = found.grid
    excluded = {
        (line[0], i)
        for block in [*others, *([buyer.block] if buyer.block else [])]
        for line in block.lines
        for i in range(line[1], line[2])
    }
    buyer_words = plain(str(buyer.name.value)) if buyer.name else ()
    domains = Counter(
        m[1].lower()
        for number, row in enumerate(grid.rows)
        if row.page <= 2
        for m in _DOMAIN.finditer(row.text)
        if m[1].lower() not in _FREE_MAIL and (number, row.token_at(m.start())) not in excluded
    )
    usual = sorted(row.height for row in grid.rows)[len(grid.rows) // 2] if grid.rows else 1.0
    seen: dict[tuple[str, ...], tuple[float, Line]] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    if seller.name and seller.name.candidate:
        c = seller.name.candidate
        seen[plain(str(seller.name.value))] = (0.7, (c.row, c.first, c.end))
    paid = {line for block in payees for line in _names_in(grid, block)[:1]}
    senders = {line for block in window if block is not buyer.block for line in _names_in(grid, block)[:1]}
    for number, row in enumerate(grid.rows):
        if row.page > 2 or number in items:
            continue
        height = grid.sizes[row.page - 1][1]
        position = row.y0 / height
        for first, end in row.cells:
            if (number, first) in excluded:
                continue
            for line in _name_parts(row, number, first, end):
                line = _trim(grid, line)
                text = _clean(_text(grid, line))
                words = plain(text)
                if (
                    text.startswith(("(", "*", "["))
                    or words == ("logo",)
                    or not _name_like(text)
                    or not 1 <= len(words) <= 9
                    or words == buyer_words
                    or _address_like(text)
                ):
                    continue
                cues = cues_in(label_words(text))
                company = legal_form(text)
                if cues - {Cue.NAME, Cue.OF, Cue.OTHER_DATE} and not company:
                    covered = len(cues) > 0
                    if cues & {
                        Cue.INVOICE,
                        Cue.CREDIT,
                        Cue.RECEIPT,
                        Cue.BUYER,
                        Cue.SHIP_TO,
                        Cue.PAGE,
                        Cue.PHONE,
                        Cue.TERMS,
                        Cue.TOTAL,
                        Cue.NUMBER,
                        Cue.DATE,
                        Cue.BANK,
                        Cue.SELLER,
                    }:
                        continue
                    score = -0.12 if covered else 0.0
                else:
                    score = 0.0
                counts[words] += 1
                squeezed = "".join(words)
                if any(_agrees(domain, squeezed, words) for domain in domains):
                    score += 0.36
                if company:
                    score += 0.28
                if row.page == 1:
                    size = max(t.y1 - t.y0 for t in row.tokens[line[1] : line[2]]) / max(usual, 0.1)
                    score += 0.2 if position < 0.12 else 0.12 if position < 0.25 else 0.0
                    score += 0.16 if number <= grid.pages[0][0] + 1 else 0.0
                    score += 0.2 if size > 1.35 and position < 0.3 else 0.0
                    if line in senders:
                        score += 0.12
                if position > 0.85:
                    score += 0.1
                if line in paid:
                    score += 0.34
                if line[2] < end and _post_code(row.span(first, end)):
                    score += 0.2  # a sender's address on one line begins with the sender
                elif score > 0.1 and _has_contacts_below(found, line):
                    score += 0.16
                if text[-1].isdigit():
                    score -= 0.3
                if text.endswith(".") and not company:
                    score -= 0.3
                if len(words) > 5 and not company:
                    score -= 0.25
                if len(words) == 1 and len(squeezed) < 4:
                    score -= 0.2
                if words not in seen or seen[words][0] < score:
                    seen[words] = (score, line)
    scored: list[tuple[float, Candidate]] = []
    for words, (score, line) in seen.items():
        if legal_form(" ".join(words)) and any(words != other and words[: len(other)] == other for other in counts):
            score += 0.15  # the short name stands elsewhere
        score += 0.09 * min(2, counts[words] - 1)
        scored.append((score, _as_candidate(line, _clean(_text(grid, line)))))
    return pick(scored, floor=0.38)


def _has_contacts_below(found: Candidates, line: Line) -> bool:
    """Whether an address, a telephone number or a tax number follows under a line, as on a letterhead."""
    for below in _block_below(found, line, with_first=True).lines[1:5]:
        text = _text(found.grid, below)
        if (
            _address_like(text)
            or _DOMAIN.search(text)
            or cues_in(plain(text)[:3]) & {Cue.PHONE, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER}
        ):
            return True
    return False


def _companies_in(row: Row, number: int, first: int, end: int) -> list[Line]:
    """Names with a legal form inside running text: the capitalised words that lead up to it."""
    found: list[Line] = []
    for i in range(first + 1, end):
        word = "".join(plain(row.tokens[i].text))
        if word not in _LEGAL or not row.tokens[i].text[0].isupper() or (found and found[-1][2] > i - 1):
            continue
        start = i
        while start > first and i - start < 5:
            text = row.tokens[start - 1].text
            if not (text[0].isupper() or text == "&") or text[-1] in ".:;" and len(text) > 3 or (text.endswith(",") and start < i):
                break
            start -= 1
        if start < i and sum(c.isalpha() for t in row.tokens[start:i] for c in t.text) > 2:
            stop = i + 1
            while stop < end and "".join(plain(row.tokens[stop].text)) in _LEGAL:
                stop += 1
            found.append((number, start, stop))
    return found


def _name_parts(row: Row, number: int, first: int, end: int) -> list[Line]:
    """A cell, and what stands before a separator in it ("ACME AG - Some street 4 - 12345 Town", "ACME Ltd, 5 Some street")."""
    parts: list[Line] = []
    for i in range(first, min(end, first + 9)):
        text = row.tokens[i].text
        if i > first and end - first > 6 and legal_form(row.span(first, i + 1)) and row.tokens[first].text[0].isupper():
            if i + 1 < end and row.tokens[i + 1].text in ("&", "und", "and", "et"):
                continue
            if i + 1 == end or not row.tokens[i + 1].text[0].isalpha() or row.tokens[i + 1].text[0].islower():
                return [(number, first, i + 1)]  # "ACME SA au capital de ..."
        if text in ("-", "–", "|", "•", "·", "*", "—", "·") and i > first:
            parts.append((number, first, i))
            break
        goes_on = i + 1 < end and "".join(plain(row.tokens[i + 1].text)) in _LEGAL  # "Co., Ltd."
        if text.endswith((",", "•", "|", ";")) and i + 1 < end and legal_form(row.span(first, i + 1)) and not goes_on:
            parts.append((number, first, i + 1))
            return parts
    if end - first <= 9:
        parts.append((number, first, end))
    if end - first > 4:
        parts += [line for line in _companies_in(row, number, first, end) if line not in parts]
    return parts


def _agrees(domain: str, squeezed: str, words: tuple[str, ...]) -> bool:
    domain = "".join(plain(domain))
    if len(domain) < 3:
        return False
    core = "".join(word for word in words if word not in _LEGAL)
    if len(core) >= 4 and (core in domain or domain in core):
        return len(domain) <= 2.2 * len(core) and len(core) <= 2.5 * len(domain)
    initials = "".join(word[0] for word in words)
    return len(domain) >= 3 and domain == initials


# -------------------------------------------------------------------------------------------------------------- tax ids and addresses


def _choose_tax_ids(
    found: Candidates, seller: PartyChoice, buyer: PartyChoice, labelled: dict[str, list[tuple[float, Block]]], items: frozenset[int]
) -> None:
    """VAT ids by grammar, and labelled identifiers that may lack a prefix; those in or under the buyer's block are the buyer's."""
    theirs = [block for _, block in labelled["buyer"]] + ([buyer.block] if buyer.block else [])
    foreign = [block for role in ("ship_to", "other") for _, block in labelled[role]]
    scored: dict[str, list[tuple[float, Candidate]]] = {"seller.vat_id": [], "buyer.vat_id": [], "seller.tax_id": []}
    ibans = {(c.row, i) for c in found.of("iban") for i in range(c.first, c.end)}
    done: set[tuple[int, int]] = set()
    for c in [*found.of("vat_id"), *found.of("id")]:
        if (c.row, c.first) in done or (c.row, c.first) in ibans or c.row in items:
            continue
        if c.kind == "id" and (sum(ch.isdigit() for ch in str(c.value)) < 6 or len(str(c.value)) > 30):
            continue
        roles = found.strength(c, id_meaning)
        vat, tax = lead_of(roles, "vat_id"), lead_of(roles, "tax_id")
        text = str(c.value)
        if c.kind == "vat_id":
            valid = vat_id_is_valid(text)
            if vat < 0.2 and (not valid or lead_of(roles, max(roles, key=lambda r: roles[r]) if roles else "") > 0.5):
                continue
            score = 0.35 + 0.5 * vat + (0.15 if valid else 0.0)
        else:
            digits = sum(ch.isdigit() for ch in text)
            if (vat < 0.35 and tax < 0.35) or not 7 <= len("".join(plain(text))) <= 20 or digits < 6:
                continue
            if parse_vat_id(text):
                continue  # found by its grammar already
            score = 0.3 + 0.5 * max(vat, tax)
        done.update((c.row, i) for i in range(c.first, c.end))
        own = _belongs(found, c, theirs) or any(label.cues & {Cue.YOUR, Cue.BUYER, Cue.CUSTOMER} for label in found.labels(c)[:1])
        if _belongs(found, c, foreign) and not own:
            score -= 0.35
        role = "buyer" if own else "seller"
        path = f"{role}.vat_id" if c.kind == "vat_id" or vat >= tax else f"{role}.tax_id"
        if path == "seller.vat_id" and c.row:
            score += 0.1 if seller.block and _belongs(found, c, [seller.block]) else 0.0
            score -= 0.1 * min(1.0, c.row / max(1, len(found.grid.rows))) * (0.3 if c.kind == "vat_id" else 1.0)
        if path in scored:
            value = "".join(ch for ch in text if ch.isalnum()) if "vat" in path else text
            scored[path].append((score, Candidate(c.kind, value, c.row, c.first, c.end)))
    seller.vat_id = pick(scored["seller.vat_id"], 0.4)
    buyer.vat_id = pick(scored["buyer.vat_id"], 0.4)
    seller.tax_id = pick(scored["seller.tax_id"], 0.4)


def _belongs(found: Candidates, c: Candidate, blocks: list[Block]) -> bool:
    """Whether a value stands in a block or right under it, in its column."""
    grid = found.grid
    row = grid.rows[c.row]
    for block in blocks:
        top, bottom = grid.rows[block.lines[0][0]], grid.rows[block.lines[-1][0]]
        if row.page != top.page or row.y0 < top.y0 - row.height or row.y1 > bottom.y1 + 3.5 * row.height:
            continue
        left = min(grid.rows[line[0]].tokens[line[1]].x0 for line in block.lines)
        right = max(grid.rows[line[0]].tokens[line[2] - 1].x1 for line in block.lines)
        cell_left = row.tokens[row.cells[row.cell_of[c.first]][0]].x0
        width = grid.sizes[row.page - 1][0]
        if left - 2 * row.height <= cell_left <= max(right, left + 0.25 * width):
            return True
    return False


def _address(grid: Grid, block: Block, name: Choice | None) -> Address:
    """Post code, city, country and the line before, where a line of the block shows them clearly."""
    for i, line in enumerate(block.lines[:8]):
        text = _text(grid, line)
        match = _post_code(text)
        if not match:
            continue
        groups = match.groupdict()
        city = _CITY_STOP.sub("", groups.get("city") or "").strip(" ,.-")
        country = _country(text, groups.get("prefix"))
        if country is None and i + 1 < len(block.lines):
            country = _country(_text(grid, block.lines[i + 1]), None)
        if "," in city:
            city = city.split(",")[0]
        before = _text(grid, block.lines[i - 1]) if i else None
        if before is not None and name is not None and before == name.value:
            before = None
        return Address(line_1=before, city=city or None, post_code=match["code"], subdivision=groups.get("state"), country=country)
    return Address()


@cache
def _countries() -> dict[str, str]:
    from babel import Locale  # loaded once, with the first address

    names: dict[str, str] = {"usa": "US", "uk": "GB", "england": "GB", "holland": "NL", "great britain": "GB"}
    for language in ("en", "de", "fr", "nl", "it", "es", "pt"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                names.setdefault(" ".join(plain(str(name))), code)
    return names


_PREFIX = {
    "D": "DE",
    "F": "FR",
    "A": "AT",
    "I": "IT",
    "E": "ES",
    "B": "BE",
    "L": "LU",
    "P": "PT",
    "CH": "CH",
    "NL": "NL",
    "DE": "DE",
    "FR": "FR",
    "AT": "AT",
    "BE": "BE",
}


def _country(text: str, prefix: str | None) -> str | None:
    if prefix and prefix in _PREFIX:
        return _PREFIX[prefix]
    for part in reversed(text.replace("(", ",").replace(")", ",").split(",")):
        words = " ".join(plain(part))
        if words in _countries():
            return _countries()[words]
        if part.strip().isupper() and len(part.strip()) == 2 and part.strip() in _countries().values():
            return part.strip()
    return None
