"""What a file is, from its first bytes alone; its name and the sender's media type are never asked."""

from __future__ import annotations

import re
from typing import Literal

from app.errors import Unprocessable

Kind = Literal["pdf", "xml"]

HEAD = 1024
"""How many bytes to look at: PDF 1.7 (implementation note 13) wants readers to find `%PDF-` there."""

_BLANK = b" \t\r\n\x0b\x0c\x00"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg)\b", re.IGNORECASE)
# A file that is valid as one of these and as PDF means something else to each program that opens it.
_OTHER = (b"MZ", b"GIF8", b"PK\x03\x04", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"RIFF", b"Rar!", b"#!", b"%!PS")


def sniff(head: bytes) -> Kind:
    """The kind of the file that starts with `head` (at least its first `HEAD` bytes, or all of it).

    Raises Unprocessable: `empty` for nothing but blanks, `unsupported_type` for all else that is neither PDF nor XML,
    and for a PDF header inside a file of another format.
    """
    head = head[:HEAD]
    start = head
    for bom in _BOMS:
        start = start.removeprefix(bom)
    start = start.lstrip(_BLANK)
    if not start:
        raise Unprocessable("empty")
    header = start.find(b"%PDF-")
    if header == 0:
        return "pdf"
    if start.startswith(_OTHER) or _HTML.match(start):
        raise Unprocessable("unsupported_type", "a PDF inside another format" if header > 0 else "")
    if header > 0:
        if start.startswith(b"<"):
            raise Unprocessable("unsupported_type", "a PDF inside another format")
        return "pdf"  # some mail gateways and printers put a few bytes in front
    if start.startswith(b"<"):  # in UTF-16 too: the blanks taken off include NUL
        return "xml"
    raise Unprocessable("unsupported_type")
