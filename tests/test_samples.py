"""The samples are what they say: the same bytes each time, sums and check digits right, text extractable, odd ones odd."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pymupdf
import pytest
import schwifty
from stdnum.eu import vat
from stdnum.gb import vat as british_vat

from app.domain.invoice import Invoice
from app.errors import Unprocessable
from app.readers.einvoice import read_einvoice
from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from app.samples import EXPECTED, invoices, make_samples, odd
from app.samples.crowd import make_many, make_one, many
from app.samples.ledger import check_digits, to_cent

PRINTED = [name for name, expected in EXPECTED.items() if expected.source == "text"]
ALL_INVOICES = [expected.invoice for expected in EXPECTED.values() if expected.invoice] + [make_one(5, index)[1] for index in range(40)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("samples")
    paths = make_samples(made)
    assert [path.name for path in paths] == sorted(EXPECTED)
    return made


def test_the_same_bytes_in_another_process(folder: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "app.samples", str(tmp_path)], check=True, capture_output=True, timeout=120)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(EXPECTED)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def _adds_up(invoice: Invoice) -> bool:
    lines = sum((line.net_amount for line in invoice.lines if line.net_amount is not None), Decimal())
    taxes = sum((part.tax_amount for part in invoice.tax_breakdown if part.tax_amount is not None), Decimal())
    assert invoice.total_without_tax is not None and invoice.total_tax is not None
    for line in invoice.lines:
        assert line.quantity is not None and line.net_price is not None
        assert line.net_amount == to_cent(line.quantity * line.net_price)
    for part in invoice.tax_breakdown:
        assert part.taxable_amount is not None and part.rate is not None
        assert part.tax_amount == to_cent(part.taxable_amount * part.rate / 100)
        of_this_rate = [line.net_amount for line in invoice.lines if line.tax_rate == part.rate and line.net_amount is not None]
        assert part.taxable_amount == sum(of_this_rate)
    assert lines == invoice.total_without_tax
    assert invoice.line_total in (None, lines)
    assert taxes == invoice.total_tax
    assert invoice.amount_due in (None, invoice.total_with_tax)
    return invoice.total_with_tax == lines + taxes


@pytest.mark.parametrize("invoice", ALL_INVOICES, ids=lambda invoice: invoice.number)
def test_sums_and_check_digits_are_right(invoice: Invoice) -> None:
    assert _adds_up(invoice) is (invoice is not EXPECTED["09-wrong-total.pdf"].invoice)
    if invoice.payment_account:
        assert schwifty.IBAN(invoice.payment_account, validate_bban=True)
    for party in (invoice.seller, invoice.buyer):
        if party.vat_id:
            assert british_vat.is_valid(party.vat_id) if party.vat_id.startswith("GB") else vat.is_valid(party.vat_id)


def test_check_digits_are_those_of_a_published_example() -> None:
    assert check_digits("DE", "370400440532013000") == "DE89370400440532013000"  # ISO 13616 registry


@pytest.mark.parametrize("name", [*PRINTED, "06-factur-x.pdf"])
def test_what_was_drawn_can_be_read(folder: Path, name: str) -> None:
    """As people would: every name, number and text stands on the page in one piece, whatever its letters."""
    truth = EXPECTED[name].invoice
    assert truth is not None
    document = read_pdf((folder / name).read_bytes(), Limits())
    words = " ".join(text for page in document.pages for text in page.words.texts)
    wanted = [truth.number, truth.seller.name, truth.seller.vat_id, truth.buyer.name, truth.buyer.address.line_1]
    wanted += [truth.seller.address.city, truth.purchase_order_reference, truth.seller.contact_name]
    wanted += [line.item_name for line in truth.lines if line.item_name and "room" not in line.item_name]  # those wrap
    for text in filter(None, wanted):
        assert text in words
    for word in (truth.payment_terms or "").split():
        assert word in words
    if truth.payment_account:
        assert truth.payment_account in words.replace(" ", "")
    assert ("£" if truth.currency == "GBP" else "€") in words
    assert all(page.width == 595 and page.height == 842 and len(page.words) > 100 for page in document.pages)
    assert not document.notes


def test_the_long_one_carries_its_sum_over_three_pages(folder: Path) -> None:
    pages = read_pdf((folder / "04-invoice-three-pages.pdf").read_bytes(), Limits()).pages
    carried = []
    for page in pages:
        texts = list(page.words.texts)
        carried.append([texts[i + 2] for i in range(len(texts) - 2) if texts[i + 1] == "forward"])
    assert len(carried) == 3
    (first,), (second, third), (fourth,) = carried
    assert first == second and third == fourth and first != third


@pytest.mark.parametrize("name", ["06-factur-x.pdf", "07-invoice-ubl.xml", "08-invoice-cii.xml"])
def test_the_xml_says_all_that_was_meant(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    einvoice = read_pdf(content, Limits()).einvoice if name.endswith(".pdf") else read_einvoice(content)
    assert einvoice is not None and not einvoice.problems
    assert einvoice.invoice == EXPECTED[name].invoice
    assert einvoice.profile == "urn:cen.eu:en16931:2017"


def test_the_hybrid_ties_its_xml_to_the_document(folder: Path) -> None:
    with pymupdf.open(folder / "06-factur-x.pdf") as pdf:
        assert pdf.embfile_names() == ["factur-x.xml"]
        (associated,) = _references(pdf.xref_get_key(pdf.pdf_catalog(), "AF"))
        assert pdf.xref_get_key(associated, "AFRelationship") == ("name", "/Alternative")
        assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in pdf.get_xml_metadata()


def _references(key: tuple[str, str]) -> list[int]:
    kind, text = key
    assert kind == "array"
    return [int(part.split()[0]) for part in text.strip("[]").split("R") if part.strip()]


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected.reason in ("damaged", "encrypted")])
def test_the_broken_ones_are_refused_for_their_reason(folder: Path, name: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_pdf((folder / name).read_bytes(), Limits())
    assert refused.value.reason == EXPECTED[name].reason


def test_the_locked_one_opens_with_its_password(folder: Path) -> None:
    with pymupdf.open(folder / "11-locked.pdf") as pdf:
        assert pdf.needs_pass
        assert not pdf.authenticate("guess")
        assert pdf.authenticate(odd.PASSWORD)
        assert invoices.GERMAN_INVOICE.number in pdf[0].get_text()


@pytest.mark.parametrize("kind", ["xml", "digital", "mixed"])
def test_a_crowd_has_no_two_alike_and_is_the_same_each_time(tmp_path: Path, kind: str) -> None:
    paths = make_many(tmp_path, 60, kind, seed=9)
    contents = [path.read_bytes() for path in paths]
    assert len(set(contents)) == 60
    assert contents == [content for _, content in many(60, kind, seed=9)]
    assert not set(contents) & {content for _, content in many(60, kind, seed=10)}
    assert {path.suffix for path in paths} == {"xml": {".xml"}, "digital": {".pdf"}, "mixed": {".pdf", ".xml"}}[kind]


def test_a_crowd_can_be_read() -> None:
    for index, (suffix, content) in enumerate(many(12, "mixed", seed=2)):
        _, truth = make_one(2, index)
        if suffix == "xml":
            assert read_einvoice(content).invoice == truth
        else:
            (page,) = read_pdf(content, Limits()).pages
            assert truth.number in page.words.texts
            assert truth.payment_account in "".join(page.words.texts)
