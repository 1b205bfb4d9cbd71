"""What the ways to compute a model are compared by: how far the numbers are from those of the first way, and how many labels, tokens, words
or neighbours come out differently, which is what counts. Each comparison gives a row for each way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
from numpy.typing import NDArray
from tokenizers.implementations import BertWordPieceTokenizer

from app.models.layoutlmv3 import Reader
from app.models.page_image import framed, stretched
from app.ocr.detection import Grey, lines_in, to_search
from app.ocr.recognition import batches, cut, spelled, text_of
from app.samples.damage import damage
from training.invoices import make
from training.pages import made_up_pages
from training.runtimes import Run, Tensors
from triton_models.greedy import Unfinished, Vocabulary, generate

REPOSITORY = Path(__file__).parents[1] / "triton_models"
SAMPLE = 100  # steps of the decoder whose numbers are compared
SEED, PAGES, INVOICES = 6, 6, 60  # of training/invoices: pages that are read, invoices whose lines are embedded
DPI = 200  # pages are read at
BATCH = 32

Way = tuple[str, Callable[[str], Run]]


@dataclass
class Row:
    """`far`: greatest distance from the first way's, in deviations of the tensor's numbers. `differ`: labels, tokens, words or neighbours
    that are others than the first way's, of `of`."""

    way: str
    far: dict[str, float] = field(default_factory=dict)
    differ: int = 0
    of: int = 0
    milliseconds: list[float] = field(default_factory=list)


def layoutlmv3(ways: list[Way]) -> Iterator[Row]:
    reader = Reader.load(REPOSITORY / "layoutlmv3/1")
    pages = made_up_pages()
    truth: list[Tensors] = []
    labels: list[list[str]] = []
    for way, runs in ways:
        run, row, answers, said = runs("layoutlmv3"), Row(way), [], []
        for page in pages:
            windows = list(reader.windows(page.words, page.boxes))
            asked = [
                {**window.tensors, "pixel_values": stretched(page.picture, reader.size, reader.size)[np.newaxis]} for window in windows
            ]
            answers += [_timed(run, inputs, row) for inputs in asked]
            logits = [answer["logits"] for answer in answers[-len(windows) :]]
            said.append([label.name for label in reader.label(len(page.words), windows, logits)])
        truth, labels = truth or answers, labels or said
        row.far["logits"] = max(map(_far, truth, answers, ["logits"] * len(truth)))
        row.differ = sum(ours != theirs for page, known in zip(said, labels, strict=True) for ours, theirs in zip(page, known, strict=True))
        row.of = sum(map(len, labels))
        yield row


@dataclass
class _Steps:
    """A decoder's steps as `generate` asks for them, kept."""

    decoder: Run
    row: Row
    questions: list[Tensors] = field(default_factory=list)
    answers: list[Tensors] = field(default_factory=list)

    def __call__(self, input_ids: NDArray[Any], past: NDArray[Any], cross: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        self.questions.append({"input_ids": input_ids, "past": past, "cross": cross})
        self.answers.append(_timed(self.decoder, self.questions[-1], self.row))
        return self.answers[-1]["logits"], self.answers[-1]["present"]


def donut(ways: list[Way]) -> Iterator[Row]:
    vocabulary = Vocabulary.load(REPOSITORY / "donut/1/vocabulary.json")
    pages = [framed(page.picture, vocabulary.height, vocabulary.width) for page in made_up_pages()]
    truth: list[Tensors] = []
    tokens: list[list[int]] = []
    sample: list[tuple[Tensors, Tensors]] = []
    for way, runs in ways:
        encoder, row = runs("donut_encoder"), Row(way)
        encoded = [encoder({"pixel_values": page[np.newaxis]}) for page in pages]
        steps = _Steps(runs("donut_decoder"), row)
        said: list[list[int]] = []
        for answer, page in zip(encoded, pages, strict=True):
            said.append([])
            with suppress(Unfinished):  # then all that it said differs
                said[-1].extend(token.id for token in generate(partial(_known, answer["cross"]), steps, page, vocabulary))
        if not tokens:
            truth, tokens = encoded, said
            # Steps of torch's, asked of the others as they were: one token that differs would be counted again in all that follow.
            sample = list(zip(steps.questions, steps.answers, strict=True))[:: max(1, len(steps.answers) // SAMPLE)]
        row.far["cross"] = max(_far(known, answer, "cross") for known, answer in zip(truth, encoded, strict=True))
        row.far["logits"] = max(_far(known, steps.decoder(question), "logits") for question, known in sample)
        row.differ = sum(_edits(ours, theirs) for ours, theirs in zip(said, tokens, strict=True))
        row.of = sum(map(len, tokens))
        yield row


def text_pages() -> Iterator[Grey]:
    """Made-up invoices at the resolution that is read; every second one as a fax: what reads badly shows small differences."""
    for index in range(PAGES):
        with pymupdf.open(stream=make(SEED, index).pdf, filetype="pdf") as pdf:
            drawn = pdf[0].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
        pixels = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width)
        yield damage(pixels, DPI, "fax", index).pixels if index % 2 else pixels


def text(ways: list[Way]) -> Iterator[Row]:
    """Pages searched and their lines read, as the service does it with pages that stand upright."""
    pages = [(page, *to_search(page, DPI)) for page in text_pages()]
    maps: list[Tensors] = []
    words: list[Counter[str]] = []
    sample: list[tuple[Tensors, Tensors]] = []
    for way, runs in ways:
        search, recognize, row = runs("text_detection"), runs("text_recognition"), Row(way)
        found = [_timed(search, {"image": picture[np.newaxis]}, row) for _, picture, _ in pages]
        read: list[tuple[Tensors, Tensors]] = []
        said: list[Counter[str]] = []
        for (page, _, scale), answer in zip(pages, found, strict=True):
            said.append(Counter())
            lines = lines_in(answer["text"][0], scale, page.shape[1], page.shape[0])
            for batch in batches([cut(page, line) for line in lines]):
                read.append(({"image": batch.pixels}, recognize({"image": batch.pixels})))
                for symbols, probabilities in zip(read[-1][1]["symbols"], read[-1][1]["probabilities"], strict=True):
                    said[-1].update(text_of(spelled(symbols, probabilities)).split())
        if not words:
            maps, words, sample = found, said, read
        row.far["text"] = max(_far(known, answer, "text") for known, answer in zip(maps, found, strict=True))
        row.far["probabilities"] = max(_far(known, recognize(question), "probabilities") for question, known in sample)
        row.differ = sum(max((ours - theirs).total(), (theirs - ours).total()) for ours, theirs in zip(said, words, strict=True))
        row.of = sum(each.total() for each in words)
        yield row


def embedder(ways: list[Way]) -> Iterator[Row]:
    """Which of all the others lies nearest to each text: names of goods and services, as many in one call as a batch may have."""
    sold = dict.fromkeys(line.item_name for index in range(INVOICES) for line in make(SEED, index).sold.lines if line.item_name)
    tokenizer = BertWordPieceTokenizer(str(REPOSITORY / "embedder/vocab.txt"), lowercase=True)
    tokenizer.enable_padding()
    texts = list(sold)
    asked = [tokenizer.encode_batch(texts[first : first + BATCH]) for first in range(0, len(texts), BATCH)]
    questions = [
        {"input_ids": np.array([text.ids for text in batch]), "attention_mask": np.array([text.attention_mask for text in batch])}
        for batch in asked
    ]
    truth: Tensors = {}
    for way, runs in ways:
        run, row = runs("embedder"), Row(way)
        answer = {"embedding": np.concatenate([_timed(run, question, row)["embedding"] for question in questions])}
        truth = truth or answer
        row.far["embedding"] = _far(truth, answer, "embedding")
        row.differ, row.of = int((_nearest(answer) != _nearest(truth)).sum()), len(texts)
        yield row


def _nearest(answer: Tensors) -> NDArray[Any]:
    alike = answer["embedding"] @ answer["embedding"].T
    np.fill_diagonal(alike, -1)
    return alike.argmax(axis=1)


def _known(cross: NDArray[Any], _: NDArray[Any]) -> NDArray[Any]:
    return cross


def _timed(run: Run, inputs: Tensors, row: Row) -> Tensors:
    started = time.perf_counter()
    answer = run(inputs)
    row.milliseconds.append(1000 * (time.perf_counter() - started))
    return answer


def _far(truth: Tensors, answer: Tensors, name: str) -> float:
    return float(np.abs(truth[name] - answer[name]).max() / truth[name].std())


def _edits(ours: list[int], theirs: list[int]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(theirs) + 1))
    for i, one in enumerate(ours, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(theirs, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (one != other))
    return row[-1]
