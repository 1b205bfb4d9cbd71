"""Two services on one MariaDB: each takes uploads, both know all of them, none is settled twice; the password is in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.doctor import _sql
from app.samples import make_samples
from app.settings import from_environ
from tests.servers import mariadb
from tests.service import SETTLED, Client, ServiceProcess

pytestmark = pytest.mark.timeout(600)


async def until_settled(client: Client, ids: list[str]) -> None:
    async with asyncio.timeout(120):
        while not all(client.invoice(invoice_id)["status"] in SETTLED for invoice_id in ids):
            await asyncio.sleep(0.05)


async def test_two_services_share_a_database(tmp_path: Path) -> None:
    url = await mariadb.empty()
    (tmp_path / "url").write_text(url + "\n")
    environ = {
        "INVOICESTREAM_SQL_URL_FILE": str(tmp_path / "url"),
        "INVOICESTREAM_BLOBS_URL": f"file://{tmp_path}/blobs",
        "INVOICESTREAM_AUDIT_KEY": "the audit key of both",
    }
    samples = [path for path in make_samples(tmp_path / "samples") if path.suffix == ".xml"]
    files = {f"{n} {path.name}": path.read_bytes() + b"\n" * n for n in range(4) for path in samples}
    one, two = ServiceProcess(tmp_path / "one", environ), ServiceProcess(tmp_path / "two", environ)
    with one, two:
        clients = [one.client(), two.client()]
        answers = [clients[n % 2].post({name: content}) for n, (name, content) in enumerate(files.items())]
        assert {answer.status for answer in answers} == {202}
        ids = [answer.json()["invoices"][0]["id"] for answer in answers]
        again = clients[0].post(dict([list(files.items())[1]])).json()["invoices"][0]  # the other service had it
        assert (again["id"], again["duplicate_of"]) == (ids[1], ids[1])
        for client in clients:
            await until_settled(client, ids)
            assert {item["id"] for item in client.listing()} == set(ids)
        for invoice_id in ids:
            events = clients[0].call("GET", f"/invoices/{invoice_id}/events").json()["events"]
            assert [event["type"] for event in events][:2] == ["received", "processing"] and len(events) == 3
        assert clients[0].call("GET", "/readyz").status == 200
        assert f"{len(ids)} approved" in await _sql(from_environ({**environ, "INVOICESTREAM_DATA": str(tmp_path / "none")}))
        assert one.command("verify-audit", one.tenant)
        for client in clients:
            client.close()
    for log in (one.log, two.log):
        assert mariadb.PASSWORD not in log.read_text()
