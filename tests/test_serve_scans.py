"""The service while Tesseract is away: scans wait, everything else flows; once it is there the scans are done."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from app.samples.crowd import many
from tests.rendered import ENGLISH, page
from tests.service import PATIENCE, SETTLED, ServiceProcess

pytestmark = pytest.mark.timeout(600)


def scan() -> bytes:
    drawn, _ = page(*ENGLISH)
    out = io.BytesIO()
    Image.frombytes("L", (drawn.width, drawn.height), os.pread(drawn.memory, drawn.width * drawn.height, 0)).save(out, "PNG")
    drawn.close()
    return out.getvalue()


def test_scans_wait_for_the_engine_and_others_do_not(tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    alone = {"INVOICESTREAM_TESSERACT": str(program), "INVOICESTREAM_OCR_ENGINES": "tesseract"}
    with ServiceProcess(tmp_path / "data", alone) as service:
        client = service.client()
        (waiting,) = client.post({"scan.png": scan()}).json()["invoices"]
        _, digital = next(many(1, "digital"))
        (other,) = client.post({"invoice.pdf": digital}).json()["invoices"]
        until = time.monotonic() + PATIENCE
        while b'ocr_pages_total{engine="",outcome="unavailable"}' not in client.call("GET", "/metrics").body:
            assert time.monotonic() < until
            time.sleep(0.05)  # the service has the same cores
        while client.invoice(other["id"])["status"] not in SETTLED:
            assert time.monotonic() < until
            time.sleep(0.05)  # the service has the same cores
        ready = client.call("GET", "/readyz")
        assert ready.status == 200
        assert json.loads(ready.body)["checks"]["ocr"] == "down: not installed" and json.loads(ready.body)["degraded"] == ["ocr"]
        assert client.invoice(waiting["id"])["status"] not in SETTLED

        program.symlink_to(shutil.which("tesseract") or "")
        while (done := client.invoice(waiting["id"]))["status"] not in SETTLED:
            assert time.monotonic() < until + PATIENCE
            time.sleep(0.05)
        assert done["status"] == "needs_review" and done["source"] == "ocr" and done["invoice"]["number"] == "2026-0117"
        assert json.loads(client.call("GET", "/readyz").body)["checks"]["ocr"] == "ok"
        events = client.call("GET", f"/invoices/{waiting['id']}/events").json()
        assert {event.get("attempt") for event in events["events"]} <= {None, 0, 1}  # waiting costs no attempt
        client.close()
