"""Log lines: one JSON object each, in the names of the Elastic Common Schema, or one readable line each on a terminal.

    log = structlog.get_logger(__name__)
    with structlog.contextvars.bound_contextvars(invoice_id=..., attempt=1):
        log.info("settled", action="settle", outcome="success", duration=0.31)

`action`, `outcome` (success, failure, unknown) and `duration` (seconds) become `event.*`; other names without a dot become
`labels.*`. What libraries log through the standard library goes the same way. A line never waits for the disk or the terminal:
a thread writes them from a bounded queue; what does not fit is dropped and counted.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, TextIO

import msgspec
import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor

from app import __version__
from app.errors import Misconfigured
from app.redaction import clean_text, clean_value, told, traced, type_name

SERVICE_NAME = "invoicestream"
ECS_VERSION = "8.11.0"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# Below WARNING libraries quote what they handle: SQL parameters, frames, headers. These say useful things at INFO, and nothing else.
_TALKATIVE = ("uvicorn.error", "alembic")
# A lost connection is one line of our own; they say it with a traceback for each of their tasks.
_TOLD_BY_US = ("aiormq", "aio_pika")
_HANDLED_BY_US = ("uvicorn", "uvicorn.error", "uvicorn.access")
_ECS = {"action": "event.action", "outcome": "event.outcome", "logger": "log.logger"}
_COLOURS = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31;1m"}
_NOT_ON_TERMINAL = frozenset(("@timestamp", "log.level", "message", "ecs.version", "error.stack_trace", "span.id", "log.logger"))


class LineWriter:
    """Writes lines to a stream from a thread of its own. `put` never waits and never raises; `dropped` counts what was lost."""

    def __init__(self, stream: TextIO, capacity: int = 10_000) -> None:
        self._stream = stream
        self._capacity = capacity
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._dropped = 0
        self._counting = threading.Lock()
        # Daemon: a terminal that is stopped must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        return self._dropped

    def put(self, line: str) -> None:
        if self._lines.qsize() >= self._capacity:
            self._drop(1)
        else:
            self._lines.put(line)

    def close(self, deadline: float = 2.0) -> None:
        """Writes what is queued, for at most `deadline` seconds."""
        self._lines.put(None)
        self._thread.join(deadline)

    def _drop(self, count: int) -> None:
        with self._counting:
            self._dropped += count

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            batch = [line]
            try:
                while len(batch) < 200:
                    more = self._lines.get_nowait()
                    if more is None:
                        self._lines.put(None)
                        break
                    batch.append(more)
            except Empty:
                pass
            try:
                self._stream.write("\n".join(batch) + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # disk full, reader gone, stream closed: logging is not worth a crash
                self._drop(len(batch))


class _Sink:
    """What structlog calls with the rendered line."""

    __slots__ = ("_writer", "name")

    def __init__(self, writer: LineWriter, name: str | None) -> None:
        self._writer = writer
        self.name = name

    def _put(self, line: str) -> None:
        self._writer.put(line)

    debug = info = warning = error = critical = _put


class _StandardLibrary(logging.Handler):
    """Takes the records of libraries through the same processors."""

    def __init__(self, sink: _Sink, processors: list[Processor]) -> None:
        super().__init__()
        self._sink = sink
        self._processors = processors

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit the format: logging is not worth a crash
            message = str(record.msg)
        event: Any = {"event": message, "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        level = record.levelname.lower()
        for process in self._processors:
            event = process(self._sink, level, event)
        self._sink._put(event)


class Logging:
    """The log as set up by `configure_logging`. `close` writes what is queued and takes the set-up back."""

    def __init__(self, writer: LineWriter, handler: logging.Handler, level: int) -> None:
        self._writer = writer
        self._handler = handler
        self._before: list[tuple[logging.Logger, int, list[logging.Handler], bool]] = []
        root = logging.getLogger()
        self._keep(root)
        root.addHandler(handler)
        root.setLevel(logging.WARNING)
        for name in _HANDLED_BY_US:
            library = logging.getLogger(name)
            self._keep(library)
            library.handlers, library.propagate = [], True
        for name in _TOLD_BY_US:
            self._keep(logging.getLogger(name))
            logging.getLogger(name).setLevel(logging.CRITICAL)
        for name in _TALKATIVE:
            self._keep(logging.getLogger(name))
            logging.getLogger(name).setLevel(max(level, logging.INFO))
        # Requests are counted and traced; a line each, with what stands in the path, is neither cheap nor wanted.
        logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
        logging.captureWarnings(True)

    @property
    def dropped(self) -> int:
        """Lines lost because the reader was too slow or away."""
        return self._writer.dropped

    def close(self) -> None:
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(self._handler)
        for logger, level, handlers, propagate in reversed(self._before):
            logger.setLevel(level)
            logger.propagate = propagate
            if logger is not logging.getLogger():
                logger.handlers = handlers
        structlog.reset_defaults()
        self._writer.close()

    def _keep(self, logger: logging.Logger) -> None:
        self._before.append((logger, logger.level, list(logger.handlers), logger.propagate))


_configured: Logging | None = None  # structlog's set-up is one for the process, and so is this


def dropped_lines() -> int:
    """What the log as configured has lost so far."""
    return _configured.dropped if _configured is not None else 0


def configure_logging(level: str = "info", json: bool | None = None, stream: TextIO | None = None, capacity: int = 10_000) -> Logging:
    """Sets up structlog and the standard library's logging. `json` None: JSON unless the stream (stderr) is a terminal.

    Raises `Misconfigured` for a level that is not in `LEVELS`.
    """
    if (threshold := LEVELS.get(level.lower())) is None:
        raise Misconfigured(f"the log level must be one of {', '.join(LEVELS)}")
    stream = stream or sys.stderr
    terminal = stream.isatty()
    as_json = not terminal if json is None else json
    writer = LineWriter(stream, capacity)
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _named_for_ecs,
        _redacted,
        _as_json if as_json else _Readable(colours=terminal),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *names: _Sink(writer, names[0] if names else None),
        cache_logger_on_first_use=False,  # loggers made at import must follow a later set-up
    )
    global _configured
    _configured = Logging(writer, _StandardLibrary(_Sink(writer, None), processors), threshold)
    return _configured


def _named_for_ecs(logger: Any, method: str, event: EventDict) -> EventDict:
    line: EventDict = {
        "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "log.level": "error" if method == "exception" else method,
        "message": event.pop("event", ""),
        "ecs.version": ECS_VERSION,
        "service.name": SERVICE_NAME,
        "service.version": __version__,
    }
    if logger is not None and logger.name:
        line["log.logger"] = logger.name
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace.id"] = trace.format_trace_id(context.trace_id)
        line["span.id"] = trace.format_span_id(context.span_id)
    error = _error_of(event.pop("exc_info", None))
    event.pop("stack_info", None)
    for key, value in event.items():
        if key == "duration":
            line["event.duration"] = int(value * 1e9)  # ECS counts nanoseconds
        else:
            line[_ECS.get(key) or (key if "." in key else f"labels.{key}")] = value
    if error is not None:
        line["error.type"] = type_name(error)
        line["error.message"] = told(error)
        line["error.stack_trace"] = traced(error)
    return line


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    found = exc_info[1] if isinstance(exc_info, tuple) else sys.exc_info()[1] if exc_info else None
    return found if isinstance(found, BaseException) else None


# Made here, of safe parts: nothing to redact, and a stack trace keeps its line breaks.
_OURS = frozenset(("@timestamp", "log.level", "ecs.version", "service.name", "service.version", "trace.id", "span.id", "error.stack_trace"))


def _redacted(_: Any, __: str, line: EventDict) -> EventDict:
    """The last before rendering: whatever was added before it has been cleaned."""
    return {clean_text(key): value if key in _OURS else clean_value(key, value) for key, value in line.items()}


_encode = msgspec.json.Encoder().encode


def _as_json(_: Any, __: str, line: Mapping[str, Any]) -> str:
    return _encode(line).decode()


class _Readable:
    """`12:00:01.123 info  settled  invoice_id=...`, then the stack trace."""

    def __init__(self, colours: bool) -> None:
        self._colours = colours

    def __call__(self, _: Any, __: str, line: Mapping[str, Any]) -> str:
        level = line["log.level"]
        clock = time.strftime("%H:%M:%S") + line["@timestamp"][19:23]
        shown = " ".join(
            f"{key.removeprefix('labels.').removeprefix('event.')}={_readable(key, value)}"
            for key, value in line.items()
            if key not in _NOT_ON_TERMINAL and not key.startswith(("service.", "trace."))
        )
        head = f"{_COLOURS.get(level, '')}{level:<8}\x1b[0m" if self._colours else f"{level:<8}"
        text = f"{clock} {head} {line['message']}" + (f"  {shown}" if shown else "")
        return f"{text}\n{line['error.stack_trace']}" if "error.stack_trace" in line else text


def _readable(key: str, value: Any) -> str:
    return f"{value / 1e9:.3f}s" if key == "event.duration" else str(value)
