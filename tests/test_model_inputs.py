"""What goes into the document models and comes out of them, without any model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from app.domain.document import UNIT, Words
from app.models.donut_sequence import from_sequence, to_sequence
from app.models.layoutlmv3 import LENGTHS, Reader, boxes_of
from app.models.page_image import framed, stretched
from triton_models.greedy import Unfinished, Vocabulary, generate

TEXTS = st.text(st.characters(blacklist_characters="<>"), min_size=1).map(str.strip).filter(bool)
KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
OBJECTS = st.recursive(
    st.dictionaries(KEYS, TEXTS, min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        KEYS, TEXTS | inner | st.lists(inner, min_size=2, max_size=3) | st.lists(TEXTS, min_size=2, max_size=3), min_size=1, max_size=3
    ),
    max_leaves=8,
)


@given(OBJECTS)
def test_what_donut_writes_is_read_again(value: dict[str, Any]) -> None:
    assert from_sequence(to_sequence(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "<s_total>9",  # it stopped too early
        "<s_total>9</s_number>",
        "9</s_total>",
        "<s_a>1</s_a><s_a>2</s_a>",
        "<s_a>1</s_a>and",
        "and<s_a>1</s_a>",
        "<s_a>" * 40 + "</s_a>" * 40,
    ],
)
def test_a_sequence_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_sequence(text)


def test_what_looks_like_a_tag_is_not_written() -> None:
    with pytest.raises(ValueError, match="looks like a tag"):
        to_sequence({"note": "</s_note>"})


def reader(longest: int = 64) -> Reader:
    tokenizer = Tokenizer(WordLevel({"a": 4, "b": 5, "?": 3}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    return Reader(tokenizer, ("O", "B-number"), first=0, last=2, pad=1, longest=longest, size=8)


def test_a_window_has_the_boxes_of_its_words_at_their_tokens() -> None:
    boxes = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int64)
    (window,) = reader().windows(["a", "b"], boxes)
    assert window.tensors["input_ids"][0, :5].tolist() == [0, 4, 5, 2, 1]
    assert window.tensors["attention_mask"][0, :5].tolist() == [1, 1, 1, 1, 0]
    assert window.tensors["bbox"][0, :4].tolist() == [[0] * 4, [0, 1, 2, 3], [4, 5, 6, 7], [0] * 4]
    assert window.tensors["input_ids"].shape == (1, LENGTHS[0]) and window.first_tokens == (1, 2)


@pytest.mark.parametrize("count", [1, 62, 63, 200, 701])
def test_every_word_of_a_long_page_is_labelled_from_within(count: int) -> None:
    """The model of this test says `B-number` of what is at an end of its window: no word is judged from there but first and last."""
    windows = list(reader().windows(["a"] * count, np.zeros((count, 4), np.int64)))
    logits = []
    for window in windows:
        scores = np.zeros((1, window.tensors["input_ids"].shape[1], 2), np.float32)
        scores[0, :, 0] = 1
        for end in (window.first_tokens[0], window.first_tokens[-1]):
            scores[0, end, 1] = 9
        logits.append(scores)
    labels = [label.name for label in reader().label(count, windows, logits)]
    assert labels[0] == labels[-1] == "B-number" and set(labels[1:-1]) <= {"O"}


def test_boxes_outside_the_page_are_refused() -> None:
    with pytest.raises(ValueError):
        list(reader().windows(["a"], np.array([[0, 0, 1001, 5]], np.int64)))


def test_a_word_of_many_tokens_is_cut_and_one_of_none_is_kept() -> None:
    long = " ".join("ab" * 100)
    windows = list(reader().windows([long, "", "b"], np.zeros((3, 4), np.int64)))
    assert {window.start + i for window in windows for i in range(len(window.first_tokens))} == {0, 1, 2}
    assert all(window.tensors["input_ids"].shape == (1, 64) for window in windows)


def test_boxes_are_thousandths_of_the_page() -> None:
    box = np.array([0, UNIT // 2, UNIT, UNIT], "<u2").tobytes()
    assert boxes_of(Words(("a",), box, b"\0\0", b"\0")).tolist() == [[0, 500, 1000, 1000]]


@pytest.mark.parametrize("shape", [(1170, 827), (827, 1170), (100, 100), (40, 400), (3000, 20)])
def test_a_framed_page_keeps_its_proportions(shape: tuple[int, int]) -> None:
    made = framed(np.full(shape, 255, np.uint8), 160, 128)
    assert made.shape == (3, 160, 128) and made.dtype == np.uint8
    rows, columns = (np.flatnonzero(made[0].max(axis=axis)) for axis in (1, 0))
    assert len(rows) == 160 or len(columns) == 128
    wanted = shape[0] / shape[1]
    assert abs(len(rows) - wanted * len(columns)) <= max(1.0, wanted) * 1.5


def test_a_stretched_page_fills_its_place() -> None:
    assert (stretched(np.full((10, 30), 7, np.uint8), 64, 64) == 7).all()


def test_the_loop_asks_with_what_was_said_and_ends() -> None:
    """A decoder that counts: after token n comes n + 1. `past` grows by one each time, the prompt's tokens included."""
    vocabulary = Vocabulary([f"{n} " for n in range(10)], prompt=(1, 2), end=6, most=9, height=4, width=4)
    asked: list[tuple[int, int]] = []

    def step(input_ids: Any, past: Any, cross: Any) -> Any:
        asked.append((int(input_ids[0, 0]), past.shape[3]))
        logits = np.zeros((1, 10), np.float32)
        logits[0, input_ids[0, 0] + 1] = 30
        return logits, np.concatenate([past, np.ones((1, 2, 1, 1, 3), np.float32)], axis=3)

    tokens = list(generate(lambda _: np.zeros((1, 2, 1, 5, 3), np.float32), step, np.zeros((3, 4, 4), np.uint8), vocabulary))
    assert [token.id for token in tokens] == [3, 4, 5] and "".join(token.text for token in tokens) == "3 4 5 "
    assert asked == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]
    assert all(token.probability > 0.99 for token in tokens)


def test_an_answer_without_an_end_is_none() -> None:
    vocabulary = Vocabulary(["x"] * 3, prompt=(0,), end=2, most=5, height=4, width=4)
    step = lambda input_ids, past, cross: (np.array([[0, 1, 0]], np.float32), past)  # noqa: E731
    tokens = generate(lambda _: np.zeros((1, 2, 1, 5, 3), np.float32), step, np.zeros((3, 4, 4), np.uint8), vocabulary)
    assert [next(tokens).id for _ in range(4)] == [1] * 4
    with pytest.raises(Unfinished):
        next(tokens)
