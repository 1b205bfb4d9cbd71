"""The picture: read this first. An invoice flows through these stages, top to bottom; nothing else changes it.

    broker ► Job ► decode ► preprocess ► recognize ► extract ► match ► validate ► screen ► persist ► settled

What a stage does is in `app/stages/`, one file each. Here stands where it runs and how much of it: `width` payloads at once,
`deadline` seconds for each try, `attempts` tries when a dependency is away. How a delivery ends is in `runner.py`.

    sandbox   opens untrusted bytes: one confined child process a document (`Sandbox` port)
    thread    pure Python on decoded values, off the event loop
    loop      awaits, or costs microseconds
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from app.domain.record import InvoiceRecord
from app.domain.work import Job
from app.pipeline.stage import Chain, first, in_thread
from app.ports import BlobStore, DocumentStore, InvoiceStore, Sandbox
from app.stages.decode import Decode
from app.stages.extract import extract
from app.stages.match import match
from app.stages.persist import Persist
from app.stages.preprocess import Preprocess
from app.stages.recognize import recognize
from app.stages.screen import screen
from app.stages.validate import validate


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that the stages use."""

    sandbox: Sandbox
    blobs: BlobStore
    documents: DocumentStore
    invoices: InvoiceStore
    threads: ThreadPoolExecutor


def topology(ports: Ports) -> Chain[Job, InvoiceRecord]:
    return (
        first("decode", Decode(ports.sandbox, ports.blobs), width=2, deadline=30, attempts=3)
        .then("preprocess", Preprocess(ports.sandbox, ports.blobs), width=2, deadline=30, attempts=3)
        .then("recognize", recognize, width=4, deadline=10)
        .then("extract", in_thread(extract, ports.threads), width=2, deadline=20)
        .then("match", match, width=4, deadline=10)
        .then("validate", in_thread(validate, ports.threads), width=2, deadline=10)
        .then("screen", screen, width=4, deadline=10)
        .then("persist", Persist(ports.documents, ports.invoices), width=4, deadline=20, attempts=3)
    )
