"""The service with a tritonserver that reads its pages, ended while it does: the other engine reads, and the models again once they can."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.models import ROWS, Trial

pytestmark = pytest.mark.timeout(600)


def test_scans_are_read_the_other_way_while_the_models_are_away_or_talk_nonsense(tmp_path: Path) -> None:
    with ExitStack() as stack:
        trial = Trial(tmp_path, stack, scans=2, pages=1)
        for name in ("killed", "wrong_garbage"):
            row = ROWS[name](trial)
            # Beside other tests the event loop waits for a core; `python -m tests.faults.models` looks at that too.
            assert not [each for each in row.surprises if "event-loop lag" not in each], row.surprises
            assert row.settled == row.acknowledged == 2 and row.fell_back >= 1
