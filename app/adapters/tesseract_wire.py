"""What goes to a child that reads one page, and the bytes in which it answers. Read strictly: see `app.readers.wire`."""

from __future__ import annotations

from typing import Literal

import msgspec

from app.domain.document import Words
from app.readers.limits import Limits
from app.readers.wire import Garbage, check_words

Failure = Literal["missing", "crashed", "memory", "fault"]
"""no such program · it ended badly or wrote nothing of use · not enough memory for the page · a fault of ours"""

Purpose = Literal["look", "turn", "page", "again"]

CODES = {"en": "eng", "de": "deu", "fr": "fra", "nl": "nld", "it": "ita", "es": "spa", "pt": "por"}
"""The languages that we know, ISO 639-1, and what Tesseract calls them."""


class Task(msgspec.Struct, frozen=True):
    """Pixels as in `Picture`. `languages`: ISO 639-1 as asked for, none to find out."""

    width: int
    height: int
    dpi: float
    languages: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """`words` or `failure`. `lacking`: the language of the text, where Tesseract has not got it. `passes`: how often it ran, by purpose."""

    words: Words | None = None
    failure: Failure | None = None
    languages: tuple[str, ...] = ()
    lacking: str | None = None
    turn: int = 0
    passes: dict[Purpose, int] = {}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Answer, strict=True)


def encode(answer: Answer) -> bytes:
    return _encoder.encode(answer)


def decode(content: bytes, limits: Limits) -> Answer:
    """The checked answer. Raises `Garbage`. Safe on any bytes."""
    try:
        answer = _decoder.decode(content)
        if (answer.words is None) == (answer.failure is None) or not 0 <= answer.turn <= 3:
            raise ValueError("not exactly one answer")
        if not CODES.keys() >= set(answer.languages) or (answer.lacking is not None and answer.lacking not in CODES):
            raise ValueError("languages")
        if answer.words is not None:
            check_words(answer.words, limits)
            if len(answer.words.confidences) != len(answer.words) or any(percent > 100 for percent in answer.words.confidences):
                raise ValueError("confidences")
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise Garbage(type(exc).__name__) from exc
    return answer
