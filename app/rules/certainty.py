"""What was read, and may be wrong: a person is told where to look."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.rules.context import Context
from app.rules.policy import UNSURE, doubtful


def decisive_values_are_sure(invoice: Invoice, context: Context) -> Iterator[Finding]:
    for path, sure in doubtful(context.extracted, context.sure).items():
        words = path.replace(".", "'s ").replace("_", " ")
        yield Finding(UNSURE, "warning", f"The {words} was read, but may be wrong: it is right with a probability of {sure:.0%}.", (path,))
