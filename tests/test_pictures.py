"""Picture files: what they are as pages, whatever their format, and what becomes of those that are made to break readers.
In this process: own files only."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from app.domain.document import Document, PagePlan, View
from app.errors import Unprocessable
from app.readers.limits import Limits
from app.readers.pictures import PictureFile, read_picture
from app.readers.pixels import page_picture, plan_pages, render_png
from app.readers.sniff import PictureKind
from tests.pictures import (
    animated,
    apng_claiming,
    frames_tiff,
    jpeg_header,
    one_bit_bomb,
    page_image,
    raw_png,
    raw_tiff,
    saved,
    text_bomb,
    tiff_frame,
)

LIMITS = Limits()
KINDS: dict[str, PictureKind] = {"PNG": "png", "JPEG": "jpeg", "TIFF": "tiff", "WEBP": "webp"}


def kind_of(content: bytes) -> PictureKind:
    from app.readers.sniff import sniff

    kind = sniff(content[:1024])
    assert kind not in ("pdf", "xml")
    return kind  # type: ignore[return-value]


def read(content: bytes, limits: Limits = LIMITS) -> Document:
    return read_picture(content, kind_of(content), limits)


def refusal(content: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(Unprocessable) as caught:
        read(content, limits)
    return caught.value.reason


def pixels(content: bytes, *, wide: int = 10_000, number: int = 1, colour: bool = False) -> np.ndarray:
    with PictureFile(content, kind_of(content), LIMITS) as file:
        return file.pixels(number, wide, wide, colour=colour)


def is_the_page(seen: np.ndarray) -> bool:
    """Upright, right way round, dark on light: the bar is on top, the print begins at the left, and nothing is at the bottom."""
    grey = seen if seen.ndim == 2 else seen.mean(axis=2)
    height, width = grey.shape
    top, bottom = grey[: height // 25], grey[-height // 25 :]
    left, right = grey[height // 9 : height // 2, width // 13 : width // 3], grey[height // 9 : height // 2, -width // 5 :]
    return bool(height > width and top.mean() < 80 and bottom.mean() > 200 and left.min() < 130 and right.min() > 200)


# What a picture is as a document


@pytest.mark.parametrize("kind", KINDS)
def test_one_page_without_words(kind: str) -> None:
    document = read(saved(page_image(), kind, dpi=(75, 75)))
    (page,) = document.pages
    assert document.media_type == f"image/{KINDS[kind]}"
    assert (page.number, page.text, page.must_be_read, page.image_share, len(page.words)) == (1, "none", True, 1.0, 0)
    if kind != "WEBP":  # it knows no resolution
        assert (page.width, page.height) == pytest.approx((595.2, 841.9), abs=0.5)
    assert page.height == pytest.approx(842, abs=1) and not document.notes


@pytest.mark.parametrize("dpi", [(150, 150), (204, 98), (300, 300), (100.5, 100.5)])
def test_the_resolution_in_the_file_is_believed(dpi: tuple[float, float]) -> None:
    (page,) = read(saved(page_image(1240, 1100), "TIFF", dpi=dpi)).pages
    assert page.width == pytest.approx(1240 / dpi[0] * 72, abs=0.1) and page.height == pytest.approx(1100 / dpi[1] * 72, abs=0.1)


@pytest.mark.parametrize("dpi", [(1, 1), (72, 72), (96, 96), (0, 0), (20, 20), (5000, 5000), (300, 30), (60, 60)])
def test_a_resolution_that_cannot_be_is_not(dpi: tuple[float, float]) -> None:
    (page,) = read(saved(page_image(2480, 3508, 1), "TIFF", dpi=dpi)).pages  # A4 at 300 dpi; at 60 it would be a poster
    assert page.height == pytest.approx(842) and page.width == pytest.approx(595.3, abs=0.1)


def test_what_is_long_and_narrow_is_a_till_roll() -> None:
    (page,) = read(saved(page_image(500, 1500), "PNG")).pages
    assert (page.width, page.height) == (227.0, 681.0)


@pytest.mark.parametrize("width, height", [(1, 1), (1, 60_000), (60_000, 1)])
def test_sizes_stay_within_what_a_page_may_have(width: int, height: int) -> None:
    (page,) = read(saved(Image.new("L", (width, height)), "PNG")).pages
    assert 0 < page.width <= LIMITS.page_side and 0 < page.height <= LIMITS.page_side


def test_the_pages_of_a_tiff() -> None:
    first = page_image()
    content = saved(first, "TIFF", save_all=True, append_images=[page_image(877, 620, 2), page_image()], dpi=(75, 75))
    document = read(content)
    assert [(page.number, round(page.width)) for page in document.pages] == [(1, 595), (2, 842), (3, 595)]
    assert pixels(content, number=2).shape == (620, 877)
    with pytest.raises(Unprocessable):
        pixels(content, number=4)


def test_thumbnails_and_masks_in_a_tiff_are_no_pages() -> None:
    content = raw_tiff([tiff_frame(subfile=1), tiff_frame(6, 7), tiff_frame(subfile=4), tiff_frame(5, 7, subfile=2)])
    assert len(read(content).pages) == 2
    assert (pixels(content, number=1).shape, pixels(content, number=2).shape) == ((7, 6), (7, 5))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_its_beginning(kind: str) -> None:
    document = read(animated(kind, 3))
    assert len(document.pages) == 1 and document.notes == ("animation",)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    turns = Image.Transpose
    stored = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_90,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_270,
    }
    page = page_image()
    exif = Image.Exif()
    exif[274] = orientation
    content = saved(page.transpose(stored[orientation]) if orientation > 1 else page, kind, exif=exif, dpi=(75, 75))
    (read_page,) = read(content).pages
    assert read_page.height > read_page.width
    for wide in (10_000, 300):
        assert is_the_page(pixels(content, wide=wide)), wide


# Whatever the pixels are like


def cmyk(page: Image.Image) -> Image.Image:
    return Image.merge("RGB", (page, page, page)).convert("CMYK")


def transparent(page: Image.Image, mode: str) -> Image.Image:
    """Print that is opaque on paper that is not there."""
    ink = page.point(lambda value: 255 - value if value < 200 else 0)
    plain = Image.new(mode[:-1], page.size, 0)
    plain.putalpha(ink)
    return plain


def palette(page: Image.Image) -> Image.Image:
    return Image.merge("RGB", (page, page, page)).quantize(16)


def sixteen(page: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(page).astype(np.uint16) * 257)


FORMS = {
    "RGB": (page_image().convert("RGB"), "PNG JPEG TIFF WEBP"),
    "1": (page_image().convert("1", dither=Image.Dither.NONE), "PNG TIFF"),
    "palette": (palette(page_image()), "PNG TIFF"),
    "palette with transparency": (palette(page_image()), "PNG"),
    "RGBA": (transparent(page_image(), "RGBA"), "PNG TIFF WEBP"),
    "LA": (transparent(page_image(), "LA"), "PNG TIFF"),
    "CMYK": (cmyk(page_image()), "JPEG TIFF"),
    "16 bit": (sixteen(page_image()), "PNG TIFF"),
    "32 bit": (Image.fromarray(np.asarray(page_image()).astype(np.int32) * 1000), "TIFF"),
    "float": (Image.fromarray(np.asarray(page_image()).astype(np.float32) / 255), "TIFF"),
    "YCbCr": (page_image().convert("RGB").convert("YCbCr"), "JPEG TIFF"),
    "LAB": (page_image().convert("RGB").convert("LAB"), "TIFF"),
}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, (_, kinds) in FORMS.items() for kind in kinds.split()])
def test_every_form_of_pixels(name: str, kind: str) -> None:
    options: dict[str, object] = {"transparency": 15} if name == "palette with transparency" else {}
    content = saved(FORMS[name][0], kind, **options)
    assert read(content).pages
    grey, small, colour = pixels(content), pixels(content, wide=200), pixels(content, colour=True)
    assert grey.ndim == 2 and all(seen.dtype == np.uint8 for seen in (grey, small, colour))
    assert is_the_page(grey) and is_the_page(small) and is_the_page(colour)
    assert 200 <= max(small.shape) < max(grey.shape)


@pytest.mark.parametrize("compression", ["group4", "group3", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "raw"])
def test_compressions_of_tiff(compression: str) -> None:
    page = page_image().convert("1", dither=Image.Dither.NONE) if "group" in compression else page_image()
    content = saved(page, "TIFF", compression=compression, save_all=True, append_images=[page], tiffinfo={278: 16})
    assert len(read(content).pages) == 2 and is_the_page(pixels(content, number=2))


def test_a_tiff_in_tiles() -> None:
    page = np.asarray(page_image(64, 96, 3))
    tiles = b"".join(page[y : y + 16, x : x + 16].tobytes() for y in range(0, 96, 16) for x in range(0, 64, 16))
    offsets = b"".join((8 + 256 * i).to_bytes(4, "little") for i in range(24))
    sizes = (256).to_bytes(4, "little") * 24
    kept = [tag for tag in tiff_frame(64, 96) if tag[0] not in (278, 279)]
    places = 8 + len(tiles)
    tags = [*kept, (322, 4, 1, 16), (323, 4, 1, 16), (324, 4, 24, places), (325, 4, 24, places + len(offsets))]
    content = raw_tiff([tags], tiles + offsets + sizes)
    content = content.replace(
        (273).to_bytes(2, "little") + b"\x04\0\x01\0\0\0\x08\0\0\0", (270).to_bytes(2, "little") + b"\x04\0\x01\0\0\0\x08\0\0\0"
    )
    assert np.array_equal(pixels(content), page)


def test_big_endian() -> None:
    assert (pixels(raw_tiff([tiff_frame()], bytes(range(64)), big_endian=True)).ravel() == np.arange(64)).all()


def test_colours_are_blue_green_red() -> None:
    content = saved(Image.new("RGB", (20, 30), (200, 100, 50)), "PNG")
    assert pixels(content, colour=True)[0, 0].tolist() == [50, 100, 200]


# Cut off or broken


def test_a_jpeg_that_misses_its_last_rows_is_read() -> None:
    whole = saved(page_image(), "JPEG", quality=90)
    document = read(whole[: len(whole) * 8 // 10])
    assert document.notes == ("repaired",) and len(document.pages) == 1
    seen = pixels(whole[: len(whole) * 8 // 10])
    assert is_the_page(seen) and (seen[-30:] == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_most_of_the_page_is_missing(kind: str) -> None:
    whole = saved(page_image(), kind)
    assert refusal(whole[: len(whole) // 3]) == "damaged"


def test_the_last_page_of_a_tiff_is_missing() -> None:
    page = page_image()
    whole = saved(page, "TIFF", save_all=True, append_images=[page], compression="tiff_lzw")
    document = read(whole[:-2000])  # its directory too: nothing is known of it
    assert len(document.pages) == 1 and document.notes == ("unreadable_page",)
    document = read(raw_tiff([tiff_frame(), tiff_frame(100, 100)]))
    assert len(document.pages) == 2 and document.notes == ("unreadable_page",)


def test_a_trailer_or_a_second_picture_is_no_damage() -> None:
    whole = saved(page_image(), "JPEG")
    assert not read(whole + b"\0" * 5000).notes and not read(whole + whole).notes


def test_a_thumbnail_does_not_pass_for_the_end() -> None:
    exif = Image.Exif()
    exif[0x9286] = saved(Image.new("L", (8, 8)), "JPEG")  # a whole JPEG in a comment
    whole = saved(page_image(), "JPEG", exif=exif)
    assert read(whole[: len(whole) * 8 // 10]).notes == ("repaired",)


def test_broken_exif_harms_nothing() -> None:
    content = saved(page_image(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert is_the_page(pixels(content)) and read(content).pages


# Bombs: the reason, and soon


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "2.5 billion pixels in one bit": (lambda: one_bit_bomb(), "too_large"),
    "a header that claims as many": (lambda: raw_png(60_000, 60_000), "too_large"),
    "JPEG of 65500": (lambda: jpeg_header(65500, 65500), "too_large"),
    "TIFF of 60000 x 60000": (lambda: raw_tiff([tiff_frame(60_000, 60_000)]), "too_large"),
    "large on its second page": (lambda: raw_tiff([tiff_frame(), tiff_frame(60_000, 60_000)]), "too_large"),
    "5000 pages": (lambda: frames_tiff(5000), "too_many_pages"),
    "5000 frames of WEBP": (lambda: animated("WEBP", 5000), "too_many_pages"),
    "5000 frames of PNG": (lambda: animated("PNG", 5000), "too_many_pages"),
    "2 billion frames claimed": (lambda: apng_claiming(2_000_000_000), "too_many_pages"),
    "text of 100 MB": (lambda: text_bomb(b"zTXt"), "parser_limit"),
    "international text of 100 MB": (lambda: text_bomb(b"iTXt"), "parser_limit"),
    "no pixels": (lambda: raw_png(0, 0), "damaged"),
    "header alone": (lambda: b"\x89PNG\r\n\x1a\n", "damaged"),
    "JPEG header alone": (lambda: b"\xff\xd8\xff\xe0", "damaged"),
    "TIFF header alone": (lambda: b"II*\0\x08\0\0\0", "damaged"),
    "WEBP header alone": (lambda: b"RIFF\x24\0\0\0WEBPVP8 ", "damaged"),
}


@pytest.mark.parametrize(("made", "reason"), BOMBS.values(), ids=BOMBS.keys())
def test_bombs(made: Callable[[], bytes], reason: str) -> None:
    content = made()
    began = time.process_time()
    assert refusal(content) == reason
    assert time.process_time() - began < 2


def test_directories_in_a_circle() -> None:
    assert len(read(raw_tiff([tiff_frame(), tiff_frame()], loop=True)).pages) == 2


def test_a_profile_of_100_mb_is_not_unpacked_whole() -> None:
    began = time.process_time()
    try:
        read(text_bomb(b"iCCP"))
    except Unprocessable as refused:
        assert refused.reason == "parser_limit"
    assert time.process_time() - began < 2


def test_no_other_format_is_ever_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    original = Image.open

    def watched(fp: io.BytesIO, mode: str = "r", formats: tuple[str, ...] | None = None) -> Image.Image:
        asked.append(formats)
        return original(fp, mode, formats)

    monkeypatch.setattr(Image, "open", watched)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n"
    for kind in KINDS.values():
        with pytest.raises(Unprocessable):
            read_picture(eps, kind, LIMITS)
        with pytest.raises(Unprocessable):
            read_picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>", kind, LIMITS)
    assert asked == [("PNG",), ("JPEG",), ("PNG",), ("JPEG",)] or {format for formats in asked for format in formats} <= set(KINDS)  # type: ignore[attr-defined]
    assert "EPS" not in Image.OPEN


# Plans and pictures of pages


def test_from_plan_to_picture() -> None:
    content = saved(page_image(1240, 1754), "JPEG", dpi=(150, 150))
    with PictureFile(content, "jpeg", LIMITS) as file:
        (plan,) = plan_pages(file, (1,), LIMITS)
        picture = page_picture(file, plan, LIMITS)
    assert not plan.blank and plan.same_as is None
    assert picture.dtype == np.uint8 and picture.flags.c_contiguous
    assert picture.shape == (round(plan.view.height * plan.dpi / 72), round(plan.view.width * plan.dpi / 72))
    assert is_the_page(picture)


def test_blank_and_repeated_pages_are_set_aside() -> None:
    page, blank = page_image(), Image.new("L", (620, 877), 250)
    content = saved(page, "TIFF", save_all=True, append_images=[blank, page, page_image(lines=12)], dpi=(75, 75))
    with PictureFile(content, "tiff", LIMITS) as file:
        plans = plan_pages(file, (1, 2, 3, 4), LIMITS)
    assert [(plan.number, plan.blank, plan.same_as) for plan in plans] == [
        (1, False, None),
        (2, True, None),
        (3, False, 1),
        (4, False, None),
    ]


def test_one_page_that_cannot_be_seen_does_not_take_the_others_along() -> None:
    frames = [tiff_frame(), tiff_frame(compression=8), tiff_frame()]  # 8: Deflate, which the bytes are not
    content = raw_tiff(frames, bytes(range(64)))
    with PictureFile(content, "tiff", LIMITS) as file:
        plans = plan_pages(file, (1, 2, 3), LIMITS)
        assert [plan.number for plan in plans] == [1, 2, 3] and not plans[1].blank
        with pytest.raises(Unprocessable) as refused:
            page_picture(file, plans[1], LIMITS)
        assert refused.value.reason == "damaged"
        with pytest.raises(Unprocessable):
            plan_pages(file, (2,), LIMITS)


def test_pixels_of_a_fax_become_square() -> None:
    fax = page_image(1728, 1169)  # 204 x 98 dpi: half as many rows as columns would want
    content = saved(fax.convert("1"), "TIFF", compression="group4", dpi=(204, 98))
    with PictureFile(content, "tiff", LIMITS) as file:
        width, height = file.size(1)
        assert (width, height) == pytest.approx((610, 859), abs=1)
        png = render_png(file, 1, 72, None, LIMITS)
        picture = page_picture(file, PagePlan(1, View(width, height), 100), LIMITS)
    assert Image.open(io.BytesIO(png)).size == (610, 859)
    assert picture.shape == (1193, 847)


def test_a_view_shows_what_it_says() -> None:
    """The upper right quarter, turned upside down."""
    page = np.full((400, 300, 3), 255, np.uint8)
    page[:200, 150:] = (10, 20, 200)
    page[:50, 250:] = (0, 200, 0)
    content = saved(Image.fromarray(page), "PNG")
    view = View(150, 200, (-0.5, 0, 1, 0, -0.5, 0.5, 0, 0, 1))
    with PictureFile(content, "png", LIMITS) as file:
        seen = np.asarray(Image.open(io.BytesIO(render_png(file, 1, 72, view, LIMITS))))
    assert seen.shape == (200, 150, 3)
    assert seen[10, 140].tolist() == [10, 20, 200] and seen[190, 10].tolist() == [0, 200, 0]


@pytest.mark.parametrize("dpi", [18, 100, 10_000])
def test_pictures_stay_within_bounds(dpi: float) -> None:
    content = saved(page_image(), "PNG", dpi=(75, 75))
    with PictureFile(content, "png", LIMITS) as file:
        shown = Image.open(io.BytesIO(render_png(file, 1, dpi, None, LIMITS)))
    assert 100 <= shown.width and shown.width * shown.height <= LIMITS.pixels
