# ruff: noqa: E501  a document's sentences stay on one line
"""Made-up documents that are no invoices, as plain text: orders, delivery notes, letters and others, in eight languages.

`other_documents(seed)` yields a few hundred. Each has a letterhead, an addressee, references and a footer with a bank account as business
paper has them; what it says is written as people write, not from the extractor's lexicon.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

LANGUAGES = ("en", "de", "fr", "nl", "it", "es", "pt", "pl")


@dataclass(frozen=True, slots=True)
class OtherDocument:
    kind: str
    language: str
    text: str


# company, its street and town; another company with theirs
_PARTIES = {
    "en": ("Harrow & Finch Ltd, 12 Mill Lane, Leeds LS1 4AB", "Cobalt Toys Ltd, 9 Dock Street, Hull HU1 2AB"),
    "de": ("Kranz Metallbau GmbH, Hauptstraße 5, 24103 Kiel", "Blauendorf Handel KG, Marktplatz 1, 17999 Blauendorf"),
    "fr": ("Ateliers Moreau SARL, 4 rue des Lilas, 69003 Lyon", "Boutique Verne SA, 8 avenue Foch, 38000 Grenoble"),
    "nl": ("Vermeer Techniek B.V., Havenweg 3, 3011 AA Rotterdam", "De Linde Groothandel B.V., Kerkstraat 8, 5611 GJ Eindhoven"),
    "it": ("Officine Ferri S.r.l., Via Verdi 12, 20121 Milano", "Bottega Aurora S.p.A., Corso Italia 7, 10122 Torino"),
    "es": ("Talleres Molina S.L., Calle Mayor 3, 28013 Madrid", "Comercial Duero S.A., Avenida Sur 21, 41001 Sevilla"),
    "pt": ("Oficinas Tejo Lda, Rua Nova 5, 1100-001 Lisboa", "Armazéns Minho SA, Avenida Central 9, 4710-228 Braga"),
    "pl": ("Zakład Wisła Sp. z o.o., ul. Długa 4, 31-147 Kraków", "Hurtownia Bałtyk S.A., ul. Portowa 8, 80-001 Gdańsk"),
}
# date, our reference, item, quantity, unit price, amount, net total, VAT, total, phone
_WORDS = {
    "en": "Date|Our ref|Description|Qty|Unit price|Amount|Subtotal|VAT 20%|Total|Tel",
    "de": "Datum|Unser Zeichen|Bezeichnung|Menge|Einzelpreis|Betrag|Nettobetrag|MwSt. 19 %|Gesamtbetrag|Tel.",
    "fr": "Date|Notre réf.|Désignation|Quantité|Prix unitaire|Montant|Total HT|TVA 20 %|Total TTC|Tél.",
    "nl": "Datum|Onze ref.|Omschrijving|Aantal|Prijs|Bedrag|Subtotaal|BTW 21%|Totaal|Tel.",
    "it": "Data|Ns. rif.|Descrizione|Quantità|Prezzo unitario|Importo|Imponibile|IVA 22%|Totale|Tel.",
    "es": "Fecha|Nuestra ref.|Descripción|Cantidad|Precio|Importe|Base imponible|IVA 21 %|Total|Tel.",
    "pt": "Data|Nossa ref.|Descrição|Quantidade|Preço unitário|Valor|Subtotal|IVA 23%|Total|Tel.",
    "pl": "Data|Nasz znak|Nazwa towaru|Ilość|Cena|Wartość|Wartość netto|VAT 23%|Razem|Tel.",
}
_ITEMS = {
    "en": ("Steel brackets", "Oak boards", "Work lamps"),
    "de": ("Stahlwinkel", "Eichenbretter", "Arbeitsleuchten"),
    "fr": ("Équerres acier", "Planches chêne", "Lampes d'atelier"),
    "nl": ("Stalen beugels", "Eiken planken", "Werklampen"),
    "it": ("Staffe in acciaio", "Tavole di rovere", "Lampade da lavoro"),
    "es": ("Escuadras de acero", "Tablas de roble", "Lámparas de taller"),
    "pt": ("Esquadros de aço", "Tábuas de carvalho", "Candeeiros"),
    "pl": ("Kątowniki stalowe", "Deski dębowe", "Lampy robocze"),
}
# kind -> language -> titles, then sentences; "priced" in _PRICED below
_TEXTS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "delivery_note": {
        "en": ("Delivery Note|DELIVERY NOTE No. {n}|Packing List", ("Goods received in good condition:", "Signature of the recipient ________")),
        "de": ("Lieferschein|LIEFERSCHEIN Nr. {n}|Packliste", ("Ware in einwandfreiem Zustand erhalten:", "Unterschrift ________")),
        "fr": ("Bon de livraison|BON DE LIVRAISON N° {n}", ("Marchandise reçue en bon état, le ________", "Signature du client")),
        "nl": ("Pakbon|PAKBON nr. {n}|Leverbon", ("In goede staat ontvangen", "Handtekening ontvanger ________")),
        "it": ("Documento di trasporto|DDT n. {n}", ("Causale del trasporto: vendita", "Firma del destinatario ________")),
        "es": ("Albarán|ALBARÁN DE ENTREGA Nº {n}", ("Recibí conforme", "Firma del cliente ________")),
        "pt": ("Guia de remessa|GUIA DE TRANSPORTE N.º {n}", ("Local de carga: Lisboa", "Recebi conforme ________")),
        "pl": ("Dokument WZ|WZ nr {n}|Wydanie zewnętrzne", ("Towar wydał ________", "Towar odebrał ________")),
    },
    "purchase_order": {
        "en": ("Purchase Order|PURCHASE ORDER {n}", ("Please deliver the goods below by {d}.", "Please send your invoice to our accounts department.")),
        "de": ("Bestellung|BESTELLUNG Nr. {n}", ("Bitte liefern Sie bis zum {d}:", "Ihre Rechnung senden Sie bitte an die Buchhaltung.")),
        "fr": ("Bon de commande|BON DE COMMANDE N° {n}", ("Veuillez nous livrer avant le {d} :", "La facture est à adresser au service comptable.")),
        "nl": ("Inkooporder|BESTELBON {n}", ("Gelieve te leveren vóór {d}:", "Vermeld ons ordernummer op uw factuur.")),
        "it": ("Ordine di acquisto|ORDINE DI ACQUISTO n. {n}", ("Vi preghiamo di consegnare entro il {d}:", "Indicare il numero d'ordine in fattura.")),
        "es": ("Orden de compra|PEDIDO Nº {n}", ("Les rogamos nos entreguen antes del {d}:", "Indiquen nuestro número de pedido en su factura.")),
        "pt": ("Nota de encomenda|ORDEM DE COMPRA N.º {n}", ("Solicitamos a entrega até {d}:", "Indicar o número da encomenda na fatura.")),
        "pl": ("Zamówienie|ZAMÓWIENIE nr {n}", ("Prosimy o dostawę do dnia {d}:", "Prosimy podać numer zamówienia na fakturze.")),
    },
    "order_confirmation": {
        "en": ("Order Confirmation|ORDER CONFIRMATION {n}", ("Thank you for your order. We expect to ship it on {d}.", "An invoice will follow.")),
        "de": ("Auftragsbestätigung|AUFTRAGSBESTÄTIGUNG {n}", ("Vielen Dank für Ihre Bestellung, die wir wie folgt bestätigen:", "Lieferung am {d}.")),
        "fr": ("Confirmation de commande|CONFIRMATION DE COMMANDE {n}", ("Nous avons bien reçu votre commande.", "Expédition prévue le {d}.")),
        "nl": ("Orderbevestiging|ORDERBEVESTIGING {n}", ("Hartelijk dank voor uw bestelling.", "De levering is gepland op {d}.")),
        "it": ("Conferma d'ordine|CONFERMA D'ORDINE n. {n}", ("Vi ringraziamo per l'ordine, che confermiamo come segue.", "Consegna prevista il {d}.")),
        "es": ("Confirmación de pedido|CONFIRMACIÓN DE PEDIDO {n}", ("Gracias por su pedido.", "Fecha prevista de entrega: {d}.")),
        "pt": ("Confirmação de encomenda|CONFIRMAÇÃO DE ENCOMENDA {n}", ("Obrigado pela sua encomenda.", "Entrega prevista a {d}.")),
        "pl": ("Potwierdzenie zamówienia|POTWIERDZENIE ZAMÓWIENIA {n}", ("Dziękujemy za złożenie zamówienia.", "Planowana wysyłka {d}.")),
    },
    "quote": {
        "en": ("Quotation|QUOTE {n}|Estimate", ("We are pleased to quote as follows.", "This quotation is valid until {d}.")),
        "de": ("Angebot|ANGEBOT Nr. {n}|Kostenvoranschlag", ("Gerne bieten wir Ihnen wie folgt an:", "Dieses Angebot ist gültig bis {d}.")),
        "fr": ("Devis|DEVIS N° {n}", ("Devis valable jusqu'au {d}.", "Bon pour accord, date et signature :")),
        "nl": ("Offerte|OFFERTE {n}|Prijsopgave", ("Graag bieden wij u het volgende aan.", "Deze offerte is geldig tot {d}.")),
        "it": ("Preventivo|PREVENTIVO n. {n}|Offerta", ("Offerta valida fino al {d}.", "Firma per accettazione ________")),
        "es": ("Presupuesto|PRESUPUESTO Nº {n}", ("Presupuesto válido hasta el {d}.", "Firma del cliente ________")),
        "pt": ("Orçamento|ORÇAMENTO N.º {n}", ("Orçamento válido até {d}.", "Assinatura do cliente ________")),
        "pl": ("Oferta|OFERTA nr {n}", ("Oferta ważna do {d}.", "Zapraszamy do współpracy.")),
    },
    "payment_advice": {
        "en": ("Remittance Advice|PAYMENT ADVICE", ("We have today paid the following invoices to your account.",)),
        "de": ("Zahlungsavis|AVIS", ("Folgende Rechnungen haben wir heute auf Ihr Konto überwiesen.",)),
        "fr": ("Avis de paiement|AVIS DE VIREMENT", ("Nous avons réglé ce jour les factures suivantes par virement.",)),
        "nl": ("Betalingsspecificatie|BETALINGSADVIES", ("Vandaag hebben wij de volgende facturen aan u overgemaakt.",)),
        "it": ("Avviso di pagamento|AVVISO DI BONIFICO", ("In data odierna abbiamo pagato le seguenti fatture.",)),
        "es": ("Aviso de pago|AVISO DE TRANSFERENCIA", ("Hoy hemos abonado en su cuenta las facturas siguientes.",)),
        "pt": ("Aviso de pagamento|AVISO DE TRANSFERÊNCIA", ("Nesta data procedemos ao pagamento das faturas seguintes.",)),
        "pl": ("Awizo płatności|ZAWIADOMIENIE O PŁATNOŚCI", ("Informujemy o dokonaniu przelewu za następujące faktury.",)),
    },
    "reminder": {
        "en": ("Payment Reminder|FINAL REMINDER", ("We have not yet received your payment for the invoices below.", "If you have paid meanwhile, please ignore this letter.")),
        "de": ("Mahnung|ZAHLUNGSERINNERUNG|2. Mahnung", ("Für die folgenden Rechnungen konnten wir noch keinen Zahlungseingang feststellen.", "Mahngebühr 5,00 EUR")),
        "fr": ("Lettre de relance|RAPPEL", ("Sauf erreur de notre part, les factures suivantes restent impayées.",)),
        "nl": ("Betalingsherinnering|AANMANING", ("Van de volgende facturen hebben wij nog geen betaling ontvangen.",)),
        "it": ("Sollecito di pagamento|SOLLECITO", ("Le seguenti fatture ci risultano ancora insolute.",)),
        "es": ("Recordatorio de pago|RECLAMACIÓN DE PAGO", ("A día de hoy no hemos recibido el pago de las facturas siguientes.",)),
        "pt": ("Lembrete de pagamento|AVISO DE COBRANÇA", ("Ainda não recebemos o pagamento das faturas seguintes.",)),
        "pl": ("Wezwanie do zapłaty|PRZYPOMNIENIE O PŁATNOŚCI", ("Do dziś nie otrzymaliśmy zapłaty za następujące faktury.",)),
    },
    "statement": {
        "en": ("Statement of Account|ACCOUNT STATEMENT", ("Opening balance 250.00", "Closing balance 940.00")),
        "de": ("Kontoauszug|OFFENE POSTEN", ("Anfangssaldo 250,00", "Endsaldo 940,00")),
        "fr": ("Relevé de compte|RELEVÉ DE COMPTE CLIENT", ("Solde initial 250,00", "Solde final 940,00")),
        "nl": ("Rekeningoverzicht|REKENINGOVERZICHT", ("Beginsaldo 250,00", "Eindsaldo 940,00")),
        "it": ("Estratto conto|ESTRATTO CONTO", ("Saldo iniziale 250,00", "Saldo finale 940,00")),
        "es": ("Extracto de cuenta|ESTADO DE CUENTA", ("Saldo inicial 250,00", "Saldo final 940,00")),
        "pt": ("Extrato de conta|EXTRATO DE CONTA CORRENTE", ("Saldo inicial 250,00", "Saldo final 940,00")),
        "pl": ("Wyciąg z rachunku|POTWIERDZENIE SALDA", ("Saldo początkowe 250,00", "Saldo końcowe 940,00")),
    },
    "payslip": {
        "en": ("Payslip|PAY STATEMENT", ("Gross pay 3,200.00", "National Insurance -256.00", "Net pay 2,480.00")),
        "de": ("Gehaltsabrechnung|ENTGELTABRECHNUNG", ("Bruttolohn 3.200,00", "Lohnsteuer -410,00", "Auszahlungsbetrag 2.150,00")),
        "fr": ("Bulletin de paie|BULLETIN DE SALAIRE", ("Salaire brut 3 200,00", "Cotisations salariales -700,00", "Net à payer au salarié 2 500,00")),
        "nl": ("Loonstrook|SALARISSPECIFICATIE", ("Brutoloon 3.200,00", "Loonheffing -640,00", "Nettoloon 2.560,00")),
        "it": ("Busta paga|CEDOLINO", ("Retribuzione lorda 3.200,00", "Contributi INPS -290,00", "Netto in busta 2.100,00")),
        "es": ("Nómina|RECIBO DE SALARIOS", ("Salario base 3.200,00", "Total a deducir -500,00", "Líquido a percibir 2.700,00")),
        "pt": ("Recibo de vencimento|RECIBO DE VENCIMENTO", ("Vencimento base 3.200,00", "Segurança Social -352,00", "Líquido a receber 2.400,00")),
        "pl": ("Pasek płacowy|ODCINEK PŁACOWY", ("Wynagrodzenie zasadnicze 3 200,00", "Składki -440,00", "Do wypłaty 2 350,00")),
    },
    "cv": {
        "en": ("Curriculum Vitae|RESUME", ("Work experience", "2015 - 2020 Buyer, Cobalt Toys Ltd", "Education", "2011 Diploma, Leeds", "Skills", "Languages: French")),
        "de": ("Lebenslauf|LEBENSLAUF", ("Berufserfahrung", "2015 - 2020 Einkäufer, Blauendorf Handel KG", "Ausbildung", "2011 Diplom, Kiel", "Sprachkenntnisse")),
        "fr": ("Curriculum vitae|CV", ("Expérience professionnelle", "2015 - 2020 Acheteur, Boutique Verne", "Formation", "2011 Licence, Lyon", "Compétences")),
        "nl": ("Curriculum vitae|CV", ("Werkervaring", "2015 - 2020 Inkoper", "Opleiding", "2011 HBO, Rotterdam", "Vaardigheden")),
        "it": ("Curriculum vitae|CURRICULUM VITAE", ("Esperienza professionale", "2015 - 2020 Buyer", "Istruzione", "2011 Laurea, Milano", "Competenze")),
        "es": ("Curriculum vitae|CURRÍCULUM", ("Experiencia laboral", "2015 - 2020 Compras", "Formación académica", "2011 Grado, Madrid", "Idiomas")),
        "pt": ("Curriculum vitae|CURRICULUM VITAE", ("Experiência profissional", "2015 - 2020 Compras", "Formação académica", "Competências")),
        "pl": ("Curriculum vitae|ŻYCIORYS", ("Doświadczenie zawodowe", "2015 - 2020 Kupiec", "Wykształcenie", "Umiejętności")),
    },
    "bill_of_lading": {
        "en": ("Bill of Lading|BILL OF LADING", ("Shipper: Harrow & Finch Ltd", "Port of loading: Hull", "Port of discharge: Oslo", "Gross weight 500 KGS")),
        "de": ("Konnossement|FRACHTBRIEF", ("Verladehafen: Hamburg", "Löschhafen: Oslo", "Bruttogewicht 500 kg")),
        "fr": ("Connaissement|LETTRE DE VOITURE", ("Port de chargement : Le Havre", "Port de déchargement : Oslo", "Poids brut 500 kg")),
        "nl": ("Vrachtbrief|ZEEVRACHTBRIEF", ("Laadhaven: Rotterdam", "Loshaven: Oslo", "Brutogewicht 500 kg")),
        "it": ("Polizza di carico|LETTERA DI VETTURA", ("Porto di carico: Genova", "Porto di scarico: Oslo", "Peso lordo 500 kg")),
        "es": ("Conocimiento de embarque|CARTA DE PORTE", ("Puerto de carga: Vigo", "Puerto de descarga: Oslo", "Peso bruto 500 kg")),
        "pt": ("Conhecimento de embarque|CONHECIMENTO DE EMBARQUE", ("Porto de embarque: Leixões", "Peso bruto 500 kg")),
        "pl": ("List przewozowy|KONOSAMENT", ("Port załadunku: Gdynia", "Port wyładunku: Oslo", "Waga brutto 500 kg")),
    },
    "contract": {
        "en": ("Service Agreement|AGREEMENT", ("This agreement is entered into between the parties named above.", "The governing law is that of England.")),
        "de": ("Dienstleistungsvertrag|MIETVERTRAG", ("Zwischen den Vertragsparteien wird Folgendes vereinbart:", "Gegenstand des Vertrages ist die Wartung.")),
        "fr": ("Contrat de prestation|CONTRAT", ("Les parties conviennent de ce qui suit.", "Article 1 - Objet du contrat")),
        "nl": ("Overeenkomst|HUUROVEREENKOMST", ("Partijen komen het volgende overeen.", "Artikel 1 - Voorwerp van de overeenkomst")),
        "it": ("Contratto di fornitura|CONTRATTO", ("Le parti convengono quanto segue.", "Art. 1 - Oggetto del contratto")),
        "es": ("Contrato de servicios|CONTRATO", ("Las partes acuerdan lo siguiente.", "Cláusula primera. Objeto")),
        "pt": ("Contrato de prestação de serviços|CONTRATO", ("As partes acordam o seguinte.", "Cláusula primeira - Objeto")),
        "pl": ("Umowa|UMOWA NAJMU", ("Strony ustalają, co następuje.", "§ 1 Przedmiot umowy")),
    },
    "letter": {
        "en": ("", ("Dear Mr Jones,", "thank you for your visit last week. We would be glad to see you again on {d}.", "Please let us know if the time suits you.", "Kind regards")),
        "de": ("", ("Sehr geehrte Frau Klein,", "vielen Dank für Ihren Besuch in der letzten Woche.", "Gern sehen wir Sie am {d} wieder.", "Mit freundlichen Grüßen")),
        "fr": ("", ("Madame, Monsieur,", "nous vous remercions de votre visite et vous attendons le {d}.", "Nous vous prions d'agréer nos salutations distinguées.")),
        "nl": ("", ("Geachte heer De Vries,", "dank voor uw bezoek van vorige week. Wij zien u graag terug op {d}.", "Met vriendelijke groet")),
        "it": ("", ("Gentile signora Rossi,", "La ringraziamo per la visita e l'aspettiamo il {d}.", "Distinti saluti")),
        "es": ("", ("Estimado señor García:", "le agradecemos su visita y le esperamos el {d}.", "Atentamente")),
        "pt": ("", ("Exmo. Senhor Costa,", "agradecemos a sua visita e esperamos vê-lo a {d}.", "Com os melhores cumprimentos")),
        "pl": ("", ("Szanowni Państwo,", "dziękujemy za wizytę i zapraszamy ponownie dnia {d}.", "Z poważaniem")),
    },
}  # fmt: skip
_PRICED = {"purchase_order", "order_confirmation", "quote"}
_COUNTED = {"delivery_note"}
_LISTED = {"payment_advice", "reminder", "statement"}
_INVOICE_COLUMNS = {
    "en": "Invoice no.|Invoice date|Amount",
    "de": "Rechnungsnr.|Rechnungsdatum|Betrag",
    "fr": "N° de facture|Date de facture|Montant",
    "nl": "Factuurnr.|Factuurdatum|Bedrag",
    "it": "N. fattura|Data fattura|Importo",
    "es": "N.º factura|Fecha factura|Importe",
    "pt": "N.º fatura|Data fatura|Valor",
    "pl": "Nr faktury|Data faktury|Kwota",
}


def other_documents(seed: int = 7) -> Iterator[OtherDocument]:
    """Each kind in each language under each of its titles, laid out by chance."""
    chance = random.Random(seed)
    for kind, of_languages in _TEXTS.items():
        for language, (titles, sentences) in of_languages.items():
            for title in titles.split("|"):
                yield OtherDocument(kind, language, _page(chance, kind, language, title, sentences))


def _page(chance: random.Random, kind: str, language: str, title: str, sentences: tuple[str, ...]) -> str:
    date, ours, *words, phone = _WORDS[language].split("|")
    sender, other = (party.split(", ") for party in chance.sample(_PARTIES[language], 2))
    number, day = f"{chance.choice(('A-', 'PO', '', '2024/'))}{chance.randint(1000, 99999)}", f"{chance.randint(13, 28)}.03.2024"
    title = title.format(n=number)
    rows = [
        f"{sender[0]:60}{title if chance.random() < 0.4 else ''}",
        f"{', '.join(sender[1:]):60}{phone} +49 {chance.randint(100000, 999999)}",
        "",
    ]
    rows += [*other, ""]
    rows += [f"{'':50}{date}: {day}", f"{'':50}{ours}: {number}" if chance.random() < 0.7 else "", ""]
    if title and title not in rows[0]:
        rows += [title, ""]
    said = [sentence.format(n=number, d=f"{chance.randint(13, 28)}.04.2024") for sentence in sentences]
    half = len(said) // 2 + 1
    rows += [*said[:half], ""]
    if kind in _PRICED | _COUNTED:
        rows += _table(chance, language, words, priced=kind in _PRICED)
    elif kind in _LISTED:
        rows += _invoices(chance, language, words[-1])
    rows += ["", *said[half:], "", "", f"{', '.join(sender)}   IBAN DE02 1203 0000 0000 2020 51"]
    return "\n".join(rows)


def _amount(value: float, language: str) -> str:
    text = f"{value:,.2f}"
    return text if language == "en" else text.replace(",", " ").replace(".", ",").replace(" ", ".")


def _table(chance: random.Random, language: str, words: list[str], *, priced: bool) -> list[str]:
    item, quantity, price, amount, net, tax, total = words
    rows = [f"{item:40}{quantity:>10}" + (f"{price:>18}{amount:>14}" if priced else "")]
    sum_ = 0.0
    for name in _ITEMS[language]:
        count, each = chance.randint(1, 20), chance.randint(200, 9000) / 100
        sum_ += round(count * each, 2)
        rows.append(f"{name:40}{count:>10}" + (f"{_amount(each, language):>18}{_amount(count * each, language):>14}" if priced else ""))
    if priced:
        rate = float(tax.replace("%", "").split()[-1]) / 100
        rows += [
            "",
            *(
                f"{'':44}{label:24}{_amount(value, language):>14}"
                for label, value in ((net, sum_), (tax, sum_ * rate), (total, sum_ * (1 + rate)))
            ),
        ]
    return rows


def _invoices(chance: random.Random, language: str, total: str) -> list[str]:
    columns = _INVOICE_COLUMNS[language].split("|")
    values = [chance.randint(5000, 90000) / 100 for _ in range(3)]
    rows = ["".join(f"{column:>24}" for column in columns)]
    rows += [
        f"{f'R-{chance.randint(100, 999)}':>24}{f'{day}.02.2024':>24}{_amount(value, language):>24}"
        for day, value in zip((14, 19, 27), values, strict=True)
    ]
    return [*rows, f"{total:>48}{_amount(sum(values), language):>24}"]
