"""Item tables that go on over pages: titles that could not be read there, sums carried, sheets laid askew, and where a table ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.document import Document, Page, Words
from app.extractors.text import extract_text
from tests.test_extract_pictures import read_page
from tests.test_extract_text import page, value_at

HEAD = """
Fernhill Tools Ltd                                                          INVOICE
2 Weir Lane, Leeds LS1 4AB                                  Invoice number: FT-20711
VAT no: GB980780684                                         Invoice date: 03/11/2024

Bill to
Marlow Boats Ltd

"""
TITLES = "Item      Description                         Qty      Unit price      VAT            Amount"
LETTERHEAD = """
Fernhill Tools Ltd                                                          INVOICE
2 Weir Lane, Leeds LS1 4AB        VAT no: GB980780684   Bank: Weir Bank

"""
FOOT = """

Fernhill Tools Ltd   Company no. 0799001   VAT no: GB980780684
Page {page} of 3
"""
ROWS = [
    ("4100", "Hand plane", 3, "20.00", "60.00"),
    ("4117", "Work lamp", 12, "10.00", "120.00"),
    ("4134", "Tool chest", 2, "70.50", "141.00"),
    ("4151", "Oak board", 8, "6.25", "50.00"),
    ("4168", "Wood glue", 30, "1.10", "33.00"),
    ("4185", "Sanding disc", 9, "4.00", "36.00"),
]
TOTALS = """
                                                          Subtotal                    440.00
                                                          VAT 20%                      88.00
                                                          Total                       528.00
IBAN: GB82 WEST 1234 5698 7654 32
"""
LINES = [(code, name, str(count), price, amount) for code, name, count, price, amount in ROWS]


def rows(first: int, end: int) -> str:
    return "\n".join(
        f"{code:10}{name:34}{count:5}{price:>16}      20%  {amount:>16}" for code, name, count, price, amount in ROWS[first:end]
    )


def carried(label: str, amount: str) -> str:
    return f"          {label:65}{amount:>12}"


def three_pages(titles: str, label: str = "Brought forward") -> list[str]:
    return [
        HEAD + TITLES + "\n" + rows(0, 2) + "\n" + carried("Carried forward", "180.00") + FOOT.format(page=1),
        LETTERHEAD + titles + "\n" + carried(label, "180.00") + "\n" + rows(2, 4) + "\n" + carried(label, "371.00") + FOOT.format(page=2),
        LETTERHEAD + titles + "\n" + carried(label, "371.00") + "\n" + rows(4, 6) + TOTALS + FOOT.format(page=3),
    ]


def scanned(*texts: str) -> Document:
    return Document("image/tiff", tuple(replace(read_page(text), number=i) if text else blank(i) for i, text in enumerate(texts, 1)))


def printed(*texts: str) -> Document:
    return Document("application/pdf", tuple(page(text, number) for number, text in enumerate(texts, 1)))


def blank(number: int) -> Page:
    return replace(read_page("x"), number=number, words=Words((), b"", b"", b"", b""))


def lines(document: Document) -> list[tuple[str | None, str | None, str | None, str, str]]:
    return [
        (line.item_id, line.item_name, None if line.quantity is None else str(line.quantity), str(line.net_price), str(line.net_amount))
        for line in extract_text(document).invoice.lines
    ]


NO_TITLES = ""
SOME = "          Descripti:                                            ice     VA             Amount"
TWO = "          Description                                                   VA             Amount"


@pytest.mark.parametrize("titles", [TITLES, NO_TITLES, SOME, TWO], ids=["all", "none", "some", "two"])
def test_pages_whose_titles_were_not_read_have_the_columns_of_the_page_before(titles: str) -> None:
    assert lines(scanned(*three_pages(titles))) == LINES
    assert lines(printed(*three_pages(titles))) == LINES


@pytest.mark.parametrize("titles", [TITLES, NO_TITLES, TWO], ids=["all", "none", "two"])
def test_blank_backs_of_sheets_do_not_end_a_table(titles: str) -> None:
    first, second, third = three_pages(titles)
    document = scanned(first, "", second, "", third, "")
    assert lines(document) == LINES
    assert value_at(extract_text(document), "total_with_tax") == "528.00"


@pytest.mark.parametrize("titles", [NO_TITLES, TWO], ids=["none", "two"])
@pytest.mark.parametrize("columns", [-5, 5])
def test_a_sheet_may_lie_further_left_or_right(titles: str, columns: int) -> None:
    first, *others = three_pages(titles)
    moved = [
        "\n".join(" " * columns + line if columns > 0 else line.removeprefix(" " * -columns) for line in text.split("\n"))
        for text in others
    ]
    wide = "\n".join(" " * 5 + line for line in first.split("\n"))
    if columns < 0:
        assert lines(scanned(wide, *others)) == LINES
    else:
        assert lines(scanned(first, *moved)) == LINES


@pytest.mark.parametrize(
    "label",
    [
        "Brought forward",
        "Carried over from page 1",
        "Balance brought forward",
        "Brou9ht fonvard",  # misread past knowing
        "Übertrag",
        "Übertrag von Seite 1",
        "Zwischensumme",
        "Vortrag",
        "Report",
        "Report de la page précédente",
        "À reporter",
        "Transport",
        "Over te brengen",
        "Overgebracht",
        "Transporteren",
        "Riporto",
        "A riportare",
        "Suma anterior",
        "Suma y sigue",
        "A transportar",
        "Transporte",
    ],
)
def test_a_sum_that_is_carried_over_is_no_item(label: str) -> None:
    assert lines(scanned(*three_pages(NO_TITLES, label))) == LINES
    assert lines(scanned(*three_pages(TITLES, label))) == LINES


def test_what_stands_under_a_sum_carried_belongs_to_no_item() -> None:
    for document in (scanned(*three_pages(NO_TITLES)), printed(*three_pages(NO_TITLES))):
        assert [line.item_description for line in extract_text(document).invoice.lines[:2]] == [None, None]


def test_a_name_keeps_its_numbers() -> None:
    names = ["Lamp, metal, for a room 103", "Lamp, glass, for a room 4", "Lamp, metal, for a bath 10"]
    body = "\n".join(
        f"41{i}       {name:36}{3 + i:3}           20.00      20%             {60 + 20 * i}.00" for i, name in enumerate(names)
    )
    body += "\n419       Lamp, gilded, large, room           2           10.00      20%             20.00\n          115\n          12345"
    for document in (scanned(HEAD + TITLES + "\n" + body + TOTALS), printed(HEAD + TITLES + "\n" + body + TOTALS)):
        assert [line.item_name for line in extract_text(document).invoice.lines] == [*names, "Lamp, gilded, large, room 115"]


def test_a_line_set_smaller_is_no_part_of_the_name() -> None:
    long = "Consumer unit, metal, room 103"
    text = (
        HEAD + TITLES + f"\n4100      {long:36}  3           20.00      20%             60.00\n          Populated with breakers" + TOTALS
    )
    sheet = page(text)
    line = next(sheet.words.line(i) for i, word in enumerate(sheet.words.texts) if word == "Populated")
    boxes = memoryview(bytearray(sheet.words.boxes)).cast("H")
    for i in range(len(sheet.words)):
        boxes[4 * i + 3] -= (boxes[4 * i + 3] - boxes[4 * i + 1]) // 10 if sheet.words.line(i) == line else 0
    small = replace(sheet, words=replace(sheet.words, boxes=boxes.cast("B").tobytes()))
    read = [extract_text(Document("application/pdf", (one,))).invoice.lines[0] for one in (sheet, small)]
    assert [(item.item_name, item.item_description) for item in read] == [
        (f"{long} Populated with breakers", None),
        (long, "Populated with breakers"),
    ]


@pytest.mark.parametrize(("cell", "quantity"), [("14m", "14"), ("2.5h", "2.5"), ("15m", None), ("M8", None)])
def test_a_quantity_close_to_its_unit_is_read_where_price_and_amount_prove_it(cell: str, quantity: str | None) -> None:
    amount = "28.00" if cell == "14m" else "30.02" if cell == "15m" else "5.00"
    text = (
        HEAD + TITLES + f"\n4100      Cable tray                         {cell:>5}            2.00      20%            {amount:>5}" + TOTALS
    )
    line = extract_text(scanned(text)).invoice.lines[0]
    assert (None if line.quantity is None else str(line.quantity), str(line.net_amount)) == (quantity, amount)


def test_other_amounts_behind_the_totals_are_no_items() -> None:
    first, second, third = three_pages(NO_TITLES)
    annex = LETTERHEAD + "Journeys of the month\n\n" + rows(0, 3)
    assert lines(scanned(first, second, third, annex)) == LINES


def test_a_table_of_its_own_on_the_next_page_keeps_its_columns() -> None:
    first = HEAD + TITLES + "\n" + rows(0, 2)
    second = (
        "\n\nDescription                        Hours             Rate                  Amount\n"
        "Sharpening of blades                 2.5            40.00                  100.00\n"
        "Repair of a drill                      3            40.00                  120.00\n\n"
        "                                                 Subtotal                  400.00\n"
    )
    assert [line[1:] for line in lines(scanned(first, second))] == [
        *(line[1:] for line in LINES[:2]),
        ("Sharpening of blades", "2.5", "40.00", "100.00"),
        ("Repair of a drill", "3", "40.00", "120.00"),
    ]


@pytest.mark.parametrize(
    ("recognized", "bic"),
    [
        ("WESTGB22", "WESTGB22"),
        ("WE5TGB22XXX", "WESTGB22XXX"),
        ("WESTIEZD", "WESTIE2D"),
        ("Z2NKIEZDXXX", "ZZNKIE2DXXX"),
        ("WESTCHZH", "WESTCHZH"),
        ("W1234567", None),
    ],
)
def test_letters_stand_in_a_bic_where_it_has_them(recognized: str, bic: str | None) -> None:
    assert value_at(extract_text(scanned(HEAD + TITLES + "\n" + rows(0, 6) + TOTALS + f"BIC: {recognized}\n")), "payment_bic") == bic
