"""Our own documents: eighteen for the demonstration and the tests, any number for load tests. The same bytes on every run.

Nothing in them is anybody's: firms, people, accounts and VAT ids are made up (their check digits are right).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.domain.extraction import DocumentType
from app.domain.invoice import Invoice
from app.domain.record import Reason, Status
from app.samples import invoices, odd, on_paper, scans
from app.samples.canvas import assemble, save
from app.samples.einvoice_xml import write_cii, write_ubl
from app.samples.hybrid import embed_xml
from app.samples.pages import Layout, as_printed, draw_pdf, draw_sheets

EN16931 = "EN 16931"
_INK = {
    "green": (0.13, 0.36, 0.25),
    "wine": (0.45, 0.12, 0.2),
    "navy": (0.13, 0.2, 0.42),
    "slate": (0.24, 0.27, 0.33),
    "rust": (0.55, 0.25, 0.1),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out of a sample. `invoice`: all that the file says, None where it is no readable invoice. Of a scan a reader may get
    some letters wrong: `status` is None where that decides it."""

    status: Status | None
    reason: Reason | None = None
    document_type: DocumentType | None = None
    source: Literal["xml", "text", "ocr"] | None = None
    language: str | None = None
    invoice: Invoice | None = None


@dataclass(frozen=True, slots=True)
class _Sample:
    make: Callable[[], bytes]
    expected: Expected


def _printed(invoice: Invoice, language: str, layout: Layout, ink: str, status: Status = "approved") -> _Sample:
    return _Sample(
        make=lambda: draw_pdf(invoice, language, layout, ink=_INK[ink]),
        expected=Expected(
            status=status,
            document_type="credit_note" if invoice.type_code == "381" else "invoice",
            source="text",
            language=language,
            invoice=as_printed(invoice, language, layout),
        ),
    )


def _hybrid() -> bytes:
    invoice = invoices.HYBRID_INVOICE
    title = f"Rechnung {invoice.number}"
    pdf = assemble(draw_sheets(invoice, "de", "letter", ink=_INK["navy"]), title=title, author=invoice.seller.name or "")
    embed_xml(pdf, write_cii(invoice, EN16931), title=title, level=EN16931)
    return save(pdf)


def _structured(make: Callable[[], bytes], invoice: Invoice) -> _Sample:
    return _Sample(make, Expected("approved", document_type="invoice", source="xml", invoice=invoice))


def _on_paper(make: Callable[[], bytes], printed: Invoice, language: str, document_type: DocumentType = "invoice") -> _Sample:
    return _Sample(make, Expected(None, document_type=document_type, source="ocr", language=language, invoice=printed))


def _refused(make: Callable[[], bytes], reason: Reason) -> _Sample:
    return _Sample(make, Expected("quarantined", reason=reason))


_SAMPLES: Mapping[str, _Sample] = {
    "01-invoice-english.pdf": _printed(invoices.ENGLISH_INVOICE, "en", "banner", "green"),
    "02-invoice-german.pdf": _printed(invoices.GERMAN_INVOICE, "de", "letter", "slate"),
    "03-invoice-french.pdf": _printed(invoices.FRENCH_INVOICE, "fr", "ledger", "wine"),
    "04-invoice-three-pages.pdf": _printed(invoices.MULTI_PAGE_INVOICE, "en", "banner", "navy"),
    "05-credit-note.pdf": _printed(invoices.CREDIT_NOTE, "en", "banner", "green"),
    "06-factur-x.pdf": _structured(_hybrid, invoices.HYBRID_INVOICE),
    "07-invoice-ubl.xml": _structured(lambda: write_ubl(invoices.UBL_INVOICE), invoices.UBL_INVOICE),
    "08-invoice-cii.xml": _structured(lambda: write_cii(invoices.CII_INVOICE, EN16931), invoices.CII_INVOICE),
    "09-wrong-total.pdf": _printed(invoices.CONTRADICTION, "en", "ledger", "rust", status="needs_review"),
    "10-cut-off.pdf": _refused(lambda: odd.cut_off(draw_pdf(invoices.ENGLISH_INVOICE, "en", "banner")), "damaged"),
    "11-locked.pdf": _refused(lambda: odd.locked(save(assemble(draw_sheets(invoices.GERMAN_INVOICE, "de", "letter")))), "encrypted"),
    "12-delivery-terms.pdf": _refused(odd.delivery_terms, "not_an_invoice"),
    "13-scan-askew.pdf": _on_paper(
        lambda: scans.scanned_pdf(on_paper.SCANNED_INVOICE, "de", "banner", 13, ink=_INK["slate"]),
        as_printed(on_paper.SCANNED_INVOICE, "de", "banner"),
        "de",
    ),
    "14-photo.jpg": _on_paper(
        lambda: scans.photo_jpeg(on_paper.PHOTOGRAPHED_INVOICE, "en", "ledger", 14, ink=_INK["rust"]),
        as_printed(on_paper.PHOTOGRAPHED_INVOICE, "en", "ledger"),
        "en",
    ),
    "15-till-receipt.jpg": _on_paper(lambda: scans.receipt_jpeg(on_paper.RECEIPT, 15), on_paper.RECEIPT, "en", "receipt"),
    "16-fax.tif": _on_paper(
        lambda: scans.fax_tiff(on_paper.FAXED_INVOICE, "fr", "letter", 16), as_printed(on_paper.FAXED_INVOICE, "fr", "letter"), "fr"
    ),
    "17-upside-down.png": _on_paper(
        lambda: scans.upside_down_png(on_paper.OVERTURNED_INVOICE, "fr", "ledger", 17, ink=_INK["wine"]),
        as_printed(on_paper.OVERTURNED_INVOICE, "fr", "ledger"),
        "fr",
    ),
    "18-twelve-pages.tif": _on_paper(
        lambda: scans.duplex_tiff(on_paper.DUPLEX_INVOICE, "en", "banner", 18), as_printed(on_paper.DUPLEX_INVOICE, "en", "banner"), "en"
    ),
}

EXPECTED: Mapping[str, Expected] = {name: sample.expected for name, sample in _SAMPLES.items()}
"""By file name, for each file that `make_samples` writes."""


def make_samples(folder: Path) -> list[Path]:
    """Writes the samples into `folder`, which is made if need be; gives their paths in order of name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, sample in _SAMPLES.items():
        path = folder / name
        path.write_bytes(sample.make())
        paths.append(path)
    return paths
