"""For probes and Prometheus: no key is needed, and nothing of a tenant is told."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import examples
from app.api.context import REQUIRED, context_of
from app.api.openapi import answer, problems
from app.api.replies import json_reply
from app.api.schemas import AliveJson, ReadinessJson
from app.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"], default_response_class=Response)


@router.get(
    "/livez",
    summary="The process is alive",
    responses={**answer(200, "The event loop runs", AliveJson, {"status": "alive"}), **problems({}, key=False)},
)
async def livez() -> Response:
    return json_reply({"status": "alive"})


@router.get(
    "/readyz",
    summary="The service can accept invoices",
    responses={
        **answer(
            200,
            "It can, perhaps `degraded`: what is named there is away and its work waits, or lacks something",
            ReadinessJson,
            examples.READY,
        ),
        **answer(503, "It cannot: `sql` or `blobs` is down, or the process is about to end", ReadinessJson, examples.NOT_READY),
        **problems({}, key=False),
    },
)
async def readyz(request: Request) -> Response:
    readiness = await context_of(request).readiness()
    down = readiness.down
    degraded = [name for name, state in readiness.checks.items() if state != "ok" and not (name in REQUIRED and name in down)]
    status = "draining" if readiness.draining else "down" if not readiness.ready else "degraded" if degraded else "ready"
    checks = {name: f"down: {state}" if name in down else state for name, state in readiness.checks.items()}
    return json_reply({"status": status, "checks": checks, "degraded": degraded}, 200 if readiness.ready else 503)


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    responses={
        200: {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems({}, key=False),
    },
)
async def metrics(request: Request) -> Response:
    rendered = await asyncio.to_thread(context_of(request).metrics.render)
    return Response(rendered, headers={"content-type": CONTENT_TYPE})
