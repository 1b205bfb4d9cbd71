"""What the service counts, in Prometheus' terms. Labels are bounded: never a tenant, a sender or a file.

One `Metrics` per service, with a registry of its own: nothing is global, so tests make many.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from app.domain.extraction import Field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Each bucket of each child is a line of every scrape (about 15 us): as many as a question needs, no more.
_STAGE_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 60, 120, 300)
_REQUEST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5)
_LAG_BUCKETS = (
    *(0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.04, 0.05),
    *(0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5),
)
_CONFIDENCE_BUCKETS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
# Confidence is watched for the fields that a payment or a decision rests on.
WATCHED_FIELDS = frozenset(
    "number issue_date due_date currency type_code total_without_tax total_tax total_with_tax amount_due seller.name seller.vat_id"
    " buyer.name buyer.vat_id payment_account payment_reference purchase_order_reference".split()
)


class OutboxState(Protocol):
    @property
    def depth(self) -> int: ...

    @property
    def oldest_age(self) -> float: ...


class Metrics:
    """Each attribute is one metric; set them directly, or by the methods where a label must be bounded."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.accepted = Counter("invoice_accepted_total", "Invoices accepted (202).", ["source"], registry=registry)
        self.terminal = Counter("invoice_terminal_total", "Invoices settled.", ["state"], registry=registry)
        self.stage_duration = Histogram(
            "invoice_stage_duration_seconds",
            "One attempt at one stage.",
            ["stage", "engine", "outcome"],
            buckets=_STAGE_BUCKETS,
            registry=registry,
        )
        self.end_to_end = Histogram("invoice_end_to_end_seconds", "From accepted to settled.", buckets=_STAGE_BUCKETS, registry=registry)
        self.inflight = Gauge("invoice_inflight", "Payloads being worked on.", ["stage"], registry=registry)
        self.outbox_depth = Gauge("outbox_depth", "Outbox rows not published yet.", registry=registry)
        self.outbox_oldest_age = Gauge("outbox_oldest_age_seconds", "Age of the oldest of them.", registry=registry)
        self.queue_depth = Gauge(
            "queue_depth", "Messages that wait in the broker, as of the sweeper's last look.", ["queue"], registry=registry
        )
        self.queue_in_hand = Gauge("queue_in_hand", "Deliveries taken and not settled yet.", ["queue"], registry=registry)
        self.dlq_depth = Gauge(
            "dlq_depth", "Dead letters and messages that nobody understood, as of the sweeper's last look.", registry=registry
        )
        self.publish_returned = Counter("publish_returned_total", "Messages that the broker had no queue for.", registry=registry)
        self.redelivered = Counter("redelivered_total", "Attempts after the first.", registry=registry)
        self.parser_child_killed = Counter(
            "parser_child_killed_total", "Sandboxed children ended by a limit or a signal.", ["cause"], registry=registry
        )
        self.ocr_pages = Counter("ocr_pages_total", "Pages given to an engine to read.", ["engine", "outcome"], registry=registry)
        self.ocr_page_duration = Histogram(
            "ocr_page_duration_seconds", "One page, waiting for its turn included.", ["engine"], buckets=_STAGE_BUCKETS, registry=registry
        )
        self.fallbacks = Counter("fallback_total", "Work done in the second best way.", ["reason"], registry=registry)
        self.breaker_state = Gauge(
            "breaker_state", "Whether a dependency is asked: 0 yes, 1 it is being tried, 2 it is left alone.", ["dep"], registry=registry
        )
        self.sandbox_level = Gauge(
            "sandbox_level", "How many of the sandbox's walls this kernel gives (see the sandbox).", registry=registry
        )
        self.ws_clients = Gauge("ws_clients", "Open websockets.", registry=registry)
        self.field_confidence = Histogram(
            "field_confidence", "Confidence of extracted fields.", ["field"], buckets=_CONFIDENCE_BUCKETS, registry=registry
        )
        self.request_duration = Histogram(
            "http_server_request_duration_seconds",
            "From a request's head to the last byte of its answer.",
            ["method", "route", "status"],
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self.loop_lag = Histogram(
            "event_loop_lag_seconds", "How late the event loop runs what is due.", buckets=_LAG_BUCKETS, registry=registry
        )
        # Finding the child of some labels costs more than counting in it. The labels are bounded, and so are these.
        self._stage = cache(self.stage_duration.labels)
        self._inflight = cache(self.inflight.labels)
        self._request = cache(self.request_duration.labels)
        self._field = cache(self.field_confidence.labels)
        self.loop_lag_max = Gauge("event_loop_lag_max_seconds", "The greatest lag within the last second.", registry=registry)

    def stage_began(self, stage: str) -> None:
        self._inflight(stage).inc()

    def stage_ended(self, stage: str) -> None:
        self._inflight(stage).dec()

    def stage_done(self, stage: str, engine: str, outcome: Literal["done", "failed", "retried"], seconds: float) -> None:
        """`engine`: what did the work ("xml", "text", "pymupdf" ...), "" where there is no choice."""
        self._stage(stage, engine, outcome).observe(seconds)

    def settled(self, state: str, seconds_since_accepted: float) -> None:
        self.terminal.labels(state).inc()
        self.end_to_end.observe(max(0.0, seconds_since_accepted))  # two clocks: the row's and ours

    def child_killed(self, cause: str) -> None:
        """`cause`: one of the sandbox's few words ("memory", "cpu", "wall", "signal" ...), "ocr_" before it for a page that was read."""
        self.parser_child_killed.labels(cause).inc()

    def page_done(self, engine: str, outcome: Literal["read", "unreadable", "unavailable"], seconds: float) -> None:
        """`engine`: name and version; "" before it was there once."""
        self.ocr_pages.labels(engine, outcome).inc()
        if outcome != "unavailable":
            self.ocr_page_duration.labels(engine).observe(seconds)

    def fell_back(self, reason: str) -> None:
        """`reason`: one of an adapter's few words ("missing_language" ...)."""
        self.fallbacks.labels(reason).inc()

    def request_done(self, method: str, route: str, status: int, seconds: float) -> None:
        self._request(method, route, status).observe(seconds)

    def breaker(self, dependency: str, state: Literal["closed", "half_open", "open"]) -> None:
        """`dependency`: "models/NAME"."""
        self.breaker_state.labels(dependency).set(("closed", "half_open", "open").index(state))

    def confidences(self, fields: Mapping[str, Field]) -> None:
        """Of the fields in `WATCHED_FIELDS`; the others would be too many labels."""
        for path in WATCHED_FIELDS & fields.keys():
            self._field(path).observe(fields[path].confidence)

    def watch_outbox(self, state: Callable[[], OutboxState]) -> None:
        """`state` is asked at each scrape, and must not wait."""
        self.outbox_depth.set_function(lambda: state().depth)
        self.outbox_oldest_age.set_function(lambda: state().oldest_age)

    def watch_queue(self, queue: str, depth: Callable[[], int], in_hand: Callable[[], int]) -> None:
        """Both are asked at each scrape, and must not wait."""
        self.queue_depth.labels(queue).set_function(depth)
        self.queue_in_hand.labels(queue).set_function(in_hand)

    def watch_dead_letters(self, depth: Callable[[], int]) -> None:
        """Asked at each scrape, and must not wait."""
        self.dlq_depth.set_function(depth)

    def watch_dropped_lines(self, dropped: Callable[[], int]) -> None:
        """`log_dropped_total` is read from the log at each scrape."""
        self.registry.register(_DroppedLines(dropped))

    def render(self) -> bytes:
        """The text for GET /metrics, as `CONTENT_TYPE`. Some milliseconds of CPU: not on the event loop. Any thread may call it."""
        return generate_latest(self.registry)


class _DroppedLines(Collector):
    def __init__(self, dropped: Callable[[], int]) -> None:
        self._dropped = dropped

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily("log_dropped", "Log lines lost because their reader was too slow.", value=self._dropped())


class LoopLag:
    """Watches the event loop: asks to be called every `interval` seconds and notes how late that happened.

    `run` is a task that its owner starts and cancels. The last `keep` samples stay for `p`, twenty minutes' worth by default.
    """

    def __init__(self, metrics: Metrics, interval: float = 0.1, keep: int = 12_000) -> None:
        self._metrics = metrics
        self._interval = interval
        self._samples = array("d")
        self._keep = keep
        self._next = 0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._recent_from = time.monotonic()
        self._recent, self._before = 0.0, 0.0
        metrics.loop_lag_max.set_function(lambda: max(self._recent, self._before))

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        self._ask(loop)
        try:
            await loop.create_future()  # nobody sets it
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = time.monotonic() + self._interval
        # In an idle process nearly all of its CPU time: 160 us each. Ten a second see as much as fifty did, for a fifth of that.
        self._timer = loop.call_later(self._interval, self._called, loop)

    def _called(self, loop: asyncio.AbstractEventLoop) -> None:
        self._note(time.monotonic(), self._due)
        self._ask(loop)

    def p(self, share: float) -> float:
        """The lag in seconds that `share` (0..1) of the kept samples do not exceed; 0 without samples."""
        ordered = sorted(self._samples)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def reset(self) -> None:
        """Forgets the samples, to measure from here on."""
        self._samples, self._next = array("d"), 0

    def _note(self, now: float, due: float) -> None:
        lag = max(0.0, now - due)
        self._metrics.loop_lag.observe(lag)
        if len(self._samples) < self._keep:
            self._samples.append(lag)
        else:
            self._samples[self._next] = lag
            self._next = (self._next + 1) % self._keep
        if now - self._recent_from >= 1.0:
            self._recent_from, self._before, self._recent = now, self._recent, 0.0
        self._recent = max(self._recent, lag)
