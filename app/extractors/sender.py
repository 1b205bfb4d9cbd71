"""Who sent a document, where no label says so: what the page presents as its own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.domain.parsing import (
    plain,
)
from app.extractors.addressee import PartyChoice, as_candidate, name_of, names_in, trim
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, pick
from app.extractors.common_words import is_common
from app.extractors.grid import Grid
from app.extractors.labels import cues_in, label_share, label_words
from app.extractors.letterhead import Letterhead, contacts_below
from app.extractors.lexicon import Cue
from app.extractors.name_parts import name_parts
from app.extractors.names import (
    LEGAL,
    address_like,
    clean,
    goes_on,
    is_country,
    legal_form,
    name_like,
    only_legal_form,
)
from app.extractors.passages import Line, Passage, name_from, text_of
from app.extractors.web_names import Domain, agrees, domains_in

_NEVER_A_NAME = {
    *(Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT, Cue.BUYER, Cue.SELLER, Cue.SHIP_TO, Cue.OTHER_PARTY, Cue.PAGE, Cue.PHONE, Cue.TERMS),
    *(Cue.TOTAL, Cue.NUMBER, Cue.DATE, Cue.BANK),
}
PRINTED = frozenset(
    "societe firma company entreprise azienda empresa bedrijf "
    "original originale duplicate duplicata duplikat copy copie kopie copia recipient supplier draft entwurf sample "
    "muster paid unpaid overdue bezahlt confidential logo slogan exemplaire ausfertigung triplicate office summary "
    "details overview welcome hello page seite pagina reprint reprinted customer merchant "
    "registered head siege social hauptsitz firmensitz sede legale sociale domicilio fiscal maatschappelijke zetel".split()
)
"""Words that are printed over many invoices and name nobody."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a name stands that may be the sender's. `merit`: what speaks for it, whoever the addressee is; `numbered`: whether
    a firm's numbers stand with it; `heads`: whether its cell begins with it; `domains`: those that agree with it; `imprint`: whether its
    line goes on with a firm's numbers or an address."""

    text: str
    words: tuple[str, ...]
    line: Line
    merit: float
    numbered: bool
    heads: bool
    domains: frozenset[Domain]
    imprint: bool = False


@dataclass(frozen=True, slots=True)
class Senders:
    """All mentions of a document, from which the sender is chosen once the addressee is known."""

    found: Candidates
    mentions: list[Mention]
    first_lines: frozenset[Line]
    others: frozenset[Place]

    def have_imprint(self, party: PartyChoice) -> bool:
        """Whether the party's name stands in an imprint outside of its own passage: firms print their own there, not their customers'."""
        theirs = set(_places([party.passage] if party.passage else []))
        words = plain(str(party.name.value)) if party.name else ()
        return any(m.imprint and m.words == words and (m.line[0], m.line[1]) not in theirs for m in self.mentions)

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
        if choice and choice.candidate and (fuller := _fuller(choice.candidate, [c for _, c in weighed if plain(str(c.value)) in heads])):
            choice = replace(choice, value=fuller.value, candidate=fuller)
        if choice and choice.candidate and (full := _in_full(choice.candidate, weighed, heads)):
            choice = replace(choice, value=full.value, candidate=full)
        return replace(choice, value=_whole_name(grid, choice.candidate, counts)) if choice and choice.candidate else choice


FLOOR = 0.1
"""A likely name is said rather than none: how likely it is, `judge` tells."""


def read_senders(
    found: Candidates, items: frozenset[int], labelled: dict[str, list[tuple[float, Passage]]], window: list[Passage]
) -> Senders:
    """`labelled`: passages under labels, by role; `window`: those of addresses without one. Whom a label names as another party is hardly
    the sender."""
    grid = found.grid
    letterhead = Letterhead(found, sorted(row.height for row in grid.rows)[len(grid.rows) // 2] if grid.rows else 1.0)
    domains = domains_in(grid)
    mentions: list[Mention] = []
    for weight, passage in labelled["seller"]:
        if (name := name_of(found, passage, weight)) and name.candidate:
            line = (name.candidate.row, name.candidate.first, name.candidate.end)
            merit = weight - 0.2 + contacts_below(found, line)
            mentions.append(Mention(str(name.value), plain(str(name.value)), line, merit, False, True, frozenset()))
    behind_labels = {(line[0], line[1]) for passages in labelled.values() for _, passage in passages for line in passage.lines[:1]}
    for line, end, heads, bonus in _lines(grid, items, labelled["payee"]):
        if any((line[0], i) in behind_labels for i in range(line[1] + 1, line[2])):
            continue  # "Supplier Acme": the name begins after its label
        text = clean(name_from(grid, line) if line[2] == end else text_of(grid, line))
        words = plain(text)
        if not _can_be_sender(text, words) or is_country(words):
            continue
        merit, numbered, imprint = letterhead.weigh(line, text, words, end)
        agreeing = frozenset(domain for domain in domains if agrees(domain.name, "".join(words), words))
        mentions.append(Mention(text, words, line, merit + bonus, numbered, heads, agreeing, imprint))
    first_lines = frozenset(line for passage in window for line in names_in(grid, passage)[:1])
    others = [passage for role in ("ship_to", "other", "buyer") for _, passage in labelled[role]]
    return Senders(found, _joined(grid, mentions, letterhead.usual), first_lines, frozenset(_places(others)))


def _lines(grid: Grid, items: frozenset[int], payees: list[tuple[float, Passage]]) -> Iterator[tuple[Line, int, bool, float]]:
    """Where a name may stand: the words, where their cell ends, whether they begin it, and what being paid says for them."""
    for number, row in enumerate(grid.rows):
        if row.page <= 2 and number not in items:
            for first, end in row.cells:
                for part in name_parts(row, number, first, end):
                    line = trim(grid, part)
                    yield line, end, line[1] == first, 0.0
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


def _in_full(name: Candidate, weighed: list[tuple[float, Candidate]], heads: set[tuple[str, ...]]) -> Candidate | None:
    """The formal name (BT-27) that begins with what was chosen, as a logo has no more of it than a word: "ACME", "Brown &"."""
    text, words = str(name.value), plain(str(name.value))
    if legal_form(text):
        return None
    longer = [
        (merit, c)
        for merit, c in weighed
        if (inner := plain(str(c.value))) in heads and len(inner) > len(words) and inner[: len(words)] == words and merit >= FORMAL
        if (legal_form(str(c.value)) or text.endswith("&")) and not _DASH.search(str(c.value))
    ]
    return max(longer, key=lambda pair: pair[0])[1] if longer else None


FORMAL = 0.35
"""What has to speak for a formal name that stands elsewhere."""


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
    if all(word in PRINTED or is_common(word) for word in words) or _CLAUSE.match(text) or only_legal_form(text) or goes_on(text):
        return False
    if (len(words) > 1 and cues_in(("".join(words),)) & _NEVER_A_NAME) or label_share(text, {Cue.NAME}) == 1.0:
        return False  # "I N VOICE"; "Company name"
    return legal_form(text) or label_share(text, _NEVER_A_NAME) < 0.5


_DASH = re.compile(r"[–—|·]|-\s")
"""Behind it something else begins ("ACME Ltd– Company no. ...")."""
_CLAUSE = re.compile(r"\d{1,2}[.)]\s")


def _line_above(grid: Grid, line: Line) -> Line | None:
    """What stands right above a line in the same type, so that both may be one name ("ACME Health / Care Ltd")."""
    row = grid.rows[line[0]]
    left = row.words[line[1]].x0
    for number in range(line[0] - 1, max(grid.pages[row.page - 1][0], line[0] - 3) - 1, -1):  # another column may have rows between
        above = grid.rows[number]
        cell = next((cell for cell in above.cells if abs(above.words[cell[0]].x0 - left) < 0.4 * row.height), None)
        if cell:
            upper = (number, *cell)
            near = row.y0 - above.y1 < 0.5 * row.height and abs(_height(grid, upper) / _height(grid, line) - 1) < 0.15
            return upper if near else None
    return None


def _height(grid: Grid, line: Line) -> float:
    """Of the words of a line alone: beside them in the row may stand a larger title."""
    return max(spot.y1 - spot.y0 for spot in grid.rows[line[0]].words[line[1] : line[2]])


def _joined(grid: Grid, mentions: list[Mention], usual: float) -> list[Mention]:
    """The mentions, those put together that are two lines of one name: it stands elsewhere on one line, or both are in large print.
    `usual`: the usual height of a row."""
    known = {mention.words for mention in mentions}
    joined: list[Mention] = []
    for mention in mentions:
        above = _line_above(grid, mention.line) if mention.heads else None
        upper = text_of(grid, above) if above else ""
        whole = (*plain(upper), *mention.words)
        if upper and any(whole == words[-len(whole) :] for words in known):
            mention = replace(mention, text=f"{upper} {mention.text}", words=whole)
        elif above and (first := next((m for m in joined if m.line == above and _large(grid, m, mention, usual)), None)):
            joined.remove(first)
            domains = first.domains | mention.domains
            merit = max(first.merit, mention.merit)
            mention = replace(mention, text=f"{first.text} {mention.text}", words=whole, merit=merit, domains=domains)
        elif upper and len(upper.split()) >= 8:
            mention = replace(mention, heads=False)  # the end of a sentence
        joined.append(mention)
    return joined


LARGE = 1.3
"""Times the usual height: nothing but the title and the sender is printed so."""


def _large(grid: Grid, first: Mention, second: Mention, usual: float) -> bool:
    """Whether two lines are the halves of a name in large print."""
    if min(_height(grid, first.line), _height(grid, second.line)) < LARGE * usual or legal_form(first.text):
        return False
    bold = [grid.rows[m.line[0]].words[m.line[1]].bold for m in (first, second)]
    return bold[0] == bold[1] and not any(map(str.isdigit, first.text + second.text)) and len(first.words) + len(second.words) <= 8
