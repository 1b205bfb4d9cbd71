"""The service as a process: a drain on SIGTERM loses nothing and exits 0."""

from __future__ import annotations

import threading
import time
from http.client import HTTPException
from pathlib import Path

from app.samples.crowd import many
from tests.service import SETTLED, ServiceProcess


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
                if answer.status == 202:
                    accepted.extend(invoice["id"] for invoice in answer.json()["invoices"])
                else:
                    refused.append(answer.status)

        sender = threading.Thread(target=send)
        sender.start()
        deadline = time.monotonic() + 20
        while len(accepted) < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
        assert service.stop() == 0, service.log_tail()
        assert time.monotonic() - began < 30
        sender.join(30)
        assert len(accepted) >= 10
        assert refused == []

        service.start()
        client = service.client()
        deadline = time.monotonic() + 60
        states = {}
        while time.monotonic() < deadline:
            states = {invoice_id: client.invoice(invoice_id)["status"] for invoice_id in accepted}
            if set(states.values()) <= SETTLED:
                break
            time.sleep(0.1)
        client.close()
        assert set(states.values()) == {"approved"}
        assert '"log.level":"error"' not in service.log.read_text()
