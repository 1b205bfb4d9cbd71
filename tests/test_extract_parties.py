"""Who sent an invoice and to whom, by what every letterhead, window and footer has; the fields that stand between them."""

from __future__ import annotations

import pytest

from app.extractors.text import extract_text
from tests.test_extract_pictures import read
from tests.test_extract_text import document, value_at

ITEMS = """

Description                    Qty      Price       Amount
Oak shelf                        2      50.00       100.00

                               Net total            100.00
                               VAT 20 %              20.00
                               Total                120.00 EUR
"""

DOWN = "\n" * 45
"""To the foot of the page."""

LETTERS = {
    "labels_without_a_colon": (
        """
INVOICE no. 4711                        Date: 5 March 2024

Supplier Timber Corner                  Client Fenwick Optics
12 Wharf Road                           9 Church Street
Leeds LS1 4AB                           York YO1 7HU
""",
        {"seller.name": "Timber Corner", "buyer.name": "Fenwick Optics"},
    ),
    "a_label_over_its_name": (
        """
FACTURE n° 4711                         Date : 5 mars 2024

Raison sociale :                        Client
Timber Corner                           Fenwick Optics
12 rue des Lilas                        9 avenue Foch
69003 Lyon                              38000 Grenoble
""",
        {"seller.name": "Timber Corner", "buyer.name": "Fenwick Optics"},
    ),
    "a_cheque_to_whom": (
        """
FACTURE n° 4711                         Date : 5 mars 2024

Chèque à l'ordre de Timber Corner       Client
12 rue des Lilas                        Fenwick Optics
69003 Lyon                              9 avenue Foch
                                        38000 Grenoble
""",
        {"seller.name": "Timber Corner", "buyer.name": "Fenwick Optics"},
    ),
    "in_two_lines": (
        """
Mutual Harvest
Insurance Company of Exampletown Inc.

Mr
Tom Tailor
4 Elm Street
Springfield, IL 62704

Invoice no. 4711                        Date: 5 March 2024
""",
        {"seller.name": "Mutual Harvest Insurance Company of Exampletown Inc.", "buyer.name": "Tom Tailor"},
    ),
    "legal_form_below": (
        """
Lakeside Paper & Office Supplies                                 Bill to
Pty Limited                                                      Harbour Coffee Roasters
12 Wharf Road                                                    & Sons
Hobart TAS 7000                                                  9 Church Street
                                                                 Perth WA 6000
Invoice no. 4711                        Date: 5 March 2024
""",
        {"seller.name": "Lakeside Paper & Office Supplies Pty Limited", "buyer.name": "Harbour Coffee Roasters & Sons"},
    ),
    "fuller_in_the_footer": (
        """
Nordwind Tiefbau GmbH                              Rechnung

Max Beispiel
Lange Gasse 4
86150 Augsburg

Rechnungsnummer: R-4711                            Datum: 05.03.2024
"""
        + ITEMS
        + """
Nordwind Tiefbau GmbH & Co. KG        Tel. 040 123456
Hafenweg 3, 20457 Hamburg             USt-IdNr. DE812871812
""",
        {"seller.name": "Nordwind Tiefbau GmbH & Co. KG", "buyer.name": "Max Beispiel"},
    ),
    "with_the_registration_behind": (
        """
KEDAI BINTANG TIMUR SDN BHD (789417-W)
12, Jalan Mawar 3, 81100 Johor Bahru
Invoice no. 4711                        Date: 5 March 2024
""",
        {"seller.name": "KEDAI BINTANG TIMUR SDN BHD"},
    ),
    "the_customers_mail_address": (
        """
LARKSPUR SYSTEMS                                  INVOICE 4711
12 Quay Road
Leeds LS1 4AP                                     Date: 5 March 2024

Bellweather Co
22 Other Street                                   CUSTOMER NAME: BELLWEATHER CORPORATION
York YO1 7HH                                      EMAIL: bills@bellweather.example
""",
        {"seller.name": "LARKSPUR SYSTEMS", "buyer.name": "BELLWEATHER CORPORATION"},
    ),
    "in_favour_of": (
        """
PAYMENT RECEIPT                                   Date: 5 March 2024
Check in              Check out             Rooms
04/03/2024            05/03/2024            1
"""
        + ITEMS
        + """
Note: all payments are to be made in favour of
Larkspur Stays Ltd
12 Quay Road, Leeds LS1 4AP       www.larkrooms.example
""",
        {"seller.name": "Larkspur Stays Ltd"},
    ),
    "two_addresses_side_by_side": (
        """
FACTURE N° 2024-114                                  Date : 05/03/2024

Boulangerie du Vieux Pont                            Mairie de Vallon
8 place Neuve                                        1 place de la Fontaine
69002 LYON                                           38000 GRENOBLE
Tél. 04 72 11 22 33
""",
        {"seller.name": "Boulangerie du Vieux Pont", "buyer.name": "Mairie de Vallon"},
    ),
    "a_title_that_holds_a_party": (
        """
Ateliers Moreau SRL                 FACTURE CLIENT
89 boulevard Neuf                   Numéro          Date de facture
2422 Namur                          546/2024        05-03-2024

Perrin et associés
126 rue Haute
4635 Liège
""",
        {"number": "546/2024", "buyer.name": "Perrin et associés"},
    ),
    "a_customers_number_under_its_label": (
        """
Castilla Pinturas S.L.
N.º de factura    Fecha                 Cód. cliente
279/2024          5 de marzo de 2024    J-4447

Facturado a
Saneamientos García S.A.
Calle Mayor 20
64212 Valencia
""",
        {"buyer.name": "Saneamientos García S.A."},
    ),
    "account_holder": (
        """
Electricidad Costa
Calle Mayor 136
69383 Pamplona

Hermanos Prado S.L.
Calle San Juan 1
49974 Sevilla

Factura: 2034    Fecha: 05/03/2024

IBAN: ES91 2100 0418 4502 0005 1332
Titular: Electricidad Costa
""",
        {"seller.name": "Electricidad Costa", "buyer.name": "Hermanos Prado S.L."},
    ),
    "one_small_word": (
        """
Van                              Advies Meijer
Drukkerij Peeters                Dorpsstraat 5
Lindelaan 89                     5396 FA Tilburg
7328 EJ Utrecht

Factuur 4711       Factuurdatum 5 maart 2024
""",
        {"seller.name": "Drukkerij Peeters", "buyer.name": "Advies Meijer"},
    ),
    "a_form": (
        """
LARKSPUR CONSULTORES S.L.                          FACTURA 4711
Calle de Arriba 27
28001 Madrid                                       Fecha: 05/03/2024

Nombre: José Menéndez
Dirección: Calle Mayor 45, Madrid
""",
        {"seller.name": "LARKSPUR CONSULTORES S.L.", "buyer.name": "José Menéndez"},
    ),
    "words_of_labels_in_a_name": (
        """
Page One Books
12 Hill Road
Leeds LS1 4AB

Bill to
Total Clean Services
4 Elm Street
York YO1 7HH
""",
        {"seller.name": "Page One Books", "buyer.name": "Total Clean Services"},
    ),
    "of_one_name": (
        """
Harbour Trading
12 Hill Road
Leeds LS1 4AB

Bill to
Harbour Trading
4 Elm Street
York YO1 7HH
""",
        {"seller.name": "Harbour Trading", "buyer.name": "Harbour Trading"},
    ),
    "two_lines_of_a_name_that_stands_elsewhere_on_one": (
        """
Supplier                         Bill to
Osborne & Kerr                   Langley Stationers Ltd
Dental Ltd                       82 Market Place
31 Park Avenue                   York YO1 7HH
Leeds LS1 4AB

Invoice 4711, 5 March 2024
"""
        + ITEMS
        + """

Osborne & Kerr Dental Ltd · 31 Park Avenue · Leeds LS1 4AB
""",
        {"seller.name": "Osborne & Kerr Dental Ltd", "buyer.name": "Langley Stationers Ltd"},
    ),
    "a_bank_with_its_account": (
        """
Bluewater Loft
12 rue des Lilas
69003 Lyon

Client : Jean Morel
4 quai Sud
44000 Nantes
"""
        + ITEMS
        + DOWN
        + """
Banque : Example Bank AG  IBAN DE89 3704 0044 0532 0130 00  BIC COBADEFFXXX
""",
        {"seller.name": "Bluewater Loft", "buyer.name": "Jean Morel"},
    ),
    "in_the_footer_alone": (
        """
Bill to
Jean Morel
4 Elm Street
York YO1 7HH

Invoice no. 4711                        Date: 5 March 2024
"""
        + ITEMS
        + DOWN
        + """
Total Clean Services             Phone 020 7946 0000
8 Mill Lane                      Leeds LS1 4AB
""",
        {"seller.name": "Total Clean Services", "buyer.name": "Jean Morel"},
    ),
    "labels_in_no_lexicon": (
        """
Blorp: Bluewater Loft                        Zargl: Pine & Stone
12 Mill Lane                                 4 Elm Street
Leeds LS1 4AB                                York YO1 7HH
""",
        {"seller.name": "Bluewater Loft", "buyer.name": "Pine & Stone"},
    ),
    "a_second_line_that_begins_with_and": (
        """
Sunrise International Trading                Bill to
and Consulting Services Ltd                  Gesellschaft für Umwelttechnik
12 Mill Lane                                 und Recycling mbH
Leeds LS1 4AB                                Hauptstr. 7
                                             10115 Berlin
""",
        {
            "seller.name": "Sunrise International Trading and Consulting Services Ltd",
            "buyer.name": "Gesellschaft für Umwelttechnik und Recycling mbH",
        },
    ),
    "a_seller_with_an_address": (
        """
Vendeur :                        A :
Vicking Direct                   Bluewater Loft
12 rue des Lilas                 4 quai Sud
69003 Lyon                       44000 Nantes
""",
        {"seller.name": "Vicking Direct", "buyer.name": "Bluewater Loft"},
    ),
    "a_salesman": (
        """
Vicking Direct                   Doit :
12 rue des Lilas                 Bluewater Loft
69003 Lyon                       4 quai Sud
                                 44000 Nantes
Vendeur
Jean Morel
""",
        {"seller.name": "Vicking Direct", "buyer.name": "Bluewater Loft"},
    ),
    "ids_without_a_label": (
        """
Invoice no. 4711                        Date: 5 March 2024

SELLER                                  BUYER
Kernfeld Cadres SARL                    Harrow Papier GmbH
FR 47 802 115 336                       DE 876543210
8 Rue de la Tour, 75013 Paris           Lindenstraße 40, 10969 Berlin
""",
        {
            "seller.vat_id": "FR47802115336",
            "buyer.vat_id": "DE876543210",
            "seller.address.line_1": "8 Rue de la Tour",
            "seller.address.city": "Paris",
        },
    ),
    "whose_account": (
        """
Bluewave Telecom                        INVOICE no. 4711
12 High Street                          Date: 5 March 2024
Leeds LS1 4AB

Account holder: Maria Sanchez
""",
        {"seller.name": "Bluewave Telecom", "buyer.name": "Maria Sanchez"},
    ),
    "whose_account_at_the_bank": (
        """
INVOICE no. 4711                        Date: 5 March 2024

Customer: Maria Sanchez

Account holder: Bluewave Telecom
IBAN: DE02 1203 0000 0000 2020 51
""",
        {"seller.name": "Bluewave Telecom", "buyer.name": "Maria Sanchez"},
    ),
    "delivered_to_the_only_one_named": (
        """
Bluewave Timber Ltd                     INVOICE no. 4711
12 High Street                          Date: 5 March 2024
Leeds LS1 4AB

Deliver to:
Harrow Toys Ltd
9 Dock Street
York YO1 7HU
""",
        {"seller.name": "Bluewave Timber Ltd", "buyer.name": "Harrow Toys Ltd"},
    ),
    "a_logo_without_the_legal_form": (
        """
Larkspur                                INVOICE no. 4711
Phone 0113 496 0000                     Date: 5 March 2024
Invoice to:
Harrow Toys Ltd
9 Dock Street
York YO1 7HU
"""
        + ITEMS
        + """

Larkspur Tooling Ltd
""",
        {"seller.name": "Larkspur Tooling Ltd", "buyer.name": "Harrow Toys Ltd"},
    ),
    "a_logo_with_a_part_of_the_name": (
        """
Larkspur &                              INVOICE no. 4711
                                        Date: 5 March 2024
Invoice to:
Harrow Toys Ltd
9 Dock Street
York YO1 7HU
"""
        + ITEMS
        + DOWN
        + """
Larkspur & Finch Tooling
12 High Street, Leeds LS1 4AB
VAT GB 123 4567 82
""",
        {"seller.name": "Larkspur & Finch Tooling", "buyer.name": "Harrow Toys Ltd"},
    ),
    "a_courtesy": (
        """
LARKSPUR CONSULENZE S.r.l.
Via Roma 27
20121 Milano

Spett.le Mobili Conti S.p.A.
Via Verdi 4
10121 Torino
""",
        {"seller.name": "LARKSPUR CONSULENZE S.r.l.", "buyer.name": "Mobili Conti S.p.A."},
    ),
}


@pytest.mark.parametrize("letter", LETTERS)
def test_parties(letter: str) -> None:
    text, expected = LETTERS[letter]
    extracted = extract_text(document(text if ITEMS in text else text + ITEMS))
    assert {path: value_at(extracted, path) for path in expected} == expected


@pytest.mark.parametrize(
    ("label", "path", "value"),
    [
        ("NIF: B61216644", "seller.vat_id", "B61216644"),
        ("Contribuinte n.º: 504342118", "seller.vat_id", "504342118"),
        ("Tax point: 5 March 2024", "issue_date", "2024-03-05"),
        ("Tax point: 4 March 2024   Invoice date: 5 March 2024", "issue_date", "2024-03-05"),
        ("Pagar até: 5 de abril de 2024", "due_date", "2024-04-05"),
        ("Ns. ordine: 244-VM", "purchase_order_reference", None),
        ("Requisição n.º: 2487", "purchase_order_reference", "2487"),
        ("Booking no.: IB2087", "purchase_order_reference", None),
        ("Avoir sur facture: F20-91833   N° de pièce: 7045", "number", "7045"),
        ("INVOICE NO.                        168 Vine Street, Leeds LS1 4AP\nRE-2024-7", "number", "RE-2024-7"),
    ],
)
def test_what_stands_by_a_value(label: str, path: str, value: str | None) -> None:
    extracted = extract_text(document(f"Larkspur Ltd\nINVOICE\n{label}\n{ITEMS}"))
    assert value_at(extracted, path) == value


@pytest.mark.parametrize(
    ("town", "currency"), [("Hobart TAS 7000", "AUD"), ("Toronto, ON M5V 2T6", "CAD"), ("Springfield, IL 62704", "USD")]
)
def test_a_bare_dollar_is_that_of_the_seller_wherever_its_address_stands(town: str, currency: str) -> None:
    text = f"Larkspur Supplies Inc.\n\nInvoice no. 4711     Date: 5 March 2024\n{ITEMS.replace('120.00 EUR', '$120.00')}"
    assert value_at(extract_text(document(f"{text}\nLarkspur Supplies Inc.\n12 Quay Road\n{town}")), "currency") == currency


@pytest.mark.parametrize(
    "taxed", ["VAT 8.1 % on 71.47            5.79", "Steuer 8,1 % aus 71,47        5,79", "Aliquota 8,1%    71,47    5,79"]
)
def test_a_base_beside_its_tax_is_no_tax(taxed: str) -> None:
    total = "77,26" if "," in taxed else "77.26"
    extracted = extract_text(document(f"Larkspur Ltd\nINVOICE 4711\nOak shelf           {total}\nTotal CHF           {total}\n{taxed}"))
    assert value_at(extracted, "total_tax") == "5.79"
    assert value_at(extracted, "total_without_tax") == "71.47"


HARDWARE = "BINTANG BIRU HARDWARE ENTERPRISE (TAMAN MAWAR) SDNBHD"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("   BINTANG BIRU HARDWARE\n   ENTERPRISE (TAMAN\n   MAWAR) SDNBHD", HARDWARE),
        (f"   ah seng\n   {HARDWARE} (822737-X)", HARDWARE),
        (f"   BINTANGMART\n   {HARDWARE}", HARDWARE),
        (f"   CASH SALES\n   {HARDWARE}", HARDWARE),
        ("   Drogerie Blau\n   Inh. Petra Kurz e.K.", "Drogerie Blau"),
    ],
)
def test_the_name_on_a_receipt(head: str, name: str) -> None:
    extracted = read(f"""
{head}
   822737-X
   NO. 17, JALAN MELUR,
   40170 SHAH ALAM
   TEL: 03-33623608

Date: 12/09/2017   15:22:00
Cashier: AH019
SINK TAP              30.00
TOTAL                 30.00
CASH                  50.00
CHANGE                20.00
GOODS SOLD ARE NOT REFUNDABLE
""")
    assert value_at(extracted, "seller.name") == name
