"""REST: send files, list and read invoices, their originals, pages and events, and try one again."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, BinaryIO
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.auth import Reader, Writer
from app.api.context import ApiContext, context_of
from app.api.openapi import answer, binary, problems
from app.api.page_views import view_of
from app.api.replies import FileReply, attachment, is_current, json_reply
from app.api.schemas import (
    AcceptedListJson,
    EventListJson,
    InvoiceJson,
    ListingJson,
    accepted_json,
    event_json,
    invoice_json,
    location,
    summary_json,
)
from app.api.uploads import received_files
from app.domain.record import SETTLED, InvoiceRecord, Status
from app.domain.work import Queue, queue_for
from app.errors import Conflict, Refused, Unavailable
from app.ports import Accepted, IdempotencyKey, InvoiceFilter, Principal, TenantInvoices, Upload
from app.tracing import current_traceparent

router = APIRouter(tags=["invoices"], default_response_class=Response)

InvoiceId = Annotated[str, Path(pattern="^[0-9a-f-]{36}$", examples=[examples.ID])]
Text = Annotated[str | None, Query(min_length=1, max_length=200)]
Moment = Annotated[datetime | None, Query(description="ISO 8601; UTC where it names no zone")]
LAST_ID = 2**63 - 1
_KEY = re.compile(r"[!-~]{1,255}")


@router.post(
    "/invoices",
    status_code=202,
    summary="Send one or more files",
    description=(
        "Every part with a file name is a file. All are accepted or none. 202 means that they are stored for good and will be "
        "worked on; the same bytes sent twice are one invoice, named in `duplicate_of`. With an `Idempotency-Key`, sending "
        "again after a broken connection gets the first answer again (`Idempotent-Replayed: true`)."
    ),
    responses={
        **answer(
            202,
            "Accepted",
            AcceptedListJson,
            examples.ACCEPTED,
            {
                "Location": "The first invoice",
                "Retry-After": "Seconds until the results should be there, as things stand: when to ask",
                "Idempotent-Replayed": "`true` when this is an earlier answer again",
            },
        ),
        **problems(
            {
                400: ("bad_multipart", "bad_idempotency_key"),
                408: ("body_timeout",),
                409: ("idempotency_in_flight",),
                413: ("too_large", "too_many_files"),
                415: ("unsupported_type", "multipart_expected", "encoded_body"),
                422: ("empty", "no_file", "idempotency_key_reused"),
                429: ("too_many_posts", "backlog"),
                503: ("overloaded",),
            }
        ),
    },
    openapi_extra=examples.UPLOAD,
)
async def receive(request: Request, principal: Writer) -> Response:
    context = context_of(request)
    key = _idempotency_key(request)
    with context.admission.under_way(principal.tenant):
        await context.admission.check(principal.tenant)
        invoices = context.invoices.for_tenant(principal.tenant)
        if key is None:
            return _accepted(context, principal.tenant, *await _accept(request, context, invoices, principal, None), replayed=False)
        held = await invoices.begin_idempotent(key)
        try:
            accepted, queues = await _accept(request, context, invoices, principal, key)
        except BaseException:
            if held:
                with suppress(Unavailable):  # then it stays held until it expires
                    await invoices.abandon_idempotent(key)
            raise
        return _accepted(context, principal.tenant, accepted, queues, replayed=not held)


async def _accept(
    request: Request, context: ApiContext, invoices: TenantInvoices, principal: Principal, key: str | None
) -> tuple[list[Accepted], list[Queue]]:
    """What was accepted, and where that waits which has no result yet."""
    async with received_files(request, context.limits) as files:
        uploads = [Upload(file.name, file.media_type, await context.blobs.put(principal.tenant, file.content)) for file in files]
    fingerprint = hashlib.sha256(" ".join(upload.blob.sha256 for upload in uploads).encode()).hexdigest()
    idempotency = IdempotencyKey(key, fingerprint) if key is not None else None
    accepted = list(await invoices.accept(uploads, _actor(principal), current_traceparent(), idempotency))
    waits = zip(accepted, uploads, strict=True)
    return accepted, [queue_for(upload.media_type) for each, upload in waits if each.status not in SETTLED]


def _accepted(context: ApiContext, tenant: str, accepted: list[Accepted], queues: list[Queue], *, replayed: bool) -> Response:
    headers = {"location": location(accepted[0].id)}
    if queues:
        headers["retry-after"] = str(context.admission.expected(tenant, queues))
    if replayed:
        headers["idempotent-replayed"] = "true"
    else:
        context.wake()
        context.admission.took(tenant, queues)
        context.metrics.accepted.labels("api").inc(sum(a.duplicate_of is None for a in accepted))
    return json_reply({"invoices": [accepted_json(a) for a in accepted]}, 202, headers)


def _idempotency_key(request: Request) -> str | None:
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise Refused(400, "bad_idempotency_key", "1 to 255 visible ASCII characters")
    return given[0]


@router.get(
    "/invoices",
    summary="List invoices, the newest first",
    responses={
        **answer(200, "A page of the listing", ListingJson, examples.LISTING, {"Link": 'The next page: `<...>; rel="next"`'}),
        **problems({400: ("bad_cursor",), 422: ("invalid_request",)}),
    },
)
async def listing(
    request: Request,
    principal: Reader,
    status: Annotated[Status | None, Query()] = None,
    number: Text = None,
    seller: Text = None,
    received_from: Moment = None,
    received_to: Moment = None,
    document_id: Text = None,
    cursor: Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    wanted = InvoiceFilter(status, number, seller, _utc(received_from), _utc(received_to), document_id)
    page = await context_of(request).invoices.for_tenant(principal.tenant).list(wanted, cursor, limit)
    headers = {}
    if page.next_cursor is not None:
        again = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["link"] = f'</invoices?{urlencode([*again, ("cursor", page.next_cursor)])}>; rel="next"'
    return json_reply({"invoices": [summary_json(i) for i in page.items], "next_cursor": page.next_cursor}, headers=headers)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as exc:  # the first or last day of the calendar, moved out of it by its zone
        raise Refused(422, "invalid_request", "a moment outside the calendar") from exc


@router.get(
    "/invoices/{invoice_id}",
    summary="Read an invoice",
    responses={
        **answer(200, "The invoice as it stands", InvoiceJson, examples.INVOICE, {"ETag": "Its version, for If-None-Match and If-Match"}),
        304: {"description": "If-None-Match names its version"},
        **problems({404: ("not_found",)}),
    },
    openapi_extra=examples.IF_NONE_MATCH,
)
async def read(request: Request, principal: Reader, invoice_id: InvoiceId) -> Response:
    record = await _found(request, principal, invoice_id)
    etag = _etag(record)
    if is_current(request, etag):
        return Response(status_code=304, headers={"etag": etag})
    return json_reply(invoice_json(record), headers={"etag": etag})


@router.get(
    "/invoices/{invoice_id}/original",
    summary="Download the file as it was sent",
    responses={**binary("application/octet-stream", "The same bytes, always as a download"), **problems({404: ("not_found",)})},
)
async def original(request: Request, principal: Reader, invoice_id: InvoiceId) -> Response:
    record = await _found(request, principal, invoice_id)
    file = await _open(request, record)
    headers = {
        "content-disposition": attachment(record.file_name),
        "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }
    # Never under the sender's type: nothing may run or be shown by the browser in our origin.
    return FileReply(file, "application/octet-stream", headers)


@router.get(
    "/invoices/{invoice_id}/pages/{page}.png",
    summary="See a page",
    description=(
        "Upright, flat and cropped where it was recognized that way: the boxes of the invoice's fields are fractions of this picture. "
        "Before the invoice is settled, and where the words come from the file, the page as it lies in the file."
    ),
    responses={
        **binary("image/png", "The page as a picture"),
        304: {"description": "If-None-Match names this picture"},
        **problems({404: ("not_found",), 422: ("invalid_request", "damaged", "encrypted", "parser_limit", "unsupported_type")}),
    },
)
async def page_image(
    request: Request,
    principal: Reader,
    invoice_id: InvoiceId,
    page: Annotated[int, Path(ge=1, le=100_000)],
    dpi: Annotated[int, Query(ge=50, le=200)] = 100,
) -> Response:
    record = await _found(request, principal, invoice_id)
    etag = f'"{record.sha256[:32]}-{record.version}-{page}-{dpi}"'  # its version: how it is looked at depends on how it was read
    headers = {"etag": etag, "cache-control": "private, max-age=300"}
    if is_current(request, etag):
        return Response(status_code=304, headers=headers)
    context = context_of(request)
    view = await view_of(context.documents, record, page)
    file = await _open(request, record)
    try:
        png = await context.sandbox.render(file, page, dpi, view)
    finally:
        file.close()
    return Response(png, headers=headers, media_type="image/png")


@router.get(
    "/invoices/{invoice_id}/events",
    summary="What happened to an invoice",
    responses={
        **answer(200, "Durable events, the oldest first", EventListJson, examples.EVENTS),
        **problems({404: ("not_found",), 422: ("invalid_request",)}),
    },
)
async def events(
    request: Request,
    principal: Reader,
    invoice_id: InvoiceId,
    after: Annotated[int, Query(ge=0, le=LAST_ID, description="`last_event_id` of the call before")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Response:
    record = await _found(request, principal, invoice_id)
    found = await context_of(request).invoices.for_tenant(principal.tenant).events(record.id, after, limit)
    last = max((event.id for event in found if event.id is not None), default=after)
    return json_reply({"events": [event_json(event) for event in found], "last_event_id": last})


@router.post(
    "/invoices/{invoice_id}/retry",
    status_code=202,
    summary="Work on a settled invoice again",
    responses={
        **answer(202, "It is `received` again", InvoiceJson, examples.RETRIED, {"ETag": "Its new version", "Location": "The invoice"}),
        **problems({404: ("not_found",), 409: ("not_settled",), 412: ("version_conflict",), 428: ("precondition_required",)}),
    },
    openapi_extra=examples.IF_MATCH,
)
async def retry(request: Request, principal: Writer, invoice_id: InvoiceId) -> Response:
    record = await _found(request, principal, invoice_id)
    given = [tag.strip() for line in request.headers.getlist("if-match") for tag in line.split(",")]
    if not given:
        raise Refused(428, "precondition_required", "send If-Match with the ETag that you decided on")
    if _etag(record) not in given and "*" not in given:
        raise Conflict
    context = context_of(request)
    invoices = context.invoices.for_tenant(principal.tenant)
    again = await invoices.retry(record.id, record.version, _actor(principal), current_traceparent())
    if again is None:
        raise Refused(404, "not_found")
    context.wake()
    return json_reply(invoice_json(again), 202, {"etag": _etag(again), "location": location(again.id)})


async def _found(request: Request, principal: Principal, invoice_id: str) -> InvoiceRecord:
    """Raises `Refused(404)` for an id that the tenant does not have, whoever else does."""
    record = await context_of(request).invoices.for_tenant(principal.tenant).get(invoice_id)
    if record is None:
        raise Refused(404, "not_found")
    return record


async def _open(request: Request, record: InvoiceRecord) -> BinaryIO:
    try:
        return await context_of(request).blobs.open(record.tenant, record.sha256)
    except FileNotFoundError as exc:  # erased, or a store restored without it
        raise Refused(404, "not_found", "the original is not there any more") from exc


def _etag(record: InvoiceRecord) -> str:
    return f'"{record.version}"'


def _actor(principal: Principal) -> str:
    return f"key:{principal.key_id}"
