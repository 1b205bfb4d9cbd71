"""Readers of untrusted bytes. They run in confined children; the rest of the program sees only what `wire` lets through.

Parsers are imported inside the functions: a process that reads XML never loads the PDF library, and the service loads neither.
"""

from __future__ import annotations

import os
from typing import Literal

from app.errors import Unprocessable
from app.readers import wire
from app.readers.limits import Limits


def answer(operation: Literal["xml", "pdf", "render"], content: int, page: int, dpi: int, limits: Limits) -> bytes:
    """What the document behind the descriptor `content` says, as an encoded `wire.Answer`. Raises nothing: a fault is an answer."""
    try:
        return wire.encode(_answer(operation, content, page, dpi, limits))
    except Unprocessable as exc:
        return wire.encode(wire.Answer(refused=exc.reason, detail=exc.detail))
    except MemoryError:
        return wire.encode(wire.Answer(refused="parser_limit", detail="memory"))
    except Exception as exc:  # the only witness: the process ends, and its stderr goes nowhere
        return wire.encode(wire.Answer(refused="damaged" if _of_a_parser(exc) else "internal_error", detail=_place(exc)))


def _answer(operation: Literal["xml", "pdf", "render"], content: int, page: int, dpi: int, limits: Limits) -> wire.Answer:
    if operation == "xml":
        from app.domain.document import Document
        from app.readers.einvoice import read_einvoice

        return wire.Answer(document=Document("application/xml", einvoice=read_einvoice(_read(content, limits.xml_bytes))))
    from app.readers import pdf

    data = _read(content, limits.file_bytes)
    if operation == "pdf":
        return wire.Answer(document=pdf.read_pdf(data, limits))
    try:
        return wire.Answer(png=pdf.render_page(data, page, dpi, limits))
    except pdf.NoSuchPage:
        return wire.Answer(no_such_page=True)


def _read(content: int, most: int) -> bytes:
    size = os.fstat(content).st_size
    if size > most:
        raise Unprocessable("too_large", f"over {most} bytes")
    return os.pread(content, size, 0)


def _place(exc: BaseException) -> str:
    """Type of the exception and the last line of ours that it passed; never its message, which may quote the document."""
    where = ""
    trace = exc.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "/app/readers/" in name:
            where = f" in {name.rsplit('/', 1)[-1]} line {trace.tb_lineno}"
        trace = trace.tb_next
    return type(exc).__name__ + where


def _of_a_parser(exc: BaseException) -> bool:
    """Raised deep in a parser's own Python code: malformed files bring out errors there (TypeError, AssertionError ...) that no
    documentation lists. In our code the same errors are bugs."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and any(f"/{package}/" in trace.tb_frame.f_code.co_filename for package in ("pymupdf", "lxml"))
