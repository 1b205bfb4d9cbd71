"""Donut's loop: the page through the encoder once, then a token at a time through the decoder, the likeliest each time.

Needs NumPy only: it runs in the model server's own environment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Encode = Callable[[Array], Array]
"""pixel_values -> cross: the keys and values that every decoder layer looks up in the page."""
Step = Callable[[Array, Array, Array], tuple[Array, Array]]
"""(input_ids, past, cross) -> (logits, present)"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`texts`: what each token stands for, "" for those that only steer. `prompt`: the tokens that ask for this task. `end`: the token
    that ends an answer. `most`: tokens of an answer, the prompt included. `height`, `width`: of the page."""

    texts: Sequence[str]
    prompt: Sequence[int]
    end: int
    most: int
    height: int
    width: int

    @staticmethod
    def load(file: Path) -> Vocabulary:
        held = json.loads(file.read_text("utf-8"))
        return Vocabulary(tuple(held["texts"]), tuple(held["prompt"]), held["end"], held["most"], held["height"], held["width"])


@dataclass(frozen=True, slots=True)
class Token:
    """`probability`: of this token, given those before it; not calibrated."""

    id: int
    text: str
    probability: float


class Unfinished(Exception):
    """The answer has no end within the tokens that it may have."""


def generate(encode: Encode, step: Step, pixel_values: Array, vocabulary: Vocabulary) -> Iterator[Token]:
    """The tokens of the page's answer as they come, without the prompt and without the end. The page is (3, height, width) bytes.

    Raises `Unfinished` after `most` tokens: what was said may look whole, and is not.
    """
    cross = encode(pixel_values[np.newaxis])
    _, columns, heads, _, width = cross.shape
    past: Array = np.empty((1, columns, heads, 0, width), cross.dtype)
    for token in vocabulary.prompt[:-1]:
        _, past = step(np.array([[token]], np.int64), past, cross)
    token = vocabulary.prompt[-1]
    for _ in range(vocabulary.most - len(vocabulary.prompt)):
        logits, past = step(np.array([[token]], np.int64), past, cross)
        scores = logits[0].astype(np.float64)
        token = int(scores.argmax())
        if token == vocabulary.end:
            return
        yield Token(token, vocabulary.texts[token], float(1 / np.exp(scores - scores[token]).sum()))
    raise Unfinished(f"no end within {vocabulary.most} tokens")
