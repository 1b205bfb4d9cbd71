"""What torch itself says of the made-up pages, for the tests, which have no torch: `python -m training.golden --layoutlmv3 CHECKPOINT
--donut CHECKPOINT`. Donut's answers are Hugging Face's own `generate`, greedy; LayoutLMv3's labels are its own forward pass."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from app.models.layoutlmv3 import Reader
from app.models.page_image import framed, stretched
from training.checkpoints import load
from training.graphs import DonutEncoder, LayoutLMv3
from training.pages import made_up_pages
from training.runtimes import in_torch
from triton_models.greedy import Vocabulary

REPOSITORY = Path(__file__).parents[1] / "triton_models"
FOLDER = Path(__file__).parents[1] / "tests/golden"


def labels_by(checkpoint: str) -> list[list[str]]:
    (graph,) = load(checkpoint).graphs
    assert isinstance(graph, LayoutLMv3)
    reader, run = Reader.load(REPOSITORY / "layoutlmv3/1"), in_torch(graph)
    said = []
    for page in made_up_pages():
        pixel_values = stretched(page.picture, reader.size, reader.size)[np.newaxis]
        windows = list(reader.windows(page.words, page.boxes))
        logits = [run({**window.tensors, "pixel_values": pixel_values})["logits"] for window in windows]
        said.append([label.name for label in reader.label(len(page.words), windows, logits)])
    return said


def tokens_by(checkpoint: str) -> list[list[int]]:
    """Of each page, without prompt and end."""
    exportable = load(checkpoint)
    encoder = exportable.graphs[0]
    assert isinstance(encoder, DonutEncoder)
    vocabulary = Vocabulary.load(REPOSITORY / "donut/1/vocabulary.json")
    prompt = torch.tensor([list(vocabulary.prompt)])
    said = []
    for page in made_up_pages():
        pixels = encoder.pixels(torch.from_numpy(framed(page.picture, vocabulary.height, vocabulary.width)[np.newaxis]))
        with torch.no_grad():
            answer = exportable.model.generate(
                pixels, decoder_input_ids=prompt, max_length=vocabulary.most, do_sample=False, num_beams=1, eos_token_id=vocabulary.end
            )
        tokens = answer[0].tolist()[len(vocabulary.prompt) :]
        said.append(tokens[: tokens.index(vocabulary.end)] if vocabulary.end in tokens else tokens)
    return said


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.golden", description=__doc__.partition(":")[0])
    parser.add_argument("--layoutlmv3", required=True, metavar="CHECKPOINT")
    parser.add_argument("--donut", required=True, metavar="CHECKPOINT")
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name, said in (("layoutlmv3", labels_by(given.layoutlmv3)), ("donut", tokens_by(given.donut))):
        lines = ",\n".join(json.dumps(page) for page in said)
        (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    main()
