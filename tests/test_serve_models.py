"""The service with a tritonserver that reads its pages: every fault of that server that we know, and new versions of its models."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.faults.models import ROWS, Trial

pytestmark = pytest.mark.timeout(600)
SCANS = 2


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with ExitStack() as stack:
        yield Trial(tmp_path_factory.mktemp("models"), stack, scans=SCANS, pages=1)


@pytest.mark.parametrize("fault", ["killed", "stopped_at_once", "dead_stub", "wrong_nan", "wrong_shape", "wrong_garbage"])
def test_scans_are_read_the_other_way_while_the_models_cannot(trial: Trial, fault: str) -> None:
    """None is lost, each is read within five seconds more than it takes that way, none is approved that says other things, and the models
    read again within thirty: else it is a surprise."""
    row = ROWS[fault](trial)
    assert surprises(row.surprises) == []
    assert (row.lost, row.settled, row.acknowledged) == (0, SCANS, SCANS) and row.fell_back >= 1


def test_a_new_version_that_cannot_be_loaded_changes_nothing(trial: Trial) -> None:
    row = ROWS["broken_version"](trial)
    assert surprises(row.surprises) == []
    assert (row.lost, row.settled, row.fell_back) == (0, SCANS, 0)


def surprises(found: list[str]) -> list[str]:
    """Beside other tests the event loop waits for a core; `python -m tests.faults.models` looks at that too."""
    return [each for each in found if "event-loop lag" not in each]


def test_the_audit_names_the_version_that_read_each_field_before_and_after_a_load_and_a_rollback(trial: Trial) -> None:
    repository = trial.server.repository
    shutil.copytree(repository / "text_recognition/1", repository / "text_recognition/2")

    def models(*arguments: str) -> str:
        return trial.service.command("models", "--repository", str(repository), *arguments)

    process = trial.service.pid
    for told, version in (((), "1"), (("load", "text_recognition", "2"), "2"), (("rollback", "text_recognition"), "1")):
        if told:
            assert models(*told) == f"text_recognition {version} is used from now on\n"
        invoice = trial.until_read_by(f"PP-OCRv6 small 1/{version}")
        assert trial.service.pid == process
        engines = {field["engine"] for field in invoice["fields"].values() if field["source"] == "ocr"}
        assert engines == {f"PP-OCRv6 small 1/{version}"}
        assert audited(trial, invoice["id"]) == engines
    assert '"broken": []' in trial.service.command("verify-audit")


def audited(trial: Trial, invoice_id: str) -> set[str]:
    """The engines of the fields in what the chain's last row was made of: it holds the SHA-256 of that."""
    with closing(sqlite3.connect(f"file:{trial.service.data / 'invoices.db'}?mode=ro", uri=True)) as database:
        (action, value_hash) = database.execute(
            "SELECT action, value_hash FROM audit WHERE invoice_id = ? ORDER BY seq DESC LIMIT 1", [invoice_id]
        ).fetchone()
        (body,) = database.execute(
            "SELECT result FROM invoice_versions WHERE invoice_id = ? ORDER BY version DESC LIMIT 1", [invoice_id]
        ).fetchone()
    assert hashlib.sha256(f"{action} - ".encode() + body).hexdigest() == value_hash
    fields: dict[str, Any] = json.loads(body)["extracted"]["fields"]
    return {field["engine"] for field in fields.values() if field["source"] == "ocr"}
