"""From words anywhere on a page to reading order: visual rows over the full width of the page, top to bottom, left to right.

Text that runs in other directions (a stamp along the margin, a page scanned sideways) is put in rows of its own, in its own
direction; the direction with most words comes first. Pure: no parser in here, so recognized words can use it too.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.document import UNIT, Words

LEFT_TO_RIGHT, DOWNWARDS, UPSIDE_DOWN, UPWARDS, SLANTED = range(5)


@dataclass(slots=True)
class Piece:
    """A word as the parser gave it. Coordinates in points of the page as displayed, origin top left.

    `run` numbers the piece of line that the parser saw as one; `baseline` is where its letters stand: y for horizontal text,
    x for vertical. `direction` is one of the five constants above.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    run: int
    baseline: float
    size: float
    direction: int = LEFT_TO_RIGHT
    mark: int = 0
    luma: int = 0  # of the text's colour, 0 black to 255 white


def pack(pieces: Sequence[Piece], width: float, height: float, longest: int, confidences: Sequence[int] = ()) -> Words:
    """The pieces with text left after cleaning, cut to `longest` characters, in reading order, as columns.

    `confidences` (percent): one for each piece, or none.
    """
    texts = [clean(piece.text[:longest])[:longest] for piece in pieces]
    rows = [row for row in ([i for i in row if texts[i]] for row in reading_rows(pieces)) if row]
    order = [i for row in rows for i in row]
    across, down = UNIT / width, UNIT / height
    sides = [side for i in order for p in (pieces[i],) for side in (p.x0 * across, p.y0 * down, p.x1 * across, p.y1 * down)]
    boxes = array("H", [int(side + 0.5) if 0 <= side <= UNIT else _clamped(side) for side in sides])
    lines = array("H", (number for number, row in enumerate(rows) for _ in row))
    if sys.byteorder == "big":
        boxes.byteswap()
        lines.byteswap()
    return Words(
        texts=tuple(texts[i] for i in order),
        boxes=boxes.tobytes(),
        lines=lines.tobytes(),
        marks=bytes(pieces[i].mark for i in order),
        confidences=bytes(confidences[i] for i in order) if confidences else b"",
    )


def _clamped(side: float) -> int:
    return UNIT if side > UNIT else 0  # 0 for what is left of the page, and for NaN


@dataclass(slots=True)
class _Run:
    """Neighbouring words of one line in the frame of their direction: u along the line, v across, growing towards later lines."""

    words: list[int]
    u0: float
    u1: float
    baseline: float
    size: float


def reading_rows(pieces: Sequence[Piece]) -> list[list[int]]:
    """Indices of `pieces`, one list a visual row."""
    by_direction: dict[int, dict[int, _Run]] = {}
    for i, piece in enumerate(pieces):
        direction = piece.direction
        u0, u1, v = _turn(piece, direction)
        runs = by_direction.setdefault(direction, {})
        run = runs.get(piece.run)
        if run is None:
            runs[piece.run] = _Run([i], u0, u1, v, piece.size)
        else:
            run.words.append(i)
            run.u0, run.u1 = min(run.u0, u0), max(run.u1, u1)
            if piece.size > run.size:
                run.size, run.baseline = piece.size, v
    rows: list[list[int]] = []
    groups = sorted(by_direction.items(), key=lambda item: (item[0] == SLANTED, -sum(len(r.words) for r in item[1].values()), item[0]))
    for direction, runs in groups:
        if direction == SLANTED:  # each run is a row: there is no common baseline to compare
            rows.extend(run.words for run in sorted(runs.values(), key=lambda r: (r.baseline, r.u0)))
            continue
        for row in _cluster(list(runs.values())):
            words = [i for run in row for i in run.words]
            words.sort(key=lambda i: _turn(pieces[i], direction)[0])
            rows.append(words)
    return rows


def _turn(piece: Piece, direction: int) -> tuple[float, float, float]:
    if direction == UPWARDS:
        return -piece.y1, -piece.y0, piece.baseline
    if direction == DOWNWARDS:
        return piece.y0, piece.y1, -piece.baseline
    if direction == UPSIDE_DOWN:
        return -piece.x1, -piece.x0, -piece.baseline
    return piece.x0, piece.x1, piece.baseline


SAME_BASELINE = 0.4  # of the smaller letter size; superscripts and mixed sizes stay in their row, lines set solid (1.0) do not meet
MIDDLE_OVERLAP = 0.6  # of the smaller letter height: a big total beside its small label, set to a common middle
OPEN_ROWS = 4  # rows that a run may still join; further up is too far away


def _cluster(runs: list[_Run]) -> list[list[_Run]]:
    runs.sort(key=lambda r: (r.baseline, r.u0))
    rows: list[tuple[list[float], list[_Run]]] = []  # ([baseline, size], runs)
    for run in runs:
        best, nearest = None, float("inf")
        for row in rows[-OPEN_ROWS:]:
            (baseline, size), members = row
            away = abs(run.baseline - baseline)
            small = min(run.size, size)
            if away > SAME_BASELINE * small and not (away < size + run.size and _share_middle(run.baseline, run.size, baseline, size)):
                continue
            if away < nearest and not any(_collide(run, other) for other in members):
                best, nearest = row, away
        if best is None:
            rows.append(([run.baseline, run.size], [run]))
        else:
            (baseline, size), members = best
            weight = sum(len(member.words) for member in members)
            best[0][0] = (baseline * weight + run.baseline * len(run.words)) / (weight + len(run.words))
            best[0][1] = (size * weight + run.size * len(run.words)) / (weight + len(run.words))
            members.append(run)
    rows.sort(key=lambda row: row[0][0])
    return [members for _, members in rows]


def _share_middle(baseline: float, size: float, other_baseline: float, other_size: float) -> bool:
    """True for a large and a small text whose letters (baseline to cap height, 0.7 of the size) stand side by side.

    For equal sizes their baselines alone decide; else two tight lines of a cell would take in what stands between them.
    """
    small, large = (size, other_size) if size < other_size else (other_size, size)
    if large <= 1.25 * small:
        return False
    top, other_top = baseline - 0.7 * size, other_baseline - 0.7 * other_size
    return min(baseline, other_baseline) - max(top, other_top) >= MIDDLE_OVERLAP * 0.7 * small


def _collide(run: _Run, other: _Run) -> bool:
    """True if one stands on the other: then they are two lines, however close."""
    shared = min(run.u1, other.u1) - max(run.u0, other.u0)
    return shared > 0.3 * min(run.u1 - run.u0, other.u1 - other.u0)


# Word breaks that no reader sees, and hyphens that fonts encode in many ways: what is compared later must be one character.
_SPECIAL = {
    0x00AD: "-",  # in a PDF a soft hyphen is a drawn glyph
    0x2010: "-",
    0x2011: "-",
    0x2212: "-",
    0x02D7: "-",
}
_UNFOLDED = frozenset(("<super>", "<sub>", "<fraction>", "<circle>", "<square>"))


class _Folding(dict[int, str]):
    """`str.translate` table, filled as characters turn up: compatibility forms become plain letters and digits, what is not
    drawn disappears. Superscripts, fractions and circled digits stay: `m²` is not `m2`, `½` is not `1/2`."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _SPECIAL.get(code)
        if folded is None:
            if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp"):
                folded = ""
            elif unicodedata.decomposition(character).partition(" ")[0] in _UNFOLDED:
                folded = character
            else:
                folded = "".join(unicodedata.normalize("NFKC", character).split())
        self[code] = folded
        return folded


_folding = _Folding()
_plain_ascii = re.compile(r"[!-~]+").fullmatch


def clean(text: str) -> str:
    """One word without control, invisible and white characters, in one spelling of each letter. May be empty."""
    return text if _plain_ascii(text) else unicodedata.normalize("NFC", text.translate(_folding))
