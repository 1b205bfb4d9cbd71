"""Made-up invoices as examples: the words of their pages, what is true of them, and the family that their layout belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import count, islice

from training.composed import compose, family_of
from training.harmed import harmed
from training.truth import Example, truth_of

HELD_OUT = 4  # one family in so many
UNTOLD = frozenset(("line_total", "seller.tax_id", "buyer_reference", "payment_reference"))
HARMED = 5  # one document in so many


def made_up(documents: int, seed: int, *, held_out: bool) -> Iterator[Example]:
    """So many documents of the families that are trained on, or of those that are `held_out`; the same on any day."""
    return islice(_all(seed, held_out), documents)


def _all(seed: int, held_out: bool) -> Iterator[Example]:
    for index in count():
        family = " ".join(family_of(index))
        if (sha256(family.encode()).digest()[0] % HELD_OUT == 0) is not held_out:
            continue
        document, invoice = compose(seed, index)
        truth = {path: values for path, values in truth_of(invoice).items() if path not in UNTOLD}
        example = Example(document, truth, family)
        yield harmed(example, f"{seed}/{index}") if index % HARMED == 0 else example
