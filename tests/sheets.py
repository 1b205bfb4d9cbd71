"""Made-up invoices as plain text: each line is a row, each character a fixed width; `expected` names what must be read from them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    pages: tuple[str, ...]
    expected: dict[str, str | None]
    lines: tuple[tuple[str, str | None, str], ...] | None = field(default=None)  # name, quantity, amount


SHEETS = (
    Sheet(
        "french_thousands_with_blanks",
        (
            """
ATELIER DUBOIS SARL                                                 FACTURE
12 rue des Lilas                                                    N° FA-2023-118
69003 LYON
Tél : 04 78 00 11 22                                                Date : 3 mars 2023
SIRET 123 456 789 00012
N° TVA intracommunautaire : FR40123456824

                                                 MENUISERIE MARTIN
                                                 5 avenue Foch
                                                 38000 GRENOBLE

Désignation                              Quantité      P.U. HT      Montant HT
Panneaux chêne 18 mm                           10       120,00        1 200,00
Livraison sur site                              1        85,50           85,50

                                             Total HT                 1 285,50
                                             TVA 20 %                   257,10
                                             Total TTC                1 542,60
                                             Net à payer              1 542,60 €
Échéance : 02/04/2023
Règlement par virement  IBAN FR76 3000 6000 0112 3456 7890 189  BIC AGRIFRPP
""",
        ),
        {
            "number": "FA-2023-118",
            "issue_date": "2023-03-03",
            "due_date": "2023-04-02",
            "currency": "EUR",
            "total_without_tax": "1285.50",
            "total_tax": "257.10",
            "total_with_tax": "1542.60",
            "seller.name": "ATELIER DUBOIS SARL",
            "buyer.name": "MENUISERIE MARTIN",
            "seller.vat_id": "FR40123456824",
            "payment_account": "FR7630006000011234567890189",
            "purchase_order_reference": None,
        },
        (
            ("Panneaux chêne 18 mm", "10", "1200.00"),
            ("Livraison sur site", "1", "85.50"),
        ),
    ),
    Sheet(
        "american_without_vat",
        (
            """
Blue Ridge Consulting LLC
410 Main Street, Suite 5
Asheville, NC 28801
billing@blueridgeconsulting.com                                          INVOICE

BILL TO                          SHIP TO                     INVOICE #       10045
Harbor Foods Inc.                Harbor Foods Warehouse      INVOICE DATE    04/07/2022
88 Ocean Ave                     12 Dock Rd                  P.O. #          7781
Portland, ME 04101               Portland, ME 04101          DUE DATE        05/07/2022

QTY    DESCRIPTION                                  UNIT PRICE          AMOUNT
 12    Strategy workshop hours                          150.00        1,800.00
  1    Travel expenses                                  245.75          245.75

                                                      Subtotal        2,045.75
                                                      Sales Tax 0%        0.00
                                                      TOTAL          $2,045.75
""",
        ),
        {
            "number": "10045",
            "issue_date": "2022-04-07",
            "due_date": "2022-05-07",
            "currency": "USD",
            "total_without_tax": "2045.75",
            "total_tax": "0.00",
            "total_with_tax": "2045.75",
            "seller.name": "Blue Ridge Consulting LLC",
            "buyer.name": "Harbor Foods Inc.",
            "seller.vat_id": None,
            "payment_account": None,
            "purchase_order_reference": "7781",
        },
        (
            ("Strategy workshop hours", "12", "1800.00"),
            ("Travel expenses", "1", "245.75"),
        ),
    ),
    Sheet(
        "swiss_apostrophes",
        (
            """
Alpenblick Technik AG     Bahnhofstrasse 3     8001 Zürich

Muster Immobilien AG
Frau Regula Keller
Seeweg 14
6003 Luzern
                                                           Zürich, 14. Februar 2024

Rechnung Nr. 2024-0077

Kunden-Nr.: 55512            MWST-Nr.: CHE-123.456.788 MWST

Pos   Bezeichnung                        Menge    Einheit     Preis        Betrag CHF
1     Wartung Lüftung                     4.00    Std.       180.00            720.00
2     Filter-Set                          6       Stk.        95.50            573.00
3     Notfallpauschale                    1       Pausch.  1'250.00          1'250.00

                                          Zwischensumme                      2'543.00
                                          MWST 8.1%                            206.00
                                          Rechnungstotal CHF                 2'749.00

Zahlbar innert 30 Tagen bis 15.03.2024
IBAN: CH93 0076 2011 6238 5295 7
""",
        ),
        {
            "number": "2024-0077",
            "issue_date": "2024-02-14",
            "due_date": "2024-03-15",
            "currency": "CHF",
            "total_without_tax": "2543.00",
            "total_tax": "206.00",
            "total_with_tax": "2749.00",
            "seller.name": "Alpenblick Technik AG",
            "buyer.name": "Muster Immobilien AG",
            "seller.vat_id": "CHE123456788MWST",
            "payment_account": "CH9300762011623852957",
            "purchase_order_reference": None,
        },
        (
            ("Wartung Lüftung", "4.00", "720.00"),
            ("Filter-Set", "6", "573.00"),
            ("Notfallpauschale", "1", "1250.00"),
        ),
    ),
    Sheet(
        "indian_two_taxes",
        (
            """
                                       TAX INVOICE
Sunrise Traders Private Limited                        Invoice No.     ST/23-24/0456
Plot 7, MIDC Andheri East                              Dated           15-Jul-2023
Mumbai - 400093                                        Buyer's Order No.   PO-8890
GSTIN: 27AAPFU0939F1ZV                                 Dated           10-Jul-2023

Buyer (Bill to)
Kaveri Stores
14 MG Road, Pune - 411001
GSTIN: 27AABCU9603R1ZN

Sl No   Description of Goods      HSN/SAC    Quantity    Rate        Amount
1       Steel bottle 1L           7323       100 Nos     250.00      25,000.00
2       Lunch box                 7323       200 Nos     500.00    1,00,000.00
                                                                    1,25,000.00
        CGST @ 9%                                                    11,250.00
        SGST @ 9%                                                    11,250.00
        Total                                                    ₹ 1,47,500.00
Amount Chargeable (in words): INR One Lakh Forty Seven Thousand Five Hundred Only
""",
        ),
        {
            "number": "ST/23-24/0456",
            "issue_date": "2023-07-15",
            "due_date": None,
            "currency": "INR",
            "total_without_tax": "125000.00",
            "total_tax": "22500.00",
            "total_with_tax": "147500.00",
            "seller.name": "Sunrise Traders Private Limited",
            "buyer.name": "Kaveri Stores",
            "seller.vat_id": "27AAPFU0939F1ZV",
            "payment_account": None,
            "purchase_order_reference": "PO-8890",
        },
        (
            ("Steel bottle 1L", "100", "25000.00"),
            ("Lunch box", "200", "100000.00"),
        ),
    ),
    Sheet(
        "italian",
        (
            """
OFFICINE ROSSI S.R.L.
Via Garibaldi 22 - 20121 Milano (MI)
P.IVA 01234567897   Tel. 02 1234567

FATTURA N. 87/2023 del 12/05/2023

Spett.le
CANTINA VERDI S.P.A.
Corso Italia 5
10121 Torino (TO)
P.IVA: 07643520567

Codice    Descrizione                   Q.tà    Prezzo unitario     IVA      Importo
A01       Revisione pompa                 2            350,00       22%       700,00
B12       Guarnizioni                    20              4,50       22%        90,00

Imponibile                                                                    790,00
IVA 22%                                                                       173,80
Totale fattura                                                              € 963,80
Scadenza: 11/06/2023
Coordinate bancarie: IT60 X054 2811 1010 0000 0123 456
""",
        ),
        {
            "number": "87/2023",
            "issue_date": "2023-05-12",
            "due_date": "2023-06-11",
            "currency": "EUR",
            "total_without_tax": "790.00",
            "total_tax": "173.80",
            "total_with_tax": "963.80",
            "seller.name": "OFFICINE ROSSI S.R.L.",
            "buyer.name": "CANTINA VERDI S.P.A.",
            "payment_account": "IT60X0542811101000000123456",
            "purchase_order_reference": None,
        },
        (
            ("Revisione pompa", "2", "700.00"),
            ("Guarnizioni", "20", "90.00"),
        ),
    ),
    Sheet(
        "spanish",
        (
            """
Suministros del Norte, S.L.                                   FACTURA
C/ Mayor 15                                                   Nº Factura: A-1044
48001 Bilbao                                                  Fecha: 7 de enero de 2024
CIF: B95123456                                                Vencimiento: 06/02/2024

CLIENTE:
Hotel Mirador S.A.
Paseo Marítimo 3
29016 Málaga
CIF: A29000111

Cantidad   Concepto                            Precio          Importe
   24      Toallas blancas                      6,25            150,00
    3      Carro limpieza                      80,00            240,00

                              Base imponible                    390,00
                              IVA 21%                            81,90
                              TOTAL                             471,90 €
""",
        ),
        {
            "number": "A-1044",
            "issue_date": "2024-01-07",
            "due_date": "2024-02-06",
            "currency": "EUR",
            "total_without_tax": "390.00",
            "total_tax": "81.90",
            "total_with_tax": "471.90",
            "seller.name": "Suministros del Norte, S.L.",
            "buyer.name": "Hotel Mirador S.A.",
            "payment_account": None,
            "purchase_order_reference": None,
        },
        (
            ("Toallas blancas", "24", "150.00"),
            ("Carro limpieza", "3", "240.00"),
        ),
    ),
    Sheet(
        "portuguese",
        (
            """
Luz & Filhos, Lda                                      Fatura FT 2023/512
Rua Augusta 100                                        Data: 2023-09-30
1100-053 Lisboa                                        Vencimento: 2023-10-30
NIF: 501234560

Exmo(s) Sr(s)
Café Central Unipessoal Lda
Praça da República 8
4050-497 Porto
NIF: 509876543

Descrição                   Qtd.      Preço Unit.      IVA       Total
Café em grão 1kg              30            9,90        23      297,00
Chávenas                      48            2,50        23      120,00

Total Ilíquido                                                  417,00
IVA (23%)                                                        95,91
Total a pagar                                                   512,91 EUR
""",
        ),
        {
            "number": "FT 2023/512",
            "issue_date": "2023-09-30",
            "due_date": "2023-10-30",
            "currency": "EUR",
            "total_without_tax": "417.00",
            "total_tax": "95.91",
            "total_with_tax": "512.91",
            "seller.name": "Luz & Filhos, Lda",
            "buyer.name": "Café Central Unipessoal Lda",
            "payment_account": None,
            "purchase_order_reference": None,
        },
        (
            ("Café em grão 1kg", "30", "297.00"),
            ("Chávenas", "48", "120.00"),
        ),
    ),
    Sheet(
        "dutch_labels_above_values",
        (
            """
Van Dijk Installaties B.V.
Industrieweg 9
3542 AD Utrecht
KvK 12345678   BTW NL001234567B01   IBAN NL91ABNA0417164300

Bakkerij De Korenaar
t.a.v. de administratie
Dorpsstraat 2
3431 CB Nieuwegein

Factuur

Factuurnummer       Factuurdatum       Vervaldatum        Uw referentie
2023-0815           21-08-2023         04-09-2023         INK-99

Omschrijving                         Aantal       Prijs        Bedrag
Onderhoud cv-ketel                      1      € 145,00      € 145,00
Vervangen expansievat                   2       € 62,50      € 125,00

                                     Subtotaal               € 270,00
                                     21% BTW                  € 56,70
                                     Te betalen              € 326,70
""",
        ),
        {
            "number": "2023-0815",
            "issue_date": "2023-08-21",
            "due_date": "2023-09-04",
            "currency": "EUR",
            "total_without_tax": "270.00",
            "total_tax": "56.70",
            "total_with_tax": "326.70",
            "seller.name": "Van Dijk Installaties B.V.",
            "buyer.name": "Bakkerij De Korenaar",
            "seller.vat_id": "NL001234567B01",
            "payment_account": "NL91ABNA0417164300",
            "purchase_order_reference": None,
        },
        (
            ("Onderhoud cv-ketel", "1", "145.00"),
            ("Vervangen expansievat", "2", "125.00"),
        ),
    ),
    Sheet(
        "german_two_pages_carried_over",
        (
            """
Meyer Bürobedarf GmbH & Co. KG · Hafenstr. 7 · 20457 Hamburg

Stadtwerke Beispiel AG                              Rechnung
Einkauf                                             Rechnungs-Nr.:    RE-100234
Parkallee 1                                         Rechnungsdatum:   05.11.2023
28195 Bremen                                        Ihre Bestellung:  4500012345
                                                    Lieferdatum:      02.11.2023
                                                    Kundennummer:     30017

Pos.  Artikel    Bezeichnung                Menge   Einzelpreis   Gesamtpreis
1     4711       Kopierpapier A4            100       3,95            395,00
                 80 g/m², weiß
2     4712       Ordner breit                50       2,10            105,00
3     4713       Locher                      10      12,00            120,00
                                       Übertrag                       620,00
Seite 1 von 2
""",
            """
Meyer Bürobedarf GmbH & Co. KG                                   Rechnung RE-100234

Pos.  Artikel    Bezeichnung                Menge   Einzelpreis   Gesamtpreis
                                       Übertrag                       620,00
4     4714       Heftgerät                   10      15,00            150,00
5     4715       Toner schwarz                2      89,50            179,00

                                       Nettobetrag                    949,00
                                       zzgl. 19 % MwSt.               180,31
                                       Gesamtbetrag                 1.129,31 EUR

Zahlbar bis 05.12.2023 ohne Abzug.
USt-IdNr.: DE136695976      IBAN: DE89 3704 0044 0532 0130 00      BIC: COBADEFFXXX
Seite 2 von 2
""",
        ),
        {
            "number": "RE-100234",
            "issue_date": "2023-11-05",
            "due_date": "2023-12-05",
            "currency": "EUR",
            "total_without_tax": "949.00",
            "total_tax": "180.31",
            "total_with_tax": "1129.31",
            "seller.name": "Meyer Bürobedarf GmbH & Co. KG",
            "buyer.name": "Stadtwerke Beispiel AG",
            "seller.vat_id": "DE136695976",
            "payment_account": "DE89370400440532013000",
            "purchase_order_reference": "4500012345",
        },
        (
            ("Kopierpapier A4", "100", "395.00"),
            ("Ordner breit", "50", "105.00"),
            ("Locher", "10", "120.00"),
            ("Heftgerät", "10", "150.00"),
            ("Toner schwarz", "2", "179.00"),
        ),
    ),
    Sheet(
        "receipt",
        (
            """
        GREEN LEAF CAFE
       22 High Street
       Leeds LS1 4AB
     VAT Reg No: GB123456789

Date: 14/02/2023   Time 12:41
Receipt No: 00457

2 x Flat White            6.40
1 x Carrot Cake           3.95
1 x Sandwich              5.50

TOTAL                   £15.85
VISA                    £15.85
VAT included @ 20%        2.64

     Thank you for your visit
""",
        ),
        {
            "number": "00457",
            "issue_date": "2023-02-14",
            "currency": "GBP",
            "total_with_tax": "15.85",
            "total_tax": "2.64",
            "total_without_tax": "13.21",
            "seller.name": "GREEN LEAF CAFE",
            "seller.vat_id": "GB123456789",
            "payment_account": None,
            "purchase_order_reference": None,
        },
    ),
    Sheet(
        "telephone_bill",
        (
            """
Northline Mobile Ltd                                          Bill date        1 June 2023
PO Box 100, Reading RG1 3EX                                   Bill number      988-7766-55
                                                              Account number   A5550012
Mr John Carter
4 Elm Close
Bristol BS1 5TR

Your bill summary
Previous balance                                              £42.00
Payments received - thank you                                -£42.00
Your monthly charges                                          £30.00
Usage charges                                                  £5.00
Total excluding VAT                                           £35.00
VAT at 20%                                                     £7.00
Total this bill                                               £42.00
Please pay £42.00 by 22 June 2023
""",
        ),
        {
            "number": "988-7766-55",
            "issue_date": "2023-06-01",
            "due_date": "2023-06-22",
            "currency": "GBP",
            "total_without_tax": "35.00",
            "total_tax": "7.00",
            "total_with_tax": "42.00",
            "seller.name": "Northline Mobile Ltd",
            "buyer.name": "Mr John Carter",
            "seller.vat_id": None,
            "payment_account": None,
            "purchase_order_reference": None,
        },
    ),
    Sheet(
        "totals_on_the_left_with_deposit",
        (
            """
INVOICE                                                Fenwick Design Studio
                                                       31 Quay Lane, Cork, T12 X8N9, Ireland
Invoice no: FD-77                                      VAT no: IE6388047V
Issued: 9 May 2023                                     hello@fenwickdesign.ie
Due: 8 June 2023

To: Murphy Brewing Ltd
    2 Mill Road
    Galway

Description                                   Hours      Rate        Total
Logo redesign                                    10     €75.00     €750.00
Packaging mock-ups                                6     €75.00     €450.00

Subtotal     €1,200.00
VAT (23%)      €276.00
Total        €1,476.00
Deposit paid   €400.00
Balance due  €1,076.00
""",
        ),
        {
            "number": "FD-77",
            "issue_date": "2023-05-09",
            "due_date": "2023-06-08",
            "currency": "EUR",
            "total_without_tax": "1200.00",
            "total_tax": "276.00",
            "total_with_tax": "1476.00",
            "seller.name": "Fenwick Design Studio",
            "buyer.name": "Murphy Brewing Ltd",
            "seller.vat_id": "IE6388047V",
            "payment_account": None,
            "purchase_order_reference": None,
            "amount_due": "1076.00",
            "paid_amount": "400.00",
        },
        (
            ("Logo redesign", "10", "750.00"),
            ("Packaging mock-ups", "6", "450.00"),
        ),
    ),
    Sheet(
        "credit_note",
        (
            """
Nordlicht Handels GmbH
Am Markt 3, 24103 Kiel

Gutschrift Nr. GS-555 vom 10.10.2023
zu Rechnung RE-500 vom 01.10.2023

An: Fischer Feinkost e.K.
    Strandweg 8
    18055 Rostock

Beschreibung               Menge     Preis      Summe
Retoure Käse                   5     20,00    -100,00

Summe netto                                   -100,00
USt. 7%                                         -7,00
Gutschriftsbetrag                             -107,00 €
USt-ID: DE136695976
""",
        ),
        {
            "number": "GS-555",
            "issue_date": "2023-10-10",
            "currency": "EUR",
            "total_without_tax": "-100.00",
            "total_tax": "-7.00",
            "total_with_tax": "-107.00",
            "seller.name": "Nordlicht Handels GmbH",
            "buyer.name": "Fischer Feinkost e.K.",
            "seller.vat_id": "DE136695976",
            "type_code": "381",
        },
    ),
    Sheet(
        "several_tax_rates",
        (
            """
Hofladen Sonnental eG
Dorfstr. 1
84028 Landshut
Tel. 0871 12345

Rechnungsempfänger:            Rechnungsnummer: 2023-4711
Gasthof Post                   Datum: 01.07.2023
Marktplatz 2                   Fällig am: 15.07.2023
84048 Mainburg

Artikel             Anzahl    Einheit    E-Preis    MwSt    Gesamt
Milch                   40    Liter         1,10      7%     44,00
Käse                    10    kg           12,00      7%    120,00
Lieferpauschale          1    Stück        20,00     19%     20,00

MwSt-Satz    Netto      MwSt     Brutto
 7%         164,00     11,48     175,48
19%          20,00      3,80      23,80
Summe       184,00     15,28     199,28

Steuernummer 132/456/78901    IBAN DE02 1203 0000 0000 2020 51
""",
        ),
        {
            "number": "2023-4711",
            "issue_date": "2023-07-01",
            "due_date": "2023-07-15",
            "currency": "EUR",
            "total_without_tax": "184.00",
            "total_tax": "15.28",
            "total_with_tax": "199.28",
            "seller.name": "Hofladen Sonnental eG",
            "buyer.name": "Gasthof Post",
            "seller.vat_id": None,
            "payment_account": "DE02120300000000202051",
            "purchase_order_reference": None,
        },
        (
            ("Milch", "40", "44.00"),
            ("Käse", "10", "120.00"),
            ("Lieferpauschale", "1", "20.00"),
        ),
    ),
    Sheet(
        "subscription",
        (
            """
Invoice                                                         Cloudpeak, Inc.

Invoice number   8F2C11-0004
Date of issue    January 12, 2024
Date due         January 12, 2024

Cloudpeak, Inc.               Bill to
548 Market St                 Lena Hoffmann
San Francisco, California     Torstr. 140
94104                         10119 Berlin
United States                 Germany
support@cloudpeak.io          lena@hoffmann-design.de

$29.00 USD due January 12, 2024

Description                           Qty      Unit price      Amount
Pro plan                                1          $29.00      $29.00
Jan 12 - Feb 12, 2024

                                      Subtotal                 $29.00
                                      Total                    $29.00
                                      Amount due           $29.00 USD
""",
        ),
        {
            "number": "8F2C11-0004",
            "issue_date": "2024-01-12",
            "due_date": "2024-01-12",
            "currency": "USD",
            "total_with_tax": "29.00",
            "seller.name": "Cloudpeak, Inc.",
            "buyer.name": "Lena Hoffmann",
            "seller.vat_id": None,
            "payment_account": None,
            "purchase_order_reference": None,
        },
        (("Pro plan", "1", "29.00"),),
    ),
    Sheet(
        "letter_without_table",
        (
            """
Rechtsanwältin Dr. Petra Sommer
Lindenallee 12
50668 Köln
Tel. 0221 998877   kanzlei@ra-sommer.de


Frau
Ilse Brandt
Rosenweg 4
50735 Köln
                                                  Köln, den 3. April 2023

Kostenrechnung

Rechnungsnummer 23/0178

Für meine Tätigkeit berechne ich:

Geschäftsgebühr                                       261,30 €
Auslagenpauschale                                      20,00 €
Zwischensumme                                         281,30 €
19 % Umsatzsteuer                                      53,45 €
Gesamtbetrag                                          334,75 €

Steuernummer 214/5678/1234
Konto: IBAN DE91 1000 0000 0123 4567 89
""",
        ),
        {
            "number": "23/0178",
            "issue_date": "2023-04-03",
            "currency": "EUR",
            "total_without_tax": "281.30",
            "total_tax": "53.45",
            "total_with_tax": "334.75",
            "buyer.name": "Frau Ilse Brandt",
            "seller.name": "Rechtsanwältin Dr. Petra Sommer",
            "seller.vat_id": None,
            "payment_account": "DE91100000000123456789",
            "purchase_order_reference": None,
        },
        (
            ("Geschäftsgebühr", None, "261.30"),
            ("Auslagenpauschale", None, "20.00"),
        ),
    ),
    Sheet(
        "discounts_and_shipping",
        (
            """
SUMMIT OUTDOOR SUPPLY CO.                                      Invoice
2200 Canyon Rd                                                 Invoice Number: SO-55871
Boulder, CO 80302                                              Invoice Date: Nov 15, 2023
(303) 555-0188                                                 Terms: Net 30
www.summitoutdoor.com                                          Due Date: Dec 15, 2023

Sold To                              Ship To
Trailhead Rentals, Inc.              Trailhead Rentals - North
900 Pine St                          15 Ridge Ave
Estes Park, CO 80517                 Lyons, CO 80540

Customer ID   Salesperson   PO Number    Ship Date      Ship Via
TR-200        J. Moss       TR-PO-19     11/14/2023     UPS Ground

Item #     Description                      Qty    Unit Price    Disc %       Total
TNT-200    2-person tent                     10        189.99        10    1,709.91
SLP-15     Sleeping bag 15F                  12         95.00         0    1,140.00

Subtotal                                                                   2,849.91
Shipping & Handling                                                          120.00
Sales Tax (4.85%)                                                            138.22
Total                                                                     $3,108.13
Amount Paid                                                                   $0.00
Balance Due                                                               $3,108.13
""",
        ),
        {
            "number": "SO-55871",
            "issue_date": "2023-11-15",
            "due_date": "2023-12-15",
            "currency": "USD",
            "total_tax": "138.22",
            "total_with_tax": "3108.13",
            "seller.name": "SUMMIT OUTDOOR SUPPLY CO.",
            "buyer.name": "Trailhead Rentals, Inc.",
            "seller.vat_id": None,
            "payment_account": None,
            "purchase_order_reference": "TR-PO-19",
        },
        (
            ("2-person tent", "10", "1709.91"),
            ("Sleeping bag 15F", "12", "1140.00"),
        ),
    ),
    Sheet(
        "withheld_income_tax",
        (
            """
FACTURA Nº 2024/031
Fecha de emisión: 29/02/2024           Fecha de vencimiento: 30/03/2024

EMISOR                                 CLIENTE
Laura Gómez Ruiz                       Publicidad Ibérica, S.A.U.
NIF 12345678Z                          CIF A78123456
C/ Alcalá 45, 3º B                     Av. Diagonal 600
28014 Madrid                           08021 Barcelona

Concepto                                    Unidades     Precio ud.      Total
Diseño campaña primavera                           1       1.200,00   1.200,00
Ilustraciones                                      4         150,00     600,00

                                     Base imponible:      1.800,00 €
                                     IVA (21 %):            378,00 €
                                     Retención IRPF (15 %): -270,00 €
                                     TOTAL FACTURA:       1.908,00 €

Forma de pago: transferencia a ES91 2100 0418 4502 0005 1332
""",
        ),
        {
            "number": "2024/031",
            "issue_date": "2024-02-29",
            "due_date": "2024-03-30",
            "currency": "EUR",
            "total_without_tax": "1800.00",
            "total_tax": "378.00",
            "seller.name": "Laura Gómez Ruiz",
            "buyer.name": "Publicidad Ibérica, S.A.U.",
            "payment_account": "ES9121000418450200051332",
            "purchase_order_reference": None,
        },
        (
            ("Diseño campaña primavera", "1", "1200.00"),
            ("Ilustraciones", "4", "600.00"),
        ),
    ),
    Sheet(
        "labels_over_values",
        (
            """
Fatura                                            TecnoPorto - Informática, Lda.
FT A/118                                          Rua de Santa Catarina 300
                                                  4000-443 Porto
Data de emissão                                   Contribuinte: 508123456
14/11/2023
Data de vencimento
14/12/2023

Cliente
Clínica Boavista, S.A.
Av. da Boavista 1200
4100-130 Porto
Contribuinte: 503987654

Artigo      Descrição                     Qtd    Pr. Unitário    IVA        Total
SRV01       Manutenção servidores           1          450,00    23%       450,00
HW22        Disco SSD 1TB                   3           89,90    23%       269,70

                                         Incidência              719,70
                                         Total IVA               165,53
                                         Total                   885,23 €
""",
        ),
        {
            "number": "FT A/118",
            "issue_date": "2023-11-14",
            "due_date": "2023-12-14",
            "currency": "EUR",
            "total_without_tax": "719.70",
            "total_tax": "165.53",
            "total_with_tax": "885.23",
            "seller.name": "TecnoPorto - Informática, Lda.",
            "buyer.name": "Clínica Boavista, S.A.",
            "payment_account": None,
            "purchase_order_reference": None,
        },
        (
            ("Manutenção servidores", "1", "450.00"),
            ("Disco SSD 1TB", "3", "269.70"),
        ),
    ),
    Sheet(
        "canadian_dollars",
        (
            """
Maple Ridge Web Services Inc.                        INVOICE
55 King St W, Toronto, ON M5K 1A1                    Invoice #: 1207
GST/HST No. 12345 6789 RT0001                        Date: 2023-06-30
                                                     Currency: CAD
Billed To
Pacific Salmon Co-op
12 Wharf St
Victoria, BC V8W 1T3

Service                          Hours      Rate      Amount
Site maintenance June               12    $95.00   $1,140.00
                                        Subtotal   $1,140.00
                                        GST 5%        $57.00
                                        PST 7%        $79.80
                                        Total      $1,276.80
""",
        ),
        {
            "number": "1207",
            "issue_date": "2023-06-30",
            "due_date": None,
            "currency": "CAD",
            "total_without_tax": "1140.00",
            "total_tax": "136.80",
            "total_with_tax": "1276.80",
            "seller.name": "Maple Ridge Web Services Inc.",
            "buyer.name": "Pacific Salmon Co-op",
            "payment_account": None,
            "purchase_order_reference": None,
        },
        (("Site maintenance June", "12", "1140.00"),),
    ),
    Sheet(
        "sums_under_titles",
        (
            """
  Solaris Energie Service GmbH        Kunde                     Seite 1/1
  Industriering 44                    Autohaus Brandl OHG
  93055 Regensburg                    Landshuter Str. 80
                                      93053 Regensburg
  RECHNUNG
  Belegnummer     Belegdatum      Kunden-Nr.     Auftrag        Ihre Bestellnr.
  RG2309876       29.09.2023      44120          AU-5567        B-2023-88

  Pos  Art.-Nr.   Bezeichnung                     Menge  ME     E-Preis   Rabatt     Betrag
   1   PV-410     Solarmodul 410 W                   24  Stk     149,00     5,00%  3.397,20
                  monokristallin, schwarz
   2   WR-10      Wechselrichter 10 kW                1  Stk   1.890,00            1.890,00
   3   MON        Montage pauschal                    1  psl   2.400,00            2.400,00

  Warenwert netto      Versandkosten      Steuerbetrag 19 %      Endbetrag EUR
  7.687,20             0,00               1.460,57               9.147,77

  Zahlungsbedingung: 14 Tage netto, fällig am 13.10.2023
  Steuernummer: 244/123/45678   USt-ID: DE136695976   IBAN: DE89 3704 0044 0532 0130 00
""",
        ),
        {
            "number": "RG2309876",
            "issue_date": "2023-09-29",
            "due_date": "2023-10-13",
            "currency": "EUR",
            "total_without_tax": "7687.20",
            "total_tax": "1460.57",
            "total_with_tax": "9147.77",
            "seller.name": "Solaris Energie Service GmbH",
            "buyer.name": "Autohaus Brandl OHG",
            "seller.vat_id": "DE136695976",
            "payment_account": "DE89370400440532013000",
            "purchase_order_reference": "B-2023-88",
        },
        (
            ("Solarmodul 410 W", "24", "3397.20"),
            ("Wechselrichter 10 kW", "1", "1890.00"),
            ("Montage pauschal", "1", "2400.00"),
        ),
    ),
    Sheet(
        "seller_in_the_footer",
        (
            """
                                                        Invoice
Customer: 7781                                          Invoice number: A-55
Mr Paul Green                                           Invoice date: 01/02/2024
1 North St
York YO1 7AA


Description          Qty     Price     Amount
Widget                 2     10.00      20.00

                     Total             20.00



Brightway Energy is a trading name of Brightway Retail Limited. Registered office: 1 Power Rd, London N1 1AA
Registered in England No. 01234567   VAT No. GB 123 4567 82   www.brightwayenergy.co.uk
""",
        ),
        {
            "number": "A-55",
            "issue_date": "2024-02-01",
            "seller.name": "Brightway Retail Limited",
            "buyer.name": "Mr Paul Green",
        },
    ),
    Sheet(
        "payable_to",
        (
            """
INVOICE #77
Issued 4 April 2024

For: Willow School
Guitar lessons March 2024      4 x $45.00      $180.00
Total                                          $180.00

Make checks payable to: Dana Whitfield
""",
        ),
        {
            "number": "77",
            "issue_date": "2024-04-04",
            "seller.name": "Dana Whitfield",
            "buyer.name": "Willow School",
            "total_with_tax": "180.00",
        },
    ),
    Sheet(
        "stacked_labels",
        (
            """
                                                                        QUANTEX LABS
                                                                 Precision Measurement
                                              quantexlabs.com | sales@quantexlabs.com
Bill To                                                         Invoice
Institute of Metrology                                          Invoice Number
Building 4                                                      QX-001-24
2000 Neuchâtel                                                  Invoice Date
Switzerland                                                     2024-01-22
                                                                Due Date
                                                                2024-02-21
                                                                PO
                                                                PO44-1


Description          Qty     Price     Amount
Widget                 2     10.00      20.00

                     Total             20.00
""",
        ),
        {
            "number": "QX-001-24",
            "issue_date": "2024-01-22",
            "due_date": "2024-02-21",
            "purchase_order_reference": "PO44-1",
            "seller.name": "QUANTEX LABS",
            "buyer.name": "Institute of Metrology",
        },
    ),
    Sheet(
        "electricity_with_instalments",
        (
            """
Stadtwerke Flussau GmbH                                     Kundennummer       4711001
Postfach 10 · 99999 Flussau                                 Vertragskonto      200300400
                                                            Rechnungsnummer    VR-88120034
Familie Krause                                              Datum              15.01.2024
Am Anger 4                                                  Abrechnungszeitraum 01.01.2023 - 31.12.2023
99998 Bergdorf

Ihre Jahresabrechnung Strom

Verbrauch 2.450 kWh
Arbeitspreis            2.450 kWh x 28,00 ct/kWh                   686,00 €
Grundpreis              12 Monate x 10,00 €                        120,00 €
Nettobetrag                                                        806,00 €
Umsatzsteuer 19 %                                                  153,14 €
Rechnungsbetrag brutto                                             959,14 €
abzüglich geleistete Abschläge                                    -900,00 €
Nachzahlung                                                         59,14 €

Der Betrag von 59,14 € wird am 30.01.2024 von Ihrem Konto DE02 **** 2051 abgebucht.
""",
        ),
        {
            "number": "VR-88120034",
            "issue_date": "2024-01-15",
            "due_date": "2024-01-30",
            "currency": "EUR",
            "total_without_tax": "806.00",
            "total_tax": "153.14",
            "total_with_tax": "959.14",
            "seller.name": "Stadtwerke Flussau GmbH",
            "buyer.name": "Familie Krause",
            "payment_account": None,
        },
    ),
    Sheet(
        "amounts_without_cents",
        (
            """
                               INVOICE
Sakura Trading Co., Ltd.                       Invoice No: JT-2023-44
2-1 Marunouchi, Chiyoda-ku, Tokyo              Date: 2023/10/05
                                               Due Date: 2023/10/31
Bill to: Aussie Imports Pty Ltd

Item             Qty      Unit Price       Amount
Matcha 100g       50           1,200       60,000
Teapot            10           4,500       45,000

                          Subtotal        105,000
                          Tax 10%          10,500
                          Total          ¥115,500
""",
        ),
        {
            "number": "JT-2023-44",
            "issue_date": "2023-10-05",
            "due_date": "2023-10-31",
            "currency": "JPY",
            "total_without_tax": "105000.00",
            "total_tax": "10500.00",
            "total_with_tax": "115500.00",
            "seller.name": "Sakura Trading Co., Ltd.",
            "buyer.name": "Aussie Imports Pty Ltd",
        },
        (
            ("Matcha 100g", "50", "60000.00"),
            ("Teapot", "10", "45000.00"),
        ),
    ),
    Sheet(
        "taxable_value_in_the_table",
        (
            """
ORIGINAL FOR RECIPIENT
Tax Invoice
Zenith Software Solutions Pvt Ltd              Invoice No.: ZSS/2324/118      Date: 05/08/2023
4th Floor, Tech Towers, Bengaluru 560103       Place of Supply: Maharashtra (27)
GSTIN: 29AABCZ1234M1Z6   PAN: AABCZ1234M       Reverse Charge: No

Billed to:                                     Shipped to:
Apex Retail Ltd                                Apex Retail Ltd
Andheri, Mumbai 400069                         Andheri, Mumbai 400069
GSTIN: 27AAACA9876B1Z2

S.No  Description             SAC      Qty   Rate         Taxable Value   IGST @18%     Total
1     Software development    998314   1     2,50,000.00  2,50,000.00     45,000.00     2,95,000.00
2     Support                 998313   2       10,000.00    20,000.00      3,600.00       23,600.00
      Total                                             2,70,000.00     48,600.00     3,18,600.00

Total Amount before Tax  2,70,000.00
Add: IGST                  48,600.00
Total Amount after Tax   3,18,600.00
Bank: HDFC Bank  A/c No: 50200012345678  IFSC: HDFC0000123
""",
        ),
        {
            "number": "ZSS/2324/118",
            "issue_date": "2023-08-05",
            "due_date": None,
            "currency": "INR",
            "total_without_tax": "270000.00",
            "total_tax": "48600.00",
            "total_with_tax": "318600.00",
            "seller.name": "Zenith Software Solutions Pvt Ltd",
            "buyer.name": "Apex Retail Ltd",
            "seller.vat_id": "29AABCZ1234M1Z6",
            "payment_account": None,
        },
        (
            ("Software development", "1", "295000.00"),
            ("Support", "2", "23600.00"),
        ),
    ),
    Sheet(
        "letters_set_apart",
        (
            """
                                                 Tischlerei Holzer KG
                                                 Dorfplatz 9, 6020 Innsbruck
                                                 UID: ATU62345678   FN 234567x

Herrn Ing. Peter Gruber
Bergstraße 17
6060 Hall in Tirol

                              R E C H N U N G

Rechnungs-Nr.: 23-0456                        Innsbruck, am 18.09.2023

Pos   Beschreibung                      Menge   Einheit    Einzelpreis     Gesamtpreis
1     Einbauschrank Eiche                   1   Stk          3.480,00         3.480,00
2     Lieferung und Montage                 6   Std             65,00           390,00

                                        Summe netto                           3.870,00
                                        20% MwSt.                               774,00
                                        Gesamtsumme EUR                       4.644,00
Zahlbar innerhalb von 14 Tagen ab Rechnungsdatum mit 2% Skonto, 30 Tage netto.
IBAN: AT61 1904 3002 3457 3201
""",
        ),
        {
            "number": "23-0456",
            "issue_date": "2023-09-18",
            "due_date": None,
            "currency": "EUR",
            "total_without_tax": "3870.00",
            "total_tax": "774.00",
            "total_with_tax": "4644.00",
            "seller.name": "Tischlerei Holzer KG",
            "seller.vat_id": "ATU62345678",
            "payment_account": "AT611904300234573201",
        },
        (
            ("Einbauschrank Eiche", "1", "3480.00"),
            ("Lieferung und Montage", "6", "390.00"),
        ),
    ),
    Sheet(
        "three_blocks_side_by_side",
        (
            """
INVOICE

From                          To                           Details
Oakdene Property Mgmt         Ms R. Osei                   Invoice # 2024-03-OS
22 Castle St                  Flat 3, Elm Court            Issue date 01/03/2024
Cardiff CF10 1BT              Cardiff CF24 3AA             Due date 15/03/2024

Rent March 2024                                                       £850.00
Service charge                                                         £65.00
Amount due                                                            £915.00

Account name: Oakdene Property Mgmt   Sort code 30-90-89   Account no 12345678
""",
        ),
        {
            "number": "2024-03-OS",
            "issue_date": "2024-03-01",
            "due_date": "2024-03-15",
            "currency": "GBP",
            "total_with_tax": "915.00",
            "seller.name": "Oakdene Property Mgmt",
            "buyer.name": "Ms R. Osei",
            "payment_account": None,
        },
        (
            ("Rent March 2024", None, "850.00"),
            ("Service charge", None, "65.00"),
        ),
    ),
    Sheet(
        "marketplace",
        (
            """
Invoice
                                                        Sold by Contoso EU S.a r.l., UK Branch
Paid                                                    VAT # GB727255821
Jane Roe                                                Invoice date / Delivery date   12 January 2024
5 Station Rd                                            Invoice #                      GB-INV-2024-118822
Cambridge, CB1 2JW                                      Total payable                  £33.98
GB
                                                        For customer support visit www.example.co.uk/contact-us

Billing address              Delivery address           Sold by
Jane Roe                     Jane Roe                   Contoso EU S.a r.l., UK Branch
5 Station Rd                 5 Station Rd               1 Principal Place
Cambridge, CB1 2JW           Cambridge, CB1 2JW         London, EC2A 2FA
GB                           GB                         GB
                                                        VAT # GB727255821
Order information
Order date        10 January 2024
Order #           203-1234567-1234567

Invoice details
Description                      Qty   Unit price     VAT rate   Unit price    Item subtotal
                                       (excl. VAT)               (incl. VAT)   (incl. VAT)
USB-C Cable 2m                    2        £8.33        20%        £9.99          £19.98
ASIN: B000000001
Phone stand                       1       £11.67        20%       £14.00          £14.00
ASIN: B000000002
Shipping Charges                                                                   £0.00

Invoice total                                                                     £33.98

VAT rate      Item subtotal (excl. VAT)      VAT subtotal
20%                   £28.32                    £5.66
Total                 £28.32                    £5.66
""",
        ),
        {
            "number": "GB-INV-2024-118822",
            "issue_date": "2024-01-12",
            "due_date": None,
            "currency": "GBP",
            "total_without_tax": "28.32",
            "total_tax": "5.66",
            "total_with_tax": "33.98",
            "buyer.name": "Jane Roe",
            "seller.vat_id": "GB727255821",
        },
    ),
    Sheet(
        "tax_letters_behind_amounts",
        (
            """
Bright Acre Gardening                                                INVOICE
12 Larkspur St., Fairview CA 94541
hello@example.com

BILL TO                                              INVOICE #   1037
Hollow Oak Grocery Co-op                            DATE        06/12/2023
310 Juniper Hill Ave.                               DUE DATE    07/12/2023
Fairview, CA 94542                                TERMS       Net 30

ACTIVITY                                      QTY        RATE        AMOUNT
Design:Ponds:Liner                       1      275.00       275.00T
Liner for pond installation
Pump                                            1       12.75        12.75T
Pond pump

Thank you for your business and have a         SUBTOTAL               287.75
great day!                                     TAX (8%)                23.02
                                               TOTAL                  310.77
                                               BALANCE DUE           $310.77
""",
        ),
        {
            "number": "1037",
            "issue_date": "2023-06-12",
            "due_date": "2023-07-12",
            "currency": "USD",
            "total_without_tax": "287.75",
            "total_tax": "23.02",
            "total_with_tax": "310.77",
            "seller.name": "Bright Acre Gardening",
            "buyer.name": "Hollow Oak Grocery Co-op",
        },
    ),
    Sheet(
        "number_and_date_on_one_line",
        (
            """
Muster Chemie AG · Postfach 1234 · 67000 Ludwigshafen
Herrn/Frau/Firma                                          RECHNUNG
Lackfabrik Süd GmbH & Co. KG                              Nummer/Datum
Werkstr. 22                                               9001234567 / 04.12.2023
70565 Stuttgart                                           Auftragsnummer/Datum
                                                          100456 / 27.11.2023
                                                          Bestellnummer/Datum
                                                          B4500776 / 24.11.2023
                                                          Kundennummer
                                                          20044

Konditionen
Zahlungsbed.   14 Tage 2% Skonto, 30 Tage netto
Währung EUR
Pos.    Material      Bezeichnung              Menge         Preis       Preiseinheit     Wert
000010  1000234       Lösemittel X             200 KG         3,20       1 KG             640,00
000020  1000777       Additiv Y                 25 KG        18,00       1 KG             450,00
Positionen gesamt                                                                       1.090,00
Ausgangssteuer               19,000 %          1.090,00                                   207,10
Endbetrag                                                                               1.297,10
""",
        ),
        {
            "number": "9001234567",
            "issue_date": "2023-12-04",
            "currency": "EUR",
            "total_without_tax": "1090.00",
            "total_tax": "207.10",
            "total_with_tax": "1297.10",
            "seller.name": "Muster Chemie AG",
            "buyer.name": "Lackfabrik Süd GmbH & Co. KG",
            "purchase_order_reference": "B4500776",
        },
    ),
    Sheet(
        "two_currencies",
        (
            """
TRANSWORLD LOGISTICS B.V.                                          INVOICE
Europaweg 900, 3199 LC Maasvlakte Rotterdam
VAT: NL812345678B01    CoC: 24123456

Invoice to                                  Invoice no.     : TWL-2300871
Nordic Furniture AB                         Invoice date    : 21-SEP-2023
Hamngatan 5                                 Due date        : 21-OCT-2023
21122 Malmö                                 Our ref.        : JOB-99120
VAT SE556677889901                          Your ref.       : NF-5521
                                            B/L             : MEDU1234567

Description                      Currency        Amount      VAT %      Amount EUR
Ocean freight 1x40HC                  USD      2,150.00          0        2,015.60
Terminal handling                     EUR        245.00          0          245.00
Customs clearance                     EUR         75.00          0           75.00

                                               Total excl. VAT  EUR       2,335.60
                                               VAT 0%                         0.00
                                               Total amount     EUR       2,335.60
Bank: ABN AMRO   IBAN: NL91 ABNA 0417 1643 00   BIC: ABNANL2A
""",
        ),
        {
            "number": "TWL-2300871",
            "issue_date": "2023-09-21",
            "due_date": "2023-10-21",
            "currency": "EUR",
            "total_without_tax": "2335.60",
            "total_tax": "0.00",
            "total_with_tax": "2335.60",
            "seller.name": "TRANSWORLD LOGISTICS B.V.",
            "buyer.name": "Nordic Furniture AB",
            "seller.vat_id": "NL812345678B01",
            "payment_account": "NL91ABNA0417164300",
        },
    ),
    Sheet(
        "holder_of_the_contract",
        (
            """
ENERGÍA CLARA, S.A.                                  FACTURA DE ELECTRICIDAD
CIF A-12345674                                       Nº de factura: FE23321009988
C/ Serrano 20, 28001 Madrid                          Fecha de factura: 12/09/2023
                                                     Periodo de facturación: 01/08/2023 a 31/08/2023
Titular: María López Sanz                            Fecha de cargo: 19/09/2023
C/ Luna 8, 2º A
50001 Zaragoza                                       IMPORTE FACTURA: 68,33 €

Por potencia contratada                                         14,20 €
Por energía consumida                                           39,10 €
Impuesto eléctrico                                               2,72 €
Alquiler equipos                                                 0,45 €
Base imponible                                                  56,47 €
IVA 21%                                                         11,86 €
TOTAL IMPORTE FACTURA                                           68,33 €
""",
        ),
        {
            "number": "FE23321009988",
            "issue_date": "2023-09-12",
            "currency": "EUR",
            "total_without_tax": "56.47",
            "total_tax": "11.86",
            "total_with_tax": "68.33",
            "seller.name": "ENERGÍA CLARA, S.A.",
            "buyer.name": "María López Sanz",
        },
    ),
    Sheet(
        "tax_columns",
        (
            """
Bahnreisen AG                                              Online-Ticket / Rechnung
                                                           Auftragsnummer: QW3E4R
Rechnung Nr. 2023-778812-1                                 Rechnungsdatum: 03.10.2023
Herr Lukas Arndt

Pos  Leistung                         Betrag      MwSt. 7%     Netto
1    Fahrkarte Berlin - Hamburg       59,90         3,92       55,98
2    Sitzplatzreservierung             4,90         0,32        4,58
Summe                                 64,80 €       4,24       60,56

Zahlungsmittel: Kreditkarte  Betrag 64,80 €  Datum 03.10.2023
""",
        ),
        {
            "number": "2023-778812-1",
            "issue_date": "2023-10-03",
            "currency": "EUR",
            "total_without_tax": "60.56",
            "total_tax": "4.24",
            "total_with_tax": "64.80",
            "seller.name": "Bahnreisen AG",
            "buyer.name": "Herr Lukas Arndt",
        },
    ),
    Sheet(
        "norwegian",
        (
            """
Fjordvik Elektro AS                                   Faktura
Havnegata 4                                           Fakturanummer: 20231188
5003 Bergen                                           Fakturadato: 12.10.2023
Org.nr NO 987654321 MVA                               Forfallsdato: 26.10.2023
                                                      KID: 2023118800012
Kunde:
Borettslaget Solsiden
Solveien 9
5055 Bergen

Beskrivelse                      Antall       Pris        Beløp
Installasjon ladeboks                 2   4 500,00     9 000,00
Materiell                             1   1 250,00     1 250,00

                             Sum eks. mva             10 250,00
                             MVA 25%                   2 562,50
                             Å betale                 12 812,50
""",
        ),
        {
            "number": "20231188",
            "issue_date": "2023-10-12",
            "due_date": "2023-10-26",
            "total_without_tax": "10250.00",
            "total_tax": "2562.50",
            "total_with_tax": "12812.50",
            "seller.name": "Fjordvik Elektro AS",
            "buyer.name": "Borettslaget Solsiden",
        },
    ),
    Sheet(
        "polish",
        (
            """
Faktura VAT nr FV/12/2023                          Data wystawienia: 05.12.2023
                                                   Termin płatności: 19.12.2023
Sprzedawca:                          Nabywca:
Meble Nowak Sp. z o.o.               Hotel Pod Lipą S.A.
ul. Polna 3                          ul. Rynek 1
61-001 Poznań                        31-010 Kraków
NIP: PL7811234568                    NIP: PL6761234567

Lp.  Nazwa                Ilość   Cena netto   Wartość netto   VAT
1    Stół dębowy              2     1 200,00        2 400,00   23%
2    Krzesło                  8       150,00        1 200,00   23%

                      Razem netto         3 600,00
                      Podatek VAT           828,00
                      Razem do zapłaty    4 428,00 PLN
""",
        ),
        {
            "number": "FV/12/2023",
            "issue_date": "2023-12-05",
            "due_date": "2023-12-19",
            "currency": "PLN",
            "total_without_tax": "3600.00",
            "total_tax": "828.00",
            "total_with_tax": "4428.00",
            "seller.name": "Meble Nowak Sp. z o.o.",
            "buyer.name": "Hotel Pod Lipą S.A.",
        },
    ),
    Sheet(
        "terms_on_the_second_page",
        (
            """
ACORN OFFICE SUPPLIES LTD            VAT NO: GB 123 4567 82          INVOICE 884411
Acorn House, Trading Estate, Slough SL1 4NB   Tel 01753 000000        PAGE 1 OF 2

INVOICE TO: 100882                   DELIVER TO:                     DATE      31/08/23
FINCH & CO SOLICITORS                FINCH & CO SOLICITORS           ORDER NO  JF/0831
3 HIGH ST                            REAR ENTRANCE                   A/C NO    FIN001
WINDSOR SL4 1LD                      WINDSOR SL4 1LD                 DUE DATE  30/09/23

CODE     DESCRIPTION                        QTY    UNIT    PRICE   DISC     NET    VAT
A4-80    A4 COPY PAPER 80GSM                 20    BOX     14.99    5%    284.81     S
TNR-11   TONER CARTRIDGE BLK                  4    EA      61.50          246.00     S
PEN-BL   BALLPOINT BLUE PK50                  2    PK       8.25           16.50     S

                                        GOODS TOTAL     547.31
                                        CARRIAGE          0.00
                                        VAT             109.46
                                        TOTAL GBP       656.77
""",
            """
TERMS AND CONDITIONS OF SALE                                          PAGE 2 OF 2
1. All goods remain the property of the seller until paid in full.
2. Invoices are due within 30 days. Interest of 8% may be charged, minimum £40.00.
3. Claims must be made within 7 days of 1 January 2020 terms version.
""",
        ),
        {
            "number": "884411",
            "issue_date": "2023-08-31",
            "due_date": "2023-09-30",
            "currency": "GBP",
            "total_without_tax": "547.31",
            "total_tax": "109.46",
            "total_with_tax": "656.77",
            "seller.name": "ACORN OFFICE SUPPLIES LTD",
            "buyer.name": "FINCH & CO SOLICITORS",
            "seller.vat_id": "GB123456782",
            "purchase_order_reference": "JF/0831",
        },
        (
            ("A4 COPY PAPER 80GSM", "20", "284.81"),
            ("TONER CARTRIDGE BLK", "4", "246.00"),
            ("BALLPOINT BLUE PK50", "2", "16.50"),
        ),
    ),
    Sheet(
        "discount_date_before_due_date",
        (
            """
Seite: 1
                                                      Westfalen Werkzeug GmbH
                                                      Industriestr. 5 - 33689 Bielefeld
                                                      Telefon 05205 1234-0
WWG GmbH Industriestr. 5 33689 Bielefeld
Metallbau Krüger e.K.
Herr Krüger                                           Beleg-Nr.:     RE-2023/04455
Schmiedestr. 3                                        Beleg-Datum:   22.11.2023
33102 Paderborn                                       Kd.-Nr.:       D10455
                                                      Ihre USt-ID:   DE811907980
                                                      Bearbeiter:    Frau Lang

RECHNUNG
Ihr Auftrag vom 15.11.2023, Bestell-Nr. K-7781, Lieferschein LS-99871 vom 20.11.2023

Pos Art.-Nr.     Text                          Menge ME    E-Preis    Rab.%     Gesamt
1   HSS-10       Spiralbohrer HSS 10 mm           50 Stk       2,40     10     108,00
2   WS-125       Winkelschleifer 125 mm            2 Stk     119,00             238,00
                 inkl. Koffer
                                                  Warenwert:                    346,00
                                                  Fracht:                         9,50
                                                  Netto:                        355,50
                                                  MwSt. 19,00 %:                 67,55
                                                  Brutto EUR:                   423,05
Bei Zahlung bis 02.12.2023 2 % Skonto = 414,59 EUR, bis 22.12.2023 netto
Bankverbindung: Sparkasse Bielefeld IBAN DE44 4805 0161 0000 1234 56   USt-IdNr. DE136695976
""",
        ),
        {
            "number": "RE-2023/04455",
            "issue_date": "2023-11-22",
            "due_date": "2023-12-22",
            "currency": "EUR",
            "total_without_tax": "355.50",
            "total_tax": "67.55",
            "total_with_tax": "423.05",
            "seller.name": "Westfalen Werkzeug GmbH",
            "buyer.name": "Metallbau Krüger e.K.",
            "seller.vat_id": "DE136695976",
            "payment_account": "DE44480501610000123456",
            "purchase_order_reference": "K-7781",
        },
        (
            ("Spiralbohrer HSS 10 mm", "50", "108.00"),
            ("Winkelschleifer 125 mm", "2", "238.00"),
        ),
    ),
    Sheet(
        "payer_of_no_vat",
        (
            """
                                   Invoice
Helena Novak Consulting                         Date: 1 February 2024
Krakovska 12, 110 00 Prague 1                   Invoice ref: HN-24-002
Czech Republic                                  Payment due: 15 February 2024
Company ID: 12345678
Not a VAT payer
                                                Client:
                                                Brightpath Education Ltd
                                                44 Upper Mount St
                                                Dublin 2
                                                Ireland

Service                                           Amount
Curriculum review (10 days @ EUR 450)         EUR 4,500.00
Travel                                          EUR 312.40

Total to pay                                  EUR 4,812.40

Account: CZ65 0800 0000 1920 0014 5399   SWIFT GIBACZPX
""",
        ),
        {
            "number": "HN-24-002",
            "issue_date": "2024-02-01",
            "due_date": "2024-02-15",
            "currency": "EUR",
            "total_with_tax": "4812.40",
            "seller.name": "Helena Novak Consulting",
            "buyer.name": "Brightpath Education Ltd",
            "seller.vat_id": None,
            "payment_account": "CZ6508000000192000145399",
        },
    ),
    Sheet(
        "honoraires",
        (
            """
CABINET LEROY EXPERTISE                                 Lille, le 30/11/2023
Société d'expertise comptable
8 place Rihour - 59000 LILLE                            FACTURE N°  23110456
Tél. 03 20 00 00 00
                                                        SARL DUPONT ET FILS
                                                        ZA des Prés
                                                        59650 VILLENEUVE D'ASCQ
Code client : DUP01
Dossier suivi par : Mme Petit

Honoraires de tenue de comptabilité - novembre 2023              450,00
Établissement des bulletins de paie (6 x 22,00)                  132,00
Débours greffe                                                    14,35

Total HT         Taux TVA       Montant TVA       Total TTC       Net à payer
596,35             20,00             119,27          715,62            715,62

Règlement à réception. TVA sur les encaissements.
SIRET 40483304800022 - TVA intracommunautaire FR83404833048
""",
        ),
        {
            "number": "23110456",
            "issue_date": "2023-11-30",
            "currency": "EUR",
            "total_without_tax": "596.35",
            "total_tax": "119.27",
            "total_with_tax": "715.62",
            "seller.name": "CABINET LEROY EXPERTISE",
            "buyer.name": "SARL DUPONT ET FILS",
            "seller.vat_id": "FR83404833048",
        },
    ),
    Sheet(
        "two_taxes_side_by_side",
        (
            """
                                                      Groothandel Bosman BV
                                                      Postbus 44, 5600 AA Eindhoven
Aan                                                   T 040-2001000
Café De Hoek                                          www.bosman-groothandel.nl
t.n.v. mevr. Smit                                     Btw NL804455667B01
Hoogstraat 10                                         Rek. NL20INGB0001234567
5611 JA Eindhoven

FACTUUR
Debiteurnr.   Factuurnr.   Factuurdatum   Ordernr.     Uw ref.       Verv. datum
20331         F2304412     14-04-23       V99812       tel. Smit     14-05-23

Artikelnr   Omschrijving                Aantal   Eenheid    Prijs    Korting    Bedrag    Btw
10221       Koffiebonen 1 kg                12   st         11,95       10%     129,06     L
20788       Servetten 3-laags                4   doos       24,50                98,00     H

Totaal excl.     Btw 9%     Btw 21%     Totaal incl.
227,06           11,62      20,58       EUR 259,26
""",
        ),
        {
            "number": "F2304412",
            "issue_date": "2023-04-14",
            "due_date": "2023-05-14",
            "currency": "EUR",
            "total_without_tax": "227.06",
            "total_tax": "32.20",
            "total_with_tax": "259.26",
            "seller.name": "Groothandel Bosman BV",
            "buyer.name": "Café De Hoek",
            "seller.vat_id": "NL804455667B01",
            "payment_account": "NL20INGB0001234567",
        },
        (
            ("Koffiebonen 1 kg", "12", "129.06"),
            ("Servetten 3-laags", "4", "98.00"),
        ),
    ),
    Sheet(
        "hotel_bill",
        (
            """
THE ROYAL OAK HOTEL
Market Square, Ludlow SY8 1AA
www.royaloakludlow.co.uk   VAT Reg 987 6543 21

Guest: Dr H. Whitcombe                     Invoice: 55120
Room: 12                                   Date: 18 Aug 2023
Arrival: 16 Aug 2023   Departure: 18 Aug 2023

Date       Description               Charges     Credits
16 Aug     Accommodation              120.00
16 Aug     Dinner                      42.50
17 Aug     Accommodation              120.00
18 Aug     Visa                                   282.50
           Total                      282.50      282.50
           Balance                      0.00
           Net 235.42   VAT 20% 47.08   Gross £282.50
""",
        ),
        {
            "number": "55120",
            "issue_date": "2023-08-18",
            "currency": "GBP",
            "total_without_tax": "235.42",
            "total_tax": "47.08",
            "total_with_tax": "282.50",
            "seller.name": "THE ROYAL OAK HOTEL",
            "buyer.name": "Dr H. Whitcombe",
        },
    ),
    Sheet(
        "credit_memo",
        (
            """
Keystone Parts Distribution, Inc.                          CREDIT MEMO
500 Freight Way                                            Credit No.: CM-20931
Allentown, PA 18109                                        Date: 05/22/2023
                                                           Original Invoice: 118822
Customer:
Valley Auto Repair
77 Valley Rd
Easton, PA 18042

Part No     Description               Qty      Price       Extension
BRK-220     Brake rotor (defective)    -2      64.00         -128.00

                                   Merchandise              -128.00
                                   Sales tax 6%               -7.68
                                   Total credit            $-135.68
""",
        ),
        {
            "number": "CM-20931",
            "issue_date": "2023-05-22",
            "currency": "USD",
            "total_without_tax": "-128.00",
            "total_tax": "-7.68",
            "total_with_tax": "-135.68",
            "seller.name": "Keystone Parts Distribution, Inc.",
            "buyer.name": "Valley Auto Repair",
            "type_code": "381",
        },
        (("Brake rotor (defective)", "-2", "-128.00"),),
    ),
    Sheet(
        "small_business_without_vat",
        (
            """
Fotostudio Lichtblick
Inhaberin: Sarah König
Am Hang 2
72070 Tübingen
Mobil: 0170 1234567
E-Mail: hallo@fotostudio-lichtblick.de

Brautpaar Meier
Gartenweg 11
72072 Tübingen

Tübingen, 11.06.2023

Rechnung Nr. 17/2023

Hochzeitsreportage am 03.06.2023                     1.450,00 €
Fotobuch 30x30                                         180,00 €
abzgl. Anzahlung vom 12.01.2023                       -500,00 €

Zu zahlender Betrag                                  1.130,00 €

Gemäß § 19 UStG wird keine Umsatzsteuer berechnet.
Bitte überweisen Sie den Betrag innerhalb von 14 Tagen auf das Konto
IBAN DE75 6415 0020 0001 2345 67, Kreissparkasse Tübingen
Steuernummer: 86123/45678
""",
        ),
        {
            "number": "17/2023",
            "issue_date": "2023-06-11",
            "due_date": None,
            "currency": "EUR",
            "seller.name": "Fotostudio Lichtblick",
            "buyer.name": "Brautpaar Meier",
            "payment_account": "DE75641500200001234567",
            "amount_due": "1130.00",
        },
    ),
    Sheet(
        "due_date_in_a_row_of_titles",
        (
            """
FACTURA
Número de factura        Fecha factura        Nº Cliente        Fecha vto.
2023-A-00871             31/10/2023           C00412            30/11/2023

PROVEEDOR                                  CLIENTE
TALLERES MENDOZA, S.L.U.                   TRANSPORTES GALÁN, S.A.
NIF: B50123459                             NIF: A50987651
Pol. Ind. Malpica, nave 12                 Ctra. Logroño km 5
50016 ZARAGOZA                             50011 ZARAGOZA

Ref.      Descripción                       Cant.     Precio     Dto.     Importe
MO        Mano de obra (h)                   3,50      42,00               147,00
F-221     Filtro aceite                      1,00      18,40      10%       16,56
AC-5W30   Aceite 5W30 (l)                    6,00       9,80                58,80

Base imponible     % IVA     Cuota IVA     TOTAL FACTURA
222,36             21,00     46,70         269,06 €
""",
        ),
        {
            "number": "2023-A-00871",
            "issue_date": "2023-10-31",
            "due_date": "2023-11-30",
            "currency": "EUR",
            "total_without_tax": "222.36",
            "total_tax": "46.70",
            "total_with_tax": "269.06",
            "seller.name": "TALLERES MENDOZA, S.L.U.",
            "buyer.name": "TRANSPORTES GALÁN, S.A.",
        },
        (
            ("Mano de obra (h)", "3.50", "147.00"),
            ("Filtro aceite", "1.00", "16.56"),
            ("Aceite 5W30 (l)", "6.00", "58.80"),
        ),
    ),
    Sheet(
        "lawyer_with_withheld_tax",
        (
            """
Studio Legale Ferri & Associati                       Spett.le
Via Manzoni 4                                         Immobiliare Centro S.r.l.
20121 Milano                                          Via Torino 15
C.F./P.IVA 09876543210                                20123 Milano
                                                      P.IVA 01112223334
Fattura n. 2023/44
Data 20/09/2023
Oggetto: assistenza contrattuale

Onorari                                               1.000,00
Spese generali 15%                                      150,00
CPA 4%                                                   46,00
Totale imponibile                                     1.196,00
IVA 22%                                                 263,12
Totale fattura                                        1.459,12
Ritenuta 20% su 1.150,00                               -230,00
Netto a pagare euro                                   1.229,12
""",
        ),
        {
            "number": "2023/44",
            "issue_date": "2023-09-20",
            "currency": "EUR",
            "total_without_tax": "1196.00",
            "total_tax": "263.12",
            "total_with_tax": "1459.12",
            "seller.name": "Studio Legale Ferri & Associati",
            "buyer.name": "Immobiliare Centro S.r.l.",
            "amount_due": "1229.12",
        },
    ),
    Sheet(
        "rows_without_a_head",
        (
            """
Rowan Tree Nursery                               Invoice 311
Tel 01556 500000                                 2 Sept 2023
Castle Douglas Estates

Rhododendron 3L                 12      8.50       102.00
Beech hedging bare root        200      0.95       190.00
Delivery                         1     25.00        25.00

VAT 20%                                              63.40
Total due                                           £380.40
""",
        ),
        {
            "number": "311",
            "issue_date": "2023-09-02",
            "total_tax": "63.40",
            "total_with_tax": "380.40",
        },
        (
            ("Rhododendron 3L", "12", "102.00"),
            ("Beech hedging bare root", "200", "190.00"),
            ("Delivery", "1", "25.00"),
        ),
    ),
    Sheet(
        "table_goes_on_without_a_head",
        (
            """
ACME Components GmbH                      Rechnung Nr. 9911
                                          Datum: 03.04.2023
Pos   Bezeichnung            Menge      Preis      Betrag
1     Schraube M4              100       0,10       10,00
2     Mutter M4                100       0,08        8,00
""",
            """
ACME Components GmbH                      Rechnung Nr. 9911 Seite 2

3     Scheibe                  100       0,05        5,00
4     Bolzen                    10       1,20       12,00
                               Netto                35,00
                               19% MwSt              6,65
                               Gesamt               41,65 EUR
""",
        ),
        {
            "number": "9911",
            "total_without_tax": "35.00",
            "total_tax": "6.65",
            "total_with_tax": "41.65",
        },
        (
            ("Schraube M4", "100", "10.00"),
            ("Mutter M4", "100", "8.00"),
            ("Scheibe", "100", "5.00"),
            ("Bolzen", "10", "12.00"),
        ),
    ),
    Sheet(
        "labels_glued_to_values",
        (
            """
Petit Garage SARL                               Facture N°:FA-77
TVA:FR40123456824                               Date:12/05/2023
IBAN:FR7630006000011234567890189                Échéance:11/06/2023
Client:Mairie de Saint-Flour

Main d'oeuvre                      100,00
Total HT:100,00
TVA 20%:20,00
Total TTC:120,00€
Ouvert de 8:30 à 12:15
""",
        ),
        {
            "number": "FA-77",
            "issue_date": "2023-05-12",
            "due_date": "2023-06-11",
            "currency": "EUR",
            "total_without_tax": "100.00",
            "total_tax": "20.00",
            "total_with_tax": "120.00",
            "seller.name": "Petit Garage SARL",
            "seller.vat_id": "FR40123456824",
            "payment_account": "FR7630006000011234567890189",
        },
    ),
    Sheet(
        "thanks_before_the_seller",
        (
            """
Thank you for your order!                                   Customer copy
Invoice 4471                                                3 May 2023

Ship to                         Bill to
Amy Ward                        Amy Ward
3 Hill Rd                       3 Hill Rd
Leeds LS6 2AB                   Leeds LS6 2AB


Description          Qty     Price     Amount
Widget                 2     10.00      20.00

                     Total             20.00


Questions? help@gardenbarn.co.uk or www.gardenbarn.co.uk
Garden Barn Ltd, Unit 9, Mill Park, Sheffield S9 1XY. Company No 01234567. VAT GB 980 7806 84
""",
        ),
        {
            "number": "4471",
            "seller.name": "Garden Barn Ltd",
            "buyer.name": "Amy Ward",
        },
    ),
    Sheet(
        "contact_is_not_the_seller",
        (
            """
ORIGINAL                                                    Page 1 of 1
INVOICE NO. 7781                                            Your contact: Peter Lund
                                                            peter.lund@nordmarine.dk
Baltic Shipping Ltd                                         Nord Marine Service ApS
Dock 4                                                      Havnevej 20
Gdynia                                                      9000 Aalborg
Poland


Description          Qty     Price     Amount
Widget                 2     10.00      20.00

                     Total             20.00
""",
        ),
        {
            "number": "7781",
            "seller.name": "Nord Marine Service ApS",
        },
    ),
    Sheet(
        "slogan_before_the_seller",
        (
            """
fresh ideas for small business
PaperTrail Print Shop
219 Elm Street, Dayton, OH 45402
(937) 555-0110
INVOICE                                          Date: 10/02/2023
                                                 Invoice #: 5561
Customer: City Book Club


Description          Qty     Price     Amount
Widget                 2     10.00      20.00

                     Total             20.00
""",
        ),
        {
            "number": "5561",
            "seller.name": "PaperTrail Print Shop",
            "buyer.name": "City Book Club",
        },
    ),
    Sheet(
        "pay_to",
        (
            """
INVOICE                                                     cloudhostly.com
Invoice #CH-10022                                           billing@cloudhostly.com
Invoiced To                                                 Pay To
Marta Silva                                                 CloudHostly LLC
Rua Nova 3                                                  16192 Coastal Hwy
Lisboa                                                      Lewes, DE 19958


Description          Qty     Price     Amount
Widget                 2     10.00      20.00

                     Total             20.00
""",
        ),
        {
            "number": "CH-10022",
            "seller.name": "CloudHostly LLC",
            "buyer.name": "Marta Silva",
        },
    ),
    Sheet(
        "account_holder",
        (
            """
Invoice no. 2023-09                                         Date 30 Sept 2023
To: Riverside Theatre
    5 Quay St
    Galway

Sound engineering, 3 shows                                   450.00
Total                                                        €450.00

Please pay to:
Account name: Declan Byrne
IBAN: IE29 AIBK 9311 5212 3456 78
""",
        ),
        {
            "number": "2023-09",
            "seller.name": "Declan Byrne",
            "buyer.name": "Riverside Theatre",
        },
    ),
)
