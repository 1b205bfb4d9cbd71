"""Decode: the stored bytes become a `Document`. What is in the file decides, its name never does."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.work import Decoded, Job
from app.errors import Unavailable
from app.ports import BlobStore, Sandbox


@dataclass(frozen=True, slots=True)
class Decode:
    """Of a file that was split only the pages of the job's own invoice.

    Raises `Unprocessable` with the reader's reason, `Unavailable` if the blob or the sandbox cannot be had now."""

    sandbox: Sandbox
    blobs: BlobStore

    async def __call__(self, job: Job, /) -> Decoded:
        try:
            content = await self.blobs.open(job.tenant, job.sha256)
        except FileNotFoundError as exc:
            # Accepted means durable: a blob that is not there now is a fault of the store, not of the document.
            raise Unavailable("blobs", "the original is missing") from exc
        try:
            document = await self.sandbox.decode(content, tenant=job.tenant)
            return Decoded(job, document if job.pages is None else document.only(*job.pages))
        finally:
            content.close()
