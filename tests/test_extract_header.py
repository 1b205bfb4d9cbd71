"""What letters, bills and forms write in their heads: numbers, dates and accounts by their labels, by their place, and in two pieces."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.document import Document
from app.extractors.text import extract_text
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
        ("Facture n° 77\nDocument d'origine : BC05432", "BC05432"),
        ("Facture n° 77\nDate            BC             Devise\n27/10/2017      BC05432        EUR", "BC05432"),
        ("Facture n° 77\nDate            Devis          Devise\n27/10/2017      BC05432        EUR", None),
        ("Salesperson     P.O.       Terms\n                Number\nJ. Fenwick      LH-5786    Net 30", "LH-5786"),
    ],
)
def test_the_buyers_order(head: str, order: str | None) -> None:
    assert said("purchase_order_reference", head) == order


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
