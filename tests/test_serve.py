"""The service as a process: a drain on SIGTERM loses nothing and exits 0."""

from __future__ import annotations

import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest

from app.samples.crowd import many
from tests.service import PATIENCE, SETTLED, ServiceProcess


@pytest.mark.timeout(600)
def test_sigterm_under_load_finishes_or_gives_back_and_exits_0(tmp_path: Path) -> None:
    accepted: list[str] = []
    refused: list[int] = []
    with ServiceProcess(tmp_path / "data") as service:

        def send() -> None:
            client = service.client()
            for name, content in many(60, "mixed", seed=11):
                try:
                    answer = client.post({name: content})
                except (OSError, HTTPException):
                    return  # the sockets are closed: nothing was promised
                if b"sql cannot serve now" in answer.body:
                    continue  # a disk that is too slow, and an honest answer
                if answer.status == 202:
                    accepted.extend(invoice["id"] for invoice in answer.json()["invoices"])
                else:
                    refused.append(answer.status)

        sender = threading.Thread(target=send)
        sender.start()
        deadline = time.monotonic() + PATIENCE
        while len(accepted) < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        # It gives what is in hand 20 s, and requests 5; the rest of this minute is for a slow disk.
        assert service.stop(deadline=60) == 0, service.log_tail()
        sender.join(PATIENCE)
        assert len(accepted) >= 10
        assert refused == []

        service.start()
        client = service.client()
        deadline = time.monotonic() + PATIENCE
        states = {}
        while time.monotonic() < deadline:
            states = {invoice_id: client.invoice(invoice_id)["status"] for invoice_id in accepted}
            if set(states.values()) <= SETTLED:
                break
            time.sleep(0.1)
        client.close()
        assert "approved" in states.values() and set(states.values()) <= {"approved", "needs_review"}
        errors = [line for line in service.log.read_text().splitlines() if '"log.level":"error"' in line]
        # A POST that a slow disk holds up for longer than those 5 s is cut off; it was promised nothing.
        assert [line for line in errors if "timeout graceful shutdown exceeded" not in line] == []
