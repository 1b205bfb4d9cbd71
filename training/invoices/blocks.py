"""What pages are put together from: blocks that know their size, drawn at any place, and that note where each value stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.samples.canvas import BLACK, GREY, Color, Font, Sheet, text_width

Run = tuple[str, str | None]
"""A piece of text, and the path of the value that it shows ("number", "lines.0.net_amount"), if any."""
Text = Sequence[Run]
Align = Literal["left", "right", "center"]
_BOLD: dict[Font, Font] = {"helv": "hebo", "tiro": "tibo", "cour": "cobo"}
ASCENT, DESCENT = 0.76, 0.22  # of the size: what the letters reach above and below their base line


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value, or one line of it, stands: fractions of the page, which counts from 1."""

    path: str
    page: int
    box: tuple[float, float, float, float]
    text: str


@dataclass
class Pen:
    """What is drawn so far. `stretch`: how wide letters are; `font`: the regular one of the family."""

    font: Font
    size: float
    stretch: float
    ink: Color
    paper: tuple[float, float]
    sheets: list[Sheet] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)

    @property
    def sheet(self) -> Sheet:
        return self.sheets[-1]

    @property
    def bold(self) -> Font:
        return _BOLD[self.font]

    def turn(self) -> None:
        self.sheets.append(Sheet(*self.paper))

    def width(self, text: str, font: Font, size: float) -> float:
        return text_width(text, font, size) * self.stretch

    def write(self, x: float, y: float, runs: Text, font: Font, size: float, color: Color) -> None:
        """One line from `x` on; `y` is its base line."""
        whole = "".join(text for text, _ in runs)
        self.sheet.text(x, y, whole, font, size, color=color, stretch=self.stretch)
        wide, high = self.paper
        for text, path in runs:
            end = x + self.width(text, font, size)
            if path and text.strip():
                left = x + self.width(text, font, size) - self.width(text.lstrip(), font, size)
                right = left + self.width(text.strip(), font, size)
                box = (left / wide, (y - ASCENT * size) / high, right / wide, (y + DESCENT * size) / high)
                self.spots.append(Spot(path, len(self.sheets), tuple(round(side, 5) for side in box), text.strip()))  # type: ignore[arg-type]
            x = end


@dataclass(frozen=True, slots=True)
class Block:
    """`draw` takes the pen and the place of the top left corner."""

    width: float
    height: float
    draw: Callable[[Pen, float, float], None]


def nothing(width: float = 0, height: float = 0) -> Block:
    return Block(width, height, lambda pen, x, y: None)


def words(
    pen: Pen,
    runs: Text | str,
    *,
    width: float | None = None,
    bold: bool = False,
    size: float | None = None,
    color: Color = BLACK,
    align: Align = "left",
    leading: float = 1.28,
) -> Block:
    """Text, wrapped to `width` at blanks; a block of a given width aligns its lines in it."""
    font, size = pen.bold if bold else pen.font, size or pen.size
    given: Text = [(runs, None)] if isinstance(runs, str) else runs
    lines = _wrapped(pen, given, font, size, width)
    widths = [sum(pen.width(text, font, size) for text, _ in line) for line in lines]
    wide = max(widths, default=0) if width is None else width
    step = size * leading

    def draw(pen: Pen, x: float, y: float) -> None:
        for line, taken in zip(lines, widths, strict=True):
            offset = 0.0 if align == "left" else (wide - taken) * (1 if align == "right" else 0.5)
            pen.write(x + offset, y + step * 0.5 + size * 0.27, line, font, size, color)
            y += step

    return Block(wide, step * len(lines), draw)


def _wrapped(pen: Pen, runs: Text, font: Font, size: float, width: float | None) -> list[list[Run]]:
    lines: list[list[Run]] = [[]]
    taken = 0.0
    for text, path in runs:
        parts = text.split("\n")
        for number, part in enumerate(parts):
            if number:
                lines.append([])
                taken = 0.0
            if width is None:
                lines[-1].append((part, path))
                continue
            for index, token in enumerate(part.split(" ")):
                piece = token if index == 0 else f" {token}"
                wide = pen.width(piece, font, size)
                if index and taken + wide > width and taken:
                    lines.append([])
                    taken, piece = 0.0, token
                    wide = pen.width(piece, font, size)
                if lines[-1] and lines[-1][-1][1] == path:
                    lines[-1][-1] = (lines[-1][-1][0] + piece, path)
                else:
                    lines[-1].append((piece, path))
                taken += wide
    return lines


def stack(*blocks: Block | None, gap: float = 0, align: Align = "left", width: float | None = None) -> Block:
    """Blocks below each other."""
    present = [block for block in blocks if block is not None]
    wide = width if width is not None else max((block.width for block in present), default=0)
    high = sum(block.height for block in present) + gap * max(0, len(present) - 1)

    def draw(pen: Pen, x: float, y: float) -> None:
        for block in present:
            offset = 0.0 if align == "left" else (wide - block.width) * (1 if align == "right" else 0.5)
            block.draw(pen, x + offset, y)
            y += block.height + gap

    return Block(wide, high, draw)


def beside(*blocks: Block, gap: float = 0, align: Literal["top", "bottom"] = "top") -> Block:
    """Blocks next to each other."""
    high = max((block.height for block in blocks), default=0)

    def draw(pen: Pen, x: float, y: float) -> None:
        for block in blocks:
            block.draw(pen, x, y + (high - block.height if align == "bottom" else 0))
            x += block.width + gap

    return Block(sum(block.width for block in blocks) + gap * max(0, len(blocks) - 1), high, draw)


def spread(left: Block, right: Block, width: float) -> Block:
    """One block at each end of `width`."""
    return beside(left, right, gap=max(0.0, width - left.width - right.width))


def framed(block: Block, padding: float = 5, *, fill: Color | None = None, line: Color | None = GREY, width: float | None = None) -> Block:
    wide = width if width is not None else block.width + 2 * padding
    high = block.height + 2 * padding

    def draw(pen: Pen, x: float, y: float) -> None:
        if fill:
            pen.sheet.fill(x, y, x + wide, y + high, fill)
        if line:
            for x0, y0, x1, y1 in (
                (x, y, x + wide, y),
                (x + wide, y, x + wide, y + high),
                (x, y + high, x + wide, y + high),
                (x, y, x, y + high),
            ):
                pen.sheet.rule(x0, y0, x1, y1, thickness=0.5, color=line)
        block.draw(pen, x + padding, y + padding)

    return Block(wide, high, draw)


def rule(width: float, thickness: float = 0.6, color: Color = GREY, space: float = 3) -> Block:
    def draw(pen: Pen, x: float, y: float) -> None:
        pen.sheet.rule(x, y + space, x + width, y + space, thickness=thickness, color=color)

    return Block(width, 2 * space, draw)
