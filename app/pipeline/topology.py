"""The picture: read this first. An invoice flows through these stages, top to bottom; nothing else changes it.

    invoices     ► Job ► decode ───────────────────────────► split ► extract ► match ► validate ► screen ► persist ► settled
    invoices.pdf ► Job ► decode ┬──────────────────────────► split ► extract ► match ► validate ► screen ► persist ► settled
                                ▼ must be read
    invoices.ocr ► Job ► decode ► preprocess ► recognize ► split ► extract ► match ► validate ► screen ► persist ► settled

One chain for all queues; only on `invoices.ocr` is anything to be read, elsewhere `preprocess` and `recognize` just pass it on. XML
comes to `invoices`, pictures come to `invoices.ocr` at once, a PDF when `decode` has found that its words are pictures. Cheap work
never waits behind what is not: each queue has its own places in each stage, its own prefetch and its own thread.

`split`: of several invoices in one file the job keeps the first, each other one is a Job of its own.

What a stage does is in `app/stages/`, one file each. Here stands where it runs and how much of it: `width` payloads at once on each
queue, `deadline` seconds for each try, `attempts` tries when a dependency is away. How a delivery ends is in `runner.py`.

    sandbox   opens untrusted bytes: one confined child process a document, or a page (`Sandbox` and `OcrEngine` ports)
    thread    pure Python on decoded values, off the event loop
    loop      awaits, or costs microseconds
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from app.domain.extraction import SURE
from app.domain.record import InvoiceRecord
from app.domain.work import Decoded, Job
from app.pipeline.stage import Chain, Width, first, in_thread
from app.ports import BlobStore, DocumentStore, InvoiceStore, OcrEngine, PageWatcher, Sandbox
from app.stages.decode import Decode
from app.stages.extract import extract
from app.stages.match import match
from app.stages.persist import Persist
from app.stages.preprocess import Preprocess
from app.stages.recognize import Recognize
from app.stages.screen import screen
from app.stages.split import Split
from app.stages.validate import Validate
from app.versions import versions_of


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that the stages use. `threads`: for one queue's stages. `readers`: documents that are read at once.
    `sure`: the probability from which what is decisive is taken without a person."""

    sandbox: Sandbox
    ocr: OcrEngine
    blobs: BlobStore
    documents: DocumentStore
    invoices: InvoiceStore
    threads: ThreadPoolExecutor
    watcher: PageWatcher
    readers: int = 2
    sure: float = SURE


def topology(ports: Ports) -> Chain[Job, InvoiceRecord]:
    recognize = Recognize(ports.sandbox, ports.ocr, ports.blobs, ports.watcher)
    return (
        first("decode", Decode(ports.sandbox, ports.blobs), width=Width(2, pdf=2, ocr=1), deadline=30, attempts=3)
        .hand_over("invoices.ocr", when=Decoded.must_be_read)
        .then("preprocess", Preprocess(ports.sandbox, ports.blobs), width=Width(4, pdf=2, ocr=1), deadline=300, attempts=3)
        .then("recognize", recognize, width=Width(4, pdf=2, ocr=ports.readers + 1), deadline=3600)
        .then("split", Split(ports.invoices, ports.threads), width=Width(2, pdf=2, ocr=1), deadline=20, attempts=3)
        .then("extract", in_thread(extract, ports.threads), width=Width(2, pdf=2, ocr=1), deadline=20)
        .then("match", match, width=Width(4, pdf=2, ocr=1), deadline=10)
        .then("validate", in_thread(Validate(ports.sure), ports.threads), width=Width(2, pdf=2, ocr=1), deadline=10)
        .then("screen", screen, width=Width(4, pdf=2, ocr=1), deadline=10)
        .then(
            "persist",
            Persist(ports.documents, ports.invoices, versions_of(ports.sure)),
            width=Width(4, pdf=2, ocr=1),
            deadline=20,
            attempts=3,
        )
    )
