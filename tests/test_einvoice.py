"""E-invoice XML to `Invoice`: complete, exact, never a crash; nothing followed, nothing guessed."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.domain.invoice import Invoice, Note, Party, Period
from app.readers.einvoice import read_einvoice
from app.samples.einvoice_xml import PROFILES, write_cii, write_ubl
from tests.einvoice_examples import FULL, FULL_CII, FULL_UBL, ZUGFERD_1, ZUGFERD_1_MEANS
from tests.einvoice_snippets import cii, totals, ubl
from tests.random_invoice import as_cii, as_ubl, random_invoice

# ------------------------------------------------------------------------------------------------------------- completeness


@pytest.mark.parametrize(
    ("content", "means", "syntax"),
    [(FULL_CII, FULL, "cii"), (FULL_UBL, FULL, "ubl"), (ZUGFERD_1, ZUGFERD_1_MEANS, "zugferd1")],
    ids=["cii", "ubl", "zugferd1"],
)
def test_a_whole_invoice_means_the_same_in_each_syntax(content: bytes, means: Invoice, syntax: str) -> None:
    read = read_einvoice(content)
    assert repr(read.invoice) == repr(means)  # repr, so that 2.5 and 2.50 differ
    assert (read.syntax, read.problems, read.profile) == (syntax, (), means.specification)


def test_the_whole_example_leaves_no_attribute_of_the_model_out() -> None:
    seen: dict[type, set[str]] = {}
    note_filled(FULL, seen)
    for kind, filled in seen.items():
        assert {f.name for f in fields(kind)} - filled == set(), kind.__name__


def note_filled(value: Any, seen: dict[type, set[str]]) -> None:
    for field in fields(value):
        inner = getattr(value, field.name)
        if inner is not None and inner != ():
            seen.setdefault(type(value), set()).add(field.name)
        for item in inner if isinstance(inner, tuple) else (inner,):
            if is_dataclass(item):
                note_filled(item, seen)


def test_the_random_invoice_fills_every_attribute() -> None:
    full = random_invoice(Random(1), density=1.0)
    for name, hint in get_type_hints(Invoice).items():
        if type(None) in get_args(hint):
            assert getattr(full, name) is not None, name


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), density=st.sampled_from([0.05, 0.3, 0.7, 1.0]))
def test_written_and_read_again_an_invoice_loses_nothing(seed: int, density: float) -> None:
    invoice = random_invoice(Random(seed), density)
    for kept, content in ((as_cii(invoice), write_cii(as_cii(invoice), "EXTENDED")), (as_ubl(invoice), write_ubl(as_ubl(invoice)))):
        read = read_einvoice(content)
        assert read.problems == ()
        assert repr(read.invoice) == repr(kept)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_keeps_what_it_has_a_place_for(profile: str) -> None:
    read = read_einvoice(write_cii(FULL, profile)).invoice
    assert (read.number, read.total_with_tax, read.seller.vat_id) == (FULL.number, FULL.total_with_tax, FULL.seller.vat_id)
    assert len(read.lines) == (0 if profile in ("MINIMUM", "BASIC WL") else 1)
    if profile in ("EN 16931", "EXTENDED", "XRECHNUNG"):
        assert read == FULL


# ------------------------------------------------------------------------------------------------------------------ parties


def test_a_party_is_only_ever_read_from_its_own_element() -> None:
    payee = "<PayeeTradeParty><Name>Payee</Name></PayeeTradeParty>"
    read = read_einvoice(cii(settlement=payee)).invoice
    assert (read.seller, read.buyer, read.payee.name) == (Party(), Party(), "Payee")
    nested = "<a:AccountingSupplierParty><a:Party><a:AgentParty><a:PartyName><b:Name>Agent</b:Name></a:PartyName></a:AgentParty></a:Party>"
    assert read_einvoice(ubl(nested + "</a:AccountingSupplierParty>")).invoice.seller == Party()


def test_elements_of_other_namespaces_do_not_count() -> None:
    foreign = '<BuyerReference xmlns="urn:other">foreign</BuyerReference><BuyerReference>ours</BuyerReference>'
    assert read_einvoice(cii(agreement=foreign)).invoice.buyer_reference == "ours"


def test_ubl_seller_without_registered_name_has_its_trading_name() -> None:
    seller = "<a:AccountingSupplierParty><a:Party><a:PartyName><b:Name>Shop</b:Name></a:PartyName></a:Party></a:AccountingSupplierParty>"
    assert read_einvoice(ubl(seller)).invoice.seller == Party(name="Shop")


# ---------------------------------------------------------------------------------------------------------------- the kinds


def test_a_credit_note_keeps_its_signs_and_its_root_gives_the_type() -> None:
    note = ubl(
        "<a:PaymentMeans><b:PaymentMeansCode>30</b:PaymentMeansCode><b:PaymentDueDate>2024-05-01</b:PaymentDueDate></a:PaymentMeans>"
        "<a:LegalMonetaryTotal><b:PayableAmount>-12.5</b:PayableAmount></a:LegalMonetaryTotal>"
        "<a:CreditNoteLine><b:ID>1</b:ID><b:CreditedQuantity unitCode='C62'>-2</b:CreditedQuantity></a:CreditNoteLine>",
        "CreditNote",
    )
    read = read_einvoice(note).invoice
    assert (read.type_code, read.due_date, str(read.amount_due)) == ("381", date(2024, 5, 1), "-12.50")
    assert (read.lines[0].quantity, read.lines[0].unit) == (Decimal(-2), "C62")


def test_groups_and_details_among_the_lines_are_not_summed() -> None:
    def line(number: int, status: str, amount: str) -> str:
        reason = f"<LineStatusReasonCode>{status}</LineStatusReasonCode>" if status else ""
        tag = "SpecifiedTradeSettlementLineMonetarySummation"
        return (
            f"<IncludedSupplyChainTradeLineItem><AssociatedDocumentLineDocument><LineID>{number}</LineID>{reason}</AssociatedDocumentLineDocument>"
            f"<SpecifiedTradeProduct><Name>N</Name></SpecifiedTradeProduct><SpecifiedLineTradeSettlement><{tag}>"
            f"<LineTotalAmount>{amount}</LineTotalAmount></{tag}></SpecifiedLineTradeSettlement></IncludedSupplyChainTradeLineItem>"
        )

    items = line(1, "GROUP", "30") + line(2, "DETAIL", "10") + line(3, "INFORMATION", "99") + line(4, "", "20")
    assert [(item.id, str(item.net_amount)) for item in read_einvoice(cii(lines=items)).invoice.lines] == [("2", "10.00"), ("4", "20.00")]


def test_lines_within_a_ubl_line_are_not_lines_of_the_invoice() -> None:
    sub = "<a:SubInvoiceLine><b:ID>1.1</b:ID><b:LineExtensionAmount>5</b:LineExtensionAmount></a:SubInvoiceLine>"
    read = read_einvoice(ubl(f"<a:InvoiceLine><b:ID>1</b:ID><b:LineExtensionAmount>5</b:LineExtensionAmount>{sub}</a:InvoiceLine>"))
    assert [item.id for item in read.invoice.lines] == ["1"]


def test_lines_of_nothing_but_text_become_notes() -> None:
    text = (
        "<IncludedSupplyChainTradeLineItem><AssociatedDocumentLineDocument><IncludedNote><Content>As agreed</Content></IncludedNote>"
        "</AssociatedDocumentLineDocument></IncludedSupplyChainTradeLineItem>"
    )
    read = read_einvoice(cii(lines=text, document="<IncludedNote><Content>Hello</Content><SubjectCode>AAI</SubjectCode></IncludedNote>"))
    assert (read.invoice.lines, read.invoice.note) == ((), "Hello\nAs agreed")
    assert read.invoice.notes == (Note("Hello", "AAI"), Note("As agreed"))


# ---------------------------------------------------------------------------------------------------------- amounts and taxes


@pytest.mark.parametrize(
    "bad", ["1,5", "NaN", "Infinity", "-INF", "1e308", "1E2", "12 000", "", "0x1F", "1.2.3", ".", "--1", "٣", "9" * 21]
)
def test_what_is_no_decimal_is_none_and_a_problem_without_the_value(bad: str) -> None:
    read = read_einvoice(cii(totals(f"<GrandTotalAmount>{bad}</GrandTotalAmount>")))
    assert read.invoice.total_with_tax is None
    place = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/SpecifiedTradeSettlementHeaderMonetarySummation/GrandTotalAmount"
    assert read.problems == ((f"{place}: not a decimal",) if bad else ())


@pytest.mark.parametrize(
    ("written", "means"),
    [("1190", "1190.00"), ("+7.5", "7.50"), (" -0.5 ", "-0.50"), (".5", "0.50"), ("007", "7.00"), ("1.005", "1.005"), ("3.", "3.00")],
)
def test_money_has_at_least_two_decimals_and_loses_none(written: str, means: str) -> None:
    assert str(read_einvoice(cii(totals(f"<GrandTotalAmount>{written}</GrandTotalAmount>"))).invoice.total_with_tax) == means


def test_the_tax_total_in_the_accounting_currency_is_told_by_its_currency() -> None:
    amounts = '<TaxTotalAmount currencyID="SEK">100</TaxTotalAmount><TaxTotalAmount currencyID="EUR">9</TaxTotalAmount>'
    read = read_einvoice(cii("<TaxCurrencyCode>SEK</TaxCurrencyCode>" + totals(amounts))).invoice
    assert (read.total_tax, read.total_tax_in_tax_currency) == (Decimal(9), Decimal(100))


def test_a_tax_total_in_a_third_currency_is_a_problem_and_not_the_total() -> None:
    read = read_einvoice(cii(totals('<TaxTotalAmount currencyID="USD">9</TaxTotalAmount>')))
    assert read.invoice.total_tax is None
    assert read.problems[0].endswith("TaxTotalAmount: a tax total in no currency of the invoice")


def test_an_allowance_that_does_not_say_which_it_is_counts_as_neither() -> None:
    item = (
        "<SpecifiedTradeAllowanceCharge><ChargeIndicator><u:Indicator>maybe</u:Indicator></ChargeIndicator><ActualAmount>5</ActualAmount>"
    )
    read = read_einvoice(cii(item + "</SpecifiedTradeAllowanceCharge>"))
    assert (read.invoice.allowances, read.invoice.charges) == ((), ())
    assert read.problems[0].endswith("Indicator: not a boolean")


def test_a_total_said_twice_is_a_problem_as_readers_may_differ() -> None:
    read = read_einvoice(cii(totals("<DuePayableAmount>1</DuePayableAmount><DuePayableAmount>1000</DuePayableAmount>")))
    assert read.invoice.amount_due == Decimal(1)
    assert [problem for problem in read.problems if problem.endswith("DuePayableAmount[2]: repeated")]


def test_problems_are_bounded() -> None:
    line = "<a:InvoiceLine><b:ID>1</b:ID><b:LineExtensionAmount>x</b:LineExtensionAmount></a:InvoiceLine>"
    assert len(read_einvoice(ubl(line * 300)).problems) == 100


# ------------------------------------------------------------------------------------------------------------------ payment


def test_the_first_iban_is_the_account_and_all_are_kept() -> None:
    def means(account: str, bic: str) -> str:
        branch = f"<a:FinancialInstitutionBranch><b:ID>{bic}</b:ID></a:FinancialInstitutionBranch>"
        return f"<a:PaymentMeans><a:PayeeFinancialAccount><b:ID>{account}</b:ID>{branch}</a:PayeeFinancialAccount></a:PaymentMeans>"

    accounts = means("1234567", "AAAADEFF") + means("DE02120300000000202051", "BYLADEM1001") + means("1234567", "AAAADEFF")
    read = read_einvoice(ubl(accounts)).invoice
    assert (read.payment_account, read.payment_bic) == ("DE02120300000000202051", "BYLADEM1001")
    assert read.payment_accounts == ("1234567", "DE02120300000000202051")
    assert read_einvoice(ubl(means("1234567", "AAAADEFF"))).invoice.payment_accounts == ()


@pytest.mark.parametrize(
    ("first", "second", "due"),
    [
        ("", "", date(2024, 3, 31)),  # the earlier one is said in words to be for a discount
        ("<ApplicableTradePaymentDiscountTerms/>", "", date(2024, 3, 31)),
        ("", "<ApplicableTradePaymentDiscountTerms/>", date(2024, 3, 10)),
        ("<PartialPaymentAmount>5</PartialPaymentAmount>", "<PartialPaymentAmount>5</PartialPaymentAmount>", date(2024, 3, 10)),
    ],
)
def test_of_several_payment_terms_the_due_date_is_when_payment_falls_due(first: str, second: str, due: date) -> None:
    def term(day: str, more: str) -> str:
        when = f'<DueDateDateTime><u:DateTimeString format="102">{day}</u:DateTimeString></DueDateDateTime>'
        return f"<SpecifiedTradePaymentTerms><Description>{day}</Description>{when}{more}</SpecifiedTradePaymentTerms>"

    read = read_einvoice(cii(term("20240310", first) + term("20240331", second))).invoice
    assert (read.due_date, read.payment_terms) == (due, "20240310\n20240331")


# -------------------------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('<u:DateTimeString format="102">20240229</u:DateTimeString>', None),
        ('<u:DateTimeString format="203">202402291305</u:DateTimeString>', None),
        ('<u:DateTimeString format="204">20240229130500</u:DateTimeString>', None),
        ('<u:DateTimeString format="205">202402291305+0100</u:DateTimeString>', None),
        ("<u:DateTimeString>20240229</u:DateTimeString>", None),
        ("<u:DateTime>2024-02-29T12:00:00Z</u:DateTime>", None),
        ("2024-02-29T00:00:00", None),
        ('<u:DateTimeString format="102">2024-02-29</u:DateTimeString>', "not in the format that it names"),
    ],
)
def test_a_date_in_each_format(written: str, problem: str | None) -> None:
    read = read_einvoice(cii(document=f"<IssueDateTime>{written}</IssueDateTime>"))
    assert read.invoice.issue_date == date(2024, 2, 29)
    assert [p.partition(": ")[2] for p in read.problems] == ([problem] if problem else [])


@pytest.mark.parametrize(
    "bad", ["20230229", "2023022", "202302011", "20231301", "00000101", "29.02.2024", "２０２４０２２９", "tomorrow", "20240229x"]
)
def test_what_is_no_date_is_none_and_a_problem(bad: str) -> None:
    read = read_einvoice(cii(document=f'<IssueDateTime><u:DateTimeString format="102">{bad}</u:DateTimeString></IssueDateTime>'))
    assert read.invoice.issue_date is None
    assert read.problems == ("ExchangedDocument/IssueDateTime/DateTimeString: not a date",)


@pytest.mark.parametrize("code", ["610", "616", "602", "718"])
def test_a_month_is_no_day(code: str) -> None:
    text = {"610": "202402", "616": "202409", "602": "2024", "718": "2024020120240229"}[code]
    read = read_einvoice(cii(document=f'<IssueDateTime><u:DateTimeString format="{code}">{text}</u:DateTimeString></IssueDateTime>'))
    assert (read.invoice.issue_date, read.problems) == (None, ("ExchangedDocument/IssueDateTime: not a single day",))


@pytest.mark.parametrize(
    ("code", "text", "period"),
    [
        ("610", "202402", Period(date(2024, 2, 1), date(2024, 2, 29))),
        ("610", "202312", Period(date(2023, 12, 1), date(2023, 12, 31))),
        ("616", "201338", Period(date(2013, 9, 16), date(2013, 9, 22))),
        ("602", "2024", Period(date(2024, 1, 1), date(2024, 12, 31))),
        ("711", "20240105-20240205", Period(date(2024, 1, 5), date(2024, 2, 5))),
        ("610", "202413", None),
        ("616", "202454", None),
        ("610", "999912", None),
        ("999", "20240105", None),
    ],
)
def test_delivered_in_a_month_is_a_period(code: str, text: str, period: Period | None) -> None:
    when = f'<OccurrenceDateTime><u:DateTimeString format="{code}">{text}</u:DateTimeString></OccurrenceDateTime>'
    read = read_einvoice(cii(delivery=f"<ActualDeliverySupplyChainEvent>{when}</ActualDeliverySupplyChainEvent>")).invoice
    if code == "999":  # an unknown code, but the text is plainly a day
        assert read.delivery_date == date(2024, 1, 5)
    else:
        assert (read.delivery_date, read.period) == (None, period)


@pytest.mark.parametrize("written", ["2024-02-29", "2024-02-29Z", "2024-02-29+01:00", "2024-02-29-05:00", " 2024-02-29\n"])
def test_a_ubl_date_is_the_day_as_written_whatever_the_zone(written: str) -> None:
    assert read_einvoice(ubl(f"<b:IssueDate>{written}</b:IssueDate>")).invoice.issue_date == date(2024, 2, 29)


def test_reading_costs_little_more_than_parsing() -> None:
    """Measured against the bare parse of the same bytes, so that a slow machine does not matter; the bound leaves a wide margin."""

    def best(work: Any) -> float:
        times = []
        for _ in range(15):
            started = time.process_time()
            for _ in range(5):
                work()
            times.append(time.process_time() - started)
        return min(times)

    assert best(lambda: read_einvoice(FULL_UBL)) < 20 * best(lambda: etree.fromstring(FULL_UBL))
