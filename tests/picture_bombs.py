"""Pictures made to break readers, and what may become of each: "pages", or a reason."""

from __future__ import annotations

from collections.abc import Callable

from tests.pdfs import raw_pdf, text_pdf
from tests.pictures import animated, frames_tiff, jpeg_header, one_bit_bomb, raw_png, raw_tiff, text_bomb, tiff_frame

BOMBS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "2.5 billion pixels in one bit": (one_bit_bomb, {"too_large"}),
    "JPEG of 65500": (lambda: jpeg_header(65500, 65500), {"too_large"}),
    "5000 pages": (lambda: frames_tiff(5000), {"too_many_pages"}),
    "5000 frames of WEBP": (lambda: animated("WEBP", 5000), {"too_many_pages"}),
    "text of 100 MB": (text_bomb, {"parser_limit"}),
    "circle": (lambda: raw_tiff([tiff_frame()], loop=True), {"pages"}),
    "EPS": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch) run\n", {"unsupported_type"}),
    "EPS with a preview": (lambda: b"\xc5\xd0\xd3\xc6" + bytes(28) + b"%!PS-Adobe-3.0 EPSF-3.0\n", {"unsupported_type"}),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", {"unsupported_type"}),
    "PDF in a JPEG": (lambda: b"\xff\xd8\xff\xe0" + text_pdf(), {"unsupported_type"}),
    "PDF behind a PNG's head": (lambda: b"\x89PNG\r\n\x1a\n" + text_pdf(), {"unsupported_type"}),
    "118 million pixels of 16 bit": (lambda: raw_png(10_000, 11_800, 16, 0, bytes(20_001 * 11_800)), {"pages", "parser_limit"}),
    "PNG in a PDF, unpacked 1 GB": (
        lambda: raw_pdf(
            b"q 600 0 0 700 0 0 cm /I Do Q",
            resources="/XObject<</I 6 0 R>>",
            more=(
                b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceRGB/BitsPerComponent 8/Length 4>>"
                b"stream\nabcd\nendstream",
            ),
        ),
        {"pages", "parser_limit", "damaged"},
    ),
}
