"""Files inside a PDF: the e-invoice of a hybrid (Factur-X, ZUGFeRD, XRechnung) is read, of all others only the name is taken."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import pymupdf
from pymupdf import mupdf

from app.domain.document import EInvoice
from app.errors import Unprocessable
from app.readers.einvoice import read_einvoice
from app.readers.limits import Limits
from app.readers.rows import clean

# The names that the standards give to it (Factur-X 1.0, ZUGFeRD 1 and 2, XRechnung as profile).
NAMED = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:CrossIndustryInvoice|CrossIndustryDocument|Invoice|CreditNote)[\s>/]")
_HEAD = 4096
_TRIED = 20  # attachments looked into


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    stream: int  # object number of its content


def attachments(document: pymupdf.Document, limit: int) -> list[Attachment]:
    """From the catalogue's EmbeddedFiles and AF, each content once, at most `limit`."""
    pdf = mupdf.pdf_document_from_fz_document(document.this)
    specifications = []
    tree = mupdf.pdf_load_name_tree(pdf, mupdf.pdf_new_name("EmbeddedFiles"))
    specifications += [mupdf.pdf_dict_get_val(tree, i) for i in range(min(mupdf.pdf_dict_len(tree), 10 * limit))]
    associated = mupdf.pdf_dict_getp(mupdf.pdf_trailer(pdf), "Root/AF")
    specifications += [mupdf.pdf_array_get(associated, i) for i in range(min(mupdf.pdf_array_len(associated), 10 * limit))]
    found: dict[int, Attachment] = {}
    for specification in specifications:
        for key in ("EF/F", "EF/UF"):
            number = mupdf.pdf_to_num(mupdf.pdf_dict_getp(specification, key))
            if number:
                break
        else:
            continue
        name = ""
        for key in ("UF", "F"):
            name = name or mupdf.pdf_to_text_string(mupdf.pdf_dict_gets(specification, key))
        # Only the last part: the rest of a path tells nothing and may be meant to break out of a folder.
        name = re.split(r"[/\\]", name)[-1]
        found.setdefault(number, Attachment(" ".join(filter(None, map(clean, name.split())))[:255], number))
        if len(found) == limit:
            break
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Embedded:
    """`broken`: there is one, but it cannot be read. `others`: attachments that are not it."""

    einvoice: EInvoice | None
    broken: bool
    others: tuple[str, ...]


def embedded_einvoice(document: pymupdf.Document, limits: Limits) -> Embedded:
    """Raises nothing because of what is embedded: the pages of the PDF are worth reading anyway."""
    found = attachments(document, limits.attachment_names)
    found.sort(key=lambda a: (a.name.lower() not in NAMED, not a.name.lower().endswith(".xml")))
    broken = False
    for i, attachment in enumerate(found[:_TRIED]):
        named = attachment.name.lower() in NAMED
        try:
            if not named and not _looks_like_einvoice(_content(document, attachment.stream, _HEAD)):
                continue
            einvoice = read_einvoice(_content(document, attachment.stream, limits.attachment_bytes + 1, limits.attachment_bytes))
        except (Unprocessable, zlib.error, mupdf.FzErrorBase, ValueError, RuntimeError):
            broken = broken or named
            continue
        return Embedded(einvoice, False, tuple(a.name for k, a in enumerate(found) if k != i))
    return Embedded(None, broken, tuple(a.name for a in found))


def _looks_like_einvoice(head: bytes) -> bool:
    text = head.replace(b"\0", b"").decode("utf-8", "replace")  # good enough for the root's name in UTF-16 too
    return _ROOT.search(text) is not None


def _content(document: pymupdf.Document, number: int, most: int, refuse_over: int | None = None) -> bytes:
    """The first `most` bytes of a stream; nothing larger is ever made in memory. Raises ValueError beyond `refuse_over`, and
    for filters that cannot be bounded."""
    pdf = mupdf.pdf_document_from_fz_document(document.this)
    stream = mupdf.pdf_load_object(pdf, number)
    content: bytes = mupdf.pdf_load_raw_stream_number(pdf, number).fz_buffer_extract()
    kept = mupdf.pdf_dict_gets(stream, "Filter")
    filters = [mupdf.pdf_to_name(mupdf.pdf_array_get(kept, i)) for i in range(mupdf.pdf_array_len(kept))]
    if not filters and mupdf.pdf_is_name(kept):
        filters = [mupdf.pdf_to_name(kept)]
    parameters = mupdf.pdf_dict_gets(stream, "DecodeParms")
    if mupdf.pdf_to_int(mupdf.pdf_dict_gets(parameters, "Predictor")) > 1:
        raise ValueError("predictor")
    for name in filters:
        if name == "Crypt":
            continue
        if name not in ("FlateDecode", "Fl"):
            raise ValueError("filter")
        content = zlib.decompressobj().decompress(content, most)
    if refuse_over is not None and len(content) > refuse_over:
        raise ValueError("too large")
    return content[:most]
