"""The client's side of a fault run: posts files through every crash and writes down, in a file of its own, what it was told."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from app.samples.crowd import many
from tests.scans import pdf, scans
from tests.service import Client, ServiceProcess
from tests.stacks import stack


@dataclass(slots=True)
class Entry:
    """One file. `id`: of the 202, None while there was none. `recovered`: a broken POST had taken effect, as its repetition showed.
    `invoices`: how many there must be of it in the end."""

    name: str
    sha256: str
    key: str | None
    attempts: int = 0
    id: str | None = None
    recovered: bool = False
    invoices: int = 1
    refused: list[int] = field(default_factory=list)


class Journal:
    """Every line is written and flushed before the next step: what the client knows does not depend on the service."""

    def __init__(self, path: Path) -> None:
        self.entries: dict[str, Entry] = {}
        self._file = path.open("a")
        self._lock = threading.Lock()

    def note(self, entry: Entry, what: str, **told: object) -> None:
        with self._lock:
            self.entries[entry.name] = entry
            self._file.write(json.dumps({"at": time.time(), "what": what, "name": entry.name, **told}) + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes
    invoices: int = 1


class Crowd:
    """Documents of which no two are alike, ever."""

    def __init__(self, seed: int) -> None:
        self._made = many(1_000_000, "mixed", seed)
        self._numbers = count(1)
        self._seed = seed
        self._page = scans(1, seed)[0].jpeg

    def files(self, number: int, scans: int = 0, stacks: int = 0) -> list[File]:
        """`scans`: so many of them, the first, are PDFs that hold pictures of pages; `stacks`: so many after them hold three invoices."""
        made = [File(f"{place:05d}.pdf", pdf(self._page, place)) for place in islice(self._numbers, scans)]
        made += [File(f"{place:05d}.pdf", stack(self._seed + 1000 + place), invoices=3) for place in islice(self._numbers, stacks)]
        others = islice(self._made, number - len(made))
        return made + [File(f"{next(self._numbers):05d}.{suffix}", content) for suffix, content in others]


class Posters:
    """Threads that post the files, at most `rate` a second together, and wait while the service is `up` no more.

    Every second file is sent with an Idempotency-Key and again until it is accepted; the others are sent once: when that
    connection breaks, nobody knows whether they were accepted, and nothing was promised. What was refused for now is sent again.
    Several services are asked in turn, and the next one when one does not listen. `waits`: seconds until each answer came.
    """

    def __init__(
        self,
        services: ServiceProcess | Sequence[ServiceProcess],
        journal: Journal,
        files: Sequence[File],
        rate: float,
        threads: int = 4,
        timeout: float = 60.0,
    ) -> None:
        self.up = threading.Event()
        self.waits: list[float] = []
        self._services = [services] if isinstance(services, ServiceProcess) else list(services)
        self._journal = journal
        self._files = list(enumerate(files))[::-1]
        self._pause = threads / rate
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._timeout = timeout
        self._threads = [threading.Thread(target=self._run, name=f"poster-{number}") for number in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def wait(self, deadline: float) -> None:
        """Until every file was sent. Raises TimeoutError after `deadline` seconds."""
        ends = time.monotonic() + deadline
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        if not self.done:
            raise TimeoutError("the clients could not send everything")

    def close(self) -> None:
        """Sends no more, whatever is left."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        clients = deque(service.client(self._timeout) for service in self._services)
        while not self._ended.is_set():
            with self._lock:
                if not self._files:
                    break
                number, file = self._files.pop()
            digest = hashlib.sha256(file.content).hexdigest()
            entry = Entry(file.name, digest, f"{file.name}-{digest[:8]}" if number % 2 else None, invoices=file.invoices)
            pause = 0.05
            while not self._ended.is_set() and self._once(clients, entry, file):
                self._ended.wait(pause)
                pause = min(0.5, 1.5 * pause)
            self._ended.wait(self._pause)
        for client in clients:
            client.close()

    def _once(self, clients: deque[Client], entry: Entry, file: File) -> bool:
        """Whether to try again."""
        if not self.up.wait(0.5):
            return True
        self._journal.note(entry, "attempt")
        entry.attempts += 1
        clients.rotate()
        began = time.monotonic()
        try:
            answer = clients[0].post({file.name: file.content}, entry.key)
        except ConnectionRefusedError:  # certainly not received
            if len(clients) == 1:
                self.up.clear()
            return True
        except (OSError, http.client.HTTPException):
            self._journal.note(entry, "unknown")
            return entry.key is not None
        self.waits.append(time.monotonic() - began)
        if answer.status == 202:
            (told,) = answer.json()["invoices"]
            entry.id = told["id"]
            entry.recovered = answer.headers.get("idempotent-replayed") == "true" or bool(told.get("duplicate_of"))
            self._journal.note(entry, "accepted", id=entry.id, recovered=entry.recovered)
            return False
        self._journal.note(entry, "refused", status=answer.status)
        entry.refused.append(answer.status)
        return answer.status in (409, 503)  # another attempt still holds the key; the service is starting or ending
