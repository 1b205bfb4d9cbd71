"""Which language a few words are written in, for choosing how to read the rest. They may be misread, and lack their accents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.domain.parsing import plain

_WORDS: dict[str, str] = {
    "en": (
        "the of and for to is are be this that with by from on at in or any all not no if you your we our us it as will must "
        "within invoice bill billing date due number account balance amount quantity qty description price unit total subtotal "
        "payment paid terms please thank payable tax sales order purchase customer item items shipped shipping ship sold "
        "address street road avenue phone page company bank receipt cash change january february march may june july august "
        "october december days net discount rate charge charges service services hours remit check made"
    ),
    "de": (
        "der die das dem den des ein eine einer einem und oder von vom zu zum zur mit fur bei nach auf aus an am im ist sind "
        "wird werden nicht kein ohne bis als sie wir ihr ihre ihrer ihren ihnen uns unser unsere unserer bitte danke sich haben "
        "rechnung rechnungsnummer rechnungsdatum rechnungsbetrag rechnungsempfanger datum betrag summe gesamt gesamtbetrag "
        "gesamtpreis zwischensumme netto nettobetrag brutto bruttobetrag ust umsatzsteuer mehrwertsteuer mwst steuer "
        "steuernummer steuersatz ustidnr menge einheit einzelpreis preis position pos bezeichnung beschreibung artikel leistung "
        "lieferung lieferdatum lieferschein leistungsdatum kunde kunden kundennummer bestellung bestellnummer zahlung zahlbar "
        "zahlungsbedingungen uberweisung falligkeit fallig tage tagen innerhalb abzug skonto rabatt seite strasse straße "
        "telefon bankverbindung konto kontonummer geschaftsfuhrer amtsgericht handelsregister gmbh stk stuck std stunden bzw "
        "zzgl inkl januar februar marz mai juni juli oktober dezember deutschland anzahl wert gerichtsstand"
    ),
    "fr": (
        "le la les l un une de du des d et ou au aux en dans par pour sur avec sans est sont sera ce cette ces que qui ne pas "
        "vous votre vos nous notre nos il sa son ses leur toute tout tous facture factures date numero montant total ht ttc tva "
        "taux quantite qte designation description prix unitaire reference client commande livraison echeance reglement "
        "paiement payer net remise acompte adresse rue avenue telephone page siret siren ape naf rcs capital societe "
        "intracommunautaire retard penalite penalites indemnite forfaitaire escompte jours virement cheque banque merci janvier "
        "fevrier mars avril mai juin juillet aout septembre octobre novembre decembre emetteur destinataire fournisseur sous "
        "cedex france vendeur acheteur code prestation"
    ),
    "nl": (
        "de het een en of van voor met te ten op in is zijn wordt worden bij naar uit aan als dat dit niet geen zonder uw u wij "
        "ons onze binnen graag om door over per onder factuur factuurnummer factuurdatum factuuradres datum bedrag totaal "
        "totaalbedrag subtotaal btw exclusief inclusief excl incl aantal prijs stukprijs omschrijving artikel klant klantnummer "
        "bestelling bestelnummer ordernummer levering verzending betaling betalen betaald vervaldatum dagen korting rekening "
        "rekeningnummer bankrekening telefoon pagina straat kvk adres postcode plaats nederland januari februari maart mei juni "
        "juli augustus oktober december vermelding ovv bezorgkosten verschuldigd"
    ),
    "it": (
        "il lo la i gli le un uno una di del dello della dei degli delle da dal dalla e ed o a al alla in nel nella con per su "
        "non che si sono vostro nostro nostra vostra suo come entro questo questa fattura data numero importo totale iva "
        "imponibile imposta aliquota quantita prezzo unitario descrizione articolo codice cliente ordine consegna pagamento "
        "scadenza scadenze bonifico banca conto sconto spese indirizzo via telefono pagina partita cod fiscale spett "
        "destinatario fornitore mittente documento trasporto giorni netto spa srl gennaio febbraio marzo aprile maggio giugno "
        "luglio agosto settembre ottobre novembre dicembre italia grazie"
    ),
    "es": (
        "el la los las un una de del y o a al en con por para sin su sus nuestro nuestra es son se que no como este esta si ha "
        "le les factura fecha numero importe total subtotal iva base imponible cuota tipo cantidad precio unitario descripcion "
        "articulo concepto cliente pedido entrega pago pagar vencimiento transferencia banco cuenta descuento gastos direccion "
        "calle avenida telefono pagina nif cif codigo proveedor emisor destinatario dias forma neto gracias ciudad enero "
        "febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre espana"
    ),
    "pt": (
        "o os a as um uma de do da dos das e ou ao aos em no na nos nas com por para sem seu sua nosso nossa se que nao como "
        "este esta fatura factura data numero valor montante total subtotal iva base incidencia taxa quantidade qtd preco "
        "unitario descricao artigo cliente encomenda pedido entrega pagamento pagar vencimento transferencia banco conta "
        "desconto morada endereco rua avenida telefone pagina nif nipc contribuinte codigo fornecedor dias liquido obrigado "
        "cidade janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro portugal"
    ),
}
_LANGUAGES_OF: dict[str, set[str]] = {}
for _language, _text in _WORDS.items():
    for _word in _text.split():
        _LANGUAGES_OF.setdefault(_word, set()).add(_language)

LEAST = 2.0  # two words that only one language has
LEAD = 1.2  # times what speaks for the next


def evidence(texts: Iterable[str]) -> Counter[str]:
    """What speaks for each language: each known word one, shared by the languages that have it."""
    found: Counter[str] = Counter()
    for text in texts:
        for word in plain(text):
            languages = _LANGUAGES_OF.get(word, ())
            for language in languages:
                found[language] += 1 / len(languages)  # type: ignore[assignment]  # it counts fractions too
    return found


def language_of(texts: Iterable[str]) -> str | None:
    """ISO 639-1, of the seven that we know; None where it is not clear."""
    ranked = evidence(texts).most_common(2)
    if not ranked or ranked[0][1] < LEAST or (len(ranked) > 1 and ranked[0][1] < LEAD * ranked[1][1]):
        return None
    return ranked[0][0]
