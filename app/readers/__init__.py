"""Readers of untrusted bytes. They run in confined children; the rest of the program sees only what `wire` lets through.

Parsers are imported inside the functions: a process that reads XML never loads the PDF library, and the service loads neither.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.errors import Unprocessable
from app.readers import wire
from app.readers.limits import Limits
from app.readers.tasks import Task

if TYPE_CHECKING:
    from app.readers.pictures import Pixels


def answer(task: Task, content: int, limits: Limits) -> Sequence[bytes | memoryview]:
    """What there is to say to the task about the document behind the descriptor `content`: the bytes of a `wire.Answer`, in parts.

    To "picture": its rows of pixels, then what `wire.behind_rows` makes of the answer. Raises nothing: a fault is an answer.
    """
    rows: Pixels | None = None
    try:
        if task.action == "picture":
            rows = _picture(task, content, limits)
            told = wire.Answer(picture=(rows.shape[1], rows.shape[0]))
        else:
            told = _answer(task, content, limits)
    except Unprocessable as exc:
        told = wire.Answer(refused=exc.reason, detail=exc.detail)
    except MemoryError:
        told = wire.Answer(refused="parser_limit", detail="memory")
    except Exception as exc:  # the only witness: the process ends, and its stderr goes nowhere
        told = wire.Answer(refused="damaged" if _of_a_parser(exc) else "internal_error", detail=_place(exc))
    if task.action != "picture":
        return (wire.encode(told),)
    return (wire.behind_rows(told),) if rows is None else (rows.data, wire.behind_rows(told))


def _answer(task: Task, content: int, limits: Limits) -> wire.Answer:
    if task.kind == "xml":
        from app.domain.document import Document
        from app.readers.einvoice import read_einvoice

        return wire.Answer(document=Document("application/xml", einvoice=read_einvoice(_read(content, limits.xml_bytes))))
    data = _read(content, limits.file_bytes)
    if task.kind == "pdf" and task.server == "pdf":
        from app.readers import pdf

        if task.action == "decode":
            return wire.Answer(document=pdf.read_pdf(data, limits))
        try:
            return wire.Answer(png=pdf.render_page(data, task.page, task.dpi, limits))
        except pdf.NoSuchPage:
            return wire.Answer(no_such_page=True)
    if task.action == "decode" and task.kind != "pdf":
        from app.readers.pictures import read_picture

        return wire.Answer(document=read_picture(data, task.kind, limits))
    from app.readers import pixels

    with pixels.open_pages(data, task.kind, limits, exact=task.action == "render") as pages:
        if task.action == "plan":
            return wire.Answer(plans=pixels.plan_pages(pages, task.pages, limits))
        try:
            return wire.Answer(png=pixels.render_png(pages, task.page, task.dpi, task.view, limits))
        except pixels.NoSuchPage:
            return wire.Answer(no_such_page=True)


def _picture(task: Task, content: int, limits: Limits) -> Pixels:
    from app.readers import pixels

    if task.plan is None:
        raise ValueError("no plan")
    with pixels.open_pages(_read(content, limits.file_bytes), task.kind, limits) as pages:
        return pixels.page_picture(pages, task.plan, limits)


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
    return trace is not None and any(f"/{package}/" in trace.tb_frame.f_code.co_filename for package in ("pymupdf", "lxml", "PIL"))
