"""What MariaDB adds to the contract: faults of the server and of the wire, races between processes, and what the tests of SQLite
prove by its one writer."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pymysql
import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from app.adapters.sql import open_invoices
from app.adapters.sql.mariadb import ATTEMPTS, READERS, WRITERS, session
from app.adapters.sql.store import SqlInvoices
from app.domain.work import Job
from app.errors import Conflict, DeadlineExceeded, Misconfigured, Unavailable
from app.ports import IdempotencyKey
from tests.contracts.test_invoice_store import APPROVED, REFUSED, Clock, accept, claim, upload
from tests.servers import mariadb
from tests.servers.mariadb import GIVEN, connected, server
from tests.servers.wire import Wire

pytestmark = pytest.mark.timeout(300)
PATIENCE = 20.0
kills = pytest.mark.skipif(GIVEN is not None, reason="a given server is not ours to break")


@pytest.fixture
async def url() -> str:
    return await mariadb.empty()


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlInvoices]:
    async with opened(url) as store:
        yield store


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[SqlInvoices]:
    async with open_invoices(url, b"audit key", **{"deadline": PATIENCE, **options}) as store:
        yield store


class Somebody:
    """Another client, in a transaction of its own."""

    def __init__(self, url: str) -> None:
        at = make_url(url)
        self._connection = pymysql.connect(
            host=at.host or "", port=at.port or 3306, user=at.username, password=str(at.password), database=at.database, charset="utf8mb4"
        )
        self.does("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.commits()

    @property
    def number(self) -> int:
        return self._connection.thread_id()

    def does(self, statement: str, *values: object) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.lastrowid

    def commits(self) -> None:
        self._connection.commit()

    def goes(self) -> None:
        self._connection.close()


@pytest.fixture
def somebody(url: str) -> Any:
    made = Somebody(url)
    yield made
    made.goes()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(seen):
            pass


def waiting_for_a_lock(url: str, how_many: int = 1) -> Callable[[], bool]:
    def look() -> bool:
        with connected(url) as cursor:
            cursor.execute(
                "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
                " AND command = 'Query' AND time_ms > 100"
            )
            return bool(cursor.fetchone()[0] >= how_many)

    return look


async def healthy(store: SqlInvoices) -> None:
    """As many calls at once as there are connections and more, each with its own answer; none is left out."""
    acme = store.for_tenant("acme")
    names = [f"healthy {time.monotonic_ns()} {n}" for n in range(3 * WRITERS)]
    made = await asyncio.gather(*(accept(acme, name) for name in names))
    records = await asyncio.gather(*(acme.get(accepted.id) for accepted in made))
    assert [(r.id, r.sha256) for r in records if r] == [(a.id, upload(n).blob.sha256) for a, n in zip(made, names, strict=True)]
    database: Any = store._database
    assert database._writing.pool.checkedout() == database._reading.pool.checkedout() == 0
    assert database._writing.pool.checkedin() <= WRITERS and database._reading.pool.checkedin() <= READERS


def deadline(store: SqlInvoices, seconds: float) -> None:
    """From now on, so that only what is to be late is at the mercy of a busy machine."""
    store._database._deadline = seconds  # type: ignore[attr-defined]


async def whole(store: SqlInvoices, invoice_id: str) -> str:
    """The state of an invoice, once its events, audit and result are found to agree with it."""
    acme = store.for_tenant("acme")
    record = await acme.get(invoice_id)
    assert record is not None
    told = [event.type for event in await acme.events(invoice_id, 0, 100)]
    assert told == ["received", "processing", "approved"][: record.version]
    assert len(await acme.audit(invoice_id)) == (2 if record.status == "approved" else 1)
    assert (record.result is not None) == (record.status == "approved")
    return record.status


# The session


async def test_each_connection_begins_with_what_the_store_relies_on(store: SqlInvoices) -> None:
    def look(connection: Connection) -> Any:
        asked = (
            "SELECT @@tx_isolation, @@time_zone, @@sql_mode, @@character_set_client, @@autocommit, @@innodb_lock_wait_timeout,"
            " @@max_statement_time, @@idle_transaction_timeout"
        )
        return connection.exec_driver_sql(asked).one()

    writing, reading = await store._database.write(look), await store._database.read(look)
    for found in (writing, reading):
        assert found[:2] == ("READ-COMMITTED", "+00:00") and "STRICT_ALL_TABLES" in found[2] and found[3] == "utf8mb4"
        assert found[5:] == (8, 20, 40)
    assert (writing[4], reading[4]) == (0, 1)


async def test_an_update_that_changes_nothing_has_found_its_row(store: SqlInvoices, url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as still:
        job = await claim(still, (await accept(still.for_tenant("acme"))).id)
        await still.renew(job, 60)
        await still.renew(job, 60)


ROUND_TRIPS = {"accept": 3, "claim": 3, "settle": 3, "mark_published": 3, "get": 1, "audit": 1, "events": 1}


@kills
async def test_round_trips_are_those_of_the_work(url: str) -> None:
    """Messages to the server, COMMITs too: nothing is asked that the work does not need."""
    counted: dict[str, int] = {}
    async with Wire(server().port) as wire, opened(server().url_of(mariadb.DATABASE, wire.port)) as store:
        acme = store.for_tenant("acme")

        async def count(name: str, call: Any) -> Any:
            before = wire.said
            answer = await call
            counted[name] = wire.said - before
            return answer

        settled = await accept(acme, "first")  # the tenant is known and the connections are open from here on
        await store.settle(await claim(store, settled.id), APPROVED)
        await acme.get(settled.id)
        accepted = await count("accept", accept(acme, "second"))
        job = await count("claim", claim(store, accepted.id))
        await count("settle", store.settle(job, APPROVED))
        await count("mark_published", store.mark_published([row.id for row in store.committed()]))
        await count("get", acme.get(accepted.id))
        await count("audit", acme.audit(accepted.id))
        await count("events", acme.events(accepted.id, 0, 10))
    assert counted == ROUND_TRIPS


# Races


async def test_who_loses_a_deadlock_begins_again_from_the_start(store: SqlInvoices, url: str, somebody: Somebody) -> None:
    one, two = [(await accept(store.for_tenant("acme"), c)).id for c in "ab"]
    calls = []

    def work(connection: Connection) -> str:
        calls.append(1)
        for invoice_id in (one, two):
            connection.exec_driver_sql("UPDATE invoices SET attempts = attempts + 1 WHERE tenant = 'acme' AND id = %s", (invoice_id,))
        return "done"

    for n in range(50):  # who has changed more is not the victim
        somebody.does("INSERT INTO tenants VALUES (%s, now(6))", f"t{n}")
    somebody.does("UPDATE invoices SET attempts = 70 WHERE tenant = 'acme' AND id = %s", two)
    ours = asyncio.ensure_future(store._database.write(work))
    await until(waiting_for_a_lock(url))
    await asyncio.to_thread(somebody.does, "UPDATE invoices SET attempts = 70 WHERE tenant = 'acme' AND id = %s", one)
    somebody.commits()
    assert await ours == "done" and len(calls) == 2
    records = [await store.for_tenant("acme").get(invoice_id) for invoice_id in (one, two)]
    assert [r.attempts for r in records if r] == [71, 71]


async def test_a_lock_that_is_never_let_go_ends_in_unavailable(url: str, somebody: Somebody) -> None:
    async with opened(url, deadline=5.0) as store:
        job = await claim(store, (await accept(store.for_tenant("acme"))).id)
        somebody.does("UPDATE invoices SET attempts = attempts WHERE tenant = 'acme' AND id = %s", job.invoice_id)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await store.settle(job, APPROVED)
        assert time.monotonic() - started < 6
        somebody.commits()
        await mariadb.quiet(url, store._database, besides={somebody.number})
        deadline(store, PATIENCE)
        assert (await store.settle(job, APPROVED)).status == "approved"
        await healthy(store)


async def test_a_client_that_stops_in_the_midst_of_a_transaction_holds_nobody_up_for_long(url: str, somebody: Somebody) -> None:
    async with opened(url) as store:
        job = await claim(store, (await accept(store.for_tenant("acme"))).id)
        for statement in session(0.5).split("; "):
            somebody.does(statement)
        somebody.does("UPDATE invoices SET attempts = 70 WHERE tenant = 'acme' AND id = %s", job.invoice_id)
        assert (await store.settle(job, APPROVED)).status == "approved"
        with pytest.raises(pymysql.err.OperationalError):
            somebody.does("SELECT 1")


async def test_who_waits_for_a_connection_has_it_in_turn(store: SqlInvoices) -> None:
    """More callers than connections, all without a pause: none stands back until the others have had enough."""
    done = dict.fromkeys(range(3 * WRITERS), 0)

    async def hurry(number: int) -> None:
        while sum(done.values()) < 20 * len(done):
            await store._database.write(lambda connection: connection.exec_driver_sql("DO 0").close())
            done[number] += 1

    await asyncio.gather(*map(hurry, done))
    assert min(done.values()) > 10


async def test_two_stores_claim_and_settle_each_invoice_once(store: SqlInvoices, url: str) -> None:
    ids = [(await accept(store.for_tenant("acme"), f"{n}")).id for n in range(20)]
    async with opened(url) as other:
        claims = await asyncio.gather(*(s.claim("acme", i, f"w{n}", 60) for i in ids for n, s in enumerate((store, other) * 3)))
        jobs = [job for job in claims if isinstance(job, Job)]
        assert sorted(job.invoice_id for job in jobs) == ids
        ends = await asyncio.gather(
            *(s.settle(job, end) for job in jobs for s, end in ((store, APPROVED), (other, REFUSED))), return_exceptions=True
        )
        assert sum(isinstance(end, Conflict) for end in ends) == 20
        assert not [end for end in ends if isinstance(end, Exception) and not isinstance(end, Conflict)]


async def test_many_that_settle_the_same_way_at_once_all_succeed(store: SqlInvoices) -> None:
    await healthy(store)  # connections are open: they do begin at once
    for n in range(10):
        job = await claim(store, (await accept(store.for_tenant("acme"), f"{n}")).id)
        records = await asyncio.gather(*(store.settle(job, APPROVED) for _ in range(WRITERS)))
        assert records == [records[0]] * WRITERS
        assert await whole(store, job.invoice_id) == "approved"


async def test_a_key_that_two_answer_has_the_answer_of_one(store: SqlInvoices, url: str) -> None:
    """The held key's row is changed by both: the second must not overwrite the first."""
    async with opened(url) as other:
        for n in range(20):
            assert await store.for_tenant("acme").begin_idempotent(f"k{n}")
            key = IdempotencyKey(f"k{n}", "f")
            answers = await asyncio.gather(*(accept(s.for_tenant("acme"), f"{n} {i}", key) for i, s in enumerate((store, other) * 2)))
            assert len(set(answers)) == 1
        assert (await store.status_counts())["received"] == 20


# Several relays, several sweepers, readers of events


async def test_a_row_of_the_outbox_is_in_one_hand_at_a_time(url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as one, opened(url, clock=clock) as two:
        acme = one.for_tenant("acme")
        for n in range(30):
            await accept(acme, f"{n}")
        ids = {row.id for row in one.committed()}
        assert len(ids) == 30
        assert await one.outbox(100) == await two.outbox(100) == []  # in the writer's own
        clock.advance(10.001)
        looks = await asyncio.gather(*(s.outbox(4) for s in (one, two) * 5))
        found = [row.id for rows in looks for row in rows]
        assert len(found) == len(set(found)) == 30 and set(found) == ids
        assert await one.outbox(100) == await two.outbox(100) == []
        clock.advance(10.001)  # who was told them has died
        assert [row.id for row in await two.outbox(100)] == sorted(ids)
        assert (await one.outbox_state()).depth == 30
        await two.mark_published(ids)
        clock.advance(10.001)
        assert await one.outbox(100) == [] and (await one.outbox_state()).depth == 0


async def test_two_sweepers_find_different_work(url: str) -> None:
    clock = Clock()
    async with opened(url, clock=clock) as one, opened(url, clock=clock) as two:
        ids = {(await accept(one.for_tenant("acme"), f"{n}")).id for n in range(40)}
        clock.advance(60)
        looks = await asyncio.gather(*(s.unsettled(7, 30) for s in (one, two) * 6))
        found = [message.invoice_id for messages in looks for message in messages]
        assert len(found) == len(set(found))
        found += [message.invoice_id for message in await one.unsettled(100, 30)]
        assert set(found) == ids and len(found) == 40


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_who_reads_events_waits_for_one_that_is_not_committed_yet(store: SqlInvoices, url: str, somebody: Somebody, end: str) -> None:
    acme = store.for_tenant("acme")
    first = await accept(acme, "a")
    (seen,) = [event.id or 0 for event in await acme.events(None, 0, 10)]
    early = somebody.does(
        "INSERT INTO outbox (tenant, invoice_id, kind, body, created_at) VALUES ('acme', %s, 'event', '{\"type\":\"approved\"}', now(6))",
        first.id,
    )
    second = await accept(acme, "b")  # committed first, with the greater id
    assert [event.id for event in await acme.events(second.id, 0, 10)] == [early + 1]  # of one invoice nothing is under way
    await accept(store.for_tenant("other"), "c")
    assert len(await store.for_tenant("other").events(None, seen, 10)) == 1  # another tenant's do not wait
    reading = asyncio.ensure_future(acme.events(None, seen, 10))
    await until(waiting_for_a_lock(url))
    assert not reading.done()
    somebody.does(end)
    assert [event.id for event in await reading] == ([early, early + 1] if end == "COMMIT" else [early + 1])


# Replies lost, connections lost


@kills
@pytest.mark.parametrize("answer_lost", [True, False], ids=["after COMMIT", "before COMMIT"])
async def test_a_commit_whose_answer_is_lost_is_whole_or_nothing_and_can_be_said_again(url: str, answer_lost: bool) -> None:
    async with Wire(server().port) as wire, opened(url) as direct, opened(server().url_of(mariadb.DATABASE, wire.port)) as store:
        acme = store.for_tenant("acme")
        await store.ping()  # a connection is open: its beginning has a COMMIT too

        async def lost(call: Any) -> None:
            cuts = wire.cuts
            (wire.cut_after if answer_lost else wire.cut_before)(b"COMMIT")
            with pytest.raises(Unavailable, match="CR_SERVER_LOST"):
                await call
            assert wire.cuts == cuts + 1
            await mariadb.quiet(url, direct._database, store._database)

        key = IdempotencyKey("k", "f")
        await lost(accept(acme, "a", key))
        assert (await direct.status_counts())["received"] == answer_lost
        accepted = await accept(acme, "a", key)
        assert accepted.duplicate_of is None and (await direct.status_counts())["received"] == 1
        await lost(claim(store, accepted.id, "w"))
        job = await claim(store, accepted.id, "w")
        assert (job.attempt, job.suspect) == (1 + answer_lost, False)
        await lost(store.settle(job, APPROVED))
        record = await store.settle(job, APPROVED)
        assert record == await direct.for_tenant("acme").get(accepted.id) and record.status == "approved"
        told = [event.type for event in await acme.events(accepted.id, 0, 10)]
        assert told == ["received", *["processing"] * (1 + answer_lost), "approved"]
        assert len(await acme.audit(accepted.id)) == 2


@kills
async def test_where_one_connection_went_silent_the_others_are_not_tried_one_by_one(url: str) -> None:
    async with Wire(server().port) as wire, opened(server().url_of(mariadb.DATABASE, wire.port)) as store:
        await healthy(store)
        wire.silence()
        deadline(store, 1.0)
        with pytest.raises(DeadlineExceeded):
            await accept(store.for_tenant("acme"), "nobody hears")
        deadline(store, PATIENCE)
        started = time.monotonic()
        await healthy(store)
        assert time.monotonic() - started < PATIENCE  # nobody waited for a silent one


async def test_a_wrong_statement_stays_a_bug_and_costs_no_connection(store: SqlInvoices) -> None:
    for run in (store._database.write, store._database.read):
        with pytest.raises(ProgrammingError):
            await run(lambda connection: connection.exec_driver_sql("SELECT nonsense FROM nowhere"))
    await healthy(store)


async def test_a_connection_killed_in_mid_call_is_unavailable_and_replaced(store: SqlInvoices, url: str) -> None:
    for run in (store._database.write, store._database.read):
        call = asyncio.ensure_future(run(lambda connection: connection.exec_driver_sql("SELECT SLEEP(60)").scalar()))
        await until(waiting_for_a_lock(url))
        with connected(url) as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = database() AND info LIKE 'SELECT SLEEP%'")
            cursor.execute(f"KILL {cursor.fetchone()[0]}")
        with pytest.raises(Unavailable):
            await call
    await healthy(store)


async def test_connections_closed_while_idle_are_replaced_unseen(store: SqlInvoices, url: str) -> None:
    await healthy(store)
    with connected(url) as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()")
        ids = [row[0] for row in cursor.fetchall()]
        assert len(ids) > READERS
        for number in ids:
            cursor.execute(f"KILL {number}")
    database: Any = store._database
    async with asyncio.timeout(PATIENCE):
        while not all(c._reader.at_eof() for c in database._made):  # as the loop hears of it
            await asyncio.sleep(0)
    await healthy(store)


async def test_who_is_cancelled_while_it_waits_leaves_nothing_half_done(store: SqlInvoices, url: str, somebody: Somebody) -> None:
    acme = store.for_tenant("acme")
    jobs = [await claim(store, (await accept(acme, f"{n}")).id) for n in range(WRITERS)]
    somebody.does("UPDATE invoices SET attempts = attempts")
    calls = [asyncio.ensure_future(store.settle(job, APPROVED)) for job in jobs]
    behind = [asyncio.ensure_future(accept(acme, f"behind {n}")) for n in range(5)]  # for them no connection is left
    await until(waiting_for_a_lock(url, WRITERS))
    for call in (*calls, *behind[1:]):
        call.cancel()
    ends = await asyncio.gather(*calls, *behind[1:], return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    assert (await behind[0]).duplicate_of is None
    somebody.commits()
    await mariadb.quiet(url, store._database, besides={somebody.number})
    for job in jobs:
        assert await whole(store, job.invoice_id) == "processing"
        await store.settle(job, APPROVED)
    assert (await store.status_counts())["received"] == 1
    await healthy(store)


async def test_a_closed_store_is_unavailable_and_has_waited_for_what_was_begun(url: str) -> None:
    async with opened(url) as store:
        await accept(store.for_tenant("acme"), "x")
        late = [asyncio.ensure_future(accept(store.for_tenant("acme"), f"{n}")) for n in range(30)]
        await asyncio.sleep(0)  # now all have begun
    ends = await asyncio.gather(*late)
    with pytest.raises(Unavailable, match="closed"):
        await accept(store.for_tenant("acme"))
    async with opened(url) as store:
        assert (await store.status_counts())["received"] == 1 + len(ends)


# The server


@kills
async def test_a_paused_server_ends_each_call_in_time_and_none_gets_the_answer_of_another(url: str) -> None:
    async with opened(url) as store:
        acme = store.for_tenant("acme")
        await healthy(store)
        jobs = [await claim(store, (await accept(acme, f"{n}")).id) for n in range(5)]
        server().pause()
        deadline(store, 1.5)
        try:
            started = time.monotonic()
            ends = await asyncio.gather(
                *(store.settle(job, APPROVED) for job in jobs),
                *(accept(acme, f"late {n}") for n in range(20)),
                *(acme.get(job.invoice_id) for job in jobs * 2),
                store.ping(),
                return_exceptions=True,
            )
            assert all(isinstance(end, DeadlineExceeded) and end.dependency == "sql" for end in ends), ends
            assert time.monotonic() - started < 2.5
        finally:
            server().resume()
            deadline(store, PATIENCE)
        await mariadb.quiet(url, store._database)
        for job in jobs:
            await whole(store, job.invoice_id)
            assert (await store.settle(job, APPROVED)).status == "approved"
        await healthy(store)


@kills
async def test_a_killed_server_loses_nothing_that_was_acknowledged(url: str) -> None:
    async with opened(url) as store:
        acme = store.for_tenant("acme")
        acknowledged: list[str] = []
        settled: list[str] = []
        enough = asyncio.Event()

        async def go_on(name: str) -> None:
            for n in range(10_000):
                accepted = await accept(acme, f"{name} {n}", IdempotencyKey(f"{name} {n}", "f"))
                acknowledged.append(accepted.id)
                await store.settle(await claim(store, accepted.id), APPROVED)
                settled.append(accepted.id)
                if len(settled) >= 20:
                    enough.set()

        going = [asyncio.ensure_future(go_on(f"w{n}")) for n in range(8)]
        async with asyncio.timeout(PATIENCE):
            await enough.wait()
        server().kill()
        ends = await asyncio.gather(*going, return_exceptions=True)
        assert all(isinstance(end, Unavailable) and end.dependency == "sql" for end in ends), ends
        with pytest.raises(Unavailable, match="2003 CR_CONN_HOST_ERROR"):
            await accept(acme, "while it is away")
        with pytest.raises(Unavailable):
            await store.ping()
        server().start()
        await store.ping()  # at once
        states = {invoice_id: await whole(store, invoice_id) for invoice_id in acknowledged}
        assert {states[invoice_id] for invoice_id in settled} == {"approved"} and len(settled) >= 20
        await healthy(store)


@kills
async def test_a_server_that_takes_no_more_connections_or_no_writes_is_unavailable(store: SqlInvoices, url: str) -> None:
    acme = store.for_tenant("acme")
    with server().root() as cursor:
        try:
            cursor.execute("SET GLOBAL read_only = 1")
            for call in (accept(acme), store.ping()):
                with pytest.raises(Unavailable, match=r"1290|read-only"):
                    await call
            assert (await store.status_counts())["received"] == 0
        finally:
            cursor.execute("SET GLOBAL read_only = 0")
        try:
            cursor.execute("SET GLOBAL max_connections = 10")
            others = [Somebody(url) for _ in range(7)]  # and the two of the store, and root's
            with pytest.raises(Unavailable, match="1040 CON_COUNT_ERROR"):
                async with opened(url) as second:
                    await second.ping()
            for other in others:
                other.goes()
        finally:
            cursor.execute("SET GLOBAL max_connections = 151")
    await healthy(store)


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        (1114, "RECORD_FILE_FULL", Unavailable),
        (1021, "DISK_FULL", Unavailable),
        (1836, "READ_ONLY_MODE", Unavailable),
        (1053, "SERVER_SHUTDOWN", Unavailable),
        (1205, "LOCK_WAIT_TIMEOUT", Unavailable),
        (1969, "STATEMENT_TIMEOUT", DeadlineExceeded),
        (1452, "NO_REFERENCED_ROW_2", Conflict),
    ],
)
async def test_what_the_server_refuses_has_its_number_and_name_and_no_values(
    store: SqlInvoices, number: int, name: str, kind: type[Exception]
) -> None:
    """The server itself is made to say so: some of these cannot be brought about from outside."""
    calls = []

    def work(connection: Connection) -> None:
        calls.append(1)
        connection.exec_driver_sql("INSERT INTO tenants VALUES ('half done', now(6))")
        connection.exec_driver_sql(f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'text of an invoice'")

    with pytest.raises(kind) as told:
        await store._database.write(work)
    assert type(told.value) is kind and str(told.value) == f"sql: {number} {name}"
    assert len(calls) == (ATTEMPTS if number == 1205 else 1)
    left = await store._database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM tenants WHERE tenant = 'half done'").scalar())
    assert left == 0
    await healthy(store)


# Secrets


@pytest.mark.parametrize("wrong", ["password", "database", "port", "url"])
async def test_no_error_tells_the_password(url: str, wrong: str) -> None:
    at = make_url(url)
    secret = "another-canary" if wrong == "password" else str(at.password)
    bad = {
        "password": at.set(password=secret),
        "database": at.set(database="invoicestream_none"),
        "port": at.set(port=1),
        "url": at.set(drivername="mysql+nothing"),
    }[wrong].render_as_string(hide_password=False)
    with pytest.raises((Unavailable, Misconfigured)) as told:
        async with opened(bad):
            pass
    assert secret not in "".join(traceback.format_exception(told.value)) and secret not in repr(told.value)


async def test_values_are_not_told(store: SqlInvoices) -> None:
    await accept(store.for_tenant("acme"))
    with pytest.raises(Conflict) as told:
        await store._database.write(lambda c: c.exec_driver_sql("INSERT INTO tenants VALUES ('acme', now(6))"))
    assert str(told.value) == "sql: 1062 DUP_ENTRY"
