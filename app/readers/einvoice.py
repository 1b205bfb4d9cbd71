"""E-invoice XML to `EInvoice`: `read_einvoice` parses strictly and hands the root to the mapping of its syntax.

No document type declaration, entity, XInclude, stylesheet or schema location is ever followed, whatever the encoding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from app.domain.document import EInvoice
from app.domain.invoice import Invoice
from app.errors import Unprocessable
from app.readers.cii import read_cii
from app.readers.cii_names import CII, ZUGFERD_1
from app.readers.ubl import CREDIT_NOTE, INVOICE, read_ubl
from app.readers.xml_node import Node, Source

MAX_TAGS = 1_000_000
"""Opening and closing. 10,000 full lines have about 800,000; a tree of half a million elements takes some 100 MB."""

MAX_ATTRIBUTES = 500_000
MAX_TAG_LENGTH = 16_384
"""Bytes. The longest honest tag is a root with its namespaces and schema locations, 2 kB; with 300,000 attributes it is a bomb."""

ENCODINGS = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
"""Declared encodings that are read, besides UTF-16 with a byte order mark: in all of them markup looks as it does in ASCII."""

_DECLARATION = re.compile(rb"<\?xml\s[^<>]{0,200}\?>")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([^"'<>]{0,40})["']""")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONG_TAG = re.compile(rb"<[^!?<>][^<>]{%d}" % MAX_TAG_LENGTH)  # not comments and CDATA, in which attachments may stand
_PARSER_LIMITS = frozenset({etree.ErrorTypes.ERR_NO_MEMORY, etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG})


@dataclass(frozen=True, slots=True)
class _Syntax:
    name: Literal["cii", "ubl", "zugferd1"]
    namespaces: frozenset[str]
    read: Callable[[Node], Invoice]


_UBL = "{urn:oasis:names:specification:ubl:schema:xsd:"
_UNCEFACT = "{urn:un:unece:uncefact:data:standard:"
_FERD = "{urn:ferd:CrossIndustryDocument:invoice:1p0"
_UBL_NAMESPACES = frozenset({f"{_UBL}CommonAggregateComponents-2", f"{_UBL}CommonBasicComponents-2"})
_CII_NAMESPACES = frozenset(
    {
        f"{_UNCEFACT}CrossIndustryInvoice:100",
        f"{_UNCEFACT}ReusableAggregateBusinessInformationEntity:100",
        f"{_UNCEFACT}UnqualifiedDataType:100",
        f"{_UNCEFACT}QualifiedDataType:100",
    }
)
_ZUGFERD_1_NAMESPACES = frozenset(
    {
        _FERD,
        f"{_UNCEFACT}ReusableAggregateBusinessInformationEntity:12",
        f"{_UNCEFACT}UnqualifiedDataType:15",
        f"{_UNCEFACT}QualifiedDataType:12",
    }
)
_SYNTAXES: dict[str, _Syntax] = {
    f"{_UNCEFACT}CrossIndustryInvoice:100}}CrossIndustryInvoice": _Syntax("cii", _CII_NAMESPACES, lambda n: read_cii(n, CII)),
    f"{_FERD}}}CrossIndustryDocument": _Syntax("zugferd1", _ZUGFERD_1_NAMESPACES, lambda n: read_cii(n, ZUGFERD_1)),
    f"{_UBL}Invoice-2}}Invoice": _Syntax("ubl", _UBL_NAMESPACES, lambda n: read_ubl(n, INVOICE)),
    f"{_UBL}CreditNote-2}}CreditNote": _Syntax("ubl", _UBL_NAMESPACES, lambda n: read_ubl(n, CREDIT_NOTE)),
}


def read_einvoice(content: bytes) -> EInvoice:
    """The invoice that the XML holds, and what in it could not be read.

    Raises Unprocessable: `damaged` for what is not well-formed, has a document type declaration or an encoding that is not
    read; `parser_limit` past the limits above or the parser's own; `empty`; `not_an_invoice` for all other XML.
    """
    root = _parse(content)
    syntax = _SYNTAXES.get(root.tag)
    if syntax is None:
        raise Unprocessable("not_an_invoice", "the root element is not that of an invoice")
    source = Source(syntax.namespaces)
    invoice = syntax.read(Node(root, source))
    if invoice.number is None and invoice.total_with_tax is None and invoice.amount_due is None and not invoice.lines:
        raise Unprocessable("not_an_invoice", "no number, no total and no lines")
    return EInvoice(invoice=invoice, syntax=syntax.name, profile=invoice.specification, problems=source.problems)


def _parse(content: bytes) -> etree._Element:
    text = _utf_8(content)
    if b"<!" in text and _DOCTYPE.search(text):
        raise Unprocessable("damaged", "document type declarations are refused")
    if text.count(b"<") > MAX_TAGS or text.count(b"=") > MAX_ATTRIBUTES or (len(text) > MAX_TAG_LENGTH and _LONG_TAG.search(text)):
        raise Unprocessable("parser_limit", "too many elements or attributes")
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says: what was checked above is what is parsed
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,  # depth 256, 10 MB for one text
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as exc:
        if exc.code in _PARSER_LIMITS:  # type: ignore[attr-defined]  # not in the stubs
            raise Unprocessable("parser_limit", "too deep, or a text too long") from exc
        raise Unprocessable("damaged", "not well-formed XML") from exc
    docinfo = root.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None:
        raise Unprocessable("damaged", "document type declarations are refused")
    return root


def _utf_8(content: bytes) -> bytes:
    """The document in UTF-8, without byte order mark and without white space around it."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Unprocessable("damaged", "an encoding that is not read")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _decoded(content, "utf-16")
    else:
        text = content.removeprefix(codecs.BOM_UTF8).strip(b" \t\r\n")
        declaration = _DECLARATION.match(text)
        declared = _ENCODING.search(declaration[0]) if declaration else None
        if declared:
            encoding = ENCODINGS.get(declared[1].decode("latin-1").lower())
            if encoding is None:
                raise Unprocessable("damaged", "an encoding that is not read")
            if encoding != "utf-8":
                text = _decoded(text, encoding)
    text = text.strip(b" \t\r\n")
    if not text:
        raise Unprocessable("empty")
    if b"\0" in text:  # also UTF-16 and UTF-32 without byte order mark
        raise Unprocessable("damaged", "an encoding that is not read")
    return text


def _decoded(content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).encode()
    except UnicodeError as exc:
        raise Unprocessable("damaged", "bytes that are not in the declared encoding") from exc
