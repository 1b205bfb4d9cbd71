"""The bytes in which a child answers. MessagePack, read strictly: whatever a child that was taken over writes, the parent gets
a valid `Document`, a PNG, a refusal, or `Garbage`. Nothing in here can run code (pickle could)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from app.domain.document import Document, PagePlan, View, Words
from app.domain.record import Reason
from app.readers.limits import Limits

# What a reader may remark on a document (`Document.notes`).
NOTES: frozenset[str] = frozenset(
    {
        "animation",  # a moving picture: only what it begins with is read
        "embedded_file",  # carries a file that is not an e-invoice
        "encrypted",  # opened without a password (only the owner's is set)
        "external_stream",  # page content that lies outside of the file; never fetched
        "javascript",  # never run
        "launch",  # wants to start a program; never done
        "ocr_layer",  # invisible text over a picture of the page
        "repaired",  # the file's structure was broken and was rebuilt
        "signed",  # the signature is not checked
        "unmapped_text",  # many glyphs have no Unicode: the text layer is not to be trusted
        "unreadable_page",  # a page that could not be parsed was left empty
        "unreadable_xml",  # an e-invoice inside the PDF that could not be read
        "xfa",  # a form whose content the page may not show
    }
)


class Garbage(Exception):
    """The child's answer is not one that an honest child gives."""


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """Exactly one of the six is set. `picture`: width and height of the rows of pixels that come with it."""

    document: Document | None = None
    png: bytes | None = None
    refused: Reason | None = None
    no_such_page: bool = False
    detail: str = ""
    plans: tuple[PagePlan, ...] | None = None
    picture: tuple[int, int] | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Answer, strict=True)


def encode(answer: Answer) -> bytes:
    return _encoder.encode(answer)


TRAILER = 4096  # bytes behind the rows of a picture, at most


def behind_rows(answer: Answer) -> bytes:
    """What follows the rows of pixels: the answer, and in the last four bytes its length (little-endian)."""
    encoded = encode(answer)
    return encoded + len(encoded).to_bytes(4, "little")


def decode_behind_rows(end: bytes, limits: Limits) -> tuple[Answer, int]:
    """From the last bytes of what a child wrote, at least `TRAILER` if there are so many: its answer, and how many bytes that took.

    Raises `Garbage`.
    """
    length = int.from_bytes(end[-4:], "little")
    if len(end) < 4 or length > min(TRAILER, len(end)) - 4:
        raise Garbage("length")
    return decode(end[len(end) - 4 - length : -4], limits), length + 4


def decode(content: bytes, limits: Limits) -> Answer:
    """The checked answer. Raises `Garbage`. Safe on any bytes; takes time in proportion to their number."""
    try:
        answer = _decoder.decode(content)
        if answer.document is not None and len(content) > limits.document_bytes:
            raise ValueError("too long a document")
        _check(answer, limits)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise Garbage(type(exc).__name__) from exc
    return msgspec.structs.replace(answer, detail=_plain(answer.detail))


def _plain(detail: str) -> str:
    """At most 120 harmless characters: `detail` ends in logs and in answers to callers."""
    return re.sub(r"[^A-Za-z0-9_.,:() -]+", " ", detail[:120])


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WHITE = re.compile(r"\s")
_PNG = b"\x89PNG\r\n\x1a\n"


def _check(answer: Answer, limits: Limits) -> None:
    told = (answer.document, answer.png, answer.refused, answer.plans, answer.picture)
    given = sum(part is not None for part in told) + answer.no_such_page
    if given != 1:
        raise ValueError("not exactly one answer")
    if answer.png is not None:
        width, height = int.from_bytes(answer.png[16:20]), int.from_bytes(answer.png[20:24])
        if not answer.png.startswith(_PNG) or width * height > limits.pixels:
            raise ValueError("not the picture that was asked for")
    if answer.document is not None:
        _check_document(answer.document, limits)
    if answer.plans is not None:
        _check_plans(answer.plans, limits)
    if answer.picture is not None:
        width, height = answer.picture
        if not (0 < width and 0 < height and width * height <= 1.01 * limits.pixels):
            raise ValueError("size of the picture")


BEYOND = 1.0  # sides that a view may reach beyond its page: a photo taken too close


def _check_plans(plans: tuple[PagePlan, ...], limits: Limits) -> None:
    if len(plans) > limits.pages:
        raise ValueError("plans")
    read: set[int] = set()
    for plan in plans:
        _check_view(plan.view, limits)
        if not 10 <= plan.dpi <= 1200 or plan.view.width * plan.view.height * (plan.dpi / 72) ** 2 > limits.pixels:
            raise ValueError("dpi")
        if len(set(plan.treatments)) != len(plan.treatments):
            raise ValueError("treatments")
        if plan.same_as is None:
            read.add(plan.number)
        elif plan.same_as not in read or plan.blank:
            raise ValueError("same_as")


def _check_view(view: View, limits: Limits) -> None:
    """Finite, of a possible size, and what it shows is a quadrangle of the page that is neither folded nor a line."""
    if not (0 < view.width <= limits.page_side and 0 < view.height <= limits.page_side):
        raise ValueError("size of a view")
    a, b, c, d, e, f, g, h, i = view.matrix
    if not all(abs(number) <= 1e6 for number in view.matrix):  # False for NaN too
        raise ValueError("matrix")
    corners = []
    for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)):
        w = g * x + h * y + i
        if w < 1e-3:
            raise ValueError("matrix")
        corners.append(((a * x + b * y + c) / w, (d * x + e * y + f) / w))
    if not all(-BEYOND <= side <= 1 + BEYOND for corner in corners for side in corner):
        raise ValueError("off the page")
    turns = []
    for n, (x0, y0) in enumerate(corners):
        (x1, y1), (x2, y2) = corners[(n + 1) % 4], corners[(n + 2) % 4]
        turns.append((x1 - x0) * (y2 - y1) - (y1 - y0) * (x2 - x1))
    if min(turns) < 1e-5:  # mirrored, folded or without area
        raise ValueError("matrix")


def _check_document(document: Document, limits: Limits) -> None:
    if [p.number for p in document.pages] != list(range(1, len(document.pages) + 1)) or len(document.pages) > limits.pages:
        raise ValueError("pages")
    if not NOTES.issuperset(document.notes) or len(document.attachments) > limits.attachment_names:
        raise ValueError("notes")
    if any(len(name) > 255 or _CONTROL.search(name) for name in document.attachments):
        raise ValueError("attachments")
    total = 0
    for page in document.pages:
        total += len(page.words)
        if page.text == "read" or page.engine or page.words.confidences:
            raise ValueError("not a reader's")
        if page.view is not None:  # a text layer that runs sideways
            _check_view(page.view, limits)
            if page.text != "layer" or (page.view.width, page.view.height) != (page.width, page.height):
                raise ValueError("view")
        if not (0 < page.width <= limits.page_side and 0 < page.height <= limits.page_side and 0 <= page.image_share <= 1):
            raise ValueError("page")
        if total > limits.words:
            raise ValueError("words")
        check_words(page.words, limits)
    if document.einvoice is not None and not all(_sane(value) for value in _decimals(document.einvoice.invoice)):
        raise ValueError("amounts")


def check_words(words: Words, limits: Limits) -> None:
    """Raises ValueError unless these are words that a reader may give for one page."""
    if len(words) > limits.words_on_page:
        raise ValueError("words")
    text = "".join(words.texts)
    if any(not 0 < len(word) <= limits.word_length for word in words.texts) or _CONTROL.search(text) or _WHITE.search(text):
        raise ValueError("texts")
    lines = memoryview(words.lines).cast("H").tolist()
    if lines != sorted(lines):
        raise ValueError("lines")


def _sane(value: Decimal) -> bool:
    """Finite, and small enough that no later arithmetic or formatting of it costs anything."""
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and len(digits) <= 40 and -40 <= exponent <= 40


def _decimals(value: Any) -> Iterator[Decimal]:
    kind: type = type(value)
    for name, what in _plan(kind):
        inner = getattr(value, name)
        if inner is None or inner == ():
            continue
        if what is Decimal:
            yield inner
        elif isinstance(inner, tuple):
            for item in inner:
                yield from _decimals(item)
        else:
            yield from _decimals(inner)


@cache
def _plan(kind: type) -> tuple[tuple[str, type], ...]:
    """The attributes of a dataclass that are or hold decimals, so that checking an invoice touches only those."""
    hints = get_type_hints(kind)
    return tuple(
        (attribute.name, part)
        for attribute in fields(kind)
        for part in _parts(hints[attribute.name])
        if part is Decimal or (is_dataclass(part) and _plan(part))
    )


def _parts(hint: Any) -> Iterator[type]:
    if get_origin(hint) in (Union, UnionType, tuple):
        for part in get_args(hint):
            yield from _parts(part)
    elif isinstance(hint, type):
        yield hint
