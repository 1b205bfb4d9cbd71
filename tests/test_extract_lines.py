"""Item tables that are hard to read, made up: titles on several lines, words around their numbers, discounts, rows that count nothing."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.document import Document
from app.domain.extraction import DOUBT, Extracted
from app.domain.finding import Finding
from app.extractors.text import extract_text
from app.rules.context import Context
from app.stages.validate import findings_of
from tests.test_extract_pictures import read, read_page
from tests.test_extract_text import page

HEAD = """
Brookfield Supplies Ltd                                              INVOICE
12 Mill Road, Leeds LS1 4AB                             Invoice number: BS-4410
VAT no: GB980780684                                     Invoice date: 03/11/2024

Bill to
Marlow Boats Ltd

"""


def printed(text: str) -> Document:
    return Document("application/pdf", (page(HEAD + text),))


def lines(extracted: Extracted) -> list[tuple[str | None, str | None, str | None, str]]:
    return [
        (line.item_name, None if line.quantity is None else str(line.quantity), line.unit, str(line.net_amount))
        for line in extracted.invoice.lines
    ]


def findings(document: Document, extracted: Extracted) -> list[Finding]:
    return list(findings_of(Context(document, extracted, date(2024, 12, 1))))


def test_titles_on_several_lines_are_read_as_one() -> None:
    text = """
        Unsere       Ihre                                    Menge     Meng.-      Preis/
 Pos    Art.Nr.      Art.Nr.     Artikelbeschreibung                   einheit     Einheit       Entgelt
 1      KR3M         55T01       Kunstrasen breit              3,00    m2             4,10        12,00
 2      SF5K         55T02       Saatgut fein                  5,00    kg             5,60        27,50

                                                   Summe netto                          39,50
                                                   USt. 19 %                             7,51
                                                   Gesamtbetrag                         47,01
"""
    extracted = extract_text(printed(text))
    assert lines(extracted) == [("Kunstrasen breit", "3.00", "m2", "12.00"), ("Saatgut fein", "5.00", "kg", "27.50")]
    assert [line.item_id for line in extracted.invoice.lines] == ["KR3M", "SF5K"]


def test_two_columns_of_words_under_one_title_are_kept_apart() -> None:
    text = """
 Ligne  CODE ARTICLE, DESIGNATION             P.U. HT      Qté       TOTAL HT     TVA
 1      ligne 1        Prestation support       60,00       1          60,00     20 %
        art 98741
 2      ligne 3        Fournitures papier       30,00       3          90,00     20 %
        art 12554
                                                         Total HT     150,00
                                                         TVA 20 %      30,00
                                                         Total TTC    180,00
"""
    assert [name for name, *_ in lines(extract_text(printed(text)))] == ["Prestation support", "Fournitures papier"]


CENTRED = """
 Description                            Qty        Price        Amount

 Posters, banners
                                          2        40.00         80.00
 and wristbands

 Advertisement
 campaign for the                         3        50.00        150.00
 spring fair

                                               Subtotal         230.00
                                               VAT 20%           46.00
                                               Total            276.00
"""


def test_words_stand_around_their_numbers() -> None:
    names = [name for name, *_ in lines(extract_text(printed(CENTRED)))]
    assert names[0] == "Posters, banners and wristbands"
    assert names[1] is not None and names[1].startswith("Advertisement")


def test_titles_of_groups_and_words_of_the_next_item_do_not_go_to_the_item_above() -> None:
    text = """
 Description                            Qty        Price        Amount
 Timber
 Oak board, planed                        2        40.00         80.00
   sawn to size

 Ironware
 Hinges, brass                            3        50.00        150.00
                                               Subtotal         230.00
                                               VAT 20%           46.00
                                               Total            276.00
"""
    extracted = extract_text(printed(text))
    assert [line.item_description for line in extracted.invoice.lines] == ["sawn to size", None]


DISCOUNTS = """
 Item      Description                         Qty      Unit price                Amount
 4100      Hand plane                           3           20.00                 60.00
                    Discount 10%                                                  -6.00
 4117      Work lamp                           12           10.00                120.00
                                                       Subtotal                  {subtotal}
                                                       VAT 20%                   {tax}
                                                       Total                     {total}
"""


def test_a_discount_under_a_line_is_its_own_where_the_sum_says_so() -> None:
    extracted = extract_text(printed(DISCOUNTS.format(subtotal="174.00", tax="34.80", total="208.80")))
    first, second = extracted.invoice.lines
    assert (str(first.net_amount), str(second.net_amount)) == ("54.00", "120.00")
    assert [(str(change.amount), change.reason) for change in first.allowances] == [("6.00", "Discount 10%")]
    assert "line_amount" not in {finding.rule for finding in findings(printed(""), extracted)}
    assert extracted.fields["lines.0.allowances.0.amount"].page == 1


def test_discounts_and_charges_under_the_lines_are_the_documents() -> None:
    text = """
 Item      Description                         Qty      Unit price                Amount
 4100      Hand plane                           3           20.00                 60.00
 4117      Work lamp                           12           10.00                120.00
           Discount                                                              -18.00
           Shipping                                                                8.00
                                                       Net total                 170.00
                                                       VAT 20%                    34.00
                                                       Total                     204.00
"""
    document = printed(text)
    extracted = extract_text(document)
    invoice = extracted.invoice
    assert [str(line.net_amount) for line in invoice.lines] == ["60.00", "120.00"]
    assert [(str(change.amount), change.reason) for change in (*invoice.allowances, *invoice.charges)] == [
        ("18.00", "Discount"),
        ("8.00", "Shipping"),
    ]
    assert (str(invoice.allowance_total), str(invoice.charge_total)) == ("18.00", "8.00")
    assert [finding.rule for finding in findings(document, extracted) if finding.severity == "error"] == []


def test_a_row_that_counts_nothing_is_no_line() -> None:
    text = """
 Description                            Qty        Price        Amount
 Tablet                                   1       399.00        399.00
   Incl. levy on copies                   1                       4.24
 Cover                                    1        69.99         69.99
                                               Total            468.99
"""
    extracted = extract_text(printed(text))
    assert [amount for *_, amount in lines(extracted)] == ["399.00", "69.99"]
    assert extracted.left_out == ()


OPEN = """
 Description                            Qty        Price        Amount
 Tablet                                   1       399.00        399.00
 Cover                                    2        35.00         71.00
   Of which plastic                                              11.00
                                               Subtotal         {total}
                                               Total            {total}
"""


def test_where_the_sum_does_not_close_rows_in_doubt_and_rows_left_out_are_said() -> None:
    document = printed(OPEN.format(total="555.55"))
    extracted = extract_text(document)
    found = [finding for finding in findings(document, extracted) if finding.rule == "lines_in_doubt"]
    assert len(found) == 1
    assert "line 2." in found[0].message
    assert "Of which plastic 11.00" in found[0].message
    assert set(found[0].fields) == {"lines.1.quantity", "lines.1.net_price", "lines.1.net_amount"}
    assert extracted.fields["lines.0.net_amount"].confidence > DOUBT > extracted.fields["lines.1.net_amount"].confidence
    assert [(row.page, row.text) for row in extracted.left_out] == [(1, "Of which plastic 11.00")]


def test_where_the_sum_closes_nothing_is_in_doubt() -> None:
    document = printed(OPEN.format(total="470.00"))
    extracted = extract_text(document)
    assert [finding.rule for finding in findings(document, extracted) if finding.rule == "lines_in_doubt"] == []
    assert extracted.left_out == ()


SCAN = """
 Item      Description                         Qty      Unit price                Amount
 4100      Hand plane                           3           20.00                 60.00
 4117      Work lamp                           12                                {lamp}
 4134      Deposit on crates                   20            2.77                 55.46
                                                       Subtotal                  235.46
                                                       VAT 20%                    47.09
                                                       Total                     282.55
"""


@pytest.mark.parametrize("recognized", ["120.00", "128.00", "120.08"])
def test_the_sum_tells_how_an_amount_was_misread_and_that_a_rounded_price_is_none(recognized: str) -> None:
    document = Document("image/png", (read_page(HEAD + SCAN.format(lamp=recognized)),))
    assert [str(line.net_amount) for line in extract_text(document).invoice.lines] == ["60.00", "120.00", "55.46"]


TILL = """
     KEDAI BINTANG JAYA SDN BHD
       NO 8, JALAN MERANTI 3,
         81300 SKUDAI, JOHOR
       GST NO: 001234567800
Receipt No: 01-77291
Date: 14/02/2018 18:22:07
Cashier: AMIRAH
{articles}
TOTAL                 RM    {total}
CASH                  RM    50.00
CHANGE                RM    {change}
        THANK YOU
   PLEASE COME AGAIN
"""
ABOVE = """
LED BULB 9W DAYLIGHT
2 x 7.96                   15.92
9551234567890 BUCKET 12L
1 x 8.40                    8.40"""
UNDER = """
CODE         QTY    PRICE  AMOUNT
9551200001    2      7.96  15.92
LED BULB 9W DAYLIGHT
9551234567890 1      8.40   8.40
BUCKET 12L"""
BESIDE = """
LED BULB 9W DAYLIGHT     2    15.92
BUCKET 12L               1     8.40"""


@pytest.mark.parametrize("articles", [ABOVE, UNDER, BESIDE], ids=["above", "under", "beside"])
def test_the_articles_of_a_receipt(articles: str) -> None:
    extracted = read(TILL.format(articles=articles, total="24.32", change="25.68"))
    assert extracted.document_type == "receipt"
    assert [(name, quantity, amount) for name, quantity, _, amount in lines(extracted)] == [
        ("LED BULB 9W DAYLIGHT", "2", "15.92"),
        ("BUCKET 12L", "1", "8.40"),
    ]
    assert extracted.fields["lines.0.net_amount"].confidence > 0.7


def test_articles_that_do_not_add_up_are_in_doubt() -> None:
    extracted = read(TILL.format(articles=BESIDE, total="31.07", change="18.93"))
    assert value(extracted) == "31.07"
    assert [amount for *_, amount in lines(extracted)] == ["15.92", "8.40"]
    assert all(extracted.fields[f"lines.{n}.net_amount"].confidence < DOUBT for n in range(2))


def value(extracted: Extracted) -> str:
    return str(extracted.invoice.total_with_tax)


AMOUNTS = [("Desk lamp LED", "2", None, "50.00"), ("Office chair", "1", None, "95.00")]


def test_words_of_tax_under_the_title_of_the_amounts_do_not_make_it_a_tax() -> None:
    text = """
                                                    Amount excl.
 Description                     Qty     Price               VAT
 Desk lamp LED                     2     25.00             50.00
 Office chair                      1     95.00             95.00

                                Net total                 145.00
                                VAT 20 %                   29.00
                                Total                     174.00
"""
    assert lines(extract_text(printed(text))) == AMOUNTS


def test_a_title_of_two_words_is_no_two_columns_because_numbers_stand_in_the_names() -> None:
    text = """
 Cant.   Descripción del artículo             P.V.P.       IVA    Importe neto
   2     Agua mineral 12 x 1 l                 25,00      21 %           50,00
   1     Huevos camperos, 30 uds.              95,00      21 %           95,00

                                         Importe neto                   145,00
                                         IVA 21 %                        30,45
                                         Total factura                  175,45
"""
    extracted = extract_text(printed(text))
    assert [(name, amount) for name, _, _, amount in lines(extracted)] == [
        ("Agua mineral 12 x 1 l", "50.00"),
        ("Huevos camperos, 30 uds.", "95.00"),
    ]


@pytest.mark.parametrize("label", ["Total", "Sum"])
def test_the_total_of_a_group_does_not_end_the_table(label: str) -> None:
    text = f"""
 Description                     Qty     Price            Amount
 Lighting
 Desk lamp LED                     2     25.00             50.00
 {label} lighting                                           50.00
 Furniture
 Office chair                      1     95.00             95.00
 {label} furniture                                          95.00

                                Net total                 145.00
                                VAT 20 %                   29.00
                                Total                     174.00
"""
    assert lines(extract_text(printed(text))) == AMOUNTS


@pytest.mark.parametrize(("before", "code"), [("[DL-107] ", "DL-107"), ("4711-03 - ", "4711-03")])
def test_a_code_before_the_name_is_the_id_of_the_item(before: str, code: str) -> None:
    text = f"""
 Description                            Qty     Price            Amount
 {before}Desk lamp LED                  2     25.00             50.00
 {before}Office chair                   1     95.00             95.00

                                       Net total                 145.00
                                       VAT 20 %                   29.00
                                       Total                     174.00
"""
    extracted = extract_text(printed(text))
    assert [(line.item_id, line.item_name) for line in extracted.invoice.lines] == [(code, "Desk lamp LED"), (code, "Office chair")]


def test_words_with_a_colon_beside_the_numbers_are_the_name() -> None:
    text = """
 Description                     Qty     Price            Amount
 Workshop: first aid               2     25.00             50.00
 warranty 24 months
 Office chair                      1     95.00             95.00

                                Net total                 145.00
                                VAT 20 %                   29.00
                                Total                     174.00
"""
    assert [name for name, *_ in lines(extract_text(printed(text)))] == ["Workshop: first aid", "Office chair"]


SUMS = """
                                                   Net total                           237.50
                                                   VAT 20 %                             47.50
                                                   Invoice total                       285.00
"""


@pytest.mark.parametrize("titles", ["Brunfel           Vastok                  Zorbit      Quimel       Drapon", ""])
def test_columns_whose_titles_nobody_knows_are_told_by_their_numbers(titles: str) -> None:
    text = f"""
 {titles}
 A-17              Oak plank, planed           5       pcs      27.50       137.50
                   cut to length
 B-04              Brass hinge                 4       pcs      25.00       100.00
{SUMS}"""
    extracted = extract_text(printed(text))
    assert lines(extracted) == [("Oak plank, planed", "5", "pcs", "137.50"), ("Brass hinge", "4", "pcs", "100.00")]
    assert [(line.item_id, str(line.net_price)) for line in extracted.invoice.lines] == [("A-17", "27.50"), ("B-04", "25.00")]


def test_amounts_alone_are_lines_where_they_add_up_to_a_sum_in_another_column() -> None:
    text = f"""
 Garden clearance, spring                                                              137.50
 Hedge trimming along the road                                                         100.00
{SUMS.replace("     ", "  ")}"""
    assert lines(extract_text(printed(text))) == [
        ("Garden clearance, spring", None, None, "137.50"),
        ("Hedge trimming along the road", None, None, "100.00"),
    ]


def test_a_sum_of_lines_and_freight_does_not_make_lines_of_both() -> None:
    text = """
 2    Printer            90.00     180.00
 1    Toner              50.00      50.00

           Worth of goods   230.00
           Freight            7.50
           Net total        237.50
           VAT 20 %          47.50
           Invoice total    285.00
"""
    assert lines(extract_text(printed(text))) == [("Printer", "2", None, "180.00"), ("Toner", "1", None, "50.00")]


def test_words_without_a_title_beside_columns_that_have_one_are_the_names() -> None:
    text = f"""
                                       Qty      Unit price      Amount
 Oak plank, planed                       5           27.50      137.50
 Brass hinge                             4           25.00      100.00
{SUMS}"""
    assert [name for name, *_ in lines(extract_text(printed(text)))] == ["Oak plank, planed", "Brass hinge"]


@pytest.mark.parametrize(
    ("titles", "before"),
    [("Date              Description", ("03 May 2024      ", "04 May 2024      ")), ("Item              Description", ("", ""))],
)
def test_a_date_is_no_name_and_an_item_in_words_is(titles: str, before: tuple[str, str]) -> None:
    rows = [f"{day}{name}" for day, name in zip(before, ("Oak plank", "Brass hinge"), strict=True)]
    text = f"""
 {titles:36}    Qty     Unit price      Amount
 {rows[0]:36}     5           27.50      137.50
 {rows[1]:36}     4           25.00      100.00
{SUMS}"""
    assert [name for name, *_ in lines(extract_text(printed(text)))] == ["Oak plank", "Brass hinge"]


def test_a_price_without_quantity_is_the_amount_and_a_delivery_note_over_items_no_name() -> None:
    text = f"""
 Item                                                           Price
 Delivery note 882072 of 30 December 2024
 Garden clearance, spring                                      137.50
 for the house on the hill
 Hedge trimming along the road                                 100.00
{SUMS}"""
    extracted = extract_text(printed(text))
    assert lines(extracted) == [
        ("Garden clearance, spring", None, None, "137.50"),
        ("Hedge trimming along the road", None, None, "100.00"),
    ]
    assert [line.item_description for line in extracted.invoice.lines] == ["for the house on the hill", None]


def test_thousands_and_cents_behind_the_same_mark_were_misread() -> None:
    text = """
 Description                             Qty       Price       Amount
 Oak planks                                1    1,999,00     1,999,00
 Brass hinge                               2        4.00         8.00

                                                   Total        2,007.00
"""
    assert [amount for *_, amount in lines(read(HEAD + text))] == ["1999.00", "8.00"]


def test_the_last_lines_are_charges_where_a_sum_stands_without_them() -> None:
    text = """
Description                  Qty     Unit price        Amount
Cable tray                     2          20.00         40.00
Steel bracket                  5           4.00         20.00
Shipping                       1           6.00          6.00

                             Goods                      60.00
                             Subtotal                   66.00
                             VAT 20%                    13.20
                             Total                      79.20
"""
    extracted = extract_text(printed(text))
    assert lines(extracted) == [("Cable tray", "2", None, "40.00"), ("Steel bracket", "5", None, "20.00")]
    assert [str(charge.amount) for charge in extracted.invoice.charges] == ["6.00"]


@pytest.mark.parametrize(("cell", "quantity", "unit"), [("8months", "8", "months"), ("3", "3", None)])
def test_a_quantity_set_against_its_unit_under_its_title(cell: str, quantity: str, unit: str | None) -> None:
    text = f"""
Description                Quantity                    Amount
Hosting of the shop        {cell:<8}                     40.00
Support                    {cell:<8}                     20.00

                           Subtotal                     60.00
                           VAT 20%                      12.00
                           Total                        72.00
"""
    assert lines(extract_text(printed(text))) == [("Hosting of the shop", quantity, unit, "40.00"), ("Support", quantity, unit, "20.00")]


def test_two_titles_set_without_a_blank_are_both() -> None:
    text = """
Service                    QuantityUnit                Amount
Hosting of the shop             8months                 40.00
Support                          500hrs                 20.00

                           Subtotal                     60.00
                           Total                        60.00
"""
    assert lines(extract_text(printed(text))) == [("Hosting of the shop", "8", "months", "40.00"), ("Support", "500", "hrs", "20.00")]


def test_a_table_of_details_stands_for_the_summary_over_it() -> None:
    text = """
Description                                            Amount
Mobile services                                         46.00

                           Subtotal                     46.00
                           VAT 20%                       9.20
                           Total                        55.20

Item                       Quantity       Price        Amount
Router hire                       2        5.50         11.00
Internet 100 Mbit/s               1       35.00         35.00
                           Subtotal                     46.00
"""
    assert lines(extract_text(printed(text))) == [("Router hire", "2", None, "11.00"), ("Internet 100 Mbit/s", "1", None, "35.00")]


def test_words_that_also_name_a_charge_are_a_name_where_no_number_stands_beside_them() -> None:
    text = """
Description                Quantity       Price        Amount

Rent of unit 6
                                  2      100.00        200.00
14/05/2023 to 12/08/2023

Service charge
                                  1       45.00         45.00
14/05/2023 to 12/08/2023

                           Subtotal                    245.00
                           Total                       245.00
"""
    assert [name for name, *_ in lines(extract_text(printed(text)))] == ["Rent of unit 6", "Service charge"]


def test_factors_and_a_discount_behind_a_name_are_no_part_of_it() -> None:
    text = """
Description                                            Amount
Domain privacy (12 x 3.67, less 15%)                    37.43
SSL certificate, 1 year (2 x 71.64, less 10%)          128.95

                           Subtotal                    166.38
                           Total                       166.38
"""
    assert lines(extract_text(printed(text))) == [
        ("Domain privacy", "12", None, "37.43"),
        ("SSL certificate, 1 year", "2", None, "128.95"),
    ]


def test_an_amount_behind_the_price_counts_and_not_the_total_to_date() -> None:
    text = """
 OZ          Leistung              bisher        gesamt     Menge lfd.        EP     diese Rechnung
 08.07.010   Streifenfundament     300,00        517,90        2 m        108,95             217,90
 05.06.020   Mauerwerk              16,38         98,28        5 qm        16,38              81,90
 01.09.030   Baustelle              10,00         40,00        1 Stk.      30,00              30,00

                                   Leistungsstand kumuliert, netto                           656,18
                                   abzgl. Abschlagsrechnungen                                326,38
                                   Nettobetrag                                               329,80
                                   USt. 19 %                                                  62,66
                                   Rechnungsbetrag                                           392,46
"""
    assert [amount for *_, amount in lines(extract_text(printed(text)))] == ["217.90", "81.90", "30.00"]


def test_a_row_across_the_columns_is_no_part_of_a_name() -> None:
    text = """
Pos.  Description               Quantity       Price        Amount
LFS 80751683 of 18.01.2019, order 166652
1     Network cable                    2       10.00         20.00
2     Rack                             1       30.00         30.00
LFS 80618182 of 22.01.2019, order 131425
3     Patch panel                      1       40.00         40.00

                                Subtotal                     90.00
                                Total                        90.00
"""
    assert [name for name, *_ in lines(extract_text(printed(text)))] == ["Network cable", "Rack", "Patch panel"]
