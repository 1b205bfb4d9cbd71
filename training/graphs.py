"""The three graphs: what of a Hugging Face model goes to the server, with the scaling of the pixels inside. One class a graph; `inputs`
gives the tensors of any shape that the graph must take, `names` and `axes` what ONNX calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import EncoderDecoderCache
from transformers.cache_utils import DynamicCache, DynamicLayer

Axes = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class Scaling:
    """How a checkpoint wants its pixels: (bytes * factor - mean) / deviation, each channel."""

    factor: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    height: int
    width: int

    @staticmethod
    def of(settings: Mapping[str, Any], height: int, width: int) -> Scaling:
        """`settings`: the image processor's, as the checkpoint holds them."""
        factor = settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1.0
        if not settings.get("do_normalize", True):
            return Scaling(factor, (0.0,) * 3, (1.0,) * 3, height, width)
        return Scaling(factor, tuple(settings["image_mean"]), tuple(settings["image_std"]), height, width)


class Graph(nn.Module):
    """A graph without training: `eval` on a part of a model is undone by whoever sets the whole to train, so the wrapper is set."""

    name: ClassVar[str]
    names_in: ClassVar[tuple[str, ...]]
    names_out: ClassVar[tuple[str, ...]]
    axes: ClassVar[Axes]

    def inputs(self, batch: int, length: int) -> dict[str, Tensor]:
        """Random tensors of a batch; `length` is what the graph's other free axis has, if it has one."""
        raise NotImplementedError

    def free_lengths(self) -> tuple[int, int, int]:
        """Smallest, usual and greatest `length`."""
        return (0, 0, 0)


class _Pixels(nn.Module):
    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        self.scaling = scaling
        deviation = torch.tensor(scaling.deviation).view(1, 3, 1, 1)
        self.register_buffer("slope", scaling.factor / deviation)
        self.register_buffer("offset", torch.tensor(scaling.mean).view(1, 3, 1, 1) / deviation)

    def forward(self, pixel_values: Tensor) -> Tensor:
        return pixel_values.float() * self.slope - self.offset

    def random(self, batch: int) -> Tensor:
        return torch.randint(0, 256, (batch, 3, self.scaling.height, self.scaling.width), dtype=torch.uint8)


class LayoutLMv3(Graph):
    """`LayoutLMv3ForTokenClassification`: the words' tokens and the page -> a score of each label for each token."""

    name = "layoutlmv3"
    names_in = ("input_ids", "bbox", "attention_mask", "pixel_values")
    names_out = ("logits",)
    axes: ClassVar[Axes] = {
        **{name: {0: "batch", 1: "tokens"} for name in ("input_ids", "bbox", "attention_mask", "logits")},
        "pixel_values": {0: "batch"},
    }

    def __init__(self, model: nn.Module, scaling: Scaling) -> None:
        super().__init__()
        self.model, self.pixels = model, _Pixels(scaling)
        self.eval()

    def forward(self, input_ids: Tensor, bbox: Tensor, attention_mask: Tensor, pixel_values: Tensor) -> Tensor:
        pixels = self.pixels(pixel_values)
        logits: Tensor = self.model(input_ids=input_ids, bbox=bbox, attention_mask=attention_mask, pixel_values=pixels).logits
        return logits[:, : input_ids.shape[1]]  # what follows belongs to the picture's patches

    def free_lengths(self) -> tuple[int, int, int]:
        longest = self.model.config.max_position_embeddings - 2
        return min(64, longest), min(256, longest), longest

    def inputs(self, batch: int, length: int) -> dict[str, Tensor]:
        config = self.model.config
        corners = torch.randint(0, 1001, (batch, length, 2, 2)).sort(dim=2).values
        attention_mask = torch.ones(batch, length, dtype=torch.int64)
        attention_mask[0, length * 3 // 4 :] = 0
        input_ids = torch.randint(5, config.vocab_size, (batch, length))
        input_ids[attention_mask == 0] = config.pad_token_id
        return {
            "input_ids": input_ids,
            "bbox": corners.flatten(2),
            "attention_mask": attention_mask,
            "pixel_values": self.pixels.random(batch),
        }


class DonutEncoder(Graph):
    """The page -> what the encoder makes of it, and the keys and values of each decoder layer for it: `cross` (batch, 2 x layers, heads,
    patches, width), keys and values in turn. They are the same for every token, so they are made here, once."""

    name = "donut_encoder"
    names_in = ("pixel_values",)
    names_out = ("hidden_states", "cross")
    axes: ClassVar[Axes] = {name: {0: "batch"} for name in (*names_in, *names_out)}

    def __init__(self, model: nn.Module, scaling: Scaling) -> None:
        super().__init__()
        self.model, self.pixels = model, _Pixels(scaling)
        self.eval()

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.model.encoder(self.pixels(pixel_values)).last_hidden_state
        if hasattr(self.model, "enc_to_dec_proj"):
            hidden = self.model.enc_to_dec_proj(hidden)
        cross = []
        for layer in self.model.decoder.model.decoder.layers:
            attention = layer.encoder_attn
            shape = (*hidden.shape[:2], -1, attention.head_dim)
            cross += [project(hidden).view(shape).transpose(1, 2) for project in (attention.k_proj, attention.v_proj)]
        return hidden, torch.stack(cross, dim=1)

    def inputs(self, batch: int, length: int) -> dict[str, Tensor]:
        return {"pixel_values": self.pixels.random(batch)}


class DonutDecoder(Graph):
    """One token on: the last token, `past` (batch, 2 x layers, heads, tokens before, width) and `cross` -> the scores of the next token,
    and `present`, which is the next `past`. At the first token `past` has none: an axis of length 0."""

    name = "donut_decoder"
    names_in = ("input_ids", "past", "cross")
    names_out = ("logits", "present")
    axes: ClassVar[Axes] = {
        "input_ids": {0: "batch"},
        "past": {0: "batch", 3: "past_tokens"},
        "cross": {0: "batch"},
        "logits": {0: "batch"},
        "present": {0: "batch", 3: "present_tokens"},
    }

    def __init__(self, model: nn.Module, patches: int) -> None:
        super().__init__()
        self.model, self.patches = model.decoder, patches
        self.eval()

    def forward(self, input_ids: Tensor, past: Tensor, cross: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's own layers called one by one. Its own `forward` takes the length of the past as a Python number: traced, the
        position of the example would be the position of every token."""
        decoder = self.model.model.decoder
        position = torch.zeros_like(input_ids[0]) + past.shape[3]
        hidden = decoder.embed_tokens(input_ids) + decoder.embed_positions(input_ids, position_ids=position)
        hidden = decoder.layernorm_embedding(hidden)
        cache = EncoderDecoderCache(_cache(past), _cache(cross))
        for index, layer in enumerate(decoder.layers):
            cache.is_updated[index] = True  # `cross` holds what this layer would compute of the page
            hidden = layer(hidden, None, encoder_hidden_states=hidden, cache=cache, use_cache=True)
        logits = self.model.lm_head(decoder.layer_norm(hidden))
        present = [part for layer in cache.self_attention_cache.layers for part in (layer.keys, layer.values)]
        return logits[:, -1], torch.stack(present, dim=1)

    def free_lengths(self) -> tuple[int, int, int]:
        longest = self.model.config.max_position_embeddings - 1
        return 0, longest // 4, longest

    def inputs(self, batch: int, length: int) -> dict[str, Tensor]:
        config = self.model.config
        heads, columns = config.decoder_attention_heads, 2 * config.decoder_layers
        width = config.d_model // heads
        return {
            "input_ids": torch.randint(0, config.vocab_size, (batch, 1)),
            "past": torch.randn(batch, columns, heads, length, width),
            "cross": torch.randn(batch, columns, heads, self.patches, width),
        }


def _cache(stacked: Tensor) -> DynamicCache:
    """Filled by hand: `update` begins with a constant of no dimensions, which ONNX cannot put a tensor's end to."""
    cache = DynamicCache()
    for column in range(0, stacked.shape[1], 2):
        layer = DynamicLayer()
        layer.keys, layer.values, layer.is_initialized = stacked[:, column], stacked[:, column + 1], True
        cache.layers.append(layer)
    return cache
