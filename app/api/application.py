"""The HTTP and websocket face as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from app import __version__
from app.api import health, invoices, live, openapi, problems
from app.api.context import ApiContext
from app.api.edge import Edge


def build_api(open_context: Callable[[FastAPI], AbstractAsyncContextManager[ApiContext]]) -> FastAPI:
    """`open_context` is entered by the lifespan and left at shutdown; what it gives is `app.state.context` meanwhile."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_context(app) as context:
            app.state.context = context
            yield

    app = FastAPI(
        title="InvoiceStream",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        openapi_tags=[
            {"name": "invoices", "description": "Send, read and follow invoices."},
            {"name": "live", "description": "Tickets for websockets."},
            {"name": "health", "description": "Probes; no key is needed."},
        ],
    )
    problems.install(app)
    routers = (health.router, invoices.router, live.router)
    for router in routers:
        app.include_router(router)
    openapi.install(app, [route for router in routers for route in router.routes])
    app.add_middleware(Edge)
    return app
