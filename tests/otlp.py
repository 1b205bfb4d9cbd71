"""An OTLP/HTTP collector for tests: keeps the spans that a service, also one in another process, sends to it.

with Collector() as collector:
    ...  start the service with this endpoint: collector.endpoint
    spans = collector.wait_for(lambda spans: {"POST /invoices", "persist"} <= {span.name for span in spans})
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


@dataclass(frozen=True, slots=True)
class SentSpan:
    """Ids in hex; `parent_id` is "" for a root; `links`: (trace id, span id)."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[tuple[str, str], ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


class Collector:
    def __init__(self) -> None:
        self.raw: list[bytes] = []  # the bodies as sent: to look for what must not be in them
        self._spans: list[SentSpan] = []
        self._arrived = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector._take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, enough: Callable[[Sequence[SentSpan]], bool], deadline: float = 120.0) -> Sequence[SentSpan]:
        """The spans once they are `enough`. Raises TimeoutError, naming what came."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: enough(self._spans), deadline):
                raise TimeoutError(f"spans after {deadline} s: {sorted({span.name for span in self._spans})}")
            return list(self._spans)

    def _take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._arrived:
            self.raw.append(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    self._spans.extend(
                        SentSpan(
                            span.name,
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                            {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in span.attributes},
                        )
                        for span in scope.spans
                    )
            self._arrived.notify_all()
