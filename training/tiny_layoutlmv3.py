"""The tiny LayoutLMv3: taught the made-up pages' words by heart. It proves the path from a checkpoint to the server and knows nothing else.

python -m training.tiny_layoutlmv3 FOLDER      # writes an ordinary Hugging Face checkpoint, the same for the same processor
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import LayoutLMv3Config, LayoutLMv3ForTokenClassification, PreTrainedTokenizerFast
from transformers.models.layoutlmv3.image_processing_pil_layoutlmv3 import LayoutLMv3ImageProcessorPil
from transformers.models.layoutlmv3.modeling_layoutlmv3 import LayoutLMv3Encoder

from app.models.layoutlmv3 import Reader, Window
from app.models.page_image import stretched
from training.pages import MadeUpPage, made_up_pages

SEED = 6
SIZE = 64  # of the picture
PIECES = 2000  # tokens of the vocabulary, at most
START, PAD, END, UNKNOWN = 0, 1, 2, 3
LENGTH = 512  # tokens of a window, at most
STEPS = 400  # at most
SURE = 0.01  # mean loss at which the pages are known by heart


def tokenizer_for(words: list[str]) -> PreTrainedTokenizerFast:
    """Byte-level pieces, as LayoutLMv3's own; a word begins with a space."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=PIECES, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(words, trainer)
    names = {"bos_token": "<s>", "cls_token": "<s>", "sep_token": "</s>", "eos_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", **names)


def untrained(pieces: int, labels: list[str]) -> LayoutLMv3ForTokenClassification:
    config = LayoutLMv3Config(
        vocab_size=pieces,
        hidden_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=192,
        max_position_embeddings=LENGTH + 2,
        coordinate_size=16,
        shape_size=16,
        input_size=SIZE,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    return LayoutLMv3ForTokenClassification(config)


@contextmanager
def biases_that_learn() -> Iterator[None]:
    """The relative positions looked up so that their weights are trained: transformers 5.24 looks them up under `no_grad`, which is right
    for a checkpoint that has them and leaves them as they fell in one that is trained from nothing."""

    def lookup(self: LayoutLMv3Encoder, positions: Tensor, bias: nn.Linear, num_buckets: int, max_distance: int) -> Tensor:
        distances = torch.arange(-max_distance, max_distance + 1)
        buckets = self.relative_position_bucket(distances, num_buckets=num_buckets, max_distance=max_distance)
        pairs = (positions.unsqueeze(-2) - positions.unsqueeze(-1)).clamp(-max_distance, max_distance) + max_distance
        return bias.weight[:, buckets].index_select(1, pairs.flatten()).view(-1, *pairs.shape).transpose(0, 1)

    theirs = LayoutLMv3Encoder._relative_position_lookup
    LayoutLMv3Encoder._relative_position_lookup = lookup
    try:
        yield
    finally:
        LayoutLMv3Encoder._relative_position_lookup = theirs


def train(folder: Path, pages: list[MadeUpPage]) -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    labels = ["O", *sorted({label for page in pages for label in page.labels} - {"O"})]
    tokenizer = tokenizer_for([f" {word}" for page in pages for word in page.words])
    reader = Reader(tokenizer.backend_tokenizer, tuple(labels), START, END, PAD, LENGTH, SIZE)
    asked = []
    for page in pages:
        (window,) = reader.windows(page.words, page.boxes)
        asked.append((page, window))
    batch = _batch(asked)
    wanted = torch.full(batch["input_ids"].shape, -100)
    for row, (page, window) in enumerate(asked):
        for word, token in enumerate(window.first_tokens):
            wanted[row, token] = labels.index(page.labels[word])

    model = untrained(len(tokenizer), labels)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=STEPS, pct_start=0.1)
    started = time.monotonic()
    with biases_that_learn():
        for step in range(1, STEPS + 1):
            logits = model(**batch).logits[:, : wanted.shape[1]]
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if step % 20 == 0:
                print(f"step {step}: loss {loss.item():.4f}, {time.monotonic() - started:.0f} s", flush=True)
            if loss.item() < SURE:
                break
    model.eval()
    with torch.no_grad():  # as transformers looks positions up, which must come to the same
        said = model(**batch).logits[:, : wanted.shape[1]].argmax(-1)
    if not torch.equal(said[wanted != -100], wanted[wanted != -100]):
        raise SystemExit(f"the pages are not known by heart after {step} steps")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    LayoutLMv3ImageProcessorPil(size={"height": SIZE, "width": SIZE}, apply_ocr=False).save_pretrained(folder)
    print(
        f"{len(pages)} pages by heart after {step} steps, {time.monotonic() - started:.0f} s; {len(tokenizer)} tokens, {len(labels)} labels"
    )


def _batch(asked: list[tuple[MadeUpPage, Window]]) -> dict[str, Tensor]:
    longest = max(window.tensors["input_ids"].shape[1] for _, window in asked)
    padding = {"input_ids": PAD, "bbox": 0, "attention_mask": 0}
    batch = {}
    for name, value in padding.items():
        rows = [torch.from_numpy(window.tensors[name][0]) for _, window in asked]
        shape = (len(rows), longest, *rows[0].shape[1:])
        batch[name] = torch.full(shape, value)
        for row, tensor in enumerate(rows):
            batch[name][row, : len(tensor)] = tensor
    pictures = torch.stack([torch.from_numpy(stretched(page.picture, SIZE, SIZE)) for page, _ in asked])
    return {**batch, "pixel_values": pictures.float() / 127.5 - 1}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    train(parser.parse_args().folder, made_up_pages())
