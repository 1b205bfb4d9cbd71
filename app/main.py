"""The web application around the running service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api.application import build_api
from app.api.context import ApiContext, ApiLimits, Readiness
from app.settings import Settings
from app.tracing import Tracing, instrument_app
from app.wiring import Service, open_service


def create_app(settings: Settings, tracing: Tracing) -> FastAPI:
    """Nothing is opened before the lifespan begins; then `app.state.service` is the running service."""

    @asynccontextmanager
    async def open_context(app: FastAPI) -> AsyncIterator[ApiContext]:
        async with open_service(settings, tracing) as service:
            app.state.service = service
            yield _context(service)

    app = build_api(open_context)
    instrument_app(app, tracing)
    return app


def _context(service: Service) -> ApiContext:
    limits = service.settings.limits

    async def readiness() -> Readiness:
        return Readiness(await service.checks(), service.draining.is_set())

    return ApiContext(
        invoices=service.invoices,
        blobs=service.blobs,
        documents=service.documents,
        sandbox=service.sandbox,
        events=service.events,
        readiness=readiness,
        tickets_key=service.settings.secrets.tickets,
        wake=service.relay.wake,
        pace=service.worker.pace,
        limits=ApiLimits(
            request_bytes=limits.request_bytes,
            file_bytes=limits.file_bytes,
            files=limits.files_per_request,
            outbox_depth=limits.outbox_depth,
            posts=limits.posts,
            wait=limits.wait_seconds,
            shared_wait=limits.shared_wait_seconds,
            origins=service.settings.origins,
        ),
        metrics=service.metrics,
    )
