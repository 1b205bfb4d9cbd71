"""The small words of seven languages and the words of every invoice, by which a language is known."""

from __future__ import annotations

from collections import Counter

from app.domain.parsing import plain
from app.extractors.grid import Grid

_WORDS: dict[str, str] = {
    "en": (
        "the of and for to is your our invoice date due payment total please account number tax bill amount quantity description "
        "price with by on this be "
        "any all thank you are from balance address item subtotal"
    ),
    "de": (
        "der die das und von zu mit rechnung datum betrag bitte fur ist sie wir ihre ihr unsere kunde menge preis zahlung nach auf "
        "bei den dem ust mwst "
        "rechnungsnummer rechnungsdatum gesamt netto brutto steuer seite zahlbar tagen einzelpreis geschaftsfuhrer"
    ),
    "fr": (
        "le la les de des du et facture date montant pour vous votre nous notre client tva ht ttc prix quantite au aux en sur est "
        "une par paiement designation "
        "echeance adresse reglement siret"
    ),
    "nl": (
        "de het een van en voor factuur datum bedrag btw aantal prijs totaal klant uw wij onze is met op te omschrijving betaling "
        "factuurnummer factuurdatum "
        "naar bij niet zonder"
    ),
    "it": (
        "il la di del della e per fattura data importo totale iva prezzo quantita cliente descrizione con pagamento imponibile "
        "numero gli dei nostro vostro "
        "scadenza partita"
    ),
    "es": (
        "el la los de del y para factura fecha importe total iva precio cantidad cliente descripcion con pago base imponible "
        "numero por su una vencimiento "
        "nif cif direccion"
    ),
    "pt": (
        "o os a de do da e para fatura factura data valor total iva preco quantidade cliente descricao com pagamento numero por "
        "nao uma vencimento contribuinte "
        "morada nif artigo incidencia"
    ),
}
LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _text in _WORDS.items():
    for _word in _text.split():
        LANGUAGES_OF[_word] = (*LANGUAGES_OF.get(_word, ()), _language)


def is_common(word: str) -> bool:
    """Whether a plain word is one of the small words, or of the words of every invoice, in a language that we know."""
    return word in LANGUAGES_OF


def language_of(grid: Grid) -> str | None:
    """ISO 639-1 of the seven languages we know; None where the words do not say clearly."""
    votes: Counter[str] = Counter()
    budget = 1500
    for row in grid.rows:
        for spot in row.words:
            for word in plain(spot.text):
                languages = LANGUAGES_OF.get(word)
                if languages:
                    for language in languages:
                        votes[language] += 6 // min(6, len(languages))
            budget -= 1
        if budget < 0:
            break
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < 12:
        return None
    if len(ranked) > 1 and ranked[1][1] > 0.85 * ranked[0][1]:
        return None
    return ranked[0][0]
