"""Preprocess: which pages still have to be read, and how: turned, flattened, cleaned; or set aside."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.work import Decoded, Prepared
from app.errors import Unavailable
from app.ports import BlobStore, Sandbox


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Decoded -> Prepared. Looks at no page whose text layer can be used, and at none at all where the file holds an e-invoice.

    Raises `Unprocessable` with the reader's reason, `Unavailable` if the blob or the sandbox cannot be had now.
    """

    sandbox: Sandbox
    blobs: BlobStore

    async def __call__(self, decoded: Decoded, /) -> Prepared:
        if not decoded.must_be_read():
            return Prepared(decoded)
        pages = [page.number for page in decoded.document.pages if page.must_be_read]
        try:
            content = await self.blobs.open(decoded.job.tenant, decoded.job.sha256)
        except FileNotFoundError as exc:
            raise Unavailable("blobs", "the original is missing") from exc
        try:
            return Prepared(decoded, await self.sandbox.plan(content, pages, tenant=decoded.job.tenant))
        finally:
            content.close()
