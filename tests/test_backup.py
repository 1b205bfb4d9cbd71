"""deploy/backup and deploy/restore on real servers: what is restored is what was there, and finishes what was accepted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pymongo
import pytest
from sqlalchemy.engine import make_url

from tests.faults.journal import Crowd, Journal, Posters
from tests.faults.ledger import drain
from tests.scans import pdf, scans
from tests.servers.mariadb import GIVEN, connected
from tests.servers.stack import GIVEN_BROKER, Stack
from tests.service import COMMAND, PATIENCE, SETTLED, Answer, Client, ServiceProcess

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(GIVEN or GIVEN_BROKER), reason="databases are made: not on a given server"),
]
DEPLOY = Path(__file__).parent.parent / "deploy"
PASSWORD = 'p"a%s#w: d/@'
SHORT = {"INVOICESTREAM_LEASE_SECONDS": "3"}  # what the dump shows as in hand is soon another's


def script(name: str, *arguments: str | Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("INVOICESTREAM_", "OTEL_"))}
    return subprocess.run(
        [DEPLOY / name, *arguments],
        env=clean | {"DEPLOY": "local", "APP_COMMAND": str(COMMAND)} | dict(environ or {}),
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )


@contextmanager
def least_rights(stack: Stack, name: str) -> Iterator[dict[str, str]]:
    """The SQL URLs of two users with the rights of docs/deployment.md, and a password that needs quoting wherever it goes."""
    assert stack.maria is not None
    url = make_url(stack.sql_url)
    (block,) = re.findall(r"```sql\n(.*?)```", (DEPLOY.parent / "docs" / "deployment.md").read_text(), re.S)
    with stack.maria.root() as cursor:
        for statement in block.strip().splitlines()[1:]:
            cursor.execute(
                statement.replace("...", PASSWORD).replace("invoices.*", f"{url.database}.*").replace("'invoicestream", f"'{name}")
            )
        try:
            yield {
                variable: url.set(username=user, password=PASSWORD).render_as_string(hide_password=False)
                for variable, user in (("INVOICESTREAM_SQL_URL", name), ("INVOICESTREAM_MIGRATE_URL", f"{name}_migrate"))
            }
        finally:
            cursor.execute(f"DROP USER '{name}'@'%', '{name}_migrate'@'%'")


@dataclass(frozen=True, slots=True)
class Copied:
    """A system that was backed up while it worked. `told`: of what was settled before, the invoice and its original's bytes."""

    folder: Path
    stack: Stack
    service: ServiceProcess
    told: Mapping[str, tuple[Answer, Answer]]
    pending: str  # accepted before the backup began, and not settled then
    first: Mapping[str, Mapping[str, int]]  # what each of two backups says that it copied
    second: Mapping[str, Mapping[str, int]]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copied]:
    base = tmp_path_factory.mktemp("copied")
    folder = base / "backup"
    with Stack(base / "services") as stack, least_rights(stack, "u_copied") as urls:
        environ = stack.environ() | urls | {"INVOICESTREAM_DATA": str(base / "data")}
        journal = Journal(base / "journal")
        crowd = Crowd(seed=51)
        with stack.service("one", SHORT) as service, closing(service.client()) as client, closing(journal):
            before = Posters(service, journal, crowd.files(30, scans=1), rate=50)
            before.up.set()
            before.wait(PATIENCE)
            ids = [entry.id for entry in journal.entries.values() if entry.id]
            assert len(ids) == 30
            assert {invoice["status"] for invoice in drain(client, set(journal.entries), PATIENCE)} <= SETTLED
            told = {each: (client.call("GET", f"/invoices/{each}"), client.call("GET", f"/invoices/{each}/original")) for each in ids}
            first = script("backup", folder, environ=environ)
            assert first.returncode == 0, first.stderr

            # Seconds of reading: accepted, and in hand when the dump is made. And others that come while it is made.
            slow = client.post({f"slow{number}.pdf": pdf(scan.jpeg, number) for number, scan in enumerate(scans(4, 52))})
            pending = slow.json()["invoices"][-1]["id"]
            during = Posters(service, journal, crowd.files(80), rate=3)
            during.up.set()
            second = script("backup", folder, environ=environ)
            assert second.returncode == 0, second.stderr
            assert not during.done, "the backup was to be made while documents come in"
            during.close()
            yield Copied(folder, stack, service, told, pending, _counts(first), _counts(second))


def _counts(done: subprocess.CompletedProcess[str]) -> Mapping[str, Mapping[str, int]]:
    counts: Mapping[str, Mapping[str, int]] = json.loads(done.stdout.strip().splitlines()[-1])
    return counts


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "target") as stack:
        yield stack


def empty(stack: Stack) -> bool:
    """Neither a table nor a collection."""
    with connected(stack.sql_url) as cursor, pymongo.MongoClient[dict[str, object]](stack.mongo_url) as client:
        return not cursor.execute("SHOW TABLES") and not client.get_default_database().list_collection_names()


def test_what_is_restored_is_what_was_there_and_goes_on(copied: Copied, target: Stack, tmp_path: Path) -> None:
    environ = target.environ() | copied.stack.keys | {"INVOICESTREAM_DATA": str(tmp_path / "data")}
    with least_rights(target, "u_target") as urls:
        done = script("restore", copied.folder, environ=environ | urls)
    assert done.returncode == 0, done.stderr + done.stdout
    with connected(target.sql_url) as cursor:
        cursor.execute("SELECT status FROM invoices WHERE id = %s", (copied.pending,))
        ((status,),) = cursor.fetchall()
    assert status not in SETTLED, "nothing was left to be finished"

    service = ServiceProcess(tmp_path / "restored", target.environ() | copied.stack.keys | SHORT)
    with service, closing(Client(service.port, copied.service.key)) as client:  # the key of before
        for invoice_id, (invoice, original) in copied.told.items():
            assert client.call("GET", f"/invoices/{invoice_id}").json() == invoice.json()
            assert client.call("GET", f"/invoices/{invoice_id}/original").body == original.body
        until = time.monotonic() + PATIENCE
        while not {invoice["status"] for invoice in client.listing()} <= SETTLED:
            assert time.monotonic() < until, service.log_tail()
            time.sleep(0.1)
        listed = {invoice["id"]: invoice["status"] for invoice in client.listing()}
        assert listed.keys() > copied.told.keys() | {copied.pending}  # and some that came while it was made
        assert set(listed.values()) <= {"approved", "needs_review"}
        assert json.loads(service.command("reconcile").splitlines()[-1]) == {"found": 0, "left": 0}
        assert json.loads(service.command("verify-audit")) == {"checked": len(listed), "broken": []}

    again = script("restore", copied.folder, environ=environ)
    assert (again.returncode, "not empty" in again.stderr) == (1, True)


def test_a_second_backup_copies_only_what_is_new(copied: Copied) -> None:
    assert copied.first["blobs"]["copied"] == 30
    assert copied.second["blobs"]["there"] == 30
    assert 1 <= copied.second["blobs"]["copied"] <= 84
    assert copied.second["documents"]["there"] >= copied.first["documents"]["copied"]


def _change_sql(folder: Path) -> None:
    content = bytearray((folder / "sql.gz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "sql.gz").write_bytes(content)


def _change_original(folder: Path) -> None:
    path = folder / (folder / "originals.txt").read_text().splitlines()[0]
    path.write_bytes(b"?" + path.read_bytes()[1:])


def _lose_original(folder: Path) -> None:
    (folder / (folder / "originals.txt").read_text().splitlines()[0]).unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_change_sql, "sql.gz is not the one"),
        (_change_original, "originals are missing or damaged"),
        (_lose_original, "originals are missing or damaged"),
        (lambda folder: (folder / "documents.db").unlink(), "documents.db is missing"),
        (lambda folder: (folder / "manifest").unlink(), "no manifest"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_written(
    copied: Copied, target: Stack, tmp_path: Path, damage: object, said: str
) -> None:
    folder = tmp_path / "backup"
    shutil.copytree(copied.folder, folder)
    damage(folder)  # type: ignore[operator]
    done = script("restore", folder, environ=target.environ() | copied.stack.keys | {"INVOICESTREAM_DATA": str(tmp_path / "data")})
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert empty(target)


def test_another_audit_key_is_refused_before_anything_is_written(copied: Copied, target: Stack, tmp_path: Path) -> None:
    environ = target.environ() | {"INVOICESTREAM_DATA": str(tmp_path / "data")}
    done = script("restore", copied.folder, environ=environ)
    assert (done.returncode, "audit key" in done.stderr) == (1, True), done.stderr
    assert empty(target)
    other = script("backup", copied.folder, environ=environ)
    assert (other.returncode, "another audit key" in other.stderr) == (1, True), other.stderr


def test_originals_in_the_target_are_found_before_sql_is_loaded(copied: Copied, target: Stack, tmp_path: Path) -> None:
    environ = target.environ() | copied.stack.keys | {"INVOICESTREAM_DATA": str(tmp_path / "data")}
    with pymongo.MongoClient[dict[str, object]](target.mongo_url) as client:
        client.get_default_database()["blobs"].insert_one(
            {"_id": f"trial/{'0' * 64}", "at": datetime(2026, 1, 1, tzinfo=UTC), "size": 0, "data": b""}
        )
    done = script("restore", copied.folder, environ=environ)
    assert (done.returncode, "not empty" in done.stderr) == (1, True), done.stderr
    with connected(target.sql_url) as cursor:
        assert not cursor.execute("SHOW TABLES")


def test_a_backup_holds_no_secret_and_is_its_owners_alone(copied: Copied) -> None:
    for path in copied.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    secrets = [value.encode() for value in copied.stack.keys.values()] + [copied.service.key.encode(), b"canary-password"]
    dump = subprocess.run(["gzip", "-dc", copied.folder / "sql.gz"], capture_output=True, check=True).stdout
    for content in (dump, (copied.folder / "manifest").read_bytes(), (copied.folder / "documents.db").read_bytes()):
        assert not any(secret in content for secret in secrets)
    assert b"trial" in dump


def test_smoke_says_whether_the_system_works(copied: Copied) -> None:
    url = f"http://127.0.0.1:{copied.service.port}"
    for _ in range(2):  # each time another invoice
        done = script("smoke", url, environ={"KEY": copied.service.key})
        assert (done.returncode, "approved" in done.stderr) == (0, True), done.stderr
    assert script("smoke", url, environ={"KEY": "is_wrong"}).returncode == 1
    assert script("smoke", "http://127.0.0.1:9", environ={"KEY": "is_wrong"}).returncode == 1
    assert "KEY" in script("smoke", url).stderr
