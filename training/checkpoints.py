"""A Hugging Face checkpoint, by path or name, as the graphs that go to the server and what the two sides of the wire need beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import AutoConfig, AutoTokenizer, LayoutLMv3ForTokenClassification, VisionEncoderDecoderModel
from transformers.image_processing_base import ImageProcessingMixin

from training.graphs import DonutDecoder, DonutEncoder, Graph, LayoutLMv3, Scaling


@dataclass(frozen=True)
class Exportable:
    """`model`: the Hugging Face one. `beside`: files that go beside a graph, by name of the model in the repository: JSON, or text."""

    model: Any
    graphs: tuple[Graph, ...]
    beside: Mapping[str, Mapping[str, Any]]


def load(checkpoint: str, task: str | None = None, most: int | None = None) -> Exportable:
    """`task`: the token that asks a Donut for this task, "<s_cord-v2>"; without it, the one its configuration starts with. `most`: tokens
    of an answer (default: what the checkpoint says). Raises ValueError for a kind of checkpoint that has no place on the server.
    """
    config = AutoConfig.from_pretrained(checkpoint)
    if config.model_type == "layoutlmv3":
        return _layoutlmv3(checkpoint)
    if config.model_type == "vision-encoder-decoder" and config.decoder.model_type == "mbart":
        return _donut(checkpoint, task, most)
    raise ValueError(
        f"{checkpoint} is a {config.model_type}: only LayoutLMv3 and Donut (an encoder of pictures, MBart as decoder) are known"
    )


def _layoutlmv3(checkpoint: str) -> Exportable:
    # Eager attention: what tracing makes of the fused one depends on the example's shape.
    model = LayoutLMv3ForTokenClassification.from_pretrained(checkpoint, attn_implementation="eager").float()
    if not model.config.visual_embed:
        raise ValueError(f"{checkpoint} does not look at the page: LayoutLMv3 without its visual branch is not served")
    size = model.config.input_size
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    labels = {
        "labels": [model.config.id2label[index] for index in range(model.config.num_labels)],
        "first": tokenizer.convert_tokens_to_ids(tokenizer.cls_token),
        "last": tokenizer.convert_tokens_to_ids(tokenizer.sep_token),
        "pad": model.config.pad_token_id,
        "longest": model.config.max_position_embeddings - 2,
        "size": size,
    }
    beside = {"layoutlmv3": {"labels.json": labels, "tokenizer.json": tokenizer.backend_tokenizer.to_str()}}
    return Exportable(model, (LayoutLMv3(model, Scaling.of(_image_settings(checkpoint), size, size)),), beside)


def _donut(checkpoint: str, task: str | None, most: int | None) -> Exportable:
    model = VisionEncoderDecoderModel.from_pretrained(checkpoint, attn_implementation="eager").float()
    settings = _image_settings(checkpoint)
    size = settings["size"]
    height, width = (size["height"], size["width"]) if isinstance(size, dict) else (size[1], size[0])
    encoder = DonutEncoder(model, Scaling.of(settings, height, width))
    patches = encoder(encoder.inputs(1, 0)["pixel_values"])[0].shape[1]
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    start = model.generation_config.decoder_start_token_id
    prompt = [start if start is not None else model.config.decoder_start_token_id]
    if task is not None:
        prompt = tokenizer(task, add_special_tokens=False).input_ids
        if tokenizer.unk_token_id in prompt:
            raise ValueError(f"{checkpoint} knows no task {task}")
    longest = model.decoder.config.max_position_embeddings
    vocabulary = {
        "prompt": prompt,
        "end": tokenizer.eos_token_id,
        "height": height,
        "width": width,
        "most": min(most or model.generation_config.max_length or longest, longest),
        "texts": texts_of(tokenizer, model.decoder.config.vocab_size),
    }
    return Exportable(model, (encoder, DonutDecoder(model, patches)), {"donut": {"vocabulary.json": vocabulary}})


def texts_of(tokenizer: Any, count: int) -> list[str]:
    """What each token adds to an answer. Raises ValueError for a vocabulary whose pieces are not whole characters (byte-level)."""
    if "Metaspace" not in tokenizer.backend_tokenizer.to_str():
        raise ValueError("only a SentencePiece vocabulary, as Donut's is, can be written out piece by piece")
    steering = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.mask_token_id}
    texts = []
    for token in range(count):
        piece = "" if token in steering else tokenizer.convert_ids_to_tokens(token) or ""
        texts.append("\N{REPLACEMENT CHARACTER}" if token == tokenizer.unk_token_id else piece.replace("\N{LOWER ONE EIGHTH BLOCK}", " "))
    return texts


def _image_settings(checkpoint: str) -> dict[str, Any]:
    """As the file beside the weights says. Read, not built: building an image processor would ask for torchvision."""
    settings, _ = ImageProcessingMixin.get_image_processor_dict(checkpoint)
    return dict(settings)
