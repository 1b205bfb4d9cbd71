"""What Locust runs. By `python -m loadtests`, with a plan; or by hand against any installation, with its web page:

    INVOICESTREAM_LOAD_KEYS=KEY[,KEY ...] locust -f loadtests/locustfile.py --host https://invoices.example [--rate 5 --mix 60/30/10]

Each key is a tenant: one `Sender`, whose POSTs leave at moments set before (see `plan.py`), and one `Watcher` on its `/live` websocket.
Locust's statistics name what was measured: `POST xml` (from the moment it was due to the 202), `result xml` (to the news that it is
settled), `progress` (from an event's own `at` to its arrival), and, as failures, what was refused or broken.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPException
from itertools import chain, count, repeat
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # Locust only adds this file's own folder

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from websocket import WebSocketException

from loadtests.book import SETTLED, Book
from loadtests.client import Closed, Tenant, said, vanish
from loadtests.documents import KINDS, File, Pool
from loadtests.plan import Plan, Stream, arrivals, in_turn, parse_mix

ROOT = Path(__file__).resolve().parents[1]
KEYS = [key for key in os.environ.get("INVOICESTREAM_LOAD_KEYS", "").split(",") if key]
POOL = str(Path(tempfile.gettempdir()) / "invoicestream-load")  # where there is no plan
HEAP_WIDTH = 16  # POSTs under way at once of a heap
BROKEN = (OSError, HTTPException, WebSocketException, ValueError)  # the last: an answer that is no JSON


def named(error: Exception) -> str:
    return f"closed with {error}" if isinstance(error, Closed) else type(error).__name__


class Run:
    """One run of a plan, from Locust's start to its stop. The one thing that all users share."""

    def __init__(self, plan: Plan, environment: Environment) -> None:
        self.plan = plan
        self.environment = environment
        self.book = Book(Path(plan.out))
        self.pool = Pool(Path(plan.pool), f"{plan.name}-{plan.seed}-{int(time.time()) % 100_000:05d}")
        self.tenants = [Tenant(plan.hosts, KEYS[number % len(KEYS)]) for number in range(len(plan.streams))]
        self.followers = Group()
        self.began = Event()
        self.start = 0.0
        self.conductor: gevent.Greenlet | None = None
        self.watching = 0
        self.sending = len(plan.streams)
        self.numbers: dict[type[User], Iterator[int]] = {kind: count() for kind in (Sender, Watcher, SlowReader, VanishingReader)}

    def fire(self, kind: str, name: str, seconds: float, length: int = 0, error: str | None = None) -> None:
        self.environment.events.request.fire(
            request_type=kind, name=name, response_time=seconds * 1000, response_length=length, context={},
            exception=None if error is None else RuntimeError(error),
        )  # fmt: skip

    def conduct(self) -> None:
        """Begins when every watcher has its snapshot; ends, where Locust runs without its page, when all is settled or time is up."""
        with gevent.Timeout(60, False):
            while self.plan.watched and self.watching < len(self.plan.streams):
                gevent.sleep(0.02)
        self.start = time.time() + 0.2
        (Path(self.plan.out) / "began").write_text(str(self.start))
        self.began.set()
        while self.sending:
            gevent.sleep(0.05)
        (Path(self.plan.out) / "sent").write_text(str(time.time()))
        ends = time.time() + self.plan.drain
        awaited = {stream.tenant for stream in self.plan.streams if stream.awaited}
        while time.time() < ends and any(sent.tenant in awaited for sent in self.book.outstanding.values()):
            gevent.sleep(0.1)
        if self.environment.web_ui is None:
            gevent.spawn(self.environment.runner.quit)  # which ends this greenlet too


class PlannedUser(User):
    """`number`: which of its class it is, from 0."""

    abstract = True
    load: Run  # the present one, for all of them

    def on_start(self) -> None:
        self.posts = Group()
        self.number = next(self.load.numbers[type(self)])
        self.tenant = self.load.tenants[self.number % len(self.load.tenants)]
        self.chance = Random(f"{self.load.plan.seed}/{type(self).__name__}/{self.number}")

    def after_all(self) -> None:
        """Locust would begin the task again."""
        gevent.sleep(1e9)


class Sender(PlannedUser):
    """One tenant's stream of documents."""

    fixed_count = max(1, len(KEYS))

    def on_stop(self) -> None:
        self.posts.kill()

    @task
    def send(self) -> None:
        load, plan = self.load, self.load.plan
        self.stream: Stream = plan.streams[self.number]
        load.began.wait()
        if self.stream.heap:
            self._heap()
        if plan.outstanding is not None:
            self._closed(plan.outstanding)
        else:
            self._open()
        self.posts.join()
        load.sending -= 1
        self.after_all()

    def _open(self) -> None:
        for arrival in arrivals(self.load.plan, self.stream):
            due = self.load.start + arrival.at
            gevent.sleep(max(0.0, due - time.time()))
            self._spawn(self.load.pool.take(arrival.kind, self.chance), due)

    def _closed(self, outstanding: int) -> None:
        places = BoundedSemaphore(outstanding)
        ends = self.load.start + self.load.plan.seconds
        # First as many of the dearest kind as there are places: it is what will wait in the end, and then the others come as it goes.
        dearest = max(self.load.plan.mix, key=KINDS.index)
        for kind in chain(repeat(dearest, outstanding), in_turn(self.load.plan.mix)):
            while not places.acquire(timeout=0.2):
                if time.time() > ends:
                    return
            if time.time() > ends:
                return
            self._spawn(self.load.pool.take(kind, self.chance), time.time(), places)

    def _heap(self) -> None:
        """Each worker waits for its answer before it sends the next. What is refused for now is sent again later."""
        kinds = in_turn(self.load.plan.heap_mix)
        left = iter(range(self.stream.heap))

        def work() -> None:
            for _ in left:
                file = self.load.pool.take(next(kinds), self.chance)
                while (wait := self._post(file, time.time())) is not None:
                    gevent.sleep(wait)

        gevent.joinall([gevent.spawn(work) for _ in range(HEAP_WIDTH)])

    def _spawn(self, file: File, due: float, places: BoundedSemaphore | None = None) -> None:
        self.posts.spawn(self._post, file, due, places)

    def _post(self, file: File, due: float, places: BoundedSemaphore | None = None) -> float | None:
        """Seconds after which it may be tried again; None when that makes no sense."""
        load, tenant = self.load, self.stream.tenant
        key = file.name if self.chance.random() < load.plan.keyed else None
        try:
            answer = self.tenant.post(file, key)
            id = answer.accepted() if answer.status == 202 else None
        except BROKEN as error:
            load.book.broken(file, tenant, due, named(error))
            load.fire("POST", f"POST {file.kind}", time.time() - due, error=named(error))
        else:
            if id is not None:
                load.fire("POST", f"POST {file.kind}", time.time() - due, len(file.content))
                self._accepted(id, file, due, answer.retry_after, places)
                if key is not None and self.chance.random() < load.plan.repeated:
                    self._again(id, file, key)
                return None
            load.book.refused(file, tenant, due, answer.status, answer.retry_after)
            load.fire("POST", f"POST {file.kind}: {answer.status}", time.time() - due, error=f"answered {answer.status}")
            if places is not None:
                gevent.sleep(min(answer.retry_after or 0.2, 1.0))  # a closed loop would only ask the same again
            if answer.status in (429, 503):
                if places is not None:
                    places.release()
                return min(answer.retry_after or 0.5, 5.0)
        if places is not None:
            places.release()
        return None

    def _accepted(self, id: str, file: File, due: float, promised: float | None, places: BoundedSemaphore | None) -> None:
        ended = places.release if places is not None else None
        result = self.load.book.accepted(id, file, self.stream.tenant, due, promised=promised, ended=ended)
        if result is not None:
            self.load.fire("WS", f"result {result[0]}", result[1])
        elif self.chance.random() < self.load.plan.followed:
            self.load.followers.spawn(self._follow, id)

    def _again(self, id: str, file: File, key: str) -> None:
        """The same key and file must give the same answer."""
        began = time.time()
        try:
            answer = self.tenant.post(file, key)
            same = answer.status == 202 and answer.replayed and answer.accepted() == id
        except BROKEN as error:
            self.load.fire("POST", "POST again", time.time() - began, error=named(error))
            return
        self.load.fire("POST", "POST again", time.time() - began, error=None if same else f"another answer: {answer.status}")
        self.load.book.notes["repeated"] += 1
        self.load.book.notes["repeated, another answer"] += not same

    def _follow(self, id: str) -> None:
        """One invoice's own websocket, every second one by a ticket, until the invoice is settled."""
        by_ticket, began = self.chance.random() < 0.5, time.time()
        name = "open by ticket" if by_ticket else "open by key"
        try:
            connection = self.tenant.live(f"/invoices/{id}/live", by_ticket=by_ticket)
            message = said(connection)
            self.load.fire("WS", name, time.time() - began)
            while message.get("type") not in SETTLED and (message.get("invoice") or {}).get("status") not in SETTLED:
                message = said(connection)
            connection.close(timeout=1)
            self.load.book.notes["followed to the end"] += 1
        except BROKEN as error:
            self.load.fire("WS", name, time.time() - began, error=named(error))
            self.load.book.notes["followed, broken off"] += 1


class Watcher(PlannedUser):
    """On a tenant's `/live`: hears of every result and of all progress. Comes back with the last id when it is cut off."""

    fixed_count = max(1, len(KEYS))

    @task
    def watch(self) -> None:
        last: int | None = None
        while True:
            try:
                connection = self.tenant.live(after=last, by_ticket=bool(self.number % 2))
                said(connection)
                self.load.watching += last is None
                last = last or 0
                while True:
                    last = self._heard(said(connection), time.time()) or last
            except BROKEN as error:
                self.load.book.notes[f"watcher cut off: {named(error)}"] += 1
                self.load.fire("WS", "watch", 0.0, error=named(error))
                gevent.sleep(0.5)

    def _heard(self, event: dict[str, Any], now: float) -> int | None:
        if event["type"] in ("ping", "snapshot"):
            return None
        told = datetime.fromisoformat(event["at"]).timestamp()
        if event["type"] == "stage":
            self.load.book.progress(now, now - told)
            self.load.fire("WS", "progress", now - told)
        elif event["type"] in SETTLED:
            result = self.load.book.settled(event["invoice_id"], event["type"], now, told)
            if result is not None:
                self.load.fire("WS", f"result {result[0]}", result[1])
        return int(event["id"]) if event["id"] is not None else None


class SlowReader(PlannedUser):
    """Opens `/live` and reads one message every few seconds from a small buffer, until the service has enough of it."""

    weight = 1

    @task
    def read(self) -> None:
        try:
            connection = self.tenant.live(buffer=4096)
            while True:
                said(connection)
                gevent.sleep(self.chance.uniform(1, 4))
        except BROKEN as error:
            self.load.book.notes[f"slow reader cut off: {named(error)}"] += 1
            gevent.sleep(1)


class VanishingReader(PlannedUser):
    """In turn: a websocket that is reset after some messages, and a POST whose sender is gone half-way through its body."""

    weight = 1

    @task
    def read(self) -> None:
        try:
            connection = self.tenant.live(by_ticket=self.chance.random() < 0.5)
            for _ in range(self.chance.randrange(1, 20)):
                said(connection)
            vanish(connection)
            self.load.book.notes["readers that vanished"] += 1
            file = self.load.pool.take(self.chance.choice(list(self.load.plan.mix)), self.chance)
            self.load.book.abandoned(file)
            self.tenant.abandon(file)
        except BROKEN as error:
            self.load.book.notes[f"vanishing reader: {named(error)}"] += 1
        gevent.sleep(self.chance.uniform(0.5, 2))


@events.init_command_line_parser.add_listener
def add_arguments(parser: LocustArgumentParser) -> None:
    parser.add_argument("--plan", default="", help="a plan that `python -m loadtests` wrote", include_in_web_ui=False)
    parser.add_argument("--rate", type=float, default=2.0, help="documents a second, of all tenants together")
    parser.add_argument("--mix", default="60/30/10", help="weights of XML, digital PDFs and scans")
    parser.add_argument("--seconds", type=float, default=86_400.0, help="how long documents are sent")
    parser.set_defaults(num_users=2 * max(1, len(KEYS)), spawn_rate=100)


@events.init.add_listener
def read_plan(environment: Environment, **_: Any) -> None:
    """The numbers of users come from the plan. Without one they are those of the keys, and it is made at the start."""
    if not KEYS:
        raise SystemExit("INVOICESTREAM_LOAD_KEYS: one key for each tenant, separated by commas")
    if environment.parsed_options.plan:
        plan = Plan.read(Path(environment.parsed_options.plan))
        Sender.fixed_count, Watcher.fixed_count = len(plan.streams), len(plan.streams) if plan.watched else 0
        SlowReader.fixed_count, VanishingReader.fixed_count = plan.slow_readers, plan.vanishing


@events.test_start.add_listener
def start(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    plan = Plan.read(Path(options.plan)) if options.plan else _plan_of(environment)
    PlannedUser.load = Run(plan, environment)
    PlannedUser.load.conductor = gevent.spawn(PlannedUser.load.conduct)


@events.test_stop.add_listener
def stop(environment: Environment, **_: Any) -> None:
    if PlannedUser.load.conductor is not None:
        PlannedUser.load.conductor.kill()
    PlannedUser.load.followers.kill()
    PlannedUser.load.book.close()


def _plan_of(environment: Environment) -> Plan:
    options = environment.parsed_options
    streams = tuple(Stream(f"tenant {number}", options.rate / len(KEYS)) for number, _ in enumerate(KEYS, 1))
    # In a process of its own: what is patched here would wait for other processes for ever.
    made = subprocess.run([sys.executable, "-m", "loadtests.documents", POOL], cwd=ROOT, check=True, capture_output=True, text=True)
    out = tempfile.mkdtemp(prefix="invoicestream-load-")
    return Plan(
        "page", (environment.host,), streams, made.stdout.strip(), out, options.seconds, seed=int(time.time()), mix=parse_mix(options.mix)
    )
