"""The model before it has learned: its tokenizer, its sizes, and relative positions that learn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import LayoutLMv3Config, LayoutLMv3ForTokenClassification, PreTrainedTokenizerFast
from transformers.models.layoutlmv3.modeling_layoutlmv3 import LayoutLMv3Encoder

from training.layoutlmv3.pages import LABELS

SIZE = 96  # of the picture
PIECES = 8000  # tokens of the vocabulary, at most
LENGTH = 384  # tokens of a window, at most
START, PAD, END, UNKNOWN, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
FIRST, PADDING, LAST = 0, 1, 2


def tokenizer_for(words: Iterable[str]) -> PreTrainedTokenizerFast:
    """Byte-level pieces, as LayoutLMv3's own; a word begins with a space. Every digit is a 0: what an amount, a date or an account looks
    like is a piece or two, and no figure can be learned by heart."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex("[0-9]"), "0")])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = [START, PAD, END, UNKNOWN, MASK]
    trainer = trainers.BpeTrainer(vocab_size=PIECES, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(words, trainer)
    names = {"bos_token": START, "cls_token": START, "sep_token": END, "eos_token": END}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, unk_token=UNKNOWN, mask_token=MASK, **names)


def untrained(pieces: int) -> LayoutLMv3ForTokenClassification:
    config = LayoutLMv3Config(
        vocab_size=pieces,
        hidden_size=192,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=LENGTH + 2,
        coordinate_size=32,
        shape_size=32,
        input_size=SIZE,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
        attn_implementation="eager",
    )
    return LayoutLMv3ForTokenClassification(config)


class _LookUp(torch.autograd.Function):
    """`table[:, pairs]`. The gradient by counting: torch's own scatters, ten times as slow for these few rows."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, pairs: Tensor) -> Tensor:
        ctx.save_for_backward(pairs)
        ctx.columns = table.shape[1]
        return table.index_select(1, pairs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (pairs,) = ctx.saved_tensors
        return torch.stack([torch.bincount(pairs, weights=row.float(), minlength=ctx.columns) for row in gradient]).float(), None


@contextmanager
def biases_that_learn() -> Iterator[None]:
    """The relative positions looked up so that their weights are trained: transformers 5.24 looks them up under `no_grad`, which is right
    for a checkpoint that has them and leaves them as they fell in one that is trained from nothing."""

    def lookup(self: LayoutLMv3Encoder, positions: Tensor, bias: nn.Linear, num_buckets: int, max_distance: int) -> Tensor:
        distances = torch.arange(-max_distance, max_distance + 1)
        buckets = self.relative_position_bucket(distances, num_buckets=num_buckets, max_distance=max_distance)
        positions = positions.int()
        pairs = (positions.unsqueeze(-2) - positions.unsqueeze(-1)).clamp_(-max_distance, max_distance).add_(max_distance)
        return _LookUp.apply(bias.weight[:, buckets], pairs.flatten()).view(-1, *pairs.shape).transpose(0, 1)

    theirs = LayoutLMv3Encoder._relative_position_lookup
    LayoutLMv3Encoder._relative_position_lookup = lookup
    try:
        yield
    finally:
        LayoutLMv3Encoder._relative_position_lookup = theirs
