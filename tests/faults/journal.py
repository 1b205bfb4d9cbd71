"""The client's side of a fault run: posts files through every crash and writes down, in a file of its own, what it was told."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.service import Client, ServiceProcess


@dataclass(slots=True)
class Entry:
    """One file. `id`: of the 202, None while there was none. `recovered`: a broken POST had taken effect, as its repetition showed."""

    name: str
    sha256: str
    key: str | None
    attempts: int = 0
    id: str | None = None
    recovered: bool = False
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


class Posters:
    """Threads that post the files, at most `rate` a second together, and wait while the service is `up` no more.

    Every second file is sent with an Idempotency-Key and again until it is accepted; the others are sent once: when that
    connection breaks, nobody knows whether they were accepted, and nothing was promised.
    """

    def __init__(self, service: ServiceProcess, journal: Journal, files: Sequence[File], rate: float, threads: int = 4) -> None:
        self.up = threading.Event()
        self._service = service
        self._journal = journal
        self._files = list(enumerate(files))[::-1]
        self._pause = threads / rate
        self._lock = threading.Lock()
        self._ended = threading.Event()
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
        client = self._service.client()
        while not self._ended.is_set():
            with self._lock:
                if not self._files:
                    break
                number, file = self._files.pop()
            digest = hashlib.sha256(file.content).hexdigest()
            entry = Entry(file.name, digest, f"{file.name}-{digest[:8]}" if number % 2 else None)
            while not self._ended.is_set() and self._once(client, entry, file):
                self._ended.wait(0.05)
            self._ended.wait(self._pause)
        client.close()

    def _once(self, client: Client, entry: Entry, file: File) -> bool:
        """Whether to try again."""
        if not self.up.wait(0.5):
            return True
        self._journal.note(entry, "attempt")
        entry.attempts += 1
        try:
            answer = client.post({file.name: file.content}, entry.key)
        except ConnectionRefusedError:  # certainly not received
            self.up.clear()
            return True
        except (OSError, http.client.HTTPException):
            self._journal.note(entry, "unknown")
            return entry.key is not None
        if answer.status == 202:
            (told,) = answer.json()["invoices"]
            entry.id = told["id"]
            entry.recovered = answer.headers.get("idempotent-replayed") == "true"
            self._journal.note(entry, "accepted", id=entry.id, recovered=entry.recovered)
            return False
        self._journal.note(entry, "refused", status=answer.status)
        entry.refused.append(answer.status)
        return answer.status in (409, 503)  # another attempt still holds the key; the service is starting or ending
