"""What a rule may look at besides the invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from app.domain.document import Document
from app.domain.extraction import SURE, Extracted
from app.domain.finding import Finding
from app.domain.invoice import Invoice


@dataclass(frozen=True, slots=True)
class Context:
    """`document`: what was seen. `extracted`: where the invoice's values came from. `today`: the day of the check.
    `sure`: the probability from which what is decisive is taken without a person."""

    document: Document
    extracted: Extracted
    today: date
    sure: float = SURE

    @property
    def is_xml(self) -> bool:
        """An e-invoice says all it means; what was read from a page may lack what was not found."""
        return self.extracted.source == "xml"


Rule = Callable[[Invoice, Context], Iterable[Finding]]
"""Pure, O(n) in lines and words, and silent about values that are None: what is not stated cannot contradict."""
