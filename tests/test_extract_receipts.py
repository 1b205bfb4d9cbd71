"""Till receipts as pictures: what every till prints, in ten languages, and how far it can be read badly."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.domain.document import Document
from app.extractors.candidates import find_candidates
from app.extractors.grid import read_grid
from app.extractors.receipts import read_receipt
from app.extractors.text import extract_text
from tests.sheets import SHEETS
from tests.test_extract_pictures import GOOD, INVOICE, read, read_page
from tests.test_extract_text import page, value_at
from tests.tills import TILLS, Till

BULB = TILLS[0]


@pytest.mark.parametrize("till", TILLS, ids=lambda till: till.name)
def test_a_receipt(till: Till) -> None:
    extracted = read(till.text)
    assert extracted.document_type == "receipt"
    assert value_at(extracted, "seller.name") == till.seller
    assert value_at(extracted, "issue_date") == till.date
    assert value_at(extracted, "total_with_tax") == till.total
    if till.currency:
        assert value_at(extracted, "currency") == till.currency
    if till.tax:
        assert value_at(extracted, "total_tax") == till.tax
    assert value_at(extracted, "buyer.name") is None
    assert value_at(extracted, "due_date") is None


def test_the_tax_of_a_receipt_is_that_of_all_its_rates() -> None:
    german = TILLS[1].text
    with_rates = german.replace("A 7%   Netto 4,67   MwSt 0,33\n", "A 7%    4,67   0,33   5,00\nB 19%   2,35   0,45   2,80\n")
    extracted = read(with_rates)
    assert [value_at(extracted, path) for path in ("total_with_tax", "total_tax", "total_without_tax")] == ["7.80", "0.78", "7.02"]
    assert value_at(read(german), "total_tax") is None


@pytest.mark.parametrize(
    ("printed", "recognized"),
    [
        ("TOTAL                 RM    24.30", "TOTAL                 RM    24.80"),  # the change and the rounding say otherwise
        ("TOTAL                 RM    24.30", "TOTAL                 KM    24. 30"),
        ("TOTAL                 RM    24.30", "TOIAL                 RM    2430"),
        ("TOTAL                 RM    24.30", "TUlhe                 RM    24.30"),
        ("Rounding Adj                -0.02", "Roundinq Adj                -O.02"),
        ("CASH                  RM    50.00", "CA5H                  RM    5O.OO"),
        ("CHANGE                RM    25.70", "CHAMGE                RM    25,70"),
        ("Sub Total                   24.32", "5ub Tota1                   24.82"),
        ("SR 6%           22.94    1.38", "SR 6%           22.94    7.38"),
        ("Date: 14/02/2018 18:22:07", "Dale: l4/O2/2018 18:22:07"),
        ("     KEDAI BINTANG", "  a mei\n     KEDAI BINTANG"),
    ],
)
def test_a_receipt_read_badly(printed: str, recognized: str) -> None:
    assert printed in BULB.text
    extracted = read(BULB.text.replace(printed, recognized), doubted="a mei")
    assert value_at(extracted, "total_with_tax") == BULB.total
    assert value_at(extracted, "issue_date") == BULB.date
    assert value_at(extracted, "seller.name") == BULB.seller


def test_a_total_that_nothing_bears_out_is_said_with_doubt_or_not_at_all() -> None:
    torn = "\n".join(line for line in BULB.text.split("\n") if not line.startswith(("CASH", "CHANGE", "SR", "Round", "Sub", "LED")))
    total = read(torn).fields.get("total_with_tax")
    assert total is None or total.confidence < read(BULB.text).fields["total_with_tax"].confidence


def test_a_total_is_never_made_up_from_change_alone() -> None:
    torn = "\n".join(
        line for line in BULB.text.split("\n") if not line.startswith(("TOTAL", "Sub", "SR", "Round", "LED", "BUCKET", "CASH"))
    )
    assert value_at(read(torn), "total_with_tax") is None


def test_a_date_with_a_time_of_day_outweighs_another() -> None:
    text = BULB.text.replace("Cashier: AMIRAH", "Cashier: AMIRAH\nMember since 01/06/2009")
    assert value_at(read(text), "issue_date") == BULB.date


def test_a_name_on_two_lines() -> None:
    text = BULB.text.replace("KEDAI BINTANG JAYA SDN BHD", "KEDAI BINTANG JAYA (CAWANGAN\n        SKUDAI) SDN BHD")
    assert value_at(read(text), "seller.name") == "KEDAI BINTANG JAYA (CAWANGAN SKUDAI) SDN BHD"


TAIL = """

Date: 12/09/2017   15:22:00
Cashier: AH019
SINK TAP              30.00
TOTAL                 30.00
CASH                  50.00
CHANGE                20.00
"""
ADDRESS = """
  LOT 1851-A, JALAN KPB 6,
  43300 SERI KEMBANGAN
  TEL: 07-386 7524
"""


@pytest.mark.parametrize(
    ("seller", "head"),
    [
        ("88 FAST MART S/B", "88 FAST MART S/B (519537-X)"),
        ("BURGERLAND (M) SDN. BHD.", "BurgerLand\nBURGERLAND (M) SDN. BHD.\nCO. REG NO : 860671-D"),
        ("MAPLE FOOD SERVICES SDN BHD", "MAPLE GRILL RIVERSIDE\nMAPLE FOOD SERVICES SDN BHD\n(419060-A)"),
        ("ORCHID STATIONERY SHOP", "ORCHID STATIONERY SHOP\n(001451637-M)\nOWNED BY :\nORCHID SUPPLY SDN BHD (1135772-K)"),
        (
            "GALAXY RESTAURANTS SDN BHD",
            "GALAXY RESTAURANTS SDN BHD\n(65351-M)\n(Formerly known as Delta Rest Sdn Bhd)\nLicensee of BurgerLand",
        ),
        ("LOKE HARDWARE ENTERPRISE (SETIA ALAM) SDN BHD", "LOKE HARDWARE\nENTERPRISE(SETIA\nALAM) SDNBHD\n822737-X"),
        ("LUCKY BOOK CO. (M) SDN BHD", "LUCKY BOOK CO.\n(M) SDN BHD\nROC No. : (1072825-A)"),
        ("STAR VILLAGE TRADING & SERVICES", "tan ah kow\nSTAR VILLAGE TRADING\n& SERVICES\nJM0326955-U"),
        ("RESTORAN SOMA", "A09062\nTAX INVOICE\nRESTORAN SOMA (Co. Reg. No: 40I6661-A)"),
        ("10 GRAM GOURMET SBN BHD", "10 GRAM GOURMET SBN BHD\n(1152264-K)"),
        ("Chick & Fillet", "Welcome to Chick & Fillet\nCasselberry FSU (#03270)"),
        ("KEDAI RODA", "WELCOME\n*** COPY ***\nKEDAI RODA\nBRANCH : TAMAN SEMI"),
        ("Taverna Bellini S.r.l.", "BELLINI VECCHIA\nTaverna Bellini S.r.l.\nP.IVA 05512340486"),
        ("Le Bistrot de Mewa", "BIENVENUE\nLe Bistrot de Mewa"),
    ],
)
def test_whose_it_is(seller: str, head: str) -> None:
    text = "\n" + "\n".join(f"  {line}" for line in head.split("\n")) + ADDRESS + TAIL
    assert (value_at(read(text), "seller.name") or "").casefold().replace("(setia", " (setia").replace("  ", " ").replace(
        "sdnbhd", "sdn bhd"
    ) == seller.casefold()


HEAD = """
   HARBOUR MINI MART SDN BHD
   (551902-H)
   NO 8, JALAN MERANTI 3,
   81300 SKUDAI, JOHOR
   GST NO: 001234567800
TAX INVOICE
Cashier: AMIRAH   14/02/2018 18:22
LED BULB 9W            15.92
BUCKET 12L              6.81
"""


@pytest.mark.parametrize(
    ("total", "sums"),
    [
        ("22.75", "Total (incl GST)  22.73\nTotal Rounded  22.75\nCash  22.75"),  # what is paid is what was rounded
        ("22.75", "Total Sales (Excluding GST)  21.44\nTotal GST  1.29\nRounding  0.02\nTotal Sales (Inclusive of GST)  22.75"),
        ("22.75", "JUMLAH  22.73\nPELARASAN  0.02\nJUMLAH BESAR  22.75\nTUNAI  30.00\nBAKI  7.25"),
        ("22.73", "Sub Total  22.73\nNett  22.73\nReceived  30.00\nBalance  7.27\nGST Summary  Amount  Tax\nTotal :  21.44  1.29"),
        ("24.09", "Total Amount  22.73\nGST 6%  1.36\nRounding  0.00\nBill Total  24.09"),
        ("22.73", "TL  22.73\nCASH  30.00\nCG  7.27"),
        ("25.00", "Sub Total  22.73\nService Charge 10%  2.27\nTotal  25.00\nVISA  25.00"),
        ("20.46", "DISCOUNT 10%  -2.27\nIMPORTE T0TAL  2O.48\nVISA  20.46"),
        ("22.73", "Total  22.73\nMASTER  22.73\nTOTAL SAVINGS  3.06\nTotal items  2"),
        ("22.75", "TotalAfter Rounding  22.75\nGST Summary  Amount  Tax\nSR 6%  21.44  1.29"),
    ],
)
def test_the_total_is_what_most_bears_out(total: str, sums: str) -> None:
    text = HEAD + "\n".join(f"{left:<14}{'':<6}{right}" for left, _, right in (line.partition("  ") for line in sums.split("\n")))
    assert value_at(read(text), "total_with_tax") == total


@pytest.mark.parametrize("written", ["5.3/2018", "0503/2018", "05.03.20188:34", "05,03,2018"])
def test_a_date_of_which_a_mark_was_misread(written: str) -> None:
    text = BULB.text.replace("14/02/2018", written).replace("18:22:07", "" if ":" in written else "18:22:07")
    assert value_at(read(text), "issue_date") == "2018-03-05"


def test_a_dollar_alone_is_not_american() -> None:
    text = BULB.text.replace("RM    ", "     $").replace("14/02/2018", "04/02/2018").replace("24.32", "$24.32").replace("15.92", "$15.92")
    assert value_at(read(text), "issue_date") == "2018-02-04"


def test_an_invoice_is_no_receipt() -> None:
    assert read(INVOICE.format(**GOOD)).document_type == "invoice"
    for sheet in SHEETS:
        if len(sheet.pages) == 1:
            found = find_candidates(read_grid(Document("image/png", (read_page(sheet.pages[0]),))))
            if read_receipt(found):
                assert "receipt" in sheet.name or "till" in sheet.name or "kassen" in sheet.name, sheet.name


LETTER = """
Pike & Kerr Farm Produce
14 Station Road, Asheville, NC 51856

Lucy Fenwick
                                                                                  07/01/2016
Invoice RE-2016-754
Thank you for your business.

Course table                                                                          144.78
Conference ticket                                                                     458.92
Net total                                                                             603.70
Sales tax (8.25%)                                                                      49.81
Total incl. tax                                                                       653.51
Less paid by card, points                                                            -332.14
Total due                                                                             321.37
"""


def test_few_short_lines_on_a_wide_sheet_are_no_receipt() -> None:
    narrow = re.sub(" {8,}", "    ", LETTER)
    assert read_receipt(find_candidates(read_grid(Document("image/png", (read_page(narrow),)))))
    extracted = read(LETTER)
    assert extracted.document_type == "invoice"
    assert value_at(extracted, "total_with_tax") == "653.51"
    assert value_at(extracted, "total_tax") == "49.81"


def test_a_text_layer_is_read_as_before() -> None:
    found = find_candidates(read_grid(Document("application/pdf", (page(BULB.text),))))
    assert read_receipt(found) is None
    assert extract_text(Document("application/pdf", (page(BULB.text),))).source == "text"


def test_the_vat_id_of_a_receipt_is_the_sellers_also_below_an_address() -> None:
    text = """
         Silverbeck Catering Ltd
    2 Mill Walk
    BA1 9QX Bath
    VAT GB390001301
    Receipt No 004417
    Date 14/03/2026  Time 13:27
    Apple cake              9.60
    Subtotal excl. VAT      8.00
    VAT 20%                 1.60
    TOTAL GBP               9.60
    Cash                   10.00
    Change                  0.40
    Thank you for your visit
"""
    extracted = read(text)
    assert (value_at(extracted, "seller.vat_id"), value_at(extracted, "buyer.vat_id")) == ("GB390001301", None)


STRIP = """
     Gartenbau Lindner GmbH
       Hauptstraße 14
     79147 Freiburg
Bon: 202112
Datum: 06.12.2021 14:11
Kasse 4 Kassierer: Anna
------------------------------------------------------------
Limonade 24 x 0,33 l
 20 x 26,27                   525,40
Schnittgut
 1 x 1.161,67               1.161,67
------------------------------------------------------------
Zwischensumme               1.687,07
Gesamt                      1.687,07
girocard                    1.687,07
  Vielen Dank
"""


def test_a_strip_with_a_text_layer_is_read_as_a_receipt_is() -> None:
    narrow = replace(page(STRIP), width=226.0)
    extracted = extract_text(Document("application/pdf", (narrow,)))
    assert extracted.document_type == "receipt"
    assert [(line.item_name, str(line.quantity), str(line.net_price), str(line.net_amount)) for line in extracted.invoice.lines] == [
        ("Limonade 24 x 0,33 l", "20", "26.27", "525.40"),
        ("Schnittgut", "1", "1161.67", "1161.67"),
    ]
