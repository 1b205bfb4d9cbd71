"""What a file is, from its first bytes alone; its name and the sender's media type are never asked."""

from __future__ import annotations

import re
from typing import Literal, get_args

from app.domain.document import MediaType
from app.errors import Unprocessable

PictureKind = Literal["png", "jpeg", "tiff", "webp"]
Kind = Literal["pdf", "xml"] | PictureKind
PICTURES: frozenset[Kind] = frozenset(get_args(PictureKind))
MEDIA_TYPES: dict[Kind, MediaType] = {
    "pdf": "application/pdf",
    "xml": "application/xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "webp": "image/webp",
}

HEAD = 1024
"""How many bytes to look at: PDF 1.7 (implementation note 13) wants readers to find `%PDF-` there."""

_BLANK = b" \t\r\n\x0b\x0c\x00"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg)\b", re.IGNORECASE)
_PICTURES: tuple[tuple[bytes, PictureKind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),  # BigTIFF (43 instead of 42) is for pictures over 4 GiB
    (b"MM\x00*", "tiff"),
)
# A file that is valid as one of these and as PDF means something else to each program that opens it.
_OTHER = (b"MZ", b"GIF8", b"PK\x03\x04", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"RIFF", b"Rar!", b"#!", b"%!PS")


def sniff(head: bytes) -> Kind:
    """The kind of the file that starts with `head` (at least its first `HEAD` bytes, or all of it).

    Raises Unprocessable: `empty` for nothing but blanks, `unsupported_type` for all else that is neither PDF nor XML nor one of the
    four kinds of picture, and for a PDF header inside a file of another format.
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
    if header < 0 and (picture := _picture(head)) is not None:
        return picture
    if start.startswith(_OTHER) or _HTML.match(start):
        raise Unprocessable("unsupported_type", "a PDF inside another format" if header > 0 else "")
    if header > 0:
        if start.startswith(b"<"):
            raise Unprocessable("unsupported_type", "a PDF inside another format")
        return "pdf"  # some mail gateways and printers put a few bytes in front
    if start.startswith(b"<"):  # in UTF-16 too: the blanks taken off include NUL
        return "xml"
    raise Unprocessable("unsupported_type")


def _picture(head: bytes) -> PictureKind | None:
    for magic, kind in _PICTURES:
        if head.startswith(magic):
            return kind
    return "webp" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else None
