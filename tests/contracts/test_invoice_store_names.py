"""The contract of `InvoiceStore`: what it says of the other stores. The adapters are those of the other half of the contract."""

from __future__ import annotations

import json

import pytest

from app.ports import InvoiceStore, Settlement, TenantInvoices
from tests.contracts.test_invoice_store import APPROVED, AWKWARD, NOBODY, REFUSED, accept, acme, claim, clock, place, result, store, upload

__all__ = ["acme", "clock", "place", "store"]  # fixtures
pytestmark = pytest.mark.timeout(600)


async def test_every_invoice_of_every_tenant_is_named_once_in_pages(store: InvoiceStore, acme: TenantInvoices) -> None:
    other = store.for_tenant("other")
    ids = [(tenant, (await accept(tenants, f"{n}")).id) for tenant, tenants in (("acme", acme), ("other", other)) for n in range(5)]
    found: list[tuple[str, str]] = []
    after = ("", "")
    while page := await store.named(after, 3):
        after = page[-1].tenant, page[-1].invoice_id
        found += [(named.tenant, named.invoice_id) for named in page]
        assert all((named.version, named.audit_seq, named.snapshots) == (1, 1, {}) for named in page)
    assert found == sorted(ids)
    (named,) = await store.named_of("acme", [ids[0][1], ids[5][1], NOBODY])  # one of them is the other tenant's
    assert (named.invoice_id, named.sha256) == (ids[0][1], upload("0").blob.sha256)
    assert list(await store.named_of("acme", AWKWARD)) == []
    assert list(await store.named_of("acme", [])) == []


async def test_each_result_names_the_snapshot_of_its_attempt(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    first = await claim(store, accepted.id)
    record = await store.settle(first, APPROVED)
    await acme.retry(accepted.id, record.version, "someone", None)
    await store.release(await claim(store, accepted.id), counted=True)
    second = await claim(store, accepted.id)
    last = await store.settle(second, Settlement("needs_review", result=result("R-2")))
    (named,) = await store.named_of("acme", [accepted.id])
    keys = {f"{job.invoice_id}:{job.version}:{job.attempt}": job.version + 1 for job in (first, second)}
    assert named.snapshots == keys
    assert (named.version, named.audit_seq) == (last.version, 4)
    made = [await store.result("acme", accepted.id, version) for version in keys.values()]
    assert [result and result.extracted.invoice.number for result in made] == ["R-1", "R-2"]
    assert await store.result("acme", accepted.id, first.version) is None
    assert await store.result("other", accepted.id, last.version) is None


async def test_what_was_quarantined_names_no_snapshot(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    await store.settle(await claim(store, accepted.id), REFUSED)
    (named,) = await store.named_of("acme", [accepted.id])
    assert named.snapshots == {}


async def test_audit_rows_are_whole_and_in_order(store: InvoiceStore, acme: TenantInvoices) -> None:
    one, two = await accept(acme, "1"), await accept(acme, "2")
    await store.settle(await claim(store, one.id), APPROVED)
    rows = await store.audit_rows("acme", [two.id, one.id, NOBODY, *AWKWARD])
    assert [(row.invoice_id, row.seq) for row in rows] == [(one.id, 1), (one.id, 2), (two.id, 1)]
    told = [json.loads(row.body) for row in rows[:2]]
    assert told[1]["prev_hash"] == told[0]["hash"] == (await acme.audit(one.id))[0].hash
    assert [(row["tenant"], row["invoice_id"], row["action"]) for row in told] == [
        ("acme", one.id, "accept"),
        ("acme", one.id, "approved"),
    ]
    assert rows[0].key == f"audit:{one.id}:000001"
    assert rows == await store.audit_rows("acme", [one.id, two.id])  # the same bytes each time
    assert list(await store.audit_rows("other", [one.id])) == []


async def test_what_changed_is_told_in_order_forwards_and_back(store: InvoiceStore, acme: TenantInvoices) -> None:
    assert list(await store.changed(0, 10)) == []
    ids = [(await accept(acme, f"{n}")).id for n in range(5)]
    await store.mark_published([row.id for row in await store.outbox(3)])
    changed = await store.changed(0, 10)
    assert [invoice_id for _, _, invoice_id in changed] == ids
    numbers = [number for number, _, _ in changed]
    assert numbers == sorted(set(numbers))
    assert [number for number, _, _ in await store.changed(numbers[1], 2)] == numbers[2:4]
    assert [number for number, _, _ in await store.changed((1 << 63) - 1, -2)] == numbers[:2:-1]
    assert [number for number, _, _ in await store.changed(numbers[1], -10)] == numbers[:1]
