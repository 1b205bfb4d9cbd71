"""Several services on the same real servers are one: any of them takes a file, does the work, serves a websocket, knows a key."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from itertools import count
from typing import Any, Self

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from app.samples.crowd import many
from tests.servers.stack import Stack
from tests.service import PATIENCE, SETTLED, Client, ServiceProcess, multipart

pytestmark = pytest.mark.timeout(600)
LEASE = 5  # seconds
STAGES = {"decode", "preprocess", "recognize", "extract", "match", "validate", "screen", "persist"}
_seeds = count(100)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("replicas")) as stack:
        yield stack


@pytest.fixture(scope="module")
def pair(stack: Stack) -> Iterator[tuple[ServiceProcess, ServiceProcess]]:
    """Two of them. One key of the tenant is made by each; both know both."""
    short = {"INVOICESTREAM_LEASE_SECONDS": str(LEASE)}
    with stack.service("one", short) as one, stack.service("two", short) as two:
        yield one, two


class Watcher:
    """A websocket, and what came through it, but for pings."""

    def __init__(self, service: ServiceProcess, path: str = "/live") -> None:
        self.messages: list[dict[str, Any]] = []
        self._open = ExitStack()
        key = {"Authorization": f"Bearer {service.key}"}
        opening = connect(f"ws://127.0.0.1:{service.port}{path}", additional_headers=key, open_timeout=PATIENCE)
        self._socket = self._open.enter_context(opening)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with suppress(ConnectionClosed):
            for text in self._socket:
                message = json.loads(text)
                if message["type"] != "ping":
                    self.messages.append(message)

    @property
    def durable(self) -> list[dict[str, Any]]:
        return [message for message in list(self.messages) if message.get("id") is not None]

    def settled(self) -> set[str]:
        return {event["invoice_id"] for event in self.durable if event["type"] in SETTLED}

    def done(self, stage: str) -> set[str]:
        told = [message for message in list(self.messages) if message["type"] == "stage"]
        return {event["invoice_id"] for event in told if event["data"]["stage"] == stage and event["data"]["outcome"] == "done"}

    def close(self) -> None:
        """What came before is kept."""
        self._open.close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def wait(done: Callable[[], bool], *services: ServiceProcess, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "\n".join(service.log_tail() for service in services)
        time.sleep(0.02)


def new_files(number: int) -> list[dict[str, bytes]]:
    """That nobody has sent yet, each the files of one POST."""
    return [{f"{n}.{kind}": content} for n, (kind, content) in enumerate(many(number, "xml", seed=next(_seeds)))]


def post(service: ServiceProcess, files: Sequence[dict[str, bytes]]) -> list[str]:
    """Their ids."""
    with closing(service.client()) as client:
        answers = [client.post(each) for each in files]
    assert {answer.status for answer in answers} == {202}, answers
    return [answer.json()["invoices"][0]["id"] for answer in answers]


def events(client: Client, invoice_id: str) -> list[dict[str, Any]]:
    return list(client.call("GET", f"/invoices/{invoice_id}/events").json()["events"])


def terminal(service: ServiceProcess) -> float:
    with closing(service.client()) as client:
        return sum(value for name, value in client.metrics().items() if name.startswith("invoice_terminal_total{"))


def test_what_one_takes_both_work_on_and_both_show(pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    before = [terminal(service) for service in pair]
    with Watcher(pair[0]) as here, Watcher(pair[1]) as there:
        ids = post(pair[0], new_files(30))
        for watcher in (here, there):
            wait(lambda watcher=watcher: watcher.settled() >= set(ids), *pair)  # type: ignore[misc]
            for stage in STAGES:  # progress is told at most once, but nothing is away here
                wait(lambda watcher=watcher, stage=stage: watcher.done(stage) >= set(ids), *pair)  # type: ignore[misc]
            for invoice_id in ids:
                told = [event["type"] for event in watcher.durable if event["invoice_id"] == invoice_id]
                assert told[:2] == ["received", "processing"] and told[2] in SETTLED and len(told) == 3
        assert here.durable == there.durable  # in the same order too
    shares = [terminal(service) - earlier for service, earlier in zip(pair, before, strict=True)]
    assert sum(shares) == 30 and min(shares) > 0, shares


def test_one_invoice_is_watched_where_it_was_not_sent(pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    one, two = pair
    for files in new_files(5):
        (invoice_id,) = post(one, [files])
        with Watcher(two, f"/invoices/{invoice_id}/live?last_event_id=0") as watcher:
            wait(lambda watcher=watcher: bool(watcher.settled()), *pair)  # type: ignore[misc]
            told = [event["type"] for event in watcher.durable]
            assert told[:2] == ["received", "processing"] and told[2] in SETTLED and len(told) == 3
            assert watcher.messages[0]["type"] == "snapshot" and watcher.messages[0]["invoice"]["id"] == invoice_id


def test_a_socket_that_moves_from_one_to_the_other_misses_nothing_and_hears_nothing_twice(
    pair: tuple[ServiceProcess, ServiceProcess],
) -> None:
    with Watcher(pair[0], "/live?last_event_id=0") as watcher, closing(pair[0].client()) as client:
        wait(lambda: watcher.messages != [])  # the snapshot
        ids: list[str] = []

        def send(service: ServiceProcess, files: Sequence[dict[str, bytes]]) -> None:
            ids.extend(post(service, files))

        senders = [threading.Thread(target=send, args=(service, new_files(30))) for service in pair]
        for sender in senders:
            sender.start()
        heard: list[dict[str, Any]] = []
        current, moves = watcher, 0
        while any(sender.is_alive() for sender in senders) or not {e["invoice_id"] for e in heard if e["type"] in SETTLED} >= set(ids):
            had = len(current.durable)
            wait(lambda current=current, had=had: len(current.durable) > had or not senders[0].is_alive(), *pair)  # type: ignore[misc]
            current.close()
            heard += current.durable
            moves += 1
            last = heard[-1]["id"] if heard else 0
            current = Watcher(pair[moves % 2], f"/live?last_event_id={last}")
            wait(lambda current=current: current.messages != [], *pair)  # type: ignore[misc]
        current.close()
        heard += current.durable
        told = [event["id"] for event in heard]
        assert told == sorted(set(told)), "in the order of their ids, so that the last one says what was heard"
        kept = {event["id"] for invoice_id in ids for event in events(client, invoice_id)}
        assert len(kept) == 3 * len(ids) == 180
        assert {event["id"] for event in heard if event["invoice_id"] in set(ids)} == kept
        assert moves > 5


def test_one_idempotency_key_sent_to_both_at_once_is_one_invoice(pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    at_once = threading.Barrier(2, timeout=PATIENCE)

    def send(service: ServiceProcess, key: str, files: dict[str, bytes]) -> tuple[str, list[int]]:
        statuses: list[int] = []
        with closing(service.client()) as client:
            at_once.wait()
            while True:
                answer = client.post(files, key)
                statuses.append(answer.status)
                if answer.status != 409:  # the other has it in hand
                    break
                time.sleep(0.01)
        assert answer.status == 202, (answer.status, answer.body)
        return answer.json()["invoices"][0]["id"], statuses

    with ThreadPoolExecutor(2) as threads, closing(pair[1].client()) as client:
        for number, files in enumerate(new_files(8)):
            sent = [threads.submit(send, service, f"replicas-{number}", files) for service in pair]
            answers = [future.result() for future in sent]
            assert answers[0][0] == answers[1][0], answers
            assert [event["type"] for event in events(client, answers[0][0])].count("received") == 1
        known = [invoice["id"] for invoice in client.listing()]
        assert len(known) == len(set(known))


def test_a_key_made_once_works_on_both_and_is_revoked_on_both(pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    key = pair[0].command("keys", "create", pair[0].tenant).strip()
    with closing(Client(pair[0].port, key)) as here, closing(Client(pair[1].port, key)) as there:
        for client in (here, there):
            assert client.call("GET", "/invoices").status == 200
        pair[1].command("keys", "revoke", key.split("_")[1])
        revoked = time.monotonic()
        for client in (here, there):
            wait(lambda client=client: client.call("GET", "/invoices").status == 401, *pair)  # type: ignore[misc]
        assert time.monotonic() - revoked < 5


def test_a_ticket_of_one_opens_one_socket_of_either(pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    at_once = threading.Barrier(2, timeout=PATIENCE)

    def opens(service: ServiceProcess, ticket: str) -> bool:
        at_once.wait()
        try:
            with connect(f"ws://127.0.0.1:{service.port}/live?ticket={ticket}", open_timeout=PATIENCE) as socket:
                return json.loads(socket.recv(PATIENCE))["type"] == "snapshot"
        except InvalidStatus as refused:
            assert refused.response.status_code == 401
            return False

    with ThreadPoolExecutor(2) as threads, closing(pair[0].client()) as client:
        for _ in range(5):
            ticket = client.call("POST", "/tickets").json()["ticket"]
            for expected in (1, 0):  # once; then not again
                opened = [threads.submit(opens, service, ticket) for service in pair]
                assert sum(future.result() for future in opened) == expected
        ticket = client.call("POST", "/tickets").json()["ticket"]
    with connect(f"ws://127.0.0.1:{pair[1].port}/live?ticket={ticket}", open_timeout=PATIENCE) as socket:
        assert json.loads(socket.recv(PATIENCE))["type"] == "snapshot"


def test_what_a_killed_one_had_in_hand_the_others_finish(stack: Stack, pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    doomed = stack.service("doomed", {"INVOICESTREAM_LEASE_SECONDS": str(LEASE)})
    doomed.start({"INVOICESTREAM_FAILPOINT": "decode_done:3"})
    try:
        ids: list[str] = []
        for files in new_files(60):
            if not doomed.running:
                break
            ids += post(pair[0], [files])
        assert doomed.wait_ended() == -9
        with closing(pair[1].client()) as client:
            wait(lambda: {client.invoice(invoice_id)["status"] for invoice_id in ids} <= SETTLED, *pair)
            told = {invoice_id: [event["type"] for event in events(client, invoice_id)] for invoice_id in ids}
        assert all(sum(kind in SETTLED for kind in kinds) == 1 for kinds in told.values())
        assert any(kinds.count("processing") > 1 for kinds in told.values())  # it had some in hand
        assert pair[0].command("verify-audit", pair[0].tenant)
    finally:
        if doomed.running:
            doomed.kill()


def test_the_same_bytes_sent_to_both_at_once_are_one_invoice(pair: tuple[ServiceProcess, ServiceProcess]) -> None:
    at_once = threading.Barrier(2, timeout=PATIENCE)

    def send(service: ServiceProcess, files: dict[str, bytes]) -> dict[str, Any]:
        body, kind = multipart(files)
        with closing(service.client()) as client:
            at_once.wait()
            answer = client.call("POST", "/invoices", body, {"Content-Type": kind})
        assert answer.status == 202, (answer.status, answer.body)
        return dict(answer.json()["invoices"][0])

    with ThreadPoolExecutor(2) as threads:
        for files in new_files(8):
            sent = [threads.submit(send, service, files) for service in pair]
            first, second = (future.result() for future in sent)
            assert first["id"] == second["id"]
            assert sorted([first["duplicate_of"] is None, second["duplicate_of"] is None]) == [False, True]
