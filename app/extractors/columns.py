"""The head of an item table: which columns it names, in seven languages, and over which stretch of the page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

from app.extractors.grid import Grid, Row
from app.extractors.labels import label_words


class Column(Enum):
    __hash__ = object.__hash__  # members are single, and hashed for every number of a table

    POSITION = "position"
    ITEM_ID = "item_id"
    NAME = "name"
    QUANTITY = "quantity"
    UNIT = "unit"
    PRICE = "price"
    DISCOUNT = "discount"
    TAX_RATE = "tax_rate"
    TAX_AMOUNT = "tax_amount"
    AMOUNT = "amount"
    OTHER = "other"


_WORDS: dict[Column, str] = {
    Column.POSITION: ("pos;position;#;line;ligne;sl;s no;sl no;sr no;sr;line no;pos nr;lfd;lfd nr;item no;riga;regel;linea;no;nr;n;num"),
    Column.ITEM_ID: (
        "item code;item number;item id;product code;product id;article no;article number;article nr;art nr;art no;artikel nr;"
        "artikel nummer;artnr;code;sku;ref;reference;referenz;referentie;referencia;riferimento;codice;codigo;cod;part no;"
        "part number;hsn;hsn sac;sac;hsn code;code article;code produit;material;isbn;ean;gtin;stock code;item #;product #;"
        "article code;codice articolo;bestell nr;bestelnummer;produkt nr;artikelcode;materialnummer;art nr lieferant"
    ),
    Column.NAME: (
        "beskrivelse;beskrivning;benamning;benämning;varetekst;vare;nazwa;nazwa towaru;tekst;description;descriptions;item;items;"
        "item description;product;products;product name;service;services;details;detail;particulars;beschreibung;bezeichnung;"
        "artikel;artikelbezeichnung;artikelbeschreibung;leistung;leistungen;leistungsbeschreibung;produkt;ware;warenbezeichnung;"
        "text;libelle;designation;designations;article;articles;produit;produits;prestation;prestations;omschrijving;"
        "productomschrijving;descrizione;descrizione articolo;prodotto;prodotti;servizio;articolo;descripcion;concepto;conceptos;"
        "detalle;articulo;articulos;producto;servicio;descricao;designacao;artigo;artigos;produto;produtos;servico;activity;nature;"
        "desc;goods;work;title;task;usage;item name;description of goods;description of services;nom designation;ihre leistungen;"
        "position beschreibung;dienst;dienstleistung;bezeichnung der leistung"
    ),
    Column.QUANTITY: (
        "antall;antal;ilosc;ilość;mangd;qty;quantity;qnty;menge;anzahl;anz;stuck;stk;quantite;quantites;qte;qt;qta;quantita;aantal;"
        "hoeveelheid;cantidad;cant;uds;unidades;quantidade;qtd;quant;hours;hrs;hour;stunden;std;heures;uren;ore;horas;units;nights;"
        "nombre;nb;nbre;ud;shipped;billed;aant;qty shipped;no of units;pieces;pcs;days;tage;jours;dagen;hours qty;qty hours;hrs qty"
    ),
    Column.UNIT: (
        "enhed;enhet;enh;jm;j m;unit;units of measure;einheit;me;unite;eenheid;um;u m;unidad;unidade;un;uom;einh;mengeneinheit;"
        "meng einheit;eh;mass;per;u of m;udm"
    ),
    Column.PRICE: (
        "pris;a pris;stykpris;enhetspris;stk pris;cena;cena netto;cena jedn;price;unit price;rate;einzelpreis;einzel preis;preis;"
        "stuckpreis;e preis;ep;vk preis;netto preis;nettopreis;einzel;prix;prix unitaire;prix unit;p u;pu;puht;pu ht;p u ht;prijs;"
        "stukprijs;stuk prijs;prijs per stuk;eenheidsprijs;prezzo;prezzo unitario;prezzo unit;precio;precio unitario;precio unit;"
        "preco;preco unitario;preco unit;pr unitario;unit cost;cost;price each;each;p unit;pvp;tarief;tarif;tarief per uur;"
        "valor unitario;valor unit;unit price net;preis einheit;unit net price;hourly rate;unit rate;price per unit;p unitario;"
        "einheitspreis;listenpreis;unitario;eur stk"
    ),
    Column.DISCOUNT: "discount;disc;rabatt;rab;remise;rem;korting;sconto;sc;descuento;dto;desconto;nachlass;rabais",
    Column.TAX_RATE: (
        "moms;mva;stawka vat;vat;tax;mwst;ust;tva;btw;iva;gst;igst;cgst;sgst;tax rate;vat rate;taux;taux tva;aliquota;aliq;"
        "vat code;steuer;mwst satz;ust satz;steuersatz;%;vat %;tax %;cod iva;t v a;gst rate;hst;taxes;tax type;btw percentage;"
        "tipo iva;taxa;code tva;st"
    ),
    Column.TAX_AMOUNT: (
        "tax amount;vat amount;montant tva;btw bedrag;steuerbetrag;mwst betrag;importe iva;valor iva;importo iva;gst amount;ust betrag"
    ),
    Column.AMOUNT: (
        "belop;beløb;beløp;wartosc;wartość;wartosc netto;wartość netto;sum;summa;amount;total;line total;betrag;gesamt;gesamtpreis;"
        "gesamt preis;summe;nettowert;netto wert;zeilenbetrag;positionsbetrag;montant;total ht;montant ht;bedrag;totaal;importo;"
        "totale;importe;valor;net amount;net value;entgelt;gesamt netto;ext price;extended price;extended;extension;ext;"
        "gross amount;subtotal;sub total;netto;net;line amount;amount due;total price;total amount;totaalprijs;totaal bedrag;"
        "prezzo totale;precio total;preco total;valor total;total linea;nettobetrag;g preis;gp;prix total;total net;p total;"
        "montant ttc;total ttc;total excl;taxable value;net total;wert;gesamtbetrag;total eur;eur;charges;charge;line net;"
        "total net price;montant net;sous total;amt;value;nettosumme;preis gesamt;totaal excl"
    ),
    Column.OTHER: "date;datum;data;fecha;period;periode;from;to;delivery;liefertermin;lot;serial;note;weight;gewicht;poids",
}
_NAMES = {"name", "nom", "naam", "nome", "nombre", "item", "artikelname", "produktname", "article"}
_DESCRIPTIONS = {"description", "designation", "beschreibung", "omschrijving", "descrizione", "descripcion", "descricao"}
_KEY_COLUMNS = {Column.NAME, Column.QUANTITY, Column.PRICE, Column.AMOUNT, Column.ITEM_ID, Column.UNIT, Column.TAX_RATE, Column.POSITION}


@cache
def _phrases() -> dict[str, list[tuple[tuple[str, ...], Column]]]:
    by_first: dict[str, list[tuple[tuple[str, ...], Column]]] = {}
    for column, spellings in _WORDS.items():
        for spelling in spellings.split(";"):
            words = tuple(spelling.split())
            by_first.setdefault(words[0], []).append((words, column))
    for phrases in by_first.values():
        phrases.sort(key=lambda phrase: -len(phrase[0]))
    return by_first


@dataclass(slots=True)
class Head:
    """One column: `x0`..`x1` is where its title stands."""

    column: Column
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class TableHead:
    """`first`..`last` are the rows of the titles; `heads` from left to right.

    `described`: the names stand with a description ("Item & description").
    """

    first: int
    last: int
    heads: tuple[Head, ...]
    described: bool = False

    def has(self, column: Column) -> bool:
        return any(head.column is column for head in self.heads)


def find_heads(grid: Grid, values: list[list[tuple[int, int]]]) -> list[TableHead]:
    """Every table head of the document, from top to bottom. One needs an amount or a price, and something to be paid for.

    `values`: where values stand in each row; what stands under titles set close tells how many they are.
    """
    titles = [_titles(row, _ValuesBelow(grid, values, number)) for number, row in enumerate(grid.rows)]
    found: list[TableHead] = []
    last = -1
    for number, row in enumerate(grid.rows):
        if number <= last or not _is_head(titles[number], row):
            continue
        heads = list(titles[number])
        begin = end = number
        for step in (-1, 1):  # titles on several lines
            for near in range(number + step, number + 4 * step, step):
                if not last < near < len(grid.rows):
                    break
                other = grid.rows[near]
                gap = row.y0 - other.y1 if step < 0 else other.y0 - grid.rows[end].y1
                # What stands over a table may be anything; under it only titles without values are part of it.
                if other.page != row.page or gap > 0.9 * row.height * (1 if step > 0 else 2) or not titles[near] or _has_digits(other):
                    break
                if (step > 0 and len(titles[near]) * 2 < len(other.cells)) or not _mostly_titles(titles[near], other):
                    break
                _merge(heads, titles[near])
                begin, end = min(begin, near), max(end, near)
        _add_unknown(heads, row)
        heads.sort(key=lambda head: head.x0)
        words = {word for title in grid.rows[begin : end + 1] for spot in title.words for word in label_words(spot.text)}
        found.append(TableHead(begin, end, tuple(_settle(heads)), bool(words & _NAMES and words & _DESCRIPTIONS)))
        last = end
    return found


def _add_unknown(heads: list[Head], row: Row) -> None:
    """Titles that we do not know keep what stands under them apart; the leftmost is the name where no other is."""
    named = any(head.column is Column.NAME for head in heads)
    for first, end in row.cells:
        x0, x1 = row.words[first].x0, row.words[end - 1].x1
        if any(head.x1 > x0 and head.x0 < x1 for head in heads) or sum(map(str.isalpha, row.span(first, end))) < 3:
            continue
        heads.append(Head(Column.OTHER if named else Column.NAME, x0, x1))
        named = True


def _mostly_titles(heads: list[Head], row: Row) -> bool:
    """Whether the titles found in a row are most of it: "Bill to: Acme" has one too."""
    return sum(head.x1 - head.x0 for head in heads) > 0.5 * sum(spot.x1 - spot.x0 for spot in row.words)


def _has_digits(row: Row) -> bool:
    return any(any(map(str.isdigit, spot.text)) for spot in row.words)


def _is_head(heads: list[Head], row: Row) -> bool:
    columns = {head.column for head in heads} & _KEY_COLUMNS
    if len(columns) < 2 or not columns & {Column.AMOUNT, Column.PRICE, Column.QUANTITY}:
        return False
    if sum(any(map(str.isdigit, spot.text)) for spot in row.words) > len(row.words) / 4:
        return False
    if not columns & {Column.NAME, Column.ITEM_ID, Column.POSITION} and not {Column.QUANTITY, Column.PRICE} <= columns:
        return False
    if len(columns) == 2 and not (Column.NAME in columns and columns & {Column.AMOUNT, Column.PRICE} and len(row.cells) >= 2):
        return False
    # A sentence may hold these words too: the titles must be most of the row.
    covered = sum(max(1, round((head.x1 - head.x0) / (row.height * 0.5))) for head in heads)
    return covered * row.height * 0.5 > 0.4 * sum(spot.x1 - spot.x0 for spot in row.words)


@dataclass(frozen=True, slots=True)
class _ValuesBelow:
    grid: Grid
    values: list[list[tuple[int, int]]]
    number: int

    def most(self, x0: float, x1: float) -> int:
        """The most values that one of the next rows has between x0 and x1."""
        most = 0
        for below in range(self.number + 1, min(self.number + 8, len(self.grid.rows))):
            placed = self.grid.rows[below].words
            most = max(most, sum(placed[b - 1].x1 > x0 and placed[a].x0 < x1 for a, b in self.values[below]))
        return most


def _titles(row: Row, below: _ValuesBelow) -> list[Head]:
    heads: list[Head] = []
    if len(row.words) > 40:
        return heads
    phrases = _phrases()
    for start, end in row.cells:
        words: list[str] = []
        owner: list[int] = []
        for i in range(start, end):
            for word in label_words(row.words[i].text):
                words.append(word)
                owner.append(i)
        i = 0
        in_cell: list[Head] = []
        matched = 0
        while i < len(words):
            for phrase, column in phrases.get(words[i], ()):
                if tuple(words[i : i + len(phrase)]) == phrase:
                    in_cell.append(Head(column, row.words[owner[i]].x0, row.words[owner[i + len(phrase) - 1]].x1))
                    i += len(phrase)
                    matched += len(phrase)
                    break
            else:
                i += 1
        if len(in_cell) > 1 and below.most(row.words[start].x0, row.words[end - 1].x1) < len(in_cell):
            in_cell = _one_title(in_cell, row.words[start].x0, row.words[end - 1].x1, words)
        elif in_cell and len(words) <= matched + 2:
            in_cell[0].x0, in_cell[0].x1 = row.words[start].x0, row.words[end - 1].x1
        heads += in_cell
    return heads


def _one_title(heads: list[Head], x0: float, x1: float, words: list[str]) -> list[Head]:
    """Several words of one cell: one title ("Preis/Einheit", "Total excl. VAT") or titles that stand close ("Betrag USt. %")."""
    columns = [head.column for head in heads]
    kinds = set(columns)
    if len(kinds) == 1:
        return [Head(columns[0], x0, x1)]
    if {Column.NAME} < kinds and kinds & {Column.QUANTITY, Column.AMOUNT} and len(heads) >= 3:
        return heads
    if Column.PRICE in kinds and kinds <= {Column.PRICE, Column.UNIT, Column.TAX_RATE, Column.AMOUNT, Column.NAME, Column.POSITION}:
        return [Head(Column.PRICE, x0, x1)]
    if kinds == {Column.AMOUNT, Column.TAX_RATE}:
        if set(words) & {
            "excl",
            "incl",
            "inkl",
            "exkl",
            "exc",
            "inc",
            "ht",
            "ttc",
            "netto",
            "net",
            "brutto",
            "ohne",
            "zonder",
            "gross",
            "sin",
            "con",
        }:
            return [Head(Column.AMOUNT, x0, x1)]
        if "%" in words or set(words) & {"nettowert", "entgelt", "nettobetrag"}:
            return heads
        return [Head(Column.TAX_AMOUNT, x0, x1)]
    if kinds == {Column.NAME, Column.AMOUNT}:  # "Item subtotal"
        return [Head(Column.AMOUNT, x0, x1)]
    if kinds == {Column.QUANTITY, Column.UNIT}:
        return [Head(Column.QUANTITY, x0, x1)]
    if Column.ITEM_ID in kinds and Column.NAME in kinds:
        return [Head(Column.NAME, x0, x1)]
    if kinds <= {Column.NAME, Column.POSITION, Column.OTHER} and Column.NAME in kinds:
        return [Head(Column.NAME, x0, x1)]
    if kinds <= {Column.ITEM_ID, Column.POSITION}:
        return [Head(Column.ITEM_ID, x0, x1)]
    if kinds <= {Column.DISCOUNT, Column.TAX_RATE}:
        return [Head(columns[0], x0, x1)]
    return heads


def _merge(heads: list[Head], others: list[Head]) -> None:
    """Titles of a second line widen those that they overlap; the rest are columns of their own."""
    for other in others:
        over = [head for head in heads if head.x1 > other.x0 and head.x0 < other.x1]
        if not over:
            heads.append(Head(other.column, other.x0, other.x1))
            continue
        head = over[0]
        head.x0, head.x1 = min(head.x0, other.x0), max(head.x1, other.x1)
        if {head.column, other.column} == {Column.PRICE, Column.UNIT} or {head.column, other.column} == {Column.PRICE, Column.AMOUNT}:
            head.column = Column.PRICE if Column.UNIT in (head.column, other.column) else head.column
        elif {head.column, other.column} == {Column.ITEM_ID, Column.NAME}:
            head.column = Column.NAME
        elif {head.column, other.column} == {Column.QUANTITY, Column.UNIT}:
            head.column = Column.UNIT


def _settle(heads: list[Head]) -> list[Head]:
    """One column of each kind: the last of several amounts is the line's total, the first of the others is meant."""
    seen: dict[Column, Head] = {}
    result: list[Head] = []
    for head in heads:
        if head.column is Column.NAME and Column.NAME in seen:  # "Item | Description": the first is what identifies it
            seen[Column.NAME].column = Column.OTHER if Column.ITEM_ID in seen else Column.ITEM_ID
        elif head.column is Column.PRICE and Column.PRICE in seen and all(other.column is not Column.AMOUNT for other in heads):
            head = Head(Column.AMOUNT, head.x0, head.x1)  # "Price each | Price incl. VAT"
        elif head.column in seen and head.column not in (Column.OTHER, Column.AMOUNT):
            result.append(Head(Column.OTHER, head.x0, head.x1))
            continue
        if head.column is Column.AMOUNT and Column.AMOUNT in seen:
            seen[Column.AMOUNT].column = Column.OTHER
        new = Head(head.column, head.x0, head.x1)
        seen[head.column] = new
        result.append(new)
    return result
