"""Turns of the tenants: at the gates of the stages, and in what a worker takes while another tenant's work piles up."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.sql.store import utc_now
from app.gate import HALF_LIFE, Gate, Inside, Usage
from app.ports import Message, Upload
from tests.test_queues import KINDS, Rig, rig, waits_for


async def inside(gate: Gate, tenant: str, told: list[str], go: asyncio.Event) -> None:
    async with gate.enter(tenant):
        told.append(tenant)
        await go.wait()


async def settle_down() -> None:
    """Whatever can go on has."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_what_was_used_fades() -> None:
    now = 1000.0
    usage = Usage(lambda: now)
    usage.charge("a", 2)
    usage.charge("a", 1)
    assert usage.of("a") == 3 and usage.of("b") == 0
    now += HALF_LIFE
    assert usage.of("a") == pytest.approx(1.5)
    now += 20 * HALF_LIFE
    usage.charge("b", 1)
    assert list(usage._used) == ["b"]  # nobody is remembered for ever


async def test_who_has_used_less_goes_before_who_has_used_more() -> None:
    now = 1000.0
    gate = Gate(2, lambda: now)
    async with gate.enter("a"):
        now += 10
    async with gate.enter("a") as a, gate.enter("a") as other_a:
        assert not a.gives_way and not a.goes_first  # nobody else is there
        async with gate.enter("b") as b:  # a place more, for who has used less
            assert b.goes_first and a.gives_way and other_a.gives_way and not b.gives_way and not a.goes_first
    async with gate.enter("b"):
        now += 10
    async with gate.enter("a") as a, gate.enter("b") as b:  # a little more is chance
        assert gate.used("b") > gate.used("a") and not (b.gives_way or a.goes_first)


class Steps:
    """Steps that go on until they are told to end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def want(self, inside: Inside, *names: str) -> None:
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._step(inside, name))
        await settle_down()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            await self.tasks[name]
        await settle_down()

    async def _step(self, inside: Inside, name: str) -> None:
        async with inside.step():
            self.begun.append(name)
            await self.ends[name].wait()


async def test_steps_of_who_went_in_first_go_first_and_those_of_who_has_used_less_before_them() -> None:
    now = 1000.0
    gate, steps = Gate(2, lambda: now, steps=2), Steps()
    async with gate.enter("a") as first, gate.enter("a") as second:
        await steps.want(second, "second 1")
        await steps.want(first, "first 1", "first 2")
        await steps.want(second, "second 2")
        await steps.want(first, "first 3")
        assert steps.begun == ["second 1", "first 1"]  # so many at once
        now += 10
        await steps.end("second 1", "first 1")
        assert steps.begun[2:] == ["first 2", "first 3"]  # what is begun is ended before the next
        async with gate.enter("b") as b:  # a place more
            await steps.want(b, "b 1")
            now += 0.1
            assert b.goes_first and first.gives_way
            await steps.end("first 2")
            assert steps.begun[4:] == ["b 1"]
            await steps.end("first 3", "b 1")
            assert steps.begun[5:] == []  # nor while b wants nothing
        await settle_down()
        assert steps.begun[5:] == ["second 2"]
        await steps.end("second 2")
    assert gate.used("a") == pytest.approx(20.3, abs=2.5) and gate.used("b") == 0  # of the steps, not of the waiting


async def test_a_step_that_is_given_up_leaves_its_place_to_others() -> None:
    gate, steps = Gate(2, steps=1), Steps()
    async with gate.enter("a") as a:
        await steps.want(a, "1", "2", "3", "4")
        steps.tasks["2"].cancel()  # while it waits
        steps.ends["1"].set()
        asyncio.get_running_loop().call_soon(steps.tasks["3"].cancel)  # before it knows that it is its turn
        await settle_down()
        assert steps.begun == ["1", "4"]
        await steps.want(a, "5")
        await steps.end("4", "5")
        assert steps.begun == ["1", "4", "5"]


async def test_who_waits_goes_in_by_turns_of_the_tenants() -> None:
    now = 1000.0
    gate, told = Gate(2, lambda: now), []
    async with gate.enter("a"):
        now += 10
    goes = {name: asyncio.Event() for name in ("a1", "a2", "a3", "a4", "b1", "b2")}
    tasks = {}
    for name in goes:
        tasks[name] = asyncio.create_task(inside(gate, name[0], told, goes[name]))
        await settle_down()
    assert told == ["a", "a", "b"]  # one place more for who has used less
    for leaving, then in (("a1", "aabb"), ("a2", "aabb"), ("b1", "aabba"), ("b2", "aabbaa")):
        goes[leaving].set()
        await settle_down()
        assert "".join(told) == then
    for go in goes.values():
        go.set()
    await asyncio.gather(*tasks.values())


@pytest.mark.parametrize("when", ["waiting", "at its turn"])
async def test_who_gives_up_leaves_its_place_to_others(when: str) -> None:
    gate, told, go = Gate(1), [], asyncio.Event()
    go.set()
    first, beside = gate.enter("first"), gate.enter("beside")
    await first.__aenter__()
    await beside.__aenter__()
    second, third = [asyncio.create_task(inside(gate, name, told, go)) for name in ("second", "third")]
    await settle_down()
    if when == "at its turn":
        await first.__aexit__(None, None, None)  # nothing is waited for here: the second one does not know yet that it is its turn
    second.cancel()
    if when == "waiting":
        await settle_down()
        await first.__aexit__(None, None, None)
    async with asyncio.timeout(30):
        await third
    await beside.__aexit__(None, None, None)
    assert told == ["third"] and second.cancelled()
    async with asyncio.timeout(30):
        await inside(gate, "fourth", told, go)


async def send(r: Rig, tenant: str, *names: str) -> list[str]:
    uploads = [Upload(name, KINDS["xml"], await r.blobs.put(tenant, io.BytesIO(f"{tenant} {name}".encode()))) for name in names]
    return [each.id for each in await r.store.for_tenant(tenant).accept(uploads, "test", None, None)]


async def test_who_comes_beside_a_flood_does_not_wait_for_it(tmp_path: Path) -> None:
    later = timedelta(0)
    async with rig(tmp_path, clock=lambda: utc_now() + later) as r:
        hold = asyncio.Event()
        r.behaviours["first.xml"] = r.behaviours["second.xml"] = r.behaviours["third.xml"] = waits_for(hold)
        await send(r, "acme", "first.xml", "second.xml", "third.xml", *(f"{n}.xml" for n in range(60)))
        r.relay.wake()
        await r.until(lambda: r.inside["invoices"] == 3)
        later = timedelta(seconds=10)  # the flood waits
        (other,) = await send(r, "other", "other.xml")
        r.relay.wake()
        hold.set()
        await done(r, "other", other)
        before = [name for stage, _, name in r.runs if stage == "read"].index("other.xml")
        assert before <= 3 + r.capacity["invoices"]  # of 63
        async with asyncio.timeout(60):
            while (await r.store.status_counts())["needs_review"] < 64:
                await asyncio.sleep(0.005)
        assert sorted(r.runs) == sorted(set(r.runs))  # each once


async def done(r: Rig, tenant: str, invoice_id: str) -> None:
    async with asyncio.timeout(60):
        while (record := await r.store.for_tenant(tenant).get(invoice_id)) is None or record.status != "needs_review":
            await asyncio.sleep(0.005)


async def test_while_another_tenant_is_about_a_flood_does_not_hold_everything(tmp_path: Path) -> None:
    later = timedelta(0)
    async with rig(tmp_path, clock=lambda: utc_now() + later) as r:
        (early,) = await send(r, "other", "early.xml")
        r.relay.wake()
        await done(r, "other", early)
        hold, flood = asyncio.Event(), [f"{n}.xml" for n in range(40)]
        r.behaviours.update(dict.fromkeys(flood, waits_for(hold)))
        await send(r, "acme", *flood)
        r.relay.wake()
        half = r.capacity["invoices"] // 2
        await r.until(lambda: r.inside["invoices"] == half)
        later = timedelta(seconds=10)  # the flood waits, and nothing of it ends
        for name in ("one.xml", "two.xml"):
            (other,) = await send(r, "other", name)
            r.relay.wake()
            await done(r, "other", other)
        assert r.inside["invoices"] == half
        hold.set()
        async with asyncio.timeout(60):
            while (await r.store.status_counts())["needs_review"] < 43:
                await asyncio.sleep(0.005)
        assert sorted(r.runs) == sorted(set(r.runs))  # each once


async def test_messages_that_came_too_often_do_no_harm(tmp_path: Path) -> None:
    async with rig(tmp_path, start=False, relayed=False) as r:
        ids = await r.send(*(f"{n}.xml" for n in range(20)))
        for again in range(3):
            await r.queue.publish([Message(f"{again} {each}", "acme", each) for each in ids.values()])
        task = asyncio.create_task(r.worker.run())
        for each in ids.values():
            assert (await r.settled(each)).attempts == 1
        await r.until(lambda: r.worker.in_hand == 0)
        assert await r.queue.depth("invoices") == 0 and len(r.runs) == 40
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
