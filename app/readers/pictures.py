"""Picture files (PNG, JPEG, TIFF, WEBP) as pages. Runs in a confined child only.

Pillow is told which single format to expect and never asked to guess: it would start Ghostscript on an EPS.
"""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from struct import error as StructError

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from app.domain.document import Document, Page
from app.errors import Unprocessable
from app.readers.limits import Limits
from app.readers.sniff import MEDIA_TYPES, PictureKind

Image.MAX_IMAGE_PIXELS = None  # our own limits are stricter and have their own reason
_PLUGINS = (JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)  # the only ones that are loaded

Pixels = npt.NDArray[np.uint8]
"""(height, width) in grey or (height, width, 3) in BGR."""

LONG_SIDE = 842.0  # points (A4), assumed where a file does not say how large its picture is
ROLL = 227.0  # points: a till roll is 80 mm wide. What is much longer than wide is one
ROLL_SHAPE = 2.2  # times as long as wide: legal paper is 1.65
RESOLUTIONS = (50.0, 1200.0)  # dpi, of scanners and fax machines
UNSAID = (1.0, 72.0, 96.0)  # dpi: what programs write that do not know
SIDES = (140.0, 1700.0)  # points that the long side may have for its resolution to be believed: 5 cm to A2
_SUBFILE, _ORIENTATION = 254, 274  # tags of TIFF and EXIF
_DATA = ((273, 279), (324, 325))  # where strips, or tiles, begin, and how long they are
SHOWN = 0.6  # of the rows of a file that was cut off: less is no page any more

_FAULTS = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError)
"""What Pillow raises because of what is in a file: its plugins let errors of their own code through."""


cv2.setNumThreads(1)  # a process with threads cannot be forked safely; one page, one core


def read_picture(content: bytes, kind: PictureKind, limits: Limits) -> Document:
    """Sizes only: no pixel is decoded, unless the file was cut off. Every page is without words.

    Raises Unprocessable: `too_large`, `too_many_pages`, `damaged`, `parser_limit`.
    """
    with PictureFile(content, kind, limits) as file:
        notes = set(file.notes)
        if file.cut:
            if file.shown() < SHOWN:
                raise Unprocessable("damaged", "cut off")
            notes.add("repaired")
        pages = []
        for number in range(1, file.pages + 1):
            width, height = file.size(number)
            pages.append(Page(number, round(width, 2), round(height, 2), image_share=1.0, text="none"))
    return Document(MEDIA_TYPES[kind], tuple(pages), notes=tuple(sorted(notes)))


class PictureFile:
    """An open picture file. Its pages are the frames of a TIFF, without thumbnails and masks; of an animation, the first frame.

    Raises Unprocessable, in every method. `cut`: the end of the file is missing.
    """

    def __init__(self, content: bytes, kind: PictureKind, limits: Limits) -> None:
        self._kind = kind
        self._limits = limits
        self._content = content
        self.cut = _is_cut(content, kind)
        self.notes: set[str] = set()
        self._missing: set[int] = set()
        self._broken: set[int] = set()
        with _faults():
            self._image = self._opened()
            self._frames = self._pages_of_tiff() if kind == "tiff" else [0]
            if len(self._missing) == len(self._frames):
                raise Unprocessable("damaged", "cut off")
            if self._missing:
                self.notes.add("unreadable_page")
            if kind != "tiff" and kind != "jpeg":  # some cameras append a second picture to a JPEG
                count = int(getattr(self._image, "n_frames", 1))
                if count > limits.pages:
                    raise Unprocessable("too_many_pages", f"more than {limits.pages}")
                if count > 1:
                    self.notes.add("animation")

    def __enter__(self) -> PictureFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self._image.close()

    @property
    def pages(self) -> int:
        return len(self._frames)

    def size(self, number: int) -> tuple[float, float]:
        """Width and height in points, upright: from the resolution in the file if it can be believed."""
        with _faults():
            image, turn = self._at(number)
            width, height = image.size
            dots = _resolution(image)
        points = _points(width, height, dots, self._limits.page_side)
        return points if turn < 5 else (points[1], points[0])

    def source_dpi(self, number: int) -> float:
        """Pixels per inch that the file holds; of two directions the finer one."""
        with _faults():
            image, turn = self._at(number)
            pixels = image.size if turn < 5 else (image.height, image.width)
        width, height = self.size(number)
        return 72 * max(pixels[0] / width, pixels[1] / height)

    def pixels(self, number: int, wide: int, high: int, *, colour: bool) -> Pixels:
        """The whole page, upright, in at least `wide` x `high` pixels and less than twice that; in fewer if the file has no more."""
        if number in self._broken:  # Pillow would show it black now
            raise Unprocessable("damaged", "pixels of a page")
        self._broken.add(number)
        with _faults():
            image, turn = self._at(number)
            if turn >= 5:
                wide, high = high, wide
            if self._kind == "jpeg":
                image = self._opened()  # the smaller scale can only be asked for once
                image.draft(None if colour else "L", (max(wide, 1), max(high, 1)))
            decoded = _decoded(image, min(image.width // max(wide, 1), image.height // max(high, 1)), self.cut)
            pixels = _reduced(_plain(decoded, colour), wide, high)
        self._broken.discard(number)
        if self.cut:
            pixels[_rows_shown(pixels) :] = 255
        return _turned(pixels, turn)

    def shown(self) -> float:
        """Part of the rows of a file that was cut off which are there, 0..1."""
        pixels = self.pixels(1, 500, 500, colour=False)
        upright = pixels if self._at(1)[1] < 5 else pixels.T
        return _rows_shown(upright) / len(upright)

    def _opened(self) -> Image.Image:
        image = Image.open(io.BytesIO(self._content), formats=(self._kind.upper(),))
        self._check(image)
        return image

    def _check(self, image: Image.Image) -> None:
        if image.width * image.height > self._limits.frame_pixels:
            raise Unprocessable("too_large", f"more than {self._limits.frame_pixels} pixels")
        if image.width < 1 or image.height < 1:
            raise Unprocessable("damaged", "no pixels")

    def _pages_of_tiff(self) -> list[int]:
        frames, number = [], 0
        while True:
            tags = getattr(self._image, "tag_v2", {})
            if not _number(tags.get(_SUBFILE)) & 0b101:  # bit 0: a thumbnail, bit 2: a mask
                frames.append(number)
                if _missing(tags, len(self._content)) > 1 - SHOWN:
                    self._missing.add(number)
            self._check(self._image)
            number += 1
            if number > self._limits.pages:
                raise Unprocessable("too_many_pages", f"more than {self._limits.pages}")
            try:
                self._image.seek(number)
            except EOFError:
                return frames or [0]
            except (*_FAULTS, StructError):
                self.notes.add("unreadable_page")  # where the next would be is nothing that can be read
                return frames or [0]

    def _at(self, number: int) -> tuple[Image.Image, int]:
        """The frame and its orientation as in EXIF, 1..8. Pillow turns TIFFs by itself."""
        if not 1 <= number <= len(self._frames):
            raise Unprocessable("damaged", "no such page")
        if self._kind == "tiff":
            self._image.seek(self._frames[number - 1])
            return self._image, 1
        return self._image, _orientation(self._image)


@contextmanager
def _faults() -> Iterator[None]:
    """What Pillow and OpenCV raise because of what is in a file becomes Unprocessable; their warnings are not for anybody."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except MemoryError as exc:
            raise Unprocessable("parser_limit", "memory") from exc
        except (*_FAULTS, StructError, zlib.error, cv2.error) as exc:
            message = str(exc).lower()
            limit = any(word in message for word in ("memory", "max_text", "too large", "decompression bomb"))
            raise Unprocessable("parser_limit" if limit else "damaged", type(exc).__name__) from exc


def _is_cut(content: bytes, kind: PictureKind) -> bool:
    """True if the end that every such file has is missing. TIFF has none."""
    if kind == "png":
        return b"IEND\xaeB`\x82" not in content
    if kind == "jpeg":  # behind the header, which may hold a whole JPEG as thumbnail, these two bytes are the end and nothing else
        return content.find(b"\xff\xd9", _first_scan(content)) < 0
    return kind == "webp" and int.from_bytes(content[4:8], "little") + 8 > len(content) + 1


def _missing(tags: Mapping[int, object], size: int) -> float:
    """Part of the strips or tiles of a frame that lie beyond the end of the file."""
    for places, lengths in _DATA:
        starts, counts = tags.get(places), tags.get(lengths)
        if isinstance(starts, tuple) and isinstance(counts, tuple) and starts:
            beyond: int = sum(start + count > size for start, count in zip(starts, counts, strict=False))
            return beyond / len(starts)
    return 0.0


def _first_scan(content: bytes) -> int:
    """Where the pixels of a JPEG begin, or the header stops making sense."""
    place = 2
    while content[place : place + 1] == b"\xff":
        marker = content[place + 1 : place + 2]
        if marker == b"\xda":
            break
        place += 1 if marker == b"\xff" else 2 + max(int.from_bytes(content[place + 2 : place + 4]), 2)
    return place


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    """Dots per inch across and down the frame as it is stored, if the file says so believably."""
    try:
        across, down = (float(dots) for dots in image.info["dpi"])
    except (KeyError, ValueError, TypeError, ArithmeticError):
        return None
    least, most = RESOLUTIONS
    if not (least <= across <= most and least <= down <= most) or max(across, down) > 2.2 * min(across, down):  # faxes: 204 x 98
        return None
    return None if across == down and round(across) in UNSAID else (across, down)


def _points(width: int, height: int, dots: tuple[float, float] | None, most: float) -> tuple[float, float]:
    if dots is not None:
        across, down = 72 * width / dots[0], 72 * height / dots[1]
        if SIDES[0] <= max(across, down) <= SIDES[1]:
            return across, down
    long, short = max(width, height), min(width, height)
    scale = ROLL / short if long > ROLL_SHAPE * short else LONG_SIDE / long
    scale = min(scale, most / long)
    return width * scale, height * scale


def _orientation(image: Image.Image) -> int:
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        turn = _number(exif.get(_ORIENTATION, 1))
    except (*_FAULTS, StructError):
        return 1  # broken EXIF is common, and the pixels are good all the same
    return turn if 1 <= turn <= 8 else 1


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _decoded(image: Image.Image, factor: int, cut: bool) -> Image.Image:
    """All pixels, made smaller by a whole `factor` where that can be done before they are converted (memory)."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = cut
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    if factor > 1:
        if image.mode == "1":
            image = image.convert("L")
        if image.mode in ("L", "RGB", "CMYK", "YCbCr") and "transparency" not in image.info:
            return image.reduce(factor)
    return image


def _plain(image: Image.Image, colour: bool) -> Pixels:
    """8-bit grey, or BGR if `colour` is wanted and there is some; what is transparent on white."""
    mode = image.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        return _eight_bits(np.asarray(image))
    if mode in ("RGBA", "LA", "La", "RGBa", "PA") or (mode in ("P", "L", "RGB", "1") and "transparency" in image.info):
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    elif mode == "LAB":
        image = image.getchannel(0)
    elif mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if image.mode == "L":
        return np.array(image)
    if not colour:
        return np.array(image.convert("L"))
    return cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def _reduced(pixels: Pixels, wide: int, high: int) -> Pixels:
    """Averaged by whole steps, while at least `wide` x `high` are left."""
    factor = min(pixels.shape[1] // max(wide, 1), pixels.shape[0] // max(high, 1))
    if factor < 2:
        return pixels
    size = (pixels.shape[1] // factor, pixels.shape[0] // factor)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _eight_bits(values: npt.NDArray[np.generic]) -> Pixels:
    """16 bits by their high byte (12 in 16 by what they use); anything else from its least to its most."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        words = values.astype(np.uint16)
        most_set = int(words.max())
        return np.right_shift(words, max(most_set.bit_length() - 8, 0) if most_set < 4096 else 8).astype(np.uint8)
    finite = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    least, most = float(finite.min()), float(finite.max())
    return ((finite - least) * (255 / max(most - least, 1e-9))).astype(np.uint8)


def _rows_shown(pixels: Pixels) -> int:
    """How many rows there are before those at the end that are all of one value: what a decoder fills in for what is missing."""
    rows = pixels.reshape(len(pixels), -1)
    flat = (rows == rows[-1, -1]).all(axis=1)
    return len(rows) if not flat[-1] else len(rows) - int(np.argmin(flat[::-1])) if not flat.all() else 0


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """As EXIF says (tag 274): mirrored first, then turned."""
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    flip_rows, flip_columns = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    if flip_rows:
        pixels = pixels[::-1]
    if flip_columns:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def practice_jpeg() -> bytes:
    """A small photo-like picture of lines of text, as JPEG in colour: to have libraries load their tables before the first document."""
    page = np.full((700, 500, 3), (225, 235, 240), np.uint8)
    for row in range(20):
        cv2.putText(page, f"Line {row}  1.234,56", (30, 60 + 30 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 30, 30), 2)
    out = io.BytesIO()
    Image.fromarray(page).save(out, "JPEG", dpi=(100, 100))
    return out.getvalue()
