"""The one place to set up what the service tells about itself.

logs      structlog and the standard library, as ECS JSON or readable lines        app/logs.py, app/redaction.py
traces    OpenTelemetry, from POST through the outbox to persist                   app/tracing.py
metrics   Prometheus, event-loop lag among them                                    app/metrics.py
"""

from __future__ import annotations

from app.logs import Logging, configure_logging
from app.metrics import CONTENT_TYPE, LoopLag, Metrics
from app.tracing import Tracing, configure_tracing, current_traceparent, instrument_app

__all__ = [
    "CONTENT_TYPE",
    "Logging",
    "LoopLag",
    "Metrics",
    "Tracing",
    "configure_logging",
    "configure_tracing",
    "current_traceparent",
    "instrument_app",
]
