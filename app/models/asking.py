"""The document models through the `ModelServer` port: a page in, labels or an answer out. Both adapters serve; neither is known here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import Unavailable
from app.models.donut_sequence import Read, from_sequence
from app.models.layoutlmv3 import Label, Reader
from app.models.page_image import Pixels, framed, stretched
from app.ports import ModelServer


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of Donut's answer. `probability`: of this one after those before it; not calibrated."""

    token: int
    text: str
    probability: float
    version: str


async def labels_of(
    models: ModelServer, reader: Reader, texts: Sequence[str], boxes: NDArray[np.int64], page: Pixels, *, deadline: float
) -> list[Label]:
    """What LayoutLMv3 says of each word. `boxes`: as `boxes_of` gives them. `deadline`: seconds for each window of the words.

    Raises as `ModelServer` does.
    """
    pixel_values = stretched(page, reader.size, reader.size)[np.newaxis]
    windows = list(reader.windows(texts, boxes))
    answers = [await models.infer("layoutlmv3", {**window.tensors, "pixel_values": pixel_values}, deadline=deadline) for window in windows]
    try:
        return reader.label(len(texts), windows, [answer.tensors["logits"] for answer in answers])
    except ValueError as exc:
        raise Unavailable("models", f"layoutlmv3: {exc}") from exc


async def pieces_of(models: ModelServer, page: Pixels, size: tuple[int, int], *, deadline: float) -> AsyncIterator[Piece]:
    """Donut's answer as it comes. `size`: height and width that the model takes. `deadline`: seconds for all.

    Raises as `ModelServer` does.
    """
    async for answer in models.stream("donut", {"pixel_values": framed(page, *size)}, deadline=deadline):
        (token,), (text,), (probability,) = (answer.tensors[name] for name in ("token", "text", "probability"))
        try:
            yield Piece(int(token), text.decode(), float(probability), answer.version)
        except UnicodeDecodeError as exc:
            raise Unavailable("models", f"donut: {exc}") from exc


async def answer_of(models: ModelServer, page: Pixels, size: tuple[int, int], *, deadline: float) -> Read:
    """Donut's whole answer. Raises as `ModelServer` does, and `Unavailable("models")` for an answer that is no sequence."""
    text = "".join([piece.text async for piece in pieces_of(models, page, size, deadline=deadline)])
    try:
        return from_sequence(text)
    except ValueError as exc:
        raise Unavailable("models", f"donut: {exc}") from exc
