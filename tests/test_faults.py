"""A short form of `make faults`: a kill after an acceptance, one after a settlement, two at random, and a poison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kill import FAILPOINTS, Trial

pytestmark = pytest.mark.timeout(600)
SEED = 7


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    trial = Trial(tmp_path_factory.mktemp("faults"), SEED)
    yield trial
    trial.close()


@pytest.mark.parametrize("fault", ["accept_committed:1", "settle_committed:1"])
def test_a_kill_at_a_failpoint_loses_and_doubles_nothing(trial: Trial, fault: str) -> None:
    row = trial.failpoint(fault, documents=4)
    assert row.surprises == []
    assert (row.lost, row.duplicated, row.unexpected) == (0, 0, 0)
    assert row.kills == 1 and row.settled == row.acknowledged >= 2  # the two that are sent until they are accepted


def test_a_poison_file_is_quarantined_and_its_neighbours_are_done(trial: Trial) -> None:
    row = trial.poison(neighbours=3)
    assert row.surprises == []
    assert row.kills >= 2 and row.lost == row.duplicated == 0


def test_kills_at_random_lose_and_double_nothing(trial: Trial) -> None:
    row = trial.random_kills(documents=12, kills=2)
    assert row.surprises == []
    assert row.kills == 2 and row.lost == row.duplicated == 0 and row.settled == row.acknowledged >= 6


def test_the_audit_chains_verify_after_all_that(trial: Trial) -> None:
    assert '"broken": []' in trial.verify_audit()


def test_every_failpoint_in_the_code_is_tried() -> None:
    app = Path(__file__).parents[1] / "app"
    named = {name for file in app.rglob("*.py") for name in re.findall(r'failpoint\("([a-z_]+)"\)', file.read_text())}
    assert named <= set(FAILPOINTS)
    assert named
