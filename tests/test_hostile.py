"""Files made to break readers: each ends in a `Document` or a typed refusal, soon, and the sandbox serves the next one."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
import zlib
from collections.abc import AsyncIterator

import pymupdf
import pytest
import pytest_asyncio

from app.adapters.sandbox import ForkSandbox
from app.domain.document import Document
from app.errors import Unprocessable
from app.readers.limits import Limits
from tests.pdfs import CII, endless_pdf, raw_pdf, saved, text_pdf

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(cpu_seconds=2, wall_seconds=30)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[ForkSandbox]:
    async with ForkSandbox.open(width=4, limits=LIMITS) as opened:
        yield opened


async def outcome(sandbox: ForkSandbox, content: bytes) -> str | Document:
    with tempfile.NamedTemporaryFile() as written:
        written.write(content)
        written.flush()
        try:
            with open(written.name, "rb") as file:
                return await sandbox.decode(file)
        except Unprocessable as refusal:
            return refusal.reason


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


ENTITIES = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 10))
LOOP = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Length 5>>stream\n/X Do\nendstream"
TILES = (
    b"<</Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep .001/YStep .001/Resources<<>>/Length 10>>"
    b"stream\n0 0 1 1 re f\nendstream"
)
TYPE3 = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97/Widths[1]"
    b"/Encoding<</Differences[97/a]>>/CharProcs<</a 7 0 R>>/Resources<</Font<</T 6 0 R>>>>>>"
)
GLYPH = b"<</Length 32>>stream\nBT /T 1 Tf (aaaaaaaaaa) Tj ET     \nendstream"
DEEP_ARRAY = b"[" * 200_000 + b"]" * 200_000

REFUSED = {
    "empty": (b"", "empty"),
    "another format in front": (b"MZ" + bytes(64) + text_pdf(), "unsupported_type"),
    "header alone": (b"%PDF-1.7\n", "damaged"),
    "page of a billion points": (raw_pdf(page="/MediaBox[0 0 1000000000 1000000000]"), "parser_limit"),
    "sliver": (raw_pdf(page="/MediaBox[0 0 1 2000000000]"), "parser_limit"),
    "million q": (raw_pdf(b"q " * 1_000_000), "parser_limit"),
    "endless drawing": (endless_pdf(), "parser_limit"),
    "password": (
        saved(pymupdf.open(stream=text_pdf()), encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"),
        "encrypted",
    ),
    "count that lies": (raw_pdf().replace(b"/Count 1", b"/Count 2147483647").replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]"), "damaged"),
    "external entity": (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "damaged"),
    "external entity in UTF-16": ('\ufeff<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'.encode("utf-16-le"), "damaged"),
    "billion laughs": (b'<!DOCTYPE a [<!ENTITY e0 "ha">' + ENTITIES + b"]><a>&e9;</a>", "damaged"),
    "external DTD": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', "damaged"),
    "cut XML": (CII[:-20], "damaged"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_refused(sandbox: ForkSandbox, content: bytes, reason: str) -> None:
    started = time.monotonic()
    assert await outcome(sandbox, content) == reason
    assert time.monotonic() - started < LIMITS.wall_seconds + 30


ENDED = {
    "cut in the middle": text_pdf()[:600],
    "form in itself": raw_pdf(b"/X Do", resources="/XObject<</X 6 0 R>>", more=(LOOP,)),
    "glyph in itself": raw_pdf(b"BT /T 1 Tf (a) Tj ET", resources="/Font<</T 6 0 R>>", more=(TYPE3, GLYPH)),
    "tiny tiles": raw_pdf(b"/Pattern cs /P scn 0 0 612 792 re f", resources="/Pattern<</P 6 0 R>>", more=(TILES,)),
    "deep array": raw_pdf(more=(DEEP_ARRAY,)),
    "turned page": raw_pdf(page="/MediaBox[612 792 0 0]"),
    "page without size": raw_pdf(page="/MediaBox[0 0 0 0]"),
    "script": raw_pdf(catalogue="/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"),
    "content outside the file": raw_pdf(stream="/F(/etc/passwd)/FFilter/ASCIIHexDecode"),
    "ZIP behind": text_pdf() + b"PK\x05\x06" + bytes(18),
    "exploding stream": raw_pdf(zlib.compress(bytes(200_000_000), 1), stream="/Filter[/FlateDecode/FlateDecode]"),
    "deep XML": nested(100_000),
    "wide XML": b"<a>" + b"<b/>" * 1_000_000 + b"</a>",
    "attributes": b"<a " + b" ".join(b'a%d=""' % i for i in range(200_000)) + b"/>",
    "huge text": b"<a>" + b"x" * 15_000_000 + b"</a>",
    "include": b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="/etc/passwd" parse="text"/></a>',
    "style sheet": b'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?>' + CII,
    "NUL": CII.replace(b"R-1", b"R\0-1"),
}


@pytest.mark.parametrize("content", ENDED.values(), ids=ENDED.keys())
async def test_ends_one_way_or_the_other(sandbox: ForkSandbox, content: bytes) -> None:
    started = time.monotonic()
    got = await outcome(sandbox, content)
    assert got != "internal_error"
    assert "root:" not in repr(got)
    assert time.monotonic() - started < LIMITS.wall_seconds + 30
    assert isinstance(await outcome(sandbox, text_pdf()), Document)


@pytest.mark.parametrize("original", [text_pdf(), raw_pdf(), CII], ids=["pdf", "plain pdf", "xml"])
async def test_mutations(sandbox: ForkSandbox, original: bytes) -> None:
    dice = random.Random(7)

    def mutated() -> bytes:
        content = bytearray(original)
        for _ in range(dice.randint(0, len(original) // 300)):
            place = dice.randrange(len(content))
            match dice.randrange(4):
                case 0:
                    content[place] = dice.randrange(256)
                case 1:
                    del content[place : place + dice.randint(1, 30)]
                case 2:
                    content[place:place] = content[place : place + dice.randint(1, 30)]
                case 3:
                    content[place:place] = str(dice.choice((-1, 0, 2**31, 2**63, 1e300))).encode()
        return bytes(content)

    outcomes = await asyncio.gather(*(outcome(sandbox, mutated()) for _ in range(80)))
    assert "internal_error" not in outcomes
    assert {type(got) for got in outcomes} == {str, Document}  # some survive, some do not
    assert isinstance(await outcome(sandbox, text_pdf()), Document)
