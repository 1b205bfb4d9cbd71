"""What the server makes of many requests at once: batches, by its own statistics, and what that costs beside a twin of the model that
makes none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.models import MEAN_BATCH, THROUGHPUT, compare, questions, with_twins
from tests.servers.triton import TritonServer

TURNS, REQUESTS = 2, 64
DEARER = 1.2  # times the CPU unbatched. Beside other work it was 0.78 to 1.08; what `python -m tests.bench.models` wants is 1 / THROUGHPUT


@pytest.fixture(scope="module")
def server() -> Iterator[TritonServer]:
    started = with_twins(list(questions()))
    started.start()
    yield started
    started.remove()


@pytest.mark.parametrize("model", questions())
def test_thirty_two_in_flight_are_computed_in_batches_and_no_dearer_for_it(server: TritonServer, model: str) -> None:
    """A batch of pictures gains nothing on a CPU, so their throughput says more about what else the cores do: their CPU is looked at."""
    found = compare(server, model, TURNS, REQUESTS)
    assert found.batch >= MEAN_BATCH, found
    assert found.cost_batched <= DEARER * found.cost_single, found
    if model == "embedder":  # half as fast again, on quiet cores
        assert found.throughput >= THROUGHPUT, found
