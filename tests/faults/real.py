"""`python -m tests.faults.real [--seed S] [--documents N] [ROW ...]`: faults of the real parts, one row each.

MariaDB, RabbitMQ and a MongoDB-wire server run as private instances, each behind a proxy that breaks the wire, and two services on
them. Clients post before, during and after each fault and keep a journal; the row says what became of it all (tests/faults/trial.py).
Exit 1 unless every row is clean.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread

from pymysql.err import OperationalError

from tests.faults.journal import File
from tests.faults.ledger import heading, line
from tests.faults.stack import LEASE, Services
from tests.faults.trial import READY, RealRow, Round, Trial, go_on
from tests.servers.fault_proxy import FaultProxy
from tests.service import ServiceProcess

DB_BACK = 10.0  # seconds after a database is up again until invoices are settled
BROKER_BACK = 30.0
TAKEN_OVER = 3.0 * LEASE + 10  # the lease runs out, a sweep finds it, the other has it in hand


def no_fault(trial: Trial) -> RealRow:
    """What the others are compared with: it was the warm-up."""
    return trial.control


def broker_killed(trial: Trial) -> RealRow:
    with trial.row("broker killed (-9), restarted", wanted=BROKER_BACK) as round:
        trial.parts.broker.kill()
        round.hold(5, down=True)
        trial.parts.broker.start()
        round.mended()
    return _without_refusals(round)


def broker_paused(trial: Trial) -> RealRow:
    with trial.row("broker stopped (SIGSTOP) 12 s", wanted=BROKER_BACK, lasting=12) as round:
        trial.parts.broker.pause()
        round.hold(12, down=True)
        trial.parts.broker.resume()
        round.mended()
    return _without_refusals(round)


def broker_half_open(trial: Trial) -> RealRow:
    """The peers are gone without a word: heartbeats find it."""
    with trial.row("broker half-open 36 s", wanted=BROKER_BACK, lasting=20) as round:
        trial.parts.broker_wire.blackhole()
        round.hold(36, down=True)
        round.row.notes.append(f"{trial.parts.broker_wire.connections} connections open at the end of it")
        trial.parts.broker_wire.heal()
        round.mended()
    return _without_refusals(round)


def broker_cut(trial: Trial) -> RealRow:
    with trial.row("broker connections cut (RST) x 10", wanted=BROKER_BACK, lasting=10) as round:
        _cut_ten(round, trial.parts.broker_wire)
    return _without_refusals(round)


def broker_slow(trial: Trial) -> RealRow:
    with trial.row("broker slow: 200 ms, 50 kB/s, 15 s", wanted=BROKER_BACK, lasting=15) as round:
        trial.parts.broker_wire.slow(0.2, 50_000)
        round.hold(15)
        trial.parts.broker_wire.heal()
        round.mended()
    usual = trial.usual_p95
    round.row.notes.append(f"POST p95 without it {usual:.2f} s")
    if round.row.p95 > max(0.5, 2 * usual):
        round.row.surprise(f"POST p95 {round.row.p95:.2f} s")
    return _without_refusals(round)


def queue_deleted(trial: Trial) -> RealRow:
    with trial.row("all work queues deleted", wanted=BROKER_BACK) as round:
        before = _metric(trial.services, "publish_returned_total")
        for queue in ("invoices", "invoices.pdf", "invoices.ocr"):
            trial.services.delete_queue(queue)
        round.hold(3)
        round.mended()
    returned = _metric(trial.services, "publish_returned_total") - before
    round.row.notes.append(f"{returned:.0f} messages had no queue and were sent again")
    return _without_refusals(round)


def sql_killed(trial: Trial) -> RealRow:
    with trial.row("MariaDB killed (-9), restarted", wanted=DB_BACK) as round:
        trial.parts.sql.kill()
        round.hold(5, down=True)
        trial.parts.sql.start()
        round.mended()
    return round.row


def sql_paused(trial: Trial) -> RealRow:
    with trial.row("MariaDB stopped (SIGSTOP) 8 s", wanted=DB_BACK) as round:
        trial.parts.sql.pause()
        round.hold(8, down=True)
        trial.parts.sql.resume()
        round.mended()
    return round.row


def sql_half_open(trial: Trial) -> RealRow:
    with trial.row("MariaDB half-open 12 s", wanted=DB_BACK) as round:
        trial.parts.sql_wire.blackhole()
        round.hold(12, down=True)
        trial.parts.sql_wire.heal()
        round.mended()
    return round.row


def sql_reply_lost(trial: Trial) -> RealRow:
    """Nobody knows whether it was committed."""
    with trial.row("MariaDB: reply to COMMIT lost x 8", wanted=DB_BACK, lasting=10) as round:
        _lose_replies(round, trial.parts.sql_wire, b"COMMIT", 8)
    return round.row


def sql_contended(trial: Trial) -> RealRow:
    """Somebody else locks what the services want, in the other order, again and again."""
    with trial.row("MariaDB: deadlocks and lock waits", wanted=DB_BACK, lasting=10) as round:
        ended, lost = Event(), []

        def oppose() -> None:
            while not ended.is_set():
                try:
                    with trial.parts.sql.root() as cursor:
                        cursor.execute(f"USE `{trial.services.database}`")
                        cursor.execute("SET SESSION innodb_lock_wait_timeout = 5")
                        cursor.execute("BEGIN")
                        cursor.execute("SELECT id FROM outbox ORDER BY id DESC LIMIT 20 FOR UPDATE")
                        ended.wait(0.15)
                        cursor.execute("SELECT id FROM invoices WHERE tenant = %s FOR UPDATE", (trial.services.tenant,))
                        ended.wait(0.3)
                        cursor.execute("ROLLBACK")
                except OperationalError as error:
                    lost.append(error.args[0])

        with trial.parts.sql.root() as cursor:
            before = _deadlocks(cursor)
            opponents = [Thread(target=oppose) for _ in range(2)]
            for opponent in opponents:
                opponent.start()
            round.hold(10)
            ended.set()
            for opponent in opponents:
                opponent.join()
            round.row.notes.append(f"{_deadlocks(cursor) - before} deadlocks, {len(lost)} of them lost by the opponents")
        round.mended()
    return round.row


def sql_full(trial: Trial) -> RealRow:
    with trial.row("MariaDB: too many connections", wanted=DB_BACK) as round:
        with trial.parts.sql.root() as cursor:
            cursor.execute("SET GLOBAL max_connections = 10")
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'invoicestream'")
            for (connection,) in cursor.fetchall():
                with suppress(OperationalError):  # it has just ended
                    cursor.execute(f"KILL {connection}")
            round.hold(8)
            cursor.execute("SET GLOBAL max_connections = 151")
        round.mended()
    return round.row


def sql_read_only(trial: Trial) -> RealRow:
    with trial.row("MariaDB read-only 6 s", wanted=DB_BACK) as round:
        with trial.parts.sql.root() as cursor:
            cursor.execute("SET GLOBAL read_only = 1")
            round.hold(6, down=True)
            cursor.execute("SET GLOBAL read_only = 0")
        round.mended()
    if not round.row.refused:
        round.row.surprise("no POST was refused")
    return round.row


def mongo_killed(trial: Trial) -> RealRow:
    with trial.row("MongoDB killed (-9), restarted", wanted=DB_BACK) as round:
        trial.parts.mongo.kill()
        round.hold(5, down=True)
        trial.parts.mongo.start()
        round.mended()
    return round.row


def mongo_paused(trial: Trial) -> RealRow:
    with trial.row("MongoDB stopped (SIGSTOP) 8 s", wanted=DB_BACK) as round:
        trial.parts.mongo.pause()
        round.hold(8, down=True)
        trial.parts.mongo.resume()
        round.mended()
    return round.row


def mongo_cut(trial: Trial) -> RealRow:
    with trial.row("MongoDB connections cut (RST) x 10", wanted=DB_BACK, lasting=10) as round:
        _cut_ten(round, trial.parts.mongo_wire)
    return round.row


def mongo_slow(trial: Trial) -> RealRow:
    with trial.row("MongoDB slow: 200 ms, 12 s", wanted=DB_BACK, lasting=12) as round:
        trial.parts.mongo_wire.slow(0.2)
        round.hold(12)
        trial.parts.mongo_wire.heal()
        round.mended()
    return round.row


def mongo_reply_lost(trial: Trial) -> RealRow:
    with trial.row("MongoDB: reply to a write lost x 6", wanted=DB_BACK, lasting=10) as round:
        _lose_replies(round, trial.parts.mongo_wire, b"insert", 6)
    return round.row


def app_killed(trial: Trial) -> RealRow:
    """It does not come back until the other has done its work."""
    with trial.row("a service killed (-9) with work in hand", wanted=TAKEN_OVER, scans=8, lasting=10) as round:
        victim, other = trial.services.all
        held = round.catch(victim)
        victim.kill()
        round.row.kills = 1
        round.mended()
        began = time.monotonic()
        round.until(lambda: held <= trial.services.settled_by(other), TAKEN_OVER, "the other service has done its work")
        round.row.notes.append(f"{len(held)} in hand, done by the other after {time.monotonic() - began:.1f} s")
        trial.services.start(READY)
    return round.row


def app_paused(trial: Trial) -> RealRow:
    """Its leases run out, the other does the work; then it goes on as if nothing had happened, and must not commit."""
    with trial.row("a service stopped past its leases", wanted=BROKER_BACK, scans=8, lasting=10) as round:
        victim, other = trial.services.all
        held = round.catch(victim)
        round.until(lambda: held <= trial.services.settled_by(other), TAKEN_OVER, "the other service has done its work")
        go_on(victim)
        round.mended()
    late = held & trial.services.settled_by(victim)
    round.row.notes.append(f"{len(held)} in hand, {len(late)} of them committed by it afterwards")
    if late:
        round.row.surprise("the stopped service committed what it no longer held")
    return round.row


def everything(trial: Trial) -> RealRow:
    with trial.row("everything killed (-9) at once", wanted=BROKER_BACK, scans=3) as round:
        parts, services = trial.parts, trial.services
        killing: list[Callable[[], None]] = [parts.sql.kill, parts.broker.kill, parts.mongo.kill, *(each.kill for each in services.all)]
        trial.chance.shuffle(killing)
        for kill in killing:
            kill()
        round.row.kills = len(services.all)
        starting: list[Callable[[], object]] = [parts.sql.start, parts.broker.start, parts.mongo.start]
        trial.chance.shuffle(starting)
        for start in starting:
            start()
        services.start(READY)
        round.mended()
    return round.row


def swizzle(trial: Trial) -> RealRow:
    """Clogs the wires one by one, unclogs them in another order."""
    with trial.row("swizzle: wires clogged one by one", wanted=BROKER_BACK, lasting=12) as round:
        wires = list(trial.parts.wires.items())
        trial.chance.shuffle(wires)
        for _, wire in wires:
            wire.blackhole()
            time.sleep(trial.chance.uniform(0.5, 2.0))
        round.hold(4, down=True)
        order = [name for name, _ in wires]
        trial.chance.shuffle(wires)
        for _, wire in wires:
            wire.heal()
            time.sleep(trial.chance.uniform(0.5, 2.0))
        round.mended()
        round.row.notes.append(f"clogged {', '.join(order)}; unclogged {', '.join(name for name, _ in wires)}")
    return round.row


def poison(trial: Trial) -> RealRow:
    """A file that kills whoever works on it, and a message that nobody understands, among good ones."""
    files = trial.crowd.files(trial.documents, 2)
    name = "poison-" + files[1].name
    files[1] = File(name, files[1].content)
    armed = {"INVOICESTREAM_FAILPOINT": f"run {name}"}
    _stop_all(trial.services)
    trial.services.start(READY, armed)
    with trial.row("poison file, poison message", wanted=60.0, files=files, poison=(name,)) as round:
        trial.services.publish(b"nobody understands this")
        round.planted_messages = 1
        ends = time.monotonic() + 180

        def supervised() -> bool:
            for service in trial.services.all:
                if service.ended() is not None:
                    round.row.kills += 1
                    service.launch(armed)
            return round.all_settled()

        if not round.until(supervised, ends - time.monotonic(), "everything is settled, poison too"):
            round.row.notes.append(f"{trial.services.quarantined()} quarantined")
        if not round.row.kills:
            round.row.surprise("the poison was not worked on")
        _stop_all(trial.services)
        trial.services.start(READY)
        round.mended()
    trial.services.clear_parked()
    return round.row


def disk_full(trial: Trial) -> RealRow:
    """Originals on a file system of their own that fills up, and is made larger later."""
    name = "disk full (originals in files)"
    folder = trial.folder / "small"
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder]).returncode:
        return RealRow(name, notes=["not run: mounting a small file system needs root"])
    try:
        services = Services(trial.parts, trial.folder, 1, {"INVOICESTREAM_BLOBS_URL": f"file://{folder}/blobs"})
        with closing(services):
            services.start(READY)
            with trial.row(name, wanted=DB_BACK, scans=0, services=services) as round:
                entries = round.journal.entries
                round.until(lambda: sum(map(len, (entry.refused for entry in list(entries.values())))) > 3, 30, "POSTs are refused")
                round.hold(3)
                subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
                round.mended()
            left = list((folder / "blobs" / ".incoming").iterdir())
            if left:
                round.row.surprise(f"{len(left)} partial files")
        services.forget()
        return round.row
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


ROWS: dict[str, Callable[[Trial], RealRow]] = {
    row.__name__: row
    for row in (
        no_fault, broker_killed, broker_paused, broker_half_open, broker_cut, broker_slow, queue_deleted,
        sql_killed, sql_paused, sql_half_open, sql_reply_lost, sql_contended, sql_full, sql_read_only,
        mongo_killed, mongo_paused, mongo_cut, mongo_slow, mongo_reply_lost,
        app_killed, app_paused, everything, swizzle, poison, disk_full,
    )
}  # fmt: skip


def _without_refusals(round: Round) -> RealRow:
    """A broker that is away fails no POST."""
    if round.row.refused:
        round.row.surprise(f"{round.row.refused} POSTs were refused")
    return round.row


def _cut_ten(round: Round, wire: FaultProxy) -> None:
    for _ in range(10):
        wire.reset()
        round.hold(round.chance.uniform(0.1, 1.0))
    round.mended()


def _lose_replies(round: Round, wire: FaultProxy, request: bytes, times: int) -> None:
    lost = 0
    for _ in range(times):
        if round.posters.done:
            break
        wire.cut_reply(request)
        lost += wire.fired.wait(10)
    round.row.notes.append(f"{lost} replies lost")
    if lost < times // 2:
        round.row.surprise(f"only {lost} replies could be taken away")
    round.mended()


def _metric(services: Services, name: str) -> float:
    total = 0.0
    for service in services.all:
        with closing(service.client()) as client:
            total += client.metrics().get(name, 0.0)
    return total


def _deadlocks(cursor: object) -> int:
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")  # type: ignore[attr-defined]
    row = cursor.fetchone()  # type: ignore[attr-defined]
    return int(row[1]) if row else 0


def _stop_all(services: Services) -> None:
    for service in services.all:
        _stop(service)


def _stop(service: ServiceProcess) -> None:
    if service.running and (code := service.stop()) not in (0, -9):  # -9: it took the poison on the way out
        raise RuntimeError(f"exit code {code} after SIGTERM: {service.log_tail()}")


def run(trial: Trial, names: Sequence[str]) -> Iterator[RealRow]:
    for name in names:
        yield ROWS[name](trial)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.real", description="Faults of the real parts.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"all by default: {', '.join(ROWS)}")
    parser.add_argument("--documents", type=int, default=40, help="invoices for each row (default 40)")
    parser.add_argument("--seed", type=int, default=None, help="of documents, orders and moments (default: a new one, printed)")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    rows = suite(seed, arguments.rows or list(ROWS), arguments.documents)
    return 0 if all(row.clean for row in rows) else 1


def suite(seed: int, names: Sequence[str] = tuple(ROWS), documents: int = 40) -> list[RealRow]:
    """Prints what it finds as it goes."""
    print(f"seed {seed}\n{heading(RealRow)}", flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="invoicestream-real-", ignore_cleanup_errors=True) as folder:
        with closing(Trial(Path(folder), seed, documents)) as trial:
            for row in run(trial, names):
                rows.append(row)
                print(line(row), *(f"    {text}" for text in (*row.notes, *row.surprises)), sep="\n", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
