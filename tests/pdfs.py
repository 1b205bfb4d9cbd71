"""PDF files for tests, made on the spot: good ones with PyMuPDF, hostile ones byte by byte."""

from __future__ import annotations

import zlib

import pymupdf

CII = (
    b'<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    b'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    b'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
    b"<rsm:ExchangedDocument><ram:ID>R-1</ram:ID><ram:TypeCode>380</ram:TypeCode></rsm:ExchangedDocument>"
    b"<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"
    b"<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:GrandTotalAmount>119.00</ram:GrandTotalAmount>"
    b"</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>"
    b"</rsm:CrossIndustryInvoice>"
)


def text_pdf(*lines: str, pages: int = 1) -> bytes:
    document = pymupdf.open()
    for _ in range(pages):
        page = document.new_page()
        for i, line in enumerate(lines or ("Invoice R-1", "Total 119.00")):
            page.insert_text((72, 72 + 20 * i), line)
    return saved(document)


def saved(document: pymupdf.Document, **options: object) -> bytes:
    content: bytes = document.tobytes(**options)
    return content


def raw_pdf(
    content: bytes = b"BT /F1 12 Tf 72 700 Td (Total 1.00) Tj ET",
    *,
    page: str = "/MediaBox[0 0 612 792]",
    catalogue: str = "",
    resources: str = "",
    stream: str = "",
    more: tuple[bytes, ...] = (),
) -> bytes:
    """A one-page PDF from its parts: `content` is compressed, `more` are objects from number 6 on."""
    packed = zlib.compress(content, 1)
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{catalogue}>>".encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R{page}/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>{resources}>>>>".encode(),
        f"<</Length {len(packed)}/Filter/FlateDecode{stream}>>stream\n".encode() + packed + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    ]
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out) + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def endless_pdf() -> bytes:
    """Small on disk, some minutes of drawing: a page that shows a form 200 times, that shows one 200 times, and so on."""
    forms = []
    for level in range(5):
        inner = b"/X Do " * 200 if level < 4 else b"0 0 m 9 9 l S " * 200
        below = f"/Resources<</XObject<</X {7 + level} 0 R>>>>" if level < 4 else ""
        forms.append(f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]{below}/Length {len(inner)}>>stream\n".encode() + inner + b"\nendstream")
    return raw_pdf(b"/X Do BT /F1 9 Tf (1) Tj ET", resources="/XObject<</X 6 0 R>>", more=tuple(forms))
