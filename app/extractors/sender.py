"""Who sent a document, where no label says so: what the page presents as its own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.domain.parsing import (
    plain,
)
from app.extractors.addressee import PartyChoice, as_candidate, name_of, names_in, trim
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, pick
from app.extractors.common_words import is_common
from app.extractors.grid import Grid, Row
from app.extractors.labels import cues_in, label_share, label_words
from app.extractors.lexicon import Cue
from app.extractors.names import (
    DOMAIN,
    LEGAL,
    OWNER,
    address_like,
    clean,
    is_country,
    legal_form,
    name_end,
    name_like,
    only_legal_form,
    post_code,
)
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


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a name stands that may be the sender's. `merit`: what speaks for it, whoever the addressee is; `numbered`: whether
    a firm's numbers stand with it; `heads`: whether its cell begins with it; `domains`: those that agree with it."""

    text: str
    words: tuple[str, ...]
    line: Line
    merit: float
    numbered: bool
    heads: bool
    domains: frozenset[Domain]


@dataclass(frozen=True, slots=True)
class Senders:
    """All mentions of a document, from which the sender is chosen once the addressee is known."""

    found: Candidates
    mentions: list[Mention]
    first_lines: frozenset[Line]
    others: frozenset[Place]

    def choice(self, buyer: PartyChoice) -> Choice | None:
        """The name that the page presents as its own: large or first at the top, again in the footer, in the web address, a company.

        What stands in the buyer's passage is not the sender's.
        """
        grid = self.found.grid
        theirs = set(_places([buyer.passage] if buyer.passage else []))
        buyer_words = plain(str(buyer.name.value)) if buyer.name else ()
        if buyer.name and buyer.name.candidate:
            theirs |= {(buyer.name.candidate.row, i) for i in range(buyer.name.candidate.first, buyer.name.candidate.end)}
        seen: dict[tuple[str, ...], tuple[float, Mention]] = {}
        counts: Counter[tuple[str, ...]] = Counter()
        heads: set[tuple[str, ...]] = set()
        for mention in self.mentions:
            if (mention.line[0], mention.line[1]) in theirs:
                continue
            words, merit = mention.words, mention.merit
            counts[words] += 1
            heads |= {words} if mention.heads else set()
            namesake = bool(buyer_words) and _core(words) == _core(buyer_words)
            merit -= 0.3 if namesake else 0.0
            merit -= 0.6 if (mention.line[0], mention.line[1]) in self.others else 0.0
            own = {domain.name for domain in mention.domains if domain.place not in theirs}
            shared = any(agrees(name, "".join(buyer_words), buyer_words) for name in own)
            merit += 0.0 if not own or namesake else 0.18 if shared else 0.36
            merit += 0.12 if mention.line in self.first_lines else 0.0
            if words not in seen or seen[words][0] < merit:
                seen[words] = (merit, mention)
        large = [words for words, (_, mention) in seen.items() if mention.line[0] < 2 and not mention.numbered]
        weighed: list[tuple[float, Candidate]] = []
        for words, (merit, mention) in seen.items():
            merit += 0.09 * min(2, counts[words] - 1)
            if legal_form(" ".join(words)) and any(words != other and words[: len(other)] == other for other in counts):
                merit += 0.15  # the short name stands elsewhere
            elif mention.numbered and any(words[0] in other and words != other for other in large):
                merit += 0.25  # a logo has a part of the name
            weighed.append((merit, as_candidate(mention.line, mention.text)))
        choice = pick(weighed, floor=FLOOR)
        if choice and choice.candidate and (part := _within(choice.candidate, weighed, heads)):
            choice = replace(choice, value=part.value, candidate=part)
        if choice and choice.candidate and (fuller := _fuller(choice.candidate, [c for _, c in weighed])):
            choice = replace(choice, value=fuller.value, candidate=fuller)
        return replace(choice, value=_whole_name(grid, choice.candidate, counts)) if choice and choice.candidate else choice


FLOOR = 0.1
"""A likely name is said rather than none: how likely it is, `judge` tells."""


def read_senders(
    found: Candidates, items: frozenset[int], labelled: dict[str, list[tuple[float, Passage]]], window: list[Passage]
) -> Senders:
    """`labelled`: passages under labels, by role; `window`: those of addresses without one. Whom a label names as another party is hardly
    the sender."""
    grid = found.grid
    letterhead = _Letterhead(found, sorted(row.height for row in grid.rows)[len(grid.rows) // 2] if grid.rows else 1.0)
    domains = domains_in(grid)
    mentions: list[Mention] = []
    for weight, passage in labelled["seller"]:
        if (name := name_of(found, passage, weight)) and name.candidate:
            line = (name.candidate.row, name.candidate.first, name.candidate.end)
            merit = weight - 0.2 + _contacts_below(found, line)
            mentions.append(Mention(str(name.value), plain(str(name.value)), line, merit, False, True, frozenset()))
    for line, end, heads, bonus in _lines(grid, items, labelled["payee"]):
        text = clean(name_from(grid, line) if line[2] == end else text_of(grid, line))
        words = plain(text)
        if not _can_be_sender(text, words) or is_country(words):
            continue
        merit, numbered = letterhead.weigh(line, text, words, end)
        agreeing = frozenset(domain for domain in domains if agrees(domain.name, "".join(words), words))
        mentions.append(Mention(text, words, line, merit + bonus, numbered, heads, agreeing))
    first_lines = frozenset(line for passage in window for line in names_in(grid, passage)[:1])
    others = [passage for role in ("ship_to", "other", "buyer") for _, passage in labelled[role]]
    return Senders(found, _joined(grid, mentions), first_lines, frozenset(_places(others)))


def _lines(grid: Grid, items: frozenset[int], payees: list[tuple[float, Passage]]) -> Iterator[tuple[Line, int, bool, float]]:
    """Where a name may stand: the words, where their cell ends, whether they begin it, and what being paid says for them."""
    for number, row in enumerate(grid.rows):
        if row.page <= 2 and number not in items:
            for first, end in row.cells:
                for part in _name_parts(row, number, first, end):
                    yield trim(grid, part), end, part[1] == first, 0.0
    for _, passage in payees:
        for line in names_in(grid, passage)[:1]:
            yield line, line[2], True, 0.4


Place = tuple[int, int]
"""Row and word."""


def _places(passages: list[Passage]) -> Iterator[Place]:
    return ((line[0], i) for passage in passages for line in passage.lines for i in range(line[1], line[2]))


def _within(name: Candidate, weighed: list[tuple[float, Candidate]], heads: set[tuple[str, ...]]) -> Candidate | None:
    """The name itself, where what was chosen has other words around it ("A publication of ACME plc"): it stands elsewhere by itself."""
    words = plain(str(name.value))
    found: list[tuple[float, Candidate]] = []
    for merit, c in weighed:
        inner = plain(str(c.value))
        if inner not in heads or c.row == name.row or len(inner) >= len(words) or len("".join(inner)) < 5 or _core(inner) == _core(words):
            continue
        at = next((i for i in range(len(words) - len(inner) + 1) if words[i : i + len(inner)] == inner), None)
        if at is None or (legal_form(str(name.value)) and not legal_form(str(c.value))):
            continue
        remark = any(word.islower() and len(word) > 1 and word not in _LINKS for word in str(name.value).split()[:at])
        if merit >= (0.25 if remark else 0.4):
            found.append((merit, c))
    return max(found, key=lambda pair: pair[0])[1] if found else None


_LINKS = frozenset("und and et en e y i da do dos das di del della van der den de du le la les".split())
"""Small words inside names."""


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
    text = str(name.value)
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
    if len(words) > 1 and cues_in(("".join(words),)) & _NEVER_A_NAME:
        return False  # "I N VOICE"
    return legal_form(text) or label_share(text, _NEVER_A_NAME) < 0.5


_DASH = re.compile(r"[–—|·]|-\s")
"""Behind it something else begins ("ACME Ltd– Company no. ...")."""
_ADDRESS = re.compile(r"[^,]*\d[^,]*,.*\d")
_CLAUSE = re.compile(r"\d{1,2}[.)]\s")


class Domain(NamedTuple):
    """The name in a web or mail address, and where it stands: row and word."""

    name: str
    place: tuple[int, int]


def domains_in(grid: Grid) -> frozenset[Domain]:
    """Those of the first two pages, but for those of providers."""
    return frozenset(
        Domain(match[1].lower(), (number, row.word_at(match.start())))
        for number, row in enumerate(grid.rows)
        if row.page <= 2
        for match in DOMAIN.finditer(row.text)
        if match[1].lower() not in _FREE_MAIL
    )


@dataclass(frozen=True, slots=True)
class _Letterhead:
    """What sets a sender's name apart, whoever the addressee is. `usual`: the usual height of a row."""

    found: Candidates
    usual: float

    def weigh(self, line: Line, text: str, words: tuple[str, ...], end: int) -> tuple[float, bool]:
        """The merit, and whether a firm's numbers stand with the name. `end`: where the cell ends that it stands in."""
        grid = self.found.grid
        number, first, stop = line
        row = grid.rows[number]
        company = legal_form(text)
        squeezed = "".join(words)
        merit = 0.0 if company or not cues_in(label_words(text)) - _HARMLESS else -0.12
        merit += 0.28 if company else 0.0
        position = row.y0 / grid.sizes[row.page - 1][1]
        if row.page == 1:
            size = max(spot.y1 - spot.y0 for spot in row.words[first:stop]) / max(self.usual, 0.1)
            merit += 0.2 if position < 0.12 else 0.12 if position < 0.25 else 0.0
            merit += 0.16 if number <= grid.pages[0][0] + 1 else 0.0
            merit += 0.2 if size > 1.35 and position < 0.3 else 0.0
        merit += 0.1 if position > 0.85 else 0.0
        beside = _imprint(row.span(stop, end)) if stop < end else 0.0  # a sender's address on one line begins with the sender
        below = _contacts_below(self.found, line) if not beside and merit > 0.1 else 0.0
        merit += beside + below
        merit -= 0.3 if text[-1].isdigit() else 0.0
        merit -= 0.8 if words[0] in OWNER else 0.0
        if not company:
            merit -= 0.4 if _heads_value(grid, line) else 0.0
            merit -= 0.3 if text.endswith(".") else 0.0
            merit -= 0.25 if len(words) > 5 else 0.0
            merit -= 0.3 if len(words) > 2 and sum(word[0].islower() for word in text.split()) * 2 > len(words) else 0.0  # a sentence
            merit -= 0.2 if sum(map(is_common, words)) * 5 >= 2 * len(words) else 0.0  # "Thank you for shopping with us"
        merit -= 0.2 if len(words) == 1 and len(squeezed) < 4 else 0.0
        return merit, beside == _NUMBERED_BESIDE or below == _NUMBERED_BELOW


_NUMBERED_BESIDE, _NUMBERED_BELOW = 0.45, 0.28
"""What it says for a name that the numbers of a firm stand with it: VAT, tax, register, bank account."""


def _imprint(text: str) -> float:
    """What its numbers, its address or where it is reached say for the name before them, as at the foot of a page."""
    if any(map(str.isdigit, text)) and cues_in(plain(text)) & _OF_A_FIRM:
        return _NUMBERED_BESIDE
    return 0.35 if post_code(text) or DOMAIN.search(text) else 0.0


_OF_A_FIRM = {Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER, Cue.IBAN}


def _line_above(grid: Grid, line: Line) -> str:
    """What stands right above a line in the same type, so that both may be one name ("ACME Health / Care Ltd"); or nothing."""
    row = grid.rows[line[0]]
    if line[0] == grid.pages[row.page - 1][0]:
        return ""
    above = grid.rows[line[0] - 1]
    left = row.words[line[1]].x0
    cell = next((cell for cell in above.cells if abs(above.words[cell[0]].x0 - left) < 0.4 * row.height), None)
    near = row.y0 - above.y1 < 0.5 * row.height and abs(above.height / row.height - 1) < 0.15
    return above.span(*cell) if cell and near else ""


def _joined(grid: Grid, mentions: list[Mention]) -> list[Mention]:
    """The mentions, those put together that are two lines of a name that stands elsewhere on one."""
    known = {mention.words for mention in mentions}
    joined: list[Mention] = []
    for mention in mentions:
        above = _line_above(grid, mention.line) if mention.heads else ""
        whole = (*plain(above), *mention.words)
        if above and any(whole == words[-len(whole) :] for words in known):
            mention = replace(mention, text=f"{above} {mention.text}", words=whole)
        elif above and len(above.split()) >= 8:
            mention = replace(mention, heads=False)  # the end of a sentence
        joined.append(mention)
    return joined


def _heads_value(grid: Grid, line: Line) -> bool:
    """Whether a cell is the head of a value: digits stand right under it."""
    row = grid.rows[line[0]]
    if line[0] + 1 >= grid.pages[row.page - 1][1]:
        return False
    below = grid.rows[line[0] + 1]
    x0, x1 = row.words[line[1]].x0, row.words[line[2] - 1].x1
    cells = [(a, b) for a, b in below.cells if below.words[a].x0 < x1 and below.words[b - 1].x1 > x0]
    return below.y0 - row.y1 < 1.5 * row.height and bool(cells) and not any(map(str.isalpha, below.span(*cells[0])))


def _contacts_below(found: Candidates, line: Line) -> float:
    """What an address, a telephone number or the numbers of a firm say for the name above them, as on a letterhead.

    They stand flush with it or centred under it; at the foot of a page the numbers stand beside it too.
    """
    grid = found.grid
    row = grid.rows[line[0]]
    left, right = row.words[line[1]].x0, row.words[line[2] - 1].x1
    below = [text_of(grid, under) for under in passage_below(found, line, with_first=True).lines[1:9]]
    if not below and line[0] + 1 < grid.pages[row.page - 1][1]:
        under = grid.rows[line[0] + 1]
        if under.y0 - row.y1 < 1.5 * row.height:
            below = [
                under.span(a, b) for a, b in under.cells if abs(under.words[a].x0 + under.words[b - 1].x1 - left - right) < 2 * row.height
            ]
    if row.y0 > 0.8 * grid.sizes[row.page - 1][1]:
        last = min(line[0] + 4, grid.pages[row.page - 1][1])
        below += [other.span(*cell) for other in grid.rows[line[0] : last] for cell in other.cells if cell[0] != line[1]]
    merit = 0.0
    for text in below:
        cues = cues_in(plain(text)[:3])
        if cues & _OF_A_FIRM and any(map(str.isdigit, text)):
            return _NUMBERED_BELOW
        if address_like(text) or DOMAIN.search(text) or Cue.PHONE in cues:
            merit = 0.16
    return merit


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
        if text.endswith(",") and not parts and _ADDRESS.match(row.span(i + 1, end)):
            parts.append((number, first, i + 1))  # "Wood Corner, 5 Some street, 12345 Town"
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
    leading = ("".join(words[:count]) for count in range(1, min(len(words), 4)))
    return domain == "".join(word[0] for word in words) or (len(domain) >= 5 and domain in leading)
