"""The words of made-up invoices in seven languages: labels as firms write them, some of which the extractor's lexicon does not know."""

from __future__ import annotations

from dataclasses import dataclass


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


@dataclass(frozen=True, slots=True)
class Wordings:
    """`dates`: strftime, MONTH for the month's name. `numbers`: (decimal mark, thousands). `currencies`: (code, sign). `tax` bears its
    rate."""

    country: str
    dates: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    currencies: tuple[tuple[str, str], ...]
    rates: tuple[str, ...]
    months: tuple[str, ...]
    titles: tuple[str, ...]
    credit_note: str
    number: tuple[str, ...]
    issue_date: tuple[str, ...]
    due_date: tuple[str, ...]
    delivery_date: tuple[str, ...]
    order: tuple[str, ...]
    customer: tuple[str, ...]
    other_numbers: tuple[str, ...]
    other_dates: tuple[str, ...]
    vat_id: tuple[str, ...]
    bill_to: tuple[str, ...]
    ship_to: str
    heads: tuple[str, str, str, str]
    subtotal: tuple[str, ...]
    discount: str
    charge: str
    net: tuple[str, ...]
    tax: tuple[str, ...]
    gross: tuple[str, ...]
    paid: tuple[str, ...]
    amount_due: tuple[str, ...]
    terms: tuple[str, ...]
    phone: str
    register: str
    capital: str
    page: str
    goods: tuple[str, ...]
    trades: tuple[str, ...]
    surnames: tuple[str, ...]
    brands: tuple[str, ...]
    people: tuple[str, ...]
    legal: tuple[str, ...]
    slogans: tuple[str, ...]
    towns: tuple[str, ...]
    street: str
    town: str


_POINT, _COMMA = (".", ","), (",", ".")
_EURO = (("EUR", "€"),)
_NAMES = "Novatek|Orbis|Lumen|Quadra|Velox|Arcus|Solvia|Tecnor|Brightwell|Nordlicht|Kestrel|Ondine|Zenit|Marlow"

LANGUAGES: dict[str, Wordings] = {
    "en": Wordings(
        country="GB",
        dates=("%d/%m/%Y", "%d MONTH %Y", "%d %b %Y", "%Y-%m-%d", "MONTH %d, %Y"),
        numbers=(_POINT, _POINT, (".", "")),
        currencies=(("GBP", "£"), ("GBP", "£"), ("USD", "US$"), ("EUR", "€")),
        rates=_list("20|20|5|19"),
        months=_list("January|February|March|April|May|June|July|August|September|October|November|December"),
        titles=_list("Invoice|Invoice|Tax Invoice|Sales Invoice|Bill|Statement of charges"),
        credit_note="Credit Note",
        number=_list("Invoice number|Invoice No.|Invoice #|Inv. no|Document no|No.|Reference|Our ref"),
        issue_date=_list("Invoice date|Date|Date of issue|Issued|Tax point|Dated"),
        due_date=_list("Due date|Payment due|Pay by|Due|Please pay before"),
        delivery_date=_list("Delivery date|Date of supply|Dispatched on"),
        order=_list("PO number|Purchase order|Your order no.|Order ref|P.O. #|Customer PO"),
        customer=_list("Customer no.|Account no|Client ID|Customer"),
        other_numbers=_list("Delivery note|Quote no.|Contract no|Job number|Ticket"),
        other_dates=_list("Order date|Period from|Print date|Contract of"),
        vat_id=_list("VAT no|VAT Reg No|VAT ID"),
        bill_to=_list("Bill to|Invoice to|Customer|Sold to|To"),
        ship_to="Ship to",
        heads=("Description", "Qty", "Unit price", "Amount"),
        subtotal=_list("Subtotal|Sub-total|Total of items"),
        discount="Discount",
        charge="Shipping",
        net=_list("Net total|Total excl. VAT|Net amount|Total before tax|Taxable amount|Net"),
        tax=_list("VAT {rate}%|VAT|VAT @ {rate}%|Tax ({rate}%)|Sales tax"),
        gross=_list("Total|Grand total|Total incl. VAT|Invoice total|Total amount|Gross|To pay"),
        paid=_list("Paid|Deposit received|Less payments"),
        amount_due=_list("Amount due|Balance due|Balance|Outstanding"),
        terms=_list("Please pay {amount} within {days} days.|Payment terms: {days} days net|Goods remain our property until paid in full."),
        phone="Tel",
        register="Company number",
        capital="Share capital",
        page="Page",
        goods=_list("Consulting services|Office chair|Printer paper A4|Hosting, monthly|Copper pipe 15 mm|Site survey|Training day"),
        trades=_list("Trading|Services|Engineering|Supplies|Logistics|Print"),
        surnames=_list("Harper|Whitfield|Osborne|Kendall|Marsh|Bexley|Thornton|Ashcroft"),
        brands=_list(_NAMES),
        people=_list("Jane Kendall|Mr Tom Osborne|Priya Shah|Alan Marsh"),
        legal=_list("Ltd|Limited|LLP|PLC|Ltd."),
        slogans=_list("Quality since 1978|We deliver|Your partner in print"),
        towns=_list("Leeds|Bristol|Reading|Norwich|Exeter"),
        street="{number} {name} Road",
        town="{town} LS{code} 4{letters}",
    ),
    "de": Wordings(
        country="DE",
        dates=("%d.%m.%Y", "%d.%m.%Y", "%d.%m.%y", "%d. MONTH %Y", "%Y-%m-%d"),
        numbers=(_COMMA, _COMMA, (",", "")),
        currencies=_EURO,
        rates=_list("19|19|7|19"),
        months=_list("Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"),
        titles=_list("Rechnung|Rechnung|Beleg|Abrechnung|Schlussrechnung|Faktura"),
        credit_note="Gutschrift",
        number=_list("Rechnungsnummer|Rechnungs-Nr.|Rechnung Nr.|Re.-Nr.|Belegnummer|Nummer|Vorgang"),
        issue_date=_list("Rechnungsdatum|Datum|Belegdatum|Ausgestellt am|vom|Re.-Datum"),
        due_date=_list("Fällig am|Fälligkeit|Zahlbar bis|Zahlungsziel|Bitte zahlen bis"),
        delivery_date=_list("Lieferdatum|Leistungsdatum|Leistung am"),
        order=_list("Bestellnummer|Ihre Bestellung|Auftragsnummer|Best.-Nr.|Ihr Auftrag"),
        customer=_list("Kundennummer|Kunden-Nr.|Kd.-Nr.|Debitor"),
        other_numbers=_list("Lieferschein-Nr.|Angebot|Vertrag Nr.|Projekt|Steuernummer"),
        other_dates=_list("Bestelldatum|Zeitraum ab|Druckdatum|Angebot vom"),
        vat_id=_list("USt-IdNr.|USt-ID|Umsatzsteuer-ID"),
        bill_to=_list("Rechnungsempfänger|Rechnung an|Kunde|An"),
        ship_to="Lieferadresse",
        heads=("Bezeichnung", "Menge", "Einzelpreis", "Gesamt"),
        subtotal=_list("Zwischensumme|Warenwert|Summe Positionen"),
        discount="Rabatt",
        charge="Versandkosten",
        net=_list("Nettobetrag|Summe netto|Netto|Gesamt netto|Zwischensumme netto|Entgelt"),
        tax=_list("MwSt. {rate} %|USt {rate}%|zzgl. {rate} % MwSt.|Umsatzsteuer|Steuerbetrag"),
        gross=_list("Gesamtbetrag|Bruttobetrag|Rechnungsbetrag|Gesamt|Summe|Endbetrag|Gesamt brutto"),
        paid=_list("Anzahlung|Bereits gezahlt|abzgl. Abschlag"),
        amount_due=_list("Zahlbetrag|Zu zahlen|Restbetrag|Offener Betrag"),
        terms=_list(
            "Zahlbar in {days} Tagen ohne Abzug.|Bitte überweisen Sie {amount} binnen {days} Tagen.|Die Ware bleibt unser Eigentum."
        ),
        phone="Tel.",
        register="HRB",
        capital="Stammkapital",
        page="Seite",
        goods=_list("Beratung vor Ort|Bürostuhl|Kopierpapier A4|Webhosting, Monat|Kupferrohr 15 mm|Montage|Schulungstag"),
        trades=_list("Handels|Technik|Bau|Logistik|Druck|Elektro"),
        surnames=_list("Krüger|Hoffmann|Brandt|Lehmann|Vogel|Seidel|Arndt|Pohl"),
        brands=_list(_NAMES),
        people=_list("Frau Anna Vogel|Herr Jens Pohl|Max Brandt|Eva Seidel"),
        legal=_list("GmbH|AG|GmbH & Co. KG|UG|e.K.|OHG"),
        slogans=_list("Qualität seit 1962|Ihr Partner am Bau|Immer in Ihrer Nähe"),
        towns=_list("Kassel|Ulm|Bremen|Halle|Trier"),
        street="{name}straße {number}",
        town="{d3}{code} {town}",
    ),
    "fr": Wordings(
        country="FR",
        dates=("%d/%m/%Y", "%d/%m/%Y", "%d MONTH %Y", "%d-%m-%Y"),
        numbers=((",", " "), (",", ""), _COMMA),
        currencies=_EURO,
        rates=_list("20|20|10|5.5"),
        months=_list("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"),
        titles=_list("Facture|Facture|Facture de vente|Note d'honoraires|Relevé"),
        credit_note="Avoir",
        number=_list("Facture N°|Numéro de facture|N° de facture|Facture n°|Numéro|N° pièce|Référence"),
        issue_date=_list("Date de facture|Date|Date d'émission|Émise le|du|Date de facturation"),
        due_date=_list("Échéance|Date d'échéance|À régler avant le|Payable le"),
        delivery_date=_list("Date de livraison|Livré le|Prestation du"),
        order=_list("N° de commande|Votre commande|Bon de commande|Commande n°|Réf. commande"),
        customer=_list("N° client|Code client|Client n°|Compte"),
        other_numbers=_list("Bon de livraison|Devis n°|Contrat n°|Dossier|SIRET"),
        other_dates=_list("Date de commande|Période du|Imprimé le|Devis du"),
        vat_id=_list("TVA intracommunautaire|N° TVA|TVA intra"),
        bill_to=_list("Facturé à|Client|Adresse de facturation|À l'attention de"),
        ship_to="Adresse de livraison",
        heads=("Désignation", "Qté", "P.U. HT", "Montant HT"),
        subtotal=_list("Sous-total|Total articles|Montant des lignes"),
        discount="Remise",
        charge="Frais de port",
        net=_list("Total HT|Montant HT|Total net HT|Base HT|Total hors taxes"),
        tax=_list("TVA {rate} %|TVA|Total TVA|Montant TVA ({rate}%)|Taxe"),
        gross=_list("Total TTC|Montant TTC|Net à payer|Total|Total général|Montant total TTC"),
        paid=_list("Acompte versé|Déjà réglé|Acompte"),
        amount_due=_list("Reste à payer|Solde dû|Net à payer|Solde"),
        terms=_list("Règlement à {days} jours.|Merci de régler {amount} sous {days} jours.|Pas d'escompte pour paiement anticipé."),
        phone="Tél",
        register="RCS",
        capital="au capital de",
        page="Page",
        goods=_list("Prestation de conseil|Chaise de bureau|Papier A4|Hébergement mensuel|Tube cuivre 15 mm|Pose|Journée de formation"),
        trades=_list("Services|Distribution|Bâtiment|Transports|Impression|Conseil"),
        surnames=_list("Lefèvre|Moreau|Garnier|Chevalier|Perrin|Blanchard|Roussel|Fabre"),
        brands=_list(_NAMES),
        people=_list("M. Paul Perrin|Mme Claire Fabre|Julie Moreau|Luc Garnier"),
        legal=_list("SARL|SAS|SA|EURL|SASU"),
        slogans=_list("Depuis 1985|Le savoir-faire français|À votre service"),
        towns=_list("Nantes|Dijon|Tours|Brest|Limoges"),
        street="{number} rue {name}",
        town="{d3}{code} {town}",
    ),
    "nl": Wordings(
        country="NL",
        dates=("%d-%m-%Y", "%d-%m-%Y", "%d MONTH %Y", "%d/%m/%Y"),
        numbers=(_COMMA, (",", "")),
        currencies=_EURO,
        rates=_list("21|21|9"),
        months=_list("januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"),
        titles=_list("Factuur|Factuur|Verkoopfactuur|Nota|Rekening"),
        credit_note="Creditnota",
        number=_list("Factuurnummer|Factuurnr.|Factuur nr|Nummer|Documentnr|Kenmerk"),
        issue_date=_list("Factuurdatum|Datum|Datum factuur|d.d.|Opgemaakt op"),
        due_date=_list("Vervaldatum|Betalen voor|Uiterste betaaldatum|Te betalen voor"),
        delivery_date=_list("Leverdatum|Geleverd op|Datum levering"),
        order=_list("Ordernummer|Uw bestelling|Inkooporder|Bestelnummer|Uw order"),
        customer=_list("Klantnummer|Debiteurnr.|Klantnr|Relatie"),
        other_numbers=_list("Pakbon|Offerte nr|Contractnummer|Project|KvK"),
        other_dates=_list("Besteldatum|Periode vanaf|Afdrukdatum|Offerte van"),
        vat_id=_list("BTW-nummer|BTW nr|BTW-id"),
        bill_to=_list("Factuuradres|Aan|Klant|Factuur aan"),
        ship_to="Afleveradres",
        heads=("Omschrijving", "Aantal", "Prijs", "Bedrag"),
        subtotal=_list("Subtotaal|Totaal artikelen"),
        discount="Korting",
        charge="Verzendkosten",
        net=_list("Totaal excl. btw|Subtotaal excl. BTW|Netto|Bedrag excl. btw|Totaal exclusief"),
        tax=_list("BTW {rate}%|21% btw|BTW|btw-bedrag"),
        gross=_list("Totaal|Totaal incl. btw|Te betalen|Totaalbedrag|Eindtotaal|Factuurbedrag"),
        paid=_list("Reeds betaald|Aanbetaling|Voldaan"),
        amount_due=_list("Openstaand|Nog te betalen|Te voldoen"),
        terms=_list(
            "Betaling binnen {days} dagen.|Gelieve {amount} binnen {days} dagen over te maken.|Op al onze leveringen gelden voorwaarden."
        ),
        phone="Tel.",
        register="KvK",
        capital="Kapitaal",
        page="Pagina",
        goods=_list("Advies|Bureaustoel|Papier A4|Webhosting per maand|Koperbuis 15 mm|Montage|Cursusdag"),
        trades=_list("Handel|Techniek|Bouw|Transport|Drukwerk|Advies"),
        surnames=_list("Bakker|Visser|Dekker|Hendriks|Mulder|Kuipers|Brouwer|Smeets"),
        brands=_list(_NAMES),
        people=_list("Mevr. Anja Visser|Dhr. Piet Mulder|Eva Dekker|Jan Smeets"),
        legal=_list("B.V.|BV|N.V.|V.O.F."),
        slogans=_list("Al sinds 1971|Gewoon goed|Uw vakman"),
        towns=_list("Zwolle|Breda|Delft|Arnhem|Gouda"),
        street="{name}straat {number}",
        town="{code}{d2} {letters} {town}",
    ),
    "it": Wordings(
        country="IT",
        dates=("%d/%m/%Y", "%d/%m/%Y", "%d MONTH %Y", "%d.%m.%Y"),
        numbers=(_COMMA, (",", "")),
        currencies=_EURO,
        rates=_list("22|22|10|4"),
        months=_list("gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"),
        titles=_list("Fattura|Fattura|Fattura immediata|Parcella|Documento"),
        credit_note="Nota di credito",
        number=_list("Fattura n.|Numero fattura|N. fattura|Numero documento|Numero|Doc. n."),
        issue_date=_list("Data fattura|Data|Data documento|Data di emissione|del"),
        due_date=_list("Scadenza|Data scadenza|Pagamento entro|Da pagare entro"),
        delivery_date=_list("Data consegna|Consegnato il"),
        order=_list("Ordine n.|Vostro ordine|N. ordine|Rif. ordine"),
        customer=_list("Codice cliente|Cliente n.|Cod. cliente"),
        other_numbers=_list("DDT n.|Preventivo n.|Contratto n.|Commessa|REA"),
        other_dates=_list("Data ordine|Periodo dal|Stampato il|DDT del"),
        vat_id=_list("P. IVA|Partita IVA|P.IVA"),
        bill_to=_list("Intestatario|Spett.le|Cliente|Destinatario"),
        ship_to="Destinazione merce",
        heads=("Descrizione", "Quantità", "Prezzo unitario", "Importo"),
        subtotal=_list("Subtotale|Totale merce|Totale righe"),
        discount="Sconto",
        charge="Spese di spedizione",
        net=_list("Imponibile|Totale imponibile|Totale netto|Netto"),
        tax=_list("IVA {rate}%|IVA|Imposta|Totale IVA"),
        gross=_list("Totale fattura|Totale documento|Totale|Totale da pagare|Totale ivato"),
        paid=_list("Acconto|Già pagato"),
        amount_due=_list("Netto a pagare|Saldo|Da pagare"),
        terms=_list("Pagamento a {days} giorni.|Si prega di versare {amount} entro {days} giorni.|Contributo ambientale assolto."),
        phone="Tel.",
        register="REA MI",
        capital="Capitale sociale",
        page="Pagina",
        goods=_list("Consulenza|Sedia da ufficio|Carta A4|Hosting mensile|Tubo rame 15 mm|Posa in opera|Giornata di corso"),
        trades=_list("Servizi|Commerciale|Edile|Trasporti|Grafica|Impianti"),
        surnames=_list("Rinaldi|Ferrari|Conti|Galli|Moretti|Barbieri|Fontana|Caruso"),
        brands=_list(_NAMES),
        people=_list("Sig. Luca Conti|Sig.ra Anna Galli|Marco Fontana|Sara Moretti"),
        legal=_list("S.r.l.|SRL|S.p.A.|SpA|S.n.c."),
        slogans=_list("Dal 1969|Qualità italiana|Al vostro servizio"),
        towns=_list("Verona|Parma|Lecce|Pisa|Bari"),
        street="Via {name} {number}",
        town="{d3}{code} {town}",
    ),
    "es": Wordings(
        country="ES",
        dates=("%d/%m/%Y", "%d/%m/%Y", "%d de MONTH de %Y", "%d-%m-%Y"),
        numbers=(_COMMA, (",", "")),
        currencies=_EURO,
        rates=_list("21|21|10|4"),
        months=_list("enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"),
        titles=_list("Factura|Factura|Factura de venta|Minuta|Recibo de servicios"),
        credit_note="Factura rectificativa",
        number=_list("Factura nº|Número de factura|Nº factura|Número|Nº documento|Fra. nº"),
        issue_date=_list("Fecha factura|Fecha|Fecha de emisión|Fecha de expedición"),
        due_date=_list("Vencimiento|Fecha de vencimiento|Pagar antes del|Vence el"),
        delivery_date=_list("Fecha de entrega|Entregado el"),
        order=_list("Pedido nº|Su pedido|Nº de pedido|Orden de compra"),
        customer=_list("Nº cliente|Código cliente|Cliente nº"),
        other_numbers=_list("Albarán nº|Presupuesto|Contrato nº|Expediente|Obra"),
        other_dates=_list("Fecha pedido|Período desde|Impreso el|Albarán de"),
        vat_id=_list("NIF-IVA|NIF IVA|IVA intracomunitario"),
        bill_to=_list("Facturar a|Cliente|Datos del cliente|Destinatario"),
        ship_to="Dirección de envío",
        heads=("Descripción", "Cantidad", "Precio", "Importe"),
        subtotal=_list("Subtotal|Suma|Total artículos"),
        discount="Descuento",
        charge="Gastos de envío",
        net=_list("Base imponible|Total neto|Importe neto|Total sin IVA"),
        tax=_list("IVA {rate}%|IVA|Cuota IVA|Impuestos"),
        gross=_list("Total factura|Total|Total a pagar|Importe total|Total con IVA"),
        paid=_list("Anticipo|Ya pagado|A cuenta"),
        amount_due=_list("Pendiente de pago|A pagar|Saldo pendiente"),
        terms=_list("Pago a {days} días.|Rogamos abonen {amount} en {days} días.|No se admiten devoluciones."),
        phone="Tel.",
        register="Registro Mercantil",
        capital="Capital social",
        page="Página",
        goods=_list("Consultoría|Silla de oficina|Papel A4|Alojamiento mensual|Tubo cobre 15 mm|Instalación|Día de formación"),
        trades=_list("Servicios|Comercial|Obras|Transportes|Gráficas|Consultores"),
        surnames=_list("Navarro|Ortega|Vidal|Serrano|Molina|Herrera|Campos|Soler"),
        brands=_list(_NAMES),
        people=_list("Sr. Juan Vidal|Sra. Marta Soler|Luis Ortega|Elena Campos"),
        legal=_list("S.L.|SL|S.A.|SA|S.L.U."),
        slogans=_list("Desde 1980|A su servicio|Calidad y confianza"),
        towns=_list("Murcia|Burgos|Vigo|Huelva|Lugo"),
        street="Calle {name} {number}",
        town="{d3}{code} {town}",
    ),
    "pt": Wordings(
        country="PT",
        dates=("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d de MONTH de %Y"),
        numbers=(_COMMA, (",", " ")),
        currencies=_EURO,
        rates=_list("23|23|13|6"),
        months=_list("janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro"),
        titles=_list("Fatura|Fatura|Factura|Documento|Fatura comercial"),
        credit_note="Nota de crédito",
        number=_list("Fatura n.º|Número da fatura|Fatura nº|Número|Documento n.º"),
        issue_date=_list("Data da fatura|Data|Data de emissão|Emitida em"),
        due_date=_list("Vencimento|Data de vencimento|Pagar até"),
        delivery_date=_list("Data de entrega|Entregue em"),
        order=_list("Encomenda n.º|V/ encomenda|N.º encomenda|Nota de encomenda"),
        customer=_list("N.º cliente|Código de cliente|Cliente n.º"),
        other_numbers=_list("Guia de remessa|Orçamento n.º|Contrato n.º|Processo|Requisição"),
        other_dates=_list("Data da encomenda|Período de|Impresso em|Orçamento de"),
        vat_id=_list("NIF|Contribuinte|N.º contribuinte"),
        bill_to=_list("Faturar a|Cliente|Exmo. Sr.|Dados do cliente"),
        ship_to="Local de entrega",
        heads=("Descrição", "Quantidade", "Preço unitário", "Valor"),
        subtotal=_list("Subtotal|Total das linhas|Soma"),
        discount="Desconto",
        charge="Portes",
        net=_list("Total líquido|Incidência|Base tributável|Valor sem IVA"),
        tax=_list("IVA {rate}%|IVA|Total IVA|Imposto"),
        gross=_list("Total|Total a pagar|Total da fatura|Valor total|Total com IVA"),
        paid=_list("Adiantamento|Já pago"),
        amount_due=_list("Valor em dívida|A pagar|Saldo"),
        terms=_list("Pagamento a {days} dias.|Agradecemos o pagamento de {amount} em {days} dias.|Processado por computador."),
        phone="Tel.",
        register="Conservatória",
        capital="Capital social",
        page="Página",
        goods=_list("Consultoria|Cadeira de escritório|Papel A4|Alojamento mensal|Tubo cobre 15 mm|Instalação|Dia de formação"),
        trades=_list("Serviços|Comercial|Obras|Transportes|Gráfica|Consultores"),
        surnames=_list("Almeida|Carvalho|Fonseca|Teixeira|Moura|Barros|Nogueira|Pinho"),
        brands=_list(_NAMES),
        people=_list("Sr. João Moura|Dra. Rita Pinho|Ana Barros|Rui Teixeira"),
        legal=_list("Lda.|Lda|S.A.|Unipessoal Lda"),
        slogans=_list("Desde 1974|Ao seu serviço|Qualidade garantida"),
        towns=_list("Braga|Évora|Faro|Viseu|Leiria"),
        street="Rua {name} {number}",
        town="{code}{d2}-{d3} {town}",
    ),
}
