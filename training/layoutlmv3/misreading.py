"""A page as a scanner and a recognizer give it: letters taken for others, words joined, cut and lost, boxes a little off, other margins."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from random import Random

import numpy as np
from PIL import Image

from app.extractors.confusions import DIGITS
from app.models.layoutlmv3 import SCALE
from training.layoutlmv3.pages import TaughtPage

LIKE = {letter: digit for letter, (digit, _) in DIGITS.items()} | {digit: letter for letter, (digit, _) in reversed(DIGITS.items())}
LIKE |= {".": ",", ",": ".", ":": ";", "-": "", "e": "c", "m": "rn", "u": "v", "h": "b", "t": "f", "n": "r", "€": "E"}
"""A character and what it is taken for."""
WORST = 0.12  # share of the words that something happens to, on the worst page
MOVED = 4  # thousandths of the page that a side of a box may be off


def misread(page: TaughtPage, random: Random) -> TaughtPage:
    """The same page, read badly: how badly is drawn for the page as a whole. Labels go with their words."""
    share = random.uniform(0.0, WORST)
    plain = random.random() < 0.25  # accents are not known to the recognizer
    words: list[str] = []
    boxes: list[list[int]] = []
    labels: list[str] = []
    lines: list[int] = []
    for text, box, label, line in zip(page.words, page.boxes.tolist(), page.labels, page.lines, strict=True):
        if plain:
            text = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)) or text
        what = random.choice(("letter", "letter", "letter", "join", "cut", "lose")) if random.random() < share else ""
        if what == "lose" and label == "O":
            continue
        if what == "letter":
            text = _misspelt(text, random)
        if what == "join" and words and lines[-1] == line and box[0] > boxes[-1][0]:
            words[-1] += text
            boxes[-1] = [min(boxes[-1][0], box[0]), min(boxes[-1][1], box[1]), max(boxes[-1][2], box[2]), max(boxes[-1][3], box[3])]
            labels[-1] = label if labels[-1] == "O" else labels[-1]
            continue
        if what == "cut" and len(text) > 3:
            at = random.randrange(1, len(text))
            middle = box[0] + (box[2] - box[0]) * at // len(text)
            words += [text[:at], text[at:]]
            boxes += [[box[0], box[1], middle, box[3]], [middle, box[1], box[2], box[3]]]
            labels += [label, label.replace("B-", "I-")]
            lines += [line, line]
            continue
        words.append(text)
        boxes.append(box)
        labels.append(label)
        lines.append(line)
    moved = np.array(boxes, np.int64).reshape(-1, 4)
    moved += np.array([random.randint(-MOVED, MOVED) for _ in range(moved.size)], np.int64).reshape(-1, 4)
    moved = np.concatenate((np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:])), axis=1)
    return replace(page, words=tuple(words), boxes=moved.clip(0, SCALE), labels=tuple(labels), lines=tuple(lines))


def _misspelt(text: str, random: Random) -> str:
    at = random.randrange(len(text))
    return (text[:at] + LIKE.get(text[at], text[at]) + text[at + 1 :]) or text


def reframed(page: TaughtPage, random: Random) -> TaughtPage:
    """With other margins: words and picture moved and stretched alike, no word cut off."""
    if not len(page.boxes):
        return page
    x0, y0 = page.boxes[:, :2].min(axis=0) / SCALE
    x1, y1 = page.boxes[:, 2:].max(axis=0) / SCALE
    left, top = random.uniform(-0.08, max(0.0, min(0.1, x0))), random.uniform(-0.08, max(0.0, min(0.1, y0)))
    right, bottom = 1 + random.uniform(-max(0.0, min(0.1, 1 - x1)), 0.08), 1 + random.uniform(-max(0.0, min(0.3, 1 - y1)), 0.08)
    origin, size = np.array([left, top] * 2), np.array([right - left, bottom - top] * 2)
    boxes = np.round((page.boxes / SCALE - origin) / size * SCALE).astype(np.int64).clip(0, SCALE)
    height, width = page.picture.shape[:2]
    image = Image.fromarray(page.picture)
    sides = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    frame = Image.new("RGB", (max(1, sides[2] - sides[0]), max(1, sides[3] - sides[1])), "white")
    frame.paste(image, (-sides[0], -sides[1]))
    return replace(page, boxes=boxes, picture=np.asarray(frame))


def dimmed(page: TaughtPage, random: Random) -> TaughtPage:
    """The picture greyer and grainy, as cameras make it."""
    low, high = random.uniform(0, 60), random.uniform(190, 255)
    grain = np.random.default_rng(random.getrandbits(32)).normal(0, random.uniform(0, 12), page.picture.shape)
    grey = page.picture.mean(axis=2, keepdims=True) if random.random() < 0.4 else page.picture
    shown = np.broadcast_to(low + grey * (high - low) / 255, page.picture.shape) + grain
    return replace(page, picture=shown.clip(0, 255).astype(np.uint8))


def part_of(page: TaughtPage, random: Random, least: int) -> TaughtPage:
    """Some of its words in a row, `least` of them at the least: windows of a long page begin anywhere."""
    if len(page.words) <= least:
        return page
    count = random.randint(least, len(page.words))
    start = random.randint(0, len(page.words) - count)
    kept = slice(start, start + count)
    return replace(page, words=page.words[kept], boxes=page.boxes[kept], labels=page.labels[kept], lines=page.lines[kept])
