"""Rows of item tables that are no lines, and words in them that are no names: periods, codes, titles of groups, running sums, discounts."""

from __future__ import annotations

import pytest

from app.extractors.text import extract_text
from tests.test_extract_lines import lines, printed

TITLES = " Code      Description                         Qty       Price      Amount   C"


def items(body: str, total: str, titles: str = TITLES) -> list[tuple[str | None, str]]:
    text = f"{titles}\n{body}\n\n{'Total':>58}{total:>10}\n"
    return [(name, amount) for name, _, _, amount in lines(extract_text(printed(text)))]


def test_a_code_beside_the_numbers_is_no_name_where_words_stand_under_it() -> None:
    titles = " Ln   Ordered   Shipped   B/O  Product & description      U/M     Price    Extension"
    body = """
 1         10        10     0 M13243                      UNITS     7.50       75.00
                                 OIL SEAL
 2          3         3     0 N66931                      UNITS    25.00       75.00
                                 SPROCKET
"""
    assert items(body, "150.00", titles) == [("OIL SEAL", "75.00"), ("SPROCKET", "75.00")]


@pytest.mark.parametrize("titles", [TITLES, ""], ids=["titles", "no titles"])
@pytest.mark.parametrize("place", ["           ", " "], ids=["over the names", "at the edge"])
def test_the_title_of_a_group_is_no_name_where_each_line_has_its_code(place: str, titles: str) -> None:
    body = f"""
{place}Labour costs
 K226      Alignment                            1      100.00      100.00   1
 I576      Climate                              2       25.00       50.00   1
{place}Parts and material
 H212      Filter                               1       12.00       12.00   1
 L414      Blades                               2       10.00       20.00   1
"""
    expected = [("Alignment", "100.00"), ("Climate", "50.00"), ("Filter", "12.00"), ("Blades", "20.00")]
    assert items(body, "182.00", titles) == expected


def test_the_sum_of_the_lines_so_far_is_no_line_whatever_it_is_called() -> None:
    body = """
 Audit of the year                                                 250.00
 Bookkeeping                                                      1000.00
 Fees                                                             1250.00
 Copies and stamps                                                   5.00
 Fees and copies                                                  1255.00
"""
    assert items(body, "1255.00", " Description                                                   Amount") == [
        ("Audit of the year", "250.00"),
        ("Bookkeeping", "1000.00"),
        ("Copies and stamps", "5.00"),
    ]


def test_what_is_taken_off_under_counted_lines_is_a_discount_whatever_it_is_called() -> None:
    body = """
 K226      Axle alignment                       1      100.00      100.00
 I576      Climate service                      2       25.00       50.00
           Loyal friends                                           -10.00
"""
    text = f"{TITLES}\n{body}\n\n{'Total':>58}{'140.00':>10}\n"
    invoice = extract_text(printed(text)).invoice
    assert [line.item_name for line in invoice.lines] == ["Axle alignment", "Climate service"]
    assert [(str(each.amount), each.reason) for each in invoice.allowances] == [("10.00", "Loyal friends")]


def test_dates_beside_the_words_are_no_names_where_no_title_is_known() -> None:
    body = """
 12 de novembro de 2020     Quarto duplo                           110.58
 12 de novembro de 2020     Minibar                                 14.81
 13 de novembro de 2020     Restaurante                             63.75
"""
    assert items(body, "189.14", "") == [("Quarto duplo", "110.58"), ("Minibar", "14.81"), ("Restaurante", "63.75")]
