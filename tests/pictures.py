"""Picture files for tests, made on the spot: good ones with Pillow, hostile ones byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

Rows = Iterable[bytes]


def page_image(width: int = 620, height: int = 877, lines: int = 24) -> Image.Image:
    """A grey page of A4's shape with lines of print, a bar along its top edge and none below."""
    page = Image.new("L", (width, height), 245)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=max(height // 60, 8))
    draw.rectangle((0, 0, width, height // 20), fill=30)
    for line in range(lines):
        draw.text((width // 12, height // 10 + line * height // 30), f"Position {line}  Consulting  1.{line:03},50 EUR", fill=20, font=font)
    return page


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def raw_png(width: int, height: int, bits: int = 8, colour: int = 0, data: bytes = b"", before: bytes = b"") -> bytes:
    """`colour` as in PNG: 0 grey, 2 RGB, 3 palette. `before`: chunks in front of the pixels. `data` is compressed."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(data, 9))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + before + pixels + png_chunk(b"IEND", b"")


def one_bit_bomb(side: int = 50_000) -> bytes:
    """312 MB of pixels, 2.5 billion of them, in some 1.5 MB."""
    packer = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def text_bomb(name: bytes = b"zTXt") -> bytes:
    """A PNG whose compressed text or colour profile is 100 MB long."""
    packed = zlib.compress(bytes(100_000_000), 1)
    content = {
        b"zTXt": b"Comment\0\0" + packed,
        b"iTXt": b"Comment\0\1\0\0\0" + packed,
        b"iCCP": b"profile\0\0" + packed,
    }[name]
    return raw_png(8, 8, data=bytes(9 * 8), before=png_chunk(name, content))


def raw_tiff(
    frames: list[list[tuple[int, int, int, int]]], strip: bytes = b"\0" * 64, *, loop: bool = False, big_endian: bool = False
) -> bytes:
    """A TIFF of these directories: (tag, type, count, value) each. The pixels of all lie at offset 8; the tag 273 is added.

    `loop`: behind the last directory comes the first again.
    """
    order = ">" if big_endian else "<"
    out = bytearray(b"MM\0*" if big_endian else b"II*\0")
    out += struct.pack(order + "I", 8 + len(strip)) + strip
    first = len(out)
    for index, tags in enumerate(frames):
        entries = sorted([*tags, (273, 4, 1, 8)])
        size = 2 + 12 * len(entries) + 4
        last = index == len(frames) - 1
        following = (first if loop else 0) if last else len(out) + size
        out += struct.pack(order + "H", len(entries))
        for tag, kind, count, value in entries:
            short = struct.pack(order + "HH", value, 0) if kind == 3 and count == 1 else struct.pack(order + "I", value)
            out += struct.pack(order + "HHI", tag, kind, count) + short
        out += struct.pack(order + "I", following)
    return bytes(out)


def tiff_frame(width: int = 8, height: int = 8, **more: int) -> list[tuple[int, int, int, int]]:
    """The tags of an uncompressed grey frame. `more`: compression, subfile."""
    return [
        (254, 4, 1, more.get("subfile", 0)),
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, more.get("compression", 1)),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, more.get("bytes", width * height)),
    ]


def frames_tiff(count: int) -> bytes:
    return raw_tiff([tiff_frame() for _ in range(count)])


def jpeg_header(width: int, height: int) -> bytes:
    """A JPEG that claims this size and holds next to nothing."""
    small = bytearray(saved(Image.new("L", (16, 16)), "JPEG"))
    frame = small.index(b"\xff\xc0")
    small[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(small)


def animated(kind: str, count: int) -> bytes:
    """`count` different frames of 4 x 4 pixels, as PNG or WEBP."""
    frames = [Image.new("RGB", (4, 4), (i % 256, i // 256, (i * 7) % 256)) for i in range(count)]
    options = {"lossless": True, "minimize_size": False} if kind == "WEBP" else {}
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=20, **options)


def apng_claiming(count: int) -> bytes:
    """A PNG that says that it has so many frames."""
    return raw_png(8, 8, data=bytes(9 * 8), before=png_chunk(b"acTL", struct.pack(">II", count, 0)))
