"""Words as they come from a picture: confusions that proof resolves, and that without proof stay as they were read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.document import Document, Page, Words
from app.domain.extraction import Extracted
from app.extractors.confusions import as_number, misreading
from app.extractors.misread_ids import readings
from app.extractors.misread_labels import mended
from app.extractors.text import extract_text
from tests.test_extract_text import page, value_at


def read_page(text: str, doubted: str = "") -> Page:
    """A page of recognized words, all read well but those of `doubted`."""
    printed = page(text)
    words = printed.words
    sure = bytes(40 if word in doubted.split() else 96 for word in words.texts)
    return replace(
        printed, text="read", engine="tesseract", words=Words(words.texts, words.boxes, words.lines, words.marks, sure), image_share=1.0
    )


def read(text: str, doubted: str = "") -> Extracted:
    return extract_text(Document("image/png", (read_page(text, doubted),)))


INVOICE = """
Bramble & Finch Ltd                                     INVOICE
4 Quarry Lane                                Invoice number: {number}
Leeds LS1 4AB                                Invoice date: {date}
VAT no: {vat}                                Order number: {order}

Bill to
Harrow Toys Ltd
9 Dock Street

Description                  Quantity      Unit price        Amount
Garden lamps                      {quantity}           {price}        {amount}
Steel buckets                      3           12.00         36.00

                                          Subtotal           {net}
                                          VAT 20%             {tax}
                                          Total             {total}
IBAN: {iban}
"""
GOOD = {
    "number": "INV-10452",
    "date": "03/11/2024",
    "vat": "GB 980 7806 84",
    "order": "77120",
    "quantity": "12",
    "price": "55.00",
    "amount": "660.00",
    "net": "696.00",
    "tax": "139.20",
    "total": "835.20",
    "iban": "GB82 WEST 1234 5698 7654 32",
}
TRUTH = {
    "number": "INV-10452",
    "issue_date": "2024-11-03",
    "seller.name": "Bramble & Finch Ltd",
    "seller.vat_id": "GB980780684",
    "buyer.name": "Harrow Toys Ltd",
    "purchase_order_reference": "77120",
    "total_without_tax": "696.00",
    "total_tax": "139.20",
    "total_with_tax": "835.20",
    "payment_account": "GB82WEST12345698765432",
    "lines": "12 x 55.00 = 660.00",
}


def told(extracted: Extracted) -> dict[str, str | None]:
    line = extracted.invoice.lines[0]
    return {path: value_at(extracted, path) for path in TRUTH if path != "lines"} | {
        "lines": f"{line.quantity and int(line.quantity)} x {line.net_price} = {line.net_amount}"
    }


@pytest.mark.parametrize(
    ("field", "recognized"),
    [
        ("date", "03/11/2024"),
        ("date", "O3/1l/2O24"),
        ("date", "03 / 11 / 2024"),
        ("date", "o3/11/2024"),
        ("vat", "GB 98O 78O6 84"),
        ("date", "03/11/202 4"),
        ("vat", "27AAPFUO939F1ZV"),
        ("total", "835,20!"),
        ("iban", "GB82 WEST l234 5698 76S4 32"),
        ("iban", "GB82 WE5T 1234 5698 7654 32"),
        ("iban", "GB 82WEST 1234 569 87654 32"),
        ("iban", "GB82 WEST 1234 5698 76S4 32"),
        ("iban", "6B82 WEST 1234 5698 7654 32"),
        ("vat", "G8 98O 7806 84"),
        ("order", "7712O"),
        ("number", "INV-1O452"),
        ("quantity", "72"),
        ("price", "56.00"),
        ("price", "5500"),
        ("amount", "668.00"),
        ("amount", "66000"),
        ("amount", "6GO.OO"),
        ("net", "696. 00"),
        ("net", "696 .00"),
        ("net", "69G.OO"),
        ("net", "686.00"),
        ("tax", "l39.2O"),
        ("tax", "13920"),
        ("tax", "189.20"),
        ("total", "£B35.20"),
        ("total", "€835.20"),
        ("total", "E835.20"),
        ("total", "885.20"),
        ("total", "83520"),
        ("total", "835.2O |"),
    ],
)
def test_what_was_confused_is_read_as_it_was_printed(field: str, recognized: str) -> None:
    expected = TRUTH | ({"seller.vat_id": "27AAPFU0939F1ZV"} if recognized.startswith("27") else {})
    assert told(read(INVOICE.format(**GOOD | {field: recognized}))) == expected


def test_every_field_says_that_it_was_recognized_and_by_what() -> None:
    extracted = read(INVOICE.format(**GOOD))
    assert extracted.source == "ocr"
    assert {field.source for path, field in extracted.fields.items() if path != "currency"} == {"ocr"}
    assert {field.engine for path, field in extracted.fields.items() if path != "currency"} == {"tesseract"}
    assert extract_text(Document("application/pdf", (page(INVOICE.format(**GOOD)),))).source == "text"


def test_a_document_of_both_kinds_of_pages_says_which_is_which() -> None:
    first, second = (
        page(INVOICE.split("Description")[0].format(**GOOD)),
        read_page("Description" + INVOICE.format(**GOOD).split("Description")[1]),
    )
    extracted = extract_text(Document("application/pdf", (first, replace(second, number=2))))
    assert extracted.source == "ocr"
    assert (extracted.fields["number"].source, extracted.fields["total_with_tax"].source) == ("text", "ocr")
    assert extracted.fields["total_with_tax"].engine == "tesseract"


def test_a_word_that_was_doubted_makes_its_field_less_sure() -> None:
    well = read(INVOICE.format(**GOOD)).fields
    badly = read(INVOICE.format(**GOOD), doubted="INV-10452").fields
    changed = read(INVOICE.format(**GOOD | {"number": "INV-1O452"})).fields
    assert badly["number"].confidence < 0.85 * well["number"].confidence
    assert changed["number"].confidence < well["number"].confidence
    assert badly["issue_date"].confidence == pytest.approx(well["issue_date"].confidence, abs=0.03)  # the page as a whole counts a little


def test_an_account_is_found_right_behind_its_label() -> None:
    text = INVOICE.format(**GOOD).replace("IBAN: GB82 WEST 1234 5698 7654 32", "IBAN NL91ABNAO417164300")
    assert value_at(read(text), "payment_account") == "NL91ABNA0417164300"


@pytest.mark.parametrize("country", ["1E", "lE", "!E", "IE"])
def test_an_account_whose_country_was_recognized_as_digits(country: str) -> None:
    text = INVOICE.format(**GOOD | {"iban": f"{country}29 AIBK 9311 5212 3456 78"})
    assert value_at(read(text), "payment_account") == "IE29AIBK93115212345678"
    assert value_at(read(text.replace("3456 78", "3456 79")), "payment_account") == (None if country != "IE" else "IE29AIBK93115212345679")


def test_without_proof_nothing_else_is_read() -> None:
    # No two of the sums bear out another third; the check digits of the account fail however it is read; no evidence for the number.
    text = INVOICE.format(**GOOD | {"total": "9120.44", "iban": "GB82 WEST l234 5698 7654 33", "number": "WQ7BO4-K"})
    extracted = read(text)
    assert value_at(extracted, "total_with_tax") == "9120.44"
    assert value_at(extracted, "number") == "WQ7BO4-K"
    assert value_at(extracted, "payment_account") is None


def test_a_text_layer_is_never_read_otherwise() -> None:
    for field, wrong in (("iban", "GB82 WEST l234 5698 7654 32"), ("date", "O3/1l/2O24"), ("tax", "l39.2O"), ("number", "INV-1O452")):
        document = Document("application/pdf", (page(INVOICE.format(**GOOD | {field: wrong})),))
        assert told(extract_text(document)) != TRUTH, field


def test_the_sums_of_a_picture_stay_where_they_contradict_each_other_by_much() -> None:
    extracted = read(INVOICE.format(**GOOD | {"total": "1235.20"}))
    assert value_at(extracted, "total_with_tax") in ("1235.20", None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1O.5O", "10.50"),
        ("l2/O3/24", "12/03/24"),
        ("O,OO", "0,00"),
        ("<€9700.0", "  9700.0"),
        ("S0.25", "50.25"),
        ("12.50", None),
        ("LOOSE", None),
        ("Solo", None),
        ("B.O.S.S", None),
        ("A5898", None),
        ("IBIS", None),
        ("6S", None),
    ],
)
def test_only_what_has_the_form_of_a_number_is_one(text: str, number: str | None) -> None:
    assert as_number(text)[0] == (number or text)
    assert (as_number(text)[1] > 0) == (number is not None)


def test_what_is_likely_confused_costs_little_and_what_is_far_off_is_none() -> None:
    def cost(text: str, value: str) -> float | None:
        return misreading(text, Decimal(value))

    assert cost("131 258,00", "131253.00") == pytest.approx(0.5)
    assert (cost("158750", "1537.50") or 9) < 1
    assert (cost("490", "49") or 9) < 0.5
    assert (cost("490.0", "49") or 0) > 0.7
    assert cost("12.50", "99.99") is None
    assert cost("835.20", "83.52") is None
    assert cost("", "1.00") is None


def test_readings_of_an_identifier() -> None:
    assert "FA08/2015/022850" in dict(readings("FAO8/2015/022850"))
    assert "FA03/2016/1" in dict(readings("FA0O3/2016/1"))
    assert readings("INV-10452") == []
    assert readings("SOLO") == []


HEADED = """
Maison Tavernier                                              Facture
12 rue des Ormes
31000 Toulouse

Date            Facture #               Date d'échéance       BC#
{issued:15} {number:21} {due:21} {order}

Adresse de facturation
Bazar du Port SARL
8 quai Sud

Total HT         1 200,00
TVA 20 %           240,00
Total TTC        1 440,00 €
"""


@pytest.mark.parametrize(
    ("number", "issued", "due", "expected"),
    [
        ("FAO7/2018/0093", "05/07/2018", "05/08/2018", ("FA07/2018/0093", "2018-07-05", "2018-08-05")),  # the date bears it out
        ("FA0O7/2018/0093", "05/07/2018", "05/08/2018", ("FA07/2018/0093", "2018-07-05", "2018-08-05")),
        ("FA11/2018/0093", "2018-05-11", "2018-05-12", ("FA11/2018/0093", "2018-11-05", "2018-12-05")),  # year, day, month
        ("FA05/2018/0093", "2018-05-11", "2018-06-12", ("FA05/2018/0093", "2018-05-11", "2018-06-12")),
        ("FA2018-93", "05/07/2018", "05/08/2018", ("FA2018-93", "2018-07-05", "2018-08-05")),  # French: the day first
    ],
)
def test_dates_and_numbers_bear_each_other_out(number: str, issued: str, due: str, expected: tuple[str, str, str]) -> None:
    extracted = read(HEADED.format(number=number, issued=issued, due=due, order="BCO4471"))
    assert tuple(value_at(extracted, path) for path in ("number", "issue_date", "due_date")) == expected
    assert value_at(extracted, "purchase_order_reference") == "BC04471"


def test_an_o_that_belongs_to_the_prefix_stays() -> None:
    text = INVOICE.format(**GOOD | {"order": "PO4471"})
    assert value_at(read(text), "purchase_order_reference") == "PO4471"


@pytest.mark.parametrize(
    ("word", "sure", "words"),
    [
        ("lnvoice", 0.9, ("invoice",)),
        ("Qantité", 0.96, ("quantite",)),
        ("lva", 0.99, ("iva",)),
        ("T0tal", 0.9, ("total",)),
        ("Nurnmer", 0.9, ("nummer",)),
        ("TotalTTC", 0.9, ("total", "ttc")),
        ("nettoapayer", 0.9, ("netto", "a", "payer")),
        ("(inel.", 0.82, ("incl",)),
        ("Totai", 0.5, ("total",)),
        ("Totai", 0.96, ("totai",)),  # short and surely read: a word of its own
        ("not", 0.3, ("not",)),
        ("desk", 0.3, ("desk",)),  # and not "desc"
        ("rent", 0.3, ("rent",)),  # and not "rest"
        ("late", 0.3, ("late",)),
        ("Tonne", 0.96, ("tonne",)),
        ("Rechnungenummer", 0.9, ("rechnung", "nummer")),
        ("Bramble", 0.3, ("bramble",)),
        ("Harrow", 0.3, ("harrow",)),
    ],
)
def test_labels_are_known_with_a_letter_wrong(word: str, sure: float, words: tuple[str, ...]) -> None:
    from app.domain.parsing import plain

    assert mended(word, sure, plain(word)) == words


def test_a_label_read_badly_still_names_its_value() -> None:
    text = (
        INVOICE.format(**GOOD)
        .replace("Invoice number", "lnvoice nurnber")
        .replace("Subtotal", "Subtotai")
        .replace("Description", "Descripticn")
    )
    assert told(read(text)) == TRUTH


@pytest.mark.parametrize("printed", ["Ju1 5, 2022", "JuI 5,2022", "Jul 5.2022", "5 JuI 2022"])
def test_a_month_in_letters_that_look_like_its_own(printed: str) -> None:
    assert value_at(read(INVOICE.format(**GOOD | {"date": printed})), "issue_date") == "2022-07-05"


def test_what_is_due_on_receipt_is_no_receipt() -> None:
    text = """
                                                Sunny Day Lawn Care
Invoice INV0023

BILL TO                                         DATE Jul 5, 2022
Mrs. Carla Nguyen                               DUE On Receipt
88 Elm                                          BALANCE DUE USD $173.20

DESCRIPTION                     RATE       QTY         AMOUNT
Weekly mowing                 $40.00         4        $160.00

                                         TOTAL        $160.00
                                         TAX 8.25%     $13.20
                                         BALANCE DUE  USD $173.20
"""
    assert read(text).document_type == "invoice"


TWO_LINES = """
Girard Informatique EURL                     FACTURE

Numéro de
               1537292
facture
Date de
               06-05-2015
facture
Échéance de
               13-05-2015
paiement
Bon de
               67387997
commande

Désignation                  Quantité        Prix            Montant
Câble réseau                      3           12,00          36,00

                                          Total HT           36,00
                                          TVA 20 %            7,20
                                          Total TTC          43,20
"""


def test_a_value_beside_the_middle_of_a_label_of_two_lines() -> None:
    apart = read_page(TWO_LINES)
    boxes = memoryview(bytearray(apart.words.boxes)).cast("H")
    middles = [i for i, text in enumerate(apart.words.texts) if text in ("1537292", "06-05-2015", "13-05-2015", "67387997")]
    for i in middles:  # each label's lines come as near as lines do
        line = boxes[4 * i + 3] - boxes[4 * i + 1]
        for other in (i - 1, i - 2):
            boxes[4 * other + 1] += line // 2
            boxes[4 * other + 3] += line // 2
        boxes[4 * i + 5] -= line // 2
        boxes[4 * i + 7] -= line // 2
    words = replace(apart.words, boxes=boxes.cast("B").tobytes())
    extracted = extract_text(Document("image/png", (replace(apart, words=words),)))
    read_so = {path: value_at(extracted, path) for path in ("number", "issue_date", "due_date", "purchase_order_reference")}
    assert list(read_so.values()) == ["1537292", "2015-05-06", "2015-05-13", "67387997"]


def test_sums_at_the_right_of_boxes_with_their_titles_at_the_left() -> None:
    text = """
Greenway Tools Co.                              INVOICE   F19-59074

PRODUCT                              PRICE      EXTENSION
OIL SEAL                             12.00          36.00

MERCHANDISE      LESS DISC.       FREIGHT          TAXABLE        SALES TAX       TOTAL
           36.00             .00              .00          36.00            2.88           38.88
"""
    extracted = read(text)
    assert [value_at(extracted, f"total_{name}") for name in ("without_tax", "tax", "with_tax")] == ["36.00", "2.88", "38.88"]


def test_the_value_of_another_label_under_it_is_not_taken_from_what_stands_beside_both() -> None:
    """A telephone number between the lines of a label and its value."""
    apart = read_page(
        """
Date                       Greenway Wholesale
2021-09-30                 88 Orchard Close

Credit Note Number
                           (995) 574-8415
2021-2170

Item                      Quantity      Amount
Tea                              1       16.48
                            Total        16.48
"""
    )
    boxes = memoryview(bytearray(apart.words.boxes)).cast("H")
    at = apart.words.texts.index("(995)")
    for i in (at - 3, at - 2, at - 1):
        shift = (boxes[4 * i + 3] - boxes[4 * i + 1]) // 2
        boxes[4 * i + 1] += shift
        boxes[4 * i + 3] += shift
    words = replace(apart.words, boxes=boxes.cast("B").tobytes())
    assert value_at(extract_text(Document("image/png", (replace(apart, words=words),))), "number") == "2021-2170"


def test_small_print_beside_the_totals_is_no_label_of_them() -> None:
    text = """
Maison Tavernier SARL                                         Facture FA-77120
12 rue des Ormes                                              Date : 05/07/2018

                                                                            TOTAL HT      TOTAL TVA    TOTAL TTC
Les règlements reçus avant la date d'échéance ne donnent pas d'escompte.     100,00          10,00        110,00
                                                                 Acompte :        10,00
                                                                 Net à payer :   100,00 EUR
"""
    extracted = read(text)
    assert [value_at(extracted, f"total_{name}") for name in ("without_tax", "tax", "with_tax")] == ["100.00", "10.00", "110.00"]


RECEIPT = """
Bakker Sanitair                              Bon 116204
Lindelaan 49, 9784 XQ Hilversum              17-07-2020

Aantal    Artikel                   Prijs      Bedrag
6         Bezorging op locatie       7,59       45,54
2         Eiken plank               18,45       36,90

                             Totaal             82,44
                             incl. btw 9,0%     {tax}
"""


def test_a_tax_that_a_total_holds_is_proved_by_its_rate() -> None:
    invoice = read(RECEIPT.format(tax="6,81")).invoice
    assert (str(invoice.total_with_tax), str(invoice.total_tax)) == ("82.44", "6.81")
    assert read(RECEIPT.format(tax="9,81")).invoice.total_tax is None


def test_rules_of_a_table_are_no_words() -> None:
    text = INVOICE.format(**GOOD).replace("Garden lamps  ", "| Garden lamps |").replace("Steel buckets  ", "[Steel buckets  ")
    extracted = read(text)
    assert [line.item_name for line in extracted.invoice.lines] == ["Garden lamps", "Steel buckets"]


def test_the_amount_of_a_line_is_without_tax() -> None:
    text = """
Ferme des Tilleuls                                                   Facture
N° F-2023-77                                              Date: 14/03/2023

#   Désignation            Quantité    Prix    Montant    TVA    Taxes    Total TTC
1   Pommes de table            12.0   € 3.0     € 36.0   20.0    € 7.2      € 43.2
2   Cidre fermier               8.0   € 5.0     € 40.0   20.0    € 8.0      € 48.0

                                                      Total HT         € 76,00
                                                      TVA              € 15,20
                                                      Total TTC        € 91,20
"""
    assert [str(line.net_amount) for line in read(text).invoice.lines] == ["36.00", "40.00"]


def test_rows_a_little_askew_are_rows() -> None:
    straight = read_page(INVOICE.format(**GOOD))
    boxes = memoryview(bytearray(straight.words.boxes)).cast("H")
    for i in range(len(straight.words)):
        shift = boxes[4 * i] // 90 + (60 if i % 3 else 0)  # down to the right, and a jitter
        boxes[4 * i + 1] += shift
        boxes[4 * i + 3] += shift
    words = Words(straight.words.texts, boxes.cast("B").tobytes(), straight.words.lines, straight.words.marks, straight.words.confidences)
    assert told(extract_text(Document("image/png", (replace(straight, words=words),)))) == TRUTH


def test_a_page_that_was_hardly_read_is_not_said_to_be_no_invoice() -> None:
    text = "Dear Sirs\n\nthank you for the account of your invoices and the balance\nplease pay by the date"
    letter = "Dear Sirs\n\nthank you for the visit to our office and for the tea\nwe are with you on this"
    assert read(letter).document_type == "other"
    assert read(letter, doubted=letter).document_type == "invoice"
    assert read(text, doubted=text).document_type == "invoice"


FOOTED = """
                                                               Rechnung
Am Leuchtturm 3, 24103 Kiel, Deutschland

Rechnung an                                    Rechnungs-Nr.       26-000014
Stadtwerke Blauendorf                          Rechnungsdatum      12.06.2026
Marktplatz 1
17999 Blauendorf

Beschreibung                  Menge      Einzelpreis        Betrag
Leuchtband                        3           12,00         36,00

                                          Zwischensumme     36,00
                                          USt 19 %           6,84
                                          Gesamtbetrag      42,84

Küstenlicht Leuchten GmbH Handelsregister HRB 990023 Kiel - USt-IdNr. DE277000200
"""


def test_a_name_ends_where_the_number_of_its_register_begins() -> None:
    assert value_at(read(FOOTED), "seller.name") == "Küstenlicht Leuchten GmbH"
