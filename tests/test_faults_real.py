"""A short form of `python -m tests.faults.real`: the broker killed, the database killed, its COMMIT unanswered, everything at once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults import real
from tests.faults.trial import RealRow, Trial

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        any(os.environ.get(f"INVOICESTREAM_TEST_{name}_URL") for name in ("SQL", "BROKER", "MONGO")),
        reason="the given servers are not ours to break",
    ),
]
SEED = 7


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    trial = Trial(tmp_path_factory.mktemp("real"), SEED, documents=16, patience=6)
    yield trial
    trial.close()


def check(row: RealRow) -> None:
    """`surprises` also says what `trial.py` found in the outbox, the queues, the chains, between the stores and in the processes."""
    assert row.surprises == []
    assert (row.lost, row.duplicated, row.unexpected) == (0, 0, 0)
    assert row.settled == row.acknowledged >= 8  # those that are sent until they are accepted


def test_without_a_fault_all_is_accepted_once(trial: Trial) -> None:
    row = trial.control
    check(row)
    assert (row.acknowledged, row.attempts, row.refused, row.recovered) == (16, 16, 0, 0)


def test_the_broker_killed_and_restarted(trial: Trial) -> None:
    row = real.broker_killed(trial)
    check(row)
    assert row.acknowledged == row.attempts == 16


def test_mariadb_killed_and_restarted(trial: Trial) -> None:
    row = real.sql_killed(trial)
    check(row)
    assert row.refused > 0


def test_replies_to_commit_are_lost(trial: Trial) -> None:
    check(real.sql_reply_lost(trial))


def test_everything_killed_at_once(trial: Trial) -> None:
    check(real.everything(trial))
