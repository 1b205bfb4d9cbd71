"""Websockets: what happens, as it happens. And the tickets that browsers open them with.

    first      {"type": "snapshot", "last_event_id", "invoice": {...}}       one invoice, `/invoices/{id}/live`
               {"type": "snapshot", "last_event_id", "unsettled": [...]}     all of the tenant's, `/live`
    backlog    with ?last_event_id=N: every durable event after N, as `EventJson`
    then       each event as it happens; {"type": "ping"} when nothing did for a while

Each durable event comes once, though it may tell again what the snapshot already showed, and they come in the order of their ids: what
several services tell is heard in any order, so a durable event that is heard of is read from the store, with all before it. A client
that comes back, to whichever service, sends the last `id` it has seen, or the snapshot's `last_event_id` (null on `/live` unless it was
sent: there the snapshot itself is the start), and misses no durable event; progress events (`id` null) are not kept. What was missed
while the broker was away is read from the store and told late (on `/live` without `last_event_id` it may be a second snapshot
instead). The socket stays open after the invoice is settled: a person or a retry may move it again.

Refused before the handshake is done, as HTTP: 401 no key or ticket, 403 scope or origin, 404 not this tenant's, 422 a bad
parameter, 503 too many. Closed later: 4401 the key was revoked, 4008 the client reads too slowly (come back with the last id),
1009 the client sent too much, 1011 our fault, 1012 restart, 1013 a store is away (come back later).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.api import examples
from app.api.auth import Reader, authenticate, demand
from app.api.context import ApiContext, context_of
from app.api.openapi import answer, problems
from app.api.replies import json_reply
from app.api.schemas import TicketJson, event_json, instant, invoice_json, summary_json
from app.domain.record import Event, Status
from app.errors import Refused, Unavailable
from app.ports import Gap, InvoiceFilter, Principal, Subscription

log = structlog.get_logger(__name__)
router = APIRouter(tags=["live"], default_response_class=Response)

UNSETTLED: Sequence[Status] = ("processing", "received")
SHOWN = 100  # of each of them, in a snapshot
PAGE = 200  # events read at once
REMEMBERED = 4096  # ids of durable events, so that none is told twice
NEWEST = (1 << 63) - 1
SLACK = 200  # transactions under way at once, at most: an id so much less than the newest is committed
PAUSE = 0.05  # seconds between two looks at the store: what is heard of meanwhile comes with the next one
CLOSING = 1.0  # seconds for a close frame to a client that may not read

TOO_SLOW, TOO_BIG, REVOKED, TRY_LATER = 4008, 1009, 4401, 1013


@router.post(
    "/tickets",
    status_code=201,
    summary="A ticket to open one websocket with",
    description="For browsers, which cannot send the key there. Good for one use within a minute: `/live?ticket=...`.",
    responses={**answer(201, "The ticket", TicketJson, examples.TICKET), **problems({})},
)
async def issue_ticket(request: Request, principal: Reader) -> Response:
    ticket, expires_at = context_of(request).tickets.issue(principal)
    return json_reply({"ticket": ticket, "expires_at": instant(datetime.fromtimestamp(expires_at, UTC))}, 201)


@router.websocket("/invoices/{invoice_id}/live")
async def one_invoice(websocket: WebSocket, invoice_id: str) -> None:
    await _serve(websocket, invoice_id)


@router.websocket("/live")
async def all_invoices(websocket: WebSocket) -> None:
    await _serve(websocket, None)


@router.websocket("/{path:path}")
async def nowhere(websocket: WebSocket, path: str) -> None:
    """The last route: without it the framework says 403 to a wrong path."""
    raise Refused(404, "not_found")


class _Ended(Exception):
    """The conversation is over, with this close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def _serve(websocket: WebSocket, invoice_id: str | None) -> None:
    """What is refused here is answered as HTTP by the handlers of `problems`, since the handshake is not done yet."""
    context = context_of(websocket)
    principal = await _admit(websocket, context)
    after = _last_event_id(websocket)
    if invoice_id is not None and await context.invoices.for_tenant(principal.tenant).get(invoice_id) is None:
        raise Refused(404, "not_found")
    with context.sockets.one_more():
        await websocket.accept()
        conversation = _Conversation(websocket, context, principal, invoice_id)
        try:
            await conversation.run(after)
        except _Ended as end:
            await _close(websocket, end.code, end.reason)
        except Unavailable as exc:
            log.warning("socket.unavailable", dependency=exc.dependency)
            await _close(websocket, TRY_LATER, f"{exc.dependency} is away; come back with last_event_id")
        except WebSocketDisconnect:
            pass


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # it is gone, or does not read: the server cuts it
        async with asyncio.timeout(CLOSING):
            await websocket.close(code, reason)


async def _admit(websocket: WebSocket, context: ApiContext) -> Principal:
    """Who connects. The origin comes first: a foreign page must not even use up a ticket."""
    origins = websocket.headers.getlist("origin")
    if any(origin not in context.limits.origins for origin in origins):
        raise Refused(403, "foreign_origin", "only pages of the service's own origins may connect")
    ticket = websocket.query_params.get("ticket")
    if ticket is None:
        return await authenticate(websocket, "read")
    principal = await context.tickets.redeem(ticket)
    if principal is None:
        raise Refused(401, "unauthenticated", "the ticket is not valid any more; get another")
    demand(principal, "read")
    return principal


def _last_event_id(websocket: WebSocket) -> int | None:
    given = websocket.query_params.get("last_event_id")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise Refused(422, "invalid_request", "last_event_id is the id of an event")
    return int(given)


@dataclass(slots=True)
class _Conversation:
    websocket: WebSocket
    context: ApiContext
    principal: Principal
    invoice_id: str | None
    told: dict[int, None] = field(default_factory=dict)
    known: int | None = None  # the id of a durable event up to which the client knows all; None: there is none to begin with
    looked: float = 0.0  # when the store was last read because of an event

    async def run(self, after: int | None) -> None:
        """Subscribes first, then reads the state: nothing can happen between the two unseen."""
        async with self.context.events.subscribe(self.principal.tenant, self.invoice_id) as subscription, self._listening() as gone:
            await self._snapshot(after)
            if after is not None:
                await self._backlog(after)
            await self._live(subscription, gone)

    async def _snapshot(self, after: int | None) -> None:
        invoices = self.context.invoices.for_tenant(self.principal.tenant)
        message: dict[str, Any] = {"type": "snapshot", "last_event_id": after}
        self.known = after
        if self.invoice_id is None:
            if after is None and self.context.invoices.shared:
                self.known = await self._now()
            pages = [await invoices.list(InvoiceFilter(status=status), None, SHOWN) for status in UNSETTLED]
            message["unsettled"] = [summary_json(summary) for page in pages for summary in page.items]
        else:
            if after is None:  # before the record is read, so that the state shown is not older than the id
                message["last_event_id"] = self.known = await self._newest()
            record = await invoices.get(self.invoice_id)
            if record is None:
                raise _Ended(4404, "the invoice is not there any more")
            message["invoice"] = invoice_json(record)
        await self._send(message)

    async def _newest(self) -> int:
        """The id of the invoice's newest durable event; the snapshot tells all of them, so none is told again."""
        newest = 0
        async for event in self._stored(0):
            newest = max(newest, event.id or 0)
            self._is_news(event)
        return newest

    async def _now(self) -> int:
        """The id of the tenant's newest event. Where nothing was written lately, one before all that could be under way."""
        last = max(0, max([id for id, _, _ in await self.context.invoices.changed(NEWEST, -1)], default=0) - SLACK)
        async for event in self._stored(last):
            last = event.id or last
        return last

    async def _backlog(self, after: int) -> None:
        async for event in self._stored(after):
            await self._tell(event)
            self.known = max(after, event.id or 0)

    async def _stored(self, after: int) -> AsyncIterator[Event]:
        invoices = self.context.invoices.for_tenant(self.principal.tenant)
        while page := await invoices.events(self.invoice_id, after, PAGE):
            for event in page:
                yield event
                after = max(after, event.id or 0)
            if len(page) < PAGE:
                break

    async def _live(self, subscription: Subscription, gone: asyncio.Task[None]) -> None:
        events = aiter(subscription)
        coming: asyncio.Task[Event | Gap] = asyncio.ensure_future(anext(events))
        heartbeat = self.context.limits.heartbeat
        loop = asyncio.get_running_loop()
        checked = loop.time()
        try:
            while True:
                await asyncio.wait((coming, gone), timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    gone.result()
                    return
                if not coming.done() or loop.time() >= checked + heartbeat:  # also where there is never silence
                    checked = loop.time()
                    await self._check_key()
                if not coming.done():
                    await self._send({"type": "ping"})
                    continue
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    raise _Ended(*_why_ended(subscription)) from None
                if isinstance(event, Gap):
                    await self._fill(event)
                elif event.id is not None and self._may_lack_some_before(event.id):
                    await self._catch_up(event)
                else:
                    await self._tell(event)
                coming = asyncio.ensure_future(anext(events))
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _fill(self, gap: Gap) -> None:
        """What is missing is read from the store. Where nobody can say from when on, the client gets a new start."""
        known = [id for id in (gap.after, self.known) if id is not None]
        if known:
            await self._backlog(max(known))
        else:
            await self._snapshot(None)

    def _may_lack_some_before(self, id: int) -> bool:
        return self.context.invoices.shared and self.known is not None and id > self.known

    async def _catch_up(self, event: Event) -> None:
        """Tells all up to the event that was heard of. Else a client could leave with its id, and never hear of a lesser one."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self.looked + PAUSE - loop.time()))
        self.looked = loop.time()
        assert self.known is not None
        await self._backlog(self.known)
        await self._tell(event)  # unless that has told it

    async def _check_key(self) -> None:
        """That it came in by, or its ticket was made with."""
        if not await self.context.invoices.is_valid(self.principal):
            raise _Ended(REVOKED, "the key is not valid any more")

    async def _tell(self, event: Event) -> None:
        if self._is_news(event):
            await self._send(event_json(event))

    def _is_news(self, event: Event) -> bool:
        """Ids are remembered one by one too, since two events may be heard in the other order than their ids were given."""
        if event.id is None:
            return True
        if event.id in self.told or (self.known is not None and event.id <= self.known):
            return False
        self.told[event.id] = None
        if len(self.told) > REMEMBERED:
            del self.told[next(iter(self.told))]
        return True

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self.context.limits.send_deadline):
                await self.websocket.send_text(msgspec.json.encode(message).decode())
        except TimeoutError as exc:
            raise _Ended(TOO_SLOW, "too slow; come back with last_event_id") from exc

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncio.Task[None]]:
        """A task that ends when the client is gone or says too much; what it says is otherwise not listened to."""

        async def listen() -> None:
            while True:
                message = await self.websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if len(message.get("text") or message.get("bytes") or "") > self.context.limits.socket_message_bytes:
                    raise _Ended(TOO_BIG, "clients have nothing to say here")

        task = asyncio.create_task(listen(), name="socket listener")
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _why_ended(subscription: Subscription) -> tuple[int, str]:
    if subscription.lagged:
        return TOO_SLOW, "too slow; come back with last_event_id"
    return 1012, "the service restarts"
