"""What scanners, cameras and fax machines do to a printed page; seeded, so that a page is damaged the same way every time.

Pages are 8-bit pictures, grey (H, W) or colour (H, W, 3) in the order blue, green, red; white paper is 255.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:  # the service imports this module too, for `doctor` and the demonstration: numpy and OpenCV come in when used
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

Damage = Literal[
    "clean",
    "skew",
    "noise",
    "speckle",
    "blur",
    "jpeg",
    "low_dpi",
    "shadow",
    "photo",
    "faded",
    "fax",
    "upside_down",
    "sideways",
    "bleed",
    "curl",
]
DAMAGES: tuple[Damage, ...] = get_args(Damage)


@dataclass(frozen=True, slots=True)
class Damaged:
    """`width`, `height`: what the file would say its page measures, in points. `corners`: where the page's corners (top left, then
    clockwise as printed) went, in fractions of the picture; None where they are those of the picture."""

    pixels: Pixels
    width: float
    height: float
    corners: tuple[tuple[float, float], ...] | None = None
    angle: float = 0.0  # degrees clockwise that the text was turned by


def damage(page: Pixels, dpi: float, kind: Damage, seed: int = 0) -> Damaged:
    """`page`: clean, upright, grey, made at `dpi`."""
    import numpy as np

    chance = np.random.default_rng([seed, DAMAGES.index(kind)])
    made = _KINDS[kind](page, chance, dpi)
    if isinstance(made, Damaged):
        return made
    return Damaged(made, made.shape[1] * 72 / dpi, made.shape[0] * 72 / dpi)


def turned(page: Pixels, degrees: float, *, paper: int = 255) -> Pixels:
    """Turned clockwise about its middle, on a sheet of the same size."""
    import cv2

    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return _pixels(cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(paper, paper, paper)))


def noisy(page: Pixels, chance: np.random.Generator, sigma: float) -> Pixels:
    """With the grain of a sensor: normal noise. One tile of it is laid at a random offset, which is cheap."""
    import cv2
    import numpy as np

    tile = chance.standard_normal((512, 512), dtype=np.float32) * sigma
    height, width = page.shape[:2]
    y, x = chance.integers(512, size=2)
    grain = np.tile(tile, (height // 512 + 2, width // 512 + 2))[y : y + height, x : x + width].astype(np.int16)
    if page.ndim == 3:
        grain = np.repeat(grain[:, :, None], 3, axis=2)
    return _pixels(cv2.add(page, grain, dtype=cv2.CV_8U))


def blurred(page: Pixels, sigma: float) -> Pixels:
    import cv2

    return _pixels(cv2.GaussianBlur(page, (0, 0), sigma))


def jpeg(page: Pixels, quality: int) -> Pixels:
    """What is left after storing it as JPEG."""
    import cv2

    stored = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return _pixels(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE if page.ndim == 2 else cv2.IMREAD_COLOR))


def resized(page: Pixels, across: float, down: float) -> Pixels:
    import cv2

    height, width = page.shape[:2]
    return _pixels(cv2.resize(page, (max(1, round(width * across)), max(1, round(height * down))), interpolation=cv2.INTER_AREA))


def lit(page: Pixels, chance: np.random.Generator, darkest: float = 0.45) -> Pixels:
    """Under one lamp from the side, with the soft shadow of a hand or a phone across it. `darkest`: light left in the shadow."""
    import cv2
    import numpy as np

    small = 64
    y, x = np.mgrid[0:small, 0:small].astype(np.float32) / small
    angle = chance.uniform(0, 2 * math.pi)
    slope = (x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle)
    light = 0.87 + 0.25 * slope
    edge = (x - chance.uniform(0.25, 0.75)) * math.cos(angle + 1.9) + (y - chance.uniform(0.25, 0.75)) * math.sin(angle + 1.9)
    light *= darkest + (1 - darkest) / (1 + np.exp(edge * chance.uniform(18, 40)))
    light = cv2.resize(np.clip(light, 0, 1).astype(np.float32), (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR)
    if page.ndim == 3:
        light = cv2.merge([light, light, light])
    return _pixels(np.asarray(cv2.multiply(page, light, dtype=cv2.CV_8U)))


def speckled(page: Pixels, chance: np.random.Generator, share: float) -> Pixels:
    """Dust and dropped dots: `share` of the pixels, black and white."""
    height, width = page.shape[:2]
    page = page.copy()
    for ink, part in ((0, share * 0.6), (255, share * 0.4)):
        count = int(height * width * part)
        page[chance.integers(height, size=count), chance.integers(width, size=count)] = ink
    return page


def photographed(page: Pixels, chance: np.random.Generator, dpi: float, tilt: float = 0.06, scale: float = 0.95) -> Damaged:
    """The page on a table, from above and not quite straight, in colour. `tilt`: how far corners wander, in parts of the side."""
    import cv2
    import numpy as np

    height, width = page.shape[:2]
    out_w, out_h = round(width * scale * 1.22), round(height * scale * 1.18)
    fair = np.array([[0.09, 0.075], [0.91, 0.075], [0.91, 0.925], [0.09, 0.925]])
    corners = fair + chance.uniform(-tilt, tilt, size=(4, 2))
    turn = math.radians(chance.uniform(-6, 6))
    around = (corners - 0.5) * (out_w, out_h) @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    corners = np.clip(around / (out_w, out_h) + 0.5, 0.015, 0.985)
    target = (corners * (out_w, out_h)).astype(np.float32)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    colour = cv2.cvtColor(page, cv2.COLOR_GRAY2BGR) if page.ndim == 2 else page
    picture = _table(out_w, out_h, chance)
    shadow = np.full((out_h, out_w), 255, np.uint8)
    cv2.fillConvexPoly(shadow, (target + np.float32(out_w * 0.008)).astype(np.int32), (120,))
    picture = np.asarray(cv2.multiply(picture, cv2.cvtColor(cv2.blur(shadow, (31, 31)), cv2.COLOR_GRAY2BGR), scale=1 / 255))
    cv2.warpPerspective(colour, matrix, (out_w, out_h), picture, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    tint = np.array(chance.uniform((0.80, 0.92, 0.95), (0.92, 0.98, 1.0)))
    picture = _pixels((picture * tint).astype(np.uint8))
    picture = jpeg(noisy(blurred(lit(picture, chance, 0.62), 0.7), chance, 5), 78)
    scale = 842 / max(out_w, out_h)  # a camera does not know how large the page is
    return Damaged(picture, out_w * scale, out_h * scale, tuple((float(x), float(y)) for x, y in corners))


def faxed(page: Pixels, chance: np.random.Generator, dpi: float, *, fine: bool) -> Damaged:
    """Black and white at 204 dots an inch across, 196 or 98 down (ITU-T T.4), with a little dust: pixels that are not square."""
    import cv2

    height, width = page.shape[:2]
    grey = resized(turned(page, chance.uniform(-0.8, 0.8)), 204 / dpi, (196 if fine else 98) / dpi)
    grey = noisy(grey, chance, 18)
    bits = cv2.threshold(grey, 165, 255, cv2.THRESH_BINARY)[1]
    return Damaged(speckled(_pixels(bits), chance, 0.001), width * 72 / dpi, height * 72 / dpi)


def bleeding(page: Pixels, back: Pixels, strength: float = 0.22) -> Pixels:
    """With what is printed on the back (`back`, same size) shining through, mirrored and soft."""
    import cv2
    import numpy as np

    through = cv2.addWeighted(np.full_like(back, 255), 1 - strength, blurred(_pixels(cv2.flip(back, 1)), 1.6), strength, 0)
    return _pixels(np.minimum(page, through))


def curled(page: Pixels, chance: np.random.Generator, bend: float = 0.012) -> Pixels:
    """As bound or folded paper lies: rows bend by up to `bend` of the height."""
    import cv2
    import numpy as np

    height, width = page.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = np.sin(x / width * math.pi * chance.uniform(0.8, 1.3) + chance.uniform(0, 1)) * bend * height
    return _pixels(cv2.remap(page, x, (y + wave).astype(np.float32), cv2.INTER_LINEAR, borderValue=(255, 255, 255)))


def _table(width: int, height: int, chance: np.random.Generator) -> Pixels:
    """A table top: wood-like or plain, darker than paper."""
    import cv2
    import numpy as np

    base = np.array(((60, 90, 130), (70, 75, 80), (40, 50, 60), (90, 110, 120))[int(chance.integers(4))], np.float32)
    grain = cv2.resize(chance.standard_normal((height // 4 + 1, 12), dtype=np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return _pixels(np.clip(base * (1 + 0.07 * grain[:, :, None]), 0, 255).astype(np.uint8))


def _pixels(made: Any) -> Pixels:
    """OpenCV's stubs know no types of elements."""
    pixels: Pixels = made
    return pixels


def _scanned(page: Pixels, chance: np.random.Generator, _: float) -> Damaged:
    angle = float(chance.uniform(1.0, 7.0) * chance.choice((-1, 1)))
    made = jpeg(noisy(turned(page, angle), chance, 6), 70)
    return Damaged(made, made.shape[1] * 72 / _, made.shape[0] * 72 / _, angle=angle)


_KINDS: Mapping[Damage, Callable[[Pixels, np.random.Generator, float], Pixels | Damaged]] = {
    "clean": lambda page, chance, dpi: page,
    "skew": _scanned,
    "noise": lambda page, chance, dpi: jpeg(noisy(blurred(page, 0.6), chance, 28), 55),
    "speckle": lambda page, chance, dpi: speckled(page, chance, 0.012),
    "blur": lambda page, chance, dpi: jpeg(noisy(blurred(page, dpi * 0.0085), chance, 3), 80),
    "jpeg": lambda page, chance, dpi: jpeg(page, 14),
    "low_dpi": lambda page, chance, dpi: Damaged(
        jpeg(resized(page, 105 / dpi, 105 / dpi), 75), page.shape[1] * 72 / dpi, page.shape[0] * 72 / dpi
    ),
    "shadow": lambda page, chance, dpi: jpeg(noisy(lit(page, chance, 0.35), chance, 4), 75),
    "photo": photographed,
    "faded": lambda page, chance, dpi: jpeg(noisy(resized_contrast(page, 150, 205), chance, 6), 70),
    "fax": lambda page, chance, dpi: faxed(page, chance, dpi, fine=bool(chance.integers(2))),
    "upside_down": lambda page, chance, dpi: jpeg(noisy(turned(turned(page, 180), chance.uniform(-1.5, 1.5)), chance, 5), 75),
    "sideways": lambda page, chance, dpi: _quarter(page, chance),
    "bleed": lambda page, chance, dpi: jpeg(noisy(bleeding(page, page), chance, 4), 80),
    "curl": lambda page, chance, dpi: jpeg(noisy(curled(page, chance), chance, 4), 80),
}


def resized_contrast(page: Pixels, black: int, white: int) -> Pixels:
    """Ink and paper grown alike: `black` and `white` are what is left of them."""
    import numpy as np

    return _pixels((black + page.astype(np.float32) * ((white - black) / 255)).astype(np.uint8))


def _quarter(page: Pixels, chance: np.random.Generator) -> Pixels:
    import numpy as np

    turn = turned(page, chance.uniform(-1.5, 1.5))
    return jpeg(noisy(np.ascontiguousarray(np.rot90(turn, int(chance.choice((1, 3))))), chance, 5), 75)
