"""Look-alikes (training/lookalikes): every template fills, says what it asked for, and the truth is what stands on the page."""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from html import unescape
from random import Random

import pytest

from app.domain.parsing import vat_id_is_valid
from tests import split
from training.invoices.locales import Locale
from training.lookalikes import FOLDER, Page, half_of, text_of, truth_about, write
from training.lookalikes.chromium import NAMES, Chromium
from training.lookalikes.content import Terms, deal_for, terms_of
from training.lookalikes.elsewhere import ELSEWHERE
from training.lookalikes.shown import wrapped
from training.lookalikes.template import names


def plain(html: str) -> str:
    """What a page says, near enough: without its tags. The styles stay: the margins' texts are there."""
    return unescape(re.sub(r"<[^>]*>", " ", html))


@pytest.mark.parametrize("template", names())
def test_a_template_prints_the_sale_it_asks_for(template: str) -> None:
    terms = terms_of((FOLDER / f"{template}.html").read_text("utf-8"))
    page = write(3, 0, only=template)
    deal, truth = page.deal, truth_about(page, plain(page.html))
    assert deal.kind in terms.kinds
    assert terms.lines[0] <= len(deal.invoice.lines) <= terms.lines[1]
    assert terms.prices == "any" or deal.with_tax == (terms.prices == "gross")
    assert truth["invoice_number"] and truth["issue_date"]
    assert truth["buyer_name"] or deal.kind == "receipt"
    assert truth["gross_total"] == str(deal.invoice.total_with_tax)
    assert len(truth["line_items"]) == len(deal.invoice.lines) and all(line["amount"] for line in truth["line_items"])


def page_of(template: str, wanted: str) -> Page:
    """The first document of the template whose sale has this value."""
    pages = (write(5, index, only=template) for index in range(60))
    return next(page for page in pages if getattr(page.deal.invoice, wanted))


def test_what_is_not_printed_is_absent() -> None:
    page = page_of("doctor_private", "purchase_order_reference")
    truth = truth_about(page, plain(page.html))
    assert truth["purchase_order"] is None and "purchase_order" in truth["absent"]


def test_what_does_not_reach_the_text_layer_is_absent() -> None:
    page = page_of("swiss_qr_bill", "payment_account")
    text = plain(page.html)
    assert truth_about(page, text)["iban"] == page.deal.invoice.payment_account
    account = next(written for path, written in page.printer.notes if path == "payment_account")
    truth = truth_about(page, text.replace(account, ""))
    assert truth["iban"] is None and "iban" in truth["absent"]


def test_the_same_for_the_same_seed() -> None:
    assert write(1, 7).html == write(1, 7).html != write(2, 7).html


def test_halves_are_those_of_labelled_documents() -> None:
    assert {half_of(name) for name in names()} == {"open", "closed"}
    for name in names():
        assert (half_of(name) == "closed") == (split.half_of({"layout": name}, "any") == "unopened")
    assert all(half_of(write(1, index, "open").template) == "open" for index in range(30))


@pytest.mark.parametrize("locale", ELSEWHERE, ids=lambda one: one.code)
def test_a_country_elsewhere_is_drawn_only_by_its_code(locale: Locale) -> None:
    drawn = [deal_for(Terms((locale.code,)), Random(seed)) for seed in range(12)]
    assert {deal.voice.locale.code for deal in drawn} == {locale.code}
    assert all(deal.invoice.currency == locale.currency and deal.invoice.seller.address.country == locale.country for deal in drawn)
    for number in (deal.invoice.seller.vat_id for deal in drawn):
        assert number is None or vat_id_is_valid(number)
    if locale.language in Terms().locales:
        others = [deal_for(Terms((locale.language,)), Random(seed)) for seed in range(12)]
        assert locale.code not in {deal.voice.locale.code for deal in others}


def test_indian_amounts_are_grouped_in_lakhs() -> None:
    voice = deal_for(Terms(("en-IN",)), Random(1)).voice
    amounts = [voice.amount(Decimal(text)) for text in ("999", "1000.5", "100000", "12345678.9")]
    assert amounts == ["999.00", "1,000.50", "1,00,000.00", "1,23,45,678.90"]


def test_two_taxes_are_the_whole_tax() -> None:
    page = write(1, 1, only="quebec_tps_tvq")
    tax = wrapped(page.printer, "", page.deal.invoice).total_tax
    parts = [Decimal(re.sub(r"\s", "", text).replace(",", ".")) for text in tax.split(5, 9.975)]
    assert tax.raw and sum(parts) == tax.raw
    assert abs(parts[0] - tax.raw * 5 / Decimal("14.975")) <= Decimal("0.005")


def test_terms_are_not_mistaken() -> None:
    with pytest.raises(ValueError, match="first line"):
        terms_of("<p>")
    with pytest.raises(ValueError, match="colour"):
        terms_of("{# colour: red #}")


@pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="Chromium is not installed")
def test_chromium_prints_what_the_template_says() -> None:
    page = write(1, 0, only="swiss_qr_bill")
    with Chromium() as chromium:
        first, second = chromium.pdf(page.html), chromium.pdf("<p>second</p>")
    truth = truth_about(page, text_of(first))
    assert truth["invoice_number"] == page.deal.invoice.number and truth["vendor_name"] == page.deal.invoice.seller.name
    assert text_of(second).strip() == "second"
