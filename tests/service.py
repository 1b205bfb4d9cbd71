"""`invoicestream serve` as a process of its own, and a small client: for the measuring tools and the tests that end processes.

with ServiceProcess(folder) as service:
    accepted = service.client().post({"a.xml": content})
    service.kill(); service.start()
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families

SETTLED = frozenset(("approved", "needs_review", "rejected", "quarantined"))
PATIENCE = 120.0  # seconds for what takes two on an idle machine: the disk may be slow, the cores may be taken
COMMAND = Path(sys.executable).parent / "invoicestream"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Client:
    """One keep-alive connection. A lost connection raises OSError or HTTPException: whether the call took effect is then unknown."""

    port: int
    key: str = field(repr=False)
    timeout: float = 60.0
    _connection: http.client.HTTPConnection | None = None
    _used: float = 0.0

    def call(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        if self._connection is not None and time.monotonic() - self._used > 10:
            self.close()  # the server may have, by now
        self._used = time.monotonic()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            self._connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", **(headers or {})})
            response = self._connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def post(self, files: Mapping[str, bytes], idempotency_key: str | None = None) -> Answer:
        body, kind = multipart(files)
        headers = {"Content-Type": kind} | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})
        return self.call("POST", "/invoices", body, headers)

    def invoice(self, invoice_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/invoices/{invoice_id}")
        if answer.status != 200:
            raise LookupError(f"GET /invoices/{invoice_id}: {answer.status}")
        told: dict[str, Any] = answer.json()
        return told

    def listing(self) -> list[dict[str, Any]]:
        """Every invoice of the tenant, newest first, page by page."""
        found: list[dict[str, Any]] = []
        path = "/invoices?limit=100"
        while True:
            answer = self.call("GET", path)
            if answer.status != 200:
                raise LookupError(f"GET {path}: {answer.status} {answer.body[:300]!r}")
            page = answer.json()
            found.extend(page.get("invoices") or page.get("items") or [])
            if not (cursor := page.get("next_cursor")):
                return found
            path = f"/invoices?limit=100&cursor={cursor}"

    def metrics(self) -> dict[str, float]:
        """The samples of /metrics: "name" or "name{label=value,...}" (labels in order of name) to value."""
        return parse_metrics(self.call("GET", "/metrics").body.decode())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def multipart(files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """(body, content type) of a form with these files."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n"
        for name, content in files.items()
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def parse_metrics(text: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


class ServiceProcess:
    """The service on a port of its own with its data in `data`; its log goes to `log` (beside the data). One tenant with one key."""

    tenant = "trial"

    def __init__(self, data: Path, environ: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self.port = free_port()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("INVOICESTREAM_", "OTEL_"))}
        plain = {"INVOICESTREAM_DATA": str(data), "INVOICESTREAM_INFERENCE_URL": "none"}  # tests of reading by models say otherwise
        self._environ = inherited | plain | dict(environ or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.command("migrate")
        self.key = self.command("keys", "create", self.tenant).strip()

    def command(self, *arguments: str) -> str:
        """Runs `invoicestream ARGUMENTS` on the same data and returns what it prints. Raises CalledProcessError."""
        done = subprocess.run([COMMAND, *arguments], env=self._environ, capture_output=True, timeout=4 * PATIENCE)
        if done.returncode:
            error = subprocess.CalledProcessError(done.returncode, ["invoicestream", *arguments], done.stdout, done.stderr)
            error.add_note(done.stderr.decode(errors="replace")[-2000:])
            raise error
        return done.stdout.decode()

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def client(self, timeout: float = 60.0) -> Client:
        return Client(self.port, self.key, timeout)

    def launch(self, environ: Mapping[str, str] | None = None) -> None:
        """Starts the process and returns at once. `environ`: for this start only."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port)], env=self._environ | dict(environ or {}), stdout=log, stderr=log
            )

    def start(self, environ: Mapping[str, str] | None = None, deadline: float = PATIENCE) -> float:
        """Starts it and waits until /readyz says yes. Returns the seconds that took; TimeoutError, or RuntimeError if it ended."""
        self.launch(environ)
        return self.wait_ready(deadline)

    def wait_ready(self, deadline: float = PATIENCE) -> float:
        assert self._process is not None, "not started"
        began = time.monotonic()
        while time.monotonic() - began < deadline:
            if (code := self._process.poll()) is not None:
                raise RuntimeError(f"the service ended with {code}: {self.log_tail()}")
            try:
                probe = Client(self.port, self.key, timeout=10.0)
                if probe.call("GET", "/readyz").status == 200:
                    return time.monotonic() - began
            except (OSError, http.client.HTTPException):
                pass
            finally:
                probe.close()
            time.sleep(0.05)
        raise TimeoutError(f"not ready after {deadline} s: {self.log_tail()}")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ended(self) -> int | None:
        """The exit code (negative: the signal) if the process is gone, else None."""
        return self._process.poll() if self._process else None

    def wait_ended(self, deadline: float = PATIENCE) -> int:
        """Until it ends by itself. Returns the exit code; raises TimeoutExpired."""
        assert self._process is not None, "not started"
        return self._process.wait(deadline)

    def kill(self) -> None:
        """kill -9, and waits for the end."""
        assert self._process is not None, "not started"
        self._process.kill()
        self._process.wait(PATIENCE)

    def stop(self, deadline: float = PATIENCE) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None, "not started"
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(deadline)

    def log_tail(self, size: int = 2000) -> str:
        return self.log.read_bytes()[-size:].decode(errors="replace") if self.log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.running:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives away: nobody gets it by chance while the service restarts."""
    first_given_away = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = secrets.choice(range(10_000, first_given_away)) if first_given_away > 10_100 else 0
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
