"""What letters, bills and forms write in their heads: numbers, dates and accounts by their labels, by their place, and in two pieces."""

from __future__ import annotations

import re
from datetime import date

import pymupdf
import pytest

from app.domain.document import Document
from app.extractors.text import extract_text
from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from tests.test_extract_pictures import read_page
from tests.test_extract_text import document, value_at

BODY = """

Description                     Qty      Price     Amount
Oak board                         2      50.00     100.00
Copper pipe                       1      50.00      50.00

                                      Net          150.00
                                      VAT 20 %      30.00
                                      Total    EUR 180.00
"""
HEAD = """
Keller Timber Ltd                             INVOICE
5 Mill Lane, Leeds LS1 4AB

Marlow Homes Ltd
9 High Street
York YO1 7HU

"""


def said(path: str, head: str) -> str | None:
    return value_at(extract_text(document(HEAD + head + BODY)), path)


@pytest.mark.parametrize(
    ("head", "number"),
    [
        ("Schlussrechnung 172767\nVerwendungszweck: Mitglied 4837", "172767"),
        ("Verkoopfactuur 114098\nUw kenmerk: 88-12", "114098"),
        ("Declaratienummer 2177387\nOns kenmerk: 635/63 GE", "2177387"),
        ("FACTURE: A-66450      Date: 12/05/2024", "A-66450"),
        ("Nr.             Datum           Klant        Commande\n2020-96034      16-02-2020      N-5969       6712-32", "2020-96034"),
        ("Your subscription – Invoice no. 6570\nSubscriber number 2783895", "6570"),
        ("Ticket number 875-3317661288     Invoice number 2021/1184", "2021/1184"),
        ("CREDIT NOTE 141276\nfor invoice FT 2021A/847 of 4 Mar 2021", "141276"),
        ("INVOICE NO. 201507832\nDATE: 25 July 2015", "201507832"),
        ("INV-00871\n12 May 2024", "INV-00871"),
        ("FACTURE FA2024/0917\nNuméro de bon : BL7745", "FA2024/0917"),
        ("Invoice no. RE-2022-      Date: 12 May 2024\n            645", "RE-2022-645"),
        ("375/2023\n12 de maio de 2023\n\nProcessado por programa certificado n.º 1234/AT", "375/2023"),
        ("Credit No.      Credits invoice\n2017-51826      FA036267", "2017-51826"),
        ("Rechnungsdatum / Rechnungsnummer:   3.5.2024 / SI45053", "SI45053"),
        ("Serie y folio: FA018792\n\nEste documento es una impresión de un CFDI 4.0", "FA018792"),
    ],
)
def test_number(head: str, number: str) -> None:
    assert said("number", head) == number


@pytest.mark.parametrize(
    ("head", "path", "day"),
    [
        ("Factura 2025-90321      07-09-2025\nPedido PO-93337 de fecha 24-08-2025", "issue_date", "2025-09-07"),
        ("Facture de vente 156527      26 août 2025\nN° de commande 9198-69 du 12 août 2025", "issue_date", "2025-08-26"),
        ("Invoice no. 77\nInvoice date   25 November\n               2023", "issue_date", "2023-11-25"),
        (
            "Invoice no. 77      Date: 17 August 2021\nWij verzoeken u vriendelijk voor 6 september 2021 te betalen.",
            "due_date",
            "2021-09-06",
        ),
        ("17 February 2020\n\nYour invoice no. 77 for the period of 27 February 2020 – 25 February 2021", "issue_date", "2020-02-17"),
        ("Facture n° 77\nDate / Date de la prestation 24/04/15", "issue_date", "2015-04-24"),
        ("Invoice no. 77      Date: Jul 5.2022", "issue_date", "2022-07-05"),
        ("Invoice no. 77      Date: 1 June 2024\nNext service due 30 October 2025", "due_date", None),
        ("FACTURE N° INV202073 – 14/06/2020\nGarantie libérée, soit le 15/06/2021", "issue_date", "2020-06-14"),
        ("Factura 77\nFecha de expedición     28/04/2021\nFecha operación         25/04/2021", "issue_date", "2021-04-28"),
        ("Facture n° 77 du 07/06/17\n\nProchaine facture vers le\n08/07/17", "issue_date", "2017-06-07"),
        ("Faktura 77\nData wystawienia: 28 października 2019 r.", "issue_date", "2019-10-28"),
        ("Faktura 77 z dnia 1.09.2019\nTermin: 30 września 2019", "due_date", "2019-09-30"),
        ("Faktura nr. 77      Fakturadato 1.9.2019\nSidste rettidige betaling: 30.9.2019", "due_date", "2019-09-30"),
        ("Factuur 77 van 1-9-2019\nVervalt op     30-9-2019", "due_date", "2019-09-30"),
        ("Rechnung 77 vom 1.9.2019\nBitte bis 30.9.2019 bezahlen.", "due_date", "2019-09-30"),
        (
            "Rechnung 77 vom 1.9.2019\nBei Zahlung in 3 Tagen gewähren wir 3 % Skonto. Der Betrag ist fällig am 30.9.2019.",
            "due_date",
            "2019-09-30",
        ),
    ],
)
def test_dates(head: str, path: str, day: str | None) -> None:
    assert said(path, head) == day


@pytest.mark.parametrize(
    ("head", "account"),
    [
        ("Rekening derdengelden: Stadsbank, NL89\nZZZZ 2989 7385 93", "NL89ZZZZ2989738593"),
        (
            "Payee            IBAN                       Amount\nKeller           DE14 9991 7893 4875 8476    180.00\n                 77",
            "DE14999178934875847677",
        ),
        ("Keller Timber    USt-ID: DE672393758\nLeeds            HRB HRB 77157", None),
    ],
)
def test_an_account_in_two_pieces(head: str, account: str | None) -> None:
    assert said("payment_account", head) == account


@pytest.mark.parametrize(
    ("head", "order"),
    [
        ("Invoice no. 77\nAuftrag: 53567", None),
        ("Invoice no. 77\nIhr Auftrag: 53567", "53567"),
        ("Factura nº 77\nN/Pedido: 53567", None),
        ("Factura nº 77\nS/Pedido: 53567", "53567"),
        ("Factura nº 77\nPedido de venta: 53567\nOC: P00019", "P00019"),
        ("Fattura n. 77\nConferma d'ordine: 53567\nODA n. 4500012345", "4500012345"),
        ("Faktura nr. 77\nVårt ordrenr.: 53567\nDeres bestilling: B-1204", "B-1204"),
        ("Invoice no. 77\nWork order no. 53567", None),
        ("Invoice no. 77\nThis invoice refers to your purchase order 53567 of 3 May 2024.", "53567"),
        ("Invoice no. 77\nYour purchase / date: 53567 / 3 May 2024", "53567"),
        ("Invoice no. 77\nOrder date: 53567", None),
        ("Rechnung Nr. 77\nAufgrund Ihres Auftrags Nr. 53567 vom 3. Mai 2024 berechnen wir:", "53567"),
        ("Invoice no. 77\nReference: PO1745", "PO1745"),
        ("Invoice no. 77\nOur reference: PO1745", None),
        ("Invoice no. 77\nReference: 4711745", None),
        ("Invoice no. 77\nYour ref.: 4711745", "4711745"),
        ("Invoice no. 77\nYour ref.: Ann Lee, room 12", None),
        ("Invoice no.     Order number     Your P.O.     Via\n77              4711745                        Post", None),
        ("Faktura nr 77\nNumer zamówienia: 53567", "53567"),
        ("Fakturanr 77\nInköpsordernummer 53567", "53567"),
        ("Facture n° 77\nDocument d'origine : BC05432", "BC05432"),
        ("Facture n° 77\nDate            BC             Devise\n27/10/2017      BC05432        EUR", "BC05432"),
        ("Facture n° 77\nDate            Devis          Devise\n27/10/2017      BC05432        EUR", None),
        ("Salesperson     P.O.       Terms\n                Number\nJ. Fenwick      LH-5786    Net 30", "LH-5786"),
    ],
)
def test_the_buyers_order(head: str, order: str | None) -> None:
    assert said("purchase_order_reference", head) == order


def drawn(*texts: tuple[float, float, str]) -> Document:
    """A page with texts at x and y, over an invoice's lines and totals."""
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        rows = ((60.0, 400.0 + 14 * n, line) for n, line in enumerate(BODY.splitlines()))
        cells = ((x + 5.0 * part.start(), y, part[0]) for x, y, line in rows for part in re.finditer(r"\S+(?: \S+)*", line))
        for x, y, text in (*texts, *cells):
            page.insert_text((x, y), text, fontsize=9)
        return read_pdf(pdf.tobytes(), Limits())


def test_labels_in_two_lines() -> None:
    page = drawn(
        (60, 100, "Facture"),
        (60, 130, "Numéro"),
        (150, 130, "100/2022"),
        (60, 150, "Date de"),
        (150, 155.5, "30/11/2022"),
        (60, 161, "facture"),
        (60, 181, "Date"),
        (150, 181, "08/12/2022"),
        (60, 192, "d'échéance"),
        (60, 212, "Bon de"),
        (150, 217.5, "B8487/48"),
        (60, 223, "commande"),
    )
    invoice = extract_text(page).invoice
    said = [invoice.number, str(invoice.issue_date), str(invoice.due_date), invoice.purchase_order_reference]
    assert said == ["100/2022", "2022-11-30", "2022-12-08", "B8487/48"]


def test_a_column_beside_the_item_table() -> None:
    beside = [(480, 446 + 10 * n, text) for n, text in enumerate(("Invoice no.", "A-77", "Due date", "3 May 2024"))]
    invoice = extract_text(drawn((60, 100, "Invoice"), *beside)).invoice
    assert [invoice.number, str(invoice.due_date)] == ["A-77", "2024-05-03"]


def test_boxes_with_dates_in_words() -> None:
    labels, values = ("Facture n°", "Date de facture", "Échéance"), ("A-77", "3 mars 2024", "2 avril 2024")
    boxes = [(60.0 + 150 * n, 130.0, label) for n, label in enumerate(labels)]
    boxes += [(150.0 + 150 * n, 143.0, value) for n, value in enumerate(values)]
    invoice = extract_text(drawn((60, 100, "Lyon"), *boxes)).invoice
    assert [invoice.number, str(invoice.issue_date), str(invoice.due_date)] == ["A-77", "2024-03-03", "2024-04-02"]


def test_the_title_is_no_label_of_a_date_far_to_the_right() -> None:
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        page.insert_text((60, 150), "Fattura", fontsize=18)
        texts = ("Numero fattura:", "A-77", "Data:", "1/12/2024", "Scadenza:", "15/1/2025")
        for n, text in enumerate(texts):
            page.insert_text((400, 85 + 13 * n), text, fontsize=9)
        invoice = extract_text(read_pdf(pdf.tobytes(), Limits())).invoice
    assert [str(invoice.issue_date), str(invoice.due_date)] == ["2024-12-01", "2025-01-15"]


def totals(*lines: str) -> list[str]:
    table = BODY[: BODY.index("Copper")] + "\n"
    invoice = extract_text(document(HEAD + "Invoice no. 77      1 June 2024\n" + table + "\n".join(lines))).invoice
    return [str(invoice.total_without_tax), str(invoice.total_tax), str(invoice.total_with_tax), str(invoice.currency)]


def test_the_total_of_what_is_paid_in_part() -> None:
    assert totals("Total             100.00", "Deposit paid      -25.00", "Balance due        75.00", "In full by card")[2] == "100.00"


def test_a_sum_without_a_label() -> None:
    assert totals("           100.00", "CGST 9%      9.00", "SGST 9%      9.00", "Total      ₹ 118.00") == [
        "100.00",
        "18.00",
        "118.00",
        "INR",
    ]


def test_taxes_of_a_remark_under_the_total() -> None:
    lines = ("Net      100.00", "plus 19% VAT      15.20", "plus 7% VAT      1.40", "Total      EUR 116.60")
    assert totals(*lines, "Labour costs included in this bill for your tax return: net 40.00, plus VAT 7.60, gross 47.60.")[:3] == [
        "100.00",
        "16.60",
        "116.60",
    ]


def test_rand() -> None:
    assert totals("Nett total      R100.00", "VAT      R15.00", "Total due      R115.00") == ["100.00", "15.00", "115.00", "ZAR"]


def test_dollars_of_the_buyers_country() -> None:
    text = (
        HEAD.replace("5 Mill Lane, Leeds LS1 4AB", "").replace("York YO1 7HU", "Hobart TAS 5126")
        + "Invoice no. 77\n"
        + BODY.replace("EUR ", "$")
    )
    assert value_at(extract_text(document(text)), "currency") == "AUD"


def test_a_label_with_a_letter_read_as_a_digit_is_no_value() -> None:
    text = HEAD + "Facture n° 77\nV0tre commande: B-166\nVerva1dag 16-04-2024" + BODY
    invoice = extract_text(Document("image/png", (read_page(text),))).invoice
    assert (invoice.purchase_order_reference, str(invoice.due_date)) == ("B-166", "2024-04-16")


def test_a_vat_id_behind_no() -> None:
    head = HEAD.replace("5 Mill Lane", "VAT NO. GB942464179\n5 Mill Lane")
    assert value_at(extract_text(document(head + BODY)), "seller.vat_id") == "GB942464179"


def test_totals_right_under_the_last_item() -> None:
    strip = HEAD + "Rechnung Nr. 77\n" + BODY.split("\n\n", 2)[1].replace("Net", "") + "\n"
    text = strip + "Summe netto     20 % USt auf 150.00     Gesamtbetrag\n150.00 EUR      30.00 EUR               180.00 EUR\n"
    invoice = extract_text(document(text)).invoice
    assert [str(invoice.total_without_tax), str(invoice.total_tax), str(invoice.total_with_tax)] == ["150.00", "30.00", "180.00"]


def test_a_label_in_spaced_capitals_that_came_apart_is_read() -> None:
    page = """
Harrow & Finch Ltd                                          INVOICE

03/04/2024  Radio spot 30 s                                 90.00
D AT E
15/04/2024

PAYA BLE BY
29/04/2024
"""
    invoice = extract_text(document(page)).invoice
    assert (invoice.issue_date, invoice.due_date) == (date(2024, 4, 15), date(2024, 4, 29))
