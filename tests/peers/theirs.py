"""Run by the python of `.venv/peers`, not by ours: `theirs.py PEER` reads JSON lines {"path", "text", "layer"} on stdin and answers each
with what the peer says of it, in the truth's words. `layer`: the file is a PDF whose text layer can be used.

Each peer is asked as its own documentation says, and gets what it can take: the file where it reads such files, else the text.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

Asked = dict[str, Any]


def invoice2data() -> Callable[[Asked], Asked]:
    """With the templates that come with it."""
    from invoice2data import extract_data
    from invoice2data.extract.loader import read_templates

    templates = read_templates()

    def ask(asked: Asked) -> Asked:
        if asked["layer"]:
            said = extract_data(asked["path"], templates=templates)
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
                file.write(asked["text"])
                file.flush()
                said = extract_data(file.name, templates=templates, input_module="text")
        said = said or {}
        return {
            "invoice_number": said.get("invoice_number"),
            "issue_date": said.get("date"),
            "due_date": said.get("date_due") or said.get("due_date"),
            "currency": said.get("currency"),
            "net_total": said.get("amount_untaxed"),
            "tax_total": said.get("amount_tax"),
            "gross_total": said.get("amount"),
            "vendor_name": said.get("issuer"),
            "vendor_vat_id": said.get("vat"),
            "buyer_name": said.get("partner_name"),
            "iban": said.get("iban"),
            "purchase_order": said.get("purchase_order") or said.get("order_number"),
            "line_items": [
                {"description": line.get("name") or line.get("desc"), "quantity": line.get("qty"), "unit_price": line.get("price_unit"),
                 "amount": line.get("price_subtotal") or line.get("price_total")}
                for line in said.get("lines") or ()
            ],
        }  # fmt: skip

    return ask


def amagi_receipts_to_csv() -> Callable[[Asked], Asked]:
    """Its rules on our words: its own OCR would read other ones. It does not read numbers, references or lines."""
    from amagi_receipts_to_csv.parse import parse_lines

    def ask(asked: Asked) -> Asked:
        said = parse_lines(asked["text"].splitlines(), day_first=True)
        return {
            "issue_date": said.date,
            "net_total": said.subtotal,
            "tax_total": said.tax,
            "gross_total": said.total,
            "vendor_name": said.vendor or None,
        }

    return ask


def pdf2struct() -> Callable[[Asked], Asked]:
    """Its `detected_fields`."""
    from pdf2struct.kv import extract_kv_fields

    def ask(asked: Asked) -> Asked:
        said = extract_kv_fields(asked["text"])
        day = said.get("date")
        return {
            "invoice_number": said.get("invoice_number"),
            "issue_date": day and re.sub(r"\D", "/", day),
            "tax_total": said.get("vat"),
            "gross_total": said.get("total"),
            "iban": said.get("iban"),
        }

    return ask


def receipt_parser_ocr() -> Callable[[Asked], Asked]:
    from receipt_parser.receipt_parser import ReceiptParser

    parser = ReceiptParser()

    def ask(asked: Asked) -> Asked:
        said = parser.parse(asked["text"])
        return {"issue_date": said.date, "gross_total": said.total_amount, "vendor_name": said.store_name}

    return ask


PEERS = {
    "invoice2data": invoice2data,
    "amagi-receipts-to-csv": amagi_receipts_to_csv,
    "pdf2struct": pdf2struct,
    "receipt-parser-ocr": receipt_parser_ocr,
}


def main(peer: str) -> None:
    logging.disable(logging.CRITICAL)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints is no answer
    ask = PEERS[peer]()
    for line in sys.stdin:
        said: Asked = {}
        with contextlib.suppress(Exception):  # a peer that fails on a document has said nothing of it
            said = ask(json.loads(line))
        answers.write(json.dumps(said, default=_plain) + "\n")
        answers.flush()


def _plain(value: object) -> str:
    return value.isoformat()[:10] if isinstance(value, (date, datetime)) else str(value)


if __name__ == "__main__":
    main(sys.argv[1])
