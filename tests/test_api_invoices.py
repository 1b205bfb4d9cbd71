"""REST on the real store: what a good caller sees."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pymupdf
import pytest
from PIL import Image

from app.adapters.sandbox import ForkSandbox
from app.domain.document import Document, Page, View
from app.ports import Settlement
from tests.api_host import RESULT, Host, is_problem, multipart, open_host
from tests.pictures import page_image, saved


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(tmp_path) as host:
        yield host


async def test_files_are_accepted_and_found_again(host: Host) -> None:
    async with host.client() as client:
        answer = await client.post("/invoices", files=[("file", ("a.xml", b"<A/>")), ("files", ("b.pdf", b"%PDF-1.7 b"))])
        assert answer.status_code == 202
        first, second = answer.json()["invoices"]
        assert answer.headers["location"] == first["location"] == f"/invoices/{first['id']}"
        assert first["status"] == "received" and first["duplicate_of"] is None
        assert first["id"] != second["id"] and first["document_id"] != second["document_id"]

        read = await client.get(first["location"])
        assert read.status_code == 200
        told = read.json()
        assert told["id"] == first["id"] and told["file"] == "a.xml" and told["status"] == "received"
        assert told["invoice"] is None and told["fields"] == {} and told["findings"] == []


async def test_the_same_bytes_again_are_the_first_invoice(host: Host) -> None:
    first = await host.send(b"<Same/>")
    async with host.client() as client:
        again = (await client.post("/invoices", files={"file": ("other name.xml", b"<Same/>")})).json()["invoices"][0]
        assert again["id"] == again["duplicate_of"] == first
    assert await host.send(b"<Same/>", "other") != first
    assert host.context.metrics.registry.get_sample_value("invoice_accepted_total", {"source": "api"}) == 2


async def test_a_settled_invoice_is_told_whole(host: Host) -> None:
    invoice_id = await host.send()
    await host.settle(invoice_id)
    async with host.client() as client:
        told = (await client.get(f"/invoices/{invoice_id}")).json()
    assert told["status"] == "approved" and told["page_range"] == [1, 2] and told["source"] == "text"
    assert told["invoice"]["total_with_tax"] == "1190.00" and told["invoice"]["issue_date"] == "2026-01-31"
    assert told["invoice"]["lines"][0]["quantity"] == "1000"
    assert told["fields"]["number"] == {
        "confidence": 0.9877,
        "source": "text",
        "engine": "candidates",
        "page": 1,
        "box": [0.1235, 0.2, 0.3, 0.4],
    }


async def test_an_etag_saves_the_body_until_the_invoice_changes(host: Host) -> None:
    invoice_id = await host.send()
    async with host.client() as client:
        etag = (await client.get(f"/invoices/{invoice_id}")).headers["etag"]
        same = await client.get(f"/invoices/{invoice_id}", headers={"if-none-match": f'"x", W/{etag}'})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        await host.settle(invoice_id)
        changed = await client.get(f"/invoices/{invoice_id}", headers={"if-none-match": etag})
        assert changed.status_code == 200 and changed.headers["etag"] != etag


async def test_the_original_comes_back_as_a_download(host: Host) -> None:
    content = b"<Invoice>" + b"x" * 700_000 + b"</Invoice>"
    invoice_id = await host.send(content, name='Rechnung "März" 100%.xml')
    async with host.client() as client:
        answer = await client.get(f"/invoices/{invoice_id}/original")
    assert answer.content == content and answer.headers["content-length"] == str(len(content))
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Rechnung _M_rz_ 100_.xml\"; filename*=UTF-8''Rechnung%20%22M%C3%A4rz%22%20100%25.xml"
    )
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("sandbox;")


async def test_a_listing_goes_on_where_its_link_leads(host: Host) -> None:
    ids = [await host.send(b"<I>%d</I>" % n) for n in range(5)]
    async with host.client() as client:
        seen: list[str] = []
        path = "/invoices?limit=2&status=received&unknown=1"
        while True:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            seen += [summary["id"] for summary in answer.json()["invoices"]]
            if "link" not in answer.headers:
                assert answer.json()["next_cursor"] is None
                break
            path = answer.headers["link"].removesuffix('>; rel="next"').removeprefix("<")
    assert seen == ids[::-1]


async def test_a_listing_is_filtered(host: Host) -> None:
    settled, waiting = await host.send(b"<S/>"), await host.send(b"<W/>")
    await host.settle(settled)

    async def found(**query: str) -> list[str]:
        async with host.client() as client:
            answer = await client.get("/invoices", params=query)
            assert answer.status_code == 200, answer.text
            return [summary["id"] for summary in answer.json()["invoices"]]

    assert await found(status="approved") == await found(number="A-1") == await found(seller="Nordlicht GmbH") == [settled]
    assert await found(status="received") == [waiting]
    assert await found(number="A-2") == await found(received_from="2999-01-01T00:00:00Z") == await found(received_to="2000-01-01") == []
    assert await found(received_from="2000-01-01T00:00:00+02:00") == [waiting, settled]


async def test_events_are_kept_in_order(host: Host) -> None:
    invoice_id = await host.send()
    await host.settle(invoice_id, Settlement("quarantined", "damaged"))
    async with host.client() as client:
        whole = (await client.get(f"/invoices/{invoice_id}/events")).json()
        assert [event["type"] for event in whole["events"]] == ["received", "processing", "quarantined"]
        assert whole["events"][2]["data"]["reason"] == "damaged" and whole["events"][2]["attempt"] == 1
        ids = [event["id"] for event in whole["events"]]
        assert ids == sorted(set(ids)) and whole["last_event_id"] == ids[-1]
        rest = (await client.get(f"/invoices/{invoice_id}/events", params={"after": ids[0], "limit": 1})).json()
        assert [event["id"] for event in rest["events"]] == [ids[1]] and rest["last_event_id"] == ids[1]
        none = (await client.get(f"/invoices/{invoice_id}/events", params={"after": ids[2]})).json()
        assert none == {"events": [], "last_event_id": ids[2]}


async def test_retry_needs_the_version_that_was_decided_on(host: Host) -> None:
    invoice_id = await host.send()
    path = f"/invoices/{invoice_id}/retry"
    async with host.client() as client:
        first = (await client.get(f"/invoices/{invoice_id}")).headers["etag"]
        assert is_problem(await client.post(path), 428, "precondition_required")
        assert is_problem(await client.post(path, headers={"if-match": first}), 409, "not_settled")
        await host.settle(invoice_id, Settlement("quarantined", "damaged"))
        assert is_problem(await client.post(path, headers={"if-match": first}), 412, "version_conflict")
        current = (await client.get(f"/invoices/{invoice_id}")).headers["etag"]
        assert is_problem(await client.post(path, headers={"if-match": "W/" + current}), 412, "version_conflict")
        answer = await client.post(path, headers={"if-match": f'"0", {current}'})
        assert answer.status_code == 202 and answer.json()["status"] == "received" and answer.json()["reason"] is None
        assert answer.headers["etag"] not in (first, current)
        events = (await client.get(f"/invoices/{invoice_id}/events")).json()["events"]
        assert [event["type"] for event in events] == ["received", "processing", "quarantined", "received"]


async def test_retry_of_whatever_version(host: Host) -> None:
    invoice_id = await host.send()
    await host.settle(invoice_id)
    async with host.client() as client:
        answer = await client.post(f"/invoices/{invoice_id}/retry", headers={"if-match": "*"})
    assert answer.status_code == 202 and answer.json()["status"] == "received"


async def test_of_many_retries_at_once_one_wins(host: Host) -> None:
    invoice_id = await host.send()
    await host.settle(invoice_id)
    async with host.client() as client:
        etag = (await client.get(f"/invoices/{invoice_id}")).headers["etag"]
        answers = await asyncio.gather(*(client.post(f"/invoices/{invoice_id}/retry", headers={"if-match": etag}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202, *[412] * 7]


async def test_pages_are_pictures_from_the_sandbox(tmp_path: Path) -> None:
    with pymupdf.open() as pdf:
        pdf.new_page(width=200, height=100).insert_text((20, 50), "Invoice 1")
        content = pdf.tobytes()
    async with ForkSandbox.open(width=1) as sandbox, open_host(tmp_path, sandbox=sandbox) as host:
        invoice_id, xml = await host.send(content, name="a.pdf"), await host.send(b"<Invoice/>")
        async with host.client() as client:
            answer = await client.get(f"/invoices/{invoice_id}/pages/1.png", params={"dpi": 144})
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "image/png" and answer.headers["cache-control"].startswith("private")
            picture = pymupdf.Pixmap(answer.content)
            assert (picture.width, picture.height) == (400, 200)
            again = await client.get(
                f"/invoices/{invoice_id}/pages/1.png", params={"dpi": 144}, headers={"if-none-match": answer.headers["etag"]}
            )
            assert again.status_code == 304
            for path in (f"{invoice_id}/pages/2.png", f"{invoice_id}/pages/0.png", f"{invoice_id}/pages/x.png", f"{xml}/pages/1.png"):
                assert (await client.get(f"/invoices/{path}")).status_code == 404, path
            assert is_problem(await client.get(f"/invoices/{invoice_id}/pages/1.png?dpi=1000"), 422, "invalid_request")


async def test_a_page_is_shown_as_it_was_read(tmp_path: Path) -> None:
    """Upside down in the file; the boxes of the result refer to the upright page."""
    upright = page_image()
    content = saved(upright.transpose(Image.Transpose.ROTATE_180), "PNG", dpi=(75, 75))
    async with ForkSandbox.open(width=1) as sandbox, open_host(tmp_path, sandbox=sandbox) as host, host.client() as client:
        invoice_id = await host.send(content, name="scan.png")

        async def shown() -> tuple[str, np.ndarray]:
            answer = await client.get(f"/invoices/{invoice_id}/pages/1.png", params={"dpi": 75})
            assert answer.status_code == 200, answer.text
            return answer.headers["etag"], np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))

        first, before = await shown()
        view = View(595.2, 841.9, (-1, 0, 1, 0, -1, 1, 0, 0, 1))
        pages = (Page(1, 595.2, 841.9, text="read", view=view),)
        snapshot = msgspec.json.encode({"document": Document("image/png", pages), "versions": {}})
        job = await host.store.claim("acme", invoice_id, "test", 60)
        assert not isinstance(job, str)
        await host.context.documents.save("acme", f"{invoice_id}:{job.version}:{job.attempt}", snapshot)
        assert (await shown())[1].shape == before.shape  # not settled yet: as it lies
        await host.store.settle(job, Settlement("approved", result=RESULT))
        second, after = await shown()
        assert first != second
        assert before[:30].mean() > 200 and before[-30:].mean() < 100
        assert after[:30].mean() < 100 and after[-30:].mean() > 200
        await host.store.for_tenant("acme").retry(invoice_id, job.version + 1, "key:1", None)
        assert (await shown())[1][:30].mean() > 200


class TestIdempotencyKey:
    async def test_the_first_answer_is_given_again(self, host: Host) -> None:
        async with host.client(**{"idempotency-key": "one"}) as client:
            first = await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})
            again = await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})
            other = await client.post("/invoices", files={"file": ("a.xml", b"<B/>")})
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.json() == first.json() and again.headers["location"] == first.headers["location"]
        assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
        assert is_problem(other, 422, "idempotency_key_reused")

    async def test_of_many_at_once_one_is_accepted(self, host: Host) -> None:
        async with host.client(**{"idempotency-key": "many"}) as client:
            answers = await asyncio.gather(*(client.post("/invoices", files={"file": ("a.xml", b"<A/>")}) for _ in range(20)))
            accepted = [answer for answer in answers if answer.status_code == 202]
            assert len({answer.json()["invoices"][0]["id"] for answer in accepted}) == 1
            assert sum("idempotent-replayed" not in answer.headers for answer in accepted) == 1
            assert all(is_problem(answer, 409, "idempotency_in_flight") for answer in answers if answer not in accepted)
            listed = (await client.get("/invoices")).json()["invoices"]
        assert len(listed) == 1

    async def test_it_is_held_while_the_body_comes_and_free_after_a_failure(self, host: Host) -> None:
        body, headers = multipart([("a.xml", b"<A/>")])
        arrived, finish = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield body[:20]
            arrived.set()
            await finish.wait()
            yield body[20:40]  # and no more: a broken body

        async with host.client(**{"idempotency-key": "slow"}) as client:
            first = asyncio.create_task(client.post("/invoices", content=slow(), headers=headers))
            await arrived.wait()
            assert is_problem(await client.post("/invoices", content=body, headers=headers), 409, "idempotency_in_flight")
            finish.set()
            assert is_problem(await first, 400, "bad_multipart")
            assert (await client.post("/invoices", content=body, headers=headers)).status_code == 202

    async def test_two_tenants_may_use_the_same(self, host: Host) -> None:
        for key in ("acme", "other"):
            async with host.client(key, **{"idempotency-key": "same"}) as client:
                answer = await client.post("/invoices", files={"file": ("a.xml", key.encode().join((b"<", b"/>")))})
            assert answer.status_code == 202 and "idempotent-replayed" not in answer.headers

    @pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x00", "ä"])
    async def test_an_odd_one_is_refused(self, host: Host, key: str) -> None:
        async with host.client() as client:
            answer = await client.post(
                "/invoices", files={"file": ("a.xml", b"<A/>")}, headers=[(b"idempotency-key", key.encode("latin-1"))]
            )
        assert is_problem(answer, 400, "bad_idempotency_key")
