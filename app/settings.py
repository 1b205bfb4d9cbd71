"""All settings, read once at the root from `INVOICESTREAM_*` variables; one frozen class per dependency. Nothing below the root reads them.

URLs choose the adapter. A secret may stand in `NAME` or in the file that `NAME_FILE` names, and so may the SQL URL, which may hold a
password. Where no key is set and the data folder is ours, one is made there on the first start (mode 0600).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from app.domain.extraction import SURE
from app.errors import Misconfigured

PREFIX = "INVOICESTREAM_"


@dataclass(frozen=True, slots=True)
class Stores:
    """URLs may hold passwords."""

    data: Path  # folder of the embedded twins
    sql_url: str = field(repr=False)
    documents_url: str = field(repr=False)
    blobs_url: str = field(repr=False)
    broker_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """`audit` keys the audit chains, `tickets` the websocket tickets and cursors. Never printed."""

    audit: bytes = field(repr=False)
    tickets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    file_bytes: int = 25 * 1024 * 1024
    request_bytes: int = 100 * 1024 * 1024
    files_per_request: int = 50
    outbox_depth: int = 10_000  # beyond it a POST is told to come back: the stream does not keep up
    posts: int = 32  # of one tenant at once
    wait_seconds: float = 3600.0  # so long may what a tenant sent wait, before it is told to come back;
    shared_wait_seconds: float = 15.0  # so long while other tenants are about


@dataclass(frozen=True, slots=True)
class Ocr:
    """`tesseract`: a path, or a name to be found on PATH; `trained`: the folder of its languages, where it is not the usual one.
    `width`: pages read at once, 0 for one a core. `engines`: who reads first, and who is asked next; `easyocr`: where its weights are, if
    not where it puts them."""

    tesseract: str = "tesseract"
    trained: str = ""
    width: int = 0
    engines: tuple[str, ...] = ("ppocr", "tesseract")
    easyocr: str = ""


@dataclass(frozen=True, slots=True)
class Inference:
    """`url`: `local:` (our own repository's models, in a process beside this one), `local:/path` (another one's),
    `triton://host:port`, or `none`."""

    url: str = "local:"


@dataclass(frozen=True, slots=True)
class Telemetry:
    log_level: str = "info"
    log_json: bool = True
    otlp_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    stores: Stores
    secrets: Secrets
    telemetry: Telemetry = field(default_factory=Telemetry)
    limits: Limits = field(default_factory=Limits)
    ocr: Ocr = field(default_factory=Ocr)
    inference: Inference = field(default_factory=Inference)
    host: str = "127.0.0.1"
    port: int = 8000
    origins: frozenset[str] = frozenset()  # that browsers may open a websocket from
    drain_seconds: float = 20.0
    sure: float = SURE  # probability from which what is booked, matched and paid by is taken without a person
    lease_seconds: float = 60.0  # so long the work of a process that vanished waits for another one

    @staticmethod
    def embedded(
        data: Path,
        *,
        telemetry: Telemetry | None = None,
        ocr: Ocr | None = None,
        inference: Inference | None = None,
        sure: float = SURE,
    ) -> Settings:
        """Everything in one folder, no server needed."""
        settings = from_environ({PREFIX + "DATA": str(data)}, telemetry=telemetry)
        return replace(settings, ocr=ocr or Ocr(), inference=inference or Inference(), sure=sure)


def from_environ(environ: Mapping[str, str] = os.environ, *, telemetry: Telemetry | None = None) -> Settings:
    """Raises `Misconfigured` for a value that cannot be meant, naming the variable and never a secret."""

    def text(name: str, default: str) -> str:
        return environ.get(PREFIX + name) or default

    def number(name: str, default: int, least: int = 1) -> int:
        raw = text(name, str(default))
        if not raw.isascii() or not raw.isdigit() or int(raw) < least:
            raise Misconfigured(f"{PREFIX}{name} must be a whole number, at least {least}")
        return int(raw)

    data = Path(text("DATA", "var")).absolute()
    limits = Limits()
    return Settings(
        stores=Stores(
            data=data,
            sql_url=_url(environ, "SQL_URL") or f"sqlite+aiosqlite:///{data}/invoices.db",
            documents_url=_url(environ, "DOCUMENTS_URL") or f"sqlite:///{data}/documents.db",
            blobs_url=_url(environ, "BLOBS_URL") or f"file://{data}/blobs",
            broker_url=_url(environ, "BROKER_URL") or "memory://",
        ),
        secrets=Secrets(_secret(environ, "AUDIT_KEY", data), _secret(environ, "TICKETS_KEY", data)),
        telemetry=telemetry
        or Telemetry(
            log_level=text("LOG_LEVEL", "info").lower(),
            log_json=text("LOG_FORMAT", "json") == "json",
            otlp_endpoint=environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        ),
        limits=Limits(
            file_bytes=number("MAX_FILE_BYTES", limits.file_bytes, 1024),
            request_bytes=number("MAX_REQUEST_BYTES", limits.request_bytes, 1024),
            files_per_request=number("MAX_FILES", limits.files_per_request),
            outbox_depth=number("MAX_OUTBOX", limits.outbox_depth),
            posts=number("MAX_POSTS", limits.posts),
            wait_seconds=float(number("MAX_WAIT_SECONDS", int(limits.wait_seconds))),
            shared_wait_seconds=float(number("SHARED_WAIT_SECONDS", int(limits.shared_wait_seconds))),
        ),
        ocr=ocr_from_environ(environ),
        inference=inference_from_environ(environ),
        host=text("HOST", "127.0.0.1"),
        port=number("PORT", 8000, 0),
        origins=frozenset(o.strip() for o in text("ORIGINS", "").split(",") if o.strip()),
        drain_seconds=float(number("DRAIN_SECONDS", 20)),
        sure=sure_from_environ(environ),
        lease_seconds=float(number("LEASE_SECONDS", 60, 3)),
    )


def ocr_from_environ(environ: Mapping[str, str] = os.environ) -> Ocr:
    """Raises `Misconfigured`. `TESSDATA_PREFIX` is Tesseract's own name for the folder of its languages."""
    width = environ.get(PREFIX + "OCR_WIDTH") or "0"
    if not width.isascii() or not width.isdigit():
        raise Misconfigured(f"{PREFIX}OCR_WIDTH must be a whole number, 0 for one page a core")
    engines = tuple(name.strip() for name in (environ.get(PREFIX + "OCR_ENGINES") or "ppocr,tesseract").split(","))
    if not {"ppocr", "tesseract", "easyocr"}.issuperset(engines) or len(set(engines)) < len(engines):
        raise Misconfigured(f"{PREFIX}OCR_ENGINES names engines in turn, each once: ppocr, tesseract, easyocr")
    weights = environ.get(PREFIX + "EASYOCR_WEIGHTS", "")
    return Ocr(environ.get(PREFIX + "TESSERACT") or "tesseract", environ.get("TESSDATA_PREFIX", ""), int(width), engines, weights)


def inference_from_environ(environ: Mapping[str, str] = os.environ) -> Inference:
    """Set to nothing is `none`."""
    url = environ.get(PREFIX + "INFERENCE_URL")
    return Inference() if url is None else Inference(url or "none")


def sure_from_environ(environ: Mapping[str, str] = os.environ) -> float:
    """Raises `Misconfigured`."""
    raw = environ.get(PREFIX + "SURE") or str(SURE)
    if not re.fullmatch(r"[01](\.\d{1,6})?", raw) or float(raw) > 1:
        raise Misconfigured(f"{PREFIX}SURE must be a probability, from 0 to 1, such as 0.95")
    return float(raw)


def _url(environ: Mapping[str, str], name: str) -> str | None:
    """It may hold a password, so it may stand in a file too."""
    if value := environ.get(PREFIX + name):
        return value
    file = environ.get(f"{PREFIX}{name}_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text().strip() or _refuse_empty(name)
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{PREFIX}{name}_FILE names a file that cannot be read ({type(exc).__name__})") from None


def _secret(environ: Mapping[str, str], name: str, data: Path) -> bytes:
    if value := environ.get(PREFIX + name):
        return value.encode()
    file = Path(environ.get(f"{PREFIX}{name}_FILE") or data / f"{name.lower()}.secret")
    try:
        return file.read_bytes().strip() or _refuse_empty(name)
    except FileNotFoundError:
        if file.parent != data:
            raise Misconfigured(f"{PREFIX}{name}_FILE names a file that is not there") from None
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    value = secrets.token_hex(32)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:  # another process was quicker
        return file.read_bytes().strip()
    with os.fdopen(descriptor, "w") as made:
        made.write(value)
        made.flush()
        os.fsync(made.fileno())
    return value.encode()


def _refuse_empty(name: str) -> NoReturn:
    raise Misconfigured(f"the secret {PREFIX}{name} is empty")
