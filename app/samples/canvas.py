"""A sheet of A4 to draw on, and the PDF made of such sheets: the same strokes give the same bytes, on any day."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import pymupdf

WIDTH, HEIGHT = 595.0, 842.0
Font = Literal["helv", "hebo", "heit", "tiro", "tibo", "tiit", "cour", "cobo"]
Color = tuple[float, float, float]
BLACK: Color = (0.1, 0.1, 0.12)
GREY: Color = (0.42, 0.43, 0.46)
WHITE: Color = (1, 1, 1)

_POSTSCRIPT: dict[Font, tuple[str, str]] = {  # name in the PDF when embedded, and when left to the viewer
    "helv": ("NimbusSans-Regular", "Helvetica"),
    "hebo": ("NimbusSans-Bold", "Helvetica-Bold"),
    "heit": ("NimbusSans-Italic", "Helvetica-Oblique"),
    "tiro": ("NimbusRoman-Regular", "Times-Roman"),
    "tibo": ("NimbusRoman-Bold", "Times-Bold"),
    "tiit": ("NimbusRoman-Italic", "Times-Italic"),
    "cour": ("NimbusMonoPS-Regular", "Courier"),
    "cobo": ("NimbusMonoPS-Bold", "Courier-Bold"),
}
_CHARACTERS = [bytes([code]).decode("cp1252", "ignore") or " " for code in range(32, 256)]


@cache
def _program(font: Font) -> bytes:
    return bytes(pymupdf.Font(font).buffer)


@cache
def _advances(font: Font) -> dict[str, float]:
    loaded = pymupdf.Font(font)
    return {character: loaded.glyph_advance(ord(character)) for character in _CHARACTERS}


def text_width(text: str, font: Font, size: float) -> float:
    """Points that `text` takes. Raises KeyError for a character outside Windows-1252: the built-in fonts are written in that encoding."""
    advances = _advances(font)
    return size * sum(advances[character] for character in text)


def wrap(text: str, font: Font, size: float, width: float) -> list[str]:
    """Lines of whole words, none wider than `width` unless a single word is. Line breaks in the text are kept; "" gives no line."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, font, size) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


@dataclass
class Sheet:
    """One page, A4 unless told otherwise. Points, origin top left; `y` of a text is its base line."""

    width: float = WIDTH
    height: float = HEIGHT
    strokes: list[bytes] = field(default_factory=list)
    fonts: dict[Font, None] = field(default_factory=dict)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        font: Font = "helv",
        size: float = 9,
        *,
        color: Color = BLACK,
        align: Literal["left", "right", "center"] = "left",
        stretch: float = 1.0,
    ) -> None:
        """`stretch`: how wide the letters are drawn, 1 as the font has them."""
        if not text:
            return
        if align != "left":
            x -= text_width(text, font, size) * stretch * (1 if align == "right" else 0.5)
        self.fonts[font] = None
        encoded = text.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
        start = f"BT /{font} {size:g} Tf {_rgb(color)} rg {stretch:g} 0 0 1 {x:.2f} {self.height - y:.2f} Tm ("
        self.strokes.append(start.encode() + encoded + b") Tj ET")

    def column(self, x: float, y: float, lines: Sequence[str], font: Font = "helv", size: float = 9, leading: float = 1.35) -> float:
        """Lines below each other, empty ones left out; gives the base line of the next."""
        for line in filter(None, lines):
            self.text(x, y, line, font, size)
            y += size * leading
        return y

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, thickness: float = 0.6, color: Color = GREY) -> None:
        stroke = f"{thickness:g} w {_rgb(color)} RG {x0:.2f} {self.height - y0:.2f} m {x1:.2f} {self.height - y1:.2f} l S"
        self.strokes.append(stroke.encode())

    def fill(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        self.strokes.append(f"{_rgb(color)} rg {x0:.2f} {self.height - y1:.2f} {x1 - x0:.2f} {y1 - y0:.2f} re f".encode())


def _rgb(color: Color) -> str:
    return " ".join(f"{part:g}" for part in color)


def assemble(sheets: Sequence[Sheet], *, title: str = "", author: str = "", embed_fonts: bool = True) -> pymupdf.Document:
    """An open PDF of the sheets, to be closed by `save`. Without fonts inside a file is a tenth of the size, and reads the same."""
    pdf = pymupdf.open()
    fonts: dict[Font, int] = {}
    for sheet in sheets:
        page = pdf.new_page(width=sheet.width, height=sheet.height)
        for font in sheet.fonts:
            if font not in fonts:
                fonts[font] = _add_font(pdf, font, embed=embed_fonts)
        content = _add_stream(pdf, b"\n".join(sheet.strokes))
        pdf.xref_set_key(page.xref, "Contents", f"{content} 0 R")
        names = "".join(f"/{font} {fonts[font]} 0 R" for font in sheet.fonts)
        pdf.xref_set_key(page.xref, "Resources", f"<</Font<<{names}>>>>")
    if title:
        pdf.set_metadata({"title": title, "author": author, "producer": "InvoiceStream samples"})
    return pdf


def save(pdf: pymupdf.Document) -> bytes:
    """The file, with an id that is a hash of what the file holds; closes `pdf`."""
    held = hashlib.sha256()
    for number in range(pdf.page_count):
        held.update(pdf[number].read_contents())
    identity = held.hexdigest()[:32]
    pdf.xref_set_key(-1, "ID", f"[<{identity}><{identity}>]")
    content: bytes = pdf.tobytes(deflate=True, no_new_id=True)
    pdf.close()
    return content


def _add_stream(pdf: pymupdf.Document, content: bytes, dictionary: str = "<<>>") -> int:
    xref: int = pdf.get_new_xref()
    pdf.update_object(xref, dictionary)
    pdf.update_stream(xref, content)
    return xref


def _add_font(pdf: pymupdf.Document, font: Font, *, embed: bool) -> int:
    xref: int = pdf.get_new_xref()
    embedded_name, viewers_name = _POSTSCRIPT[font]
    if not embed:
        pdf.update_object(xref, f"<</Type/Font/Subtype/Type1/BaseFont/{viewers_name}/Encoding/WinAnsiEncoding>>")
        return xref
    program = _add_stream(pdf, _program(font), "<</Subtype/Type1C>>")
    fixed, serif = font.startswith("co"), font.startswith("ti")
    descriptor = pdf.get_new_xref()
    pdf.update_object(
        descriptor,
        f"<</Type/FontDescriptor/FontName/{embedded_name}/Flags {32 + fixed + 2 * serif}/FontBBox[-210 -299 1032 1075]"
        f"/ItalicAngle {-12 if font.endswith('it') else 0}/Ascent 900/Descent -220/CapHeight 720/StemV 88/FontFile3 {program} 0 R>>",
    )
    advances = _advances(font)
    widths = " ".join(f"{1000 * advances[character]:.0f}" for character in _CHARACTERS)
    pdf.update_object(
        xref,
        f"<</Type/Font/Subtype/Type1/BaseFont/{embedded_name}/Encoding/WinAnsiEncoding/FirstChar 32/LastChar 255"
        f"/Widths[{widths}]/FontDescriptor {descriptor} 0 R>>",
    )
    return xref
