"""Till receipts, from a picture or a narrow page of text: what they are known by, whose they are, when given, and what was paid.

No one line is believed: the total is the amount that most of the receipt bears out, its labels, the money given less the change, the total
before rounding, the tax summary and the articles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from rapidfuzz.distance import OSA

from app.domain.parsing import plain
from app.extractors.addressee import PartyChoice, as_candidate
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, confidence
from app.extractors.common_words import is_common
from app.extractors.grid import Row
from app.extractors.labels import cues_in, date_meaning, words_at
from app.extractors.lexicon import Cue
from app.extractors.misread_labels import is_label_word
from app.extractors.names import DOMAIN, OWNER, address_like, clean, legal_form, name_end, name_like, registration
from app.extractors.parties import Parties

NARROW, NARROWER = 56, 46
"""Characters that hardly any line has more of: on a till's paper at most the first, mostly the second."""
WIDEST_STRIP = 320.0
"""Points: a page with a text layer is a till's only if it is no wider; the paper of tills is 58 or 80 mm wide, A6 105 mm."""
ENOUGH = 4
"""Signs of a till, of those below."""

SPELLINGS = {
    "change": (
        "change;change due;cash change;balance change;ruckgeld;wechselgeld;zuruck;rendu;monnaie;a rendre;wisselgeld;terug;resto;cambio;"
        "troco;vuelto"
    ),
    "tendered": (
        "cash;tendered;received;cash received;payment;bar;bargeld;gegeben;erhalten;especes;contant;contanti;efectivo;entregado;entregue;"
        "dinheiro;numerario;visa;mastercard;master card;maestro;girocard;ec karte;ec cash;kartenzahlung;carte bancaire;bancontact;pin;"
        "carta;tarjeta;cartao;multibanco;debit;credit card;card"
    ),
    "till": (
        "cashier;till;pos;counter;kasse;kassierer;bediener;caisse;caissier;kassa;kassier;cassa;cassiere;caja;cajero;caixa;operador;"
        "served by;table;tisch;tavolo;mesa;covers;pax;salesperson;clerk;ticket;bon;kassenbon;scontrino;slip;member;points"
    ),
    "thanks": (
        "thank you;come again;vielen dank;danke;merci;bedankt;grazie;gracias;obrigado;goods sold;refundable;exchangeable;exchange;umtausch;"
        "cash refund;a bientot;tot ziens;arrivederci;visit again"
    ),
    "rounding": "rounding;rounded;rundung;arrondi;afronding;arrotondamento;redondeo;arredondamento;round off",
    "count": "qty;quantity;items;item;count;pcs;artikel;articles;stuck;points;saving;savings;discount;menge;anzahl;cantidad;quantidade",
}
_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?!\d)")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A till's receipt. `said`: what the words of each row say it is, of `SPELLINGS`."""

    found: Candidates
    said: list[frozenset[str]]


@cache
def _phrases() -> list[tuple[str, tuple[str, ...]]]:
    return [(kind, tuple(phrase.split())) for kind, spellings in SPELLINGS.items() for phrase in spellings.split(";")]


def kinds_in(words: list[str]) -> frozenset[str]:
    """The kinds of `SPELLINGS` in plain words. Longer words may have a letter wrong."""
    return frozenset(
        kind
        for kind, phrase in _phrases()
        for i in range(len(words) - len(phrase) + 1)
        if all(_same(word, wanted) for word, wanted in zip(words[i : i + len(phrase)], phrase, strict=True))
    )


def _same(word: str, wanted: str) -> bool:
    if word == wanted:
        return True
    if len(wanted) < 6 or abs(len(word) - len(wanted)) > 1 or is_label_word(word):
        return False
    return OSA.distance(word, wanted, score_cutoff=1) <= 1


def read_receipt(found: Candidates) -> Receipt | None:
    """The receipt, if the document is one: narrow lines, and several of the things that only a till prints.

    A page with a text layer may be one if it is no wider than `WIDEST_STRIP`.
    """
    rows = found.grid.rows
    if not rows or len(found.grid.pages) > 1 or not (all(row.read for row in rows) or found.grid.sizes[0][0] <= WIDEST_STRIP):
        return None
    lengths = sorted(len(" ".join(row.text.split())) for row in rows if any(map(str.isalnum, row.text)))
    if not lengths:
        return None
    wide = lengths[int(0.95 * (len(lengths) - 1))]
    if wide > NARROW:
        return None
    said = [kinds_in([word for i in range(len(row.words)) for word in words_at(row, i)]) for row in rows]
    kinds = frozenset().union(*said)
    signs = len(kinds - {"count"}) + ("change" in kinds) + any(_TIME.search(row.text) for row in rows)
    signs += (wide <= NARROWER) + (wide <= NARROWER - 6)
    named = any(
        Cue.BUYER in hit.cues and row.words[hit.end - 1].text.endswith(":")
        for row, hits in zip(rows, found.cues, strict=True)
        for hit in hits
    )
    return Receipt(found, said) if signs - named >= ENOUGH else None


def given_on(receipt: Receipt) -> Choice | None:
    """The date of the receipt: the one that stands with a time of day, or with a label."""
    found = receipt.found
    weighed: list[tuple[float, Candidate]] = []
    for c in found.of("date"):
        row = found.grid.rows[c.row]
        roles = found.strength(c, date_meaning)
        merit = 0.35 + 0.4 * bool(_TIME.search(row.text)) + 0.3 * roles.get("issue_date", 0.0)
        merit -= 0.3 * roles.get("due_date", 0.0) + 0.3 * c.cost
        weighed.append((merit if c.sound else merit - 0.3, c))
    if not weighed:
        return None
    votes: dict[object, float] = {}
    for merit, c in weighed:
        votes[c.value] = votes.get(c.value, 0.0) + merit
    value = max(votes, key=lambda v: votes[v])
    rival = max((merit for other, merit in votes.items() if other != value), default=0.0)
    _, best = max((pair for pair in weighed if pair[1].value == value), key=lambda pair: pair[0])
    assert isinstance(best.value, date)
    return Choice(best.value, confidence(min(1.0, votes[value]), min(1.0, rival)), best)


_TOP = 14  # rows in which the name is looked for
_NO_NAME = {Cue.INVOICE, Cue.RECEIPT, Cue.CREDIT, Cue.DATE, Cue.TOTAL, Cue.PHONE, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER}


def given_by(receipt: Receipt) -> Choice | None:
    """The name at the head of the receipt: a firm before the address, the registrations and the telephone."""
    rows = receipt.found.grid.rows[:_TOP]
    usual = sorted(row.height for row in receipt.found.grid.rows)[len(receipt.found.grid.rows) // 2]
    weighed: list[tuple[float, int]] = []
    begun = False  # whether the address has, or what was bought
    for number, row in enumerate(rows):
        text = _name_in(row)
        if begun and number > 8 and weighed:
            break
        if _is_contact(row) or _TIME.search(row.text):
            begun = True
            continue
        words = plain(text)
        if not _may_be_name(row) or receipt.said[number] & {"change", "thanks"}:
            continue
        merit = 0.4 + (0.4 if legal_form(text) else 0.0) + 0.8 * (_sure(row) - 0.8) - 0.02 * number - (0.35 if begun else 0.0)
        merit += 0.12 if row.height > 1.2 * usual else 0.0
        merit += 0.12 if text.isupper() else 0.0
        merit += 0.2 if any(_is_contact(below) for below in rows[number + 1 : number + 4]) else 0.0
        merit += 0.2 if _is_registered(rows, number) else 0.0
        merit -= 0.3 if row.words[-1].text.endswith((",", ";")) else 0.0
        merit -= 0.8 if words[0] in OWNER else 0.0
        merit -= 0.2 if len(words) == 1 and len(text) < 9 else 0.0
        merit -= 0.3 if sum(map(is_common, words)) * 3 >= len(words) else 0.0
        weighed.append((merit, number))
    if not weighed:
        return None
    merit, number = max(weighed)
    if merit < 0.3:
        return None
    first = _begin(rows, number)
    text = clean(" ".join(_name_in(row) for row in rows[first : number + 1]))
    line = (number, 0, name_end(rows[number], 0, len(rows[number].words)))
    return Choice(text, confidence(min(1.0, merit), 0.3), as_candidate(line, text))


def _sure(row: Row) -> float:
    return sum(spot.sure for spot in row.words) / len(row.words)


def _name_in(row: Row) -> str:
    return clean(row.span(0, name_end(row, 0, len(row.words))))


def _is_registered(rows: list[Row], number: int) -> bool:
    """Whether the firm's registration stands behind a name or right under it."""
    row = rows[number]
    if name_end(row, 0, len(row.words)) < len(row.words):
        return True
    below = rows[number + 1] if number + 1 < len(rows) else None
    return below is not None and (
        registration(below.span(0, len(below.words))) or (Cue.REGISTER in cues_in(plain(below.text)) and any(map(str.isdigit, below.text)))
    )


def _may_be_name(row: Row) -> bool:
    text = _name_in(row)
    return name_like(text) and (legal_form(text) or not cues_in(plain(text)) & _NO_NAME)


def _is_contact(row: Row) -> bool:
    text = row.span(0, len(row.words))
    if DOMAIN.search(text) or address_like(text):
        return True
    words = plain(text)
    digits = any(map(str.isdigit, text))
    if digits and (text.rstrip().endswith((",", ";", ".")) or (words and words[0] in ("no", "lot", "unit", "nr"))):
        return True  # a street or a town, in whatever language
    return digits and bool(cues_in(words) & {Cue.PHONE, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER, Cue.TAX})


def _begin(rows: list[Row], number: int) -> int:
    """Where a name begins that was set on several lines: its last holds little more than the legal form, or closes a parenthesis."""
    first = number
    joined = False  # a line in capitals to one of a legal form: once
    while first > 0 and number - first < 2:
        text = " ".join(row.span(0, len(row.words)) for row in rows[first : number + 1])
        short = legal_form(text) and len(plain(text)) <= 3 and first == number
        opened = text.count(")") > text.count("(")
        above = rows[first - 1]
        near = rows[first].y0 - above.y1 < 1.2 * rows[first].height and above.height < 1.6 * rows[first].height
        capitals = not joined and legal_form(text) and text.isupper() and above.text.isupper() and _sure(above) > 0.75
        capitals = capitals and len(above.words) > 1 and not cues_in(plain(above.text))  # a brand or a title stands by itself
        if not (short or opened or capitals) or not near or _is_contact(above) or not _may_be_name(above):
            break
        joined = joined or not (short or opened)
        first -= 1
    return first


def parties_of(receipt: Receipt, parties: Parties) -> Parties:
    """The parties, the seller by the head of the receipt; its buyer is not known, unless a label named one."""
    seller = replace(parties.seller, name=given_by(receipt) or parties.seller.name)
    if parties.buyer.name and parties.buyer.name.confidence >= 0.75:
        return Parties(seller, parties.buyer)
    # What was taken for a buyer's address is the till's own, with the ids under it.
    return Parties(replace(seller, vat_id=seller.vat_id or parties.buyer.vat_id), PartyChoice())
