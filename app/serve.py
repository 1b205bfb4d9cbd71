"""`invoicestream serve`: uvicorn around the app, with a drain before the exit."""

from __future__ import annotations

import asyncio
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from app.allocator import give_back_what_is_large
from app.api.connection import BoundedConnection, QuietSocket
from app.main import create_app
from app.settings import Settings
from app.telemetry import configure_logging, configure_tracing
from app.wiring import Service, check

log = structlog.get_logger(__name__)


class DrainingServer(uvicorn.Server):
    """On SIGTERM or SIGINT: first not ready, then no new work, then what is in hand is finished, then the sockets close.

    A POST that still arrives is accepted: it is durable, and the next process finds it. A second signal ends at once.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self._draining: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not uvicorn's own: it would raise the signal again at the end, and a clean drain exits 0.
        if self._loop is None or self._draining is not None:
            self.should_exit = self.force_exit = True
        else:
            self._loop.call_soon_threadsafe(self._begin_drain)

    def _begin_drain(self) -> None:
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain(), name="drain")

    async def _drain(self) -> None:
        service: Service | None = getattr(self._app.state, "service", None)
        try:
            if service is not None:
                log.info("service.draining", in_hand=service.worker.in_hand)
                await service.drain()
        finally:
            self.should_exit = True


def serve(settings: Settings, host: str, port: int, *, demo: bool) -> int:
    """Until a signal. Returns 0 after a clean drain, 3 when the service could not start. Raises `Misconfigured`."""
    check(settings)
    give_back_what_is_large()
    logging = configure_logging("warning" if demo else settings.telemetry.log_level, json=settings.telemetry.log_json and not demo)
    tracing = configure_tracing(settings.telemetry.otlp_endpoint)
    app = create_app(settings, tracing)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="on",
        http=BoundedConnection,
        ws=QuietSocket,
        ws_max_size=1 << 20,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
        server_header=False,
    )
    server = DrainingServer(config, app)

    async def run() -> None:
        serving = asyncio.create_task(server.serve(), name="server")
        showing = None
        if demo:
            from app.demo import run_demo  # here: it draws PDFs, and a service has no use for what that loads (0.6 s, 50 MB)

            showing = asyncio.create_task(run_demo(settings, server, app), name="demo")
        try:
            await serving
        finally:
            if showing is not None:
                showing.cancel()
                await asyncio.gather(showing, return_exceptions=True)

    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())
    finally:
        tracing.close()
        logging.close()
    return 0 if server.started else 3
