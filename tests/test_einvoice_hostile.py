"""Hostile and broken XML: refused with its reason, in no time; nothing is ever followed."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Unprocessable
from app.readers.einvoice import read_einvoice
from tests.einvoice_examples import FULL_CII, FULL_UBL, ZUGFERD_1
from tests.einvoice_snippets import refused, ubl

DOCTYPES = [
    '<!DOCTYPE Invoice [<!ENTITY a "b">]>',
    '<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd">',
    "<!doctype invoice>",
]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "iso-8859-1", "utf-7"]
)
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_a_document_type_declaration_is_refused_in_every_encoding(doctype: str, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(encoding, encoding)
    content = f'<?xml version="1.0" encoding="{declared}"?>{doctype}{ubl().decode()}'.encode(encoding)
    assert refused(content).reason == "damaged"


def test_a_document_type_declaration_is_named_as_the_reason() -> None:
    assert refused(DOCTYPES[0].encode() + ubl()).detail == "document type declarations are refused"
    assert refused((DOCTYPES[1] + ubl().decode()).encode("utf-16")).detail == "document type declarations are refused"


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-8-sig"])
def test_honest_encodings_are_read(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    content = f'<?xml version="1.0" encoding="{declared}"?>\n{ubl("<b:Note>Größe x</b:Note>").decode()}\n'.encode(encoding)
    assert read_einvoice(content).invoice.note == "Größe x"


@pytest.mark.parametrize("declared", ["EBCDIC-CP-US", "utf-7", "shift_jis", "ucs-4", "x-mac-roman", "", "utf-8\x00"])
def test_odd_encodings_are_refused(declared: str) -> None:
    assert refused(f'<?xml version="1.0" encoding="{declared}"?>'.encode() + ubl()).reason == "damaged"


def test_bytes_outside_of_the_declared_encoding_are_refused() -> None:
    assert refused(b'<?xml version="1.0" encoding="us-ascii"?>' + ubl("<b:Note>é</b:Note>")).reason == "damaged"
    assert refused(ubl("<b:Note>X</b:Note>").replace(b"X", b"\xff")).reason == "damaged"


def test_xinclude_stylesheets_and_schema_locations_are_only_text(tmp_path: Any) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read me")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    content = b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>' + ubl(f"<b:Note>before {include}after</b:Note>")
    read = read_einvoice(content.replace(b"<Invoice ", f'<Invoice xml:base="{tmp_path.as_uri()}/" '.encode()))
    assert read.invoice.note == "before"


def test_comments_and_processing_instructions_do_not_cut_a_value() -> None:
    assert read_einvoice(ubl("<b:Note>12<!-- 3 -->45<?x y?>6</b:Note>")).invoice.note == "12456"


@pytest.mark.parametrize(
    "content",
    [
        b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
        b"<Invoice><ID>1</ID></Invoice>",
        b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"/>',
        b"<html><body>Invoice</body></html>",
        ubl().replace(b"<b:ID>1</b:ID>", b""),
    ],
    ids=["order", "no namespace", "wrong namespace", "html", "an invoice that says nothing"],
)
def test_other_xml_is_not_an_invoice(content: bytes) -> None:
    assert refused(content).reason == "not_an_invoice"


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"\xef\xbb\xbf", b"\xff\xfe"], ids=["nothing", "blanks", "byte order mark", "utf-16 mark"]
)
def test_nothing_is_empty(content: bytes) -> None:
    assert refused(content).reason == "empty"


@pytest.mark.parametrize(
    "content", [FULL_UBL[:-9], FULL_CII[:500], b"<a>&undefined;</a>", b"<a><b></a></b>", b"%PDF-1.7", b"<\0a/>", FULL_UBL * 2]
)
def test_broken_xml_is_damaged(content: bytes) -> None:
    assert refused(content).reason == "damaged"


BOMBS = {
    "deep": lambda: ubl("<b:x>" * 100_000),
    "many elements": lambda: ubl("<b:x/>" * 1_000_001),
    "many attributes": lambda: ubl("<b:x " + " ".join(f'a{i}="1"' for i in range(100_000)) + "/>"),
    "attributes spread": lambda: ubl('<b:x a="" b="" c="" d=""/>' * 130_000),
    "long text": lambda: ubl("<b:Note>" + "x" * 10_000_100 + "</b:Note>"),
    "long name": lambda: ubl("<b:" + "n" * 60_000 + "/>"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_go_off_in_no_time(bomb: str) -> None:
    content = BOMBS[bomb]()
    started = time.process_time()
    assert refused(content).reason == "parser_limit"
    assert time.process_time() - started < 2


def test_a_large_honest_invoice_is_read() -> None:
    line = re.search(rb"<a:InvoiceLine>.*</a:InvoiceLine>", FULL_UBL, re.DOTALL)
    assert line is not None
    attachment = b"JVBERi0x" * 1_000_000
    content = FULL_UBL.replace(line[0], line[0] * 1500).replace(b"JVBERi0=", attachment)
    assert len(read_einvoice(content).invoice.lines) == 1500


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutilated_document_is_refused_or_read_but_never_crashes(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([FULL_CII, FULL_UBL, ZUGFERD_1]))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    try:
        read_einvoice(content[:start] + data.draw(st.binary(max_size=8)) + content[end:])
    except Unprocessable as exc:
        assert exc.reason in ("damaged", "not_an_invoice", "empty")
