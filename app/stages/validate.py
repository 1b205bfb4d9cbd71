"""Validate: every rule of `app.rules` over the invoice. Pure Python of some milliseconds: the topology runs it in a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.extraction import SURE
from app.domain.finding import Finding, Severity
from app.domain.work import Matched, Validated
from app.rules import RULES
from app.rules.context import Context, Rule

MOST_OF_A_RULE = 50


@dataclass(frozen=True, slots=True)
class Validate:
    """`sure`: the probability from which what is decisive is taken without a person."""

    sure: float = SURE

    def __call__(self, matched: Matched, /) -> Validated:
        extraction = matched.extraction
        context = Context(extraction.reading.document, extraction.extracted, datetime.now(UTC).date(), self.sure)
        return Validated(matched, findings_of(context))


def findings_of(context: Context) -> tuple[Finding, ...]:
    """What the extractor found, then in the order of RULES. Of one rule at most `MOST_OF_A_RULE`, then one that counts the others. What is
    no invoice breaks no rule."""
    if context.extracted.refused:
        return context.extracted.findings
    return context.extracted.findings + tuple(finding for rule in RULES for finding in _limited(rule, context))


def _limited(rule: Rule, context: Context) -> Iterator[Finding]:
    others: Counter[tuple[str, Severity]] = Counter()
    for count, finding in enumerate(rule(context.extracted.invoice, context), 1):
        if count <= MOST_OF_A_RULE:
            yield finding
        else:
            others[finding.rule, finding.severity] += 1
    for (code, severity), count in others.items():
        yield Finding(code, severity, f"The same in {count} more places.")
