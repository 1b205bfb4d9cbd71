"""Teaches the LayoutLMv3 that stands in `triton_models/`: `python -m training.layoutlmv3 FOLDER`.

Writes an ordinary Hugging Face checkpoint, the same for the same processor. No page is seen twice: each step draws its documents anew,
from the layout families that are not held out. Every `KEPT` steps FOLDER/state.pt holds all there is: what was ended goes on from there.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import LayoutLMv3ForTokenClassification, PreTrainedTokenizerFast
from transformers.models.layoutlmv3.image_processing_pil_layoutlmv3 import LayoutLMv3ImageProcessorPil

from app.models.layoutlmv3 import Reader, Window
from app.models.page_image import stretched
from training.invoices.style import Side
from training.layoutlmv3.misreading import dimmed, misread, part_of, reframed
from training.layoutlmv3.pages import LABELS, TaughtPage, taught_pages
from training.layoutlmv3.spans import Count, counted, table
from training.layoutlmv3.untrained import FIRST, LAST, LENGTH, PADDING, SIZE, biases_that_learn, tokenizer_for, untrained

SEED = 7
STEPS = 1200
DOCUMENTS = 8  # a step
SPELLED = 900  # documents whose words the vocabulary is made of
FASTEST = 1e-3  # learning rate
WARM, COOLING = 100, 0.3  # steps until it is reached; share of all steps in which it falls to nothing
TOGETHER = 6  # windows that are computed at once: more of them leave the processor's cache
KEPT = 50  # steps between two states
ASKED, ASKED_DOCUMENTS = 200, 30  # steps between two looks at held-out families, and how many documents those are


@dataclass(frozen=True)
class Task:
    """A window, the picture of its page, and the label wanted of each token: -100 where none is asked."""

    window: Window
    picture: NDArray[np.uint8]
    wanted: NDArray[np.int64]


def seen(page: TaughtPage, random: Random) -> TaughtPage:
    """As some reader would give it: half the pages as the file says, half read from a picture."""
    if random.random() < 0.25:
        page = part_of(page, random, least=40)
    if random.random() < 0.5:
        page = dimmed(misread(page, random), random)
    return reframed(page, random)


def tasks_of(page: TaughtPage, reader: Reader) -> Iterator[Task]:
    picture = stretched(page.picture, SIZE, SIZE)
    for window in reader.windows(page.words, page.boxes):
        wanted = np.full(window.tensors["input_ids"].shape[1], -100)
        for word, token in enumerate(window.first_tokens, window.start):
            wanted[token] = LABELS.index(page.labels[word])
        yield Task(window, picture, wanted)


def drawn(step: int, reader: Reader) -> Iterator[Task]:
    for index in range(step * DOCUMENTS, (step + 1) * DOCUMENTS):
        random = Random(f"seen {SEED}:{index}")
        for page in taught_pages(SEED, index, "rest"):
            if page.words:
                yield from tasks_of(seen(page, random), reader)


def batches(tasks: Sequence[Task]) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """A few windows of like length together, no longer than the longest of them."""

    def used(task: Task) -> int:
        return int(task.window.tensors["attention_mask"].sum())

    ordered = sorted(tasks, key=used)
    for start in range(0, len(ordered), TOGETHER):
        some = ordered[start : start + TOGETHER]
        longest = used(some[-1])
        padded = {"input_ids": PADDING, "bbox": 0, "attention_mask": 0}
        batch = {name: _stacked([task.window.tensors[name][0] for task in some], longest, fill) for name, fill in padded.items()}
        pixels = torch.from_numpy(np.stack([task.picture for task in some])).float() / 127.5 - 1
        yield {**batch, "pixel_values": pixels}, _stacked([task.wanted for task in some], longest, -100)


def _stacked(rows: Sequence[NDArray[np.int64]], longest: int, fill: int) -> Tensor:
    out = torch.full((len(rows), longest, *rows[0].shape[1:]), fill)
    for at, row in enumerate(rows):
        out[at, : min(len(row), longest)] = torch.from_numpy(np.array(row[:longest]))
    return out


def speed(step: int, steps: int) -> float:
    """Learning rate: rises, stays, falls. Until it falls nothing depends on how many steps there will be."""
    return FASTEST * min((step + 1) / WARM, 1.0, (steps - step) / (COOLING * steps))


def answers(model: LayoutLMv3ForTokenClassification, reader: Reader, page: TaughtPage) -> list[str]:
    """What the model says of each word of a page."""
    windows = list(reader.windows(page.words, page.boxes))
    pixels = torch.from_numpy(stretched(page.picture, SIZE, SIZE)[np.newaxis]).float() / 127.5 - 1
    logits = []
    with torch.no_grad():
        for window in windows:
            given = {name: torch.from_numpy(tensor) for name, tensor in window.tensors.items()}
            logits.append(model(**given, pixel_values=pixels).logits[:, : given["input_ids"].shape[1]].numpy())
    return [label.name for label in reader.label(len(page.words), windows, logits)]


def look(model: LayoutLMv3ForTokenClassification, reader: Reader, side: Side, documents: int, seed: int = SEED + 1) -> Count:
    """Entities right, said and true in documents of one side's families, every second one read badly."""
    count = Count()
    model.eval()
    for index in range(documents):
        random = Random(f"look {seed}:{index}")
        for page in taught_pages(seed, index, side):
            given = dimmed(misread(page, random), random) if index % 2 else page
            count += counted(answers(model, reader, given), given.labels)
    model.train()
    return count


def _tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    if (folder / "tokenizer.json").exists():
        return PreTrainedTokenizerFast.from_pretrained(folder)
    pages = (page for index in range(SPELLED) for page in taught_pages(SEED + 2, index, "rest"))
    tokenizer = tokenizer_for(f" {word}" for page in pages for word in page.words)
    tokenizer.save_pretrained(folder)
    return tokenizer


def train(folder: Path, steps: int) -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(folder)
    reader = Reader(tokenizer.backend_tokenizer, LABELS, FIRST, LAST, PADDING, LENGTH, SIZE)
    model = untrained(len(tokenizer))
    optimizer = torch.optim.AdamW(model.parameters(), lr=FASTEST, betas=(0.9, 0.98), weight_decay=0.01)
    begun, state = 0, folder / "state.pt"
    if state.exists():
        held = torch.load(state)
        model.load_state_dict(held["model"])
        optimizer.load_state_dict(held["optimizer"])
        begun = held["step"]
    model.train()
    started = time.monotonic()
    with biases_that_learn():
        for step in range(begun, steps):
            for group in optimizer.param_groups:
                group["lr"] = speed(step, steps)
            loss = _step(model, list(drawn(step, reader)))
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            done = step + 1
            if done % 20 == 0:
                print(f"step {done}: loss {loss:.4f}, {time.monotonic() - started:.0f} s, {time.process_time():.0f} of CPU", flush=True)
            if done % KEPT == 0 or done == steps:
                torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": done}, folder / "state.new")
                (folder / "state.new").replace(state)
            if done % ASKED == 0:
                count = look(model, reader, "held-out", ASKED_DOCUMENTS)
                print(f"step {done}: F1 on held-out families {count.f1():.3f}", json.dumps(count.by_entity()), flush=True)
    finish(model, folder)
    state.unlink(missing_ok=True)
    print(table(look(model, reader, "held-out", 200)))


def _step(model: LayoutLMv3ForTokenClassification, tasks: list[Task]) -> float:
    """The mean loss of a word; its gradient is left in the weights. bfloat16 where torch thinks it safe: twice as fast."""
    words = sum(int((task.wanted >= 0).sum()) for task in tasks)
    total = 0.0
    for batch, wanted in batches(tasks):
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(**batch).logits[:, : wanted.shape[1]]
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), wanted.flatten(), ignore_index=-100, reduction="sum") / words
        loss.backward()
        total += loss.item()
    return total


def finish(model: LayoutLMv3ForTokenClassification, folder: Path) -> None:
    """The checkpoint. Its weights are halves, and single precision from then on computes with what these say: the same everywhere."""
    model.half().save_pretrained(folder)
    LayoutLMv3ImageProcessorPil(size={"height": SIZE, "width": SIZE}, apply_ocr=False).save_pretrained(folder)
    model.float()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m training.layoutlmv3", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    train(given.folder, given.steps)
