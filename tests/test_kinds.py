"""What is no invoice is told apart and named; what is one never is refused; where neither is clear a person is asked."""

from __future__ import annotations

from collections import Counter

import pytest

from app.domain.extraction import Extracted
from app.extractors.text import extract_text
from app.rules.context import Context
from app.rules.policy import verdict
from app.stages.extract import extract
from app.stages.validate import findings_of
from tests.other_documents import LANGUAGES, OtherDocument, other_documents
from tests.rules.invoices import TODAY
from tests.sheets import SHEETS
from tests.test_extract_text import document, reading

MADE_UP = list(other_documents())


def read(*pages: str) -> Extracted:
    return extract_text(document(*pages))


def test_other_documents_in_eight_languages_are_refused_and_none_is_taken_for_an_invoice() -> None:
    told = Counter((each.kind, "refused" if (x := read(each.text)).refused else x.document_type) for each in MADE_UP)
    kinds = {each.kind for each in MADE_UP}
    assert {each.language for each in MADE_UP} == set(LANGUAGES)
    assert len(kinds) == 12
    assert {type for _, type in told} <= {"refused", "other"}
    refused = {kind: told[kind, "refused"] / sum(1 for each in MADE_UP if each.kind == kind) for kind in kinds}
    assert min(refused.values()) >= 0.8, refused
    assert sum(told[kind, "refused"] for kind in kinds) >= 0.95 * len(MADE_UP)


def a_document(kind: str, language: str) -> OtherDocument:
    return next(each for each in MADE_UP if (each.kind, each.language) == (kind, language))


@pytest.mark.parametrize(
    ("kind", "language", "says"),
    [
        ("delivery_note", "de", "This looks like a delivery note, not like an invoice: its title is “Lieferschein”"),
        ("payment_advice", "en", "This looks like a payment advice"),
        ("payslip", "fr", "“cotisations salariales”"),
        ("letter", "nl", "it names no sum to be paid"),
    ],
)
def test_the_reason_is_one_that_a_person_understands(kind: str, language: str, says: str) -> None:
    extracted = read(a_document(kind, language).text)
    (finding,) = extracted.findings
    assert finding.rule == "not_an_invoice"
    assert says in finding.message
    assert verdict(extracted, extracted.findings) == "quarantined"


def test_no_invoice_is_refused_or_doubted() -> None:
    assert [sheet.name for sheet in SHEETS if read(*sheet.pages).document_type == "other"] == []


INVOICE = """
Harrow & Finch Ltd                                          {title}
12 Mill Lane, Leeds LS1 4AB                                 {number}
                                                            Date: 13/03/2024
Cobalt Toys Ltd
9 Dock Street, Hull HU1 2AB

Delivery note: 4711          Purchase order: PO-887

Description                     Qty      Unit price        Amount
Work lamps                        2           50.00        100.00
                                          Subtotal         100.00
                                          VAT 20%           20.00
                                          Total            120.00
"""


@pytest.mark.parametrize(
    ("title", "number", "type", "refused"),
    [
        ("INVOICE", "Invoice number: 1204", "invoice", False),
        ("INVOICE / DELIVERY NOTE", "Invoice number: 1204", "invoice", False),
        ("", "Invoice number: 1204", "invoice", False),
        ("DELIVERY NOTE", "Invoice number: 1204", "other", False),  # a person decides
        ("PURCHASE ORDER", "Order number: 1204", "other", True),
    ],
)
def test_what_it_calls_itself_is_weighed_with_the_number_that_it_bears(title: str, number: str, type: str, refused: bool) -> None:
    extracted = read(INVOICE.format(title=title, number=number))
    assert (extracted.document_type, extracted.refused) == (type, refused)


def test_where_neither_side_is_clear_a_person_decides() -> None:
    extracted = read(INVOICE.format(title="DELIVERY NOTE", number="Invoice number: 1204"))
    assert (extracted.document_type, extracted.refused) == ("other", False)
    assert [finding.rule for finding in extracted.findings] == ["document_kind"]
    assert verdict(extracted, extracted.findings) == "needs_review"


IN_A_FORM = """
Legnami Verdi S.r.l.
Via Roma 12 - 10121 Torino (TO)                       Spett.le Arredi Blu S.p.A.

Tipo documento           Numero      Data          Cod. cliente    Pagamento
{named}                  77          13/03/2024    K204            Bonifico

Cod.     Descrizione                     Q.tà      Prezzo          Importo
         {goods}
A-10     Tavola rovere                    2        50,00           100,00

Imponibile 100,00    Imposta 22,00    Totale documento 122,00
Causale del trasporto: vendita    Aspetto esteriore dei beni: scatola
"""


@pytest.mark.parametrize(
    ("named", "goods", "type"),
    [
        ("Fattura accomp.", "", "invoice"),  # it goes with the goods, and so speaks of their transport
        ("Fattura", "come da preventivo", "invoice"),
        ("Nota di accredito", "", "credit_note"),
        ("D.D.T.", "", "other"),
    ],
)
def test_a_box_of_a_form_may_name_it(named: str, goods: str, type: str) -> None:
    assert read(IN_A_FORM.format(named=f"{named:<17}", goods=goods)).document_type == type


@pytest.mark.parametrize("title", ["GUTSCHRIFT 139850", "Stornorechnung FA071337", "Nota de abono 12/2024", "Credit slip"])
def test_a_credit_note_by_its_title(title: str) -> None:
    assert read(INVOICE.format(title=title, number="Invoice: 1204")).document_type == "credit_note"


@pytest.mark.parametrize(
    ("title", "code"), [("PREPAYMENT INVOICE", "386"), ("Vorauszahlungsrechnung", "386"), ("Facture d'acompte", "386"), ("INVOICE", "380")]
)
def test_an_invoice_of_a_payment_in_advance_has_its_code(title: str, code: str) -> None:
    extracted = read(INVOICE.format(title=title, number="Invoice: 1204"))
    assert (extracted.document_type, extracted.invoice.type_code) == ("invoice", code)


UNSURE = "ACME Ltd\n\nInvoice number: 4711-A\nInvoice date: {issued}\nDue date: {due}\n{more}\nTotal: {total}"


@pytest.mark.parametrize(
    ("issued", "due", "more", "total", "date", "known"),
    [
        ("04/05/2023", "06/05/2023", "", "120.00", "2023-05-04", False),
        ("04/05/2023", "05/05/2023", "Terms: 30 days", "120.00", "2023-04-05", True),  # as far apart only with the month first
        ("04/05/2023", "04/06/2023", "Terms: net 31", "120.00", "2023-05-04", True),
        ("04/05/2023", "06/05/2023", "", "£120.00", "2023-05-04", True),
        ("04/05/2023", "13/05/2023", "", "120.00", "2023-05-04", True),
        ("4 May 2023", "6 May 2023", "", "120.00", "2023-05-04", True),
    ],
)
def test_an_order_of_day_and_month_that_nothing_tells_is_told(issued: str, due: str, more: str, total: str, date: str, known: bool) -> None:
    extracted = read(UNSURE.format(issued=issued, due=due, more=more, total=total))
    assert str(extracted.invoice.issue_date) == date
    assert [finding.fields for finding in extracted.findings if finding.rule == "date_order"] == (
        [] if known else [("issue_date", "due_date")]
    )
    assert (extracted.fields["issue_date"].confidence < 0.65) is not known


TERMS_PAGE = """
GENERAL TERMS AND CONDITIONS OF SALE

1. These terms apply to all deliveries. Retention of title until payment in full.
2. Warranty claims expire on 01/01/2031. Limitation of liability: GBP 5,000.00.
3. The place of jurisdiction is Leeds. IBAN GB82 WEST 1234 5698 7654 32
"""
NOTE_PAGE = """
DELIVERY NOTE                                               Date: 01/02/2019

Description                     Qty
Work lamps                       99
Received in good condition
"""


EXPLAINED = """
Your bill explained

Rent of the line              20.00        EXAMPLE
Calls                          8.00
Total                         28.00
"""


@pytest.mark.parametrize(
    ("behind", "why"),
    [(TERMS_PAGE, "general terms"), (NOTE_PAGE, "a delivery note"), (EXPLAINED, "an example"), ("same", "the same as page 1")],
)
def test_pages_behind_the_invoice_are_set_aside_and_told(behind: str, why: str) -> None:
    first = INVOICE.format(title="INVOICE", number="Invoice number: 1204")
    alone = extract(reading(document(first))).extracted
    both = extract(reading(document(first, first if behind == "same" else behind))).extracted
    assert both.invoice == alone.invoice  # neither its dates, nor its account, nor its lines
    (told,) = both.findings
    assert (told.rule, told.severity, told.message) == ("page_set_aside", "info", f"Page 2 was not read for values: it is {why}.")
    assert both.page_range == (1, 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Faktura", "only 1 words could be read"),
        ("invoice " * 9 + "for the service of the house and the garden", "there are no figures on its pages"),
        ("invoice " * 9 + "for the service of the house 3 and the garden 4", "no figures on its pages have a label that is known"),
    ],
)
def test_what_has_no_number_no_date_and_no_total_says_why(text: str, why: str) -> None:
    source = document(text)
    found = findings_of(Context(source, extract(reading(source)).extracted, TODAY))
    assert [finding.message for finding in found if finding.rule == "nothing_found"] == [f"No number, date or total was found: {why}."]
