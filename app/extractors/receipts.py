"""Till receipts, from a picture or a narrow page of text: what they are known by, and when they were given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from statistics import median

from rapidfuzz.distance import OSA

from app.domain.parsing import numeric_date
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice, confidence
from app.extractors.confusions import pitch
from app.extractors.grid import Row
from app.extractors.labels import date_meaning, words_at
from app.extractors.lexicon import Cue
from app.extractors.misread_labels import is_label_word

NARROW, NARROWER = 56, 46
"""Characters that hardly any line has more of: on a till's paper at most the first, mostly the second."""
WIDEST = 64
"""Letters of the usual size between the left and right ends of a strip. On a wide sheet even short lines stand further apart."""
WIDEST_STRIP = 320.0
"""Points: a page with a text layer is a till's only if it is no wider; the paper of tills is 58 or 80 mm wide, A6 105 mm."""
ENOUGH = 4
"""Signs of a till, of those below."""

SPELLINGS = {
    "change": (
        "change;change due;cash change;balance change;ruckgeld;wechselgeld;zuruck;rendu;monnaie;a rendre;wisselgeld;terug;resto;cambio;"
        "troco;vuelto;devuelto;devolucion;baki;atlikums;graza;tagasi;reszta;vraceno;vaxel;byttepenge;vaihtoraha;visszajaro"
    ),
    "tendered": (
        "cash;tendered;received;cash received;payment;bar;bargeld;gegeben;erhalten;especes;contant;contanti;efectivo;entregado;entregue;"
        "dinheiro;numerario;visa;mastercard;master card;maestro;girocard;ec karte;ec cash;kartenzahlung;carte bancaire;bancontact;pin;"
        "carta;tarjeta;cartao;multibanco;debit;credit card;card;amex;american express;tunai;"
        "espece;cb;pagamento elettronico;importo pagato;paid;skaidra nauda;grynais;sularaha;gotowka;hotove;hotovost;kontant;kontanter;"
        "kateinen;keszpenz;gotovina;numerar;bankkort;karta platnicza;platebni karta"
    ),
    "till": (
        "cashier;till;pos;counter;kasse;kassierer;bediener;caisse;caissier;kassa;kassier;cassa;cassiere;caja;cajero;caixa;operador;"
        "served by;table;tisch;tavolo;mesa;covers;pax;salesperson;clerk;ticket;bon;kassenbon;scontrino;slip;register;server;waiter;"
        "terminal;station;guest check;operator;operateur;operatore;pump;shift;car park;parking;parkschein;parkhaus;stationnement;"
        "parcheggio;aparcamiento;estacionamento;parkeren;kase;kasa;ceks;kvits;kviitung;paragon;pokladna;uctenka;kvitto;kvittering;"
        "kassalappu;kuitti;nyugta;bon fiscal;kasjer;pokladni"
    ),
    "total": (
        "ttl;nett;jumlah;jumlah besar;jumlah keseluruhan;to pay;amt;samaksai;moketi;kokku;summa;suma;razem;celkem;yhteensa;osszesen;ukupno"
    ),
    "bonus": "member;points;punkte;payback;bonuspunkte;fidelite;spaarpunten;punti;puntos;pontos;fidelidad;you saved;sie sparen",
    "greeting": (
        "welcome;welcome to;willkommen;herzlich willkommen;bienvenue;bienvenue chez;benvenuti;benvenuto;bienvenido;bienvenidos;bem vindo;"
        "welkom;welkom bij;selamat datang"
    ),
    "other firm": (
        "formerly;previously;licensee;franchisee;member of;division of;vormals;ehemals;anciennement;voorheen;anteriormente;antiguamente;"
        "precedentemente;lizenznehmer;licencie de;licenciatario"
    ),
    "operator": "owned by;operated by;managed by;betrieben von;exploite par;gestito da;gestionado por;explorado por;uitgebaat door",
    "branch": "branch;outlet;filiale;zweigstelle;succursale;filiaal;vestiging;sucursal;filial;cawangan;store no;shop no;store #",
    "thanks": (
        "thank you;come again;vielen dank;danke;merci;bedankt;grazie;gracias;obrigado;goods sold;refundable;exchangeable;exchange;umtausch;"
        "cash refund;a bientot;tot ziens;arrivederci;visit again;paldies;aciu;aitah;dziekujemy;dekujeme;tack;kiitos;koszonjuk;multumim;"
        "hvala"
    ),
    "rounding": "rounding;rounded;rundung;arrondi;afronding;arrotondamento;redondeo;arredondamento;round off;pelarasan;pembundaran",
    "count": "qty;quantity;items;item;count;pcs;artikel;articles;stuck;points;saving;savings;discount;menge;anzahl;cantidad;quantidade",
}
_NO_SIGNS = {"count", "total", "greeting", "other firm", "operator", "branch"}  # kinds that other documents say as often
TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?!\d)")


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
    meant = [_meant(word) for word in words]
    return frozenset(
        kind
        for kind, phrase in _phrases()
        for i in range(len(words) - len(phrase) + 1)
        if phrase[0] in meant[i] and all(wanted in word for word, wanted in zip(meant[i + 1 :], phrase[1:], strict=False))
    )


@cache
def _vocabulary() -> tuple[str, ...]:
    return tuple({word for _, phrase in _phrases() for word in phrase})


@lru_cache(maxsize=4096)
def _meant(word: str) -> frozenset[str]:
    """The words of `SPELLINGS` that a word may be."""
    if is_label_word(word):
        return frozenset((word,))
    return frozenset(wanted for wanted in _vocabulary() if _same(word, wanted))


def _same(word: str, wanted: str) -> bool:
    if word == wanted:
        return True
    return len(wanted) >= 6 and abs(len(word) - len(wanted)) <= 1 and OSA.distance(word, wanted, score_cutoff=1) <= 1


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
    if wide > NARROW or _letters_across(rows) > WIDEST:
        return None
    said = [kinds_in([word for i in range(len(row.words)) for word in words_at(row, i)]) for row in rows]
    kinds = frozenset().union(*said)
    signs = len(kinds - _NO_SIGNS) + ("change" in kinds) + any(TIME.search(row.text) for row in rows)
    signs += any(Cue.RECEIPT in hit.cues for hits in found.cues for hit in hits)
    signs += (wide <= NARROWER) + (wide <= NARROWER - 6)
    named = any(
        Cue.BUYER in hit.cues and row.words[hit.end - 1].text.endswith(":")
        for row, hits in zip(rows, found.cues, strict=True)
        for hit in hits
    )
    return Receipt(found, said) if signs - named >= ENOUGH else None


def _letters_across(rows: list[Row]) -> float:
    """How wide the print is, blanks and all, in letters of the usual width; what stands apart (2 % at each side) does not count."""
    words = [spot for row in rows for spot in row.words if len(spot.text) > 1]
    if not words:
        return 0.0
    few = len(words) // 50
    left, right = sorted(spot.x0 for spot in words)[few], sorted(spot.x1 for spot in words)[-1 - few]
    return (right - left) / median(pitch(spot) for spot in words)


_MARKS_MISREAD = re.compile(
    r"(?<![\d/-])(\d{1,2})\s?[./,;'|-]?\s?(\d{1,2})\s?[./,;'|-]?\s?(20\d\d)"
    r"(?=[012]?\d:\d\d|(?![\d:]|[./-]\d))"
)


def _with_marks_misread(found: Candidates) -> Iterator[Candidate]:
    """Dates next to a label or a time of day in recognized rows, of which a mark was taken for another or missed: "5.3/2018", "0405/2017",
    "05.04.20178:34"."""
    dated = {c.row for c in found.of("date")}
    for number, row in enumerate(found.grid.rows):
        if not row.read or number in dated or not (TIME.search(row.text) or any(Cue.DATE in hit.cues for hit in found.cues[number])):
            continue
        for match in _MARKS_MISREAD.finditer(row.text):
            if sum(map(str.isdigit, match[0])) < len(match[0]) and (value := numeric_date(match[1], match[2], match[3], found.order.order)):
                first, end = row.word_at(match.start()), row.word_at(match.end() - 1) + 1
                yield Candidate("date", value, number, first, end, cost=0.5)
                break


def given_on(receipt: Receipt) -> Choice | None:
    """The date of the receipt: the one that stands with a time of day, or with a label."""
    found = receipt.found
    weighed: list[tuple[float, Candidate]] = []
    for c in [*found.of("date"), *_with_marks_misread(found)]:
        row = found.grid.rows[c.row]
        roles = found.strength(c, date_meaning)
        merit = 0.35 + 0.4 * bool(TIME.search(row.text)) + 0.3 * roles.get("issue_date", 0.0)
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
