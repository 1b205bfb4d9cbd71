"""Recognize: the words on the pages that have no usable text layer, read from their pictures, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.domain.document import Document, Page, PagePlan, View
from app.domain.work import Prepared, Reading
from app.errors import Unavailable, Unprocessable
from app.ports import BlobStore, OcrEngine, PageText, PageWatcher, Sandbox
from app.readers.written_in import language_of

ENOUGH_WORDS = 400  # of a text layer, to know its language


# How a point of a picture turned by so many quarters clockwise maps to the picture as it was, in fractions.
@dataclass(frozen=True, slots=True)
class Recognize:
    """Prepared -> Reading. At most `at_once` pages of a document are pictures in memory at any moment; they finish in any order.

    A page that cannot be read stays as decoded, and the document is noted `unread_page`; blank pages and repeated ones are set aside,
    noted `blank_page` and `repeated_page`. Raises `Unprocessable`: `empty` if there is nothing on any page, `unreadable` (or why the
    pictures could not be made) if there is something and no word could be read. Raises `Unavailable` where the engine, the sandbox or
    the blob cannot be had now: the invoice waits.
    """

    sandbox: Sandbox
    ocr: OcrEngine
    blobs: BlobStore
    watcher: PageWatcher
    at_once: int = 2

    async def __call__(self, prepared: Prepared, /) -> Reading:
        document = prepared.decoded.document
        if document.einvoice is not None:
            return Reading(prepared, document)
        pages = {page.number: page for page in document.pages}
        notes = list(document.notes)
        for plan in prepared.plans:
            if plan.blank or plan.same_as is not None:
                pages[plan.number] = _aside(pages[plan.number], plan)
                notes.append("blank_page" if plan.blank else "repeated_page")
        failures: list[Unprocessable] = []
        for read in await self._read_all(prepared):
            if isinstance(read, Unprocessable):
                failures.append(read)
                notes.append("unread_page")
            else:
                plan, text = read
                pages[plan.number] = _page(pages[plan.number], plan, text)
                notes.extend(text.notes)
        if not any(len(page.words) for page in pages.values()):
            if failures:
                raise failures[0]
            if prepared.unread:
                raise Unprocessable("unreadable", "no words could be made out")
            raise Unprocessable("empty", "no page has anything on it")
        document = replace(document, pages=tuple(pages[page.number] for page in document.pages), notes=tuple(dict.fromkeys(notes)))
        return Reading(prepared, document)

    async def _read_all(self, prepared: Prepared) -> list[tuple[PagePlan, PageText] | Unprocessable]:
        plans = iter(prepared.unread)
        if not prepared.unread:
            return []
        job = prepared.decoded.job
        try:
            content = await self.blobs.open(job.tenant, job.sha256)
        except FileNotFoundError as exc:
            raise Unavailable("blobs", "the original is missing") from exc
        outcomes: list[tuple[PagePlan, PageText] | Unprocessable] = []
        known = _language_of_layers(prepared.decoded.document)

        async def reader() -> None:
            nonlocal known
            for plan in plans:
                self.watcher.page_started(job, plan.number, len(prepared.decoded.document.pages))
                try:
                    text = await self._read(content, plan, known, job.tenant)
                except Unprocessable as exc:
                    outcomes.append(exc)
                    continue
                known = known or text.languages
                outcomes.append((plan, text))

        readers = [asyncio.create_task(reader()) for _ in range(min(self.at_once, len(prepared.unread)))]
        try:
            await asyncio.gather(*readers)
        finally:
            for task in readers:  # after a failure, or cancelled: no picture stays open, no page is read for nobody
                task.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
            content.close()
        return outcomes

    async def _read(self, content: BinaryIO, plan: PagePlan, languages: tuple[str, ...], tenant: str) -> PageText:
        picture = await self.sandbox.picture(content, plan, tenant=tenant)
        try:
            return await self.ocr.read(picture, languages, tenant=tenant)
        finally:
            picture.close()


def _language_of_layers(document: Document) -> tuple[str, ...]:
    """What the pages with a text layer are written in, also where that layer is not good enough to be used."""

    def texts() -> Iterator[str]:
        for page in document.pages:
            if page.text != "garbled":
                yield from page.words.texts

    language = language_of(text for text, _ in zip(texts(), range(ENOUGH_WORDS), strict=False))
    return (language,) if language else ()


def _aside(page: Page, plan: PagePlan) -> Page:
    return Page(page.number, plan.view.width, plan.view.height, image_share=page.image_share, text="read", view=_shown(plan.view))


def _page(page: Page, plan: PagePlan, text: PageText) -> Page:
    view = plan.view.turned(text.turn)
    return Page(page.number, view.width, view.height, text.words, page.image_share, "read", _shown(view), text.engine)


def _shown(view: View) -> View | None:
    """None where the page is shown as it lies."""
    return None if view.matrix == View(1, 1).matrix else view
