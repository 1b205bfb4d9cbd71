"""Decode: the stored bytes become a `Document`. What is in the file decides, its name never does."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.work import Decoded, Job
from app.errors import Unavailable
from app.ports import BlobStore, Sandbox


@dataclass(frozen=True, slots=True)
class Decode:
    """Raises `Unprocessable` with the reader's reason, `Unavailable` if the blob or the sandbox cannot be had now."""

    sandbox: Sandbox
    blobs: BlobStore

    async def __call__(self, job: Job, /) -> Decoded:
        try:
            content = await self.blobs.open(job.tenant, job.sha256)
        except FileNotFoundError as exc:
            # Accepted means durable: a blob that is not there now is a fault of the store, not of the document.
            raise Unavailable("blobs", "the original is missing") from exc
        try:
            return Decoded(job, await self.sandbox.decode(content, tenant=job.tenant))
        finally:
            content.close()
