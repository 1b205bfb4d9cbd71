"""The files of a multipart body, read as they arrive: every limit holds while reading, not after.

Memory is bounded by `spool_bytes` for each file, whatever the caller sends; the rest lies in unnamed temporary files, which
vanish with the process. The client's file name is kept as a label and is never used as a path.
"""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.api.context import ApiLimits
from app.errors import Refused, Unavailable, Unprocessable
from app.readers.sniff import HEAD, MEDIA_TYPES, sniff

LONGEST_NAME = 255
FIELDS = 20  # parts without a file: ignored, but not without end
HEADERS, HEADER_BYTES = 8, 4096  # of one part; a name of 255 characters takes up to 3,000 bytes percent-encoded
BATCH = 256 * 1024  # bytes parsed before the event loop has its turn: about a millisecond

# What turns text around or hides it, so that "fdp.exe" reads as "exe.pdf".
_UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


@dataclass(slots=True)
class ReceivedFile:
    """`content` stands at its start. `media_type` was found in its bytes."""

    name: str
    media_type: str
    size: int
    content: BinaryIO


@asynccontextmanager
async def received_files(request: Request, limits: ApiLimits) -> AsyncIterator[list[ReceivedFile]]:
    """The body's files in order, at least one, none empty, each of a supported type.

    Raises `Refused`: 415 for another kind of body, 400 for a broken one, 413 beyond a limit (at once when Content-Length says so),
    408 when it does not arrive in time, 422 for no file or an empty one, 415 for a file that we cannot read. Raises
    `ClientDisconnect`, and `Unavailable` when the disk is full.
    """
    boundary = _boundary(request)
    if _announced(request) > limits.request_bytes:
        raise Refused(413, "too_large", f"a body may have {limits.request_bytes} bytes")
    reception = _Reception(limits)
    try:
        await _read(request, boundary, reception, limits)
        yield [_checked(spool, i) for i, spool in enumerate(reception.files())]
    finally:
        await reception.close()


def clean_name(raw: str) -> str:
    """A client's file name as a label: no folders, no control or invisible characters, at most 255 characters, never empty."""
    for escape, meant in (("%22", '"'), ("%0D", " "), ("%0A", " ")):  # how browsers write these in a form (HTML, 4.10.22.8)
        raw = raw.replace(escape, meant)
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", raw))[-1]
    name = "".join(c for c in _UNSEEN.sub("", name) if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        stem, dot, suffix = name.rpartition(".")
        name = stem[: LONGEST_NAME - len(suffix) - 1] + "." + suffix if dot and len(suffix) <= 10 else name[:LONGEST_NAME]
    return name if name.strip(". ") else "unnamed"


def media_type_of(head: bytes) -> str:
    """From the first bytes alone. Raises `Unprocessable` with `empty` or `unsupported_type`."""
    return MEDIA_TYPES[sniff(head)]


class _Spool:
    """One file as it grows: in memory up to a limit, then on disk. The disk is written in a thread."""

    def __init__(self, name: str, limits: ApiLimits) -> None:
        self.name = name
        self.size = 0
        self.head = b""
        self._limits = limits
        self._memory = io.BytesIO()
        self._disk: BinaryIO | None = None

    def add(self, data: memoryview) -> None:
        self.size += len(data)
        if self.size > self._limits.file_bytes:
            raise Refused(413, "too_large", f"a file may have {self._limits.file_bytes} bytes")
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
        self._memory.write(data)

    async def spill(self, *, all_of_it: bool = False) -> None:
        waiting = self._memory.tell()
        if waiting and (waiting > self._limits.spool_bytes or (all_of_it and self._disk is not None)):
            await asyncio.to_thread(self._to_disk)

    def _to_disk(self) -> None:
        try:
            if self._disk is None:
                self._disk = tempfile.TemporaryFile(dir=self._limits.spool_folder)
            self._disk.write(self._memory.getbuffer())
        except OSError as exc:
            raise Unavailable("disk", "no room for uploads") from exc
        self._memory = io.BytesIO()

    async def content(self) -> BinaryIO:
        await self.spill(all_of_it=True)
        file = self._disk or self._memory
        file.seek(0)
        return file

    async def close(self) -> None:
        if self._disk is not None:
            await asyncio.to_thread(self._disk.close)


@dataclass(slots=True)
class _Reception:
    """What the parser found so far. Its methods named `on_` are the parser's callbacks."""

    limits: ApiLimits
    spools: list[_Spool] = field(default_factory=list)
    contents: list[BinaryIO] = field(default_factory=list)
    current: _Spool | None = None
    plain_fields: int = 0
    name: bytes = b""
    value: bytes = b""
    disposition: bytes = b""
    complete: bool = False

    def on_part_begin(self) -> None:
        self.current, self.disposition = None, b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        if self.name.lower() == b"content-disposition":
            self.disposition = self.value
        self.name = self.value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self.disposition)
        if b"filename" in options:
            if len(self.spools) == self.limits.files:
                raise Refused(413, "too_many_files", f"one request may have {self.limits.files} files")
            self.current = _Spool(options[b"filename"].decode("utf-8", "replace"), self.limits)
            self.spools.append(self.current)
            return
        self.plain_fields += 1
        if self.plain_fields > FIELDS:
            raise Refused(413, "too_many_files", f"one request may have {FIELDS} parts that are no files")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.current is not None:
            self.current.add(memoryview(data)[start:end])

    def on_end(self) -> None:
        self.complete = True

    async def spill(self) -> None:
        for spool in self.spools:
            await spool.spill()

    def files(self) -> list[tuple[_Spool, BinaryIO]]:
        return [pair for pair in zip(self.spools, self.contents, strict=True) if pair[0].name or pair[0].size]

    async def close(self) -> None:
        for spool in self.spools:
            await spool.close()


async def _read(request: Request, boundary: bytes, reception: _Reception, limits: ApiLimits) -> None:
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": reception.on_part_begin,
            "on_part_data": reception.on_part_data,
            "on_header_field": reception.on_header_field,
            "on_header_value": reception.on_header_value,
            "on_header_end": reception.on_header_end,
            "on_headers_finished": reception.on_headers_finished,
            "on_end": reception.on_end,
        },
        max_header_count=HEADERS,
        max_header_size=HEADER_BYTES,
    )
    received = 0
    loop = asyncio.get_running_loop()
    end = loop.time() + limits.body_total
    try:
        async with aclosing(request.stream()) as chunks:
            while True:
                async with asyncio.timeout_at(min(loop.time() + limits.body_idle, end)):
                    chunk = await anext(chunks)
                if not chunk:  # the stream's last
                    break
                received += len(chunk)
                if received > limits.request_bytes:
                    raise Refused(413, "too_large", f"a body may have {limits.request_bytes} bytes")
                for start in range(0, len(chunk), BATCH):
                    parser.write(chunk[start : start + BATCH])
                    await reception.spill()
        parser.finalize()
    except TimeoutError as exc:
        raise Refused(408, "body_timeout", f"{limits.body_idle:g} s without a byte, or {limits.body_total:g} s in all") from exc
    except FormParserError as exc:
        raise Refused(400, "bad_multipart") from exc
    if not reception.complete:
        raise Refused(400, "bad_multipart", "the body ends before its last boundary")
    reception.contents = [await spool.content() for spool in reception.spools]
    if not reception.files():
        raise Refused(422, "no_file", "send at least one part with a file name")


def _checked(received: tuple[_Spool, BinaryIO], index: int) -> ReceivedFile:
    spool, content = received
    try:
        media_type = media_type_of(spool.head)
    except Unprocessable as exc:
        if exc.reason == "empty" and spool.size > HEAD:  # blanks first: the parser will say what it makes of them
            media_type = "application/xml"
        else:
            status = 422 if exc.reason == "empty" else 415
            raise FileRefused(status, exc.reason, index) from exc
    return ReceivedFile(clean_name(spool.name), media_type, spool.size, content)


class FileRefused(Refused):
    """One of the files is at fault; `errors` points to it."""

    def __init__(self, status: int, code: str, index: int) -> None:
        super().__init__(status, code, f"file {index + 1} of the request; nothing of it was accepted")
        self.errors = [{"pointer": f"/files/{index}", "code": code}]


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise Refused(415, "multipart_expected", "send the files as multipart/form-data")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "encoded_body", "send the body as it is")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise Refused(400, "bad_multipart", "the boundary is missing or longer than 70 characters")
    return boundary


def _announced(request: Request) -> int:
    """Bytes by Content-Length; 0 where it does not say (the count while reading decides then)."""
    length = request.headers.get("content-length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else 0
