"""The promise to whoever sends an XML invoice: two hundred scans that came before it do not make it wait. Measured by the client."""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

from app.samples.crowd import many
from tests.scans import mixture
from tests.service import SETTLED, Client, ServiceProcess

SCANS = 200
PROMISE = 1.0  # seconds from the POST to the settled invoice
PATIENCE = 60.0


def test_xml_behind_two_hundred_scans_is_settled_within_a_second(tmp_path: Path) -> None:
    scans = list(mixture(SCANS))
    service = ServiceProcess(tmp_path / "data")
    try:
        service.start(deadline=PATIENCE)
        with closing(service.client()) as client:
            for first in range(0, SCANS, 50):
                assert client.post(dict(scans[first : first + 50])).status == 202
            seconds = [settled_after(client, f"{number}.xml", content) for number, (_, content) in enumerate(islice(many(5, "xml", 17), 5))]
            waiting = [one for one in client.listing() if one["file"].startswith("scan-") and one["status"] not in SETTLED]
        assert len(waiting) > SCANS / 2  # they did come first, and are not done
        assert statistics.median(seconds) < PROMISE, seconds
    finally:
        if service.running:
            service.kill()  # nobody waits for two hundred scans


def settled_after(client: Client, name: str, content: bytes) -> float:
    """Seconds from the start of the POST until the client is told that the invoice is settled."""
    began = time.monotonic()
    answer = client.post({name: content})
    assert answer.status == 202
    invoice_id = answer.json()["invoices"][0]["id"]
    while (invoice := client.invoice(invoice_id))["status"] not in SETTLED and time.monotonic() < began + PATIENCE:
        time.sleep(0.01)
    assert (invoice["status"], invoice["source"]) == ("approved", "xml")
    return time.monotonic() - began
