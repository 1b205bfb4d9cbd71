"""What a file is, what a word is, and in which order words are read: pure functions, by example."""

from __future__ import annotations

import pytest

from app.domain.document import BoundingBox, Words
from app.errors import Unprocessable
from app.readers.rows import DOWNWARDS, LEFT_TO_RIGHT, SLANTED, UPSIDE_DOWN, UPWARDS, Piece, clean, pack
from app.readers.sniff import sniff


def rows(words: Words) -> list[str]:
    lines: dict[int, list[str]] = {}
    for i, text in enumerate(words.texts):
        lines.setdefault(words.line(i), []).append(text)
    return [" ".join(line) for _, line in sorted(lines.items())]


# By content


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.4\n", "pdf"),
        (b"\xef\xbb\xbf%PDF-1.4\n", "pdf"),
        (b"\r\n  %PDF-1.4\n", "pdf"),
        (b"mail gateway was here\r\n%PDF-1.4\n", "pdf"),
        (b"<?xml version='1.0'?><Invoice/>", "xml"),
        (b"\xef\xbb\xbf<Invoice/>", "xml"),
        (b"\n <Invoice/>", "xml"),
        ("\ufeff<?xml version='1.0' encoding='UTF-16'?><a/>".encode("utf-16-le"), "xml"),
        ("\ufeff<a/>".encode("utf-16-be"), "xml"),
        ("<a/>".encode("utf-16-be"), "xml"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpeg"),
        (b"II*\0\x08\0\0\0", "tiff"),
        (b"MM\0*\0\0\0\x08", "tiff"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "webp"),
    ],
)
def test_sniff(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\0\0", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"MZ\x90\0" + bytes(100) + b"%PDF-1.4", "unsupported_type"),
        (b"GIF89a....%PDF-1.4", "unsupported_type"),
        (b"PK\x03\x04....%PDF-1.4", "unsupported_type"),
        (b"<html><body>%PDF-1.4", "unsupported_type"),
        (b"<?xml version='1.0'?><a>%PDF-1.4</a>", "unsupported_type"),
        (b"<!DOCTYPE html><html>", "unsupported_type"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50) + b"%PDF-1.4", "unsupported_type"),
        (b"\xff\xd8\xff\xe0" + bytes(50) + b"%PDF-1.4", "unsupported_type"),
        (b"RIFF\0\0\0\0WEBP%PDF-1.4", "unsupported_type"),
        (b"RIFF\0\0\0\0WAVE", "unsupported_type"),
        (b"II+\0\x08\0", "unsupported_type"),  # BigTIFF
        (b"BM\0\0", "unsupported_type"),
        (b"GIF89a", "unsupported_type"),
        (b"\0\0\0\x18ftypheic", "unsupported_type"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "unsupported_type"),
        (b"\xc5\xd0\xd3\xc6", "unsupported_type"),  # EPS with a preview
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_type"),
        (b"just text", "unsupported_type"),
        (b"x" * 1100 + b"%PDF-1.4", "unsupported_type"),
    ],
)
def test_sniff_refuses(head: bytes, reason: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        sniff(head)
    assert caught.value.reason == reason


# Words: cleaning


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("Total", "Total"),
        ("of\ufb01ce", "office"),  # ligature
        ("\uff11\uff12\uff0e\uff10", "12.0"),  # full width
        ("1\u00a0190,00", "1190,00"),  # inside one word nothing is a break
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("INV\u00ad42", "INV-42"),  # drawn as a hyphen
        ("\u22125,00", "-5,00"),
        ("m\u00b2", "m\u00b2"),
        ("\u00bd", "\u00bd"),
        ("u\u0308ber", "\u00fcber"),
        ("\u202e123", "123"),
        ("\x00\x07", ""),
        ("\u0661\u0662", "\u0661\u0662"),  # other digits stay: parsing knows them
        ("100\u20ac", "100\u20ac"),
        ("\ud800x", "x"),  # a lone surrogate cannot be stored
    ],
)
def test_clean(raw: str, word: str) -> None:
    assert clean(raw) == word


# Words: rows


def piece(text: str, x: float, baseline: float, run: int, size: float = 10, direction: int = LEFT_TO_RIGHT) -> Piece:
    width = 0.5 * size * len(text)
    if direction == UPWARDS:
        return Piece(text, baseline - 0.8 * size, x, baseline + 0.2 * size, x + width, run, baseline, size, direction)
    if direction == DOWNWARDS:
        return Piece(text, baseline - 0.2 * size, x, baseline + 0.8 * size, x + width, run, baseline, size, direction)
    return Piece(text, x, baseline - 0.8 * size, x + width, baseline + 0.2 * size, run, baseline, size, direction)


def test_columns_make_rows_over_the_whole_width() -> None:
    pieces = [piece("left", 50, 100, 1), piece("below", 50, 112, 2), piece("right", 400, 100.9, 3), piece("lower", 400, 113, 4)]
    assert rows(pack(pieces, 600, 800, 300)) == ["left right", "below lower"]


def test_lines_set_tightly_stay_apart() -> None:
    pieces = [piece("a", 50, 100, 1), piece("b", 50, 108, 2), piece("c", 50, 116, 3), piece("7.00", 300, 108, 4)]
    assert rows(pack(pieces, 600, 800, 300)) == ["a", "b 7.00", "c"]
    assert rows(pack([piece("a", 50, 100, 1), piece("7.00", 300, 108, 2)], 600, 800, 300)) == ["a", "7.00"]


def test_columns_with_other_line_spacing_do_not_pull_each_other_along() -> None:
    left = [piece(f"l{i}", 50, 100 + 12 * i, i) for i in range(20)]
    right = [piece(f"r{i}", 300, 100 + 11 * i, 100 + i) for i in range(20)]
    got = rows(pack(left + right, 600, 800, 300))
    assert got[0] == "l0 r0"
    for row in got:
        assert sum(word.startswith("l") for word in row.split()) <= 1 and sum(word.startswith("r") for word in row.split()) <= 1


def test_a_big_total_stands_beside_its_small_label() -> None:
    pieces = [piece("Total", 50, 100, 1, size=9), piece("119.00", 300, 104, 2, size=18), piece("next", 50, 118, 3, size=9)]
    assert rows(pack(pieces, 600, 800, 300)) == ["Total 119.00", "next"]


def test_a_superscript_stays_in_its_row() -> None:
    pieces = [piece("12", 50, 100, 1), piece("2", 62, 97, 1, size=6), piece("x", 50, 112, 2)]
    assert rows(pack(pieces, 600, 800, 300)) == ["12 2", "x"]


def test_words_on_one_another_are_two_rows() -> None:
    pieces = [piece("shown", 50, 100, 1), piece("under", 50, 100.5, 2)]
    assert len(rows(pack(pieces, 600, 800, 300))) == 2


@pytest.mark.parametrize("direction", [UPWARDS, DOWNWARDS, UPSIDE_DOWN])
def test_turned_text_has_rows_of_its_own_after_the_main_text(direction: int) -> None:
    turned = [piece("copy", 300, 20, 7, direction=direction), piece("right", 330, 20, 8, direction=direction)]
    text = [piece("a", 50, 300, 1), piece("b", 80, 300, 1), piece("c", 50, 330, 2)]
    expected = "right copy" if direction in (UPWARDS, UPSIDE_DOWN) else "copy right"
    assert rows(pack(turned + text, 600, 800, 300)) == ["a b", "c", expected]


def test_a_page_scanned_sideways_reads_in_its_own_direction() -> None:
    text = [
        piece(f"{word}{i}", 100 + 60 * k, 50 + 12 * i, 10 * i + k, direction=DOWNWARDS) for i in range(3) for k, word in enumerate("ab")
    ]
    assert rows(pack(text, 600, 800, 300)) == ["a2 b2", "a1 b1", "a0 b0"]  # DOWNWARDS: lines follow each other from right to left


def test_slanted_text_comes_last() -> None:
    pieces = [piece("SAMPLE", 100, 100, 1, size=80, direction=SLANTED), piece("a", 50, 100, 2)]
    assert rows(pack(pieces, 600, 800, 300)) == ["a", "SAMPLE"]


def test_boxes_are_clamped_to_the_page_and_never_turned() -> None:
    outside = [(-50.0, -10.0, 700.0, 900.0), (float("nan"), 0.0, 60.0, 80.0), (650.0, 400.0, 660.0, 400.0)]
    words = pack([Piece("a", *sides, run, 100.0 * run, 10) for run, sides in enumerate(outside)], 600, 800, 300)
    assert [words.box(i) for i in range(3)] == [
        BoundingBox(0, 0, 1, 1),
        BoundingBox(0, 0, pytest.approx(0.1, abs=1e-4), pytest.approx(0.1, abs=1e-4)),
        BoundingBox(1, pytest.approx(0.5, abs=1e-4), 1, pytest.approx(0.5, abs=1e-4)),
    ]


def test_endless_words_are_cut() -> None:
    words = pack([piece("x" * 1000, 50, 100, 1), piece("\ufb03" * 300, 50, 200, 2)], 600, 800, 300)
    assert words.texts == ("x" * 300, "ffi" * 100)
