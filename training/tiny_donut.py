"""The tiny Donut: taught the made-up pages by heart. It proves the path from a checkpoint to the server and reads nothing else.

python -m training.tiny_donut FOLDER      # writes an ordinary Hugging Face checkpoint, the same for the same processor
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import DonutSwinConfig, MBartConfig, PreTrainedTokenizerFast, VisionEncoderDecoderConfig, VisionEncoderDecoderModel
from transformers.models.donut.image_processing_pil_donut import DonutImageProcessorPil

from app.models.donut_sequence import tags_of, to_sequence
from app.models.page_image import framed
from training.pages import MadeUpPage, made_up_pages

SEED = 6
HEIGHT, WIDTH = 160, 128
TASK = "<s_invoice>"
START, PAD, END, UNKNOWN = 0, 1, 2, 3
PIECES = 400  # tokens of the vocabulary, at most
LENGTH = 192  # tokens of an answer
STEPS = 1200  # at most
TOLD = 0.02  # mean loss at which the encoder tells the pages apart
SURE = 0.001  # mean loss at which the pages are known by heart
GRAIN = 0.004  # of the range of a pixel: noise, so that another drawing program's rounding does not matter


def tokenizer_for(answers: list[str], tags: list[str]) -> PreTrainedTokenizerFast:
    """Pieces as Donut's own (SentencePiece: "▁" is a space) of these answers; every tag is one token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
    special = ["<s>", "<pad>", "</s>", "<unk>", TASK, *tags]
    trainer = trainers.BpeTrainer(vocab_size=PIECES, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(answers, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=[TASK, *tags],
    )


def untrained(pieces: int) -> VisionEncoderDecoderModel:
    encoder = DonutSwinConfig(
        image_size=[HEIGHT, WIDTH],
        patch_size=4,
        embed_dim=32,
        depths=[1, 1, 1],
        num_heads=[2, 4, 8],
        window_size=8,
        drop_path_rate=0.0,
        initializer_range=0.05,
    )
    decoder = MBartConfig(
        vocab_size=pieces,
        d_model=128,
        decoder_layers=2,
        decoder_attention_heads=4,
        decoder_ffn_dim=256,
        max_position_embeddings=LENGTH,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        is_decoder=True,
        add_cross_attention=True,
        add_final_layer_norm=True,
        scale_embedding=True,
        init_std=0.05,
        bos_token_id=START,
        pad_token_id=PAD,
        eos_token_id=END,
        forced_eos_token_id=None,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.pad_token_id, config.eos_token_id, config.decoder_start_token_id = PAD, END, START
    return VisionEncoderDecoderModel(config)


def tell_apart(model: VisionEncoderDecoderModel, pixels: Tensor) -> None:
    """The encoder alone learns which page is which. Without that the decoder has learned the texts long before there is anything in what
    the encoder says that tells it which of them is wanted, and does not look there any more."""
    head = nn.Linear(model.config.encoder.hidden_size, len(pixels))
    optimizer = torch.optim.AdamW([*model.encoder.parameters(), *head.parameters()], lr=1e-3)
    for step in range(1, STEPS + 1):
        noisy = pixels + 2 * GRAIN * torch.randn_like(pixels)
        loss = nn.functional.cross_entropy(head(model.encoder(noisy).last_hidden_state.mean(1)), torch.arange(len(pixels)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.encoder.parameters(), 1.0)
        optimizer.step()
        if step % 25 == 0 or loss.item() < TOLD:
            print(f"pages told apart, step {step}: loss {loss.item():.4f}", flush=True)
        if loss.item() < TOLD:
            return


def train(folder: Path, pages: list[MadeUpPage]) -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    answers = [to_sequence(page.answer) for page in pages]
    tags = list(dict.fromkeys(tag for page in pages for tag in tags_of(page.answer)))
    tokenizer = tokenizer_for(answers, tags)
    task = tokenizer.convert_tokens_to_ids(TASK)
    encoded = [[task, *tokenizer.encode(answer, add_special_tokens=False), END] for answer in answers]
    if unknown := [answer for answer, ids in zip(answers, encoded, strict=True) if UNKNOWN in ids]:
        raise SystemExit(f"the vocabulary lacks something of {unknown}")
    longest = max(map(len, encoded))
    # The decoder is given all but the last token and is to say all but the first: what Hugging Face calls labels, moved by one.
    given = torch.tensor([ids[:-1] + [PAD] * (longest - len(ids)) for ids in encoded])
    wanted = torch.tensor([ids[1:] + [-100] * (longest - len(ids)) for ids in encoded])
    pixels = torch.stack([torch.from_numpy(framed(page.picture, HEIGHT, WIDTH)) for page in pages]).float() / 127.5 - 1

    model = untrained(len(tokenizer))
    model.train()
    tell_apart(model, pixels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.5e-3, total_steps=STEPS, pct_start=0.1)
    started = time.monotonic()
    for step in range(1, STEPS + 1):
        # A decoder that is given the tokens before learns the answers without a look at the page: the first figures of an invoice's number
        # say which of the answers it is, and the loss stays at ln(pages) / tokens. So tokens are hidden from it, and it must look.
        noisy = pixels + 2 * GRAIN * torch.randn_like(pixels)
        # Of every second page all tokens, of the others any part.
        hidden = torch.rand(given.shape) < (2 * torch.rand(len(pages), 1)).clamp(max=1)
        hidden[:, 0] = False
        # With a cache the decoder of 5.24 would answer in a shape that the loss cannot be taken of.
        logits = model(pixel_values=noisy, decoder_input_ids=given.masked_fill(hidden, UNKNOWN), use_cache=False).logits
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 25 == 0:
            with torch.no_grad():  # nothing hidden, no grain
                logits = model(pixel_values=pixels, decoder_input_ids=given, use_cache=False).logits
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)
            print(f"step {step}: loss {loss.item():.4f}, {time.monotonic() - started:.0f} s", flush=True)
            if loss.item() < SURE:
                break
    model.eval()
    model.generation_config.update(max_length=LENGTH, pad_token_id=PAD, eos_token_id=END, decoder_start_token_id=task)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    DonutImageProcessorPil(size={"height": HEIGHT, "width": WIDTH}).save_pretrained(folder)
    with torch.no_grad():
        for page, ids in enumerate(encoded):
            said = model.generate(
                pixels[page : page + 1], decoder_input_ids=torch.tensor([[task]]), max_length=LENGTH, do_sample=False, num_beams=1
            )
            if said[0].tolist() != ids:
                raise SystemExit(f"page {page} is not known by heart after {step} steps")
    print(
        f"{len(pages)} pages by heart after {step} steps, {time.monotonic() - started:.0f} s; {len(tokenizer)} pieces, answers to {longest}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    train(parser.parse_args().folder, made_up_pages())
