"""Who sent a document, where no label says so: what the page presents as its own name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from app.domain.parsing import (
    plain,
)
from app.extractors.addressee import PartyChoice, as_candidate, names_in, trim
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, pick
from app.extractors.common_words import is_common
from app.extractors.grid import Grid, Row
from app.extractors.labels import cues_in, label_words
from app.extractors.lexicon import Cue
from app.extractors.names import DOMAIN, LEGAL, OWNER, address_like, clean, legal_form, name_end, name_like, only_legal_form, post_code
from app.extractors.party_details import is_country
from app.extractors.passages import Line, Passage, name_from, passage_below, text_of

_FREE_MAIL = frozenset(
    "gmail googlemail hotmail outlook yahoo gmx web icloud live orange wanadoo free t-online aol msn libero ziggo kpnmail sapo".split()
)


_NEVER_A_NAME = {
    *(Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT, Cue.BUYER, Cue.SELLER, Cue.SHIP_TO, Cue.PAGE, Cue.PHONE, Cue.TERMS, Cue.TOTAL),
    *(Cue.NUMBER, Cue.DATE, Cue.BANK),
}
PRINTED = frozenset(
    "original originale duplicate duplicata duplikat copy copie kopie copia recipient supplier draft entwurf sample "
    "muster paid unpaid overdue bezahlt confidential logo slogan exemplaire ausfertigung triplicate office summary "
    "details overview welcome hello page seite pagina reprint reprinted customer merchant".split()
)
"""Words that are printed over many invoices and name nobody."""
_TITLES = {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT}
_HARMLESS = {Cue.NAME, Cue.OF, Cue.OTHER_DATE}


def choose_sender(
    found: Candidates,
    items: frozenset[int],
    buyer: PartyChoice,
    seller: PartyChoice,
    others: list[Passage],
    window: list[Passage],
    payees: list[Passage],
) -> Choice | None:
    """The name that the page presents as its own: large or first at the top, again in the footer, in the web address, a company.

    `others` are passages of third parties, `window` unlabelled address passages, `payees` passages of who is to be paid.
    """
    grid = found.grid
    passages = [*others, *([buyer.passage] if buyer.passage else [])]
    excluded = {(line[0], i) for passage in passages for line in passage.lines for i in range(line[1], line[2])}
    buyer_words = plain(str(buyer.name.value)) if buyer.name else ()
    letterhead = _Letterhead(
        found,
        frozenset(domain for domain in domains_in(grid, excluded) if not agrees(domain, "".join(buyer_words), buyer_words)),
        sorted(row.height for row in grid.rows)[len(grid.rows) // 2] if grid.rows else 1.0,
        frozenset(line for passage in window if passage is not buyer.passage for line in names_in(grid, passage)[:1]),
        frozenset(line for passage in payees for line in names_in(grid, passage)[:1]),
    )
    seen: dict[tuple[str, ...], tuple[float, Line]] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    if seller.name and seller.name.candidate:
        c = seller.name.candidate
        seen[plain(str(seller.name.value))] = (0.7, (c.row, c.first, c.end))
    for number, row in enumerate(grid.rows):
        if row.page > 2 or number in items:
            continue
        for first, end in row.cells:
            for part in _name_parts(row, number, first, end) if (number, first) not in excluded else ():
                line = trim(grid, part)
                text = clean(text_of(grid, line))
                words = plain(text)
                if (
                    (buyer_words and _core(words) == _core(buyer_words))
                    or not _can_be_sender(text, words)
                    or (row.read and is_country(words))
                ):
                    continue
                counts[words] += 1
                merit = letterhead.weigh(line, text, words, end)
                if words not in seen or seen[words][0] < merit:
                    seen[words] = (merit, line)
    weighed: list[tuple[float, Candidate]] = []
    for words, (merit, line) in seen.items():
        merit += 0.09 * min(2, counts[words] - 1)
        if legal_form(" ".join(words)) and any(words != other and words[: len(other)] == other for other in counts):
            merit += 0.15  # the short name stands elsewhere
        weighed.append((merit, as_candidate(line, clean(text_of(grid, line)))))
    choice = pick(weighed, floor=0.35)
    if choice and choice.candidate and (fuller := _fuller(choice.candidate, [c for _, c in weighed])):
        choice = replace(choice, value=fuller.value, candidate=fuller)
    return replace(choice, value=_whole_name(grid, choice.candidate, counts)) if choice and choice.candidate else choice


def _core(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in LEGAL) or words


def _fuller(name: Candidate, names: list[Candidate]) -> Candidate | None:
    """The same name with more of its legal form: "ACME GmbH & Co. KG" for "ACME GmbH"."""
    words = plain(str(name.value))
    same = [c for c in names if legal_form(str(c.value)) and _core(plain(str(c.value))) == _core(words) and not _DASH.search(str(c.value))]
    longest = max(same, key=lambda c: sum(map(len, plain(str(c.value)))), default=None)
    return longest if longest and sum(map(len, plain(str(longest.value)))) > sum(map(len, words)) else None


def _whole_name(grid: Grid, name: Candidate, counts: Counter[tuple[str, ...]]) -> str:
    """A name with its lines above and below, where a letterhead sets it in two: "Mutual Insurance Company / of Exampletown Inc."

    The upper line must be the first of its block, in the same type, and the lower one must stand nowhere else without it.
    """
    row = grid.rows[name.row]
    text = clean(name_from(grid, (name.row, name.first, name.end)))
    if name.row == grid.pages[row.page - 1][0] or not legal_form(text) or counts[plain(str(name.value))] > 1:
        return text
    above = grid.rows[name.row - 1]
    left, right = row.words[name.first].x0, row.words[name.end - 1].x1
    cell = next(
        (
            (a, b)
            for a, b in above.cells
            if abs(above.words[a].x0 - left) < 0.4 * row.height
            or abs(above.words[a].x0 + above.words[b - 1].x1 - left - right) < row.height
        ),
        None,
    )
    if cell is None or row.y0 - above.y1 > 0.5 * row.height or abs(above.height / row.height - 1) > 0.08 or cell[1] - cell[0] > 4:
        return text
    upper = above.span(*cell)
    first = name.row - 1 == grid.pages[row.page - 1][0] or above.y0 - grid.rows[name.row - 2].y1 > row.height
    alike = above.words[cell[0]].bold == row.words[name.first].bold and upper.isupper() == text.isupper()
    single = legal_form(upper) or cues_in(label_words(upper)) or any(map(str.isdigit, upper)) or not name_like(upper)
    return f"{upper} {text}" if first and alike and not single and counts[plain(upper)] <= 1 else text


def _can_be_sender(text: str, words: tuple[str, ...]) -> bool:
    if not 1 <= len(words) <= 9 or words == ("logo",) or text.startswith(("(", "*", "[")) or not name_like(text) or address_like(text):
        return False
    if all(word in PRINTED or is_common(word) for word in words) or _CLAUSE.match(text) or only_legal_form(text):
        return False
    return legal_form(text) or not cues_in(label_words(text)) & _NEVER_A_NAME


_DASH = re.compile(r"[–—|·]|-\s")
"""Behind it something else begins ("ACME Ltd– Company no. ...")."""
_CLAUSE = re.compile(r"\d{1,2}[.)]\s")


def domains_in(grid: Grid, excluded: set[tuple[int, int]]) -> frozenset[str]:
    """Names in web and mail addresses that are not the addressee's."""
    return frozenset(
        match[1].lower()
        for number, row in enumerate(grid.rows)
        if row.page <= 2
        for match in DOMAIN.finditer(row.text)
        if match[1].lower() not in _FREE_MAIL and (number, row.word_at(match.start())) not in excluded
    )


@dataclass(frozen=True, slots=True)
class _Letterhead:
    """What sets a sender's name apart. `usual`: the usual height of a row; `senders`: first names of unlabelled address passages."""

    found: Candidates
    domains: frozenset[str]
    usual: float
    senders: frozenset[Line]
    paid: frozenset[Line]

    def weigh(self, line: Line, text: str, words: tuple[str, ...], end: int) -> float:
        """`end`: where the cell ends that the name stands in."""
        grid = self.found.grid
        number, first, stop = line
        row = grid.rows[number]
        company = legal_form(text)
        squeezed = "".join(words)
        merit = 0.0 if company or not cues_in(label_words(text)) - _HARMLESS else -0.12
        merit += 0.36 if any(agrees(domain, squeezed, words) for domain in self.domains) else 0.0
        merit += 0.28 if company else 0.0
        merit += 0.4 if line in self.paid else 0.0
        position = row.y0 / grid.sizes[row.page - 1][1]
        if row.page == 1:
            size = max(spot.y1 - spot.y0 for spot in row.words[first:stop]) / max(self.usual, 0.1)
            merit += 0.2 if position < 0.12 else 0.12 if position < 0.25 else 0.0
            merit += 0.16 if number <= grid.pages[0][0] + 1 else 0.0
            merit += 0.2 if size > 1.35 and position < 0.3 else 0.0
            merit += 0.12 if line in self.senders else 0.0
        merit += 0.1 if position > 0.85 else 0.0
        if stop < end and post_code(row.span(first, end)):
            merit += 0.2  # a sender's address on one line begins with the sender
        elif merit > 0.1 and _has_contacts_below(self.found, line):
            merit += 0.16
        merit -= 0.3 if text[-1].isdigit() else 0.0
        merit -= 0.8 if words[0] in OWNER else 0.0
        if not company:
            merit -= 0.4 if _heads_value(grid, line) else 0.0
            merit -= 0.3 if text.endswith(".") else 0.0
            merit -= 0.25 if len(words) > 5 else 0.0
            merit -= 0.2 if sum(map(is_common, words)) * 5 >= 2 * len(words) else 0.0  # "Thank you for shopping with us"
        return merit - (0.2 if len(words) == 1 and len(squeezed) < 4 else 0.0)


def _heads_value(grid: Grid, line: Line) -> bool:
    """Whether a cell is the head of a value: digits stand right under it."""
    row = grid.rows[line[0]]
    if line[0] + 1 >= grid.pages[row.page - 1][1]:
        return False
    below = grid.rows[line[0] + 1]
    x0, x1 = row.words[line[1]].x0, row.words[line[2] - 1].x1
    cells = [(a, b) for a, b in below.cells if below.words[a].x0 < x1 and below.words[b - 1].x1 > x0]
    return below.y0 - row.y1 < 1.5 * row.height and bool(cells) and not any(map(str.isalpha, below.span(*cells[0])))


def _has_contacts_below(found: Candidates, line: Line) -> bool:
    """Whether an address, a telephone number or a tax number follows under a line, as on a letterhead."""
    for below in passage_below(found, line, with_first=True).lines[1:5]:
        text = text_of(found.grid, below)
        if (
            address_like(text)
            or DOMAIN.search(text)
            or cues_in(plain(text)[:3]) & {Cue.PHONE, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER}
        ):
            return True
    return False


def _companies_in(row: Row, number: int, first: int, end: int) -> list[Line]:
    """Names with a legal form inside running text: the capitalised words that lead up to it."""
    found: list[Line] = []
    for i in range(first + 1, end):
        word = "".join(plain(row.words[i].text))
        if word not in LEGAL or not row.words[i].text[0].isupper() or (found and found[-1][2] > i - 1):
            continue
        start = i
        while start > first and i - start < 5:
            text = row.words[start - 1].text
            if not (text[0].isupper() or text == "&") or (text[-1] in ".:;" and len(text) > 5) or (text.endswith(",") and start < i):
                break
            start -= 1
        if start < i and sum(c.isalpha() for t in row.words[start:i] for c in t.text) > 2:
            stop = i + 1
            while stop < end and "".join(plain(row.words[stop].text)) in LEGAL:
                stop += 1
            found.append((number, start, stop))
    return found


def _name_parts(row: Row, number: int, first: int, end: int) -> list[Line]:
    """A cell, and what stands before a separator in it ("ACME AG - Some street 4 - 12345 Town", "ACME Ltd, 5 Some street")."""
    parts: list[Line] = []
    end = name_end(row, first, end)
    for i in range(first, min(end, first + 9)):
        text = row.words[i].text
        titled = i + 1 < end and bool(cues_in(plain(row.words[i + 1].text)) & _TITLES)
        if i > first and (end - first > 6 or titled) and legal_form(row.span(first, i + 1)) and row.words[first].text[0].isupper():
            if i + 1 < end and row.words[i + 1].text in ("&", "und", "and", "et"):
                continue
            if (
                i + 1 == end
                or not row.words[i + 1].text[0].isalpha()
                or row.words[i + 1].text[0].islower()
                or titled
                or _labelled(row, i + 1)
            ):
                return [(number, first, i + 1)]  # "ACME SA au capital de ...", "ACME GmbH Handelsregister HRB 1234 ..."
        if text in ("-", "–", "|", "•", "·", "*", "—", "·") and i > first:
            parts.append((number, first, i))
            break
        goes_on = i + 1 < end and "".join(plain(row.words[i + 1].text)) in LEGAL  # "Co., Ltd."
        if text.endswith((",", "•", "|", ";")) and i + 1 < end and legal_form(row.span(first, i + 1)) and not goes_on:
            parts.append((number, first, i + 1))
            return parts
    if end - first <= 9:
        parts.append((number, first, end))
    if end - first > 4:
        parts += [line for line in _companies_in(row, number, first, end) if line not in parts]
    return parts


def _labelled(row: Row, i: int) -> bool:
    """Whether a word says what the number after it is: it belongs to no name before it."""
    return bool(cues_in(plain(row.words[i].text)) & {Cue.REGISTER, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.PHONE, Cue.IBAN})


def agrees(domain: str, squeezed: str, words: tuple[str, ...]) -> bool:
    domain = "".join(plain(domain))
    if len(domain) < 3:
        return False
    core = "".join(word for word in words if word not in LEGAL)
    if len(core) >= 4 and (core in domain or domain in core):
        return len(domain) <= 2.2 * len(core) and len(core) <= 2.5 * len(domain)
    initials = "".join(word[0] for word in words)
    return len(domain) >= 3 and domain == initials
