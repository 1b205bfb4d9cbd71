"""LayoutLMv3's side of the wire: words with boxes -> tokens, scores of tokens -> what each word is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from app.domain.document import UNIT, Words

LENGTHS = (64, 128, 256, 384, 512)
"""Tokens of a window, the smallest that holds it: few lengths, so that the server can put windows of many pages in one batch."""
OVERLAP = 128
"""Tokens that neighbouring windows share, so that no word is judged from the edge of what the model sees."""
SCALE = 1000  # of the boxes


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole words as the model takes it, a batch of one. `first_tokens[i]`: where word `start + i` begins."""

    tensors: Mapping[str, NDArray[np.int64]]
    start: int
    first_tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """`name`: "O", or "B-" and "I-" and what the word belongs to. `probability`: not calibrated."""

    name: str
    probability: float


def boxes_of(words: Words) -> NDArray[np.int64]:
    """(n, 4): x0 y0 x1 y1 in thousandths of the page."""
    units = np.frombuffer(words.boxes, "<u2").reshape(-1, 4).astype(np.int64)
    return (units * SCALE + UNIT // 2) // UNIT


@dataclass(frozen=True, slots=True)
class Reader:
    """A checkpoint's tokenizer and labels. `longest`: tokens of a window, at most. `size`: side of the picture, pixels."""

    tokenizer: Tokenizer
    labels: tuple[str, ...]
    first: int
    last: int
    pad: int
    longest: int
    size: int

    @staticmethod
    def load(version: Path) -> Reader:
        """`version`: the model's folder of one version, with `tokenizer.json` and `labels.json`."""
        held = json.loads((version / "labels.json").read_text("utf-8"))
        tokenizer = Tokenizer.from_file(str(version / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return Reader(tokenizer, tuple(held["labels"]), held["first"], held["last"], held["pad"], held["longest"], held["size"])

    def windows(self, texts: Sequence[str], boxes: NDArray[np.int64]) -> Iterator[Window]:
        """Each word is in at least one. `boxes`: as `boxes_of` gives them. A word of more tokens than fit is cut.

        Raises ValueError for boxes outside 0..1000, for which the model has no place.
        """
        if len(boxes) and not 0 <= boxes.min() <= boxes.max() <= SCALE:
            raise ValueError("boxes are thousandths of the page")
        room = self.longest - 2
        # A word that the tokenizer finds nothing in still is one: it must come back with a label.
        encoded = self.tokenizer.encode_batch([[text] for text in texts], is_pretokenized=True, add_special_tokens=False)
        words = [word.ids[:room] or [self.pad] for word in encoded]
        start = 0
        while start < len(words):
            end, used = start, 0
            while end < len(words) and used + len(words[end]) <= room:
                used += len(words[end])
                end += 1
            yield self._window(words[start:end], boxes[start:end], start)
            if end == len(words):
                return
            shared, following = 0, end
            while following - 1 > start and shared + len(words[following - 1]) <= min(OVERLAP, room // 4):
                following -= 1
                shared += len(words[following])
            start = following

    def _window(self, words: Sequence[Sequence[int]], boxes: NDArray[np.int64], start: int) -> Window:
        counts = [len(tokens) for tokens in words]
        used = sum(counts) + 2
        length = next((length for length in LENGTHS if used <= length <= self.longest), self.longest)
        input_ids = np.full((1, length), self.pad, np.int64)
        input_ids[0, :used] = [self.first, *(token for tokens in words for token in tokens), self.last]
        bbox = np.zeros((1, length, 4), np.int64)
        bbox[0, 1 : used - 1] = np.repeat(boxes, counts, axis=0)
        attention_mask = np.zeros((1, length), np.int64)
        attention_mask[0, :used] = 1
        first_tokens = tuple(int(at) for at in np.cumsum([1, *counts[:-1]]))
        return Window({"input_ids": input_ids, "bbox": bbox, "attention_mask": attention_mask}, start, first_tokens)

    def label(self, count: int, windows: Sequence[Window], logits: Sequence[NDArray[np.float32]]) -> list[Label]:
        """Of each of the `count` words, by its first token, from the window in which it stands farthest from the ends.

        `logits`: (1, tokens, labels) of each window. Raises ValueError if a model answers for other labels than these.
        """
        best: list[tuple[int, Label]] = [(-1, Label("O", 0.0))] * count
        for window, scores in zip(windows, logits, strict=True):
            if scores.shape[-1] != len(self.labels):
                raise ValueError(f"{scores.shape[-1]} labels where {len(self.labels)} are known")
            exact = scores[0].astype(np.float64)
            shares = np.exp(exact - exact.max(axis=-1, keepdims=True))
            shares /= shares.sum(axis=-1, keepdims=True)
            words = len(window.first_tokens)
            for position, token in enumerate(window.first_tokens):
                depth = min(position, words - 1 - position)
                if depth > best[window.start + position][0]:
                    choice = int(shares[token].argmax())
                    best[window.start + position] = (depth, Label(self.labels[choice], float(shares[token, choice])))
        return [label for _, label in best]
