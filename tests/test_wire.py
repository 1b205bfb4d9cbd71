"""What a child that was taken over could answer: every answer is valid, or garbage."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from app.domain.document import Document, EInvoice, Page, View, Words
from app.domain.invoice import Invoice, LineItem
from app.readers import wire
from app.readers.limits import Limits


def some_document() -> Document:
    words = Words(("a", "b"), bytes(range(16)), b"\0\0\1\0", b"\0\0")
    return Document("application/pdf", (Page(1, 100.0, 100.0, words),), EInvoice(Invoice(lines=(LineItem(id="1"),)), "cii"))


@pytest.mark.parametrize("seed", range(20))
def test_forged_bytes_are_an_answer_or_garbage_and_nothing_else(seed: int) -> None:
    dice = random.Random(seed)
    honest = wire.encode(wire.Answer(document=some_document()))
    for _ in range(200):
        forged = bytearray(honest)
        for _ in range(dice.randint(1, 4)):
            forged[dice.randrange(len(forged))] = dice.randrange(256)
        cut = bytes(forged[: dice.choice((len(forged), dice.randrange(len(forged))))])
        try:
            answer = wire.decode(cut, Limits())
        except wire.Garbage:
            continue
        assert (answer.document is not None) + (answer.png is not None) + (answer.refused is not None) + answer.no_such_page == 1


def one_word(text: str) -> Document:
    return Document("application/pdf", (Page(1, 9.0, 9.0, Words((text,), bytes(8), bytes(2), b"\0")),))


LIES = {
    "two answers": wire.Answer(document=some_document(), refused="damaged"),
    "no answer": wire.Answer(),
    "not a picture": wire.Answer(png=b"<script>alert(1)</script>" * 9),
    "huge picture": wire.Answer(png=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\x00\x01\x00\x00" * 2 + b"\x08\x02\0\0\0"),
    "made-up note": wire.Answer(document=Document("application/pdf", notes=("<b>",))),
    "page that is none": wire.Answer(document=Document("application/pdf", (Page(7, 1.0, 1.0),))),
    "endless page": wire.Answer(document=Document("application/pdf", (Page(1, float("inf"), 1.0),))),
    "no number": wire.Answer(document=Document("application/pdf", (Page(1, 1.0, 1.0, image_share=float("nan")),))),
    "control characters": wire.Answer(document=one_word("a\0")),
    "no text": wire.Answer(document=one_word("")),
    "endless word": wire.Answer(document=one_word("a" * 301)),
    "two words in one": wire.Answer(document=one_word("a\u2003b")),
    "lines backwards": wire.Answer(
        document=Document("application/pdf", (Page(1, 1.0, 1.0, Words(("a", "b"), bytes(16), b"\1\0\0\0", b"\0\0")),))
    ),
    "view of another size": wire.Answer(document=Document("application/pdf", (Page(1, 9.0, 9.0, view=View(8.0, 9.0)),))),
    "view of what is not read": wire.Answer(document=Document("application/pdf", (Page(1, 9.0, 9.0, text="none", view=View(9.0, 9.0)),))),
    "view off the page": wire.Answer(
        document=Document("application/pdf", (Page(1, 9.0, 9.0, view=View(9.0, 9.0, (9, 0, 0, 0, 9, 0, 0, 0, 1))),))
    ),
    "path as a name": wire.Answer(document=Document("application/pdf", attachments=("a" * 256,))),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_lies_are_garbage(lie: wire.Answer) -> None:
    with pytest.raises(wire.Garbage):
        wire.decode(wire.encode(lie), Limits())


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+999999", "1" * 60])
def test_amounts_that_cannot_be_reckoned_with_are_garbage(amount: str) -> None:
    honest = wire.encode(wire.Answer(document=Document("application/xml", einvoice=EInvoice(Invoice(), "ubl"))))
    assert wire.decode(honest, Limits()).document
    for invoice in (Invoice(amount_due=Decimal(amount)), Invoice(lines=(LineItem(net_price=Decimal(amount)),))):
        forged = wire.encode(wire.Answer(document=Document("application/xml", einvoice=EInvoice(invoice, "ubl"))))
        with pytest.raises(wire.Garbage):
            wire.decode(forged, Limits())


def test_a_document_that_says_too_much_is_garbage() -> None:
    honest = wire.encode(wire.Answer(document=Document("application/xml", einvoice=EInvoice(Invoice(note="x" * 1000), "ubl"))))
    assert wire.decode(honest, Limits(document_bytes=len(honest))).document
    with pytest.raises(wire.Garbage):
        wire.decode(honest, Limits(document_bytes=len(honest) - 1))


def test_a_boxs_sides_are_checked() -> None:
    honest = wire.encode(
        wire.Answer(document=Document("application/pdf", (Page(1, 9.0, 9.0, Words(("abcd",), bytes(8), bytes(2), b"\0")),)))
    )
    place = honest.index(bytes(8))
    turned = honest[:place] + b"\xff" + honest[place + 1 :]
    with pytest.raises(wire.Garbage):
        wire.decode(turned, Limits())


def test_what_a_child_says_of_a_refusal_is_made_harmless() -> None:
    answer = wire.decode(wire.encode(wire.Answer(refused="damaged", detail="\x1b[31m\r\n<img>" + "x" * 999)), Limits())
    assert len(answer.detail) <= 120 and not set(answer.detail) & set("\x1b\r\n<>")
